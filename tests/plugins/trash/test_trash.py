"""Restoring and emptying the trash, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from immich_flask.core.models import Asset
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server, photo
from plugins.trash import service


def trashed(caller: Caller, count: int = 1) -> list[str]:
    ids = [caller.asset() for _ in range(count)]
    assert caller.delete("/assets", {"ids": ids}).status_code == 204
    return ids


def is_trashed(caller: Caller, asset_id: str) -> bool | None:
    """None: the asset is gone."""
    response = caller.get(f"/assets/{asset_id}")
    return response.json["isTrashed"] if response.status_code == 200 else None


def test_restore_all_takes_only_the_callers(user: Caller, other: Caller) -> None:
    mine, theirs = trashed(user, 2), trashed(other)
    assert user.post("/trash/restore").json == {"count": 2}
    assert [is_trashed(user, asset) for asset in mine] == [False, False]
    assert is_trashed(other, theirs[0]) is True
    assert user.post("/trash/restore").json == {"count": 0}


def test_restore_some_counts_the_ids_sent(user: Caller, other: Caller) -> None:
    first, second = trashed(user, 2)
    live = user.asset()
    assert user.post("/trash/restore/assets", {"ids": [first, live]}).json == {"count": 2}
    assert [is_trashed(user, asset) for asset in (first, second, live)] == [False, True, False]
    refused = other.post("/trash/restore/assets", {"ids": [second]})
    assert (refused.status_code, refused.json["message"]) == (400, "Not found or no asset.delete access")
    assert is_trashed(user, second) is True


def test_empty_deletes_for_good(server: Server, user: Caller, other: Caller) -> None:
    content = photo()
    gone = user.asset(content)
    user.delete("/assets", {"ids": [gone]})
    stays, theirs = user.asset(), trashed(other)[0]
    with server.context():
        key = Asset.get_by_id(gone).storage_key
    assert user.post("/trash/empty").json == {"count": 1}
    assert is_trashed(user, gone) is None
    assert (is_trashed(user, stays), is_trashed(other, theirs)) == (False, True)
    assert not server.runtime.storage.exists(key)
    assert user.upload(content).status_code == 201


def test_what_is_given_up_is_out_of_the_trash_at_once(server: Server, user: Caller) -> None:
    asset, = trashed(user)
    with server.context():
        Asset.update(status="deleted").where(Asset.id == asset).execute()
    assert user.get("/timeline/buckets", isTrashed="true").json == []
    assert user.post("/trash/restore").json == {"count": 0}


def test_the_nightly_check_takes_what_is_old_enough(server: Server, user: Caller) -> None:
    old, young = trashed(user, 2)
    with server.context():
        Asset.update(deleted_at=now() - timedelta(days=31)).where(Asset.id == old).execute()
        service.give_up_expired()
    assert (is_trashed(user, old), is_trashed(user, young)) == (None, True)


@pytest.mark.parametrize("path", ["/trash/empty", "/trash/restore", "/trash/restore/assets"])
def test_callers_without_the_right(server: Server, user: Caller, path: str) -> None:
    body = {"ids": trashed(user)}
    assert server.nobody.post(path, body).status_code == 401
    refused = user.api_key("asset.read").post(path, body)
    assert (refused.status_code, refused.json["message"]) == (403, "Missing required permission: asset.delete")
    assert is_trashed(user, body["ids"][0]) is True


@pytest.mark.parametrize(("body", "path"), [({}, ["ids"]), ({"ids": ["x"]}, ["ids", 0]), ({"ids": "x"}, ["ids"])])
def test_bad_input(user: Caller, body: dict, path: list) -> None:
    response = user.post("/trash/restore/assets", body)
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json["errors"]] == [path]


def test_without_the_plugin_deleting_is_for_good(make_server: Callable[..., Server]) -> None:
    user = make_server(**{"plugins.disabled": ["trash"]}).user()
    asset = user.asset()
    assert user.get("/server/features").json["trash"] is False
    assert user.delete("/assets", {"ids": [asset]}).status_code == 204
    assert is_trashed(user, asset) is None
