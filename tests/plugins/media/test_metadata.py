"""What is read from files: dates and zones, places, camera, size, description, rating, tags, sidecars.

Expected values are those a real server of 3.1.0 gives for the same files.
"""

from __future__ import annotations

from datetime import UTC

import pillow_jxl
import pytest
from PIL import Image, ImageCms

from plugins.media.metadata import Metadata, read_metadata
from tests.plugins.media.files import bag, encoded, exif, iptc_record, jpeg, photo, raw_negative, written, xmp

assert pillow_jxl.Encoder


@pytest.fixture
def read(tmp_path):
    def read(content: bytes, name: str = "photo.jpg", sidecar: bytes | None = None) -> Metadata:
        path = written(tmp_path, "stored", content)
        beside = written(tmp_path, "stored.xmp", sidecar) if sidecar is not None else None
        return read_metadata(path, filename=name, sidecar=beside)

    return read


def dates(metadata: Metadata) -> tuple[str | None, str | None, str | None]:
    """Instant and wall clock as text, and the zone."""
    texts = (metadata.date_time_original, metadata.local_date_time)
    assert all(date is None or date.tzinfo is UTC for date in texts)
    instant, local = (date and date.isoformat(timespec="milliseconds").removesuffix("+00:00") for date in texts)
    return instant, local, metadata.time_zone


