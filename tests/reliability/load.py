"""Many people browse while some upload: no error, and memory that stays what it is.

    python -m tests.reliability.load [--minutes 10] [--clients 50] [--uploaders 4] [--backend sqlite|postgres]

A real `serve` with its defaults. Those who browse behave like the web app: the buckets of the timeline, one of them, its
thumbnails, now and then a photo with its details, a preview or the original; then they look at it for a while. Uploaders
send one photo after the other, with pauses. Every half minute the memory of all processes together is printed (PSS, so
that what they share counts once). Ends with status 1 when an answer was not what it should be, an upload is missing or
damaged in the end, jobs failed, or memory in the last third was more than `GROWTH` above that of the second.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field

import requests

from immich_flask.testing import photo
from immich_flask.testing.fixtures import Backend
from tests.benchmarks.realtime import pss_mb
from tests.core.programs import tree_of
from tests.reliability.house import House, house
from tests.serving import PASSWORD, Served

GROWTH = 1.10
"""Of memory, from the second third of the time to the last: 10 %."""

THUMBNAILS = 12
"""That are on a screen."""


@dataclass
class Tally:
    """What all clients did together, and what went wrong."""

    requests: int = 0
    uploads: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Client:
    """One of the people, with a connection of his own."""

    def __init__(self, url: str, token: str, tally: Tally, seed: int) -> None:
        self.url, self.tally, self.random = url, tally, random.Random(seed)
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"

    def browse(self) -> None:
        buckets = self.get("/timeline/buckets")
        if buckets is None or not (some := buckets.json()):
            return
        bucket = self.get("/timeline/bucket", timeBucket=self.random.choice(some)["timeBucket"])
        ids = bucket.json()["id"] if bucket is not None else []
        shown = self.random.sample(ids, min(THUMBNAILS, len(ids)))
        for asset in shown:
            # One that has just come has no thumbnail yet.
            self.get(f"/assets/{asset}/thumbnail", also=(404,))
        if shown and self.random.random() < 0.3:
            self.get(f"/assets/{shown[0]}")
            self.get(f"/assets/{shown[0]}/thumbnail", size="preview", also=(404,))
            if self.random.random() < 0.2:
                self.get(f"/assets/{shown[0]}/original")

    def upload(self, content: bytes) -> None:
        month = self.random.randrange(1, 13)
        moment = f"2023-{month:02}-15T10:00:00.000Z"
        answer = self._ask("POST", "/assets", (201,), files={"assetData": ("a.jpg", content)},
                           data={"fileCreatedAt": moment, "fileModifiedAt": moment})
        if answer is not None:
            self.tally.uploads[answer.json()["id"]] = hashlib.sha1(content).hexdigest()

    def get(self, path: str, also: tuple[int, ...] = (), **query: str) -> requests.Response | None:
        return self._ask("GET", path, (200, *also), params=query)

    def _ask(self, method: str, path: str, expected: tuple[int, ...], **options: object) -> requests.Response | None:
        begun_at = time.monotonic()
        try:
            answer = self._http.request(method, f"{self.url}{path}", timeout=120, **options)
        except requests.RequestException as error:
            self.tally.problems.append(f"{method} {path}: {error!r}")
            return None
        self.tally.requests += 1
        self.tally.seconds.append(time.monotonic() - begun_at)
        if answer.status_code not in expected:
            self.tally.problems.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer


def load(place: House, served: Served, *, seconds: float, clients: int, uploaders: int, show: bool = False,
         photos: int = 40, pause: float = 1.0, every: float = 30.0) -> tuple[Tally, list[float]]:
    """Let them do it; returns what they did, and the memory over time in MB. `photos`: that are there before; `pause`:
    seconds between what one of them does and what he does next; `every`: how often memory is looked at."""
    tally, memory, ends = Tally(), [], threading.Event()
    token = requests.post(f"{served.url}/auth/login", json={"email": served.email, "password": PASSWORD},
                          timeout=60).json()["accessToken"]
    first = Client(served.url, token, tally, 0)
    for number in range(photos):
        first.upload(photo(800, 600, seed=number))

    def browse(number: int) -> None:
        client = Client(served.url, token, tally, number)
        while not ends.wait(client.random.uniform(0.5, 1.5) * pause):
            client.browse()

    def send(number: int) -> None:
        client = Client(served.url, token, tally, 1000 + number)
        serial = 0
        while not ends.wait(client.random.uniform(0.5, 1.5) * pause):
            serial += 1
            client.upload(photo(2000, 1500, seed=number * 1_000_000 + serial))

    threads = [threading.Thread(target=browse, args=(number,)) for number in range(1, clients + 1)]
    threads += [threading.Thread(target=send, args=(number,)) for number in range(1, uploaders + 1)]
    for thread in threads:
        thread.start()
    begun_at = time.monotonic()
    while (left := begun_at + seconds - time.monotonic()) > 0:
        time.sleep(min(left, every))
        pids = [pid for program in place.programs.values() for pid in tree_of(program.pid)]
        memory.append(sum(map(_pss, pids)))
        if show:
            print(f"{time.monotonic() - begun_at:5.0f} s, {tally.requests} requests, {len(tally.uploads)} uploads, "
                  f"{len(tally.problems)} problems, {memory[-1]:.0f} MB in {len(pids)} processes", flush=True)
    ends.set()
    for thread in threads:
        thread.join()
    verify(place, first, tally)
    return tally, memory


def verify(place: House, client: Client, tally: Tally) -> None:
    """Everything that was uploaded is there."""
    tally.problems += [f"failed for good: {job}" for job in place.finish_jobs()]
    for asset, sha1 in tally.uploads.items():
        answer = client.get(f"/assets/{asset}/original")
        if answer is not None and hashlib.sha1(answer.content).hexdigest() != sha1:
            tally.problems.append(f"{asset} is damaged")
        client.get(f"/assets/{asset}/thumbnail")
    tally.problems += place.check()


def growth(memory: list[float]) -> float:
    """Memory of the last third of the time, compared with the second: 1 is no more."""
    third = len(memory) // 3
    return statistics.median(memory[2 * third:]) / statistics.median(memory[third:2 * third] or memory)


def _pss(pid: int) -> float:
    try:
        return pss_mb(pid)
    except (OSError, StopIteration):
        # It has ended meanwhile.
        return 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--uploaders", type=int, default=4)
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    with Backend.temporary(options.backend) as backend:
        with house(backend, backend.folder) as place:
            place.start()
            tally, memory = load(place, place.sign_up(), seconds=options.minutes * 60, clients=options.clients,
                                 uploaders=options.uploaders, show=True)
            place.end()
    grown = growth(memory)
    waited = sorted(tally.seconds)
    print(f"{tally.requests} requests, {len(tally.uploads)} uploads, {len(tally.problems)} problems; "
          f"half of the answers within {waited[len(waited) // 2] * 1000:.0f} ms, 99 % within "
          f"{waited[len(waited) * 99 // 100] * 1000:.0f} ms; memory {grown * 100 - 100:+.0f} %")
    for problem in tally.problems[:20]:
        print("PROBLEM", problem)
    return int(bool(tally.problems) or grown > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
