"""What clients ask a server all day: requests a second, milliseconds and CPU of each; streams and archives."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from tests.benchmarks.client import BadAnswer, Connection, Wire, load, status_of
from tests.benchmarks.processes import cpu_seconds

ALBUMS = 20
MOST = 500
"""Requests to choose from."""


def requests(wire: Wire, pictures: Sequence[str]) -> dict[str, list[bytes]]:
    """What to ask, by the key of its figures. `pictures`: ids of assets with thumbnails; else there are none of those.

    Makes albums, until there are `ALBUMS`.
    """
    months = sorted(wire.json("GET", "/timeline/buckets"), key=lambda month: month["count"])
    month = months[len(months) // 2]["timeBucket"]
    found = wire.json("POST", "/search/metadata", {"size": 1000})["assets"]["items"]
    ids = [asset["id"] for asset in found][:MOST]
    for number in range(len(wire.json("GET", "/albums")), ALBUMS):
        wire.json("POST", "/albums", {"albumName": f"Album {number:02}", "assetIds": ids[number::ALBUMS][:50]})
    asked = {
        "ping": [wire.request("GET", "/server/ping")],
        "buckets": [wire.request("GET", "/timeline/buckets")],
        "bucket": [wire.request("GET", f"/timeline/bucket?timeBucket={month}")],
        "asset": [wire.request("GET", f"/assets/{asset_id}") for asset_id in ids],
        "search": [wire.request("POST", "/search/metadata", {"size": 250, "page": 1})],
        "albums": [wire.request("GET", "/albums")],
    }
    if pictures:
        asked |= {size: [wire.request("GET", f"/assets/{asset_id}/thumbnail?size={size}") for asset_id in pictures]
                  for size in ("thumbnail", "preview")}
    return asked


def measured(wire: Wire, asked: list[bytes], roots: Sequence[int], *, seconds: float, runs: int) -> dict[str, float]:
    """For eight clients and for one: medians of some runs, to be put behind the key."""
    found: dict[str, list[float]] = {}

    def note(**values: float) -> None:
        for name, value in values.items():
            found.setdefault(name.replace("_", " "), []).append(value)

    for _ in range(runs):
        before = cpu_seconds(roots)
        many = load(wire, asked, clients=8, seconds=seconds)
        note(**{"8": len(many.taken) / many.seconds, "8_p50": many.at(0.5), "8_p95": many.at(0.95),
                "bytes": many.size / len(many.taken)})
        if roots:
            note(cpu=(cpu_seconds(roots) - before) * 1000 / len(many.taken))
        one = load(wire, asked, clients=1, seconds=seconds)
        note(**{"1": one.at(0.5), "1_p95": one.at(0.95), "1_rate": len(one.taken) / one.seconds})
    return {name: statistics.median(values) for name, values in found.items()}


def streamed(wire: Wire, kind: str, *, gzip: bool, runs: int) -> float:
    """Seconds for the whole sync stream of a kind of rows."""
    request = wire.request("POST", "/sync/stream", {"types": [kind]}, gzip=gzip, accept="application/jsonlines+json")
    return statistics.median(_taken(wire, request)[0] for _ in range(runs))


def archived(wire: Wire, pictures: Sequence[str], *, runs: int) -> float:
    """MB a second of an archive of pictures."""
    request = wire.request("POST", "/download/archive", {"assetIds": list(pictures)})
    return statistics.median(size / 1e6 / seconds for seconds, size in (_taken(wire, request) for _ in range(runs)))


def _taken(wire: Wire, request: bytes) -> tuple[float, int]:
    """Seconds and bytes of an answer, which is not kept."""
    with Connection(wire.address) as connection:
        began = time.perf_counter()
        pieces = connection.pieces(request)
        if status_of(head := next(pieces)) != 200:
            raise BadAnswer(f"{request[:100]!r} was answered {head[:300]!r}")
        size = sum(len(piece) for piece in pieces)
        return time.perf_counter() - began, size
