"""What an upload costs the job workers: CPU seconds from queue to done, of all jobs of a picture together.

    python -m tests.benchmarks.media_jobs [--images 20] [--folder DIR] [--backend sqlite|postgres] [--profile]

Uploads photo-like JPEGs of 12 megapixels (or the files of a folder) while no worker runs, then starts the real program
with one worker and reads the CPU time of that process. The first pictures only warm it up. Ends with status 1 when a
picture takes more than 0.10 CPU seconds. With `--profile` the jobs run in this process instead, under cProfile.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
from pathlib import Path

from immich_flask.core.jobs.runs import Worker, run_next
from immich_flask.core.models import JobRow
from immich_flask.infra.queue import prepare_queue
from immich_flask.testing import Caller, Server
from immich_flask.testing.fixtures import Backend
from tests.benchmarks.media import CPU_SECONDS, apart, photos
from tests.core.programs import Program, children_of, wait_until

PATIENCE = 600.0
WARM_UP = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=20, help="how many pictures to make")
    parser.add_argument("--folder", type=Path, help="upload these files instead of made ones")
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--profile", action="store_true", help="print where the time goes instead")
    options = parser.parse_args()
    with Backend.temporary(options.backend) as backend:
        folder = backend.folder
        if options.folder:
            paths = sorted(options.folder.iterdir())
        else:
            (folder / "photos").mkdir()
            paths = apart(photos, folder / "photos", options.images + WARM_UP, 4000, 3000)
        server = backend.server(**{"queue.url": ""})
        prepare_queue(server.runtime.config)
        measure = profiled if options.profile else measured
        return measure(server, folder, server.user(), paths)


def measured(server: Server, folder: Path, user: Caller, paths: list[Path]) -> int:
    upload(user, paths[:WARM_UP])
    program = Program(folder, "immich_flask.cli", "worker", config=server.runtime.config,
                      IMMICH_FLASK_QUEUE__WORKERS="1", PYTHONPATH=str(Path(__file__).resolve().parents[2]))
    with program:
        worker = wait_until(lambda: children_of(program.pid), "the worker", PATIENCE)[0]
        finish(server)
        before = cpu_seconds(worker)
        upload(user, paths[WARM_UP:])
        finish(server)
        each = (cpu_seconds(worker) - before) / (len(paths) - WARM_UP)
        peak = next(line.split()[1] for line in Path(f"/proc/{worker}/status").read_text().splitlines()
                    if line.startswith("VmHWM"))
    print(f"from queue to done, one worker: {each * 1000:.1f} CPU ms each, peak {int(peak) / 1024:.0f} MB")
    return int(each > CPU_SECONDS)


def profiled(server: Server, folder: Path, user: Caller, paths: list[Path]) -> int:
    profile = cProfile.Profile()
    for some, watched in ((paths[:WARM_UP], False), (paths[WARM_UP:], True)):
        upload(user, some)
        with server.context():
            if watched:
                profile.enable()
            while any([run_next(queue, Worker("here")) for queue in queues(server)]):
                pass
            profile.disable()
    pstats.Stats(profile).sort_stats("cumulative").print_stats(90)
    return 0


def queues(server: Server) -> list[str]:
    return sorted({job.queue for job in server.runtime.jobs.values()})


def upload(user: Caller, paths: list[Path]) -> None:
    for path in paths:
        user.asset(path.read_bytes(), path.name)


def finish(server: Server) -> None:
    """Wait until the workers have nothing left to do."""
    with server.context():
        wait_until(lambda: not JobRow.select().exists(), "the pictures", PATIENCE)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
