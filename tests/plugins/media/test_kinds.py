"""One file of each kind that phones, cameras and programs make, from the upload to what clients see of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import av
import numpy
import pillow_heif
import pillow_jxl
import pytest
from av.video.reformatter import ColorPrimaries, ColorTrc
from PIL import Image, ImageCms

from immich_flask.core.models import AssetJobStatus
from immich_flask.testing import Caller, Server
from tests.plugins.media.files import bag, corners, encoded, exif, jpeg, photo, photoshop, raw_negative, xmp
from tests.plugins.media.test_video import film, in_all_directions

assert pillow_jxl.Encoder

FACTS = {
    "gps": (48.8584, 2.2945), "Make": "Acme", "Model": "One", "Rating": 3, "ImageDescription": "Tower",
    "DateTimeOriginal": "2021:07:01 12:30:00", "SubsecTimeOriginal": "25", "OffsetTimeOriginal": "+02:00",
    "ExposureTime": 0.008, "FNumber": 1.8, "ISOSpeedRatings": 100,
}
TOLD = {
    "fileCreatedAt": "2021-07-01T10:30:00.250Z", "localDateTime": "2021-07-01T12:30:00.250Z", "timeZone": "UTC+2",
    "latitude": 48.8584, "longitude": 2.2945, "rating": 3, "make": "Acme", "description": "Tower",
    "exposureTime": "1/125", "fNumber": 1.8, "iso": 100,
}
PLACE = {"fileCreatedAt": "2021-07-01T10:30:00.000Z", "timeZone": "Europe/Paris", "latitude": 48.8584}
SAMPLE = {"creation_time": "2021-07-01T10:30:00Z", "location": "+48.8584+002.2945/"}
DATED = {"fileCreatedAt": "2021-07-01T10:30:00.000Z", "timeZone": "UTC"}


@dataclass(frozen=True)
class Kind:
    """`make` gives the file; `told` what the answer has at its top or in `exifInfo`. `shown` False: it has no picture.
    """

    name: str
    make: Callable[[], bytes]
    size: tuple[int | None, int | None] = (160, 120)
    told: dict | None = None
    shown: bool = True
    type: str = "IMAGE"
    duration: int | None = None
    tags: tuple[str, ...] = ()


def still(format: str, mode: str = "RGB", **options: object) -> Callable[[], bytes]:
    return lambda: encoded(photo(160, 120, mode=mode), format, **options)


def deep(format: str) -> bytes:
    """A picture of 16 bits a sample."""
    return encoded(Image.fromarray(numpy.linspace(0, 65535, 160 * 120, dtype="uint16").reshape(120, 160)), format)


def ten_bits_heif() -> bytes:
    samples = numpy.linspace(0, 65535, 160 * 120 * 3, dtype="uint16").reshape(120, 160, 3)
    out = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (160, 120), samples.tobytes()).save(out, quality=80)
    return out.getvalue()


def ten_bits_avif() -> bytes:
    """With the shades of a film in HDR, which phones give their pictures too."""
    out = io.BytesIO()
    with av.open(out, "w", format="avif") as container:
        track = container.add_stream("libsvtav1", rate=1, options={"preset": "12", "svtav1-params": "avif=1"})
        track.width, track.height, track.pix_fmt = 160, 120, "yuv420p10le"
        track.codec_context.color_trc, track.codec_context.color_primaries = ColorTrc.SMPTE2084, ColorPrimaries.BT2020
        for packet in [*track.encode(av.VideoFrame.from_image(photo(160, 120))), *track.encode(None)]:
            container.mux(packet)
    return out.getvalue()


def moving(format: str, **options: object) -> Callable[[], bytes]:
    frames = [photo(160, 120, seed=seed) for seed in range(3)]
    return lambda: encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=200, **options)


def motion(format: str, codec: str = "libx264", **options: object) -> Callable[[], bytes]:
    return lambda: film(corners(176, 144), format=format, codec=codec, **options)


def voice(format: str) -> bytes:
    """A film without pictures."""
    out = io.BytesIO()
    with av.open(out, "w", format=format) as container:
        track = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        silence.sample_rate = 44100
        silence.planes[0].update(bytes(silence.planes[0].buffer_size))
        for packet in [*track.encode(silence), *track.encode(None)]:
            container.mux(packet)
    return out.getvalue()


def headers_only() -> bytes:
    """A film that ends before its first frame, so that nothing can be told of its pictures."""
    content = film(corners(176, 144), format="matroska")
    return content[: content.index(b"\x1f\x43\xb6\x75")]


SIDEWAYS = exif(Orientation=6, **{name: value for name, value in FACTS.items() if name != "gps"}, gps=FACTS["gps"])
P3 = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"sRGB", b"XRGB")
PANORAMA = xmp('GPano:ProjectionType="equirectangular"')
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'

KINDS = [
    Kind("full.jpg", still("JPEG", exif=exif(**FACTS)), told=TOLD),
    Kind("turned.jpg", still("JPEG", exif=SIDEWAYS), (120, 160), told=TOLD | {"orientation": "6"}),
    Kind("tags.jpg", lambda: jpeg(packet=xmp(inner=bag("lr:hierarchicalSubject", "a|b", "c"))), tags=("a/b", "c")),
    Kind("progressive.jpe", still("JPEG", progressive=True, exif=exif(**FACTS)), told=TOLD),
    Kind("grey.jpeg", still("JPEG", "L")),
    Kind("print.jpg", still("JPEG", "CMYK")),
    Kind("wide.jpg", still("JPEG", icc_profile=P3)),
    Kind("panorama.jpg", lambda: jpeg(packet=PANORAMA), told={"projectionType": "EQUIRECTANGULAR"}),
    Kind("both.mpo", lambda: encoded(photo(160, 120), "MPO", save_all=True, append_images=[photo(160, 120, seed=2)])),
    Kind("alpha.png", still("PNG", "RGBA", exif=exif(**FACTS)), told=TOLD),
    Kind("palette.png", still("PNG", "P")),
    Kind("deep.png", lambda: deep("PNG")),
    Kind("moving.png", moving("PNG")),
    Kind("still.webp", still("WEBP", exif=exif(**FACTS)), told=TOLD),
    Kind("moving.webp", moving("WEBP"), duration=600),
    Kind("still.gif", still("GIF")),
    Kind("moving.gif", moving("GIF", loop=0), duration=600),
    Kind("a.bmp", still("BMP")),
    Kind("a.tiff", still("TIFF", exif=exif(**FACTS)), told=TOLD),
    Kind("deep.tif", lambda: deep("TIFF")),
    Kind("packed.tif", still("TIFF", compression="tiff_lzw")),
    Kind("a.jp2", still("JPEG2000")),
    Kind("a.avif", still("AVIF", exif=exif(**FACTS)), told=TOLD),
    Kind("ten.avif", ten_bits_avif),
    Kind("moving.avif", moving("AVIF"), duration=600),
    Kind("a.heic", still("HEIF", exif=exif(**FACTS)), told=TOLD),
    Kind("ten.heif", ten_bits_heif),
    Kind("renamed.jpg", still("HEIF", quality=70, exif=exif(**FACTS)), told=TOLD),
    Kind("a.jxl", still("JXL", exif=exif(**FACTS)), told=TOLD),
    Kind("a.psd", lambda: photoshop(photo(160, 120))),
    Kind("a.dng", lambda: raw_negative(160, 120), told={"make": "Acme", "model": "Raw 1"}),
    Kind("turned.dng", lambda: raw_negative(160, 120, orientation=6), (120, 160)),
    Kind("a.svg", lambda: SVG, (None, None), shown=False),
    Kind("broken.jpg", lambda: still("JPEG")()[:200], (None, None), shown=False),
    Kind("empty.heic", lambda: b"nothing of the kind", (None, None), shown=False),
    Kind("a.mp4", motion("mp4", facts=SAMPLE), (176, 144), PLACE, type="VIDEO", duration=1000),
    Kind("turned.mp4", motion("mp4", rotation=-90), (144, 176), type="VIDEO", duration=1000),
    Kind("around.mp4", lambda: in_all_directions(film(corners(176, 144))), (176, 144),
         {"projectionType": "EQUIRECTANGULAR"}, type="VIDEO", duration=1000),
    Kind("a.mov", motion("mov", facts=SAMPLE), (176, 144), PLACE, type="VIDEO", duration=1000),
    Kind("a.3gp", motion("3gp", "mpeg4", facts={"creation_time": "2021-07-01T10:30:00Z"}), (176, 144), DATED,
         type="VIDEO", duration=1000),
    Kind("a.mkv", motion("matroska", facts={"creation_time": "2021-07-01T10:30:00Z"}), (176, 144), DATED, type="VIDEO",
         duration=1000),
    Kind("a.webm", motion("webm", "libvpx-vp9"), (176, 144), type="VIDEO", duration=1000),
    Kind("a.avi", motion("avi", "mpeg4"), (176, 144), type="VIDEO", duration=1000),
    Kind("a.wmv", motion("asf", "wmv2"), (176, 144), type="VIDEO"),
    Kind("a.flv", motion("flv", "flv"), (176, 144), type="VIDEO"),
    Kind("a.m2ts", motion("mpegts"), (176, 144), type="VIDEO"),
    Kind("a.mts", motion("mpegts", frames=12), (176, 144), type="VIDEO"),
    Kind("a.mpg", motion("mpeg", "mpeg2video", rate=25), (176, 144), type="VIDEO"),
    Kind("a.mxf", motion("mxf", "mpeg2video", rate=25), (176, 144), type="VIDEO"),
    Kind("voice.mp4", lambda: voice("mp4"), (None, None), type="VIDEO", shown=False),
    Kind("nothing.mkv", headers_only, (None, None), type="VIDEO", shown=False),
]


@pytest.fixture(scope="module")
def owner(server: Server) -> Caller:
    return server.user("kinds")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_file_of_every_kind(server: Server, owner: Caller, kind: Kind) -> None:
    content = kind.make()
    asset = owner.asset(content, kind.name)
    answer = owner.get(f"/assets/{asset}").json
    assert (answer["type"], answer["width"], answer["height"]) == (kind.type, *kind.size)
    facts = answer | answer["exifInfo"]
    told = kind.told or {}
    assert {name: facts[name] for name in told} == told
    assert [tag["value"] for tag in answer["tags"]] == list(kind.tags)
    if kind.duration is not None:
        assert answer["duration"] == pytest.approx(kind.duration, abs=101)
    elif kind.type == "IMAGE":
        assert answer["duration"] is None
    with server.context():
        assert bool(AssetJobStatus.get_by_id(asset).error) != kind.shown
    for size in ("thumbnail", "preview"):
        shown = owner.get(f"/assets/{asset}/thumbnail", size=size)
        assert shown.status_code == (200 if kind.shown else 404)
        if kind.shown:
            picture = Image.open(io.BytesIO(shown.data))
            assert picture.format == {"thumbnail": "WEBP", "preview": "JPEG"}[size]
            assert picture.size == kind.size
    assert (answer["thumbhash"] is not None) == kind.shown
    assert owner.get(f"/assets/{asset}/original").data == content
