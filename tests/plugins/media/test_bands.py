"""Large PNG pictures, decoded band by band: the same pixels as at once."""

from __future__ import annotations

import io
import random
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from plugins.media import bands, decoders
from plugins.media.colours import simplified
from plugins.media.decoders import Undecodable, decode
from plugins.media.images import render
from tests.plugins.media.files import corners, encoded, oriented, photo, quarters, written


@pytest.fixture(autouse=True)
def small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "_BAND_BYTES", 5_000)
    monkeypatch.setattr(decoders, "_WORTH_BANDS", 0)


@cache
def pictures() -> dict[str, bytes]:
    picture = photo(201, 157)
    clear = picture.copy()
    clear.putalpha(picture.convert("L"))
    coloured = picture.convert("P")
    return {
        **{mode: encoded(picture.convert(mode), "PNG") for mode in ("RGB", "L", "LA")},
        "RGBA": encoded(clear, "PNG"),
        "P": encoded(coloured, "PNG"),
        "P with a transparent colour": encoded(coloured, "PNG", transparency=coloured.getpixel((0, 0))),
        "RGB with a transparent colour": encoded(picture, "PNG", transparency=picture.getpixel((0, 0))),
        "noise": encoded(Image.frombytes("RGB", (201, 157), random.Random(1).randbytes(201 * 157 * 3)), "PNG"),
    }


@pytest.mark.parametrize("kind", sorted(pictures()))
@pytest.mark.parametrize("factor", [2, 5])
def test_all_kinds(kind: str, factor: int) -> None:
    content = pictures()[kind]
    whole = Image.open(io.BytesIO(content))
    assert bands.accepts(whole, io.BytesIO(content))
    whole.load()
    expected = simplified(whole).reduce(factor)
    found = bands.decode(io.BytesIO(content), factor)
    assert (found.mode, found.size) == (expected.mode, expected.size)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_it_is_turned_and_keeps_its_size(tmp_path: Path, orientation: int, behind: bool) -> None:
    content = encoded(corners(), "PNG", exif=oriented(orientation))
    if behind:
        start = content.index(b"eXIf") - 4
        stop = start + 12 + int.from_bytes(content[start : start + 4], "big")
        end = content.index(b"IEND") - 4
        content = content[:start] + content[stop:end] + content[start:stop] + content[end:]
    path = written(tmp_path, "a.png", content)
    picture = decode(path, shorter_side=60)
    assert picture.size == (160, 120)
    upright = picture.upright(picture.image)
    whole = render(path)
    assert quarters(upright) == quarters(Image.open(io.BytesIO(whole.preview)))
    assert (picture.width, picture.height) == (whole.width, whole.height)


def test_what_is_not_made_so(tmp_path: Path) -> None:
    for content in (encoded(photo(64, 48).convert("1"), "PNG"), encoded(Image.new("I;16", (64, 48)), "PNG"),
                    encoded(photo(64, 48), "JPEG")):
        assert not bands.accepts(Image.open(io.BytesIO(content)), io.BytesIO(content))
        assert min(decode(written(tmp_path, "a.png", content), shorter_side=12).size) >= 12


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_what_is_cut_off_is_refused(tmp_path: Path, part: float) -> None:
    content = pictures()["noise"]
    with pytest.raises(Undecodable, match="a.png"):
        decode(written(tmp_path, "a.png", content[: int(len(content) * part)]), shorter_side=60)


def test_damage_is_refused_or_shown(tmp_path: Path) -> None:
    content = bytearray(pictures()["RGB"])
    chance = random.Random(5)
    for _ in range(30):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[chance.randrange(8, len(damaged))] = chance.randrange(256)
        try:
            assert min(decode(written(tmp_path, "a.png", bytes(damaged)), shorter_side=60).size) >= 60
        except Undecodable as error:
            assert str(error)
