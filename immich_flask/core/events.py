"""Telling listeners what happened: inside the transaction, and after it has committed.

`emit` is called inside a transaction. `inside` listeners run at once, and raise to veto it. `after` listeners run when
the outermost transaction has committed, each isolated: one that fails is logged with its plugin's name, the others go
on. When the transaction, or a savepoint around the `emit`, is rolled back, no `after` listener hears of it.
"""

from __future__ import annotations

import logging

from flask import current_app

from immich_flask.contracts.events import Event
from immich_flask.core.runtime import runtime
from immich_flask.infra.blame import blaming
from immich_flask.infra.db import after_commit

log = logging.getLogger(__name__)


def emit(event: Event) -> None:
    """Tell the listeners of `event`. Must be called in the transaction that makes it true."""
    for plugin, listener in runtime.plugins.listeners.get((type(event), "inside"), ()):
        with blaming(plugin):
            listener.run(event)
    if (type(event), "after") in runtime.plugins.listeners:
        app = current_app._get_current_object()

        def tell() -> None:
            with app.app_context():
                _tell(event)

        after_commit(tell)


def _tell(event: Event) -> None:
    for plugin, listener in runtime.plugins.listeners[type(event), "after"]:
        try:
            listener.run(event)
        except Exception:
            log.exception("plugin %s failed to handle %s", plugin, event)
