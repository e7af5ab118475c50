"""Uploads: multipart/form-data read part by part, in one pass, without keeping a file in memory or on disk.

Werkzeug's own form parser spools every file before the view sees the first field. Here the view gets each part as it
arrives and can hash and store a file while it is still being received, or refuse it after the first fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData, State
from werkzeug.wsgi import LimitedStream

CHUNK = 256 * 1024
"""Bytes that are read at once."""

SMALL = 16 * 1024
"""Bytes that are read at once where no file is: enough for all fields of an upload."""

MAX_HEADERS = 64 * 1024
"""Bytes of headers of one part, and of whatever stands before the first part."""

MAX_FIELD_BYTES = 1024 * 1024
MAX_FIELDS = 100
PADDING = 64


class MultipartError(ValueError):
    """The body is malformed, cut short or too much: the client's fault. The text may be shown to it."""


@dataclass(frozen=True, slots=True)
class FieldPart:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """`filename` is what the client says: data, never a path. `chunks` can be read until the next part is asked for.

    `chunks` ends normally only if the boundary after the file has arrived; else it raises MultipartError, so that half
    a file is never taken for a whole one.
    """

    name: str
    filename: str
    content_type: str
    chunks: Iterator[bytes]


def read_parts(
    stream: IO[bytes], content_type: str | None, content_length: int | None = None, *,
    max_field_bytes: int = MAX_FIELD_BYTES, max_fields: int = MAX_FIELDS,
) -> Iterator[FieldPart | FilePart]:
    """The parts of a body, in its order. What remains of a file when the next part is asked for is skipped.

    stream: `request.stream`, or the bare `wsgi.input` together with the content length. max_field_bytes: for each
    field. max_fields: for all parts, files too.

    Raises MultipartError, at once or while iterating. Closing the iterator leaves the rest of the body unread.
    """
    mimetype, options = parse_options_header(content_type)
    if mimetype != "multipart/form-data":
        raise MultipartError("The body must be multipart/form-data")
    boundary = options.get("boundary", "")
    if not 0 < len(boundary) <= 200 or not boundary.isascii():
        raise MultipartError("The content type has no valid boundary")
    if content_length is not None:
        stream = LimitedStream(stream, content_length)
    return _Reader(stream, boundary.encode(), max_field_bytes, max_fields).parts()


