"""Sending pictures to a server: how fast they are taken, and when all of their thumbnails are there."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.client import BadAnswer, Connection, Wire, status_of
from tests.benchmarks.processes import cpu_seconds

CLIENTS = 4

PATIENCE = 900.0


def measured(wire: Wire, pictures: Sequence[Path], roots: Sequence[int]) -> tuple[dict[str, float], list[str]]:
    """The figures `upload`, `pictures` and `picture cpu`, and the ids that the server gave."""
    before, began = cpu_seconds(roots), time.perf_counter()
    ids: dict[Path, str] = {}
    waiting = list(reversed(pictures))
    failed: list[Exception] = []

    def send() -> None:
        try:
            with Connection(wire.address) as connection:
                while waiting:
                    path = waiting.pop()
                    ids[path] = _sent(wire, connection, path)
        except (OSError, IndexError, BadAnswer) as error:
            if not isinstance(error, IndexError):
                failed.append(error)

    threads = [threading.Thread(target=send) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    answered = time.perf_counter() - began
    _wait_for_thumbnails(wire, list(ids.values()))
    done = time.perf_counter() - began
    results = {"upload": sum(path.stat().st_size for path in pictures) / 1e6 / answered,
               "pictures": len(pictures) / done}
    if roots:
        results["picture cpu"] = (cpu_seconds(roots) - before) / len(pictures)
    return results, list(ids.values())


def _sent(wire: Wire, connection: Connection, path: Path) -> str:
    boundary = secrets.token_hex(12)
    taken = "2024-05-06T07:08:09.000Z"
    fields = {"deviceAssetId": path.name, "deviceId": "benchmark", "fileCreatedAt": taken, "fileModifiedAt": taken,
              "filename": path.name}
    head = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                   for name, value in fields.items())
    head += (f'--{boundary}\r\nContent-Disposition: form-data; name="assetData"; filename="{path.name}"\r\n'
             f"Content-Type: image/jpeg\r\n\r\n")
    # Behind the end of the picture: else the server would know it from the last time.
    tail = secrets.token_bytes(16) + f"\r\n--{boundary}--\r\n".encode()
    size = len(head) + path.stat().st_size + len(tail)
    request = wire.request("POST", "/assets", b"", content_type=f"multipart/form-data; boundary={boundary}",
                           content_length=str(size))
    answer = connection.ask_with_file(request + head.encode(), path, tail)
    return answer.json["id"]


def _wait_for_thumbnails(wire: Wire, ids: Sequence[str]) -> None:
    """Asking only for the oldest that is not there, so that asking costs the server little."""
    until = time.monotonic() + PATIENCE
    with Connection(wire.address) as connection:
        for asset_id in ids:
            request = wire.request("GET", f"/assets/{asset_id}/thumbnail?size=thumbnail")
            while status_of(connection.ask(request, any_status=True).headers) != 200:
                if time.monotonic() > until:
                    raise BadAnswer(f"{asset_id} has no thumbnail after {PATIENCE:.0f} s")
                time.sleep(0.1)
