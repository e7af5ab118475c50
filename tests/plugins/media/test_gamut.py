"""Colours told by numbers instead of a profile: P3, BT.2020 and HDR in HEIC, AVIF and films."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from plugins.media import gamut, video
from plugins.media.colours import description
from plugins.media.images import RenditionSpec, render, render_picture
from tests.plugins.media.files import encoded, written

NEUTRAL, ORANGE = (128, 128, 128), (200, 100, 50)


def heic(colour: tuple[int, int, int], primaries: int, transfer: int, *, bits: int = 8, **options: object) -> bytes:
    """A picture of one colour, without a profile."""
    told = {"color_primaries": primaries, "transfer_characteristics": transfer, "matrix_coefficients": 6,
            "full_range_flag": 1}
    if bits == 8:
        return encoded(Image.new("RGB", (64, 48), colour), "HEIF", quality=95, chroma=444, **told, **options)
    out = io.BytesIO()
    samples = np.broadcast_to(np.array(colour, np.uint16) * 257, (48, 64, 3))
    pillow_heif.from_bytes("RGB;16", (64, 48), samples.tobytes()).save(out, quality=95, chroma=444, **told)
    return out.getvalue()


def avif(colour: tuple[int, int, int], primaries: int, transfer: int) -> bytes:
    content = encoded(Image.new("RGB", (64, 48), colour), "AVIF", quality=95, subsampling="4:4:4")
    at = content.index(b"nclx") + 4
    return content[:at] + bytes((0, primaries, 0, transfer)) + content[at + 4:]


def seen(tmp_path: Path, content: bytes, name: str, colorspace: str = "p3") -> tuple[tuple, str | None]:
    """The colour in the middle of the preview, and what its profile calls itself."""
    rendered = render(written(tmp_path, name, content), colorspace=colorspace)
    return of_preview(rendered.preview)


def of_preview(preview: bytes) -> tuple[tuple, str | None]:
    with Image.open(io.BytesIO(preview)) as image:
        profile = image.info.get("icc_profile")
        return image.getpixel((30, 20)), profile and description(profile)


def near(found: tuple, expected: tuple, most: int = 5) -> bool:
    return max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= most


@pytest.mark.parametrize(("make", "name"), [(heic, "a.heic"), (avif, "a.avif")])
@pytest.mark.parametrize(("colour", "primaries", "transfer", "in_p3", "in_srgb"), [
    (ORANGE, 12, 13, ORANGE, (215, 93, 31)),
    (ORANGE, 11, 13, ORANGE, (215, 93, 31)),
    (ORANGE, 9, 14, (223, 89, 50), (241, 76, 30)),
    (NEUTRAL, 9, 1, NEUTRAL, NEUTRAL),
    (NEUTRAL, 1, 8, (188, 188, 188), (188, 188, 188)),
    # 26 and 203 nits, the grey and the white of a page, then what shines; as a film's in HDR by FFmpeg, but for the
    # brightest, which that cuts off.
    ((97, 97, 97), 9, 16, (100, 100, 100), (100, 100, 100)),
    ((148, 148, 148), 9, 16, (227, 227, 227), (227, 227, 227)),
    ((230, 230, 230), 9, 16, (255, 255, 255), (255, 255, 255)),
    ((100, 100, 100), 9, 18, (104, 104, 104), (104, 104, 104)),
    ((191, 191, 191), 9, 18, (228, 228, 228), (228, 228, 228)),
])
def test_wide(tmp_path: Path, make, name: str, colour: tuple, primaries: int, transfer: int, in_p3: tuple,
              in_srgb: tuple) -> None:
    content = make(colour, primaries, transfer)
    shown, profile = seen(tmp_path, content, name)
    assert near(shown, in_p3) and profile == "Display P3"
    shown, profile = seen(tmp_path, content, name, "srgb")
    assert near(shown, in_srgb) and profile is None


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (1, 1), (2, 2), (6, 6), (22, 13), (255, 99)])
def test_near_srgb(tmp_path: Path, primaries: int, transfer: int) -> None:
    shown, profile = seen(tmp_path, avif(ORANGE, primaries, transfer), "a.avif")
    assert near(shown, ORANGE) and profile is None


def test_ten_bits(tmp_path: Path) -> None:
    shown, profile = seen(tmp_path, heic((191, 191, 191), 9, 18, bits=10), "a.heic")
    assert near(shown, (228, 228, 228)) and profile == "Display P3"
    shown, profile = seen(tmp_path, heic(ORANGE, 12, 13, bits=10), "a.heic")
    assert near(shown, ORANGE) and profile == "Display P3"


def test_a_profile_says_more_than_numbers(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(Image.new("RGB", (64, 48), ORANGE), "AVIF", quality=95, icc_profile=profile)
    content = content.replace(b"nclx\0\1\0\x0d", b"nclx\0\x0c\0\x0d")
    assert near(seen(tmp_path, content, "a.avif")[0], ORANGE)


def test_transparency_stays() -> None:
    image, _ = gamut.shown(Image.new("RGBA", (2, 2), (148, 148, 148, 77)), 9, 16)
    assert near(image.getpixel((0, 0)), (227, 227, 227, 77))


def test_a_large_picture_is_made_smaller_first(tmp_path: Path) -> None:
    path = written(tmp_path, "a.heic", heic((148, 148, 148), 9, 16))
    rendered = render(path, preview=RenditionSpec("jpeg", 20))
    assert (rendered.width, rendered.height) == (64, 48)
    with Image.open(io.BytesIO(rendered.preview)) as preview:
        assert preview.size == (27, 20) and near(preview.getpixel((9, 9)), (227, 227, 227))


def test_grey() -> None:
    image, profile = gamut.shown(Image.new("L", (2, 2), 148), 9, 16)
    assert near(image.getpixel((0, 0)), (227, 227, 227)) and description(profile) == "Display P3"


def test_the_profile_is_display_p3() -> None:
    told = ImageCms.ImageCmsProfile(io.BytesIO(gamut.p3_profile())).profile
    assert (told.xcolor_space, told.connection_space, told.version) == ("RGB ", "XYZ ", 4.3)
    for colour, expected in ((told.red_primary, (0.5151, 0.2412, -0.0011)),
                             (told.green_primary, (0.2920, 0.6922, 0.0419)),
                             (told.blue_primary, (0.1571, 0.0666, 0.7841))):
        assert colour[0] == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize(("transfer", "colour"), [(16, (148, 148, 148)), (18, (191, 191, 191))])
def test_films(tmp_path: Path, transfer: int, colour: tuple) -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        track = container.add_stream("libx264", rate=5)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv444p"
        track.codec_context.color_trc, track.codec_context.color_primaries = transfer, gamut.BT2020
        frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), colour))
        for packet in [*track.encode(frame), *track.encode(None)]:
            container.mux(packet)
    frame = video.frame(written(tmp_path, "a.mp4", out.getvalue()), shorter_side=1440)
    shown, profile = of_preview(render_picture(frame).preview)
    assert near(shown, (227, 227, 227)) and profile == "Display P3"