class _Reader:
    def __init__(self, stream: IO[bytes], boundary: bytes, max_field_bytes: int, max_fields: int) -> None:
        self._readinto = getattr(stream, "readinto", None) or partial(_copied, stream)
        self._max_field_bytes = max_field_bytes
        self._decoder = MultipartDecoder(boundary, CHUNK + MAX_HEADERS, max_parts=max_fields)
        # Werkzeug (3.1.9 too: pallets/werkzeug#3285) takes the line break before the last boundary for data if what has
        # arrived ends within "--boundary--", and a whole boundary if it ends in the white space that may pad one.
        # Therefore it never sees either half: an ending like this waits for the next chunk.
        self._boundary = b"--" + boundary
        self._window = len(self._boundary) + PADDING
        # Where no boundary is, one with its line break may begin in the last bytes, that many at most.
        self._tail = len(self._boundary) + 1
        self._buffer = bytearray(self._window + CHUNK)
        self._view = memoryview(self._buffer)
        self._held = b""
        self._failure: MultipartError | None = None
        self._in_data = False
        self._part = 0

    def parts(self) -> Iterator[FieldPart | FilePart]:
        while True:
            event = self._next_event()
            if isinstance(event, Epilogue):
                return
            if isinstance(event, (Field, File)):
                self._part += 1
                self._in_data = True
                yield self._field(event) if isinstance(event, Field) else self._file(event)
                while self._in_data:
                    self._next_event()

    def _field(self, event: Field) -> FieldPart:
        value = bytearray()
        for chunk in self._chunks(self._part):
            value += chunk
            if len(value) > self._max_field_bytes:
                raise self._fail(f"Field {self._name(event)} is too large")
        try:
            return FieldPart(self._name(event), value.decode())
        except UnicodeDecodeError as error:
            raise self._fail(f"Field {self._name(event)} is not valid UTF-8") from error

    def _file(self, event: File) -> FilePart:
        content_type = event.headers.get("content-type", "application/octet-stream")
        return FilePart(self._name(event), event.filename, content_type, self._chunks(self._part))

    def _name(self, event: Field | File) -> str:
        # Typed as text, but None where the header has no name.
        if not event.name:
            raise self._fail("A part has no name")
        return event.name

    def _chunks(self, part: int) -> Iterator[bytes]:
        while self._in_data or self._failure:
            if part != self._part:
                raise RuntimeError("this part is over: another one was asked for")
            if data := self._plain():
                yield data
                continue
            event = self._next_event()
            if isinstance(event, Data) and event.data:
                yield event.data

    def _plain(self) -> bytes:
        """More data, up to where the next boundary may begin: found without Werkzeug, which copies and searches it half
        a dozen times. Empty when one may begin at once, or nothing came: that is for Werkzeug to judge."""
        kept = self._decoder.buffer
        if self._decoder.state is not State.DATA or self._held or self._failure or len(kept) > self._window:
            return b""
        begin = len(kept)
        self._buffer[:begin] = kept
        end = begin + self._read(self._view[begin:begin + CHUNK])
        at = self._buffer.find(self._boundary, 0, end)
        plain = at - 2 if at >= 0 else end - self._tail
        if end == begin or plain <= begin:
            self._feed(bytes(self._view[begin:end]))
            return b""
        kept.clear()
        self._feed(bytes(self._view[plain:end]))
        return bytes(self._view[:plain])

    def _next_event(self) -> Event:
        if self._failure:
            raise self._failure
        while True:
            try:
                event = self._decoder.next_event()
            except RequestEntityTooLarge as error:
                raise self._fail("The body has too many parts") from error
            except ValueError as error:
                raise self._fail("The body is not valid multipart/form-data, or it is cut short") from error
            if not isinstance(event, NeedData):
                self._in_data = isinstance(event, Data) and event.more_data
                return event
            if self._decoder.state is State.EPILOGUE:
                # Nothing of interest comes after the last boundary; read, so that the connection can be used again.
                while self._read(self._view):
                    pass
                self._feed(b"")
            else:
                self._feed(bytes(self._view[:self._read(self._view[:SMALL])]))

    def _feed(self, chunk: bytes) -> None:
        """Give the decoder the next chunk, or tell it that there is none."""
        if chunk:
            chunk = self._held + chunk
            before = bytes(self._decoder.buffer[-self._window:]) if len(chunk) < self._window else b""
            keep = min(self._half(before + chunk[-self._window:]), len(chunk))
            self._held = chunk[len(chunk) - keep:]
            chunk = chunk[:len(chunk) - keep]
            data: bytes | None = chunk
        else:
            data = None
        try:
            self._decoder.receive_data(data)
        except RequestEntityTooLarge as error:
            raise self._fail("The headers of a part are too large") from error

    def _half(self, end: bytes) -> int:
        """How many bytes at the end of what has arrived might be half of what follows a boundary."""
        at = end.rfind(self._boundary)
        rest = end[at + len(self._boundary):] if at >= 0 else b""
        return len(rest) if rest == b"-" or not rest.strip(b" \t\v\f") else 0

    def _read(self, into: memoryview) -> int:
        try:
            return self._readinto(into)
        except (ClientDisconnected, OSError) as error:
            raise self._fail("The body is cut short") from error

    def _fail(self, message: str) -> MultipartError:
        """Remembered: whoever asks again, for more of a file or for the next part, hears the same."""
        self._failure = MultipartError(message)
        return self._failure


def _copied(stream: IO[bytes], into: memoryview) -> int:
    """`readinto` of a stream that has none."""
    data = stream.read(len(into))
    into[:len(data)] = data
    return len(data)
