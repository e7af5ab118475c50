"""From the keys of EXIF, IPTC and XMP to single values, by the names exiftool has for them.

Upstream reads with exiftool, and its rules (what comes first, what a sidecar replaces) are rules about exiftool's tags.
Each name lists the keys it is read from, the most trusted first: EXIF before XMP, as the Metadata Working Group says.
"""

from __future__ import annotations

import math
import re

from plugins.media import apple, regions, zones
from plugins.media.embedded import Embedded

Tags = dict[str, object]

_TEXTS = {
    "Make": ("Exif.Image.Make", "Exif.PanasonicRaw.Make", "Xmp.tiff.Make"),
    "Model": ("Exif.Image.Model", "Exif.PanasonicRaw.Model", "Xmp.tiff.Model"),
    "ImageDescription": ("Exif.Image.ImageDescription", "Xmp.tiff.ImageDescription"),
    "Description": ("Xmp.dc.description", "Iptc.Application2.Caption"),
    "LensModel": ("Exif.Photo.LensModel", "Xmp.exifEX.LensModel"),
    "Lens": ("Xmp.aux.Lens",),
    "ProjectionType": ("Xmp.GPano.ProjectionType", "Xmp.GSpherical.ProjectionType"),
    "OffsetTimeOriginal": ("Exif.Photo.OffsetTimeOriginal", "Xmp.exif.OffsetTimeOriginal"),
    "OffsetTimeDigitized": ("Exif.Photo.OffsetTimeDigitized", "Xmp.exif.OffsetTimeDigitized"),
    "SourceImageCreateTime": ("Xmp.GPano.SourceImageCreateTime",),
}
_NUMBERS = {
    "FNumber": ("Exif.Photo.FNumber", "Exif.Image.FNumber", "Xmp.exif.FNumber"),
    "ExposureTime": ("Exif.Photo.ExposureTime", "Exif.Image.ExposureTime", "Xmp.exif.ExposureTime"),
    "FocalLength": ("Exif.Photo.FocalLength", "Exif.Image.FocalLength", "Xmp.exif.FocalLength"),
    "ISO": (
        "Exif.Photo.ISOSpeedRatings", "Exif.Image.ISOSpeedRatings", "Exif.PanasonicRaw.ISOSpeed",
        "Xmp.exif.ISOSpeedRatings", "Xmp.exifEX.PhotographicSensitivity",
    ),
    "Orientation": ("Exif.Image.Orientation", "Exif.PanasonicRaw.Orientation", "Xmp.tiff.Orientation"),
    "Rating": ("Xmp.xmp.Rating", "Exif.Image.Rating", "Exif.Fujifilm.Rating"),
    "MotionPhoto": ("Xmp.GCamera.MotionPhoto", "Xmp.Camera.MotionPhoto"),
    "MicroVideo": ("Xmp.GCamera.MicroVideo", "Xmp.Camera.MicroVideo"),
    "MicroVideoOffset": ("Xmp.GCamera.MicroVideoOffset", "Xmp.Camera.MicroVideoOffset"),
}
_LISTS = {
    "TagsList": ("Xmp.digiKam.TagsList",),
    "HierarchicalSubject": ("Xmp.lr.hierarchicalSubject",),
    "Keywords": ("Xmp.dc.subject", "Iptc.Application2.Keywords"),
}
_BORDERS = ("Left", "Top", "Right", "Bottom")
_NEXT_TO_NOTHING = 1e-9
_DIRECTORY_ITEM = re.compile(r"Xmp\.G?Container\.Directory\[(\d+)\]/.*:(Semantic|Length|Padding)")


def tags_of(embedded: Embedded) -> Tags:
    """The tags of one file. Dates are text, as `dates.dated` takes them. Names without a value are absent."""
    found: Tags = {name: _text(embedded, keys) for name, keys in _TEXTS.items()}
    found |= {name: _first_number(embedded, keys) for name, keys in _NUMBERS.items()}
    found |= {name: _list(embedded, keys) for name, keys in _LISTS.items()}
    found["LensID"] = embedded.lens
    found["ISO"] = number(embedded.iso) if found["ISO"] is None else found["ISO"]
    found["ContentIdentifier"] = apple.content_identifier(embedded.maker_note)
    found["Regions"] = regions.found(embedded.xmp)
    found["ContainerDirectory"] = _directory(embedded)
    found["TimeZone"] = _maker_zone(embedded)
    found["ImageSize"] = _size(embedded)
    found |= _position(embedded)
    found |= _dates(embedded)
    return {name: value for name, value in found.items() if value not in (None, "", ())}


