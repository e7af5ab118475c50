"""ThumbHash: the blurred picture of about 25 bytes that clients draw until the thumbnail has arrived.

The format is Evan Wallace's (https://evanw.github.io/thumbhash/). It is written here because the `thumbhash` package of
PyPI fails on pictures with transparency and evaluates the cosine transform point by point. The transform is separable:
rows first, then columns of the few results, which are two products of matrices.
"""

from __future__ import annotations

from functools import lru_cache
from math import floor

import numpy as np

MAX_SIDE = 100


def encode(width: int, height: int, rgba: bytes) -> bytes:
    """The ThumbHash of `width` × `height` RGBA pixels (not premultiplied), row by row.

    Raises ValueError when a side is 0 or longer than 100 pixels, or when the number of bytes doesn't fit.
    """
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and len(rgba) == width * height * 4):
        raise ValueError(f"{len(rgba)} bytes are not {width}×{height} RGBA pixels of at most {MAX_SIDE}×{MAX_SIDE}")
    red, green, blue, alpha = np.frombuffer(rgba, np.uint8).reshape(height, width, 4).transpose(2, 0, 1).astype(float)
    transparent = bool(alpha.min() < 255)
    if transparent:
        red, green, blue = (_over_average(colour, alpha) for colour in (red, green, blue))

    # Luminance, yellow against blue, red against green: whole numbers in an opaque picture, so the divisors come last.
    planes = ((red + green + blue, 3 * 255), (red + green - 2 * blue, 2 * 255), (red - green, 255))
    limit = 5 if transparent else 7  # fewer luminance terms leave room for alpha
    longer = max(width, height)
    across, down = (max(1, _round(limit * side / longer)) for side in (width, height))

    l_dc, l_ac, l_scale = _transform(*planes[0], max(3, across), max(3, down))
    p_dc, p_ac, p_scale = _transform(*planes[1], 3, 3)
    q_dc, q_ac, q_scale = _transform(*planes[2], 3, 3)

    landscape = width > height
    header24 = _round(63 * l_dc) | _round(31.5 + 31.5 * p_dc) << 6 | _round(31.5 + 31.5 * q_dc) << 12
    header24 |= _round(31 * l_scale) << 18 | transparent << 23
    header16 = (down if landscape else across) | _round(63 * p_scale) << 3 | _round(63 * q_scale) << 9 | landscape << 15
    head = header24.to_bytes(3, "little") + header16.to_bytes(2, "little")
    nibbles = l_ac + p_ac + q_ac
    if transparent:
        a_dc, a_ac, a_scale = _transform(alpha, 255, 5, 5)
        head += bytes([_round(15 * a_dc) | _round(15 * a_scale) << 4])
        nibbles += a_ac
    return head + _pack([_round(15 * value) for value in nibbles])


def _over_average(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The colour composed over its own average, so that what is transparent doesn't tint the rest."""
    covered = alpha.sum()
    average = (colour * alpha).sum() / covered if covered else 0.0
    return average + (colour - average) * alpha / 255


def _transform(values: np.ndarray, divisor: int, nx: int, ny: int) -> tuple[float, list[float], float]:
    """The constant term, the triangle of varying terms mapped to 0..1, and the scale that undoes the mapping."""
    height, width = values.shape
    table = _waves(height, ny) @ values @ _waves(width, nx).T / (values.size * divisor)
    terms = [float(table[cy, cx]) for cy in range(ny) for cx in range(nx) if cx * ny < nx * (ny - cy)]
    constant, varying = terms[0], terms[1:]
    scale = max(map(abs, varying))
    if scale:
        varying = [0.5 + 0.5 / scale * term for term in varying]
    return constant, varying, scale


@lru_cache(maxsize=1024)
def _waves(length: int, count: int) -> np.ndarray:
    return np.cos(np.pi / length * np.outer(np.arange(count), np.arange(length) + 0.5))


def _pack(nibbles: list[int]) -> bytes:
    """Two values of four bits per byte, the first one low."""
    padded = nibbles + [0] * (len(nibbles) % 2)
    return bytes(low | high << 4 for low, high in zip(padded[0::2], padded[1::2]))


def _round(value: float) -> int:
    """Halves upwards, as the format's reference rounds; Python's own goes to the even neighbour."""
    return floor(value + 0.5)
