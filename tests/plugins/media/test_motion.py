"""Motion photos: the film behind a picture is found, in each of the ways phones put it there."""

from __future__ import annotations

import pytest

from plugins.media.metadata import read_metadata
from tests.plugins.media.files import encoded, jpeg, photo, written, xmp

FILM = b"\0\0\0\x18ftypmp42" + b"the film" * 40


def found(tmp_path, content: bytes, name: str = "a.jpg") -> bytes | None:
    """The bytes of the film in a file, None if there is none."""
    part = read_metadata(written(tmp_path, name, content), filename=name).motion_video
    return part and content[part.offset : part.offset + part.length]


def directory(length: object, padding: object = 0) -> str:
    items = (("Primary", 0, 0), ("MotionPhoto", length, padding))
    listed = "".join(
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" '
        f'Item:Semantic="{semantic}" Item:Length="{size}" Item:Padding="{gap}"/></rdf:li>'
        for semantic, size, gap in items
    )
    return f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"


def samsung_trailer(film: bytes, other: bytes = b"2024") -> bytes:
    """Blocks, then their directory, then the directory's length."""
    blocks, entries = b"", []
    for kind, name, data in ((0x0A01, b"Image_UTC_Data", other), (0x0A30, b"MotionPhoto_Data", film)):
        block = b"\0\0" + kind.to_bytes(2, "little") + len(name).to_bytes(4, "little") + name + data
        entries.append((kind, len(blocks), len(block)))
        blocks += block
    listed = b"SEFH" + (106).to_bytes(4, "little") + len(entries).to_bytes(4, "little")
    for kind, start, length in entries:
        back = len(blocks) - start
        listed += b"\0\0" + kind.to_bytes(2, "little") + back.to_bytes(4, "little") + length.to_bytes(4, "little")
    return blocks + listed + len(listed).to_bytes(4, "little") + b"SEFT"


def test_google_tells_the_length_in_a_directory(tmp_path):
    marked = jpeg(packet=xmp('GCamera:MotionPhoto="1"', directory(len(FILM), 7)))
    assert found(tmp_path, marked + FILM + bytes(7)) == FILM


def test_google_once_told_an_offset(tmp_path):
    marked = jpeg(packet=xmp(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(FILM)}"'))
    assert found(tmp_path, marked + FILM) == FILM


def test_samsung_puts_a_trailer_behind_a_jpeg(tmp_path):
    marked = jpeg(packet=xmp('GCamera:MotionPhoto="1"'))
    assert found(tmp_path, marked + samsung_trailer(FILM)) == FILM
    assert found(tmp_path, jpeg() + samsung_trailer(FILM)) == FILM  # older phones write no XMP


def test_samsung_puts_a_box_into_a_heic(tmp_path):
    still = encoded(photo(160, 120), "HEIF", xmp=xmp('GCamera:MotionPhoto="1"'))
    box = (len(FILM) + 8).to_bytes(4, "big") + b"mpvd" + FILM
    assert found(tmp_path, still + box, "a.heic") == FILM


def test_without_the_mark_there_is_no_film(tmp_path):
    assert found(tmp_path, jpeg() + FILM) is None
    assert found(tmp_path, jpeg(packet=xmp('GCamera:MotionPhoto="0"', directory(len(FILM)))) + FILM) is None
    assert found(tmp_path, jpeg(packet=xmp('GCamera:MotionPhoto="1"')) + FILM) is None


def test_what_is_no_film_there(tmp_path):
    other = b"not a film, whatever the tags say" * 9
    marks = xmp(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(other)}"')
    assert found(tmp_path, jpeg(packet=marks) + other) is None
    assert found(tmp_path, jpeg() + samsung_trailer(other)) is None


@pytest.mark.parametrize("length", ["0", "-5", "99999999", "1e30", "x", ""])
def test_a_length_that_cannot_be(tmp_path, length):
    assert found(tmp_path, jpeg(packet=xmp('GCamera:MotionPhoto="1"', directory(length))) + FILM) is None
    marked = jpeg(packet=xmp(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{length}"'))
    assert found(tmp_path, marked + FILM) is None


def test_a_damaged_trailer(tmp_path):
    marked, trailer = jpeg(packet=xmp('GCamera:MotionPhoto="1"')), samsung_trailer(FILM)
    for tail in (trailer[:-4], b"\xff\xff\xff\x7fSEFT", bytes(4) + b"SEFT", trailer[:-20] + trailer[-8:]):
        assert found(tmp_path, marked + tail) is None