def number(text: str) -> float | None:
    """The first number in a text: "200", "9/5", "1.8". None for what is no finite number; next to nothing is 0."""
    first = text.split(" ", 1)[0].rstrip(",")
    upper, slash, lower = first.partition("/")
    try:
        value = float(upper) / float(lower) if slash else float(upper)
    except (ValueError, ZeroDivisionError):
        return None
    if not math.isfinite(value):
        return None
    return float(f"{value:.10g}") if abs(value) > _NEXT_TO_NOTHING else 0.0  # ten digits, as exiftool rounds rationals


def _values(embedded: Embedded, key: str) -> tuple[str, ...]:
    if key.startswith("Exif"):
        return (embedded.exif[key],) if key in embedded.exif else ()
    return (embedded.xmp if key.startswith("Xmp") else embedded.iptc).get(key, ())


def _text(embedded: Embedded, keys: tuple[str, ...]) -> str | None:
    """The first value that is not blank. Blanks behind it go, blanks before it stay."""
    found = (value.rstrip() for key in keys for value in _values(embedded, key)[:1])
    return next((value for value in found if value), None)


def _first_number(embedded: Embedded, keys: tuple[str, ...]) -> float | None:
    found = (number(value) for key in keys for value in _values(embedded, key)[:1])
    return next((value for value in found if value is not None), None)


def _size(embedded: Embedded) -> tuple[int, int] | None:
    """Width and height as stored. Panasonic's raw files tell them as the borders of the used part of the sensor."""
    borders = [number(embedded.exif.get(f"Exif.PanasonicRaw.Sensor{side}Border", "")) for side in _BORDERS]
    if None not in borders:
        left, top, right, bottom = (int(border) for border in borders)
        if right > left and bottom > top:
            return right - left, bottom - top
    if embedded.size:
        return embedded.size
    sides = [number(embedded.exif.get(f"Exif.Photo.Pixel{axis}Dimension", "")) for axis in "XY"]
    return (int(sides[0]), int(sides[1])) if all(side and side > 0 for side in sides) else None


def _list(embedded: Embedded, keys: tuple[str, ...]) -> tuple[str, ...]:
    for key in keys:
        values = tuple(value for value in _values(embedded, key) if value.strip())
        if values:
            return values
    return ()


def _directory(embedded: Embedded) -> tuple[dict[str, str], ...]:
    """The parts a file is made of, as Google's cameras list them: dicts with Semantic, Length, Padding."""
    parts: dict[str, dict[str, str]] = {}
    for key, values in embedded.xmp.items():
        found = _DIRECTORY_ITEM.fullmatch(key)
        if found:
            parts.setdefault(found[1], {})[found[2]] = values[0]
    return tuple(parts.values())


def _maker_zone(embedded: Embedded) -> str | None:
    """The zone a camera was set to. Nikon counts summer time apart, Canon does not."""
    canon, nikon = (number(embedded.exif.get(key, "")) for key in ("Exif.CanonTi.TimeZone", "Exif.NikonWt.Timezone"))
    minutes = canon
    if nikon is not None:
        minutes = nikon + 60 * (embedded.exif.get("Exif.NikonWt.DaylightSavings") == "1")
    return None if minutes is None else zones.offset_name(int(minutes))


def _position(embedded: Embedded) -> Tags:
    """GPSLatitude and GPSLongitude in degrees, both or neither; 0/0 is what a camera without reception writes."""
    degrees = []
    for name, limit in (("Latitude", 90), ("Longitude", 180)):
        value = _degrees(
            embedded.exif.get(f"Exif.GPSInfo.GPS{name}", ""), embedded.exif.get(f"Exif.GPSInfo.GPS{name}Ref", "")
        )
        if value is None:
            value = _xmp_degrees(_text(embedded, (f"Xmp.exif.GPS{name}",)) or "")
        if value is None or abs(value) > limit:
            return {}
        degrees.append(math.floor(value * 1e6 + 0.5) / 1e6)
    latitude, longitude = degrees
    return {"GPSLatitude": latitude, "GPSLongitude": longitude} if latitude or longitude else {}


