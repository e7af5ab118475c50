"""Files that are cut off, damaged, oversized or something else than they claim: refused as Undecodable, never worse."""

from __future__ import annotations

import io
import struct
import time
import zlib

import pillow_jxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from plugins.media import dates, scans
from plugins.media.decoders import Undecodable, decode
from plugins.media.images import render
from plugins.media.metadata import Metadata, read_metadata
from tests.plugins.media.files import bag, damaged, encoded, exif, oriented, photo, raw_negative, written, xmp

assert pillow_jxl.Encoder

# Libraries also warn about what they find in broken files; in production that is a line in the log.
pytestmark = pytest.mark.filterwarnings("ignore")

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000", "AVIF", "HEIF", "JXL", "MPO"]


def sample(format: str) -> bytes:
    exif = {} if format in ("GIF", "BMP", "JPEG2000") else {"exif": oriented(6)}
    return encoded(photo(160, 120), format, **exif)


@pytest.mark.parametrize("format", [*FORMATS, "DNG"])
def test_damaged_files_are_shown_or_refused(tmp_path, format):
    content = raw_negative() if format == "DNG" else sample(format)
    name = "a.dng" if format == "DNG" else "a.bin"
    shown = 0
    for seed in range(60):
        path = written(tmp_path, name, damaged(content, seed))
        try:
            rendered = render(path)
        except Undecodable as error:
            assert str(error)
        else:
            shown += 1
            assert rendered.width > 0 and rendered.preview and rendered.thumbnail and rendered.thumbhash
    assert shown < 60


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "JPEG2000", "AVIF", "HEIF", "JXL"])
def test_a_file_cut_off_in_its_pixels_is_refused(tmp_path, format):
    content = sample(format)
    for part in (0.0, 0.1, 0.5, 0.8):
        with pytest.raises(Undecodable):
            render(written(tmp_path, "a.bin", content[: int(len(content) * part)]))


@pytest.mark.parametrize("format", [*FORMATS, "DNG"])
def test_metadata_of_damaged_files(tmp_path, format):
    """Fewer facts or none, but facts that a database takes."""
    content = raw_negative() if format == "DNG" else encoded(photo(160, 120), format, **rich(format))
    name = f"a.{format.lower()}"
    for seed in range(60):
        metadata = read_metadata(written(tmp_path, name, damaged(content, seed)), filename=name)
        assert isinstance(metadata, Metadata)
        for text in (metadata.make, metadata.model, metadata.lens_model, metadata.description, *metadata.tags):
            assert text is None or "\0" not in text.encode().decode()
        assert metadata.width is None or 0 < metadata.width < 2**31
        assert metadata.rating in (None, 1, 2, 3, 4, 5)


def rich(format: str) -> dict[str, bytes]:
    """What a format can carry of EXIF and XMP."""
    facts = exif(
        gps=(48.8584, 2.2945), satellites="2023:11:15 12:30:00", Make="Acme", Rating=3, ExposureTime=0.008,
        DateTimeOriginal="2019:08:07 06:05:04", OffsetTimeOriginal="+02:00", ImageDescription="A description",
    )  # fmt: skip
    packet = xmp('GCamera:MotionPhoto="1" xmp:Rating="4"', bag("dc:subject", "one", "two"))
    if format in ("JPEG", "MPO", "WEBP", "HEIF", "AVIF"):
        return {"exif": facts, "xmp": packet}
    return {"exif": facts} if format in ("PNG", "TIFF", "JXL") else {}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.sampled_from(["a.jpg", "a.heic", "a.nef", "a.gif", "a.webp", "a.mp4", "a.avi"]))
def test_metadata_of_noise(tmp_path, noise, name):
    path = written(tmp_path, name, noise)
    assert read_metadata(path, filename=name, sidecar=path).tags == ()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.floats(-90, 90), st.floats(-180, 180))
def test_dates_from_any_text(original, offset, latitude, longitude):
    tags = {"DateTimeOriginal": original, "OffsetTimeOriginal": offset, "TimeCreated": original}
    taken = dates.taken(dates.dated(tags | {"GPSLatitude": latitude, "GPSLongitude": longitude}))
    assert (taken.instant is None) == (taken.local is None)


