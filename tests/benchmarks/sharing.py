"""What it costs to look at what is somebody else's: one picture, as a member of a large album, as a partner, by a link.

    python -m tests.benchmarks.sharing [--assets 30000] [--backend sqlite|postgres]

Milliseconds of whole requests, without the network and without the file: median and best. The owner's own look is the
first line, to compare with. The last ones are downloads' questions about all of the album.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from werkzeug.test import TestResponse

from immich_flask.core.models import Asset
from immich_flask.infra.db import chunks
from immich_flask.testing import Caller
from immich_flask.testing.fixtures import Backend
from tests.benchmarks.seed import seed_assets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assets", type=int, default=30_000)
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    with Backend.temporary(options.backend) as backend:
        look(backend, options.assets)


def look(backend: Backend, count: int) -> None:
    server = backend.server()
    owner, member, partner, stranger = (server.user() for _ in range(4))
    with server.context():
        ids = seed_assets(owner.id, count)
        Asset.update(visibility="timeline").execute()
        seed_assets(member.id, count, seed=2)
    album = owner.post("/albums", {"albumName": "All", "albumUsers": [{"userId": member.id, "role": "viewer"}]}).json["id"]
    for some in chunks(ids, 5000):
        owner.put(f"/albums/{album}/assets", {"ids": some})
    owner.post("/partners", {"sharedWithId": partner.id})
    by_album = owner.post("/shared-links", {"type": "ALBUM", "albumId": album}).json["key"]
    by_list = owner.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": ids}).json["key"]
    if backend.kind == "postgres":
        with server.context():
            server.database.execute_sql("ANALYZE")
    callers = {"owner": owner, "member of the album": member, "partner": partner,
               "link to the album": Caller(server, {}, query={"key": by_album}),
               "link to the assets": Caller(server, {}, query={"key": by_list}), "stranger": stranger}
    for name, caller in callers.items():
        refused = {400} if name == "stranger" else {404}
        each = iter(ids * 3)
        measure(f"{name}: thumbnail", lambda: caller.get(f"/assets/{next(each)}/thumbnail"), refused)  # noqa: B023
    for name in ("owner", "member of the album", "link to the album"):
        measure(f"{name}: what to download of the album", lambda: callers[name].post(  # noqa: B023
            "/download/info", {"albumId": album}), {201}, times=3)
    for name in ("owner", "partner", "member of the album", "link to the assets"):
        measure(f"{name}: what to download of all these", lambda: callers[name].post(  # noqa: B023
            "/download/info", {"assetIds": ids}), {201}, times=3)


def measure(name: str, ask: Callable[[], TestResponse], expected: set[int], times: int = 30) -> None:
    ask()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        response = ask()
        taken.append((time.perf_counter() - began) * 1000)
        assert response.status_code in expected, response.text
    print(f"{name:55} {statistics.median(taken):8.2f} {min(taken):8.2f} ms", flush=True)


if __name__ == "__main__":
    main()
