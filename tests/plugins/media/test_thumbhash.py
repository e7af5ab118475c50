"""ThumbHash: the same bytes as the reference implementation in JavaScript gives for the same pixels."""

from __future__ import annotations

import random

import pytest

from plugins.media import thumbhash


def gradients(width: int, height: int, seed: int, transparent: bool) -> bytes:
    """RGBA pixels of a picture that has something in every term of the transform."""
    rnd = random.Random(seed)
    c = [rnd.random() for _ in range(12)]
    out = bytearray()
    for y in range(height):
        for x in range(width):
            u, v = x / width, y / height
            for k in range(3):
                value = c[k] + (c[k + 3] - 0.5) * u + (c[k + 6] - 0.5) * v + (c[k + 9] - 0.5) * u * v
                out.append(int(255 * min(1, max(0, value))))
            out.append(int(255 * u * v) if transparent else 255)
    return bytes(out)


@pytest.mark.parametrize(
    ("width", "height", "seed", "transparent", "expected"),
    [
        (100, 75, 1, False, "e027043d86ae89886f778785888888878870f7bcb7"),
        (75, 100, 2, False, "29ce01150c2f679479678778887778785fd2f73877"),
        (100, 100, 3, False, "157b002f12ba8787b97988bf76a8687887870845868a8f0a"),
        (100, 20, 4, False, "cf350a11868f888863788877af64f85678"),
        (7, 90, 5, False, "347609290c708a7877788778709c58f988"),
        (100, 75, 6, True, "2958820c82242f6880894d78f87284d0c70878088b88888708"),
        (33, 60, 7, True, "03f7810b00145c3f486878a5c02c0abf8087b087887888"),
    ],
)
def test_the_bytes_are_those_of_the_reference(width, height, seed, transparent, expected):
    assert thumbhash.encode(width, height, gradients(width, height, seed, transparent)).hex() == expected


@pytest.mark.parametrize("pixel", [b"\0\0\0\0", b"\0\0\0\xff", b"\xff\xff\xff\xff", b"\x80\x40\x20\x80"])
@pytest.mark.parametrize("size", [(1, 1), (1, 100), (100, 1), (64, 64)])
def test_flat_pictures_have_a_hash(pixel, size):
    width, height = size
    result = thumbhash.encode(width, height, pixel * (width * height))
    assert 5 <= len(result) <= 30
    assert bool(result[2] & 0x80) == (pixel[3] < 255)


@pytest.mark.parametrize("arguments", [(0, 1, b""), (1, 0, b""), (101, 1, bytes(404)), (2, 2, bytes(15))])
def test_wrong_sizes_are_refused(arguments):
    with pytest.raises(ValueError):
        thumbhash.encode(*arguments)
