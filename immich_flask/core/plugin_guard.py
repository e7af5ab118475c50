"""What becomes of a plugin's mistakes: a hook that raises, or returns what it must not.

While the app is built they stop startup, with a line that names the plugin. Later the answer goes without what the
plugin would have added, as if it were disabled, and the log names it; the other plugins are asked all the same. Two
things are passed on instead: an `ApiError`, which is an answer that the plugin means to give, and whatever is raised
inside a transaction, because a statement that failed may have spoilt that.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

from immich_flask.contracts import plugin as records
from immich_flask.contracts.errors import ApiError, ConfigError
from immich_flask.contracts.hookspecs import is_asked_at_start
from immich_flask.infra.blame import blame, blamed
from immich_flask.infra.away import is_away
from immich_flask.infra.db import db

log = logging.getLogger(__name__)

_RETURNS = re.compile(r"(?P<many>Iterable\[)?(?P<a_class>type\[)?(?P<module>records|flask|peewee|click)\.(?P<name>\w+)")


def guarded(plugin: str, spec: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, the implementation of the hook `spec` by `plugin`, with its mistakes handled."""
    hook = spec.__name__
    check = _check_of(spec)

    def call(*arguments: Any) -> Any:
        try:
            result = function(*arguments)
            if isinstance(result, Iterator):
                # A generator has not done anything yet.
                result = list(result)
            if wrong := check(result):
                raise TypeError(f"it returns {wrong}")
            return result
        except (ApiError, ConfigError):
            raise
        except Exception as error:
            if is_asked_at_start(hook):
                who = f"{blamed(error)} fails in {hook} of {plugin}" if blamed(error) else f"{plugin} fails in {hook}"
                raise ConfigError(f"plugin {who}: {error!r}; mend it, or add it to plugins.disabled") from error
            if is_away(error) or (db.obj is not None and db.in_transaction()):
                blame(error, plugin)
                raise
            log.exception("plugin %s fails in %s; what it would add is left out", plugin, hook)
            return None

    return call


def _check_of(spec: Callable[..., Any]) -> Callable[[Any], str | None]:
    """What the annotation of the specification says about results, as a function that says what is wrong with one."""
    annotation = str(inspect.signature(spec).return_annotation)
    match = _RETURNS.match(annotation)
    if match is None:
        return lambda result: None
    module = records if match["module"] == "records" else importlib.import_module(match["module"])
    wanted, is_class = getattr(module, match["name"]), bool(match["a_class"])

    def fits(item: Any) -> bool:
        return isinstance(item, type) and issubclass(item, wanted) if is_class else isinstance(item, wanted)

    def one(result: Any) -> str | None:
        return None if result is None and "None" in annotation or fits(result) else f"{result!r}, not {annotation}"

    def many(result: Any) -> str | None:
        try:
            return next((f"{item!r} among others, not {annotation}" for item in result if not fits(item)), None)
        except TypeError:
            return f"{result!r}, not {annotation}"

    return many if match["many"] else one
