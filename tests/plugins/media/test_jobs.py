"""What follows an upload: facts and pictures, over HTTP."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import ExifTags, Image

from immich_flask.core.models import Asset, AssetFile, AssetJobStatus, JobRow
from immich_flask.infra.storage.s3 import S3Storage
from immich_flask.testing import Caller, Server, photo


def taken(date: str, **tags: object) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera & Co"
    exif[ExifTags.Base.Orientation] = tags.get("orientation", 1)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = date
    if "offset" in tags:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = tags["offset"]
    return exif


def image_of(caller: Caller, asset: str, size: str) -> Image.Image:
    response = caller.get(f"/assets/{asset}/thumbnail", size=size)
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.data))


def test_an_upload_gets_its_facts_and_pictures(user: Caller) -> None:
    exif = taken("2021:07:01 12:30:00", offset="+02:00", orientation=6)
    asset = user.asset(photo(600, 400, exif=exif))
    answer = user.get(f"/assets/{asset}").json
    assert (answer["width"], answer["height"]) == (400, 600)
    assert answer["fileCreatedAt"] == "2021-07-01T10:30:00.000Z"
    assert answer["localDateTime"] == "2021-07-01T12:30:00.000Z"
    assert answer["thumbhash"]
    assert answer["originalPath"].endswith("/2021/2021-07-01/photo.jpg")
    facts = answer["exifInfo"]
    assert (facts["make"], facts["timeZone"], facts["orientation"]) == ("Camera & Co", "UTC+2", "6")
    thumbnail, preview = image_of(user, asset, "thumbnail"), image_of(user, asset, "preview")
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (250, 375))
    assert (preview.format, preview.size) == ("JPEG", (400, 600))


def test_an_original_is_fetched_once_from_a_bucket(
        server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    fetch = S3Storage.open
    monkeypatch.setattr(S3Storage, "open", lambda self, key, *span: opened.append(key) or fetch(self, key, *span))
    asset = user.asset()
    with server.context():
        key = Asset.get_by_id(asset).storage_key
    assert opened == ([] if server.runtime.storage.local_path(key) else [key])
    opened.clear()
    user.post("/assets/jobs", {"assetIds": [asset], "name": "refresh-metadata"})
    user.post("/assets/jobs", {"assetIds": [asset], "name": "regenerate-thumbnail"})
    # Not kept where no picture is to follow.
    assert opened == ([] if server.runtime.storage.local_path(key) else [key, key])


def test_without_a_date_the_earliest_known_counts(user: Caller) -> None:
    asset = user.asset(fileCreatedAt="2022-02-02T02:02:02.000Z", fileModifiedAt="2021-01-01T01:01:01.000Z")
    answer = user.get(f"/assets/{asset}").json
    assert answer["fileCreatedAt"] == answer["localDateTime"] == "2021-01-01T01:01:01.000Z"


def test_what_a_user_said_outlasts_a_new_extraction(user: Caller) -> None:
    asset = user.asset(photo(exif=taken("2021:07:01 12:30:00")))
    user.put(f"/assets/{asset}", {"description": "mine", "dateTimeOriginal": "2019-01-01T00:00:00.000Z"})
    assert user.post("/assets/jobs", {"assetIds": [asset], "name": "refresh-metadata"}).status_code == 204
    answer = user.get(f"/assets/{asset}").json
    assert (answer["exifInfo"]["description"], answer["fileCreatedAt"]) == ("mine", "2019-01-01T00:00:00.000Z")
    assert answer["exifInfo"]["make"] == "Camera & Co"


def test_what_cannot_be_shown_is_kept_and_marked(server: Server, user: Caller) -> None:
    broken = photo()[:300]
    asset = user.asset(broken, "broken.jpg")
    assert user.get(f"/assets/{asset}/original").data == broken
    assert user.get(f"/assets/{asset}/thumbnail").status_code == 404
    with server.context():
        assert AssetJobStatus.get_by_id(asset).error
        job = JobRow.get(JobRow.state == "failed", JobRow.payload["id"] == asset)
        assert (job.name, job.attempts) == ("AssetGenerateThumbnails", 1)
        assert "broken.jpg" in job.error


def test_what_could_not_be_shown_is_tried_when_somebody_asks(server: Server, user: Caller) -> None:
    whole = photo()
    asset = user.asset(whole[:300], "broken.jpg")
    with server.context():
        key, = Asset.select(Asset.storage_key).where(Asset.id == asset).tuples().get()
        server.runtime.storage.put(key, [whole])
    assert user.get(f"/assets/{asset}/thumbnail").status_code == 404
    user.post("/assets/jobs", {"assetIds": [asset], "name": "regenerate-thumbnail"})
    assert user.get(f"/assets/{asset}/thumbnail").status_code == 200
    with server.context():
        assert AssetJobStatus.get_by_id(asset).error is None


def test_pictures_are_made_again_and_nothing_is_left_behind(server: Server, user: Caller) -> None:
    asset = user.asset()
    with server.context():
        before = sorted(AssetFile.select(AssetFile.storage_key).where(AssetFile.asset == asset).tuples())
    assert user.post("/assets/jobs", {"assetIds": [asset], "name": "regenerate-thumbnail"}).status_code == 204
    with server.context():
        after = sorted(AssetFile.select(AssetFile.storage_key).where(AssetFile.asset == asset).tuples())
        assert before == after
        assert all(server.runtime.storage.exists(key) for key, in after)
    user.delete("/assets", {"ids": [asset], "force": True})
    assert [key for key, in after if server.runtime.storage.exists(key)] == []


def test_a_hidden_film_gets_a_picture_when_it_is_shown(server: Server, user: Caller) -> None:
    asset = user.asset(visibility="hidden")
    assert user.get(f"/assets/{asset}/thumbnail").status_code == 404
    user.put("/assets", {"ids": [asset], "visibility": "timeline"})
    assert user.get(f"/assets/{asset}/thumbnail").status_code == 200


def test_a_queue_is_started_for_what_is_missing_or_for_everything(make_server: Callable[..., Server]) -> None:
    # One of its own: everything on the shared one is a lot.
    server = make_server()
    user = server.user(is_admin=True)
    lacks, has, edited = user.asset(), user.asset(), user.asset()
    user.put(f"/assets/{edited}/edits", {"edits": [{"action": "rotate", "parameters": {"angle": 90}}]})
    user.put(f"/assets/{has}", {"description": "said"})

    def files() -> dict[str, set[str]]:
        with server.context():
            rows = AssetFile.select(AssetFile.asset, AssetFile.storage_key).order_by(AssetFile.storage_key).tuples()
            found = {}
            for asset, key in rows:
                found.setdefault(asset, set()).add(key)
            return found

    def moments() -> dict[str, tuple]:
        with server.context():
            return {row.asset_id: (row.metadata_extracted_at, row.thumbnails_made_at)
                    for row in AssetJobStatus.select()}

    def start(queue: str, *, force: bool) -> None:
        response = user.put(f"/jobs/{queue}", {"command": "start", "force": force})
        assert response.status_code == 200, response.text

    before = moments()
    with server.context():
        AssetJobStatus.delete().where(AssetJobStatus.asset == lacks).execute()
        Asset.update(thumbhash=None, width=None).where(Asset.id == lacks).execute()
        (key,), = AssetFile.delete().where(AssetFile.type == "sidecar").returning(AssetFile.storage_key).tuples()
    was = files()
    for queue in ("metadataExtraction", "thumbnailGeneration", "sidecar"):
        start(queue, force=False)
    answer = user.get(f"/assets/{lacks}").json
    assert (answer["thumbhash"] is not None, answer["width"]) == (True, 64)
    assert key in files()[has] and files()[edited] == was[edited]
    assert moments()[edited] == before[edited]
    for queue in ("metadataExtraction", "thumbnailGeneration", "sidecar"):
        start(queue, force=True)
    assert all(later > before[asset] for asset, later in moments().items())
    # What is shown of an edited picture was made anew as well: under names of its own, see `edit_rendering`.
    assert len(files()[edited] - was[edited]) == len(was[edited] - files()[edited]) == 3
    assert user.get(f"/assets/{edited}").json["isEdited"] is True


@pytest.mark.parametrize("name", ["refresh-faces", "refresh-metadata", "regenerate-thumbnail", "transcode-video"])
def test_work_by_its_name(user: Caller, name: str) -> None:
    """Also what nobody here does: clients offer it, and upstream's ends without having done anything as often."""
    asset = user.asset()
    before = user.get(f"/assets/{asset}").json
    for ids in ([asset, asset], []):
        assert user.post("/assets/jobs", {"assetIds": ids, "name": name}).status_code == 204
    assert {**user.get(f"/assets/{asset}").json, "updatedAt": before["updatedAt"]} == before
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    body = {"assetIds": [asset], "name": name}
    assert [caller.post("/assets/jobs", body).status_code for caller in (user, user.elevated())] == [400, 204]


@pytest.mark.parametrize(("body", "paths"), [
    ({}, [["assetIds"], ["name"]]), ({"assetIds": [], "name": "tidy-up"}, [["name"]]),
    ({"assetIds": ["x"], "name": "refresh-faces"}, [["assetIds", 0]]),
])
def test_work_that_there_is_not(user: Caller, body: dict, paths: list) -> None:
    response = user.post("/assets/jobs", body)
    assert (response.status_code, [issue["path"] for issue in response.json["errors"]]) == (400, paths)


@pytest.mark.parametrize("who", ["nobody", "other", "key"])
def test_only_the_owner_has_work_done(server: Server, user: Caller, other: Caller, who: str) -> None:
    asset = user.asset()
    callers: dict[str, Callable[[], Caller]] = {
        "nobody": lambda: server.nobody, "other": lambda: other, "key": lambda: user.api_key("asset.read")}
    response = callers[who]().post("/assets/jobs", {"assetIds": [asset], "name": "refresh-metadata"})
    assert (response.status_code, response.json["message"]) == {
        "nobody": (401, "Authentication required"), "other": (400, "Not found or no asset.update access"),
        "key": (403, "Missing required permission: job.create")}[who]
