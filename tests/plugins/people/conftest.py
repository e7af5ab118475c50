"""People, and pictures with their faces."""

from __future__ import annotations

from typing import Any

from immich_flask.testing import Caller

NONE = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def made(caller: Caller, name: str = "Eve", **values: Any) -> str:
    """A new person, and the id of it."""
    response = caller.post("/people", {"name": name, **values})
    assert response.status_code == 201, response.text
    return response.json["id"]


def drawn(caller: Caller, asset: str, person: str, x: int = 10, **values: Any) -> str:
    """A new face on a picture, and the id of it."""
    body = {"assetId": asset, "personId": person, "imageWidth": 64, "imageHeight": 48, "x": x, "y": 10, "width": 20,
            "height": 24, **values}
    before = {face["id"] for face in faces(caller, asset)}
    response = caller.post("/faces", body)
    assert (response.status_code, response.data) == (201, b""), response.text
    new, = {face["id"] for face in faces(caller, asset)} - before
    return new


def faces(caller: Caller, asset: str) -> list[dict]:
    response = caller.get("/faces", id=asset)
    assert response.status_code == 200, response.text
    return response.json


def listed(caller: Caller, **query: Any) -> list[str]:
    return [person["id"] for person in caller.get("/people", **query).json["people"]]


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json["message"]
