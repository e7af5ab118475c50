"""Uploading: what is kept of it, what is refused, and that a refusal leaves nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable

import pytest
from werkzeug.test import create_environ

from immich_flask.contracts import events
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets import upload
from immich_flask.testing import Caller, Server, photo
from tests.core.assets.lending.hooks import Lent

Stored = Callable[[Caller], set[str]]
DATES = {"fileCreatedAt": "2023-06-15T10:00:00.000Z", "fileModifiedAt": "2023-06-16T10:00:00+02:00"}
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def sha1(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).digest()


def post(user: Caller, data: dict, **options: object) -> object:
    return user.open("POST", "/assets", data=data, content_type="multipart/form-data", **options)


def test_all_that_an_upload_says_is_kept(user: Caller, stored: Stored, lent: Lent, server: Server) -> None:
    content = photo()
    response = user.upload(content, "Süß & klein.JPG", isFavorite="true", visibility="archive", duration="0",
                           fileCreatedAt="2020-02-03T04:05:06.789+02:00", fileModifiedAt="2021-01-01T00:00:00Z",
                           metadata=json.dumps([{"key": "mobile-app", "value": {"n": [1, None]}}]))
    assert response.status_code == 201
    assert response.json["status"] == "created"
    asset_id = response.json["id"]
    asset = user.get(f"/assets/{asset_id}").json
    assert {key: asset[key] for key in (
        "type", "originalFileName", "originalMimeType", "checksum", "isFavorite", "visibility", "isArchived",
        "duration", "fileCreatedAt", "fileModifiedAt", "localDateTime", "originalPath")} == {
        "type": "IMAGE", "originalFileName": "Süß & klein.JPG", "originalMimeType": "image/jpeg",
        "checksum": base64.b64encode(sha1(content)).decode(), "isFavorite": True, "visibility": "archive",
        "isArchived": True, "duration": None, "fileCreatedAt": "2020-02-03T02:05:06.789Z",
        "fileModifiedAt": "2021-01-01T00:00:00.000Z", "localDateTime": "2020-02-03T02:05:06.789Z",
        "originalPath": f"/{user.id}/2020/2020-02-03/Süß & klein.JPG"}
    assert asset["exifInfo"]["fileSizeInByte"] == len(content)
    assert [item["key"] for item in user.get(f"/assets/{asset_id}/metadata").json] == ["mobile-app"]
    assert stored(user) == {f"originals/{user.id}/{asset_id}/Süß & klein.JPG"}
    with server.runtime.storage.open(*stored(user)) as stream:
        assert stream.read() == content
    assert lent.heard == [events.AssetCreated(asset_id, user.id)]


def test_a_film_says_how_long_it_is(user: Caller) -> None:
    asset = user.get(f"/assets/{user.asset(b'film', 'a.MOV', duration='2500')}").json
    assert (asset["type"], asset["duration"], asset["originalMimeType"]) == ("VIDEO", 2500, "video/quicktime")


@pytest.mark.parametrize(("field", "part", "kept"), [
    (None, "IMG 0001.JPEG", "IMG 0001.JPEG"),
    ("", "b.jpg", "b.jpg"),
    ("Field.jpg", "part.png", "Field.jpg"),
    ("фото ☀.jpg", "x.jpg", "фото ☀.jpg"),
    ("sub/folder/a.jpg", "x.jpg", "sub/folder/a.jpg"),
    (None, "pictures/a.jpg", "a.jpg"),
    ("  a.jpg", "x.jpg", "  a.jpg"),
    ("../../../etc/passwd.jpg", "x.jpg", "../../../etc/passwd.jpg"),
    (".jpg", "x.jpg", ".jpg"),
    ("ü" * 500 + ".jpg", "x.jpg", "ü" * 500 + ".jpg"),
])
def test_names_are_data(user: Caller, stored: Stored, field: str | None, part: str, kept: str) -> None:
    content = photo()
    fields = {} if field is None else {"filename": field}
    response = post(user, {**DATES, **fields, "assetData": (io.BytesIO(content), part)})
    assert response.status_code == 201, response.text
    asset_id = response.json["id"]
    asset = user.get(f"/assets/{asset_id}").json
    assert asset["originalFileName"] == kept
    assert asset["originalPath"].count("/") == 4
    key, = stored(user)
    assert key.startswith(f"originals/{user.id}/{asset_id}/") and key.count("/") == 3
    response = user.open("GET", f"/assets/{asset_id}/original", buffered=True)
    assert (response.data, response.mimetype) == (content, asset["originalMimeType"])


def test_paths_are_unique_for_their_owner(user: Caller, other: Caller, server: Server) -> None:
    labelled = server.user("labelled", storage_label=f"ann{user.id[:8]}")
    paths = [caller.get(f"/assets/{caller.asset(name='a.jpg')}").json["originalPath"] for caller in (
        user, user, user, other, labelled)]
    assert paths[0] == f"/{user.id}/2023/2023-06-15/a.jpg"
    assert len(set(paths)) == 5
    assert all(path.rpartition("/")[0] == f"/{user.id}/2023/2023-06-15" for path in paths[:3])
    assert paths[4] == f"/ann{user.id[:8]}/2023/2023-06-15/a.jpg"


def test_a_duplicate_is_no_second_asset(user: Caller, other: Caller, stored: Stored, lent: Lent,
                                        usage: Callable[[Caller], int]) -> None:
    content = photo()
    first = user.asset(content)
    lent.heard.clear()
    for headers in ({}, {"x-immich-checksum": base64.b64encode(sha1(content)).decode()},
                    {"x-immich-checksum": sha1(content).hex()}):
        response = user.upload(content, "renamed.jpeg", headers=headers)
        assert (response.status_code, response.json) == (200, {"id": first, "status": "duplicate"})
    assert set(lent.heard) == {events.DuplicateUploaded(first, user.id)}
    assert len(stored(user)) == 1
    assert usage(user) == len(content)
    assert other.upload(content).status_code == 201
    user.delete("/assets", {"ids": [first]})
    assert user.upload(content).json["status"] == "duplicate"
    assert user.get(f"/assets/{first}").json["isTrashed"]
    user.delete("/assets", {"ids": [first], "force": True})
    assert user.upload(content).status_code == 201


def test_an_announced_duplicate_is_answered_before_the_body(user: Caller, server: Server) -> None:
    content = photo()
    first = user.asset(content)
    body = io.BytesIO(b"x" * 1_000_000)
    environ = create_environ(
        "/api/assets", method="POST", input_stream=body, content_length=1_000_000,
        content_type="multipart/form-data; boundary=x",
        headers={**user.headers, "x-immich-checksum": sha1(content).hex()})
    server.activate()
    answer = server.app(environ, lambda status, headers: None)
    assert (b"".join(answer), body.tell()) == (f'{{"id":"{first}","status":"duplicate"}}'.encode(), 0)
    # Only when the answer is out is the rest taken off the line, so that the connection ends well.
    answer.close()
    assert body.tell() == 1_000_000


def test_a_false_announcement_is_only_an_announcement(user: Caller) -> None:
    content = photo()
    for announced in ("0" * 40, "nonsense", "", base64.b64encode(b"x" * 20).decode()):
        assert user.upload(content, headers={"x-immich-checksum": announced}).status_code in (200, 201)
    assert user.get("/assets/statistics").json["total"] == 1


@pytest.mark.parametrize(("fields", "paths"), [
    ({"fileCreatedAt": None}, [["fileCreatedAt"]]),
    ({"fileModifiedAt": None, "visibility": "public"}, [["fileModifiedAt"], ["visibility"]]),
    ({"fileCreatedAt": "2023-06-15T10:00:00"}, [["fileCreatedAt"]]),
    ({"fileCreatedAt": "2023-06-15"}, [["fileCreatedAt"]]),
    ({"fileModifiedAt": "yesterday"}, [["fileModifiedAt"]]),
    ({"fileCreatedAt": "0001-01-01T00:00:00+14:00"}, [["fileCreatedAt"]]),
    ({"isFavorite": "1"}, [["isFavorite"]]),
    ({"duration": "1.5"}, [["duration"]]),
    ({"duration": "-1"}, [["duration"]]),
    ({"duration": "0:00:01.000"}, [["duration"]]),
    ({"duration": str(2**31)}, [["duration"]]),
    ({"metadata": "x"}, [["metadata"]]),
    ({"metadata": "{}"}, [["metadata"]]),
    ({"metadata": '[{"value":{}}]'}, [["metadata", 0, "key"]]),
    ({"metadata": '[{"key":"a","value":"b"}]'}, [["metadata", 0, "value"]]),
    ({"metadata": '[{"key":"a","value":' + '{"a":' * 400 + "1" + "}" * 400 + "}]"}, [["metadata", 0, "value"]]),
    ({"livePhotoVideoId": "abc"}, [["livePhotoVideoId"]]),
    ({"filename": "a\0.jpg"}, [["filename"]]),
    ({"filename": "a" * 2000 + ".jpg"}, [["filename"]]),
    ({"filename": ["a.jpg", "b.jpg"]}, [["filename"]]),
])
def test_bad_fields(user: Caller, stored: Stored, fields: dict, paths: list) -> None:
    data = {**DATES, "filename": "photo.jpg", **fields}
    response = post(user, {key: value for key, value in data.items() if value is not None}
                    | {"assetData": (io.BytesIO(photo()), "photo.jpg")})
    assert response.status_code == 400
    assert response.json["message"] == "Validation failed"
    assert [error["path"] for error in response.json["errors"]] == paths
    assert stored(user) == set()
    assert user.get("/assets/statistics").json["total"] == 0


def test_a_metadata_key_given_twice(user: Caller, stored: Stored) -> None:
    response = user.upload(metadata='[{"key":"a","value":{}},{"key":"a","value":{}}]')
    assert (response.status_code, response.json["message"]) == (400, 'Duplicate items are not allowed: "a"')
    assert stored(user) == set()


@pytest.mark.parametrize(("files", "fields", "message"), [
    ({"assetData": (b"hello", "notes.txt")}, {}, "Unsupported file type notes.txt"),
    ({"assetData": (b"x", "photo")}, {}, "Unsupported file type photo"),
    ({"assetData": (b"x", "photo.jpg")}, {"filename": "photo.exe"}, "Unsupported file type photo.exe"),
    ({"assetData": (b"x", "photo.exe")}, {}, "Unsupported file type photo.exe"),
    ({"assetData": (b"", "photo.jpg")}, {}, "File is empty"),
    ({"assetData": (b"x", "a.jpg"), "sidecarData": (b"", "a.xmp")}, {}, "File is empty"),
    ({"assetData": (b"x", "a.jpg"), "sidecarData": (b"{}", "a.json")}, {}, "Unsupported file type a.json"),
    ({"sidecarData": (XMP, "a.xmp")}, {}, "Field(s) assetData should not be empty"),
    ({"image": (b"x", "a.jpg")}, {}, "Unexpected field - image"),
    ({"assetData": [(b"x", "a.jpg"), (b"y", "b.jpg")]}, {}, "Unexpected field - assetData"),
    ({}, {"filename": "a.jpg"}, "File is required"),
])
def test_bad_files(user: Caller, stored: Stored, files: dict, fields: dict, message: str) -> None:
    def opened(given: tuple | list) -> object:
        return [opened(one) for one in given] if isinstance(given, list) else (io.BytesIO(given[0]), given[1])

    response = post(user, {**DATES, **fields, **{name: opened(given) for name, given in files.items()}})
    assert (response.status_code, response.json) == (400, {"message": message})
    assert stored(user) == set()
    assert user.get("/assets/statistics").json["total"] == 0


def test_a_sidecar_is_small(user: Caller, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MAX_SIDECAR", 1000)
    for size, status in ((1000, 201), (1001, 400)):
        response = post(user, {**DATES, "assetData": (io.BytesIO(photo()), "a.jpg"),
                               "sidecarData": (io.BytesIO(b"x" * size), "a.xmp")})
        assert response.status_code == status
    assert response.json == {"message": "The sidecar is too large"}
    assert len(stored(user)) == 2


def test_bodies_that_are_no_form(user: Caller) -> None:
    assert user.post("/assets", DATES).json == {"message": "File is required"}
    nothing = user.post("/assets")
    assert (nothing.status_code, nothing.json["errors"][0]["path"]) == (400, [])
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=", "text/plain"):
        assert user.open("POST", "/assets", data=b"x", content_type=content_type).status_code == 400


def test_a_sidecar_is_kept_beside_its_original(user: Caller, stored: Stored, server: Server) -> None:
    for order in (("assetData", "sidecarData"), ("sidecarData", "assetData")):
        files = {"assetData": (io.BytesIO(photo()), "a.jpg"), "sidecarData": (io.BytesIO(XMP), "a.jpg.xmp")}
        response = post(user, {**DATES, "filename": "b.jpg", **{name: files[name] for name in order}})
        assert response.status_code == 201, response.text
        key, = {key for key in stored(user) if response.json["id"] in key and key.endswith(".xmp")}
        with server.runtime.storage.open(key) as stream:
            assert stream.read() == XMP
    user.delete("/assets", {"ids": [response.json["id"]], "force": True})
    assert len(stored(user)) == 2


def test_the_quota_holds(server: Server, stored: Stored, usage: Callable[[Caller], int]) -> None:
    content = photo()
    user = server.user("frugal", quota_size_in_bytes=len(content) + 100)
    first = user.asset(content)
    for more in (photo(), content):
        response = user.upload(more)
        assert (response.status_code, response.json) == (400, {"message": "Quota has been exceeded!"})
    announced = user.upload(content, headers={"x-immich-checksum": sha1(content).hex()})
    assert (announced.status_code, announced.json["id"]) == (200, first)
    assert usage(user) == len(content)
    assert len(stored(user)) == 1
    user.delete("/assets", {"ids": [first], "force": True})
    assert usage(user) == 0
    assert user.upload(photo()).status_code == 201


def test_callers(user: Caller, server: Server, link: Callable[..., Caller], lent: Lent) -> None:
    refused = {"nobody": (server.nobody, 401, "Authentication required"),
               "poor key": (user.api_key("asset.read", "asset.update"), 403, "Missing required permission: asset.upload"),
               "link": (link(user), 401, "Unauthorized")}
    for name, (caller, status, message) in refused.items():
        response = caller.upload()
        assert (response.status_code, response.json) == (status, {"message": message}), name
    assert user.api_key("asset.upload").upload().status_code == 201
    generous = link(user, allow_upload=True)
    lent.heard.clear()
    content = photo()
    asset_id = generous.asset(content)
    assert lent.heard == [events.AssetCreated(asset_id, user.id, generous.id)]
    assert user.get(f"/assets/{asset_id}").json["ownerId"] == user.id
    assert generous.upload(content).json == {"id": asset_id, "status": "duplicate"}
    assert lent.heard[1:] == [events.DuplicateUploaded(asset_id, user.id, generous.id)]


def test_a_listener_can_refuse_an_asset(user: Caller, lent: Lent, stored: Stored,
                                        usage: Callable[[Caller], int]) -> None:
    lent.veto = BadRequest("not here")
    response = user.upload()
    assert (response.status_code, response.json) == (400, {"message": "not here"})
    assert stored(user) == set()
    assert usage(user) == 0
    assert lent.heard == []


def test_asking_beforehand(user: Caller, other: Caller, queries: Callable) -> None:
    contents = [photo() for _ in range(4)]
    mine, trashed, theirs = user.asset(contents[0]), user.asset(contents[1]), other.asset(contents[2])
    user.delete("/assets", {"ids": [trashed]})
    ask = [{"id": "1", "checksum": base64.b64encode(sha1(contents[0])).decode()},
           {"id": "two", "checksum": sha1(contents[1]).hex()}, {"id": "3", "checksum": sha1(contents[2]).hex()},
           {"id": "/4.jpg", "checksum": sha1(contents[3]).hex(), "size": 5}, {"id": "1", "checksum": "zzz"}]
    assert theirs != mine
    with queries() as few:
        response = user.post("/assets/bulk-upload-check", {"assets": ask})
    assert response.status_code == 200
    assert response.json["results"] == [
        {"id": "1", "action": "reject", "reason": "duplicate", "assetId": mine, "isTrashed": False},
        {"id": "two", "action": "reject", "reason": "duplicate", "assetId": trashed, "isTrashed": True},
        {"id": "3", "action": "accept"}, {"id": "/4.jpg", "action": "accept"}, {"id": "1", "action": "accept"}]
    with queries() as as_few:
        many = user.post("/assets/bulk-upload-check", {"assets": [
            {"id": str(n), "checksum": sha1(str(n).encode()).hex()} for n in range(5000)] + ask})
    assert [result["action"] for result in many.json["results"]].count("reject") == 2
    assert len(few) == len(as_few)
    assert user.post("/assets/bulk-upload-check", {"assets": []}).json == {"results": []}
    assert user.post("/assets/bulk-upload-check", {"assets": [{"id": 1}]}).status_code == 400
