"""How fast archives are made, and in how much memory: megabytes a second from the storage to the socket.

    python -m tests.benchmarks.download [--photos 200] [--film 1000]

Makes photos of 5 MB and a film (in MB) in a folder and in a bucket of a real S3 server on this machine, and prints a
table. Each line is measured in a process of its own. Ends with status 1 when an archive from the folder is slower than
200 MB a second, or any takes more than 150 MB of memory: the bounds the download plugin is built for.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from immich_flask.infra.storage.base import Storage
from immich_flask.infra.storage.local import LocalStorage
from immich_flask.infra.storage.s3 import S3Storage
from immich_flask.testing.servers import S3Server
from plugins.download.archive import Entry, stream

MB = 1000 * 1000
PHOTO = 5 * MB
SPEED = 200
MEGABYTES = 150

Place = dict[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=int, default=200, help="how many photos of 5 MB")
    parser.add_argument("--film", type=int, default=1000, help="size of the film in MB")
    options = parser.parse_args()
    slow = big = False
    with tempfile.TemporaryDirectory() as folder, S3Server() as server:
        bucket = {"endpoint": server.url, "bucket": server.create_bucket("photos"), "region": server.region,
                  "access_key": server.access_key, "secret_key": server.secret_key}
        print(f"{'':24} {'MB a second':>12} {'peak MB':>9}")
        for label, place in (("folder", {"folder": folder}), ("S3", bucket)):
            apart(fill, place, options.photos, options.film)
            for what, files in (("photos", [f"photo{at}" for at in range(options.photos)]), ("film", ["film"])):
                speed, megabytes = apart(measured, place, files)
                print(f"{f'{label}, {what}':24} {speed:12.0f} {megabytes:9.0f}")
                slow |= label == "folder" and speed < SPEED
                big |= megabytes > MEGABYTES
    return int(slow or big)


def storage(place: Place) -> Storage:
    return LocalStorage(place["folder"]) if "folder" in place else S3Storage(**place)


def fill(place: Place, photos: int, film: int) -> None:
    noise = os.urandom(MB)
    files = {**{f"photo{at}": PHOTO // MB for at in range(photos)}, "film": film}
    for key, size in files.items():
        storage(place).put(key, repeated(noise, size))


def repeated(piece: bytes, times: int) -> Iterator[bytes]:
    for _ in range(times):
        yield piece


def measured(place: Place, keys: list[str]) -> tuple[float, float]:
    """MB a second, and the peak memory of this process in MB."""
    files = [Entry(f"{key}.bin", key, "2024-05-06T07:08:09.000Z") for key in keys]
    size, started = 0, time.perf_counter()
    for chunk in stream(storage(place), files):
        size += len(chunk)
    seconds = time.perf_counter() - started
    return size / MB / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(work: Callable[..., Any], *arguments: object) -> Any:
    """Done in a process of its own, so that what one needs is not counted for the next."""
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
