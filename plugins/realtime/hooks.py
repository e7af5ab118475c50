"""What the realtime plugin adds."""

from __future__ import annotations

from flask import Flask

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Listener, LiveEvent, Setting
from plugins.realtime import outbox
from plugins.realtime.core_events import core_events
from plugins.realtime.live import EXTENSION, Live
from plugins.realtime.models import LiveMessage
from plugins.realtime.routes import add_routes


@hookimpl
def register_settings() -> list[Setting]:
    return [Setting("max_clients", 1000, "live connections per web process; never more than half of its open files",
                    lambda value: None if value > 0 else "must be positive")]


@hookimpl
def register_models() -> list[type[LiveMessage]]:
    return [LiveMessage]


@hookimpl
def register_live_events() -> list[LiveEvent]:
    """Those of the core enter like everybody's."""
    return core_events()


@hookimpl
def register_listeners(live_events: list[LiveEvent]) -> list[Listener]:
    return outbox.listeners(live_events)


@hookimpl
def startup(app: Flask) -> None:
    app.extensions[EXTENSION] = Live(app)
    add_routes(app)
