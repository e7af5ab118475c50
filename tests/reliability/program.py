"""The program with less patience, for tests: `python -m tests.reliability.program LEASE-SECONDS COMMAND ...`.

Runs of jobs whose whole machine was killed are begun anew after a minute, which tests would have to wait for.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from immich_flask import worker
from immich_flask.cli import main
from immich_flask.core import health
from immich_flask.core.jobs import runs, upkeep

if __name__ == "__main__":
    seconds = float(sys.argv.pop(1))
    runs.LEASE = upkeep.LEASE = health.LEASE = worker.LEASE = timedelta(seconds=seconds)
    worker.BEAT_SECONDS = min(worker.BEAT_SECONDS, seconds / 4)
    main()
