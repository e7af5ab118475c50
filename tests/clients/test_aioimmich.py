"""`aioimmich`, the library that Home Assistant shows an Immich with, against a served server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from aiohttp import ClientSession
from aioimmich import Immich
from aioimmich.albums.models import AssetToAlbumError
from aioimmich.assets.models import AssetType, ImmichAsset, UploadStatus
from aioimmich.exceptions import ImmichError, ImmichForbiddenError, ImmichNotFoundError, ImmichUnauthorizedError
from aioimmich.users.models import UserStatus
from PIL import Image

from immich_flask.testing import photo
from tests.serving import Served
from tests.plugins.media.test_video import film

NOT_THERE = "6b7d2f6e-5c1f-4b0a-9a57-0d4c1a6b9d11"


@asynccontextmanager
async def library(served: Served) -> AsyncIterator[Immich]:
    address = urlsplit(served.url)
    async with ClientSession() as session:
        immich = Immich(session, served.key, address.hostname, address.port, use_ssl=False)
        await immich.async_setup()
        yield immich


def post(served: Served, path: str, body: dict, *, method: str = "POST") -> dict:
    """What the library has no call for."""
    answer = requests.request(method, f"{served.url}{path}", json=body, headers={"x-api-key": served.key}, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else {}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    files = [tmp_path / name for name in ("one.jpg", "two.jpg", "three.png")]
    for file in files:
        file.write_bytes(photo(400, 300, fmt="PNG" if file.suffix == ".png" else "JPEG"))
    return files


async def upload(immich: Immich, files: list[Path]) -> list[str]:
    return [(await immich.assets.async_upload_asset(str(file))).asset_id for file in files]


def test_server(served: Served) -> None:
    async def check() -> None:
        async with library(served) as immich:
            version = immich.api.version
            assert (version.major, version.minor, version.patch, version.prerelease) == (3, 1, 0, None)
            assert (await immich.server.async_get_about_info()).version == "v3.1.0"
            storage = await immich.server.async_get_storage_info()
            assert 0 <= storage.disk_use_raw < storage.disk_size_raw and 0 <= storage.disk_usage_percentage <= 100
            served.user()
            statistics = await immich.server.async_get_server_statistics()
            assert {"Admin", "User"} <= {usage.user_name for usage in statistics.usage_by_user}
            assert statistics.photos == sum(usage.photos for usage in statistics.usage_by_user)
            assert await immich.server.async_get_version_check()
            me = await immich.users.async_get_my_user()
            assert (me.email, me.name, me.is_admin, me.status) == (served.email, "Admin", True, UserStatus.ACTIVE)

    asyncio.run(check())


def test_upload_and_view(served: Served, files: list[Path]) -> None:
    async def check() -> None:
        async with library(served.user()) as immich:
            made = await immich.assets.async_upload_asset(str(files[2]))
            again = await immich.assets.async_upload_asset(str(files[2]))
            assert (made.status, again.status) == (UploadStatus.CREATED, UploadStatus.DUPLICATED)
            assert again.asset_id == made.asset_id
            [asset] = await with_pictures(immich, 1)
            assert (asset.asset_id, asset.original_file_name) == (made.asset_id, files[2].name)
            assert base64.b64decode(asset.checksum) == hashlib.sha1(files[2].read_bytes()).digest()
            assert asset.file_modified_at.timestamp() == pytest.approx(files[2].stat().st_mtime, abs=0.002)
            assert asset.original_mime_type == "image/png"
            for size, pixels in (("thumbnail", (333, 250)), ("preview", (400, 300)), ("fullsize", (400, 300))):
                content = await immich.assets.async_view_asset(made.asset_id, size)
                with Image.open(io.BytesIO(content)) as picture:
                    assert picture.size == pixels, size

    asyncio.run(check())


def test_film(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(film(Image.new("RGB", (64, 48), "red")))

    async def check() -> None:
        async with library(served.user()) as immich:
            [asset_id] = await upload(immich, [path])
            [asset] = await with_pictures(immich, 1)
            assert (asset.asset_id, asset.asset_type) == (asset_id, AssetType.VIDEO)
            stream = await immich.assets.async_play_video_stream(asset_id)
            assert await stream.read() == path.read_bytes()

    asyncio.run(check())


def test_albums(served: Served, files: list[Path]) -> None:
    account = served.user()
    album_id = post(account, "/albums", {"albumName": "Summer"})["id"]

    async def check() -> None:
        async with library(account) as immich:
            ids = await upload(immich, files)
            assert [album.album_name for album in await immich.albums.async_get_all_albums()] == ["Summer"]
            added = await immich.albums.async_add_assets_to_album(album_id, ids[:2])
            assert [(item.asset_id, item.success) for item in added] == [(id, True) for id in ids[:2]]
            again = await immich.albums.async_add_assets_to_album(album_id, [ids[1], NOT_THERE])
            assert [item.error for item in again] == [AssetToAlbumError.DUPLICATED, AssetToAlbumError.NO_PERMISSION]
            # The library keeps answers by ETag: it must not get its own, older one.
            [album] = await immich.albums.async_get_all_albums()
            assert (album.album_id, album.asset_count, album.shared) == (album_id, 2, False)
            assert album.album_thumbnail_asset_id in ids[:2] and album.start_date and album.end_date
            assert (await immich.albums.async_get_album_info(album_id)).asset_count == 2
            assert [album.album_id for album in await immich.albums.async_filter_albums_by_name("sUm")] == [album_id]
            assert await immich.albums.async_filter_albums_by_name("winter") == []
            inside = await immich.search.async_get_all_by_album_ids([album_id])
            assert {asset.asset_id for asset in inside} == set(ids[:2])
            with pytest.raises(ImmichError):
                await immich.albums.async_get_album_info(NOT_THERE)

    asyncio.run(check())


def test_tags(served: Served, files: list[Path]) -> None:
    account = served.user()
    post(account, "/tags", {"tags": ["places/coast"]}, method="PUT")
    parent, child = (tag["id"] for tag in sorted(account.get("/tags"), key=lambda tag: tag["value"]))

    async def check() -> None:
        async with library(account) as immich:
            ids = await upload(immich, files)
            post(account, f"/tags/{child}/assets", {"ids": ids[1:]}, method="PUT")
            tags = {tag.tag_id: tag for tag in await immich.tags.async_get_all_tags()}
            assert (tags[child].value, tags[child].name, tags[child].parent_id) == ("places/coast", "coast", parent)
            assert (await immich.tags.async_get_tag_by_id(parent)).value == "places"
            assert [tag.tag_id for tag in await immich.tags.async_filter_tags_by_name("COA")] == [child]
            for tag in (parent, child):
                found = await immich.search.async_get_all_by_tag_ids([tag])
                assert {asset.asset_id for asset in found} == set(ids[1:])

    asyncio.run(check())


def test_search(served: Served, files: list[Path]) -> None:
    account = served.user()

    async def check() -> None:
        async with library(account) as immich:
            assert await immich.search.async_get_all() == []
            ids = await upload(immich, files)
            post(account, "/assets", {"ids": ids[:1], "isFavorite": True}, method="PUT")
            assert {asset.asset_id for asset in await immich.search.async_get_all(page_size=1)} == set(ids)
            assert len(await immich.search.async_get_all(page_size=1, max_pages=2)) == 2
            assert [(a.asset_id, a.is_favorite) for a in await immich.search.async_get_all_favorites()] == [
                (ids[0], True)]
            # There is no machine learning, and nobody is known.
            with pytest.raises(ImmichError, match="Smart search is not enabled"):
                await immich.search.async_smart_search("dog")
            assert await immich.search.async_search_persons("Ada") == []

    asyncio.run(check())


def test_refusals(served: Served) -> None:
    account = served.user()
    poor = post(account, "/api-keys", {"name": "poor", "permissions": ["album.read"]})["secret"]

    async def check() -> None:
        async with library(replace(account, key="not a key")) as immich:
            with pytest.raises(ImmichUnauthorizedError):
                await immich.users.async_get_my_user()
        async with library(replace(account, key=poor)) as immich:
            assert await immich.albums.async_get_all_albums() == []
            with pytest.raises(ImmichForbiddenError, match="asset.read"):
                await immich.search.async_get_all()
        async with library(account) as immich:
            with pytest.raises(ImmichForbiddenError):
                await immich.server.async_get_server_statistics()
            with pytest.raises(ImmichNotFoundError):
                await immich.api.async_do_request("nothing/here")

    asyncio.run(check())


async def with_pictures(immich: Immich, count: int) -> list[ImmichAsset]:
    """All assets, once the workers have made the pictures of `count` of them."""
    deadline = time.monotonic() + 30
    while True:
        assets = await immich.search.async_get_all()
        # The library makes text of the null of an asset without a picture.
        if sum(asset.thumbhash != "None" for asset in assets) >= count or time.monotonic() > deadline:
            return assets
        await asyncio.sleep(0.1)
