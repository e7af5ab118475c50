"""Archives: the right bytes under the right names, made while they are sent."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest
from werkzeug.test import TestResponse

from immich_flask.core.models import Asset, AssetFile
from immich_flask.infra.db import db
from immich_flask.infra.storage.base import ObjectNotFound
from immich_flask.infra.storage.local import LocalStorage
from immich_flask.testing import Caller, Server
from plugins.download import archive, routes
from plugins.download.archive import Entry

NOBODYS = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def download(caller: Caller, *ids: str, **options: Any) -> ZipFile:
    response = caller.post("/download/archive", {"assetIds": list(ids), **options})
    assert (response.status_code, response.content_type) == (200, "application/octet-stream")
    assert "Content-Disposition" not in response.headers
    zipped = ZipFile(io.BytesIO(response.data))
    assert zipped.testzip() is None
    assert {item.compress_type for item in zipped.infolist()} == {ZIP_STORED}
    return zipped


def said(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def test_names_bytes_and_dates(user: Caller) -> None:
    contents = [os.urandom(size) for size in (1, 1000, 300_000)]
    ids = [user.asset(content, "holiday.jpg", fileCreatedAt=f"202{at}-06-15T10:11:13.000Z")
           for at, content in enumerate(contents)]
    odd = user.asset(name="Été: à la *mer*.jpg")
    zipped = download(user, ids[1], ids[0], ids[2], odd)
    assert zipped.namelist() == ["holiday.jpg", "holiday+1.jpg", "holiday+2.jpg", "Été à la mer.jpg"]
    assert [zipped.read(name) for name in zipped.namelist()[:3]] == [contents[1], contents[0], contents[2]]
    first = zipped.infolist()[0]
    assert (first.date_time, first.external_attr >> 16) == ((2021, 6, 15, 10, 11, 12), 0o644)
    assert download(user, odd, odd).namelist() == ["Été à la mer.jpg", "Été à la mer+1.jpg"]


def test_dates_that_the_format_cannot_say(server: Server, user: Caller) -> None:
    early, late = user.asset(fileCreatedAt="1900-01-01T00:00:00.000Z"), user.asset()
    with server.context():
        Asset.update(local_date_time="2200-01-01T00:00:00.000Z").where(Asset.id == late).execute()
    assert [item.date_time[0] for item in download(user, early, late).infolist()] == [1980, 2107]


def test_what_is_not_for_the_caller(user: Caller, other: Caller) -> None:
    mine, theirs, locked = user.asset(), other.asset(), user.asset(visibility="locked")
    for ids in ([theirs], [mine, theirs], [mine, NOBODYS], [locked]):
        assert said(user.post("/download/archive", {"assetIds": ids})) == (
            400, "Not found or no asset.download access")
    assert said(user.post("/download/archive", {"assetIds": []})) == (400, "assetIds must not be empty")
    assert len(download(user.elevated(), mine, locked).namelist()) == 2
    other.post("/partners", {"sharedWithId": user.id})
    assert len(download(user, mine, theirs).namelist()) == 2
    user.delete("/assets", {"ids": [mine]})
    assert len(download(user, mine).namelist()) == 1


def edited(server: Server, asset_id: str, content: bytes) -> None:
    """Give an asset the rendition of an edit, as the editor leaves it."""
    with server.context():
        key = f"fullsize/{asset_id}_edited.jpg"
        server.runtime.storage.put(key, [content])
        AssetFile.create(asset=asset_id, type="fullsize", is_edited=True, storage_key=key, size_in_byte=len(content))


def test_edited_versions(server: Server, user: Caller) -> None:
    asset, plain = user.asset(b"original" * 9, "a.jpg"), user.asset(b"plain" * 9, "b.jpg")
    edited(server, asset, b"edited")
    original = b"original" * 9
    for options, content in (({}, original), ({"edited": False}, original), ({"edited": True}, b"edited")):
        zipped = download(user, asset, plain, **options)
        assert (zipped.read("a.jpg"), zipped.read("b.jpg")) == (content, b"plain" * 9)


def test_links_get_what_they_may_see(server: Server, user: Caller) -> None:
    asset, outside = user.asset(b"original" * 9, "a.jpg"), user.asset()
    edited(server, asset, b"edited")
    link = user.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": [asset]}).json
    guest = Caller(server, {}, query={"key": link["key"]})
    # What was cut off a picture before it was shared is not in the archive either.
    assert download(guest, asset).read("a.jpg") == download(guest, asset, edited=False).read("a.jpg") == b"edited"
    refused = (400, "Not found or no asset.download access")
    assert said(guest.post("/download/archive", {"assetIds": [asset, outside]})) == refused
    user.patch(f"/shared-links/{link['id']}", {"allowDownload": False})
    assert said(guest.post("/download/archive", {"assetIds": [asset]})) == refused


@pytest.mark.parametrize(("body", "path"), [
    ({}, ["assetIds"]), ({"assetIds": ["x"]}, ["assetIds", 0]), ({"assetIds": NOBODYS}, ["assetIds"]),
    ({"assetIds": [], "edited": "yes"}, ["edited"]),
])
def test_bad_values(user: Caller, body: dict, path: list) -> None:
    response = user.post("/download/archive", body)
    assert [error["path"] for error in response.json["errors"]] == [path]


def test_nothing_is_held_that_is_not_needed(server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it streams there is no database connection and one open file; a client that goes away ends both."""
    ids = [user.asset(os.urandom(400_000), f"{name}.jpg") for name in "abc"]
    storage, opened = server.runtime.storage, []
    monkeypatch.setattr(routes, "runtime", Runtime(Watched(storage, opened)))
    response = user.open("POST", "/download/archive", {"assetIds": ids}, buffered=False)
    chunks = iter(response.response)
    while len(opened) < 2:
        next(chunks)
    assert db.is_closed()
    assert [(key.rpartition("/")[2], closed) for key, closed in opened] == [("a.jpg", True), ("b.jpg", False)]
    response.close()
    assert [closed for key, closed in opened] == [True, True]


