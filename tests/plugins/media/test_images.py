"""Thumbnails, previews and thumbhashes: sizes, orientation, colours, and the formats they are made from."""

from __future__ import annotations

import io

import pillow_jxl
import pytest
from PIL import Image, ImageCms

from plugins.media import images
from plugins.media.decoders import Undecodable
from plugins.media.images import RenditionSpec, render, rendition
from tests.plugins.media.files import corners, encoded, oriented, photo, photoshop, quarters, raw_negative, written

assert pillow_jxl.Encoder


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(
    ("size", "preview", "thumbnail"),
    [
        ((3000, 2000), (2160, 1440), (375, 250)),
        ((2000, 3000), (1440, 2160), (250, 375)),
        ((4000, 3000), (1920, 1440), (333, 250)),
        ((1440, 1440), (1440, 1440), (250, 250)),
        ((1441, 1443), (1440, 1442), (250, 250)),
        ((300, 200), (300, 200), (300, 200)),
        ((1, 1), (1, 1), (1, 1)),
        ((2000, 1), (2000, 1), (2000, 1)),
    ],
)
def test_the_shorter_side_is_brought_down_and_never_up(tmp_path, size, preview, thumbnail):
    rendered = render(written(tmp_path, "a.jpg", encoded(Image.new("RGB", size, "teal"), "JPEG")))
    small, large = opened(rendered.thumbnail), opened(rendered.preview)
    assert (small.format, small.size) == ("WEBP", thumbnail)
    assert (large.format, large.size) == ("JPEG", preview)
    assert (rendered.width, rendered.height) == size


def test_a_panorama_stays_within_what_the_formats_hold(tmp_path):
    path = written(tmp_path, "a.png", encoded(Image.new("RGB", (30_000, 100), "teal"), "PNG"))
    rendered = render(path)
    assert opened(rendered.thumbnail).size == (16_383, 55)
    assert opened(rendered.preview).size == (30_000, 100)


def test_renditions_follow_their_specification(tmp_path):
    path = written(tmp_path, "a.jpg", encoded(photo(800, 600), "JPEG"))
    rendered = render(
        path, thumbnail=RenditionSpec("jpeg", 60, 10), preview=RenditionSpec("webp", 300, 50), colorspace="srgb"
    )
    assert (opened(rendered.thumbnail).format, opened(rendered.thumbnail).size) == ("JPEG", (80, 60))
    assert (opened(rendered.preview).format, opened(rendered.preview).size) == ("WEBP", (400, 300))
    progressive = rendition(path, RenditionSpec("jpeg", 100, progressive=True))
    assert opened(progressive).info["progressive"] and opened(progressive).size == (133, 100)
    assert len(rendition(path, RenditionSpec("jpeg", 300, 20))) < len(rendition(path, RenditionSpec("jpeg", 300, 95)))


UPRIGHT = ["top left", "top right", "bottom left", "bottom right"]
TURNED = {
    1: UPRIGHT,
    2: ["top right", "top left", "bottom right", "bottom left"],
    3: ["bottom right", "bottom left", "top right", "top left"],
    4: ["bottom left", "bottom right", "top left", "top right"],
    5: ["top left", "bottom left", "top right", "bottom right"],
    6: ["bottom left", "top left", "bottom right", "top right"],
    7: ["bottom right", "top right", "bottom left", "top left"],
    8: ["top right", "bottom right", "top left", "bottom left"],
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "JXL"])
def test_exif_orientation_is_applied(tmp_path, format, orientation):
    content = encoded(corners(), format, exif=oriented(orientation), **({"quality": 95} if format != "PNG" else {}))
    rendered = render(written(tmp_path, "a.bin", content))
    upright = TURNED[orientation] if format != "JXL" else UPRIGHT  # a JPEG XL is turned by its codestream only
    size = (240, 320) if orientation >= 5 and format != "JXL" else (320, 240)
    assert quarters(opened(rendered.preview)) == quarters(opened(rendered.thumbnail)) == upright
    assert opened(rendered.preview).size == (rendered.width, rendered.height) == size
    assert opened(rendered.preview).getexif().get(0x0112, 1) == 1


def test_heif_is_turned_by_its_container_and_not_by_exif(tmp_path):
    container = encoded(corners(), "HEIF", quality=95, exif=oriented(6))  # the encoder writes a rotation property too
    assert b"irot" in container
    rendered = render(written(tmp_path, "a.heic", container))
    assert (rendered.width, rendered.height) == (240, 320)
    assert quarters(opened(rendered.preview)) == TURNED[6]

    without_property = container.replace(b"irot", b"free")
    rendered = render(written(tmp_path, "b.heic", without_property))
    assert (rendered.width, rendered.height) == (320, 240)
    assert quarters(opened(rendered.preview)) == UPRIGHT


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_camera_raw_is_developed(tmp_path, orientation):
    rendered = render(written(tmp_path, "a.dng", raw_negative(orientation=orientation)))
    assert quarters(opened(rendered.preview)) == TURNED[orientation]
    assert (rendered.width, rendered.height) == ((64, 96) if orientation >= 5 else (96, 64))


def test_camera_raw_goes_by_the_original_name(tmp_path):
    path = written(tmp_path, "upload", raw_negative())
    assert render(path, filename="IMG_1.DNG").width == 96
    with pytest.raises(Undecodable):
        render(path)


def test_a_photoshop_file_is_shown_flattened(tmp_path):
    rendered = render(written(tmp_path, "a.psd", photoshop(corners())))
    assert quarters(opened(rendered.preview)) == UPRIGHT


