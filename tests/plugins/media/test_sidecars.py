"""What users say about pictures, written beside them as XMP."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from immich_flask.core.models import AssetExif, AssetFile, JobRow
from immich_flask.testing import Caller, Server
from plugins.media import embedded, sidecars
from plugins.media.metadata import Metadata, read_metadata
from plugins.media.queueing import queue_sidecars
from tests.plugins.media.files import bag, exif, jpeg, written, xmp

PARIS = {"latitude": 48.858395, "longitude": 2.294497}


def sidecar_of(server: Server, asset: str) -> bytes | None:
    with server.context():
        key = AssetFile.select(AssetFile.storage_key).where(
            AssetFile.asset == asset, AssetFile.type == "sidecar").scalar()
        if key is None:
            return None
        with server.runtime.storage.open(key) as stream:
            return stream.read()


def read_beside(folder: Path, packet: bytes) -> Metadata:
    """What a program finds that reads a picture which tells nothing, and the sidecar."""
    return read_metadata(written(folder, "a.jpg", jpeg()), filename="a.jpg",
                         sidecar=written(folder, "a.jpg.xmp", packet))


def test_what_was_said_is_beside_the_picture(server: Server, user: Caller, tmp_path: Path) -> None:
    asset = user.asset(jpeg(exif=exif(DateTimeOriginal="2020:01:01 10:00:00")), "a.jpg")
    assert sidecar_of(server, asset) is None
    user.put(f"/assets/{asset}", {"description": ' Grüße & "mehr" ', "rating": 4, **PARIS,
                                  "dateTimeOriginal": "2019-02-03T04:05:06.789-05:00"})
    tags = {tag["value"]: tag["id"] for tag in user.put("/tags", {"tags": ["places/Lake, deep", "red"]}).json}
    for tag in tags.values():
        user.put(f"/tags/{tag}/assets", {"ids": [asset]})
    found = read_beside(tmp_path, sidecar_of(server, asset))
    assert (found.description, found.rating) == ('Grüße & "mehr"', 4)
    assert (found.latitude, found.longitude) == (PARIS["latitude"], PARIS["longitude"])
    assert found.date_time_original == datetime(2019, 2, 3, 9, 5, 6, 789000, UTC)
    assert found.tags == ("places/Lake, deep", "red")
    xmp_values = embedded.read_packet(sidecar_of(server, asset)).xmp
    assert xmp_values["Xmp.lr.hierarchicalSubject"] == ("places|Lake, deep", "red")
    assert xmp_values["Xmp.dc.subject"] == ("Lake, deep", "red")
    assert xmp_values["Xmp.exif.DateTimeOriginal"] == ("2019-02-03T04:05:06.789-05:00",)
    user.delete(f"/tags/{tags['red']}/assets", {"ids": [asset]})
    assert read_beside(tmp_path, sidecar_of(server, asset)).tags == ("places/Lake, deep",)


def test_only_what_was_said_goes_in(server: Server, user: Caller, tmp_path: Path) -> None:
    asset = user.asset(jpeg(exif=exif(ImageDescription="from the file")), "a.jpg")
    user.put("/assets", {"ids": [asset], "rating": 2, "isFavorite": True})
    found = read_beside(tmp_path, sidecar_of(server, asset))
    assert (found.rating, found.description, found.date_time_original, found.tags) == (2, "", None, ())
    user.put("/assets", {"ids": [asset], "rating": None})
    assert read_beside(tmp_path, sidecar_of(server, asset)).rating is None
    assert user.get(f"/assets/{asset}").json["exifInfo"]["description"] == "from the file"


def test_an_uploaded_sidecar_keeps_what_else_it_says(server: Server, user: Caller, tmp_path: Path) -> None:
    packet = xmp('photoshop:City="Lyon" xmp:Rating="5"', bag("lr:hierarchicalSubject", "old|one"))
    asset = user.asset(jpeg(), "a.jpg", sidecarData=(io.BytesIO(packet), "a.xmp"))
    user.put(f"/assets/{asset}", {"description": "new"})
    values = embedded.read_packet(sidecar_of(server, asset)).xmp
    assert (values["Xmp.photoshop.City"], values["Xmp.xmp.Rating"]) == (("Lyon",), ("5",))
    found = read_beside(tmp_path, sidecar_of(server, asset))
    assert (found.description, found.rating, found.tags) == ("new", 5, ("old/one",))
    answer = user.get(f"/assets/{asset}").json
    assert (answer["exifInfo"]["description"], answer["exifInfo"]["rating"]) == ("new", 5)


@pytest.mark.parametrize("broken", [b"\x89PNG, and certainly no XMP", b"<other/>", jpeg(packet=xmp('xmp:Rating="1"'))])
def test_a_sidecar_that_cannot_be_read_is_left_alone(server: Server, user: Caller, broken: bytes) -> None:
    asset = user.asset(jpeg(), "a.jpg", sidecarData=(io.BytesIO(broken), "a.xmp"))
    user.put(f"/assets/{asset}", {"description": "said"})
    assert sidecar_of(server, asset) == broken
    assert user.get(f"/assets/{asset}").json["exifInfo"]["description"] == "said"


def test_a_place_tells_the_zone(user: Caller) -> None:
    asset = user.asset(jpeg(exif=exif(DateTimeOriginal="2020:07:01 10:00:00")), "a.jpg")
    user.put(f"/assets/{asset}", {"latitude": 35.6895, "longitude": 139.6917})
    answer = user.get(f"/assets/{asset}").json
    assert answer["exifInfo"]["timeZone"] == "Asia/Tokyo"
    assert (answer["exifInfo"]["latitude"], answer["exifInfo"]["longitude"]) == (35.6895, 139.6917)
    user.put("/assets", {"ids": [asset], "dateTimeOriginal": "2020-07-01T10:00:00.000-02:00"})
    user.put(f"/assets/{asset}", PARIS)
    assert user.get(f"/assets/{asset}").json["exifInfo"]["timeZone"] == "UTC-2"


def test_it_goes_along_to_the_asset_that_takes_the_place(user: Caller) -> None:
    first, second = user.asset(jpeg(), "a.jpg"), user.asset(jpeg(quality=50), "b.jpg")
    user.put(f"/assets/{first}", {"description": "said", "rating": 3})
    assert user.put("/assets/copy", {"sourceId": first, "targetId": second}).status_code == 204
    info = user.get(f"/assets/{second}").json["exifInfo"]
    assert (info["description"], info["rating"]) == ("said", 3)


def test_writing_again_changes_nothing(server: Server, user: Caller) -> None:
    asset = user.asset(jpeg(), "a.jpg")
    user.put(f"/assets/{asset}", {"description": "said"})
    before = sidecar_of(server, asset)
    with server.context():
        sidecars.write(asset)
    assert sidecar_of(server, asset) == before


def test_what_is_said_while_it_is_written_is_written_too(
        server: Server, user: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = user.asset(jpeg(), "a.jpg")
    storage, put = server.runtime.storage, server.runtime.storage.put

    def slow(key: str, *args: object, **options: object) -> object:
        if key.endswith(".xmp"):
            monkeypatch.setattr(storage, "put", put)
            AssetExif.update(description="second").where(AssetExif.asset == asset).execute()
        return put(key, *args, **options)

    monkeypatch.setattr(storage, "put", slow)
    user.put(f"/assets/{asset}", {"description": "first"})
    assert read_beside(tmp_path, sidecar_of(server, asset)).description == "second"


def test_a_sidecar_goes_with_its_asset(server: Server, user: Caller) -> None:
    asset = user.asset(jpeg(), "a.jpg")
    user.put(f"/assets/{asset}", {"description": "said"})
    with server.context():
        key = AssetFile.select(AssetFile.storage_key).where(
            AssetFile.asset == asset, AssetFile.type == "sidecar").scalar()
        assert server.runtime.storage.exists(key)
    user.delete("/assets", {"ids": [asset], "force": True})
    assert not server.runtime.storage.exists(key)
    with server.context():
        sidecars.write(asset)  # a job that comes late
        assert not JobRow.select().where(JobRow.payload["id"] == asset, JobRow.name == "SidecarWrite").exists()


def test_all_that_are_missing_can_be_asked_for(server: Server, user: Caller) -> None:
    said, silent = user.asset(jpeg(), "a.jpg"), user.asset(jpeg(quality=60), "b.jpg")
    user.put(f"/assets/{said}", {"description": "said"})
    with server.context():
        AssetFile.delete().where(AssetFile.asset == said, AssetFile.type == "sidecar").execute()
        queue_sidecars()
    assert sidecar_of(server, said) and sidecar_of(server, silent) is None


@pytest.mark.parametrize(("value", "text"), [
    (48.858395, "48,51.5037N"), (-33.5, "33,30S"), (0.0, "0,0N"), (89.999999999, "90,0N"), (-0.000001, "0,0.00006S")])
def test_degrees(value: float, text: str) -> None:
    assert sidecars.degrees(value, "NS") == text
