"""What is known of a media file, by the rules of upstream's extraction (`server/src/services/metadata.service.ts`).

The media file and its sidecar are read apart, each with its dates in a zone of its own; then the sidecar's tags replace
the file's. A date in the sidecar takes away every date and the zone of the file first.

A picture without a date has none here: falling back on the times of the file is for the caller, who knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from immich_flask.contracts import media_types
from immich_flask.contracts.events import NamedRegion
from plugins.media import animation, colours, dates, embedded, isobmff, motion, regions
from plugins.media.decoders import Undecodable, header_size, undecodable
from plugins.media.motion import MotionVideo
from plugins.media.tags import Tags, tags_of

_LARGEST_INTEGER = 2_147_483_647
"""What an integer column holds. Larger numbers are damage."""

SWAPPED_LEVELS = str.maketrans("/|", "|/")
"""Between paths of ours and Lightroom's."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The facts of a media file. None means that nothing in the file tells.

    `date_time_original` is an instant in UTC, `local_date_time` the wall clock where it was taken, labelled as if it
    were UTC. `time_zone` is a name such as "UTC+2" or "Europe/Paris" and may be known without a date.
    `exif_image_width` and `exif_image_height` are the pixels as stored, `width` and `height` as displayed;
    `orientation` is "1".."8" as in EXIF. `exposure_time` is text ("1/100", "2.5"), in seconds. `rating` is 1..5.
    `tags` are paths with "/" between levels. `content_identifier` is what the two halves of a live photo have in common;
    `regions` are whom the file names on the picture; `motion_video` is the film within a motion photo. `duration_ms` is
    that of a film or an animation.
    """

    date_time_original: datetime | None = None
    local_date_time: datetime | None = None
    time_zone: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    exif_image_width: int | None = None
    exif_image_height: int | None = None
    width: int | None = None
    height: int | None = None
    orientation: str | None = None
    make: str | None = None
    model: str | None = None
    lens_model: str | None = None
    f_number: float | None = None
    focal_length: float | None = None
    iso: int | None = None
    exposure_time: str | None = None
    fps: float | None = None
    description: str = ""
    rating: int | None = None
    projection_type: str | None = None
    profile_description: str | None = None
    content_identifier: str | None = None
    duration_ms: int | None = None
    tags: tuple[str, ...] = ()
    regions: tuple[NamedRegion, ...] = ()
    motion_video: MotionVideo | None = None


def read_metadata(path: Path, *, filename: str, sidecar: Path | None = None) -> Metadata:
    """The facts of the file at `path`, whose original name is `filename`, and of its XMP sidecar if it has one.

    A broken file has few facts, down to none; it raises nothing. OSError when a file cannot be opened.
    """
    film = media_types.is_video(filename)
    tags = _film_tags(path) if film else _image_tags(path, filename)
    tags = dates.dated(tags, film=film and bool(tags))
    found = None if film else motion.find(path, tags)
    if sidecar:
        beside = dates.dated(tags_of(embedded.read_sidecar(sidecar)))
        if any(tag in beside for tag in dates.DATE_TAGS):
            tags = {name: value for name, value in tags.items() if name not in (*dates.DATE_TAGS, "zone")}
        tags |= beside
    return _metadata(tags, found)


def _film_tags(path: Path) -> Tags:
    from plugins.media import video

    try:
        film = video.probe(path)
    except Undecodable:
        return {}
    beside = tags_of(embedded.read_packet(film.xmp)) if film.xmp else {}
    return beside | video.tags_of(film)


def _image_tags(path: Path, filename: str) -> Tags:
    found = embedded.read(path)
    tags = tags_of(found)
    if found.icc_profile:
        tags["ProfileDescription"] = colours.description(found.icc_profile)
    with path.open("rb") as file:
        still = isobmff.still(file) if isobmff.is_isobmff(file.read(12)) else None
    if still:
        # HEIC and AVIF: EXIF's orientation is usually missing or wrong there.
        tags["ImageSize"] = still.size or tags.get("ImageSize")
        tags["Orientation"] = still.orientation
    if not tags.get("ImageSize"):
        tags["ImageSize"] = _size(path)
    if media_types.extension(filename) == ".gif":
        tags |= _film_tags(path)  # as upstream does: a GIF counts as a film for its size and duration
    elif media_types.can_be_animated(filename):
        tags["Duration"] = animation.duration_ms(path)
    return {name: value for name, value in tags.items() if value is not None}


def _size(path: Path) -> tuple[int, int] | None:
    with path.open("rb") as file:
        try:
            with undecodable(path.name):
                return header_size(file)
        except Undecodable:
            return None


def _metadata(tags: Tags, found: MotionVideo | None) -> Metadata:
    taken = dates.taken(tags)
    width, height = (_whole(side, 1, _LARGEST_INTEGER) for side in tags.get("ImageSize", (None, None)))
    orientation = _whole(tags.get("Orientation"), 1, 8)
    sideways = orientation is not None and orientation >= 5
    projection, rate = tags.get("ProjectionType"), tags.get("VideoFrameRate")
    return Metadata(
        date_time_original=taken.instant,
        local_date_time=taken.local,
        time_zone=taken.zone,
        latitude=tags.get("GPSLatitude"),
        longitude=tags.get("GPSLongitude"),
        exif_image_width=width,
        exif_image_height=height,
        width=height if sideways else width,
        height=width if sideways else height,
        orientation=str(orientation) if orientation else None,
        make=tags.get("Make"),
        model=tags.get("Model"),
        lens_model=_lens(tags),
        f_number=_aperture(tags.get("FNumber")),
        focal_length=_bounded(tags.get("FocalLength")),
        iso=_whole(tags.get("ISO"), 0, _LARGEST_INTEGER),
        exposure_time=_exposure(tags.get("ExposureTime")),
        fps=_bounded(rate),
        description=(tags.get("ImageDescription") or tags.get("Description") or "").strip(),
        rating=_whole(tags.get("Rating"), 1, 5),
        projection_type=projection.upper() if projection else None,
        profile_description=tags.get("ProfileDescription"),
        content_identifier=tags.get("ContentIdentifier"),
        duration_ms=_whole(tags.get("Duration"), 1, _LARGEST_INTEGER),
        tags=_paths(tags),
        regions=regions.upright(tags.get("Regions", ()), orientation),
        motion_video=found,
    )


def _whole(value: float | None, low: int, high: int) -> int | None:
    return round(value) if value is not None and low <= value <= high else None


def _bounded(value: float | None) -> float | None:
    return value if value is not None and abs(value) <= _LARGEST_INTEGER else None


def _aperture(value: float | None) -> float | None:
    """One decimal as lenses have it, two for apertures below 1."""
    return None if _bounded(value) is None else round(value, 1 if value >= 1 else 2)


def _exposure(seconds: float | None) -> str | None:
    """ "1/100" up to a quarter of a second, else "2.5"."""
    if seconds is None or not 0 <= seconds <= _LARGEST_INTEGER:
        return None
    return f"1/{int(0.5 + 1 / seconds)}" if 0 < seconds < 0.25001 else f"{seconds:.1f}".removesuffix(".0")


def _lens(tags: Tags) -> str | None:
    """The first name that is one: makers write a number, dashes or "Unknown" for lenses they don't know."""
    for name in ("LensID", "Lens", "LensModel"):
        lens = (tags.get(name) or "").strip()
        if lens and not lens.startswith(("----", "Unknown", "n/a", "(")) and not lens.isdigit():
            return lens.replace(" *OR* ", " or ")
    return None


def _paths(tags: Tags) -> tuple[str, ...]:
    """Tags as paths: digiKam's, else Lightroom's with "|" between levels, else plain keywords. Each one once."""
    if "TagsList" in tags:
        paths = tags["TagsList"]
    elif "HierarchicalSubject" in tags:
        paths = (subject.translate(SWAPPED_LEVELS) for subject in tags["HierarchicalSubject"])
    else:
        paths = tags.get("Keywords", ())
    return tuple(dict.fromkeys(paths))
