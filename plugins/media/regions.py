"""Whom a file names on its picture: the regions of the Metadata Working Group, which digiKam, Picasa, Lightroom and
others write (Guidelines for Handling Image Metadata 2.0, section 5.9).

A region's middle and size are parts of the picture as it is stored; here they come out as corners on the upright one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from immich_flask.contracts.events import NamedRegion

LARGEST = 1_000_000
"""Pixels of a side. More is damage."""

MOST = 1000

_ITEM = re.compile(r"Xmp\.mwg-rs\.Regions/mwg-rs:RegionList\[(\d+)\]/mwg-rs:(Name|Area/stArea:([xywh]|unit))")
_APPLIED_TO = "Xmp.mwg-rs.Regions/mwg-rs:AppliedToDimensions/stDim:"


def found(xmp: Mapping[str, tuple[str, ...]]) -> tuple[NamedRegion, ...]:
    """The named regions in an XMP packet, whose keys are Exiv2's, as the picture is stored."""
    width, height = (_number(xmp.get(_APPLIED_TO + side)) for side in "wh")
    if not (width and height and 1 <= width <= LARGEST and 1 <= height <= LARGEST):
        return ()
    items: dict[int, dict[str, tuple[str, ...]]] = {}
    for key, value in xmp.items():
        if match := _ITEM.fullmatch(key):
            items.setdefault(int(match[1]), {})[match[3] or "name"] = value
    regions = (_region(item, round(width), round(height)) for _, item in sorted(items.items())[:MOST])
    return tuple(region for region in regions if region is not None)


def upright(regions: Iterable[NamedRegion], orientation: int | None) -> tuple[NamedRegion, ...]:
    """The same on a picture that is turned and mirrored as EXIF's `orientation` says."""
    return tuple(_upright(region, orientation or 1) for region in regions)


def _region(item: Mapping[str, tuple[str, ...]], width: int, height: int) -> NamedRegion | None:
    name = next(iter(item.get("name", ())), "").strip()
    x, y, w, h = (_number(item.get(part)) for part in "xywh")
    unit = next(iter(item.get("unit", ())), "normalized")
    if not name or None in (x, y, w, h) or not (w > 0 and h > 0) or unit != "normalized":
        return None
    box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    return NamedRegion(name, box, width, height) if all(-1 <= side <= 2 for side in box) else None


def _upright(region: NamedRegion, orientation: int) -> NamedRegion:
    corners = [_point(x, y, orientation) for x, y in (region.box[:2], region.box[2:])]
    (x1, x2), (y1, y2) = (sorted(side) for side in zip(*corners, strict=True))
    width, height = (region.height, region.width) if orientation >= 5 else (region.width, region.height)
    return NamedRegion(region.name, (x1, y1, x2, y2), width, height)


def _point(x: float, y: float, orientation: int) -> tuple[float, float]:
    return {
        1: (x, y), 2: (1 - x, y), 3: (1 - x, 1 - y), 4: (x, 1 - y),
        5: (y, x), 6: (1 - y, x), 7: (1 - y, 1 - x), 8: (y, 1 - x),
    }[orientation]


def _number(values: tuple[str, ...] | None) -> float | None:
    try:
        value = float(values[0]) if values else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
