"""How plugins are told that something they use will go.

What goes is marked in one minor version of the plugin API and removed with a later major one, never before. Until then
it works, and whoever uses it is warned when the server starts: what it is, what to use instead, with which version it
goes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class PluginDeprecationWarning(FutureWarning):
    """A plugin uses what will go. Shown by default, because operators have to know before they upgrade."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """What goes: a hook (`argument` is empty), or one of its arguments. `since` and `removed_in` are versions of the
    plugin API, `instead` says what to write."""

    since: str
    removed_in: str
    instead: str
    argument: str = ""

    def told_of(self, hook: str) -> str:
        """The words for people: `the hook x is deprecated since ...`."""
        what = f"the argument {self.argument} of the hook {hook}" if self.argument else f"the hook {hook}"
        return (f"{what} is deprecated since plugin API {self.since} and goes with {self.removed_in}; "
                f"use {self.instead} instead")


def deprecated(*, since: str, removed_in: str, instead: str, argument: str = "") -> Callable[[F], F]:
    """Mark a hook specification, or one of its arguments. Stands above `@hookspec`, once for each that goes."""
    def mark(spec: F) -> F:
        spec.deprecations = (*deprecations(spec), Deprecation(since, removed_in, instead, argument))
        return spec

    return mark


def deprecations(spec: Callable[..., Any]) -> tuple[Deprecation, ...]:
    """What is marked on a hook specification."""
    return getattr(spec, "deprecations", ())


def warn_of(spec: Callable[..., Any], plugin: str, argnames: tuple[str, ...]) -> None:
    """Warn of what `plugin`, whose implementation takes the arguments `argnames`, uses of a marked hook."""
    for deprecation in deprecations(spec):
        if not deprecation.argument or deprecation.argument in argnames:
            warnings.warn(f"plugin {plugin}: {deprecation.told_of(spec.__name__)}", PluginDeprecationWarning,
                          stacklevel=2)
