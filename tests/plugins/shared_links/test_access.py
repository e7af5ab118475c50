"""Who comes by a link, and what he gets to see."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest

from immich_flask.core.models import Asset
from immich_flask.infra.fields import iso, now
from immich_flask.testing import Caller, Server
from tests.plugins.shared_links.conftest import album, share, shown

Guest = Callable[[dict], Caller]

LATER = {"visibility": "timeline"}


def reached(caller: Caller, asset_id: str) -> tuple[int, int, int]:
    """Statuses of the record, a picture of it, the original."""
    return tuple(caller.get(f"/assets/{asset_id}{part}").status_code for part in ("", "/thumbnail", "/original"))


ALL, SEEN, NONE = (200, 200, 200), (200, 200, 404), (400, 400, 404)


@pytest.mark.parametrize("how", ["key", "hex", "header", "slug", "slug header"])
def test_ways_to_name_a_link(server: Server, user: Caller, how: str) -> None:
    link = share(user, user.asset(), slug=f"Été {how} {user.id}")
    hexadecimal = base64.urlsafe_b64decode(link["key"] + "=").hex()
    query = {"key": {"key": link["key"]}, "hex": {"key": hexadecimal.upper()},
             "slug": {"slug": link["slug"]}}.get(how, {})
    headers = {"header": {"x-immich-share-key": link["key"]},
               "slug header": {"x-immich-share-slug": link["slug"]}}.get(how, {})
    if how == "slug header":
        user.patch(f"/shared-links/{link['id']}", {"slug": f"plain-{user.id}"})
        headers = {"x-immich-share-slug": f"plain-{user.id}"}
    assert Caller(server, headers, query=query).get("/shared-links/me").json["id"] == link["id"]


@pytest.mark.parametrize("value", ["x", "A" * 67, "A" * 66, "A" * 5000, "g" * 100, "0" * 100, "a\0b", "é" * 67,
                                   "\ufffd", "%00", "' OR 1=1"])
@pytest.mark.parametrize("kind", ["key", "slug"])
def test_what_names_no_link(server: Server, user: Caller, kind: str, value: str) -> None:
    for caller in (server.nobody, user):
        refused = caller.get("/shared-links/me", **{kind: value})
        assert (refused.status_code, refused.json["message"]) == (401, f"Invalid share {kind}")


def test_a_link_hides_every_other_credential(server: Server, user: Caller, other: Caller) -> None:
    link = share(user, user.asset(), slug=f"slug-{user.id}")
    for caller in (user, other, user.api_key("all"), server.admin):
        both = Caller(server, caller.headers, query={"key": link["key"]})
        assert both.get("/shared-links/me").json["id"] == link["id"]
        assert both.get("/users/me").json == {"message": "Forbidden"}
    wrong = Caller(server, user.headers, query={"key": "x", "slug": link["slug"]})
    assert wrong.get("/shared-links/me").json == {"message": "Invalid share key"}
    empty = Caller(server, user.headers, query={"key": "", "slug": ""})
    assert empty.get("/users/me").json["id"] == user.id


def test_an_individual_link_shows_its_list_and_nothing_else(user: Caller, guest: Guest) -> None:
    inside, outside, archived = user.asset(), user.asset(), user.asset(visibility="archive")
    link = share(user, inside, archived)
    caller = guest(link)
    assert [reached(caller, asset) for asset in (inside, archived, outside)] == [ALL, ALL, NONE]
    user.delete(f"/shared-links/{link['id']}/assets", {"assetIds": [inside]})
    assert reached(caller, inside) == NONE
    assert [asset["id"] for asset in caller.get("/shared-links/me").json["assets"]] == [archived]


def test_a_link_to_an_album(user: Caller, guest: Guest) -> None:
    inside, outside = user.asset(), user.asset()
    holiday, elsewhere = album(user, inside), album(user, inside, outside)
    caller = guest(share(user, albumId=holiday))
    assert [reached(caller, asset) for asset in (inside, outside)] == [ALL, NONE]
    assert caller.get(f"/albums/{holiday}").json["assetCount"] == 1
    assert caller.get(f"/albums/{elsewhere}").json == {"message": "Not found or no album.read access"}
    assert len(caller.get("/timeline/bucket", albumId=holiday, timeBucket="2023-06-01").json["id"]) == 1
    assert caller.get("/timeline/buckets").json == {"message": "Not found or no timeline.read access"}
    assert caller.get("/timeline/buckets", userId=user.id).json == {"message": "Not found or no timeline.read access"}
    mine = caller.get("/shared-links/me").json
    assert (mine["album"]["id"], mine["album"]["assetCount"], mine["assets"]) == (holiday, 1, [])


@pytest.mark.parametrize("kind", ["individual", "album"])
def test_downloads_are_for_the_link_to_allow(user: Caller, guest: Guest, kind: str) -> None:
    asset = user.asset()
    terms = {"albumId": album(user, asset)} if kind == "album" else {}
    caller = guest(share(user, *(() if terms else (asset,)), **terms, allowDownload=False))
    assert reached(caller, asset) == SEEN
    refused = caller.post("/download/archive", {"assetIds": [asset]})
    assert (refused.status_code, refused.json["message"]) == (400, "Not found or no asset.download access")


@pytest.mark.parametrize("kind", ["individual", "album"])
def test_trash_and_locked_folder_stay_shut(user: Caller, guest: Guest, kind: str) -> None:
    asset = user.asset()
    link = share(user, albumId=album(user, asset)) if kind == "album" else share(user, asset)
    caller = guest(link)
    assert reached(caller, asset) == ALL
    user.delete("/assets", {"ids": [asset]})
    assert reached(caller, asset) == NONE
    user.post("/trash/restore/assets", {"ids": [asset]})
    assert reached(caller, asset) == ALL
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    assert reached(caller, asset) == NONE
    assert caller.get("/shared-links/me").json["assets"] == []
    # It left for good: what was locked is not shown again by being unlocked.
    user.elevated().put("/assets", {"ids": [asset], **LATER})
    assert (reached(user, asset), reached(caller, asset)) == (ALL, NONE)


def test_the_film_goes_with_its_photo(user: Caller, guest: Guest) -> None:
    film, alone = (user.asset(b"film" * 9 + str(n).encode(), "live.mp4", visibility="hidden") for n in range(2))
    photo = user.asset(livePhotoVideoId=film)
    link = share(user, photo)
    caller = guest(link)
    assert caller.get(f"/assets/{photo}").json["livePhotoVideoId"] == film
    assert caller.get(f"/assets/{film}/original").status_code == 200
    assert caller.get(f"/assets/{alone}/original").status_code == 404
    assert shown(user, link) == [photo]
    user.delete("/assets", {"ids": [photo]})
    assert caller.get(f"/assets/{film}/original").status_code == 404


def test_links_run_out(user: Caller, guest: Guest) -> None:
    asset = user.asset()
    link = share(user, asset, expiresAt=iso(now() + timedelta(hours=1)))
    assert reached(guest(link), asset) == ALL
    user.patch(f"/shared-links/{link['id']}", {"expiresAt": iso(now() - timedelta(seconds=1))})
    for path in (f"/assets/{asset}", f"/assets/{asset}/thumbnail", "/shared-links/me"):
        assert guest(link).get(path).json == {"message": "Invalid share key"}
    assert guest(link).upload().json == {"message": "Invalid share key"}
    assert shown(user, link) == [asset]
    user.patch(f"/shared-links/{link['id']}", {"expiresAt": None})
    assert reached(guest(link), asset) == ALL


def test_a_deleted_owner_takes_albums_along_but_not_assets(server: Server, user: Caller, guest: Guest) -> None:
    asset = user.asset()
    individual, holiday = share(user, asset), share(user, albumId=album(user, asset))
    server.admin.delete(f"/admin/users/{user.id}", {})
    assert guest(holiday).get("/shared-links/me").json == {"message": "Invalid share key"}
    assert reached(guest(individual), asset) == ALL
    server.admin.post(f"/admin/users/{user.id}/restore")
    assert guest(holiday).get("/shared-links/me").status_code == 200


def test_a_link_to_an_album_needs_somebody_who_may_share_it(user: Caller, other: Caller, guest: Guest) -> None:
    asset = user.asset()
    holiday = album(user, asset, albumUsers=[{"userId": other.id, "role": "editor"}])
    link = share(other, albumId=holiday)
    assert reached(guest(link), asset) == ALL
    user.put(f"/albums/{holiday}/user/{other.id}", {"role": "viewer"})
    assert guest(link).get(f"/albums/{holiday}").json == {"message": "Invalid share key"}
    assert other.get("/shared-links").json == []
    assert user.get(f"/albums/{holiday}").json["hasSharedLink"] is False
    user.put(f"/albums/{holiday}/user/{other.id}", {"role": "editor"})
    assert reached(guest(link), asset) == ALL
    user.delete(f"/albums/{holiday}/user/{other.id}")
    assert guest(link).get(f"/albums/{holiday}").status_code == 401


def test_a_partners_asset_is_shown_while_he_is_one(user: Caller, other: Caller, guest: Guest) -> None:
    lent = other.asset()
    other.post("/partners", {"sharedWithId": user.id})
    link = share(user, lent, user.asset())
    assert reached(guest(link), lent) == ALL
    other.put("/assets", {"ids": [lent], "visibility": "archive"})
    assert reached(guest(link), lent) == NONE
    other.put("/assets", {"ids": [lent], **LATER})
    assert (reached(guest(link), lent), len(shown(user, link))) == (ALL, 2)
    other.delete(f"/partners/{user.id}")
    assert (reached(guest(link), lent), len(shown(user, link))) == (NONE, 1)


REDUCED = {"id", "type", "originalMimeType", "thumbhash", "localDateTime", "duration", "livePhotoVideoId",
           "hasMetadata", "width", "height"}


def test_hidden_metadata_is_hidden_everywhere(server: Server, user: Caller, guest: Guest) -> None:
    asset = user.asset(name="secret name.jpg")
    user.put(f"/assets/{asset}", {"latitude": 52.5, "longitude": 13.4, "description": "secret"})
    holiday = album(user, asset)
    individual, whole = share(user, asset, showMetadata=False), share(user, albumId=holiday, showMetadata=False)
    for link in (individual, whole):
        assert set(guest(link).get(f"/assets/{asset}").json) == REDUCED
        disposition = guest(link).get(f"/assets/{asset}/thumbnail").headers["Content-Disposition"]
        assert disposition.endswith(f"{asset}_thumbnail.webp")
        assert guest(link).get(f"/assets/{asset}/original").status_code == 404
    assert set(guest(individual).get("/shared-links/me").json["assets"][0]) == REDUCED
    caller = guest(whole)
    month = caller.get("/timeline/bucket", albumId=holiday, timeBucket="2023-06-01", withCoordinates="true").json
    assert month["id"] == [asset]
    assert not {"city", "country", "latitude", "longitude"} & set(month)
    assert caller.get(f"/albums/{holiday}/map-markers").json == []
    # Asking for what is within a box would find out where it is.
    assert caller.get("/timeline/buckets", albumId=holiday, bbox="13,52,14,53").json == []
    seeing = guest(share(user, albumId=holiday))
    assert len(seeing.get("/timeline/buckets", albumId=holiday, bbox="13,52,14,53").json) == 1
    assert "secret" not in caller.get("/shared-links/me").text
    # The owner sees all of it.
    assert "exifInfo" in user.get(f"/shared-links/{individual['id']}").json["assets"][0]


def test_a_favourite_is_the_owners(user: Caller, guest: Guest) -> None:
    asset = user.asset(isFavorite="true")
    assert guest(share(user, asset)).get(f"/assets/{asset}").json["isFavorite"] is True


def test_links_cost_as_much_as_other_callers(user: Caller, guest: Guest, queries: Callable) -> None:
    assets = [user.asset() for _ in range(5)]
    link = share(user, *assets, slug=f"cost-{user.id}")
    with queries() as sql:
        guest(link).get(f"/assets/{assets[0]}/thumbnail")
    assert len(sql) <= 3


def test_off_and_on_again(server: Server, make_server: Callable[..., Server], user: Caller, guest: Guest) -> None:
    """Switched off the key says nothing; the rows stay, and what was locked meanwhile has left."""
    kept, locked = user.asset(), user.asset()
    link = share(user, kept, locked)
    off = make_server(**{"plugins.disabled": ["shared_links"]})
    off.database, database = server.database, off.database
    assert guest(link).get("/shared-links/me").status_code == 200
    try:
        caller = Caller(off, {}, query={"key": link["key"]})
        assert caller.get("/shared-links/me").status_code == 404
        assert caller.get(f"/assets/{kept}").json == {"message": "Authentication required"}
        with off.context():
            Asset.update(visibility="locked").where(Asset.id == locked).execute()
            Asset.update(**LATER).where(Asset.id == locked).execute()
    finally:
        off.database = database
    assert [reached(guest(link), asset) for asset in (kept, locked)] == [ALL, NONE]