@pytest.mark.parametrize(
    ("tags", "instant", "local", "zone"),
    [
        ({}, None, None, None),
        ({"DateTimeOriginal": "2019:08:07 06:05:04"}, "2019-08-07T06:05:04.000", "2019-08-07T06:05:04.000", None),
        (
            {"DateTimeOriginal": "2019:08:07 06:05:04", "OffsetTimeOriginal": "+02:00"},
            "2019-08-07T04:05:04.000", "2019-08-07T06:05:04.000", "UTC+2",
        ),
        (
            {"DateTimeOriginal": "2019:12:31 22:00:00", "OffsetTimeOriginal": "-03:30"},
            "2020-01-01T01:30:00.000", "2019-12-31T22:00:00.000", "UTC-3:30",
        ),
        (
            {"DateTimeOriginal": "2019:08:07 06:05:04", "OffsetTimeOriginal": "+00:00"},
            "2019-08-07T06:05:04.000", "2019-08-07T06:05:04.000", "UTC",
        ),
        (
            {"DateTimeOriginal": "2019:08:07 06:05:04", "SubsecTimeOriginal": "789", "OffsetTimeOriginal": "+01:00"},
            "2019-08-07T05:05:04.789", "2019-08-07T06:05:04.789", "UTC+1",
        ),
        (
            {"DateTimeDigitized": "2018:01:02 03:04:05", "OffsetTimeDigitized": "+09:00"},
            "2018-01-01T18:04:05.000", "2018-01-02T03:04:05.000", "UTC+9",
        ),
        (
            {"DateTimeOriginal": "2017:01:02 03:04:05", "DateTimeDigitized": "2018:01:02 03:04:05"},
            "2017-01-02T03:04:05.000", "2017-01-02T03:04:05.000", None,
        ),
        # A date with parts of a second outranks one without.
        (
            {
                "DateTimeOriginal": "2017:01:02 03:04:05",
                "DateTimeDigitized": "2018:01:02 03:04:05", "SubsecTimeDigitized": "5",
            },
            "2018-01-02T03:04:05.500", "2018-01-02T03:04:05.500", None,
        ),
        ({"DateTime": "2016:01:02 03:04:05"}, None, None, None),
        # OffsetTime belongs to the date of modification alone.
        (
            {"DateTimeOriginal": "2019:08:07 06:05:04", "OffsetTime": "+05:00"},
            "2019-08-07T06:05:04.000", "2019-08-07T06:05:04.000", None,
        ),
        (
            {"DateTimeOriginal": "2019:08:07 06:05:04", "OffsetTimeOriginal": "-12:27"},
            "2019-08-07T06:05:04.000", "2019-08-07T06:05:04.000", None,
        ),
        ({"DateTimeOriginal": "0000:00:00 00:00:00"}, None, None, None),
        ({"DateTimeOriginal": "    :  :     :  :  "}, None, None, None),
        ({"DateTimeOriginal": "2019:13:01 00:00:00"}, None, None, None),
        ({"DateTimeOriginal": "2019:02:30 00:00:00"}, None, None, None),
        ({"DateTimeOriginal": "2019:08:07"}, None, None, None),
        ({"DateTimeOriginal": "1897:06:05 04:03:02"}, "1897-06-05T04:03:02.000", "1897-06-05T04:03:02.000", None),
        (
            {"DateTimeOriginal": "9999:12:31 23:59:59", "OffsetTimeOriginal": "-05:00"},
            "9999-12-31T23:59:59.000", "9999-12-31T18:59:59.000", "UTC-5",
        ),
        (
            {"DateTimeOriginal": "2021:07:01 12:00:00", "gps": (48.8584, 2.2945)},
            "2021-07-01T10:00:00.000", "2021-07-01T12:00:00.000", "Europe/Paris",
        ),
        (
            {"DateTimeOriginal": "2021:01:01 12:00:00", "gps": (48.8584, 2.2945)},
            "2021-01-01T11:00:00.000", "2021-01-01T12:00:00.000", "Europe/Paris",
        ),
        (
            {"DateTimeOriginal": "2021:07:01 12:00:00", "OffsetTimeOriginal": "-03:00", "gps": (-22.9519, -43.2105)},
            "2021-07-01T15:00:00.000", "2021-07-01T12:00:00.000", "UTC-3",
        ),
        ({"gps": (-33.8568, 151.2153)}, None, None, "Australia/Sydney"),
        (
            {"satellites": "2023:11:15 12:30:00", "gps": (37.7749, -122.4194)},
            "2023-11-15T12:30:00.000", "2023-11-15T04:30:00.000", "America/Los_Angeles",
        ),
        # The satellites' clock alone is UTC; beside the camera's it tells the camera's zone.
        ({"satellites": "2023:11:15 12:30:00"}, "2023-11-15T12:30:00.000", "2023-11-15T12:30:00.000", "UTC+0"),
        (
            {"DateTimeOriginal": "2023:11:15 18:01:40", "satellites": "2023:11:15 12:30:00"},
            "2023-11-15T12:31:40.000", "2023-11-15T18:01:40.000", "UTC+5:30",
        ),
        (
            {"DateTimeOriginal": "2023:11:17 18:01:40", "satellites": "2023:11:15 12:30:00"},
            "2023-11-17T18:01:40.000", "2023-11-17T18:01:40.000", None,
        ),
    ],
)  # fmt: skip
def test_dates_and_zones_of_exif(read, tags, instant, local, zone):
    assert dates(read(jpeg(exif=exif(**tags)))) == (instant, local, zone)


@pytest.mark.parametrize(
    ("attributes", "instant", "local", "zone"),
    [
        (
            'exif:DateTimeOriginal="2011-11-11T11:11:11-05:00"',
            "2011-11-11T16:11:11.000", "2011-11-11T11:11:11.000", "UTC-5",
        ),
        ('photoshop:DateCreated="2011-11-11T11:11:11.25"', "2011-11-11T11:11:11.250", "2011-11-11T11:11:11.250", None),
        ('xmp:CreateDate="2011-11-11T11:11:11Z"', "2011-11-11T11:11:11.000", "2011-11-11T11:11:11.000", "UTC+0"),
        ('xmp:CreateDate="2011-11-11T11:11"', "2011-11-11T11:11:00.000", "2011-11-11T11:11:00.000", None),
        ('xmp:CreateDate="2011-11-11"', None, None, None),
        ('xmp:ModifyDate="2011-11-11T11:11:11Z"', None, None, None),
    ],
)  # fmt: skip
def test_dates_of_xmp(read, attributes, instant, local, zone):
    assert dates(read(jpeg(packet=xmp(attributes)))) == (instant, local, zone)


