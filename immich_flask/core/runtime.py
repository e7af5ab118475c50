"""What an app is made of, reachable wherever an app context is: requests, jobs, commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app
from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from immich_flask.contracts.plugin import Job
    from immich_flask.core.plugins import Plugins
    from immich_flask.infra.config import Config
    from immich_flask.infra.queue import WakeUps
    from immich_flask.infra.storage.outside import WithOutside

EXTENSION = "immich_flask"


@dataclass(slots=True)
class Runtime:
    """One per app. `jobs`: the core's and the plugins' by name; `queue` wakes workers (see `core.jobs`)."""

    config: Config
    plugins: Plugins
    storage: WithOutside
    jobs: dict[str, Job]
    queue: WakeUps


def runtime_of(app: Flask) -> Runtime:
    return app.extensions[EXTENSION]


runtime = cast("Runtime", LocalProxy(lambda: runtime_of(current_app)))
