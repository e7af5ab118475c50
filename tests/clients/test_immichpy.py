"""`immichpy`, a client generated from the description of Immich 3.1.0: it stops at every answer that is not so."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from immich_flask.testing import photo
from tests.serving import Served

if TYPE_CHECKING:
    from immichpy import AsyncClient

# The client calls what its own libraries and the description call deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@asynccontextmanager
async def client(served: Served) -> AsyncIterator[AsyncClient]:
    # Not above: a thousand models are built, for seconds, by every process that only looks for tests.
    from immichpy import AsyncClient

    async with AsyncClient(api_key=served.key, base_url=served.url) as client:
        yield client


def refusal(name: str) -> type[Exception]:
    return getattr(import_module("immichpy.client.generated.exceptions"), f"{name}Exception")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("one.jpg", "two.jpg", "three.png"):
        (folder / name).write_bytes(photo(fmt="PNG" if name.endswith("png") else "JPEG"))
    return folder


async def upload(immich: AsyncClient, folder: Path) -> list[UUID]:
    """Ids in the order of the files' names."""
    done = await immich.assets.upload(folder)
    return [entry.asset.id for entry in sorted(done.uploaded, key=lambda entry: entry.filepath.name)]


def test_server_and_accounts(served: Served) -> None:
    async def check() -> None:
        async with client(served) as immich:
            version = await immich.server.get_server_version()
            assert (version.major, version.minor, version.patch) == (3, 1, 0)
            assert (await immich.server.get_about_info()).version == "v3.1.0"
            assert (await immich.server.get_server_config()).is_initialized is True
            assert (await immich.server.get_server_features()).trash is True
            assert ".jpg" in (await immich.server.get_supported_media_types()).image
            assert (await immich.server.get_storage()).disk_size_raw > 0
            assert (await immich.system_config.get_config()).trash.enabled is True
            assert len(await immich.queues.get_queues()) == len((await immich.jobs.get_queues_legacy()).to_dict())
            me = await immich.users.get_my_user()
            assert (me.email, me.is_admin) == (served.email, True)
            made = await immich.users_admin.create_user_admin(
                {"email": f"{uuid4()}@test.example", "name": "Ada", "password": "Sesame-Open-1"})
            changed = await immich.users_admin.update_user_admin(made.id, {"name": "Ada L.", "quotaSizeInBytes": 1000})
            assert (changed.name, changed.quota_size_in_bytes) == ("Ada L.", 1000)
            assert (await immich.users_admin.get_user_preferences_admin(made.id)).tags.enabled in (True, False)
            assert (await immich.users_admin.delete_user_admin(made.id, {"force": False})).status == "deleted"
            assert (await immich.users_admin.restore_user_admin(made.id)).deleted_at is None

    asyncio.run(check())


def test_uploads_downloads_and_trash(served: Served, folder: Path, tmp_path: Path) -> None:
    async def check() -> None:
        async with client(served.user()) as immich:
            done = await immich.assets.upload(folder, album_name="All")
            again = await immich.assets.upload(folder, album_name="All")
            assert (done.stats.uploaded, done.stats.failed) == (3, 0)
            assert [entry.reason for entry in again.rejected] == ["duplicate"] * 3
            [album] = await immich.albums.get_all_albums()
            assert (album.album_name, album.asset_count) == ("All", 3)
            for entry in done.uploaded:
                saved = await immich.assets.download_asset_to_file(entry.asset.id, tmp_path / "saved")
                assert (saved.name, saved.read_bytes()) == (entry.filepath.name, entry.filepath.read_bytes())
            ids = [entry.asset.id for entry in done.uploaded]
            [archive] = await immich.download.download_archive_to_file({"assetIds": ids}, tmp_path / "archives")
            with zipfile.ZipFile(archive) as packed:
                assert sorted(packed.namelist()) == sorted(file.name for file in folder.iterdir())
            await immich.assets.delete_assets({"ids": ids[:2]})
            assert (await immich.assets.get_asset_statistics(is_trashed=True)).total == 2
            assert (await immich.trash.restore_assets({"ids": ids[:1]})).count == 1
            assert (await immich.trash.empty_trash()).count == 1

    asyncio.run(check())


def test_assets_timeline_and_search(served: Served, folder: Path) -> None:
    async def check() -> None:
        async with client(served.user()) as immich:
            one, three, two = await upload(immich, folder)
            await immich.assets.update_assets(
                {"ids": [one, two], "isFavorite": True, "dateTimeOriginal": "2023-06-15T10:00:00.000Z"})
            changed = await immich.assets.update_asset(
                three, {"description": "Sea", "latitude": 48.137, "longitude": 11.575, "rating": 4})
            assert (changed.exif_info.description, changed.exif_info.rating) == ("Sea", 4)
            buckets = {bucket.time_bucket: bucket.count for bucket in await immich.timeline.get_time_buckets()}
            assert sum(buckets.values()) == 3 and len(buckets) == 2
            oldest = min(buckets)
            bucket = await immich.timeline.get_time_bucket(time_bucket=oldest)
            assert {UUID(id) for id in bucket.id} == {one, two} and bucket.is_favorite == [True, True]
            found = await immich.search.search_assets({"isFavorite": True, "withExif": True})
            assert {asset.id for asset in found.assets.items} == {one, two}
            assert (await immich.search.search_asset_statistics({"description": "sea"})).total == 1
            assert len(await immich.search.search_random({"size": 2})) == 2
            assert len(await immich.search.search_large_assets(min_file_size=1)) == 3
            assert await immich.search.search_person("Ada") == []
            [marker] = await immich.map.get_map_markers()
            assert (marker.id, marker.lat) == (three, pytest.approx(48.137))
            [place] = await immich.map.reverse_geocode(lat=48.137, lon=11.575)
            assert place.city == "Munich"
            [path, *_] = await immich.views.get_unique_original_paths()
            assert await immich.views.get_assets_by_original_path(path)
            people = await immich.people.get_all_people()
            assert (people.total, people.people) == (0, [])

    asyncio.run(check())