def test_dates_of_iptc(read):
    records = iptc_record(55, b"20220110") + iptc_record(60, b"151544-0400")
    assert dates(read(jpeg(iptc=records))) == ("2022-01-10T19:15:44.000", "2022-01-10T15:15:44.000", "UTC-4")
    assert dates(read(jpeg(iptc=iptc_record(60, b"151544-0400"))))[0] is None


def test_an_offset_in_one_date_is_the_zone_of_all(read):
    made = exif(DateTimeOriginal="2007:12:06 14:33:18")
    content = jpeg(exif=made, packet=xmp('xmp:CreateDate="2007-12-06T14:33:18+09:00"'))
    assert dates(read(content)) == ("2007-12-06T05:33:18.000", "2007-12-06T14:33:18.000", "UTC+9")


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ((48.8584, 2.2945), (48.8584, 2.2945)),
        ((-22.9519, -43.2105), (-22.9519, -43.2105)),
        ((0, 0), (None, None)),
        ((0, 9.5), (0, 9.5)),
        ((91, 5), (None, None)),
        (None, (None, None)),
    ],
)
def test_places(read, position, expected):
    metadata = read(jpeg(exif=exif(gps=position)))
    assert (metadata.latitude, metadata.longitude) == expected


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        ("40,14.078645N", "76,17.22849W", (40.234644, -76.287141)),
        ("33,51,24.48S", "151,12,55.08E", (-33.8568, 151.2153)),
        ("-33.8568", "151.2153", (-33.8568, 151.2153)),
        ("north", "east", (None, None)),
        ("", "", (None, None)),
    ],
)
def test_places_of_xmp(read, latitude, longitude, expected):
    metadata = read(jpeg(packet=xmp(f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"')))
    assert (metadata.latitude, metadata.longitude) == expected


def test_the_camera(read):
    metadata = read(
        jpeg(
            exif=exif(
                Make="Acme", Model="Snapper 5", LensModel="Acme 35mm f/1.8", FNumber=1.8, ExposureTime=0.008,
                ISOSpeedRatings=200, FocalLength=35.0, ImageDescription="A description", Rating=3,
            )
        )
    )  # fmt: skip
    assert (metadata.make, metadata.model, metadata.lens_model) == ("Acme", "Snapper 5", "Acme 35mm f/1.8")
    assert (metadata.f_number, metadata.focal_length, metadata.iso) == (1.8, 35, 200)
    assert (metadata.exposure_time, metadata.description, metadata.rating) == ("1/125", "A description", 3)
    assert metadata.orientation is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.5"), (30.0, "30"), (0.25, "1/4"), (0.3, "0.3"), (1.0, "1"), (1 / 8000, "1/8000"), (0.0, "0")],
)
def test_exposure_is_text(read, seconds, text):
    assert read(jpeg(exif=exif(ExposureTime=seconds))).exposure_time == text


@pytest.mark.parametrize(
    ("lens", "expected"),
    [("----", None), ("Unknown (0)", None), ("  ", None), ("12", None), ("EF 50mm", "EF 50mm"), (" 50mm ", "50mm")],
)
def test_what_is_no_lens(read, lens, expected):
    assert read(jpeg(exif=exif(LensModel=lens))).lens_model == expected


def test_text_is_cleaned(read):
    assert read(jpeg(exif=exif(Make=" Spaces "))).make == " Spaces"
    assert read(jpeg(exif=exif(ImageDescription="   "))).description == ""
    assert read(jpeg(exif=exif(ImageDescription="Grüße aus Köln ☀".encode()))).description == "Grüße aus Köln ☀"
    assert read(jpeg(exif=exif(ImageDescription="Grüße".encode("latin-1")))).description == "Grüße"
    assert read(jpeg(exif=exif(ImageDescription=" cut\0 here"))).description == "cut"


def test_descriptions_from_elsewhere(read):
    words = (
        '<dc:description><rdf:Alt><rdf:li xml:lang="de">Worte, viele</rdf:li>'
        '<rdf:li xml:lang="x-default">Words, many</rdf:li></rdf:Alt></dc:description>'
    )
    assert read(jpeg(packet=xmp(inner=words))).description == "Words, many"
    assert read(jpeg(iptc=iptc_record(120, b"Caption"))).description == "Caption"
    assert read(jpeg(packet=xmp(inner=words), exif=exif(ImageDescription="EXIF first"))).description == "EXIF first"


@pytest.mark.parametrize(
    ("rating", "expected"), [("4", 4), ("0", None), ("-1", None), ("5.0", 5), ("6", None), ("x", None)]
)
def test_ratings(read, rating, expected):
    assert read(jpeg(packet=xmp(f'xmp:Rating="{rating}"'))).rating == expected


def test_tags(read):
    subject = bag("dc:subject", "one", "two words", "one")
    levels = bag("lr:hierarchicalSubject", "places|Europe|Paris", "flat", "and/or")
    listed = bag("digiKam:TagsList", "a/b/c", "d, e", "2024")
    assert read(jpeg()).tags == ()
    assert read(jpeg(iptc=iptc_record(25, b"Frost") + iptc_record(25, b"Yard"))).tags == ("Frost", "Yard")
    assert read(jpeg(packet=xmp(inner=subject))).tags == ("one", "two words")
    assert read(jpeg(packet=xmp(inner=subject + levels))).tags == ("places/Europe/Paris", "flat", "and|or")
    assert read(jpeg(packet=xmp(inner=subject + levels + listed))).tags == ("a/b/c", "d, e", "2024")


def test_a_panorama(read):
    assert read(jpeg(packet=xmp('GPano:ProjectionType="equirectangular"'))).projection_type == "EQUIRECTANGULAR"


def test_the_profile(read):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert "sRGB" in read(jpeg(icc_profile=profile)).profile_description
    assert read(jpeg(icc_profile=b"broken")).profile_description is None


@pytest.mark.parametrize("orientation", range(10))
def test_sizes_follow_the_orientation(read, orientation):
    metadata = read(jpeg(exif=exif(Orientation=orientation)))
    assert (metadata.exif_image_width, metadata.exif_image_height) == (160, 120)
    assert (metadata.width, metadata.height) == ((120, 160) if 5 <= orientation <= 8 else (160, 120))
    assert metadata.orientation == (str(orientation) if 1 <= orientation <= 8 else None)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "HEIF", "AVIF", "JXL"])