HEADS = [
    b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\xff\xff\0\0WEBPVP8 ", b"GIF89a", b"BM",
    b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  \r\n\x87\n", b"\0\0\0\x1cftypavif", b"\0\0\0\x1cftypheic", b"\xff\x0a",
    b"\0\0\0\x0cJXL \r\n\x87\n", b"8BPS\0\1", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg xmlns=", b"",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(HEADS), st.binary(max_size=300), st.sampled_from(["a.jpg", "a.nef"]))
def test_noise_is_refused(tmp_path, head, noise, name):
    try:
        render(written(tmp_path, name, head + noise))
    except Undecodable as error:
        assert str(error)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
        b"P6 2 2 255\n" + bytes(12),
        bytes(10_000),
    ],
    ids=["nothing", "svg", "postscript", "ppm", "zeros"],
)
def test_what_is_not_a_photo_is_refused(tmp_path, content):
    with pytest.raises(Undecodable, match="a.jpg"):
        render(written(tmp_path, "a.jpg", content))


def test_a_missing_file_is_no_broken_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        render(tmp_path / "gone.jpg")


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    content = bytearray(encoded(photo(160, 120), "JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def jxl_claiming(height: int) -> bytes:
    """A bare codestream whose size header has a 30-bit height and a ratio of 1:1."""
    return b"\xff\x0a" + ((height - 1) << 3 | 3 << 1 | 1 << 33).to_bytes(8, "little") + bytes(50)


OVERSIZED = {
    "png": png_header(60_000, 60_000),
    "jpeg": jpeg_claiming(65_000, 65_000),
    "gif": b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + bytes(20),
    "bmp": b"BM" + struct.pack("<IIIIiiHHIIiiII", 70, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(20),
    "tiff": encoded(Image.new("1", (17_000, 17_000)), "TIFF", compression="group4"),
    "webp": b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<IB3x", 10, 0) + b"\xff\xff\0" * 2 + bytes(9),
    "jxl": jxl_claiming(1 << 28),
}


@pytest.mark.parametrize("kind", OVERSIZED)
def test_a_bomb_is_refused_by_its_header(tmp_path, kind):
    path = written(tmp_path, "a.bin", OVERSIZED[kind])
    started = time.process_time()
    with pytest.raises(Undecodable):
        render(path)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "jxl"])
def test_the_refusal_says_that_it_is_the_size(tmp_path, kind):
    with pytest.raises(Undecodable, match="megapixels allowed|exceeds limit"):
        render(written(tmp_path, "a.bin", OVERSIZED[kind]))


@pytest.mark.parametrize("name", ["a.jpg", "a.jxl", "a.heic", "a.dng"])
def test_the_limit_is_configurable(tmp_path, name):
    formats = {"a.jpg": "JPEG", "a.jxl": "JXL", "a.heic": "HEIF"}
    path = written(tmp_path, name, sample(formats[name]) if name in formats else raw_negative(160, 120))
    assert decode(path, max_megapixels=0.0192).image.size in ((160, 120), (120, 160))
    with pytest.raises(Undecodable, match="more than the 0.019 megapixels"):
        decode(path, max_megapixels=0.019)



def test_fill_bytes_take_no_time():
    """Any number of them may stand before a marker."""
    begun = time.process_time()
    assert scans.count(io.BytesIO(b"\xff\xd8" + b"\xff" * 60_000 + b"\0" * 10)) == 0
    assert scans.count(io.BytesIO(b"\xff\xd8" + (b"\xff" * 9 + b"\xda\0\2") * 3)) == 3
    # It was more than half a minute.
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("count", [100, 600])
def test_a_progressive_jpeg_may_not_have_any_number_of_scans(tmp_path, count):
    """Each goes over the whole picture, and takes a few bytes in the file."""
    content = encoded(Image.new("RGB", (160, 120), "teal"), "JPEG", progressive=True)
    last, end = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    many = content[:last] + content[last:end] * count + content[end:]
    assert scans.count(io.BytesIO(content)) == 10
    assert scans.count(io.BytesIO(many)) == min(count + 9, scans.MOST + 1)
    path = written(tmp_path, "a.jpg", many)
    if count < scans.MOST:
        assert render(path).width == 160
    else:
        with pytest.raises(Undecodable, match="scans"):
            render(path)


def test_what_is_behind_a_jpeg_is_none_of_its_scans(tmp_path):
    content = encoded(photo(160, 120), "JPEG", progressive=True) + b"\xff\xda\0\2" * 1000
    assert scans.count(io.BytesIO(content)) == 10
    assert render(written(tmp_path, "a.jpg", content)).width == 160


def test_a_header_that_promises_more_than_comes(tmp_path):
    """A decoder may fill in what is missing; then the picture has the size it claimed."""
    try:
        rendered = render(written(tmp_path, "a.jpg", jpeg_claiming(400, 300)))
    except Undecodable as error:
        assert str(error)
    else:
        assert (rendered.width, rendered.height) == (400, 300)
