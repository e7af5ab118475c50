"""Into the trash, back, and gone for good: rows, bytes, usage and events."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.contracts import events
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets import objects, trash
from immich_flask.core.models import Asset, AssetExif, AssetFile, JobRow
from immich_flask.core.plugins import Plugins
from immich_flask.core.settings import system_config, update_system_config
from immich_flask.infra.config import load_config
from immich_flask.infra.storage.base import StorageUnavailable
from immich_flask.testing import Caller, Server
from tests.core.assets.conftest import FOUND
from tests.core.assets.lending.hooks import Lent

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"
Stored = Callable[[Caller], set[str]]
Usage = Callable[[Caller], int]


def test_into_the_trash_and_back(user: Caller, server: Server, lent: Lent, stored: Stored, usage: Usage) -> None:
    a, b = user.asset(), user.asset()
    bytes_before = usage(user)
    lent.heard.clear()
    assert user.delete("/assets", {"ids": [a]}).status_code == 204
    went = user.get(f"/assets/{a}").json
    assert (went["isTrashed"], went["visibility"], went["isOffline"]) == (True, "timeline", False)
    with server.context():
        day = Asset.get_by_id(a).deleted_at
    assert user.delete("/assets", {"ids": [a, b, a]}).status_code == 204
    assert lent.heard == [events.AssetsTrashed((a,), user.id), events.AssetsTrashed((b,), user.id)]
    with server.context():
        assert Asset.get_by_id(a).deleted_at == day
        assert trash.restore([a, b, UNKNOWN], by_id=True) == 2
        assert trash.restore([a, b], by_id=True) == 0
    assert [set(event.asset_ids) for event in lent.heard[2:]] == [{a, b}]
    assert user.get(f"/assets/{a}").json["isTrashed"] is False
    assert len(stored(user)) == 2
    assert usage(user) == bytes_before


def test_for_good(user: Caller, server: Server, lent: Lent, stored: Stored, usage: Usage) -> None:
    a, b, keep = user.asset(), user.asset(), user.asset()
    user.delete("/assets", {"ids": [b]})
    with server.context():
        server.runtime.storage.put(f"thumbnails/{user.id}/{a}.webp", [b"small"])
        AssetFile.create(asset=a, type="thumbnail", storage_key=f"thumbnails/{user.id}/{a}.webp", size_in_byte=5)
    lent.heard.clear()
    assert user.delete("/assets", {"ids": [a, b], "force": True}).status_code == 204
    assert [(type(event), set(event.asset_ids), event.owner_id) for event in lent.heard] == [
        (events.AssetsDeleted, {a, b}, user.id)]
    for gone in (a, b):
        assert user.get(f"/assets/{gone}").json == {"message": "Not found or no asset.read access"}
        assert user.get(f"/assets/{gone}/original").json == {"message": "Not Found"}
    assert [key.split("/")[2] for key in stored(user)] == [keep]
    with server.context():
        assert AssetExif.get_by_id(keep).file_size_in_byte == usage(user)
        assert AssetFile.select().where(AssetFile.asset == a).count() == 0


def test_without_a_trash(make_server: Callable[..., Server]) -> None:
    server = make_server(Plugins(load_config(environ={}), FOUND))
    user = server.user()
    asset_id = user.asset()
    with server.context():
        config = {section: dict(values) for section, values in system_config().items()}
        config["trash"]["enabled"] = False
        update_system_config(config)
    assert user.delete("/assets", {"ids": [asset_id]}).status_code == 204
    assert user.get(f"/assets/{asset_id}").status_code == 400
    assert list(server.runtime.storage.list("originals/")) == []


def test_who_may(user: Caller, other: Caller, server: Server, link: Callable[..., Caller], lent: Lent) -> None:
    mine, theirs = user.asset(), other.asset()
    lent.assets[user.id] = {theirs}
    refused = {"message": "Not found or no asset.delete access"}
    for ids in ([mine, theirs], [theirs], [UNKNOWN]):
        for force in (True, False):
            response = user.delete("/assets", {"ids": ids, "force": force})
            assert (response.status_code, response.json) == (400, refused)
    assert server.nobody.delete("/assets", {"ids": [mine]}).status_code == 401
    assert user.api_key("asset.update").delete("/assets", {"ids": [mine]}).status_code == 403
    assert link(user, mine).delete("/assets", {"ids": [mine]}).status_code == 403
    assert user.get(f"/assets/{mine}").json["isTrashed"] is False
    assert user.api_key("asset.delete").delete("/assets", {"ids": [mine]}).status_code == 204
    locked = user.asset(visibility="locked")
    assert user.delete("/assets", {"ids": [locked], "force": True}).json == refused
    assert user.elevated().delete("/assets", {"ids": [locked], "force": True}).status_code == 204


@pytest.mark.parametrize(("body", "paths"), [
    ({}, [["ids"]]), ({"ids": ["x"]}, [["ids", 0]]), ({"ids": [], "force": "true"}, [["force"]]),
])
def test_bad_values(user: Caller, body: dict, paths: list) -> None:
    response = user.delete("/assets", body)
    assert response.status_code == 400
    assert [error["path"] for error in response.json["errors"]] == paths


@pytest.mark.parametrize("force", [True, False])
def test_a_listener_can_prevent_it(user: Caller, server: Server, lent: Lent, stored: Stored, usage: Usage,
                                   force: bool) -> None:
    asset_id = user.asset()
    before = usage(user), stored(user)
    lent.heard.clear()
    lent.veto = BadRequest("I need it")
    assert user.delete("/assets", {"ids": [asset_id], "force": force}).json == {"message": "I need it"}
    assert user.get(f"/assets/{asset_id}").json["isTrashed"] is False
    assert (usage(user), stored(user)) == before
    assert lent.heard == []


def test_the_film_goes_with_its_last_still(user: Caller, stored: Stored, usage: Usage, lent: Lent) -> None:
    film = user.asset(b"film of " + user.id.encode(), "a.mov", visibility="hidden")
    first, second = user.asset(livePhotoVideoId=film), user.asset(livePhotoVideoId=film)
    user.delete("/assets", {"ids": [first], "force": True})
    assert user.get(f"/assets/{film}").status_code == 200
    user.delete("/assets", {"ids": [second]})
    assert user.get(f"/assets/{film}").json["isTrashed"] is False
    lent.heard.clear()
    user.delete("/assets", {"ids": [second], "force": True})
    assert set(lent.heard[0].asset_ids) == {second, film}
    assert (stored(user), usage(user)) == (set(), 0)


def test_a_still_outlives_its_film(user: Caller) -> None:
    film = user.asset(b"film of " + user.id.encode(), "a.mov")
    still = user.asset(livePhotoVideoId=film)
    user.delete("/assets", {"ids": [film], "force": True})
    assert user.get(f"/assets/{still}").json["livePhotoVideoId"] is None


def test_several_owners_at_once(user: Caller, other: Caller, server: Server, lent: Lent, usage: Usage) -> None:
    ids = [user.asset(), other.asset(), other.asset()]
    lent.heard.clear()
    with server.context():
        assert trash.delete([*ids, UNKNOWN]) == 3
        assert trash.delete(ids) == 0
    assert {(event.owner_id, frozenset(event.asset_ids)) for event in lent.heard} == {
        (user.id, frozenset(ids[:1])), (other.id, frozenset(ids[1:]))}
    assert (usage(user), usage(other)) == (0, 0)


def test_what_is_offline_is_not_ours_to_remove(user: Caller, server: Server, stored: Stored) -> None:
    asset_id = user.asset()
    with server.context():
        Asset.update(is_offline=True).where(Asset.id == asset_id).execute()
        trash.delete([asset_id])
    assert len(stored(user)) == 1


def test_removal_is_tried_again(user: Caller, server: Server, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    asset_id = user.asset()

    def away(keys: list[str]) -> None:
        raise StorageUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(server.runtime.storage, "delete", away)
        assert user.delete("/assets", {"ids": [asset_id], "force": True}).status_code == 204
        with server.context():
            later = JobRow.select().where(JobRow.name == "FileDelete", JobRow.state == "waiting", JobRow.attempts == 0)
            mine = [row for row in later if user.id in row.payload["keys"][0]]
            assert [row.payload["keys"] for row in mine] == [list(stored(user))]
            JobRow.delete().where(JobRow.id == mine[0].id).execute()
    with server.context():
        objects.delete_objects(list(stored(user)))
    assert stored(user) == set()


def test_a_late_removal_spares_what_a_row_names(user: Caller, server: Server, stored: Stored) -> None:
    """As a thumbnail that has the name again that one had before."""
    user.asset()
    keys = stored(user)
    with server.context():
        objects.delete_objects([*keys, "originals/not-of-our-making"])
    assert stored(user) == keys