def test_every_format_carries_exif(read, format):
    made = exif(Make="Acme", DateTimeOriginal="2020:05:05 05:05:05", OffsetTimeOriginal="-08:00")
    metadata = read(encoded(photo(160, 120), format, exif=made), f"a.{format.lower()}")
    assert (metadata.make, metadata.width, metadata.height) == ("Acme", 160, 120)
    assert dates(metadata) == ("2020-05-05T13:05:05.000", "2020-05-05T05:05:05.000", "UTC-8")
    assert metadata.duration_ms is None


@pytest.mark.parametrize("format", ["GIF", "BMP", "JPEG2000", "PNG"])
def test_formats_without_metadata_have_a_size(read, format):
    metadata = read(encoded(photo(160, 120), format), "a.png")
    assert (metadata.exif_image_width, metadata.exif_image_height, metadata.make) == (160, 120, None)


def test_camera_raw(read):
    metadata = read(raw_negative(orientation=6), "a.dng")
    assert (metadata.make, metadata.model, metadata.orientation) == ("Acme", "Raw 1", "6")
    assert (metadata.exif_image_width, metadata.width) == (96, 64)


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
def test_heif_goes_by_the_rotation_of_its_container(read, format):
    turned = encoded(photo(160, 120), format, exif=exif(Orientation=6, Make="Acme"))
    assert b"irot" in turned
    metadata = read(turned, "a.heic")
    assert (metadata.orientation, metadata.width, metadata.height) == ("6", 120, 160)
    metadata = read(turned.replace(b"irot", b"free"), "a.heic")
    assert (metadata.orientation, metadata.width, metadata.height) == (None, 160, 120)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "AVIF"])
