"""Films: facts, the frame that stands for them, and what is refused."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.bitstream import BitStreamFilterContext
from PIL import Image

from plugins.media import avchd, video
from plugins.media.decoders import Undecodable
from plugins.media.images import render_picture
from plugins.media.metadata import read_metadata
from tests.plugins.media.files import corners, damaged, encoded, quarters, written


def film(
    *scenes: Image.Image,
    format: str = "mp4",
    codec: str = "libx264",
    rate: int = 10,
    frames: int = 10,
    rotation: int | None = None,
    pixel_ratio: Fraction | None = None,
    facts: dict[str, str] | None = None,
    user_data: str = "",
) -> bytes:
    """A film of `frames` frames per scene, each scene beginning with a key frame.

    `facts` go into the container, `user_data` ("uuid+text") into the picture stream.
    """
    out = io.BytesIO()
    options = {"movflags": "use_metadata_tags"} if format in ("mp4", "mov") else {}
    with av.open(out, "w", format=format, options=options) as container:
        container.metadata.update(facts or {})
        track = container.add_stream(codec, rate=rate)
        track.width, track.height, track.pix_fmt = scenes[0].width, scenes[0].height, "yuv420p"
        track.codec_context.gop_size = frames
        track.codec_context.thread_count = 1
        if pixel_ratio:
            track.codec_context.sample_aspect_ratio = pixel_ratio
        if rotation is not None:
            track.set_display_rotation(rotation)
        marked = BitStreamFilterContext(f"h264_metadata=sei_user_data={user_data}", track) if user_data else None
        for shown in (av.VideoFrame.from_image(scene) for scene in scenes for _ in range(frames)):
            for packet in track.encode(shown):
                container.mux(marked.filter(packet) if marked else packet)
        for packet in track.encode():
            container.mux(marked.filter(packet) if marked else packet)
    return out.getvalue()


@pytest.fixture
def path(tmp_path):
    return lambda content, name="film.mp4": written(tmp_path, name, content)


@pytest.mark.parametrize(
    ("format", "codec"),
    [
        ("mp4", "libx264"), ("mov", "libx264"), ("matroska", "libx264"), ("webm", "libvpx-vp9"), ("avi", "mpeg4"),
        ("mpegts", "libx264"), ("asf", "wmv2"), ("flv", "flv1"),
    ],
)  # fmt: skip
def test_facts_of_a_film(path, format, codec):
    encoder = "flv" if codec == "flv1" else codec
    found = video.probe(path(film(corners(64, 48), format=format, codec=encoder, frames=20)))
    assert (found.width, found.height, found.orientation) == (64, 48, 1)
    assert found.duration_ms == pytest.approx(2000, abs=101) and found.fps == pytest.approx(10)
    assert found.video_codec in ("h264", "vp9", "mpeg4", "wmv2", "flv1", "flv") and found.audio_codec is None


@pytest.mark.parametrize(
    ("rotation", "orientation", "turned"),
    [
        (0, "1", ["top left", "top right", "bottom left", "bottom right"]),
        (-90, "6", ["bottom left", "top left", "bottom right", "top right"]),
        (90, "8", ["top right", "bottom right", "top left", "bottom left"]),
        (180, "3", ["bottom right", "bottom left", "top right", "top left"]),
    ],
)
def test_a_turned_film(path, rotation, orientation, turned):
    source = path(film(corners(320, 240), rotation=rotation))
    metadata = read_metadata(source, filename="film.mp4")
    size = (240, 320) if orientation in "68" else (320, 240)
    assert metadata.orientation == orientation
    assert (metadata.exif_image_width, metadata.exif_image_height) == (320, 240)
    assert (metadata.width, metadata.height) == size
    rendered = render_picture(video.frame(source, shorter_side=1440))
    preview = Image.open(io.BytesIO(rendered.preview))
    assert (preview.size, quarters(preview)) == (size, turned)
    assert (rendered.width, rendered.height) == size


def test_pixels_that_are_not_square(path):
    source = path(film(corners(320, 240), format="matroska", pixel_ratio=Fraction(4, 3)))
    assert (video.probe(source).width, video.probe(source).height) == (427, 240)
    assert video.frame(source, shorter_side=1440).image.size == (427, 240)


def test_a_frame_is_scaled_down(path):
    picture = video.frame(path(film(corners(320, 240))), shorter_side=60)
    assert picture.image.size == (80, 60) and (picture.width, picture.height) == (320, 240)


def test_the_frame_shows_the_first_new_scene(path):
    black, grey, red = (Image.new("RGB", (64, 48), colour) for colour in ("black", (20, 20, 20), "red"))
    shown = video.frame(path(film(black, grey, red)), shorter_side=48).image.getpixel((30, 20))
    assert shown[0] > 200 and shown[1] < 60
    still = video.frame(path(film(grey, grey, grey)), shorter_side=48).image.getpixel((30, 20))
    assert max(still) < 40


def test_what_a_phone_writes(path):
    facts = {
        "creation_time": "2020-05-05T05:05:05Z",
        "com.apple.quicktime.creationdate": "2020-05-05T07:05:05+0200",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone 12",
        "com.apple.quicktime.content.identifier": "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
        "com.apple.quicktime.location.ISO6709": "+48.8584+002.2945+035.000/",
        "description": " A film ",
    }
    metadata = read_metadata(path(film(corners(64, 48), format="mov", facts=facts)), filename="film.mov")
    assert (metadata.make, metadata.model, metadata.description) == ("Apple", "iPhone 12", "A film")
    assert metadata.content_identifier == "3F2504E0-4F89-11D3-9A0C-0305E82C3301"
    assert (metadata.latitude, metadata.longitude, metadata.time_zone) == (48.8584, 2.2945, "Europe/Paris")
    assert metadata.date_time_original == datetime(2020, 5, 5, 5, 5, 5, tzinfo=UTC)
    assert metadata.local_date_time == datetime(2020, 5, 5, 7, 5, 5, tzinfo=UTC)
    assert metadata.duration_ms == 1000 and metadata.fps == 10


def test_the_zone_of_a_film(path):
    """From its own date, else from its place, else UTC, in which containers keep their dates."""
    moment = {"creation_time": "2020-05-05T05:05:05Z"}

    def read(**facts: str) -> tuple[str, int, int]:
        metadata = read_metadata(path(film(corners(64, 48), format="mov", facts=moment | facts)), filename="film.mov")
        return metadata.time_zone, metadata.date_time_original.hour, metadata.local_date_time.hour

    assert read() == ("UTC", 5, 5)
    assert read(**{"com.apple.quicktime.creationdate": "2020-05-05T07:05:05+0200"}) == ("UTC+2", 5, 7)
    assert read(location="+35.6895+139.6917/") == ("Asia/Tokyo", 5, 14)
    assert read(location="+00.0000+000.0000/") == ("UTC", 5, 5)
    assert read(location="nowhere") == ("UTC", 5, 5)


def test_a_film_without_a_date(path):
    metadata = read_metadata(path(film(corners(64, 48))), filename="film.mp4")
    assert (metadata.date_time_original, metadata.time_zone) == (None, "UTC")
    assert (metadata.latitude, metadata.description, metadata.motion_video) == (None, "", None)


def test_a_camcorder_writes_the_date_into_the_pictures(path):
    written_date = bytes.fromhex("02 18 02 20 08 12 19 31 23 16 24").decode("latin-1")
    content = film(corners(64, 48), format="mpegts", user_data=f"17ee8c60f84d11d98cd60800200c9a66+MDPM{written_date}")
    metadata = read_metadata(path(content, "film.mts"), filename="film.mts")
    assert metadata.date_time_original == datetime(2008, 12, 31, 22, 16, 24, tzinfo=UTC)
    assert (metadata.local_date_time.hour, metadata.time_zone) == (23, "UTC+1")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("02 18 02 20 08 12 19 31 23 16 24", "2008:12:31 23:16:24+01:00"),
        ("03 13 00 00 00 00 18 27 20 08 12 19 31 23 16 24", "2008:12:31 23:16:24-03:30"),
        ("02 18 ff 20 08 12 19 31 23 16 24", "2008:12:31 23:16:24"),
        ("02 18 02 20 08 1f 19 31 23 16 24", None),
        ("01 18 02 20 08 12 19 31 23 16 24", None),
        ("02 18 02 20 08 12 19 31 23", None),
        ("", None),
    ],
)
def test_the_date_of_a_camcorder(entries, expected):
    mark = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
    assert avchd.recorded(b"\0\0\0\1\6\5" + mark + bytes.fromhex(entries)) == expected
    assert avchd.recorded(b"\0\0\0\1\6\5" + mark[:-1] + bytes.fromhex(entries)) is None


def in_all_directions(content: bytes) -> bytes:
    """The film (MP4) marked as Google's first format for such films has it: XML in a box at the end of its track."""
    words = (
        '<rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/">'
        "<GSpherical:Spherical>true</GSpherical:Spherical><GSpherical:Stitched>true</GSpherical:Stitched>"
        "<GSpherical:StitchingSoftware>x</GSpherical:StitchingSoftware>"
        "<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType></rdf:SphericalVideo>"
    ).encode()
    box = b"uuid" + bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + words
    box = (len(box) + 4).to_bytes(4, "big") + box
    for kind in (b"moov", b"trak"):
        at = content.index(kind) - 4
        length = int.from_bytes(content[at : at + 4], "big")
        content = content[:at] + (length + len(box)).to_bytes(4, "big") + content[at + 4 :]
    end = at + length
    return content[:end] + box + content[end:]


