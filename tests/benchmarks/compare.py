"""One command for all that can be compared with the original: speed, memory and start-up of a server.

    python -m tests.benchmarks.compare [--images FOLDER] [--assets 100000] [--backend sqlite|postgres] [--runs 3]
    python -m tests.benchmarks.compare --url http://127.0.0.1:2283 --session TOKEN [--pid PID ...]

Without a URL it makes a library in a folder that is removed again, starts the real `immich-flask serve` with its default
settings, and measures it. With one it measures any server that speaks Immich's API and holds about that many assets
already, and leaves there what it uploads; its memory and CPU with `--pid` only, on the same machine (give every root of
its processes: server, database, Redis).

Prints a table beside the original's figures and the goals, and writes everything to `--out` as JSON. Figures are medians
of `--runs` runs. Ends with status 1 when a goal is missed. `--images` is filled with pictures when it is empty (200 of 12
megapixels and 3 MB take minutes), and used again. Takes some ten minutes; nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks import asking, uploading
from tests.benchmarks.client import Wire
from tests.benchmarks.figures import FIGURES, missed, table
from tests.benchmarks.media import apart, photos
from tests.benchmarks.processes import Peak, memory
from tests.core.programs import Program, free_port

ROOT = Path(__file__).resolve().parents[2]

IDLE_SECONDS = 15.0
"""After which a server that nobody asks has given back what it does not need (`--idle`)."""

ACCOUNT = {"email": "benchmark@example.com", "password": "benchmark password"}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", help="measure this server instead of one of our own")
    parser.add_argument("--api-key", default="", help="a key of an account there, with all permissions")
    parser.add_argument("--session", default="", help="or the token of a session; the sync stream takes one")
    parser.add_argument("--pid", type=int, action="append", default=[], help="a process there, and all below it")
    parser.add_argument("--assets", type=int, default=100_000, help="how many to make on a server of our own")
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--images", type=Path, help="folder of pictures to upload")
    parser.add_argument("--count", type=int, default=200, help="how many of them to upload; 0: none")
    parser.add_argument("--seconds", type=float, default=3, help="of each run of each request")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds to wait before memory is measured")
    parser.add_argument("--only", nargs="*", default=[], help="only these figures (upload, buckets, sync, archive, ...)")
    parser.add_argument("--out", type=Path, default=Path("compare.json"))
    options = parser.parse_args(arguments)
    results: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        pictures = pictures_in(options.images or Path(folder) / "images", options.count)
        try:
            measure = theirs if options.url else ours
            measure(options, Path(folder), pictures, results)
        finally:
            about = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "load": os.getloadavg(),
                     "when": time.strftime("%FT%TZ", time.gmtime()), "python": platform.python_version(),
                     "server": options.url or f"ours, {options.backend}", "assets": options.assets}
            options.out.write_text(json.dumps({**about, "results": results}, indent=1) + "\n")
            print(f"\n{table(results)}")
    return int(bool(missed(results)))


def theirs(options: argparse.Namespace, folder: Path, pictures: Sequence[Path], results: dict[str, float]) -> None:
    """Measure the server at `--url`."""
    wire = Wire(options.url, api_key=options.api_key, token=options.session)
    if options.pid:
        time.sleep(options.idle)
        note(results, {"idle memory": memory(options.pid)})
    ids = upload(wire, pictures, options, options.pid, results)
    read(wire, ids, options, options.pid, results)


def ours(options: argparse.Namespace, folder: Path, pictures: Sequence[Path], results: dict[str, float]) -> None:
    """Make a server, fill it, measure it."""
    data = folder / "data"
    with database(options.backend) as (url, roots):
        serve = partial(Server, folder, data, url)
        with serve() as server:
            owner = server.wire.json("POST", "/auth/admin-sign-up", {"name": "Benchmark", **ACCOUNT})["id"]
            time.sleep(options.idle)
            idle = memory([server.pid, *roots])
            ids = upload(server.as_user(), pictures, options, [server.pid, *roots], results)
        began = time.perf_counter()
        apart(fill, data, url, owner, options.assets)
        print(f"{options.assets:,} assets made in {time.perf_counter() - began:.0f} s", flush=True)
        starts = []
        for _ in range(options.runs):
            with serve() as server:
                starts.append(server.seconds_to_first_answer)
        with serve() as server:
            time.sleep(options.idle)
            note(results, {"start": statistics.median(starts), "idle memory": memory([server.pid, *roots]),
                           "idle memory, empty": idle})
            read(server.as_user(), ids, options, [server.pid, *roots], results)


def upload(wire: Wire, pictures: Sequence[Path], options: argparse.Namespace, roots: Sequence[int],
           results: dict[str, float]) -> list[str]:
    """Measure what pictures cost; the ids they got."""
    if not pictures:
        return []
    with Peak(roots) if roots else nullcontext() as peak:
        found, ids = uploading.measured(wire, pictures, roots)
    note(results, found)
    if peak:
        note(results, {"memory under load, upload": peak.megabytes})
    return ids


def read(wire: Wire, pictures: Sequence[str], options: argparse.Namespace, roots: Sequence[int],
         results: dict[str, float]) -> None:
    """Measure what is asked of a library. `pictures`: ids of assets whose files are there."""
    def wants(key: str) -> bool:
        return not options.only or key in options.only

    with Peak(roots) if roots else nullcontext() as peak:
        for key, asked in asking.requests(wire, pictures).items():
            if wants(key):
                found = asking.measured(wire, asked, roots, seconds=options.seconds, runs=options.runs)
                note(results, {f"{key}, {name}": value for name, value in found.items()})
        for label, kind in (("assets", "AssetsV2"), ("exif", "AssetExifsV1")):
            for gzip in (False, True):
                if wants("sync") and not options.api_key:
                    seconds = asking.streamed(wire, kind, gzip=gzip, runs=options.runs)
                    note(results, {f"sync {label}{', gzip' if gzip else ''}": seconds})
        if pictures and wants("archive"):
            note(results, {"archive": asking.archived(wire, pictures, runs=options.runs)})
    if peak:
        note(results, {"memory under load": max(peak.megabytes, results.get("memory under load, upload", 0))})


def note(results: dict[str, float], found: dict[str, float]) -> None:
    """Keep figures, and show the ones that matter while the rest is being measured."""
    results |= found
    shown = {figure.key for figure in FIGURES}
    print("  ".join(f"{key}: {value:.4g}" for key, value in found.items() if key in shown), flush=True)


def pictures_in(folder: Path, count: int) -> list[Path]:
    """`count` pictures, made when there are none."""
    if not count:
        return []
    if not folder.is_dir() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        apart(photos, folder, count, 4000, 3000)
    return sorted(folder.iterdir())[:count]


@contextmanager
def database(kind: str) -> Iterator[tuple[str, list[int]]]:
    """The URL of a new database, and its processes."""
    if kind == "sqlite":
        yield "", []
        return
    from immich_flask.testing.servers import PostgresServer

    with PostgresServer() as postgres:
        postgres.create_database("benchmark")
        yield postgres.dsn("benchmark"), [postgres.pid]


def fill(data: Path, database_url: str, owner: str, assets: int) -> None:
    """Put assets into the database of a server that does not run."""
    from immich_flask.app import create_app
    from immich_flask.core.plugins import Plugins
    from immich_flask.infra.config import load_config
    from immich_flask.testing import Server as InProcess
    from tests.benchmarks.seed import seed_assets

    overrides: dict[str, Any] = {"data_dir": str(data), "database.url": database_url, "queue.url": "immediate:"}
    config = load_config(overrides=overrides, environ={})
    server = InProcess(create_app(config, plugins=Plugins(config)))
    with server.context():
        seed_assets(owner, assets)
        server.runtime.jobs["SearchRefreshTexts"].run()
        if database_url:
            # By itself PostgreSQL does so within a minute; SQLite never does.
            server.database.execute_sql("ANALYZE")


class Server(Program):
    """`immich-flask serve` with default settings."""

    def __init__(self, folder: Path, data: Path, database_url: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.wire = Wire(self.url)
        super().__init__(folder, "immich_flask.cli", "serve", "--port", str(port), "--data-dir", str(data),
                         # As it is where it was installed: compiled.
                         PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="", IMMICH_FLASK_DATABASE__URL=database_url)
        while True:
            try:
                self.wire.ask("GET", "/server/ping")
                break
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(self.output) from None
                time.sleep(0.005)
        self.seconds_to_first_answer = time.monotonic() - self.started_at

    def as_user(self) -> Wire:
        return Wire(self.url, token=self.wire.json("POST", "/auth/login", ACCOUNT)["accessToken"])


if __name__ == "__main__":
    sys.exit(main())