def test_animations_have_a_duration(read, format):
    frames = [Image.new("RGB", (80, 60), colour) for colour in ("red", "lime", "blue")]
    content = encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=200, loop=0)
    name = f"a.{format.lower()}"
    assert read(content, name).duration_ms == 600
    if format == "GIF":
        assert read(content, name).orientation == "1"
    else:
        assert read(content, "a.tif").duration_ms is None, "only where the format can be animated"


def apple_note(identifier: str) -> bytes:
    entry = (0x0011).to_bytes(2, "big") + (2).to_bytes(2, "big") + (len(identifier) + 1).to_bytes(4, "big")
    return b"Apple iOS\0\0\x01MM" + b"\0\1" + entry + (32).to_bytes(4, "big") + bytes(4) + identifier.encode() + b"\0"


def test_the_identifier_of_a_live_photo(read):
    identifier = "3F2504E0-4F89-11D3-9A0C-0305E82C3301"
    assert read(jpeg(exif=exif(Make="Apple", MakerNote=apple_note(identifier)))).content_identifier == identifier
    assert read(jpeg(exif=exif(Make="Acme", MakerNote=apple_note(identifier)))).content_identifier is None
    assert read(jpeg(exif=exif(Make="Apple", MakerNote=apple_note(identifier)[:40]))).content_identifier is None


def test_a_sidecar_replaces_what_it_has(read):
    content = jpeg(exif=exif(Make="Acme", Model="Snapper", ImageDescription="inside", Rating=2))
    metadata = read(content, sidecar=xmp('tiff:Make="Other" xmp:Rating="5"', bag("digiKam:TagsList", "beside")))
    assert (metadata.make, metadata.model, metadata.rating, metadata.tags) == ("Other", "Snapper", 5, ("beside",))
    assert (metadata.description, metadata.width) == ("inside", 160)


def test_a_date_in_the_sidecar_takes_the_dates_and_the_zone_of_the_file(read):
    made = exif(DateTimeOriginal="2019:08:07 06:05:04", SubsecTimeOriginal="5", OffsetTimeOriginal="+02:00")
    content = jpeg(exif=made)
    with_zone = read(content, sidecar=xmp('xmp:CreateDate="2000-09-27T14:35:33+03:00"'))
    assert dates(with_zone) == ("2000-09-27T11:35:33.000", "2000-09-27T14:35:33.000", "UTC+3")
    without_zone = read(content, sidecar=xmp('xmp:CreateDate="2000-09-27T14:35:33"'))
    assert dates(without_zone) == ("2000-09-27T14:35:33.000", "2000-09-27T14:35:33.000", None)
    without_date = read(content, sidecar=xmp('xmp:Rating="1"'))
    assert dates(without_date) == ("2019-08-07T04:05:04.500", "2019-08-07T06:05:04.500", "UTC+2")


def test_a_sidecar_may_be_utf_16_or_broken(read):
    packet = xmp('tiff:Make="Ümlaut"')
    assert read(jpeg(), sidecar=packet.decode().encode("utf-16")).make == "Ümlaut"
    for broken in (b"", b"<x:xmpmeta", packet[:-40], b"\xff\xfe\x00", b"\0" * 100, packet.replace(b"rdf:about", b"<")):
        assert read(jpeg(exif=exif(Make="Acme")), sidecar=broken).make == "Acme"


def test_entities_in_a_sidecar_are_not_resolved(read, tmp_path):
    secret = written(tmp_path, "secret", b"secret")
    packet = xmp(inner="<dc:format>&amp;</dc:format><tiff:Make>&e;</tiff:Make>")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'.encode()
    assert read(jpeg(), sidecar=entity + packet).make is None


def test_missing_files_are_told_apart_from_broken_ones(tmp_path):
    for name in ("a.jpg", "a.mp4"):
        with pytest.raises(FileNotFoundError):
            read_metadata(tmp_path / name, filename=name)
    with pytest.raises(FileNotFoundError):
        read_metadata(written(tmp_path, "b.jpg", jpeg()), filename="b.jpg", sidecar=tmp_path / "b.xmp")


def test_an_empty_file_has_no_facts(read):
    assert read(b"", "a.jpg") == read(b"", "a.mp4") == Metadata()
