"""Assets come into albums and go, and covers follow."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.contracts.errors import Conflict
from immich_flask.testing import Caller, Server
from plugins.albums import contents
from tests.plugins.albums.conftest import NO_SUCH, bare_assets, make_album, said


def results(response) -> list[str]:
    """`ok` or the error, id by id."""
    assert response.status_code == 200, response.text
    return ["ok" if each["success"] else each["error"] for each in response.json]


def inside(caller: Caller, album: str) -> int:
    return caller.get(f"/albums/{album}").json["assetCount"]


def cover(caller: Caller, album: str) -> str | None:
    return caller.get(f"/albums/{album}").json["albumThumbnailAssetId"]


def test_adding_id_by_id(server: Server, user: Caller, other: Caller) -> None:
    red, blue, grey, mine, theirs = user.asset(), user.asset(), user.asset(), other.asset(), server.user().asset()
    album = make_album(user, editors=(other,))
    path = f"/albums/{album}/assets"
    answer = user.put(path, {"ids": [blue, red]})
    assert answer.json == [{"id": blue, "success": True}, {"id": red, "success": True}]
    assert cover(user, album) == blue
    assert results(user.put(path, {"ids": [red, grey, theirs, NO_SUCH]})) == [
        "duplicate", "ok", "no_permission", "no_permission"]
    assert results(other.put(path, {"ids": [mine, mine, red, theirs]})) == [
        "ok", "duplicate", "duplicate", "no_permission"]
    assert results(user.put(path, {"ids": []})) == []
    assert inside(user, album) == 4
    assert cover(user, album) == blue


def test_partners_assets_can_be_added_others_in_an_album_not(server: Server, user: Caller, other: Caller) -> None:
    third = server.user()
    theirs, partners = other.asset(), third.asset()
    make_album(other, theirs, viewers=(user,))
    third.post("/partners", {"sharedWithId": user.id})
    assert results(user.put(f"/albums/{make_album(user)}/assets", {"ids": [theirs, partners]})) == [
        "no_permission", "ok"]


def test_locked_assets_cannot_be_added_even_when_unlocked(user: Caller) -> None:
    asset = user.asset(visibility="locked")
    assert results(user.elevated().put(f"/albums/{make_album(user)}/assets", {"ids": [asset]})) == ["no_permission"]


def test_removing_id_by_id(user: Caller, other: Caller) -> None:
    red, blue, mine, yours = user.asset(), user.asset(), other.asset(), other.asset()
    album = make_album(user, red, blue, editors=(other,))
    other.put(f"/albums/{album}/assets", {"ids": [mine, yours]})
    path = f"/albums/{album}/assets"
    assert results(user.delete(path, {"ids": [blue, NO_SUCH]})) == ["ok", "not_found"]
    assert results(other.delete(path, {"ids": [mine, red]})) == ["ok", "no_permission"]
    assert results(user.delete(path, {"ids": [yours, yours]})) == ["ok", "not_found"]
    assert inside(user, album) == 1


@pytest.mark.parametrize(("method", "permission"), [("PUT", "albumAsset.create"), ("DELETE", "albumAsset.delete")])
def test_who_may_not(server: Server, user: Caller, other: Caller, link: Callable, method: str, permission: str) -> None:
    asset = other.asset()
    album = make_album(user, viewers=(other,))
    for caller in (other, server.user(), server.admin):
        refused = caller.open(method, f"/albums/{album}/assets", {"ids": [asset]})
        assert said(refused) == (400, f"Not found or no {permission} access")
    assert said(link(user, album, allow_upload=True).open(method, f"/albums/{album}/assets", {"ids": [asset]})) == (
        403, "Forbidden")
    assert said(server.nobody.open(method, f"/albums/{album}/assets", {"ids": [asset]}))[0] == 401
    missing = user.open(method, f"/albums/{NO_SUCH}/assets", {"ids": [asset]})
    assert said(missing) == (400, "Album not found" if method == "PUT" else f"Not found or no {permission} access")
    for body in ({}, {"ids": ["x"]}, {"ids": asset}, None):
        assert user.open(method, f"/albums/{album}/assets", body).json["message"] == "Validation failed"
    assert inside(user, album) == 0


def test_many_albums_at_once(server: Server, user: Caller, other: Caller) -> None:
    red, blue, sea = user.asset(), user.asset(), other.asset()
    one, two = make_album(user), make_album(user, red)
    seen, alien = make_album(other, viewers=(user,)), make_album(server.user())

    def put(caller: Caller, albums: list[str], assets: list[str]) -> dict:
        answer = caller.put("/albums/assets", {"albumIds": albums, "assetIds": assets})
        assert answer.status_code == 200, answer.text
        return answer.json

    both = ([one, two], [red, blue])
    assert put(user, *both) == {"success": True}
    assert (inside(user, one), inside(user, two), cover(user, two)) == (2, 2, red)
    assert put(user, *both) == {"success": False, "error": "duplicate"}
    refused = {"success": False, "error": "no_permission"}
    for albums, assets in (([seen], [red]), ([alien], [red]), ([one], [sea]), ([one], []), ([], [red]),
                           ([NO_SUCH], [NO_SUCH])):
        assert put(user, albums, assets) == refused
    assert put(other, [alien, seen, seen], [sea, red, sea]) == {"success": True}
    assert (inside(other, seen), cover(other, seen)) == (1, sea)
    assert user.put("/albums/assets", {"albumIds": ["a"], "assetIds": ["b"]}).json["errors"] != []


def test_a_product_that_is_too_large_is_refused(user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MAX_PAIRS", 3)
    album, another, assets = make_album(user), make_album(user), [user.asset(), user.asset()]
    assert said(user.put("/albums/assets", {"albumIds": [album, another], "assetIds": assets})) == (
        400, "At most 3 additions at once")
    assert inside(user, album) == 0


def test_ten_thousand_at_once(server: Server, user: Caller, queries: Callable) -> None:
    assets = bare_assets(server, user, 10_000)
    album = make_album(user)
    with queries() as many:
        assert results(user.put(f"/albums/{album}/assets", {"ids": assets})) == ["ok"] * 10_000
    another = make_album(user)
    with queries() as few:
        user.put(f"/albums/{another}/assets", {"ids": assets[:1]})
    assert len(many) == len(few)
    assert inside(user, album) == 10_000
    assert set(results(user.put(f"/albums/{album}/assets", {"ids": assets}))) == {"duplicate"}
    assert set(results(user.delete(f"/albums/{album}/assets", {"ids": assets}))) == {"ok"}
    assert inside(user, album) == 0


def test_a_rolled_back_addition_leaves_nothing(user: Caller, other: Caller, known) -> None:
    album, asset = make_album(user, viewers=(other,)), user.asset()
    known.heard.clear()
    known.veto = Conflict("not now")
    assert said(user.put(f"/albums/{album}/assets", {"ids": [asset]})) == (409, "not now")
    known.veto = None
    assert (inside(user, album), cover(user, album), known.heard) == (0, None, [])


def test_the_cover_that_leaves_is_replaced_by_the_newest(user: Caller) -> None:
    old, new, middle = (user.asset(fileCreatedAt=f"2023-0{month}-01T00:00:00.000Z") for month in (1, 3, 2))
    album = make_album(user, middle, old, new)
    assert cover(user, album) == middle
    user.delete(f"/albums/{album}/assets", {"ids": [middle]})
    assert cover(user, album) == new
    user.delete(f"/albums/{album}/assets", {"ids": [new, old]})
    assert cover(user, album) is None
    user.put(f"/albums/{album}/assets", {"ids": [old, new]})
    assert cover(user, album) == old


@pytest.mark.parametrize("way", ["trash", "delete", "lock", "hide"])
def test_the_cover_that_goes_out_of_sight(user: Caller, way: str) -> None:
    first, other = user.asset(), user.asset()
    album, lone = make_album(user, first, other), make_album(user, first)
    elevated = user.elevated()
    if way in ("trash", "delete"):
        elevated.delete("/assets", {"ids": [first], "force": way == "delete"})
    else:
        elevated.put("/assets", {"ids": [first], "visibility": {"lock": "locked", "hide": "hidden"}[way]})
    assert (cover(user, album), cover(user, lone)) == (other, None)
    # What comes back does not claim its place, but takes one that is free.
    if way == "trash":
        elevated.post("/trash/restore/assets", {"ids": [first]})
    if way in ("lock", "hide"):
        elevated.put("/assets", {"ids": [first], "visibility": "timeline"})
    back = first if way in ("trash", "hide") else None
    assert (cover(user, album), cover(user, lone)) == (other, back)
    assert inside(user, lone) == (1 if back else 0)


def test_archived_assets_are_part_of_an_album(user: Caller) -> None:
    asset = user.asset()
    album = make_album(user, asset, user.asset())
    user.put("/assets", {"ids": [asset], "visibility": "archive"})
    assert (cover(user, album), inside(user, album)) == (asset, 2)


def test_locking_takes_out_of_all_albums(user: Caller, other: Caller) -> None:
    by_many, by_one, stays = user.asset(), user.asset(), user.asset()
    album = make_album(user, by_many, by_one, stays, viewers=(other,))
    elevated = user.elevated()
    elevated.put("/assets", {"ids": [by_many], "visibility": "locked"})
    elevated.put(f"/assets/{by_one}", {"visibility": "locked"})
    assert inside(user, album) == 1
    elevated.put("/assets", {"ids": [by_many, by_one], "visibility": "timeline"})
    assert inside(user, album) == 1
    assert other.get(f"/assets/{by_one}").status_code == 400


@pytest.mark.parametrize("asked", [True, False])
def test_a_copied_asset_joins_the_albums_of_its_source(user: Caller, asked: bool) -> None:
    source, target = user.asset(), user.asset()
    albums = [make_album(user, source), make_album(user, source, target), make_album(user)]
    copied = user.put("/assets/copy", {"sourceId": source, "targetId": target, "albums": asked})
    assert copied.status_code == 204, copied.text
    assert [inside(user, album) for album in albums] == [2 if asked else 1, 2, 0]


def test_a_locked_copy_joins_no_album(user: Caller) -> None:
    source, target = user.asset(), user.asset(visibility="locked")
    album, elevated = make_album(user, source), user.elevated()
    assert elevated.put("/assets/copy", {"sourceId": source, "targetId": target}).status_code == 204
    elevated.put(f"/assets/{target}", {"visibility": "timeline"})
    assert inside(user, album) == 1


def test_other_plugins_can_add(server: Server, user: Caller, other: Caller, known) -> None:
    """As the one does that takes uploads through a link."""
    from plugins.albums.api import AlbumUpdated, add_assets

    album, asset = make_album(user, viewers=(other,)), user.asset()
    known.heard.clear()
    with server.context():
        assert add_assets([album], [asset, NO_SUCH], by=user.id) == {album: {asset}}
        assert add_assets([album], [asset], by=user.id) == {}
        assert add_assets([NO_SUCH], [asset], by=user.id) == {}
    assert (inside(user, album), cover(user, album)) == (1, asset)
    assert known.heard == [AlbumUpdated(album, tuple(sorted((user.id, other.id))), (other.id,))]