def test_a_film_in_all_directions(path):
    source = path(in_all_directions(film(corners(64, 32))))
    assert read_metadata(source, filename="film.mp4").projection_type == "EQUIRECTANGULAR"
    assert read_metadata(path(film(corners(64, 32))), filename="film.mp4").projection_type is None


@pytest.mark.parametrize(
    "content",
    [
        b"", bytes(5000), encoded(corners(), "JPEG")[:200], b"RIFF\xff\0\0\0AVI LIST", b"\x1a\x45\xdf\xa3" + bytes(60),
    ],
)  # fmt: skip
def test_what_is_no_film_is_refused(path, content):
    for function in (video.probe, lambda source: video.frame(source, shorter_side=250)):
        with pytest.raises(Undecodable, match="film.mp4"):
            function(path(content))


def test_what_would_read_other_files_is_refused(path, tmp_path):
    other = written(tmp_path, "other.mp4", film(corners(64, 48)))
    playlists = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other.name}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{other.name}'\n",
    )
    for playlist in playlists:
        for name in ("film.mp4", "film.m3u8", "film.ffconcat"):
            with pytest.raises(Undecodable):
                video.probe(path(playlist.encode(), name))


def test_a_size_beyond_the_limit_is_refused(path):
    source = path(film(corners(320, 240)))
    for function in (video.probe, lambda *args, **options: video.frame(*args, shorter_side=250, **options)):
        assert function(source, max_megapixels=0.0768).width == 320
        with pytest.raises(Undecodable, match="megapixels"):
            function(source, max_megapixels=0.07)


def test_a_missing_film_is_no_broken_one():
    for function in (video.probe, lambda source: video.frame(source, shorter_side=250)):
        with pytest.raises(FileNotFoundError):
            function(Path("gone.mp4"))


@pytest.mark.parametrize(
    ("format", "codec"), [("mp4", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4"), ("mpegts", "libx264")]
)
def test_damaged_films_are_shown_or_refused(path, format, codec):
    content = film(corners(64, 48), format=format, codec=codec)
    for seed in range(40):
        source = path(damaged(content, seed))
        assert read_metadata(source, filename="film.mp4").description == ""
        try:
            assert video.frame(source, shorter_side=250).image.width > 0
        except Undecodable as error:
            assert str(error)
