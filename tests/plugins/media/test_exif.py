"""Two readers of EXIF: they say the same, and each reads what the other cannot."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from PIL.TiffImagePlugin import IFDRational

from plugins.media import embedded, exif
from plugins.media.tags import number
from tests.plugins.media.files import damaged, encoded, photo, written
from tests.plugins.media.files import exif as made_exif

EXIF = made_exif(
    gps=(-33.8568, 151.2153), satellites="2023:11:15 12:30:05", Make="Acme", Model="Nine", Orientation=6, Rating=4,
    ImageDescription="two\nlines", DateTime="2023:11:15 23:30:00", Software="x" * 300,
    DateTimeOriginal="2023:11:15 23:30:00", DateTimeDigitized="2023:11:15 23:30:01", SubsecTimeOriginal="123",
    OffsetTimeOriginal="+11:00", FNumber=1.8, ExposureTime=IFDRational(1, 887), FocalLength=IFDRational(399, 100),
    ISOSpeedRatings=20, LensModel="Acme 4mm", LensSpecification=(4.0, 4.0, 1.8, 1.8), ExifImageWidth=160,
    ExifImageHeight=120, ShutterSpeedValue=IFDRational(-3, 7))

STANDARD = ("Exif.Image.", "Exif.Photo.", "Exif.GPSInfo.")


def by_exiv2(path: Path) -> dict[str, str]:
    return {key: text for key, text in embedded._read(str(path)).exif.items() if key.startswith(STANDARD)}


def plain(text: str) -> list:
    """Numbers as numbers: one reader has rationals in lowest terms, the other as they are written."""
    values = [number(part) for part in text.split(" ")]
    return [text] if None in values else values


@pytest.mark.parametrize("format", ["JPEG", "PNG", "AVIF", "TIFF"])
def test_both_say_the_same(tmp_path: Path, format: str) -> None:
    path = written(tmp_path, f"a.{format.lower()}", encoded(photo(160, 120), format, exif=EXIF))
    one, other = exif.read(path), by_exiv2(path)
    assert {key: plain(text) for key, text in one.items()} == {key: plain(text) for key, text in other.items()}
    assert len(one) > 25
    assert (one["Exif.Image.Model"], one["Exif.Image.ImageDescription"]) == ("Nine", "two\nlines")


@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_letters(tmp_path: Path, coding: str) -> None:
    letters = "Größe 9".encode(coding) + b"\0behind the end"
    content = encoded(photo(160, 120), "JPEG", exif=made_exif(Make="Acme", Model=letters))
    path = written(tmp_path, "a.jpg", content)
    assert exif.read(path)["Exif.Image.Model"] == by_exiv2(path)["Exif.Image.Model"] == "Größe 9"


def test_what_is_cut_off_still_tells(tmp_path: Path) -> None:
    content = encoded(photo(640, 480), "JPEG", exif=EXIF)
    path = written(tmp_path, "a.jpg", content[:1500])
    assert embedded.read(path).exif["Exif.Photo.LensModel"] == "Acme 4mm"


@pytest.mark.parametrize(("format", "name"), [("WEBP", "a.webp"), ("HEIF", "a.heic")])
def test_what_one_cannot_read_the_other_does(tmp_path: Path, format: str, name: str) -> None:
    """ExifRead knows the WebP and HEIC of some programs, and not that of others."""
    path = written(tmp_path, name, encoded(photo(160, 120), format, exif=EXIF))
    assert exif.read(path) == {}
    assert embedded.read(path).exif == embedded._read(str(path)).exif
    assert embedded.read(path).exif["Exif.Image.Model"] == "Nine"


def test_what_carries_none(tmp_path: Path) -> None:
    for name, content in (("a.jpg", encoded(photo(), "JPEG")), ("a.png", encoded(photo(), "PNG")), ("a.txt", b"text"),
                          ("empty.jpg", b"")):
        assert exif.read(written(tmp_path, name, content)) == {}
    with pytest.raises(OSError):
        exif.read(tmp_path / "missing.jpg")


def labyrinth(entries: int = 2000, values: int = 999) -> bytes:
    """A TIFF whose directories lie across each other, each full of long lists: hours for who walks through all."""
    head = b"II*\0" + struct.pack("<I", 8)
    entry = struct.pack("<HHII", 0x0101, 3, values, 8)
    directory = struct.pack("<H", entries) + entry * entries
    chain = b"".join(struct.pack("<I", 8 + 14 * place) for place in range(1, 4000))
    return head + directory + chain


def test_a_labyrinth_is_left_in_time(tmp_path: Path) -> None:
    for name, content in (("a.tif", labyrinth()), ("b.jpg", b"\xff\xd8\xff\xe1\xff\xf0Exif\0\0" + labyrinth(4000))):
        started = time.process_time()
        assert exif.read(written(tmp_path, name, content)) == {}
        assert time.process_time() - started < 1


def test_damage_raises_nothing(tmp_path: Path) -> None:
    for format in ("JPEG", "PNG", "WEBP", "HEIF", "TIFF"):
        content = encoded(photo(160, 120), format, exif=EXIF)
        for seed in range(60):
            path = written(tmp_path, "a." + format.lower(), damaged(content, seed))
            assert all(isinstance(text, str) and "\0" not in text for text in exif.read(path).values())
