"""Films through PyAV, which carries FFmpeg's libraries: facts from the container, and one frame to show.

Playlists and other formats that make FFmpeg open further files or addresses are not among those allowed: what is
uploaded must not decide what the server reads.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageChops, ImageStat

from plugins.media import avchd, gamut
from plugins.media.decoders import MAX_MEGAPIXELS, Picture, check_size, fitted, undecodable
from plugins.media.tags import Tags

log = logging.getLogger(__name__)

_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "mpegts", "mpegtsraw", "mpeg", "mpegvideo", "h264",
    "hevc", "m4v", "asf", "mxf", "gif",
)
_OPTIONS = {
    "format_whitelist": ",".join(_FORMATS),
    "protocol_whitelist": "file",
    "export_xmp": "1",
}

_ORIENTATIONS = {0: 1, -90: 6, 90: 8, 180: 3, -180: 3}
"""EXIF orientation for degrees anticlockwise, as the display matrix has them."""

_PROJECTIONS = {0: "equirectangular", 1: "cubemap", 2: "equirectangular"}
"""FFmpeg's numbers; the last one is a part of the sphere."""

_MOST_PACKETS = 100
_MOST_KEY_FRAMES = 8
_FURTHEST_KEY_FRAME = 20  # seconds
_NEW_SCENE = 0.1

_ISO_6709 = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Film:
    """The facts of a film. `width` and `height` are in square pixels, before `orientation` (1, 3, 6, 8) is applied.

    `duration_ms` and `fps` are None where the container doesn't tell; codecs are FFmpeg's names. `metadata` has the
    container's and the picture track's own fields, by FFmpeg's names.
    """

    width: int
    height: int
    orientation: int | None
    duration_ms: int | None
    fps: float | None
    container: str
    video_codec: str
    audio_codec: str | None
    metadata: dict[str, str]
    xmp: bytes
    projection: str | None
    """That of a film in all directions, such as "equirectangular"."""
    recorded: str | None
    """The date a camcorder writes, as EXIF has dates."""


def probe(path: Path, *, max_megapixels: float = MAX_MEGAPIXELS) -> Film:
    """The facts of a film (or of an animated GIF). Raises Undecodable, and OSError when the file cannot be opened."""
    with _opened(path) as container:
        stream = _picture_track(container)
        width, height = _display_size(stream)
        check_size((width, height), max_megapixels)
        audio = next((s.codec_context.name for s in container.streams.audio if s.codec_context), None)
        packet, opening = _opening(container, stream)
        rate = stream.average_rate or stream.guessed_rate
        metadata = {**stream.metadata, **container.metadata}
        return Film(
            width=width,
            height=height,
            orientation=_ORIENTATIONS.get(opening.rotation if opening else 0),
            duration_ms=round(container.duration / 1000) if container.duration and container.duration > 0 else None,
            fps=float(rate) if rate else None,
            container=container.format.name,
            video_codec=stream.codec_context.name,
            audio_codec=audio,
            projection=_projection(opening),
            recorded=avchd.recorded(packet),
            xmp=metadata.pop("xmp", "").encode("utf-8", "replace"),
            metadata=metadata,
        )


def frame(path: Path, *, shorter_side: int, max_megapixels: float = MAX_MEGAPIXELS) -> Picture:
    """One frame that stands for a film, scaled down to `shorter_side`.

    It is looked for as upstream does (`ThumbnailConfig` in `server/src/utils/media.ts`): among the key frames of the
    first twenty seconds the first one that shows another scene than the opening, or the opening if nothing changes.

    Raises Undecodable, and OSError when the file cannot be opened.
    """
    with _opened(path) as container:
        stream = _picture_track(container)
        width, height = _display_size(stream)
        check_size((width, height), max_megapixels)
        size = fitted((width, height), shorter_side)
        chosen = _telling(_key_frames(container, stream), size)
        if chosen is None:
            container.seek(0)
            stream.codec_context.skip_frame = "DEFAULT"
            chosen = _telling(_first(container, stream), size)
        if chosen is None:
            raise ValueError("no frame can be decoded")
        image, icc_profile, rotation = chosen
        orientation = _ORIENTATIONS.get(rotation, 1)
        if orientation >= 5:
            width, height = height, width
        return Picture(image, width, height, orientation, icc_profile)


@contextmanager
def _opened(path: Path) -> Iterator[av.container.InputContainer]:
    with path.open("rb"):
        pass  # a missing file is no broken one
    with undecodable(path.name), av.open(str(path), options=_OPTIONS, metadata_errors="replace") as container:
        yield container


