"""What the sync stream costs: seconds, first line, bytes and memory.

    python -m tests.benchmarks.sync [--assets 100000] [--backend postgres]

Ends with status 1 when on SQLite a stream of 100,000 assets takes more than 0.5 seconds plain or 1.0 gzipped, or when
its first line takes more than 50 milliseconds: the bounds the sync plugin is built for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from immich_flask.app import create_app
from immich_flask.core.plugins import Plugins
from immich_flask.testing import Caller, Server
from immich_flask.testing.fixtures import Backend
from tests.benchmarks.seed import seed_assets

PLAIN, GZIPPED, FIRST = 0.5, 1.0, 0.05
"""Seconds; the first two for 100,000 assets."""

RUNS = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(options.backend, Path(folder)) as user:
        seeded = time.perf_counter()
        with user.server.context():
            seed_assets(user.id, options.assets)
        print(f"{options.assets:,} assets on {options.backend}, made in {time.perf_counter() - seeded:.0f} s\n")
        print(f"{'':28} {'seconds':>8} {'first ms':>9} {'MB':>7} {'peak MB':>8}")
        plain = show("assets", user, "AssetsV2")
        gzipped = show("assets, gzipped", user, "AssetsV2", gzip=True)
        show("EXIF", user, "AssetExifsV1")
        show("both, gzipped", user, "AssetsV2", "AssetExifsV1", gzip=True)
        acknowledge(user, "AssetsV2", "AssetExifsV1")
        show("both, nothing new", user, "AssetsV2", "AssetExifsV1")
    scale = options.assets / 100_000
    slow = plain[0] > PLAIN * scale or gzipped[0] > GZIPPED * scale or max(plain[1], gzipped[1]) > FIRST
    return int(slow and options.backend == "sqlite")


@contextmanager
def served(kind: str, folder: Path) -> Iterator[Caller]:
    """A user of a new server."""
    backend = Backend(kind, folder)
    try:
        config = backend.config()
        plugins = Plugins(config)
        backend.migrated(config, plugins)
        server = Server(create_app(config, plugins=plugins))
        yield server.user("user")
        server.database.close_all()
    finally:
        backend.close()


def show(label: str, user: Caller, *types: str, gzip: bool = False) -> tuple[float, float]:
    """Print the best of some runs; its seconds, and those to the first line."""
    runs = [read(user, *types, gzip=gzip) for _ in range(RUNS)]
    best, first, size, _ = min(runs)
    peak = max(peak for _, _, _, peak in runs)
    print(f"{label:28} {best:8.3f} {first * 1000:9.1f} {size / 1e6:7.1f} {peak:8.0f}")
    return best, first


def read(user: Caller, *types: str, gzip: bool) -> tuple[float, float, int, float]:
    """Seconds to the end and to the first chunk, bytes, and the process's memory in MB."""
    start = time.perf_counter()
    first, size, peak = 0.0, 0, 0.0
    for number, chunk in enumerate(stream(user, *types, gzip=gzip)):
        first = first or time.perf_counter() - start
        size += len(chunk)
        if number % 100 == 0:
            peak = max(peak, memory())
    return time.perf_counter() - start, first, size, peak


def memory() -> float:
    """What the process holds without the database file, which SQLite maps into memory; MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def stream(user: Caller, *types: str, gzip: bool) -> Iterator[bytes]:
    headers = {**user.headers, **({"Accept-Encoding": "gzip"} if gzip else {})}
    response = user.server.app.test_client(use_cookies=False).post(
        "/api/sync/stream", json={"types": types}, headers=headers, buffered=False)
    if response.status_code != 200:
        raise RuntimeError(response.text)
    yield from response.iter_encoded()
    response.close()


def acknowledge(user: Caller, *types: str) -> None:
    last: dict[str, str] = {}
    for line in b"".join(stream(user, *types, gzip=False)).splitlines():
        ack = line[line.rindex(b'"ack":"') + 7:-2].decode()
        last[ack.partition("|")[0]] = ack
    user.post("/sync/ack", {"acks": list(last.values())})


if __name__ == "__main__":
    sys.exit(main())
