"""Profile images: made small, kept in the storage, removed when replaced."""

from __future__ import annotations

import io
import struct
import zlib

import pillow_heif
import pytest
from PIL import Image
from werkzeug.test import TestResponse

from immich_flask.testing.callers import Caller, Server, photo

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"


def upload(caller: Caller, content: bytes, name: str = "me.png", field: str = "file") -> TestResponse:
    return caller.open("POST", "/users/profile-image", data={field: (io.BytesIO(content), name)},
                       content_type="multipart/form-data")


def shown(caller: Caller, user_id: str) -> Image.Image:
    """The image as `caller` gets it; also checks how it is sent."""
    with caller.get(f"/users/{user_id}/profile-image") as response:
        assert (response.status_code, response.content_type) == (200, "image/webp")
        picture = Image.open(io.BytesIO(response.data))
    assert picture.format == "WEBP"
    return picture


def kept(server: Server, caller: Caller) -> list[str]:
    return [info.key for info in server.runtime.storage.list(f"profile/{caller.id}/")]


def test_upload_and_read(server: Server, user: Caller, other: Caller) -> None:
    answer = upload(user, photo(300, 200, fmt="PNG"))
    assert answer.status_code == 201
    assert set(answer.json) == {"userId", "profileImagePath", "profileChangedAt"}
    assert answer.json["userId"] == user.id
    me = user.get("/users/me").json
    assert (me["profileImagePath"], me["profileChangedAt"]) == (
        answer.json["profileImagePath"], answer.json["profileChangedAt"])
    assert shown(user, user.id).size == shown(other, user.id).size == (300, 200)


@pytest.mark.parametrize(("size", "small"), [
    ((3000, 2000), (375, 250)), ((400, 900), (250, 563)), ((20, 30), (20, 30))])
def test_the_shorter_side_counts(user: Caller, size: tuple, small: tuple) -> None:
    assert upload(user, photo(*size), "me.jpg").status_code == 201
    assert shown(user, user.id).size == small


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_all_kinds_of_pixels(user: Caller, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (40, 30)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert upload(user, out.getvalue(), "me.jpg").status_code == 201


def test_from_an_iphone(user: Caller) -> None:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (600, 400))).save(out)
    assert upload(user, out.getvalue(), "me.heic").status_code == 201
    assert shown(user, user.id).size == (375, 250)


def test_turned_upright(user: Caller) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert upload(user, photo(60, 40, exif=exif), "me.jpg").status_code == 201
    assert shown(user, user.id).size == (40, 60)


def test_the_old_one_is_removed(server: Server, user: Caller) -> None:
    paths = [upload(user, photo(50, 50), "me.jpg").json["profileImagePath"] for _ in range(3)]
    assert len(set(paths)) == 3
    assert kept(server, user) == paths[2:]
    assert user.delete("/users/profile-image").status_code == 204
    assert kept(server, user) == []
    assert user.get(f"/users/{user.id}/profile-image").status_code == 404
    assert user.get("/users/me").json["profileImagePath"] == ""


def test_none(user: Caller) -> None:
    answer = user.delete("/users/profile-image")
    assert (answer.status_code, answer.json) == (400, {"message": "Can't delete a missing profile Image"})
    for user_id in (user.id, UNKNOWN):
        answer = user.get(f"/users/{user_id}/profile-image")
        assert (answer.status_code, answer.json) == (404, {"message": "Not Found"})


@pytest.mark.parametrize(("name", "content", "message"), [
    ("me.txt", b"hello", "Unsupported file type me.txt"),
    ("me.mp4", b"hello", "Unsupported file type me.mp4"),
    ("me.jpg", b"this is not a picture", "Unable to process profile image"),
    ("me.jpg", b"", "File is empty"),
    ("me.heic", b"\0\0\0\x18ftypheic" + bytes(64), "Unable to process profile image"),
    ("me.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "Unable to process profile image"),
    ("me.png", photo(90, 90, fmt="PNG")[:300], "Unable to process profile image"),
])
def test_bad_files_change_nothing(server: Server, user: Caller, name: str, content: bytes, message: str) -> None:
    before = upload(user, photo(50, 50), "me.jpg").json["profileImagePath"]
    answer = upload(user, content, name)
    assert (answer.status_code, answer.json) == (400, {"message": message})
    assert user.get("/users/me").json["profileImagePath"] == before
    assert kept(server, user) == [before]


def test_a_bomb(server: Server, user: Caller) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(30_001)))
    answer = upload(user, bomb)
    assert (answer.status_code, kept(server, user)) == (400, [])


def test_a_body_that_is_too_large(server: Server, user: Caller) -> None:
    answer = user.open("POST", "/users/profile-image", data=bytes(33 * 1024**2),
                       content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, kept(server, user)) == (413, [])


@pytest.mark.parametrize("options", [
    {}, {"data": b"x", "content_type": "image/jpeg"},
    {"data": {"file": "text"}, "content_type": "multipart/form-data"}])
def test_no_file(user: Caller, options: dict) -> None:
    answer = user.open("POST", "/users/profile-image", **options)
    assert answer.status_code == 400
    assert answer.json["message"] in ("File is required", "The body must be multipart/form-data")


def test_another_field(user: Caller) -> None:
    answer = upload(user, photo(50, 50), "me.jpg", field="image")
    assert (answer.status_code, answer.json) == (400, {"message": "Unexpected field"})


def test_asked_again(user: Caller) -> None:
    upload(user, photo(50, 50), "me.jpg")
    at = f"/users/{user.id}/profile-image"
    with user.get(at) as first:
        etag = first.headers["ETag"]
        assert "no-cache" in first.headers["Cache-Control"]
    assert user.get(at, headers={"If-None-Match": etag}).status_code == 304
    upload(user, photo(50, 50), "me.jpg")
    with user.get(at, headers={"If-None-Match": etag}) as changed:
        assert changed.status_code == 200


def test_the_object_is_lost(server: Server, user: Caller) -> None:
    server.runtime.storage.delete([upload(user, photo(50, 50), "me.jpg").json["profileImagePath"]])
    answer = user.get(f"/users/{user.id}/profile-image")
    assert (answer.status_code, answer.json) == (404, {"message": "Not Found"})
