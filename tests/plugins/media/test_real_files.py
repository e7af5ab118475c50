"""Files of real cameras: those with which Immich tests itself, which are not part of this repository.

Set IMMICH_FLASK_TEST_ASSETS to a copy of https://github.com/immich-app/test-assets, or of a part of it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from immich_flask.contracts import media_types
from plugins.media.images import render
from plugins.media.metadata import Metadata, read_metadata
from tests.plugins.media.files import jpeg, written

FOLDER = os.environ.get("IMMICH_FLASK_TEST_ASSETS", "")
FILES = sorted(path for path in Path(FOLDER).rglob("*") if media_types.is_image(path.name)) if FOLDER else []

pytestmark = pytest.mark.skipif(not FILES, reason="IMMICH_FLASK_TEST_ASSETS names no folder with pictures")

EL_TORCAL = {
    "date": "2012-08-05T11:39:59", "zone": None, "size": (512, 341), "make": "SONY", "model": "DSLR-A550",
    "focal_length": 75, "iso": 200, "f_number": 11, "exposure_time": "1/160", "description": "SONY DSC"}

TOLD: dict[str, dict] = {
    "albums/nature/cyclamen_persicum.jpg": {"date": "2007-12-06T05:33:18", "zone": "UTC+9", "make": "FUJIFILM"},
    "albums/nature/prairie_falcon.jpg": {
        "date": "2022-03-31T11:31:56.180", "lens_model": "RF100-500mm F4.5-7.1 L IS USM", "exposure_time": "1/4000"},
    "formats/avif/8bit-sRGB.avif": {"size": (1617, 1080), "date": None},
    "formats/jpeg/el_torcal_rocks.jpeg": EL_TORCAL,
    "formats/jpg/el_torcal_rocks.jpg": EL_TORCAL,
    "formats/jxl/8bit-sRGB.jxl": {"size": (1440, 1080), "date": None},
    "formats/heic/IMG_2682.heic": {
        "date": "2019-03-21T16:04:22.348", "zone": "America/Chicago", "size": (4032, 3024), "make": "Apple",
        "place": (41.2203, -96.071625), "lens_model": "iPhone 7 back camera 3.99mm f/1.8", "exposure_time": "1/887",
        "iso": 20, "focal_length": 3.99, "f_number": 1.8},
    "formats/png/density_plot.png": {"size": (800, 800), "date": None},
    "formats/motionphoto/samsung-one-ui-6.heic": {
        "date": "2024-01-13T05:38:53.853", "zone": "UTC-8", "size": (3000, 4000), "orientation": "6", "film": 3226469},
    "formats/webp/denali.webp": {"date": "2010-08-13T21:00:01.850", "size": (600, 315), "model": "Canon EOS 7D"},
    "metadata/dates/date-priority-test.jpg": {"date": "2023-02-02T02:00:00", "zone": None},
    "metadata/dates/datetimeoriginal-gps.jpg": {"date": "2025-12-01T18:30:00", "zone": "America/Denver"},
    "metadata/dates/gps-datetime.jpg": {"date": "2023-11-15T12:30:00", "zone": "America/Los_Angeles"},
    "metadata/dates/time-created.jpg": {"date": None, "make": "Canon"},
    "metadata/faces/portrait-orientation-6.jpg": {
        "size": (840, 700), "orientation": "6", "tags": ("People/Marie Curie", "People/Pierre Curie")},
    "metadata/gps-position/empty_gps.jpg": {"date": "2025-06-01T16:59:26.023", "place": (None, None), "zone": None},
    "metadata/gps-position/thompson-springs.jpg": {
        "place": (39.115, -108.400968), "zone": "America/Denver",
        "tags": ("carol m. highsmith", "america", "utah", "utah winter scenes", "thompson springs")},
    "metadata/rating/mongolels.jpg": {"rating": 3, "date": "2009-08-29T13:18:08.170", "description": "Mongol Els"},
    "metadata/tags/picasa.jpg": {"tags": ("Frost", "Yard"), "date": "2010-02-13T14:55:31"},
    "formats/raw/Nikon/D80/glarus.nef": {"date": "2010-07-20T17:27:12", "iso": 100, "model": "NIKON D80"},
    "formats/raw/Nikon/D700/philadelphia.nef": {"date": "2016-09-22T21:10:29.060", "zone": "UTC-4", "iso": 200},
    "formats/raw/Panasonic/DMC-GH4/4_3.rw2": {"date": "2018-05-10T08:42:37.842", "size": (4608, 3456)},
    "formats/raw/Canon/PowerShot_G12.CR2": {"date": "2015-12-27T09:55:40", "size": (3648, 2736)},
    "formats/raw/Fujifilm/X100V_compressed.RAF": {"date": "2024-10-12T21:01:01", "orientation": "6"},
}


def named(metadata: Metadata, name: str) -> object:
    if name == "date":
        date = metadata.date_time_original
        text = date and date.isoformat(timespec="milliseconds").removesuffix("+00:00")
        return text and text.removesuffix(".000")
    if name == "size":
        return metadata.width, metadata.height
    if name == "place":
        return metadata.latitude, metadata.longitude
    if name == "film":
        return metadata.motion_video and metadata.motion_video.length
    return metadata.time_zone if name == "zone" else getattr(metadata, name)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(FOLDER)) for path in FILES])
def test_a_real_file(path: Path) -> None:
    metadata = read_metadata(path, filename=path.name)
    told = TOLD.get(path.relative_to(FOLDER).as_posix(), {})
    assert {name: named(metadata, name) for name in told} == told
    rendered = render(path)
    assert rendered.thumbnail and rendered.preview and rendered.thumbhash
    if not media_types.is_raw(path.name):
        assert (rendered.width, rendered.height) == (metadata.width, metadata.height)


@pytest.mark.parametrize("year", [2000, 2010, 2020])
def test_a_real_sidecar(tmp_path: Path, year: int) -> None:
    sidecar = Path(FOLDER) / f"metadata/xmp/dates/{year}.xmp"
    if not sidecar.exists():
        pytest.skip(f"{sidecar} is not there")
    found = read_metadata(written(tmp_path, "a.jpg", jpeg()), filename="a.jpg", sidecar=sidecar)
    assert found.date_time_original.year == year


def test_a_list_where_one_value_should_be(tmp_path: Path) -> None:
    sidecar = Path(FOLDER) / "problems/xmp/iso-value-array/iso-value-array.xmp"
    if not sidecar.exists():
        pytest.skip(f"{sidecar} is not there")
    assert read_metadata(written(tmp_path, "a.jpg", jpeg()), filename="a.jpg", sidecar=sidecar).iso is not None