def _picture_track(container: av.container.InputContainer) -> av.VideoStream:
    """The track a player would show: the default one, then that of the highest bit rate. Cover pictures don't count."""
    tracks = [
        stream
        for stream in container.streams.video
        if stream.codec_context and not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not tracks:
        raise ValueError("no picture track")
    default = av.stream.Disposition.default
    return max(tracks, key=lambda s: (bool(s.disposition & default), s.codec_context.bit_rate or 0))


def _display_size(stream: av.VideoStream) -> tuple[int, int]:
    """The size in square pixels."""
    width, height = stream.codec_context.width, stream.codec_context.height
    ratio = stream.sample_aspect_ratio
    if ratio and ratio > 0:
        width = int(width * Fraction(ratio) + Fraction(1, 2))
    return width, height


def _opening(container: av.container.InputContainer, stream: av.VideoStream) -> tuple[bytes, av.VideoFrame | None]:
    """The first packet, and the first frame: FFmpeg tells with frames how they are to be turned and projected."""
    first = b""
    try:
        for number, packet in enumerate(container.demux(stream)):
            first = first or bytes(packet)
            for decoded in packet.decode():
                return first, decoded
            if number > _MOST_PACKETS:
                break
    except av.FFmpegError:
        log.info("The first frame of %s cannot be decoded", Path(container.name).name)
    return first, None


def _projection(opening: av.VideoFrame | None) -> str | None:
    spherical = opening.side_data.get("SPHERICAL") if opening else None
    return _PROJECTIONS.get(int.from_bytes(bytes(spherical)[:4], sys.byteorder)) if spherical else None


def _key_frames(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    stream.codec_context.thread_type = "SLICE"  # frame threads hold frames back, and each one costs memory
    if container.format.name != "mpegts":  # some of these files have no frame that is marked as a key frame
        stream.codec_context.skip_frame = "NONKEY"
    return _first(container, stream, _MOST_KEY_FRAMES)


def _first(container: av.container.InputContainer, stream: av.VideoStream, most: int = 1) -> Iterator[av.VideoFrame]:
    """The first frames that can be decoded. What is behind a damaged place is given up."""
    number, start = 0, None
    try:
        for decoded in container.decode(stream):
            start = decoded.time if start is None else start
            if decoded.time is not None and start is not None and decoded.time - start > _FURTHEST_KEY_FRAME:
                return
            yield decoded
            number += 1
            if number >= most:
                return
    except av.FFmpegError:
        return


def _telling(frames: Iterator[av.VideoFrame], size: tuple[int, int]) -> tuple[Image.Image, bytes | None, int] | None:
    opening = chosen = None
    for candidate in frames:
        sketch = candidate.to_image(width=64, height=64, interpolation="AREA").convert("L")
        if opening is None:
            opening, chosen = sketch, candidate
        elif ImageStat.Stat(ImageChops.difference(sketch, opening)).mean[0] / 255 > _NEW_SCENE:
            chosen = candidate
            break
    if chosen is None:
        return None
    image = chosen.to_image(width=size[0], height=size[1], interpolation="BICUBIC")
    return *gamut.shown(image, chosen.color_primaries, chosen.color_trc), chosen.rotation


def tags_of(film: Film) -> Tags:
    """The tags of a film by the names exiftool has for them; dates as text, for `dates.dated`."""
    data = {name.lower(): value.strip() for name, value in film.metadata.items()}

    def first(*names: str) -> str | None:
        return next((data[name] for name in names if data.get(name)), None)

    found: Tags = {
        "Make": first("com.apple.quicktime.make", "make", "com.android.manufacturer", "manufacturer"),
        "Model": first("com.apple.quicktime.model", "model", "com.android.model"),
        "Description": first("com.apple.quicktime.description", "description"),
        "ContentIdentifier": first("com.apple.quicktime.content.identifier"),
        "CreationDate": first("com.apple.quicktime.creationdate"),
        "CreateDate": first("creation_time"),
        "DateTimeOriginal": film.recorded,
        "ProjectionType": film.projection,
        "ImageSize": (film.width, film.height),
        "Orientation": film.orientation,
        "Duration": film.duration_ms,
        "VideoFrameRate": film.fps,
    }
    place = _ISO_6709.match(first("com.apple.quicktime.location.iso6709", "location", "location-eng") or "")
    if place:
        latitude, longitude = float(place[1]), float(place[2])
        if (latitude or longitude) and abs(latitude) <= 90 and abs(longitude) <= 180:
            found |= {"GPSLatitude": latitude, "GPSLongitude": longitude}
    return {name: value for name, value in found.items() if value is not None}