def test_albums_with_friends(served: Served, folder: Path) -> None:
    owner, guest = served.user(), served.user()

    async def check() -> None:
        async with client(owner) as immich, client(guest) as friend:
            ids = await upload(immich, folder)
            them = (await friend.users.get_my_user()).id
            album = await immich.albums.create_album({"albumName": "Coast", "assetIds": ids[:1]})
            added = await immich.albums.add_assets_to_album(album.id, {"ids": ids})
            assert [item.success for item in added] == [False, True, True]
            await immich.albums.add_users_to_album(album.id, {"albumUsers": [{"userId": them, "role": "viewer"}]})
            assert [seen.id for seen in await friend.albums.get_all_albums(is_owned=False)] == [album.id]
            with pytest.raises(refusal("BadRequest")):
                await friend.albums.add_assets_to_album(uuid4(), {"ids": ids})
            said = await friend.activities.create_activity(
                {"albumId": album.id, "type": "comment", "comment": "Nice"})
            assert [item.id for item in await immich.activities.get_activities(album.id)] == [said.id]
            assert (await immich.activities.get_activity_statistics(album.id)).comments == 1
            await immich.partners.create_partner({"sharedWithId": them})
            [partner] = await friend.partners.get_partners("shared-with")
            assert partner.email == owner.email
            await immich.albums.delete_album(album.id)
            assert await friend.albums.get_all_albums() == []
            # Not a link to an album: links say that their album has no users, and the description wants one.
            link = await immich.shared_links.create_shared_link({"type": "INDIVIDUAL", "assetIds": ids[:1]})
            assert [asset.id for asset in (await immich.shared_links.get_shared_link_by_id(link.id)).assets] == ids[:1]
            assert [seen.key for seen in await immich.shared_links.get_all_shared_links()] == [link.key]

    asyncio.run(check())


def test_tags_stacks_and_memories(served: Served, folder: Path) -> None:
    async def check() -> None:
        async with client(served.user()) as immich:
            ids = await upload(immich, folder)
            [tag] = await immich.tags.upsert_tags({"tags": ["sea/coast"]})
            assert (await immich.tags.bulk_tag_assets({"tagIds": [tag.id], "assetIds": ids})).count == 3
            assert [seen.value for seen in await immich.tags.get_all_tags()] == ["sea", "sea/coast"]
            asset = await immich.assets.get_asset_info(ids[0])
            assert [seen.value for seen in asset.tags] == ["sea/coast"]
            stack = await immich.stacks.create_stack({"assetIds": ids})
            assert stack.primary_asset_id == ids[0] and len(stack.assets) == 3
            assert (await immich.assets.get_asset_info(ids[1])).stack.asset_count == 3
            await immich.stacks.delete_stack(stack.id)
            memory = await immich.memories.create_memory(
                {"type": "on_this_day", "data": {"year": 2023}, "memoryAt": "2023-06-15T00:00:00.000Z",
                 "assetIds": ids[:2]})
            assert len(memory.assets) == 2 and memory.memory_at.date() == date(2023, 6, 15)
            assert (await immich.memories.update_memory(memory.id, {"isSaved": True})).is_saved is True
            assert [seen.id for seen in await immich.memories.search_memories(is_saved=True)] == [memory.id]

    asyncio.run(check())


def test_notifications(served: Served) -> None:
    """Not those of albums: their data is text on the wire, and the description says otherwise."""

    async def check() -> None:
        async with client(served) as immich, client(served.user()) as friend:
            them = (await friend.users.get_my_user()).id
            told = [await immich.notifications_admin.create_notification(
                {"userId": them, "title": title, "level": "info", "data": {"of": title}}) for title in ("one", "two")]
            seen = {note.title: note for note in await friend.notifications.get_notifications()}
            assert {title: note.data for title, note in seen.items()} == {"one": {"of": "one"}, "two": {"of": "two"}}
            await friend.notifications.update_notifications(
                {"ids": [told[0].id], "readAt": "2026-01-01T00:00:00.000Z"})
            assert [note.id for note in await friend.notifications.get_notifications(unread=True)] == [told[1].id]
            await friend.notifications.delete_notification(told[1].id)
            assert [note.id for note in await friend.notifications.get_notifications()] == [told[0].id]
            with pytest.raises(refusal("Forbidden")):
                await friend.notifications_admin.create_notification({"userId": them, "title": "mine"})

    asyncio.run(check())


def test_keys_and_refusals(served: Served) -> None:
    account = served.user()

    async def check() -> None:
        async with client(account) as immich:
            made = await immich.api_keys.create_api_key({"name": "poor", "permissions": ["album.read"]})
            with pytest.raises(refusal("Forbidden")):
                await immich.users_admin.search_users_admin()
            with pytest.raises(refusal("BadRequest")):
                await immich.assets.get_asset_info(uuid4())
            async with client(Served(account.url, made.secret, account.email)) as poor:
                assert (await poor.api_keys.get_my_api_key()).name == "poor"
                assert await poor.albums.get_all_albums() == []
                with pytest.raises(refusal("Forbidden"), match="asset.statistics"):
                    await poor.assets.get_asset_statistics()
            await immich.api_keys.delete_api_key(made.api_key.id)
            async with client(Served(account.url, made.secret, account.email)) as gone:
                with pytest.raises(refusal("Unauthorized")):
                    await gone.albums.get_all_albums()

    asyncio.run(check())
