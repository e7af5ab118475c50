"""Colours that a file tells by numbers instead of a profile (ITU-T H.273, "CICP"): HEIC and AVIF of cameras and phones,
films in HDR.

Whatever is neither sRGB nor near it becomes Display P3, whose profile is made here, as no library makes it: pixels that
are P3 already stay as they are, a wider gamut is cut to it, and the shades of HDR are brought into those of a picture
by the curve of ITU-R BT.2390, from a screen of 1000 nits to one of 203, which is how bright white is in HDR (BT.2408).
All of that is one table of 65³ colours per kind of picture; FFmpeg's scaler makes one, too, but takes seconds for it.
"""

from __future__ import annotations

import struct
from functools import cache

import numpy as np
from PIL import Image, ImageFilter

BT709, BT2020, DCI_P3, DISPLAY_P3 = 1, 9, 11, 12
"""Primaries: which red, green and blue."""

LINEAR, PQ, HLG = 8, 16, 18
"""Transfer functions that are not near sRGB's, as all others are."""

_SIDE = 65
_WHITE, _PEAK = 203.0, 1000.0  # nits

_CHROMATICITIES = {
    BT709: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    DISPLAY_P3: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_D65, _D50 = (0.3127, 0.3290), (0.9642, 1.0, 0.8249)


def is_wide(primaries: int, transfer: int) -> bool:
    """Whether colours told by these numbers of H.273, also such as nobody knows, are other than sRGB or near it."""
    return transfer in (LINEAR, PQ, HLG) or primaries in (BT2020, DCI_P3, DISPLAY_P3)


def shown(image: Image.Image, primaries: int, transfer: int) -> tuple[Image.Image, bytes | None]:
    """The image (RGB, RGBA, or grey) in colours for a screen, and the profile that says which; None for sRGB."""
    if not is_wide(primaries, transfer):
        return image, None
    if transfer in (LINEAR, PQ, HLG) or primaries == BT2020:
        image = image if image.mode == "RGBA" else image.convert("RGB")
        image = image.filter(_table(primaries, transfer))
    return image, p3_profile()


@cache
def _table(primaries: int, transfer: int) -> ImageFilter.Color3DLUT:
    primaries = DISPLAY_P3 if primaries == DCI_P3 else primaries if primaries in _CHROMATICITIES else BT709
    steps = np.linspace(0.0, 1.0, _SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")  # red changes fastest
    light = _light(np.stack([red, green, blue], axis=-1).reshape(-1, 3), primaries, transfer)
    to_p3 = np.linalg.inv(_to_xyz(DISPLAY_P3)) @ _to_xyz(primaries)
    table = _encoded(np.clip(light @ to_p3.T, 0.0, 1.0))
    return ImageFilter.Color3DLUT(_SIDE, table.astype(np.float32).ravel())


def _light(coded: np.ndarray, primaries: int, transfer: int) -> np.ndarray:
    """Linear red, green and blue, 1 for white."""
    if transfer == LINEAR:
        return coded
    if transfer == PQ:
        return _toned(_from_pq(coded))
    if transfer == HLG:
        scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        brightness = scene @ _to_xyz(primaries)[1]
        return _toned(_PEAK * scene * np.maximum(brightness, 1e-9)[:, None] ** 0.2)
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def _toned(nits: np.ndarray) -> np.ndarray:
    """What is too bright made darker, keeping the hue: BT.2390-11 section 5.4.1, by the largest of the three."""
    nits = np.minimum(nits, _PEAK)
    largest = np.maximum(nits.max(axis=1, keepdims=True), 1e-6)
    highest = _to_pq(_PEAK)
    value, most = _to_pq(largest) / highest, _to_pq(_WHITE) / highest
    knee = 1.5 * most - 0.5
    t = np.maximum(value - knee, 0.0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * most
    return nits / largest * _from_pq(np.where(value < knee, value, bent) * highest) / _WHITE


_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128


def _from_pq(coded: np.ndarray) -> np.ndarray:
    """Nits, by SMPTE ST 2084."""
    power = coded ** (1 / _M2)
    return 10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)


def _to_pq(nits: np.ndarray | float) -> np.ndarray | float:
    power = (nits / 10_000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _encoded(light: np.ndarray) -> np.ndarray:
    """With the curve of sRGB, which is that of Display P3 as well."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@cache
def _to_xyz(primaries: int) -> np.ndarray:
    """The matrix from linear red, green and blue to XYZ, in whose second row is what each adds to brightness."""
    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in _CHROMATICITIES[primaries]]).T
    return columns * np.linalg.solve(columns, _xyz(*_D65))


def _xyz(x: float, y: float) -> np.ndarray:
    return np.array((x / y, 1.0, (1 - x - y) / y))


@cache
def p3_profile() -> bytes:
    """An ICC profile (version 4.3) of Display P3."""
    bradford = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))
    gains = (bradford @ _D50) / (bradford @ _xyz(*_D65))
    adapted = np.linalg.inv(bradford) @ np.diag(gains) @ bradford
    curve = b"para" + struct.pack(">IHH", 0, 3, 0) + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    tags = {b"desc": _text("Display P3"), b"cprt": _text("CC0"), b"wtpt": b"XYZ \0\0\0\0" + _fixed(*_D50),
            b"chad": b"sf32\0\0\0\0" + _fixed(*adapted.ravel())}
    for name, colour in zip((b"rXYZ", b"gXYZ", b"bXYZ"), (adapted @ _to_xyz(DISPLAY_P3)).T, strict=True):
        tags[name] = b"XYZ \0\0\0\0" + _fixed(*colour)
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    listed, data, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        listed += name + struct.pack(">II", at + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    body = listed + data
    head = struct.pack(">I4sI4s4s4s", 128 + len(body), b"\0\0\0\0", 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(*_D50)
    return head + bytes(128 - len(head)) + body


def _text(text: str) -> bytes:
    coded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(coded), 28) + coded


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65_536) for value in values))
