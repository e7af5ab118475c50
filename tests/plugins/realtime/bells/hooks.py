"""Bells: an event of its own, told to whom it names, and one of the core's, told to everybody."""

from __future__ import annotations

from dataclasses import dataclass

from immich_flask.contracts.events import Event, UserCreated
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import LiveEvent


@dataclass(frozen=True, slots=True)
class BellRung(Event):
    user_ids: tuple[str, ...]
    times: int


@hookimpl
def register_live_events() -> list[LiveEvent]:
    return [
        LiveEvent("on_bell", BellRung, lambda event: event.user_ids, lambda event: ["ding", event.times]),
        LiveEvent("on_welcome", UserCreated, arguments=lambda event: [event.user_id]),
    ]