def _degrees(value: str, reference: str) -> float | None:
    """Degrees from "41/1 13/1 1308/100" and "N"; minutes and seconds may be absent."""
    parts = [number(part) for part in value.split()]
    if not parts or parts[0] is None:
        return None
    whole, minutes, seconds = (part or 0.0 for part in (parts + [0.0, 0.0])[:3])
    result = whole + (minutes + seconds / 60) / 60
    return -abs(result) if reference[:1].upper() in ("S", "W") else result


def _xmp_degrees(value: str) -> float | None:
    """Degrees from "41,13.218N" or "41,13,13N"; a plain number is taken as it is."""
    reference = value[-1:].upper() if value[-1:].isalpha() else ""
    parts = [number(part) for part in value.rstrip("NSEWnsew").split(",")]
    if not parts or None in parts or len(parts) > 3:
        return None
    result = sum(abs(part) / 60**place for place, part in enumerate(parts))
    return -result if reference in ("S", "W") or parts[0] < 0 else result


def _dates(embedded: Embedded) -> Tags:
    """Every date as text, with the parts of a second and the offset put behind it that EXIF keeps apart."""
    exif, xmp, iptc = embedded.exif, embedded.xmp, embedded.iptc
    original = _first_date(exif.get("Exif.Photo.DateTimeOriginal"), exif.get("Exif.Image.DateTimeOriginal"))
    digitized = _first_date(exif.get("Exif.Photo.DateTimeDigitized"))
    created = _iptc_date(iptc, "Iptc.Application2.DateCreated", "Iptc.Application2.TimeCreated")
    return {
        "SubSecDateTimeOriginal": _with_parts(original, exif, "Original"),
        "SubSecCreateDate": _with_parts(digitized, exif, "Digitized"),
        "DateTimeOriginal": original
        or _first_date(*(xmp.get(key, ("",))[0] for key in ("Xmp.photoshop.DateCreated", "Xmp.exif.DateTimeOriginal")))
        or created,
        "CreateDate": digitized
        or _first_date(*xmp.get("Xmp.xmp.CreateDate", ())[:1])
        or _iptc_date(iptc, "Iptc.Application2.DigitizationDate", "Iptc.Application2.DigitizationTime"),
        "DateTimeCreated": created,
        "TimeCreated": iptc.get("Iptc.Application2.TimeCreated", ("",))[0],
        "GPSDateTime": _satellite_time(exif) or xmp.get("Xmp.exif.GPSTimeStamp", ("",))[0],
        "TimeZoneOffset": _hours(exif.get("Exif.Image.TimeZoneOffset") or exif.get("Exif.Photo.TimeZoneOffset") or ""),
    }


def _first_date(*candidates: str | None) -> str:
    """The first that is more than blanks and colons. Zeros count: they hide the dates after them, as upstream has."""
    return next((text for text in candidates if text and text.strip(" :")), "")


def _with_parts(date: str, exif: dict[str, str], kind: str) -> str:
    """The date with its fraction and its offset, "" if there is neither."""
    fraction = re.match(r"\d+", exif.get(f"Exif.Photo.SubSecTime{kind}", "").strip())
    offset = exif.get(f"Exif.Photo.OffsetTime{kind}", "").strip()
    if zones.parse_offset(offset) is None:
        offset = ""
    parts = (f".{fraction[0]}" if fraction else "") + offset
    return date.strip() + parts if date and parts else ""


def _iptc_date(iptc: dict[str, tuple[str, ...]], date: str, time: str) -> str:
    if date not in iptc or time not in iptc:
        return ""
    return f"{iptc[date][0]} {iptc[time][0]}"


def _satellite_time(exif: dict[str, str]) -> str:
    """ "2023:11:15 12:30:00.5Z" from a GPS date and a GPS time of three rationals."""
    parts = [number(part) for part in exif.get("Exif.GPSInfo.GPSTimeStamp", "").split()]
    day = exif.get("Exif.GPSInfo.GPSDateStamp", "").strip()
    if len(parts) != 3 or None in parts or not day:
        return ""
    hours, minutes, seconds = parts
    return f"{day} {int(hours):02}:{int(minutes):02}:{seconds:09.6f}Z"


def _hours(text: str) -> str:
    hours = number(text)
    return "" if hours is None or abs(hours) > 14 else zones.offset_name(int(hours * 60))
