"""What the operator can set in `[plugin.favorites_digest]`, and what the administrator has set up for mail."""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.plugin import Setting
from immich_flask.core.jobs.cron import matcher
from immich_flask.core.runtime import runtime

PLUGIN = "favorites_digest"


def _check_schedule(value: str) -> str | None:
    try:
        matcher(value)
    except ValueError as error:
        return f"is no cron line: {error}"
    return None


SETTINGS = [
    Setting("schedule", "0 7 * * 1", "When digests are made: a cron line, in the server's time zone.", _check_schedule),
    Setting("keep", 12, "How many digests of a user stay.", lambda value: None if value > 0 else "must be positive"),
    Setting("mail", True, "Whether to send mail, too, where the administrator has set up a mail server."),
]


def value(name: str) -> Any:
    return runtime.plugins.settings[PLUGIN][name]


def schedule() -> str:
    return value("schedule")


def sends_mail(config: Any) -> bool:
    """`config` is the system configuration."""
    return value("mail") and config["notifications"]["smtp"]["enabled"]
