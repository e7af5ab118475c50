"""How long a large library takes to read: timeline, searches, map; milliseconds of whole requests, without the network.

    python -m tests.benchmarks.reading [--assets 100000] [--copies 0] [--partner 0] [--backend sqlite|postgres]

Makes a library (`seed.py`), asks each question some times and prints the median, the best, and the best CPU time, which
tells more on a busy machine (that of PostgreSQL is not in it). With `--copies 9` the user has ten times as many assets,
all but a tenth copies, which are made sooner. With `--partner` the user also sees that many assets of a partner. What is
asked again while nothing is written comes from memory where a route does that (the timeline); "afresh" writes in between.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from werkzeug.test import TestResponse

from immich_flask.core.settings import set_system_metadata
from immich_flask.testing import Caller
from immich_flask.testing.fixtures import Backend
from tests.benchmarks.seed import copy_assets, seed_assets

WEB = {"visibility": "timeline", "withPartners": "true", "withStacked": "true"}
"""What the web client's first page asks for."""

SEARCHES: dict[str, dict] = {
    "metadata": {}, "metadata, page 20": {"page": 20}, "metadata with EXIF": {"withExif": True},
    "name, frequent": {"originalFileName": "img"}, "name, rare": {"originalFileName": "img_04242"},
    "name, two letters": {"originalFileName": "vi"}, "description, one in a hundred": {"description": "家族"},
    "description, none": {"description": "nothing"}, "city": {"city": "City 5"}, "make": {"make": "Apple"},
    "make, none": {"make": "Nokia"}, "unrated": {"rating": None}, "favourites": {"isFavorite": True},
    "films": {"type": "VIDEO"}, "archive": {"visibility": "archive"}, "hidden": {"visibility": "hidden"},
    "a month": {"takenAfter": "2019-05-01T00:00:00Z", "takenBefore": "2019-05-31T00:00:00Z"},
    "created since": {"createdAfter": "2019-01-01T00:00:00Z"}, "trashed": {"trashedAfter": "2019-01-01T00:00:00Z"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=0, help="how often all that the user has is copied")
    parser.add_argument("--partner", type=int, default=0, help="assets of a partner who is mixed into the timeline")
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    with Backend.temporary(options.backend) as backend:
        user = library(backend, options.assets, options.copies, options.partner)
        for name, ask in questions(user).items():
            measure(name, ask)


def library(backend: Backend, assets: int, copies: int, partner: int) -> Caller:
    server = backend.server()
    user, other = server.user(), server.user()
    began = time.perf_counter()
    with server.context():
        seed_assets(user.id, assets)
        copy_assets(user.id, copies)
        seed_assets(other.id, partner)
        print(f"{assets * (1 + copies) + partner} assets in {time.perf_counter() - began:.0f} s", end=", ", flush=True)
        began = time.perf_counter()
        server.runtime.jobs["SearchRefreshTexts"].run()
        print(f"their texts in {time.perf_counter() - began:.0f} s")
        if backend.kind == "postgres":
            server.database.execute_sql("ANALYZE")
    if partner:
        other.post("/partners", {"sharedWithId": user.id})
        user.put(f"/partners/{other.id}", {"inTimeline": True})
    return user


def questions(user: Caller) -> dict[str, Callable[[], TestResponse]]:
    def afresh(ask: Callable[[], TestResponse]) -> Callable[[], TestResponse]:
        def written() -> None:
            with user.server.context():
                set_system_metadata("benchmark", time.perf_counter_ns())

        ask.before = written
        return ask

    return {
        "nothing (who am I)": lambda: user.get("/users/me"),
        "months": lambda: user.get("/timeline/buckets"),
        "months, afresh": afresh(lambda: user.get("/timeline/buckets")),
        "months as the web asks, afresh": afresh(lambda: user.get("/timeline/buckets", **WEB)),
        "a month": lambda: user.get("/timeline/bucket", timeBucket="2019-05-01"),
        "a month, afresh": afresh(lambda: user.get("/timeline/bucket", timeBucket="2019-05-01")),
        "a month as the web asks, afresh": afresh(lambda: user.get("/timeline/bucket", timeBucket="2019-05-01", **WEB)),
        **{f"search: {name}": lambda body=body: user.post("/search/metadata", body) for name, body in SEARCHES.items()},
        "search: random": lambda: user.post("/search/random", {}),
        "search: statistics": lambda: user.post("/search/statistics", {}),
        "search: large assets": lambda: user.post("/search/large-assets"),
        "search: explore": lambda: user.get("/search/explore"),
        "search: cities": lambda: user.get("/search/cities"),
        "search: suggestions": lambda: user.get("/search/suggestions", type="city"),
        "search: places": lambda: user.get("/search/places", name="paris"),
        "map: markers": lambda: user.get("/map/markers"),
        "map: reverse geocode": lambda: user.get("/map/reverse-geocode", lat="48.1", lon="11.5"),
    }


def measure(name: str, ask: Callable[[], TestResponse], times: int = 15) -> None:
    before = getattr(ask, "before", lambda: None)
    taken, used = [], []
    ask()
    for _ in range(times):
        before()
        began, cpu = time.perf_counter(), time.thread_time()
        response = ask()
        used.append((time.thread_time() - cpu) * 1000)
        taken.append((time.perf_counter() - began) * 1000)
        assert response.status_code == 200, response.text
    print(f"{name:40} {statistics.median(taken):8.2f} {min(taken):8.2f} ms {min(used):8.2f} ms CPU"
          f" {len(response.data):9} bytes", flush=True)


if __name__ == "__main__":
    main()
