"""Letting one asset take the place of another."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from immich_flask.contracts import events
from immich_flask.core.models import AssetFile
from immich_flask.testing import Caller, Server, photo
from tests.core.assets.lending.hooks import Lent

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"


def with_sidecar(user: Caller, xmp: bytes) -> str:
    form = {"fileCreatedAt": "2023-06-15T10:00:00Z", "fileModifiedAt": "2023-06-15T10:00:00Z", "isFavorite": "true",
            "assetData": (io.BytesIO(photo()), "a.jpg"), "sidecarData": (io.BytesIO(xmp), "a.xmp")}
    return user.open("POST", "/assets", data=form, content_type="multipart/form-data").json["id"]


def sidecar(server: Server, asset_id: str) -> bytes | None:
    with server.context():
        row = AssetFile.get_or_none(AssetFile.asset == asset_id, AssetFile.type == "sidecar")
        if row is None:
            return None
        with server.runtime.storage.open(row.storage_key) as stream:
            content = stream.read()
        assert len(content) == row.size_in_byte
        return content


def test_all_by_default(user: Caller, server: Server, lent: Lent, stored: Callable) -> None:
    source, target = with_sidecar(user, b"<new/>"), with_sidecar(user, b"<older/>")
    user.put(f"/assets/{target}", {"isFavorite": False})
    lent.heard.clear()
    for _ in range(2):
        assert user.put("/assets/copy", {"sourceId": source, "targetId": target}).status_code == 204
    assert lent.heard[:2] == [
        events.AssetCopied(source, target, user.id, albums=True, shared_links=True, stack=True),
        events.AssetsUpdated((target,), user.id, frozenset({"is_favorite", "sidecar"}))]
    assert user.get(f"/assets/{target}").json["isFavorite"] is True
    assert sidecar(server, target) == b"<new/>"
    assert len(stored(user)) == 4


def test_only_what_is_asked_for(user: Caller, server: Server, lent: Lent) -> None:
    source, target = with_sidecar(user, b"<new/>"), user.asset()
    lent.heard.clear()
    nothing = {"albums": False, "sharedLinks": False, "stack": False, "favorite": False, "sidecar": False}
    user.put("/assets/copy", {"sourceId": source, "targetId": target, **nothing})
    assert lent.heard == [events.AssetCopied(source, target, user.id, albums=False, shared_links=False, stack=False)]
    assert user.get(f"/assets/{target}").json["isFavorite"] is False
    assert sidecar(server, target) is None
    user.put("/assets/copy", {"sourceId": source, "targetId": target, **nothing, "sidecar": True})
    assert sidecar(server, target) == b"<new/>"
    user.put("/assets/copy", {"sourceId": user.asset(), "targetId": target})
    assert sidecar(server, target) == b"<new/>"


def test_refusals(user: Caller, other: Caller, server: Server, lent: Lent) -> None:
    mine, theirs = user.asset(), other.asset()
    lent.assets[user.id] = {theirs}
    assert user.put("/assets/copy", {"sourceId": mine, "targetId": mine}).json == {
        "message": "Source and target id must be distinct"}
    for source, target in ((theirs, mine), (mine, theirs), (mine, UNKNOWN)):
        assert user.put("/assets/copy", {"sourceId": source, "targetId": target}).json == {
            "message": "Not found or no asset.copy access"}
    assert user.api_key("asset.update").put("/assets/copy", {"sourceId": mine, "targetId": mine}).status_code == 403
    assert server.nobody.put("/assets/copy", {"sourceId": mine, "targetId": mine}).status_code == 401


@pytest.mark.parametrize(("body", "paths"), [
    ({}, [["sourceId"], ["targetId"]]), ({"sourceId": "x", "targetId": UNKNOWN}, [["sourceId"]]),
    ({"sourceId": UNKNOWN, "targetId": UNKNOWN, "albums": "no"}, [["albums"]]),
])
def test_bad_values(user: Caller, body: dict, paths: list) -> None:
    response = user.put("/assets/copy", body)
    assert response.status_code == 400
    assert [error["path"] for error in response.json["errors"]] == paths
