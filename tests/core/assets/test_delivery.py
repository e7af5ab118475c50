"""Pictures and films as they are sent: which file, under which name, to whom, and for how many queries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from immich_flask.core.models import Asset, AssetFile
from immich_flask.testing import Caller, Server, photo
from tests.core.assets.lending.hooks import Lent

CACHE = "private, max-age=86400, no-transform, stale-while-revalidate=2592000, stale-if-error=2592000"
UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"
Link = Callable[..., Caller]


def fetch(caller: Caller, path: str, **options: object) -> TestResponse:
    return caller.open(str(options.pop("method", "GET")), path, buffered=True, **options)


@pytest.fixture
def made(server: Server) -> Callable[..., bytes]:
    """`made(asset_id, "preview", ".jpeg")`: a file of the asset, and its bytes."""

    def make(asset_id: str, kind: str, extension: str, *, edited: bool = False) -> bytes:
        content = f"{kind} {edited} of {asset_id}".encode()
        with server.context():
            owner = Asset.get_by_id(asset_id).owner_id
            key = f"{kind}s/{owner}/{asset_id}{'_edited' if edited else ''}{extension}"
            server.runtime.storage.put(key, [content])
            AssetFile.create(asset=asset_id, type=kind, is_edited=edited, storage_key=key, size_in_byte=len(content))
        return content

    return make


def test_the_original(user: Caller) -> None:
    content = photo()
    asset_id = user.asset(content, "Grüße & mehr.JPG")
    at = f"/assets/{asset_id}/original"
    for path in (at, at + "?edited=true"):
        response = fetch(user, path)
        assert (response.status_code, response.data, response.mimetype) == (200, content, "image/jpeg")
        assert {name: response.headers[name] for name in ("Cache-Control", "Content-Disposition", "Accept-Ranges")} == {
            "Cache-Control": CACHE, "Content-Disposition": "inline; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%26%20mehr.JPG",
            "Accept-Ranges": "bytes"}
        assert response.content_length == len(content)
    etag, date = response.headers["ETag"], response.headers["Last-Modified"]
    assert fetch(user, at, headers={"If-None-Match": etag}).status_code == 304
    assert fetch(user, at, headers={"If-Modified-Since": date}).status_code == 304
    assert fetch(user, at, headers={"If-None-Match": '"x"'}).status_code == 200
    part = fetch(user, at, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (
        206, content[100:200], f"bytes 100-199/{len(content)}")
    assert fetch(user, at, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    head = fetch(user, at, method="HEAD")
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(content))


def test_renditions(user: Caller, made: Callable[..., bytes]) -> None:
    asset_id = user.asset(name="IMG 1.heic")
    at = f"/assets/{asset_id}/thumbnail"
    assert (fetch(user, at).status_code, fetch(user, at).json) == (404, {"message": "Asset media not found"})
    assert fetch(user, at + "?size=fullsize&c=x").headers["Location"] == f"/api{at}?size=preview&c=x"
    contents = {kind: made(asset_id, kind, extension) for kind, extension in (
        ("thumbnail", ".webp"), ("preview", ".jpeg"), ("fullsize", ".jpeg"))}
    for query, kind, mimetype, name in (
            ("", "thumbnail", "image/webp", "IMG%201_thumbnail.webp"),
            ("?size=thumbnail&c=abc", "thumbnail", "image/webp", "IMG%201_thumbnail.webp"),
            ("?size=preview&edited=true", "preview", "image/jpeg", "IMG%201_preview.jpeg"),
            ("?size=fullsize", "fullsize", "image/jpeg", "IMG%201_fullsize.jpeg")):
        response = fetch(user, at + query)
        assert (response.status_code, response.data, response.mimetype) == (200, contents[kind], mimetype)
        assert response.headers["Content-Disposition"] == f"inline; filename*=UTF-8''{name}"
        assert response.headers["Cache-Control"] == CACHE
        assert fetch(user, at + query, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    assert fetch(user, at + "?size=original&c=x").headers["Location"] == f"/api/assets/{asset_id}/original?c=x"
    for bad in ("?size=huge", "?edited=1"):
        assert fetch(user, at + bad).json["message"] == "Validation failed"


def test_full_size_of_what_browsers_show_is_the_original(user: Caller, link: Link) -> None:
    asset_id = user.asset(name="a.PNG")
    home = f"/api/assets/{asset_id}"
    response = fetch(user, f"/assets/{asset_id}/thumbnail?size=fullsize&c=x&key=k%26")
    assert (response.status_code, response.headers["Location"]) == (302, f"{home}/original?c=x&key=k%26")
    assert fetch(user, f"/assets/{asset_id}/thumbnail?size=fullsize").headers["Location"] == f"{home}/original"
    by_link = fetch(link(user, asset_id), f"/assets/{asset_id}/thumbnail?size=fullsize&slug=s")
    assert (by_link.status_code, by_link.headers["Location"]) == (302, f"{home}/thumbnail?size=preview&slug=s")


def test_edits(user: Caller, made: Callable[..., bytes], link: Link) -> None:
    content = photo()
    asset_id = user.asset(content, "turn me.jpg")
    plain, edited = made(asset_id, "thumbnail", ".webp"), made(asset_id, "thumbnail", ".webp", edited=True)
    rendered = made(asset_id, "fullsize", ".jpeg", edited=True)
    at = f"/assets/{asset_id}"
    for query, expected in (("", plain), ("?edited=false", plain), ("?edited=true", edited)):
        assert fetch(user, f"{at}/thumbnail{query}").data == expected
    full = fetch(user, f"{at}/thumbnail?size=fullsize&edited=true")
    assert (full.data, full.headers["Content-Disposition"]) == (
        rendered, "inline; filename*=UTF-8''turn%20me_fullsize.jpeg")
    original = fetch(user, f"{at}/original?edited=true")
    assert (original.data, original.headers["Content-Disposition"]) == (
        rendered, "inline; filename*=UTF-8''turn%20me.jpeg")
    assert fetch(user, f"{at}/original").data == content
    by_link = link(user, asset_id)
    assert fetch(by_link, f"{at}/thumbnail?edited=false").data == edited
    assert fetch(by_link, f"{at}/original").data == rendered


def test_films(user: Caller, made: Callable[..., bytes]) -> None:
    content = b"film of " + user.id.encode() * 100
    film, picture = user.asset(content, "my film.mov"), user.asset()
    at = f"/assets/{film}/video/playback"
    response = fetch(user, at)
    assert (response.data, response.mimetype, response.headers.get("Content-Disposition")) == (
        content, "video/quicktime", None)
    for asked, expected in (("bytes=0-", content), ("bytes=0-99", content[:100]), ("bytes=-50", content[-50:]),
                            ("bytes=3000-99999", content[3000:])):
        part = fetch(user, at, headers={"Range": asked})
        assert (part.status_code, part.data) == (206, expected)
    assert fetch(user, at, headers={"Range": "lines=0-5"}).status_code == 200
    converted = made(film, "encoded_video", ".mp4")
    response = fetch(user, at)
    assert (response.data, response.mimetype) == (converted, "video/mp4")
    assert fetch(user, f"/assets/{film}/original").data == content
    for path in (f"/assets/{picture}/video/playback", f"/assets/{UNKNOWN}/video/playback"):
        assert (fetch(user, path).status_code, fetch(user, path).json) == (404, {"message": "Not Found"})


def test_who_is_sent_what(user: Caller, other: Caller, server: Server, made: Callable[..., bytes], link: Link,
                          lent: Lent) -> None:
    asset_id, film = user.asset(name="secret name.jpg"), user.asset(b"film of " + user.id.encode(), "a.mp4")
    made(asset_id, "thumbnail", ".webp")
    lent.assets[other.id] = {asset_id, film}
    paths = (f"/assets/{asset_id}/thumbnail", f"/assets/{asset_id}/original", f"/assets/{film}/video/playback")

    def statuses(caller: Caller) -> list[int]:
        return [fetch(caller, path).status_code for path in paths]

    assert statuses(user) == statuses(other) == [200, 200, 200]
    assert statuses(server.admin) == [400, 404, 404]
    assert statuses(server.nobody) == [401, 401, 401]
    assert statuses(user.api_key("asset.view")) == [200, 403, 200]
    assert statuses(user.api_key("asset.download")) == [403, 200, 403]
    assert statuses(link(user, asset_id, film)) == [200, 200, 200]
    assert statuses(link(user, asset_id, film, allow_download=False)) == [200, 404, 200]
    assert statuses(link(user, user.asset())) == [400, 404, 404]
    bare = fetch(link(user, asset_id, show_metadata=False), paths[0])
    assert bare.headers["Content-Disposition"] == f"inline; filename*=UTF-8''{asset_id}_thumbnail.webp"
    assert fetch(server.admin, paths[0]).json == {"message": "Not found or no asset.view access"}
    assert fetch(server.admin, paths[1]).json == {"message": "Not Found"}
    assert fetch(user, "/assets/abc/original").status_code == 400


def test_whoever_knows_the_tag_learns_no_more(user: Caller, other: Caller, server: Server,
                                              made: Callable[..., bytes], link: Link, lent: Lent) -> None:
    """Conditions and ranges are about bytes that one may have."""
    film = user.asset(b"film of " + user.id.encode(), "a.mp4")
    made(film, "thumbnail", ".webp")
    paths = {f"/assets/{film}/original": 404, f"/assets/{film}/video/playback": 404, f"/assets/{film}/thumbnail": 400}
    tags = {path: fetch(user, path).headers["ETag"] for path in paths}

    def refused(caller: Caller, status: int | None = None) -> None:
        for path, expected in paths.items():
            for name, value in (("If-None-Match", tags[path]), ("If-None-Match", "*"), ("Range", "bytes=0-1"),
                                ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")):
                for method in ("GET", "HEAD"):
                    response = fetch(caller, path, method=method, headers={name: value})
                    assert response.status_code == (status or expected)
                    assert "ETag" not in response.headers and "Content-Range" not in response.headers

    for caller, status in ((other, None), (server.nobody, 401), (link(user, user.asset()), None)):
        refused(caller, status)
    user.put("/assets", {"ids": [film], "visibility": "locked"})
    lent.assets[other.id] = {film}
    for caller in (user, other):
        refused(caller)
    assert fetch(user.elevated(), f"/assets/{film}/original", headers={"Range": "bytes=0-3"}).data == b"film"


def test_heads_of_pictures(user: Caller, made: Callable[..., bytes]) -> None:
    asset_id = user.asset(name="a.heic")
    content = made(asset_id, "thumbnail", ".webp")
    for query in ("", "?size=fullsize", "?size=original"):
        whole, head = (fetch(user, f"/assets/{asset_id}/thumbnail{query}", method=method) for method in ("GET", "HEAD"))
        assert (head.status_code, head.data) == (whole.status_code, b"")
        assert {name: head.headers.get(name) for name in ("ETag", "Location", "Content-Type", "Last-Modified")} == {
            name: whole.headers.get(name) for name in ("ETag", "Location", "Content-Type", "Last-Modified")}
    part = fetch(user, f"/assets/{asset_id}/thumbnail", headers={"Range": "bytes=-5"})
    assert (part.status_code, part.data) == (206, content[-5:])


def test_bytes_that_are_gone(user: Caller, server: Server, made: Callable[..., bytes], stored: Callable) -> None:
    asset_id = user.asset()
    made(asset_id, "thumbnail", ".webp")
    server.runtime.storage.delete(stored(user))
    for path in ("original", "thumbnail"):
        assert fetch(user, f"/assets/{asset_id}/{path}").status_code == 404


def test_one_query_beside_the_caller(user: Caller, other: Caller, made: Callable[..., bytes], queries: Callable,
                                     lent: Lent) -> None:
    asset_id = user.asset(b"film of " + user.id.encode(), "a.mp4")
    made(asset_id, "thumbnail", ".webp")
    lent.assets[other.id] = {asset_id}
    for path in ("thumbnail", "original", "video/playback"):
        for caller, count in ((user, 2), (other, 3)):
            with queries() as sql:
                assert fetch(caller, f"/assets/{asset_id}/{path}").status_code == 200
            assert len(sql) == count, sql