def test_a_jpeg_named_as_camera_raw_is_a_jpeg(tmp_path):
    assert render(written(tmp_path, "a.nef", encoded(photo(), "JPEG"))).width == 640


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "1"), ("PNG", "L"), ("PNG", "P"), ("PNG", "I;16"), ("PNG", "LA"),
        ("WEBP", "RGB"), ("GIF", "P"), ("BMP", "RGB"), ("BMP", "1"), ("TIFF", "CMYK"), ("TIFF", "I;16"), ("TIFF", "F"),
        ("TIFF", "LAB"), ("JPEG2000", "RGB"), ("JPEG2000", "RGBA"), ("AVIF", "RGB"), ("HEIF", "RGB"), ("JXL", "RGB"),
        ("MPO", "RGB"),
    ],
)  # fmt: skip
def test_every_kind_of_pixel_becomes_a_picture(tmp_path, format, mode):
    grey = photo(400, 300).convert("L")
    if mode == "I;16":
        image = grey.convert("I").point(lambda value: value * 256).convert("I;16")
    elif mode == "F":
        image = grey.convert("F").point(lambda value: value * 0.01 + 3)
    else:
        image = photo(400, 300).convert(mode)
    rendered = render(written(tmp_path, "a.bin", encoded(image, format)))
    preview = opened(rendered.preview)
    assert (preview.size, rendered.width, rendered.height) == ((400, 300), 400, 300)
    assert not rendered.transparent
    if mode not in ("1", "P"):  # those two have lost more than the encoder loses
        expected = grey.resize((8, 6))
        seen = preview.convert("L").resize((8, 6))
        assert max(abs(a - b) for a, b in zip(expected.tobytes(), seen.tobytes())) < 30


def test_transparency_stays_in_the_thumbnail_and_is_black_in_the_preview(tmp_path):
    image = Image.new("RGBA", (100, 80), (255, 0, 0, 255))
    image.paste((0, 255, 0, 0), (50, 0, 100, 80))
    rendered = render(written(tmp_path, "a.png", encoded(image, "PNG")))
    assert rendered.transparent
    small, large = opened(rendered.thumbnail), opened(rendered.preview)
    assert small.mode == "RGBA" and small.getpixel((75, 40))[3] == 0 and small.getpixel((25, 40))[3] == 255
    assert large.mode == "RGB" and max(large.getpixel((75, 40))) < 10 and large.getpixel((25, 40))[0] > 240
    assert rendered.thumbhash[2] & 0x80, "the thumbhash says that it has alpha"


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_a_transparent_colour_counts_as_transparency(tmp_path, mode):
    image = Image.new(mode, (40, 40), 0)
    image.paste(Image.new(mode, (20, 40), (9, 9, 9) if mode == "RGB" else 9), (0, 0))
    content = encoded(image, "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert render(written(tmp_path, "a.png", content)).transparent


def test_an_opaque_alpha_channel_is_dropped(tmp_path):
    image = photo(100, 80).convert("RGBA")
    rendered = render(written(tmp_path, "a.png", encoded(image, "PNG")))
    assert not rendered.transparent and opened(rendered.thumbnail).mode == "RGB"


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_of_an_animation_the_first_frame_is_shown(tmp_path, format):
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue")]
    content = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    red, green, blue = opened(render(written(tmp_path, "a.bin", content)).preview).resize((1, 1)).getpixel((0, 0))
    assert red > 200 and green < 60 and blue < 60


def wide_gamut_profile() -> bytes:
    """An RGB profile that is not sRGB: sRGB's own with red and green exchanged, so that its effect shows."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "Wide".encode("utf-16-be")).replace(b"sRGB", b"Wide")


def test_a_wide_gamut_keeps_its_profile_or_becomes_srgb(tmp_path):
    profile = wide_gamut_profile()
    red = Image.new("RGB", (40, 30), "red")
    path = written(tmp_path, "a.jpg", encoded(red, "JPEG", icc_profile=profile, quality=95))
    kept = render(path)
    for content in (kept.preview, kept.thumbnail):
        assert opened(content).info["icc_profile"] == profile
        assert opened(content).convert("RGB").getpixel((20, 15))[0] > 240
    converted = render(path, colorspace="srgb")
    for content in (converted.preview, converted.thumbnail):
        assert "icc_profile" not in opened(content).info
        assert opened(content).convert("RGB").getpixel((20, 15))[1] > 240, "the profile says that this is green"


def test_srgb_needs_no_profile_and_a_broken_one_is_ignored(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (srgb, b"no profile at all", srgb[:200], lab):
        content = encoded(Image.new("RGB", (40, 30), "red"), "JPEG", icc_profile=profile, quality=95)
        preview = opened(render(written(tmp_path, "a.jpg", content)).preview)
        assert "icc_profile" not in preview.info and preview.getpixel((20, 15))[0] > 240


def test_one_decode_serves_all(tmp_path, monkeypatch):
    loads = []
    decode = images.decode
    monkeypatch.setattr(images, "decode", lambda *args, **options: loads.append(args) or decode(*args, **options))
    path = written(tmp_path, "a.jpg", encoded(photo(3200, 2400), "JPEG"))
    picture = decode(path, shorter_side=250)
    assert picture.image.size == (400, 300) and (picture.width, picture.height) == (3200, 2400)
    rendered = render(path)
    assert len(loads) == 1 and opened(rendered.preview).size == (1920, 1440)
