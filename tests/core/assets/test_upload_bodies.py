"""Bodies as they come over the wire: in any order, cut anywhere, of any size, several at once, and crashes in between."""

from __future__ import annotations

import hashlib
import io
import itertools
import random
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import OperationalError
from werkzeug.test import TestResponse

from immich_flask.core.assets import sweep, upload
from immich_flask.core.models import Asset
from immich_flask.infra.db import db
from immich_flask.testing import Caller, Server, photo
from tests.core.assets.lending.hooks import Lent

Stored = Callable[[Caller], set[str]]
BOUNDARY = "----test-boundary"
FIELDS = {"fileCreatedAt": "2023-06-15T10:00:00.000Z", "fileModifiedAt": "2023-06-15T10:00:00.000Z",
          "filename": "field.jpg"}
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + value + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def send(user: Caller, content: bytes, **options: object) -> TestResponse:
    options = {"input_stream": io.BytesIO(content), "content_length": len(content), **options}
    return user.open("POST", "/assets", content_type=f"multipart/form-data; boundary={BOUNDARY}", **options)


def stream(user: Caller, source: io.RawIOBase, length: int) -> TestResponse:
    return send(user, b"", environ_overrides={"wsgi.input": source, "CONTENT_LENGTH": str(length)})


def parts_of(content: bytes) -> list[bytes]:
    return [*(part(name, value.encode()) for name, value in FIELDS.items()), part("assetData", content, "part.jpg")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_fields_count_wherever_they_stand(user: Caller, order: tuple[int, ...]) -> None:
    parts = parts_of(photo())
    response = send(user, body(*(parts[n] for n in order)))
    assert response.status_code == 201, response.text
    assert user.get(f"/assets/{response.json['id']}").json["originalFileName"] == "field.jpg"


def test_the_type_is_that_of_the_name_known_when_the_file_comes(user: Caller, stored: Stored) -> None:
    *fields, file = parts_of(photo())
    bad = part("filename", b"field.exe")
    assert send(user, body(*fields[:2], bad, file)).json == {"message": "Unsupported file type field.exe"}
    late = send(user, body(file, *fields[:2], bad))
    assert late.status_code == 201
    assert user.get(f"/assets/{late.json['id']}").json["type"] == "IMAGE"
    assert len(stored(user)) == 1


@MANY
@given(cut=st.floats(0, 1, exclude_max=True), told=st.booleans())
def test_half_an_upload_is_none(user: Caller, stored: Stored, cut: float, told: bool) -> None:
    whole = body(*parts_of(photo()))
    half = whole[:int(cut * (len(whole) - 4))]
    response = send(user, half, content_length=len(half) if told else len(whole))
    assert response.status_code == 400
    assert stored(user) == set()
    assert user.get("/assets/statistics").json["total"] == 0


@pytest.mark.parametrize("broken", [
    part("assetData", b"", "a.jpg").removesuffix(b"\r\n") + part("x", b"JPEG"),
    part("assetData", b"JPEG\r\n--" + BOUNDARY.encode() + b" more", "a.jpg"),
    part("assetData", b"JPEG", "a.jpg").replace(b"\r\n", b"\n"),
    part("assetData", b"JPEG", "ÿ.jpg").replace(b"\xc3\xbf", b"\xff"),
    part("", b"JPEG", "a.jpg"),
])
def test_what_is_no_form_leaves_nothing(user: Caller, stored: Stored, broken: bytes) -> None:
    fields = [part(name, value.encode()) for name, value in FIELDS.items()]
    response = send(user, body(*fields, broken))
    assert response.status_code == 400 and response.json["message"]
    assert stored(user) == set()


def test_a_name_as_dotnet_sends_it(user: Caller) -> None:
    fields = [part(name, value.encode()) for name, value in FIELDS.items() if name != "filename"]
    named = part("assetData", photo(), "x").replace(b'filename="x"', b"filename=\"?\"; filename*=utf-8''%E6%97%A5.jpg")
    response = send(user, body(*fields, named))
    assert response.status_code == 201, response.text
    assert user.get(f"/assets/{response.json['id']}").json["originalFileName"] == "日.jpg"


def test_a_client_that_goes_away_leaves_nothing(user: Caller, stored: Stored) -> None:
    class Gone(io.RawIOBase):
        sent = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            if self.sent > 3_000_000:
                raise ConnectionResetError("gone")
            start = part("assetData", b"x" * 1_000_000, "a.jpg") if not self.sent else b"x" * 1_000_000
            data = start[:len(buffer)]
            buffer[:len(data)] = data
            self.sent += len(data)
            return len(data)

    assert stream(user, Gone(), 10**9).status_code == 400
    assert stored(user) == set()


@MANY
@given(name=st.text(max_size=40), kept=st.sampled_from(["filename", "part"]), extension=st.sampled_from(
    [".jpg", ".JPEG", ".mp4", ".xmp", ".exe", ""]))
def test_any_name_is_taken_or_refused(user: Caller, stored: Stored, name: str, kept: str, extension: str) -> None:
    before = len(stored(user))
    fields = {**FIELDS, "filename": name + extension if kept == "filename" else ""}
    filename = "a.jpg" if kept == "filename" else (name + extension).encode("utf-8", "ignore").decode()
    quoted = filename.replace("\\", "").replace('"', "").replace("\r", "").replace("\n", "")
    parts = [part(field, value.encode("utf-8", "replace")) for field, value in fields.items()]
    response = send(user, body(*parts, part("assetData", photo(), quoted)))
    assert response.status_code in (201, 400), response.text
    assert len(stored(user)) - before == (response.status_code == 201)
    if response.status_code == 201:
        asset = user.get(f"/assets/{response.json['id']}").json
        assert asset["originalPath"].count("/") == 4
        assert user.open("GET", f"/assets/{asset['id']}/original", buffered=True).status_code == 200


@MANY
@given(fields=st.dictionaries(
    st.sampled_from(["fileCreatedAt", "fileModifiedAt", "duration", "isFavorite", "visibility", "livePhotoVideoId",
                     "metadata", "other"]),
    st.one_of(st.text(max_size=30), st.integers().map(str), st.datetimes().map(lambda at: at.isoformat() + "Z"),
              st.sampled_from(["true", "hidden", "[]", "null", "[null]", '[{"key":"","value":{}}]']))))
def test_any_fields_are_taken_or_refused(user: Caller, stored: Stored, fields: dict[str, str]) -> None:
    before = len(stored(user))
    parts = [part(name, value.encode("utf-8", "replace")) for name, value in {**FIELDS, **fields}.items()]
    response = send(user, body(*parts, part("assetData", photo(), "a.jpg")))
    assert response.status_code in (201, 400), response.text
    assert len(stored(user)) - before == (response.status_code == 201)


def test_a_file_is_never_in_memory_as_a_whole(user: Caller) -> None:
    size = 96 * 1024**2
    block = random.Random(1).randbytes(1024**2)
    head = b"".join(parts_of(b"")[:3]) + part("assetData", b"", "a.mp4")[:-2]
    head = head.replace(b"field.jpg", b"field.mp4")
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()

    class Body(io.RawIOBase):
        def __init__(self) -> None:
            self.blocks = itertools.chain([head], itertools.repeat(block, size // len(block)), [tail])
            self.rest = b""

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            self.rest = self.rest or next(self.blocks, b"")
            data, self.rest = self.rest[:len(buffer)], self.rest[len(buffer):]
            buffer[:len(data)] = data
            return len(data)

    tracemalloc.start()
    try:
        response = stream(user, Body(), len(head) + size + len(tail))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert response.status_code == 201, response.text
    assert peak < size / 3
    digest = hashlib.sha1(usedforsecurity=False)
    for _ in range(size // len(block)):
        digest.update(block)
    assert user.get(f"/assets/{response.json['id']}").json["exifInfo"]["fileSizeInByte"] == size
    assert user.post("/assets/bulk-upload-check", {"assets": [{"id": "1", "checksum": digest.hexdigest()}]}).json[
        "results"][0]["action"] == "reject"


@pytest.fixture
def at_once() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(6) as pool:
        yield pool


def test_the_same_file_several_times_at_once(user: Caller, stored: Stored, at_once: ThreadPoolExecutor,
                                             usage: Callable[[Caller], int], lent: Lent) -> None:
    content = photo()
    responses = list(at_once.map(lambda n: user.upload(content, f"{n}.jpg"), range(6)))
    assert sorted(response.status_code for response in responses) == [200] * 5 + [201]
    assert len({response.json["id"] for response in responses}) == 1
    assert len(stored(user)) == 1
    assert usage(user) == len(content)


def test_a_quota_is_not_exceeded_by_several_at_once(server: Server, stored: Stored, at_once: ThreadPoolExecutor,
                                                    usage: Callable[[Caller], int]) -> None:
    contents = [photo(seed=n) for n in range(900, 906)]
    user = server.user("frugal", quota_size_in_bytes=2 * max(map(len, contents)) + 10)
    responses = list(at_once.map(user.upload, contents))
    assert sorted(response.status_code for response in responses) == [201] * 2 + [400] * 4
    assert len(stored(user)) == 2
    assert usage(user) <= 2 * max(map(len, contents)) + 10


def test_names_of_files_uploaded_at_once_differ(user: Caller, at_once: ThreadPoolExecutor) -> None:
    contents = [photo() for _ in range(6)]
    ids = [response.json["id"] for response in at_once.map(lambda content: user.upload(content, "a.jpg"), contents)]
    assert len({user.get(f"/assets/{asset_id}").json["originalPath"] for asset_id in ids}) == 6


def test_a_crash_before_the_row_leaves_bytes_for_the_sweep(user: Caller, stored: Stored, server: Server,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    kept = user.asset()
    before = stored(user)

    def crash(*args: object, **options: object) -> None:
        raise OperationalError("the database is gone")

    with monkeypatch.context() as patch:
        patch.setattr(upload, "create_asset", crash)
        assert user.upload().status_code == 503
    assert len(stored(user)) == 2
    with server.context():
        assert Asset.select().where(Asset.owner == user.id).count() == 1
        assert sweep.sweep() == 0
        assert len(stored(user)) == 2
        monkeypatch.setattr(sweep, "OLDER_THAN", timedelta(seconds=-5))
        assert sweep.sweep() >= 1
    assert stored(user) == before
    assert user.open("GET", f"/assets/{kept}/original", buffered=True).status_code == 200


class Watched(io.BytesIO):
    """A body that notes whether there is a connection to the database when it is read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.held: list[bool] = []

    def readinto(self, target: bytearray) -> int:
        self.held.append(not db.is_closed())
        return super().readinto(target)


def test_who_sends_slowly_holds_no_connection(server: Server, user: Caller) -> None:
    """There are fewer of them than clients that may be slow."""
    whole = body(*(part(name, value.encode()) for name, value in FIELDS.items()), part("assetData", photo(), "a.jpg"))
    upload = Watched(whole)
    answer = user.open("POST", "/assets", input_stream=upload, headers={"Content-Length": str(len(whole))},
                       content_type=f"multipart/form-data; boundary={BOUNDARY}")
    assert answer.status_code == 201, answer.text
    long = b'{"email": "nobody@test.example", "password": "%s"}' % (b"x" * 20_000)
    login = Watched(long)
    answer = server.nobody.open("POST", "/auth/login", input_stream=login, headers={"Content-Length": str(len(long))},
                                content_type="application/json")
    assert answer.status_code == 401, answer.text
    assert upload.held and login.held
    assert not upload.held[0] and not login.held[0]
