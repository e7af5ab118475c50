"""Uploads: multipart/form-data read part by part, in one pass, without keeping a file in memory or on disk.

Werkzeug's own form parser spools every file before the view sees the first field. Here the view gets each part as it
arrives and can hash and store a file while it is still being received, or refuse it after the first fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO

from multipart import MultipartError as ParserError
from multipart import MultipartSegment, ParserLimitReached, PushMultipartParser
from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import parse_options_header
from werkzeug.wsgi import LimitedStream

CHUNK = 256 * 1024
"""Bytes that are read at once."""

SMALL = 16 * 1024
"""Bytes that are read at once where no file is: enough for all fields of an upload."""

MAX_HEADER = 16 * 1024
"""Bytes of one header of a part."""

MAX_PREAMBLE = 64 * 1024
"""Bytes that may stand before the first part; by the standard some may."""

MAX_FIELD_BYTES = 1024 * 1024
MAX_FIELDS = 100


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
    parser = PushMultipartParser(boundary, max_header_size=MAX_HEADER, max_segment_count=max_fields)
    return _Reader(stream, parser, max_field_bytes).parts()


class _Reader:
    def __init__(self, stream: IO[bytes], parser: PushMultipartParser, max_field_bytes: int) -> None:
        self._readinto = getattr(stream, "readinto", None) or partial(_copied, stream)
        self._view = memoryview(bytearray(CHUNK))
        self._parser = parser
        self._max_field_bytes = max_field_bytes
        self._events: Iterator[MultipartSegment | bytes | None] = iter(())
        self._failure: MultipartError | None = None
        self._at_once = SMALL
        self._taken = 0
        self._segment: MultipartSegment | None = None
        self._boundary = b"--" + parser.boundary
        self._begin = b""

    def parts(self) -> Iterator[FieldPart | FilePart]:
        while True:
            event = self._next()
            if isinstance(event, MultipartSegment):
                self._segment, self._begin = event, b""
                name, filename = _names(event)
                if not name:
                    raise self._fail("A part has no name")
                if filename is None:
                    yield FieldPart(name, self._field(name, event))
                else:
                    self._at_once = CHUNK
                    yield FilePart(name, filename, self._chunks(event))
            elif self._parser.closed:
                return

    def _field(self, name: str, segment: MultipartSegment) -> str:
        value = bytearray()
        for chunk in self._chunks(segment):
            value += chunk
            if len(value) > self._max_field_bytes:
                raise self._fail(f"Field {name} is too large")
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise self._fail(f"Field {name} is not valid UTF-8") from error

    def _chunks(self, segment: MultipartSegment) -> Iterator[bytes]:
        while True:
            if self._segment is not segment:
                raise RuntimeError("this part is over: another one was asked for")
            if segment.complete and not self._failure:
                return
            if chunk := self._next():
                yield chunk

    def _next(self) -> MultipartSegment | bytes | None:
        """What the parser finds next: the head of a part, bytes of its content, or None, where a part or the body ends."""
        if self._failure:
            raise self._failure
        try:
            while (event := next(self._events, self)) is self:
                if self._parser.closed:
                    return None
                self._events = self._parser.parse(self._read())
        except ParserLimitReached as error:
            raise self._fail(f"The body has too many parts, or its headers are too large: {error}") from error
        except ParserError as error:
            raise self._fail(f"The body is not valid multipart/form-data, or it is cut short: {error}") from error
        if isinstance(event, bytes) and len(self._begin) < len(self._boundary):
            self._begin += event[:len(self._boundary) - len(self._begin)]
            if self._begin == self._boundary:
                # The parser would take all of the next part for the content of this one.
                raise self._fail("An empty part has no line break before the next boundary")
        return event

    def _read(self) -> bytes:
        """The next bytes of the body; none at its end."""
        if self._segment is None and self._taken > MAX_PREAMBLE:
            raise self._fail("What stands before the first part is too large")
        try:
            size = self._readinto(self._view[:self._at_once])
        except (ClientDisconnected, OSError) as error:
            raise self._fail("The body is cut short") from error
        self._taken += size
        return bytes(self._view[:size])

    def _fail(self, message: str) -> MultipartError:
        """Remembered: whoever asks again, for more of a file or for the next part, hears the same."""
        self._failure = MultipartError(message)
        return self._failure


def _names(segment: MultipartSegment) -> tuple[str | None, str | None]:
    """Name and file name, also as RFC 5987 has them (`filename*=utf-8''...`): RFC 7578 forbids that, .NET sends it, and the
    parser does not know it."""
    disposition = segment.header("Content-Disposition", "")
    if "*" not in disposition:
        return segment.name, segment.filename
    _, options = parse_options_header(disposition)
    return options.get("name"), options.get("filename")


def _copied(stream: IO[bytes], into: memoryview) -> int:
    """`readinto` of a stream that has none."""
    data = stream.read(len(into))
    into[:len(data)] = data
    return len(data)
