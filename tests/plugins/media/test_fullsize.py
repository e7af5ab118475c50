"""The full size of what browsers cannot display, and panoramas."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest
from PIL import Image

from immich_flask.core.models import AssetFile
from immich_flask.core.settings import system_config, update_system_config
from immich_flask.testing import Caller, Server
from plugins.media import queueing
from tests.plugins.media.files import corners, encoded, jpeg, quarters, raw_negative, xmp

GPANO = 'GPano:ProjectionType="equirectangular" GPano:FullPanoWidthPixels="640" GPano:CroppedAreaLeftPixels="5"'


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Server]) -> Server:
    return make_server()


@contextmanager
def configured(server: Server, **image: object) -> Iterator[None]:
    """The section `image` of the system configuration changed for a while."""
    def save(section: dict) -> None:
        with server.context():
            update_system_config({**deepcopy(system_config()), "image": section})

    with server.context():
        before = deepcopy(system_config()["image"])
    save({**before, **image})
    try:
        yield
    finally:
        save(before)


@pytest.fixture
def fullsize(server: Server) -> Iterator[None]:
    with configured(server, fullsize={"enabled": True, "format": "webp", "quality": 90, "progressive": False}):
        yield


def files_of(server: Server, asset: str) -> set[tuple[str, str]]:
    with server.context():
        return set(AssetFile.select(AssetFile.type, AssetFile.storage_key).where(AssetFile.asset == asset).tuples())


def picture(caller: Caller, asset: str, **query: str) -> Image.Image:
    response = caller.get(f"/assets/{asset}/thumbnail", **query)
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.data))


def leads_to(caller: Caller, asset: str) -> str:
    response = caller.get(f"/assets/{asset}/thumbnail", size="fullsize", c="x")
    assert response.status_code == 302
    return response.location.rpartition("/")[2]


@pytest.mark.parametrize(("format", "name"), [("HEIF", "a.heic"), ("TIFF", "a.tif"), ("JPEG2000", "a.jp2")])
def test_what_browsers_cannot_display(server: Server, user: Caller, fullsize: None, format: str, name: str) -> None:
    options = {"compression": "tiff_lzw"} if format == "TIFF" else {}
    asset = user.asset(encoded(corners(2000, 1600), format, **options), name)
    full = picture(user, asset, size="fullsize")
    assert (full.format, full.size) == ("WEBP", (2000, 1600))
    assert quarters(full) == ["top left", "top right", "bottom left", "bottom right"]
    assert picture(user, asset, size="preview").size == (1800, 1440)
    response = user.get(f"/assets/{asset}/thumbnail", size="fullsize")
    assert response.headers["Content-Disposition"].endswith("a_fullsize.webp")


def test_a_raw_picture_is_developed_in_full(user: Caller, fullsize: None) -> None:
    full = picture(user, user.asset(raw_negative(orientation=6), "a.dng"), size="fullsize")
    assert full.size == (64, 96)


def test_what_browsers_display_is_its_own_full_size(server: Server, user: Caller, fullsize: None) -> None:
    for format, name in (("JPEG", "a.JPG"), ("PNG", "a.png"), ("WEBP", "a.webp")):
        asset = user.asset(encoded(corners(), format), name)
        assert {kind for kind, _ in files_of(server, asset)} == {"thumbnail", "preview"}
        assert leads_to(user, asset) == "original?c=x"


def test_switched_off_there_is_none(server: Server, user: Caller) -> None:
    asset = user.asset(encoded(corners(), "TIFF"), "a.tif")
    assert {kind for kind, _ in files_of(server, asset)} == {"thumbnail", "preview"}
    assert leads_to(user, asset) == "thumbnail?size=preview&c=x"


def test_switching_it_on_and_off_again(server: Server, user: Caller) -> None:
    asset, web = user.asset(encoded(corners(), "TIFF"), "a.TIF"), user.asset()
    before = files_of(server, asset)
    with configured(server, fullsize={"enabled": True, "format": "jpeg", "quality": 80, "progressive": True}):
        with server.context():
            queueing.queue_thumbnails()
        assert picture(user, asset, size="fullsize").info["progressive"]
        (_, key), = files_of(server, asset) - before
        assert {kind for kind, _ in files_of(server, web)} == {"thumbnail", "preview"}
    with server.context():
        queueing.queue_thumbnails()
        assert server.runtime.storage.exists(key)  # nothing is missing, so nothing is done
        queueing.queue_thumbnails(force=True)
        assert not server.runtime.storage.exists(key)
    assert files_of(server, asset) == before
    assert leads_to(user, asset) == "thumbnail?size=preview&c=x"


def test_another_format_replaces_the_files(server: Server, user: Caller) -> None:
    asset = user.asset()
    before = files_of(server, asset)
    options = {"format": "jpeg", "size": 100, "quality": 70, "progressive": False}
    with configured(server, thumbnail=options):
        user.post("/assets/jobs", {"assetIds": [asset], "name": "regenerate-thumbnail"})
        assert picture(user, asset).format == "JPEG"
    gone, = {key for _, key in before - files_of(server, asset)}
    assert gone.endswith(".webp") and not server.runtime.storage.exists(gone)


def test_a_panorama_says_how_it_wraps(server: Server, user: Caller) -> None:
    packet = xmp(GPANO)
    flat = user.asset(jpeg(packet=packet), "pano.jpg")
    assert b"CroppedAreaLeftPixels" in picture(user, flat, size="preview").info["xmp"]
    assert "xmp" not in picture(user, flat).info
    assert leads_to(user, flat) == "original?c=x"
    tiff = user.asset(encoded(corners(), "HEIF", xmp=packet), "pano.heic")
    full = picture(user, tiff, size="fullsize")  # although full sizes are switched off
    assert full.size == (320, 240) and b"CroppedAreaLeftPixels" in full.info["xmp"]
    refused = user.put(f"/assets/{flat}/edits", {"edits": [{"action": "rotate", "parameters": {"angle": 90}}]})
    assert refused.json["message"] == "Editing panorama images is not supported"


def test_the_plain_full_size_is_never_that_of_the_edit(server: Server, user: Caller) -> None:
    asset = user.asset(encoded(corners(), "TIFF"), "a.tif")
    user.put(f"/assets/{asset}/edits", {"edits": [{"action": "rotate", "parameters": {"angle": 90}}]})
    assert picture(user, asset, size="fullsize", edited="true").size == (240, 320)
    assert leads_to(user, asset) == "thumbnail?size=preview&c=x"


def test_edits_that_could_not_be_rendered_are_made_up_for(server: Server, user: Caller) -> None:
    asset = user.asset()
    user.put(f"/assets/{asset}/edits", {"edits": [{"action": "rotate", "parameters": {"angle": 90}}]})
    with server.context():
        AssetFile.delete().where(AssetFile.asset == asset, AssetFile.is_edited).execute()
        queueing.queue_thumbnails()
    assert picture(user, asset, edited="true", size="preview").size == (48, 64)
