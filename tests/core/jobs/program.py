"""Job workers with jobs for tests: `python -m tests.core.jobs.program [KEY=SECONDS ...]`."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from immich_flask import worker
from immich_flask.app import create_app
from immich_flask.contracts.plugin import Job
from immich_flask.core.jobs import runs, upkeep
from immich_flask.core.runtime import runtime_of
from immich_flask.infra.config import load_config
from immich_flask.infra.log import setup_logging
from immich_flask.infra.processes import Supervisor

QUEUE = "backgroundTask"


def write(path: str, text: str) -> None:
    """Append a line, in one call: several processes do."""
    with Path(path).open("ab", buffering=0) as file:
        file.write(f"{text}\n".encode())


def note(path: str, text: str = "noted") -> None:
    write(path, f"{text} {time.time()}")


def sleep(path: str, seconds: float) -> None:
    write(path, f"begun {os.getpid()}")
    time.sleep(seconds)
    write(path, f"done {os.getpid()}")


def kill(path: str) -> None:
    write(path, f"begun {os.getpid()}")
    os.kill(os.getpid(), signal.SIGKILL)


def nightly() -> None:
    write(os.environ["NIGHTLY"], f"nightly {os.getpid()}")


def an_hour_ago() -> str:
    """A cron line of once a day, at a time that is never now."""
    return time.strftime("%M %H * * *", time.localtime(time.time() - 3600))


JOBS = {
    "Note": Job("Note", QUEUE, note),
    "Sleep": Job("Sleep", QUEUE, sleep),
    "Kill": Job("Kill", QUEUE, kill, retries=0),
    "Nightly": Job("Nightly", QUEUE, nightly, cron=an_hour_ago),
}


def main(settings: list[str]) -> int:
    for key, _, seconds in (setting.partition("=") for setting in settings):
        if key == "lease":
            runs.LEASE = upkeep.LEASE = worker.LEASE = timedelta(seconds=float(seconds))
        else:
            setattr(worker, {"beat": "BEAT_SECONDS", "drain": "DRAIN_SECONDS", "rest": "REST_SECONDS"}[key],
                    float(seconds))
    config = load_config()
    setup_logging(config)
    app = create_app(config)
    jobs = runtime_of(app).jobs
    jobs.clear()
    jobs.update(JOBS)
    return Supervisor(worker.workers_of(app)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
