"""When the nightly work begins, as the administrator set it."""

from __future__ import annotations

from immich_flask.core.settings import setting


def nightly(switch: str | None = None) -> str | None:
    """The cron line of the nightly tasks, for `Job.cron`. With `switch`, the name of another key of `nightlyTasks`,
    None while that is off."""
    if switch is not None and not setting(f"nightlyTasks.{switch}"):
        return None
    hour, minute = setting("nightlyTasks.startTime").split(":")
    return f"{int(minute)} {int(hour)} * * *"
