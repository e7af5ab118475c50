"""Many small pieces in chunks that are worth a system call."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing

from isal import isal_zlib

CHUNK = 32 * 1024
"""Bytes from which a piece, or some together, go on their way. Larger ones are not faster, and keep more in memory."""


def joined(pieces: Generator[bytes, None, None]) -> Iterator[bytes]:
    """The first piece at once, so that the client sees that the work has begun; then chunks."""
    with closing(pieces):
        for piece in pieces:
            yield piece
            break
        waiting: list[bytes] = []
        size = 0
        for piece in pieces:
            waiting.append(piece)
            size += len(piece)
            if size >= CHUNK:
                yield waiting[0] if len(waiting) == 1 else b"".join(waiting)
                waiting.clear()
                size = 0
        if waiting:
            yield b"".join(waiting)


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compressed, and each chunk such that what was sent so far can be read."""
    # A fifth of the size at 700 MB/s, where zlib makes as much of it at 140.
    packer = isal_zlib.compressobj(1, wbits=31)
    for chunk in chunks:
        yield packer.compress(chunk) + packer.flush(isal_zlib.Z_SYNC_FLUSH)
    yield packer.flush()
