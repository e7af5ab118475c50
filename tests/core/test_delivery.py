"""Objects as HTTP answers: headers, conditions, ranges, from a folder and from S3."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.http import http_date

from immich_flask.infra.http.delivery import CACHE_CONTROL, send_object
from immich_flask.infra.http.errors import init_errors
from immich_flask.infra.storage.base import (
    ObjectNotFound,
    Storage,
    StorageError,
    StorageFull,
    StorageUnavailable,
)
from immich_flask.infra.storage.local import LocalStorage
from immich_flask.infra.storage.s3 import S3Storage
from immich_flask.testing.servers import S3Server

BYTES = bytes(range(256)) * 4
KEY = "originals/u/a/photo.jpg"
WHEN = datetime(2024, 5, 6, 7, 8, 9, 500_000, UTC)


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Storage]:
    with S3Server() as server:
        yield S3Storage(endpoint=server.url, bucket=server.create_bucket("photos"), access_key=server.access_key,
                        secret_key=server.secret_key, region=server.region)


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    storage = LocalStorage(tmp_path) if request.param == "local" else request.getfixturevalue("bucket")
    storage.put(KEY, [BYTES])
    storage.put("empty", [])
    return storage


class Site:
    """A client of one route that sends one object with the given arguments."""

    def __init__(self, storage: Storage) -> None:
        app = Flask(__name__)
        self.closed = 0

        @app.get("/file")
        def file() -> Any:
            response = send_object(storage, self.key, **self.arguments)
            response.call_on_close(self.count)
            return response

        @app.errorhandler(ObjectNotFound)
        def missing(error: ObjectNotFound) -> tuple[dict, int]:
            return {"message": "Asset media not found"}, 404

        self.client: FlaskClient = app.test_client()
        self.key = KEY
        self.arguments: dict = {"mimetype": "image/jpeg"}

    def count(self) -> None:
        self.closed += 1

    def get(self, method: str = "GET", **headers: str) -> Any:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.client.open("/file", method=method, headers=headers) as answer:
            assert answer.get_data() == answer.data
        return answer


@pytest.fixture(params=["known", "unknown"])
def site(request: pytest.FixtureRequest, storage: Storage) -> Site:
    """Known: the caller has size, time and a checksum in the database, as for originals."""
    site = Site(storage)
    if request.param == "known":
        site.arguments |= {"etag": "sum", "last_modified": WHEN, "size": len(BYTES)}
    return site


def test_the_whole_object(site: Site) -> None:
    site.arguments |= {"filename": "Grüße \"a\" (1)/\r\n\udcff.jpg"}
    answer = site.get()
    assert (answer.status_code, answer.data) == (200, BYTES)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == "1024"
    assert answer.headers["Cache-Control"] == CACHE_CONTROL
    assert answer.headers["Content-Disposition"] == (
        "inline; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22a%22%20%281%29%2F%0D%0A%3F.jpg")
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["ETag"].startswith('"') and answer.headers["ETag"].endswith('"')
    assert answer.last_modified.tzinfo is UTC
    if "etag" in site.arguments:
        assert answer.headers["ETag"] == '"sum"'
        assert answer.headers["Last-Modified"] == "Mon, 06 May 2024 07:08:09 GMT"
    assert site.closed == 1


def test_without_a_file_name(site: Site) -> None:
    assert "Content-Disposition" not in site.get().headers
    site.arguments |= {"disposition": "attachment", "cache_control": "no-store"}
    answer = site.get()
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["Cache-Control"] == "no-store"


def test_head(site: Site) -> None:
    whole = site.get()
    for headers in ({}, {"Range": "bytes=1-2"}):
        answer = site.get("HEAD", **headers)
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers == whole.headers


@pytest.mark.parametrize("value, start, stop", [
    ("bytes=0-0", 0, 1), ("bytes=0-1", 0, 2), ("bytes=0-", 0, 1024), ("bytes=1000-", 1000, 1024),
    ("bytes=10-19", 10, 20), ("bytes=1000-5000", 1000, 1024),
    ("bytes=-1", 1023, 1024), ("bytes=-1024", 0, 1024), ("bytes=-9999", 0, 1024),
    ("BYTES=1-2", 1, 3), ("bytes= 1 - 2 ", 1, 3),
])
def test_a_range(site: Site, value: str, start: int, stop: int) -> None:
    answer = site.get(Range=value)
    assert (answer.status_code, answer.data) == (206, BYTES[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/1024"
    assert answer.headers["Content-Length"] == str(stop - start)
    assert answer.headers["ETag"] == site.get().headers["ETag"]
    assert answer.headers["Cache-Control"] == CACHE_CONTROL


@pytest.mark.parametrize("value", [
    "bytes=0-0,5-6", "bytes=0-1,-1", "bytes=5-2", "bytes=a-b", "bytes=", "bytes", "items=0-5", "bytes=--5", "",
    "bytes=1",
])
def test_ranges_that_are_ignored(site: Site, value: str) -> None:
    answer = site.get(Range=value)
    assert (answer.status_code, answer.data) == (200, BYTES)
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize("value", ["bytes=1024-", "bytes=1024-1030", "bytes=999999999999999999999-"])
def test_a_range_beyond_the_end(site: Site, value: str) -> None:
    answer = site.get(Range=value)
    assert answer.status_code == 416
    assert answer.get_json() == {"message": "Range Not Satisfiable"}
    assert answer.headers["Content-Range"] == "bytes */1024"
    assert "ETag" not in answer.headers and "Cache-Control" not in answer.headers


def test_an_empty_object(site: Site) -> None:
    site.key = "empty"
    site.arguments |= {"size": 0} if "size" in site.arguments else {}
    assert (site.get().status_code, site.get().data) == (200, b"")
    assert site.get().headers["Content-Length"] == "0"
    answer = site.get(Range="bytes=0-")
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */0")


def test_not_modified(site: Site) -> None:
    whole = site.get()
    etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
    later = http_date(whole.last_modified + timedelta(hours=1))
    earlier = http_date(whole.last_modified - timedelta(hours=1))
    for headers in (
        {"If_None_Match": etag}, {"If_None_Match": f"W/{etag}"}, {"If_None_Match": f'"other", {etag}'},
        {"If_None_Match": "*"}, {"If_Modified_Since": modified}, {"If_Modified_Since": later},
        {"If_None_Match": etag, "If_Modified_Since": earlier}, {"If_None_Match": etag, "Range": "bytes=0-1"},
    ):
        for method in ("GET", "HEAD"):
            answer = site.get(method, **headers)
            assert (answer.status_code, answer.data) == (304, b""), headers
            assert answer.headers["ETag"] == etag
            assert answer.headers["Cache-Control"] == CACHE_CONTROL
            assert "Content-Length" not in answer.headers
    for headers in (
        {"If_None_Match": '"other"'}, {"If_Modified_Since": earlier}, {"If_Modified_Since": "nonsense"},
        {"If_None_Match": '"other"', "If_Modified_Since": later},
    ):
        assert (site.get(**headers).status_code, site.get(**headers).data) == (200, BYTES), headers


def test_if_range(site: Site) -> None:
    whole = site.get()
    etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
    for value in (etag, modified):
        assert site.get(Range="bytes=0-1", If_Range=value).status_code == 206
    later = http_date(whole.last_modified + timedelta(hours=1))
    for value in ('"other"', f"W/{etag}", etag.strip('"'), later, "", "x"):
        answer = site.get(Range="bytes=0-1", If_Range=value)
        assert (answer.status_code, answer.data) == (200, BYTES), value
    assert site.get(If_Range=etag).status_code == 200


def test_a_missing_object(site: Site) -> None:
    site.key = "missing"
    for headers in ({}, {"Range": "bytes=0-1"}):
        answer = site.get(**headers)
        assert (answer.status_code, answer.get_json()) == (404, {"message": "Asset media not found"})


def test_a_known_copy_needs_no_storage(site: Site) -> None:
    site.key = "missing"
    site.arguments["etag"] = "sum"
    assert site.get(If_None_Match='"sum"').status_code == 304


def test_replaced_objects_have_another_tag(storage: Storage) -> None:
    site = Site(storage)
    first = site.get().headers["ETag"]
    storage.put(KEY, [BYTES + b"x"])
    assert site.get().headers["ETag"] != first
    assert site.get(If_None_Match=first).data == BYTES + b"x"


def test_a_wrong_size_is_no_half_answer(bucket: S3Storage) -> None:
    bucket.put(KEY, [BYTES])
    app = Flask(__name__)
    for method, headers in (("GET", {}), ("GET", {"Range": "bytes=0-2000"})):
        with app.test_request_context(method=method, headers=headers), pytest.raises(StorageError, match="1024 bytes"):
            send_object(bucket, KEY, mimetype="image/jpeg", last_modified=WHEN, size=3000)


def test_leaving_early_closes_what_was_open(site: Site) -> None:
    for headers in ({}, {"Range": "bytes=5-"}):
        before = site.closed
        answer = site.client.get("/file", headers=headers, buffered=False)
        assert next(answer.iter_encoded())
        answer.close()
        assert site.closed == before + 1


def test_redirect_to_the_bucket(bucket: S3Storage, tmp_path: Path) -> None:
    bucket.put("a/ü b+c&d.webp", [BYTES])
    site = Site(bucket)
    site.key = "a/ü b+c&d.webp"
    site.arguments = {"mimetype": "image/webp", "filename": "ü.webp", "presigned": True, "etag": "sum"}
    assert site.get().status_code == 200
    bucket.presigned_redirects = True
    try:
        answer = site.get(Range="bytes=0-1")
        assert answer.status_code == 302
        assert answer.headers["Cache-Control"] == "private, max-age=3600"
        assert requests.get(answer.headers["Location"], timeout=10).content == BYTES
        # The URL is signed for GET; and who has the bytes needs no URL.
        assert site.get("HEAD").status_code == 200
        assert site.get(If_None_Match='"sum"').status_code == 304
        site.arguments["presigned"] = False
        assert site.get().status_code == 200
    finally:
        bucket.presigned_redirects = False
    local = LocalStorage(tmp_path)
    local.put(KEY, [BYTES])
    site = Site(local)
    site.arguments["presigned"] = True
    assert site.get().data == BYTES


@pytest.mark.parametrize("error, status, message", [
    (StorageUnavailable("bucket at 10.0.0.1"), 503, "Service temporarily unavailable"),
    (StorageFull("/srv/photos"), 507, "No space left on the server"),
    (StorageError("/srv/photos: Permission denied"), 500, "Failed to file"),
])
def test_failures_of_the_storage(error: StorageError, status: int, message: str) -> None:
    """What the client can do about it, and none of what it must not know."""
    app = Flask(__name__)
    init_errors(app)

    @app.get("/file")
    def file() -> None:
        raise error

    answer = app.test_client().get("/file")
    assert (answer.status_code, answer.get_json()) == (status, {"message": message})


class ReadingWrapper:
    """Of a server that cannot use a descriptor: it reads until there is nothing more."""

    def __init__(self, file: io.RawIOBase, size: int) -> None:
        self.file, self.close = file, file.close

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.file.read, b"")


def test_a_server_that_reads_gets_the_range_only(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put(KEY, [BYTES])
    site = Site(storage)
    with site.client.get("/file", headers={"Range": "bytes=5-9"},
                         environ_overrides={"wsgi.file_wrapper": ReadingWrapper}) as answer:
        assert answer.data == BYTES[5:10]
    assert site.closed == 1