def test_an_archive_that_nobody_reads_is_closed(server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list] = []
    monkeypatch.setattr(routes, "runtime", Runtime(Watched(server.runtime.storage, opened)))
    response = user.open("POST", "/download/archive", {"assetIds": [user.asset()]}, buffered=False)
    response.close()
    assert [closed for key, closed in opened] == [True]


def test_lost_files(server: Server, user: Caller) -> None:
    """The first tells by the status; behind it the answer breaks off, for what is incomplete must not look whole."""
    good, lost = user.asset(os.urandom(1000)), user.asset(os.urandom(1000))
    with server.context():
        key, = Asset.select(Asset.storage_key).where(Asset.id == lost).tuples().get()
        server.runtime.storage.delete([key])
    assert said(user.post("/download/archive", {"assetIds": [lost, good]})) == (404, "Not Found")
    response = user.open("POST", "/download/archive", {"assetIds": [good, lost]}, buffered=False)
    received = bytearray()
    with pytest.raises(ObjectNotFound):
        for chunk in response.response:
            received += chunk
    response.close()
    assert b"PK\x05\x06" not in received


class Runtime:
    """Stands where the route finds its storage."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage


class Watched:
    """A storage that notes `[key, was closed]` of what is opened."""

    def __init__(self, storage: Any, opened: list[list]) -> None:
        self.storage, self.opened = storage, opened

    def open(self, key: str) -> Any:
        stream = self.storage.open(key)
        noted = [key, False]
        self.opened.append(noted)
        closing = stream.close

        def close() -> None:
            noted[1] = True
            closing()

        stream.close = close
        return stream


GIB = 1024**3


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStorage]:
    """A film of more than 4 GiB that takes no space, and a small file."""
    storage = LocalStorage(tmp_path_factory.mktemp("huge"))
    storage.put("film", [b"begin"])
    storage.put("photo", [b"photo" * 100])
    os.truncate(storage.local_path("film"), 4 * GIB + 7)
    yield storage
    os.truncate(storage.local_path("film"), 0)


@pytest.mark.once
def test_more_than_four_gigabytes_in_little_memory(huge: LocalStorage, tmp_path: Path) -> None:
    taken = "2024-01-01T00:00:00.000Z"
    files = [Entry("film.mp4", "film", taken), Entry("photo.jpg", "photo", taken)]
    nothing = bytes(256 * 1024)
    tracemalloc.start()
    with open(tmp_path / "huge.zip", "wb") as out:
        for chunk in archive.stream(huge, files):
            if chunk == nothing:
                out.seek(len(chunk), os.SEEK_CUR)
            else:
                out.write(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 1024**2
    with ZipFile(tmp_path / "huge.zip") as zipped:
        film, photo = zipped.infolist()
        assert (film.file_size, film.compress_size, photo.file_size) == (4 * GIB + 7, 4 * GIB + 7, 500)
        assert photo.header_offset > 4 * GIB
        assert zipped.read("photo.jpg") == b"photo" * 100
        with zipped.open("film.mp4") as film_again:
            assert film_again.read(5) == b"begin"


def test_small_archives_are_plain_zip(user: Caller) -> None:
    """ZIP64 only where it is needed: not every program knows it."""
    content = os.urandom(100)
    data = user.post("/download/archive", {"assetIds": [user.asset(content, "a.jpg")]}).data
    assert len(data) == (30 + 5) + 100 + 16 + (46 + 5) + 22
    assert sha1(content).digest() == sha1(ZipFile(io.BytesIO(data)).read("a.jpg")).digest()
