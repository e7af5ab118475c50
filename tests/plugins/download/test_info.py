"""Which assets a download holds, and how they are parted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_flask.core.models import Asset
from immich_flask.core.plugins import find_plugins
from immich_flask.core.users.preferences import FEATURE_SECTIONS
from immich_flask.testing import Caller, Server
from plugins.download.parts import DEFAULT_SIZE, parted
from tests.benchmarks.seed import seed_assets

NOBODYS = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def sized(caller: Caller, size: int, name: str = "photo.jpg", **fields: Any) -> str:
    """A new asset of so many bytes; no picture, but nobody looks."""
    return caller.asset((uuid4().bytes * (size // 16 + 1))[:size], name, **fields)


def info(caller: Caller, **body: Any) -> Any:
    """The ids of each archive; or status and message."""
    response = caller.post("/download/info", body)
    if response.status_code != 201:
        return response.status_code, response.json["message"]
    assert response.json["totalSize"] == sum(archive["size"] for archive in response.json["archives"])
    return [archive["assetIds"] for archive in response.json["archives"]]


def refused(permission: str) -> tuple[int, str]:
    return 400, f"Not found or no {permission} access"


def test_sizes(user: Caller) -> None:
    one, two = sized(user, 2000), sized(user, 3000)
    assert user.post("/download/info", {"assetIds": [one, two, one]}).json == {
        "totalSize": 5000, "archives": [{"size": 5000, "assetIds": sorted([one, two])}]}
    assert user.post("/download/info", {"assetIds": []}).json == {"totalSize": 0, "archives": []}


def test_an_archive_is_full_once_it_has_passed_the_limit(user: Caller) -> None:
    ids = [sized(user, 1000, fileCreatedAt=f"2023-06-0{day}T10:00:00.000Z") for day in (1, 2, 3)]
    assert info(user, assetIds=ids[::-1], archiveSize=1000) == [ids[:2], ids[2:]]
    assert info(user, assetIds=ids, archiveSize=1) == [[one] for one in ids]
    assert info(user, assetIds=ids, archiveSize=3000) == [ids]


@given(sizes=st.lists(st.one_of(st.none(), st.integers(0, 10))), limit=st.integers(1, 30))
def test_parts_hold_everything_once_and_in_order(sizes: list[int | None], limit: int) -> None:
    result = parted({str(at): size for at, size in enumerate(sizes)}, limit)
    archives = result["archives"]
    assert [one for archive in archives for one in archive["assetIds"]] == [str(at) for at in range(len(sizes))]
    assert all(archive["assetIds"] for archive in archives)
    assert all(archive["size"] > limit for archive in archives[:-1])
    for archive in archives:
        held = [sizes[int(one)] or 0 for one in archive["assetIds"]]
        assert archive["size"] == sum(held)
        assert sum(held[:-1]) <= limit


def test_everything_of_the_callers(user: Caller, other: Caller) -> None:
    shown, archived = sized(user, 100), sized(user, 100, visibility="archive")
    locked, trashed, theirs = sized(user, 100, visibility="locked"), sized(user, 100), sized(other, 100)
    user.delete("/assets", {"ids": [trashed]})
    assert sorted(sum(info(user, userId=user.id), [])) == sorted([shown, archived])
    assert sorted(sum(info(user.elevated(), userId=user.id), [])) == sorted([shown, archived, locked])
    assert info(user, userId=other.id) == refused("timeline.download")
    other.post("/partners", {"sharedWithId": user.id})
    assert info(user, userId=other.id) == refused("timeline.download")
    assert info(user, assetIds=[theirs]) == [[theirs]]


def test_the_first_that_is_given_counts(user: Caller, other: Caller) -> None:
    mine = sized(user, 100)
    assert info(user, assetIds=[mine], albumId=NOBODYS, userId=other.id) == [[mine]]
    assert info(user, albumId=NOBODYS, userId=user.id) == refused("album.download")
    assert info(user) == (400, "assetIds, albumId, or userId is required")


def test_what_is_not_for_the_caller(user: Caller, other: Caller) -> None:
    mine, theirs, locked = sized(user, 100), sized(other, 100), sized(user, 100, visibility="locked")
    for ids in ([theirs], [mine, theirs], [mine, NOBODYS], [locked]):
        assert info(user, assetIds=ids) == refused("asset.download")
    assert info(user.elevated(), assetIds=[locked]) == [[locked]]
    user.delete("/assets", {"ids": [mine]})
    assert info(user, assetIds=[mine]) == []


def test_albums(user: Caller, other: Caller, server: Server) -> None:
    hers, gone, his = sized(user, 100), sized(user, 100), sized(other, 100)
    archived = sized(user, 100, visibility="archive")
    album = user.post("/albums", {"albumName": "A", "assetIds": [hers, gone, archived],
                                  "albumUsers": [{"userId": other.id, "role": "editor"}]}).json["id"]
    other.put(f"/albums/{album}/assets", {"ids": [his]})
    user.delete("/assets", {"ids": [gone]})
    for member in (user, other):
        assert sorted(sum(info(member, albumId=album), [])) == sorted([hers, archived, his])
    for stranger in (server.user(), server.admin):
        assert info(stranger, albumId=album) == refused("album.download")
        assert info(stranger, assetIds=[hers]) == refused("asset.download")
    assert info(user, albumId=NOBODYS) == refused("album.download")


def test_links(server: Server, user: Caller) -> None:
    inside, outside = sized(user, 100), sized(user, 100)
    album = user.post("/albums", {"albumName": "A", "assetIds": [inside]}).json["id"]

    def guest(**body: Any) -> Caller:
        return Caller(server, {}, query={"key": user.post("/shared-links", body).json["key"]})

    free = guest(type="ALBUM", albumId=album)
    assert info(free, albumId=album) == info(free, assetIds=[inside]) == [[inside]]
    assert info(free, assetIds=[outside]) == refused("asset.download")
    assert info(free, userId=user.id) == refused("timeline.download")
    bound = guest(type="ALBUM", albumId=album, allowDownload=False)
    assert info(bound, albumId=album) == refused("album.download")
    assert info(bound, assetIds=[inside]) == refused("asset.download")
    single = guest(type="INDIVIDUAL", assetIds=[outside])
    assert info(single, assetIds=[outside]) == [[outside]]
    assert info(single, albumId=album) == refused("album.download")


def test_moving_parts_come_last(server: Server, user: Caller) -> None:
    film, cut_out = (sized(user, 50, "live.mp4", visibility="hidden") for _ in range(2))
    with server.context():
        Asset.update(storage_key=f"motion/{user.id}/{cut_out}.mp4").where(Asset.id == cut_out).execute()
    live = sized(user, 100, livePhotoVideoId=film, fileCreatedAt="2020-01-01T00:00:00.000Z")
    android = sized(user, 100, livePhotoVideoId=cut_out, fileCreatedAt="2021-01-01T00:00:00.000Z")
    plain = sized(user, 100)
    stills = [live, android, plain]
    for asked in ({"assetIds": stills}, {"userId": user.id}):
        assert info(user, **asked) == [[*stills, film]]
    assert sorted(info(user, assetIds=[film, live])[0]) == sorted([film, live])
    user.put("/users/me/preferences", {"download": {"includeEmbeddedVideos": True}})
    assert sorted(info(user, userId=user.id)[0][3:]) == sorted([film, cut_out])
    user.delete("/assets", {"ids": [live]})
    assert info(user, userId=user.id) == [[android, plain, cut_out]]


def test_it_costs_the_same_however_much_it_is(server: Server, user: Caller, queries: Callable) -> None:
    def cost(ids: list[str]) -> int:
        with queries() as sql:
            assert info(user, assetIds=ids)
        return len(sql)

    first = cost([sized(user, 100)])
    with server.context():
        ids = seed_assets(user.id, 10_000)
    assert cost(ids) == first
    with queries() as sql:
        assert len(sum(info(user, userId=user.id), [])) == 10_001
    assert len(sql) <= first


@pytest.mark.parametrize(("body", "path"), [
    ({"assetIds": ["x"]}, ["assetIds", 0]), ({"assetIds": NOBODYS}, ["assetIds"]), ({"assetIds": None}, ["assetIds"]),
    ({"albumId": "1"}, ["albumId"]), ({"userId": "me"}, ["userId"]),
    *(({"userId": NOBODYS, "archiveSize": size}, ["archiveSize"]) for size in (0, -1, "5", 1.5, 2**53, None)),
])
def test_bad_values(user: Caller, body: dict, path: list) -> None:
    response = user.post("/download/info", body)
    assert response.status_code == 400
    assert {tuple(error["path"]) for error in response.json["errors"]} == {tuple(path)}


@pytest.mark.parametrize("path", ["/download/info", "/download/archive"])
def test_callers_without_the_right(server: Server, user: Caller, path: str) -> None:
    asset = user.asset()
    body = {"assetIds": [asset]}
    assert server.nobody.post(path, body).json == {"message": "Authentication required"}
    assert user.api_key("asset.read", "album.download").post(path, body).json == {
        "message": "Missing required permission: asset.download"}
    assert user.api_key("asset.download").post(path, body).status_code in (200, 201)
    assert server.admin.post(path, body).json == {"message": "Not found or no asset.download access"}


def test_without_albums(make_server: Callable[..., Server]) -> None:
    disabled = [name for name, found in find_plugins().items() if "albums" in (name, *found.meta.requires)]
    user = make_server(**{"plugins.disabled": disabled}).user()
    mine = sized(user, 100)
    assert info(user, albumId=NOBODYS)[0] == 400
    assert info(user, assetIds=[mine]) == info(user, userId=user.id) == [[mine]]


def test_preferences(user: Caller, make_server: Callable[..., Server]) -> None:
    assert user.get("/users/me/preferences").json["download"] == FEATURE_SECTIONS["download"] == {
        "archiveSize": DEFAULT_SIZE, "includeEmbeddedVideos": False}
    changed = user.put("/users/me/preferences", {"download": {"archiveSize": 1000, "includeEmbeddedVideos": True}}).json
    assert changed["download"] == {"archiveSize": 1000, "includeEmbeddedVideos": True}
