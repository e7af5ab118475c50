"""Links, and guests who come by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immich_flask.testing import Caller, Server

NOBODYS = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def share(owner: Caller, *assets: str, **terms: Any) -> dict:
    """A new link of the owner's, to these assets; or to `albumId`."""
    what = {"type": "ALBUM"} if "albumId" in terms else {"type": "INDIVIDUAL", "assetIds": list(assets)}
    response = owner.post("/shared-links", {**what, **terms})
    assert response.status_code == 201, response.text
    return response.json


def album(owner: Caller, *assets: str, **terms: Any) -> str:
    response = owner.post("/albums", {"albumName": "Holiday", "assetIds": list(assets), **terms})
    assert response.status_code == 201, response.text
    return response.json["id"]


def shown(owner: Caller, link: dict) -> list[str]:
    """The assets of a link as its owner sees it."""
    return [asset["id"] for asset in owner.get(f"/shared-links/{link['id']}").json["assets"]]


@pytest.fixture
def guest(server: Server) -> Callable[[dict], Caller]:
    """`guest(link)`: somebody who has its address."""
    return lambda link: Caller(server, {}, query={"key": link["key"]})
