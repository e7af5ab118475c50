"""Objects out of the storage as HTTP answers: conditional requests, ranges, caching, and no copying where possible.

A file of the local storage goes from the page cache to the socket inside the kernel (`sendfile`), ranges too: gunicorn
sends as many bytes as Content-Length says, from where the file stands. From S3 only the range asked for is fetched.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from io import FileIO
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import http_date, parse_range_header, quote_etag
from werkzeug.sansio.http import is_resource_modified
from werkzeug.wsgi import wrap_file

from immich_flask.infra.http.answers import json_response
from immich_flask.infra.http.lean import Complete
from immich_flask.infra.storage.base import CHUNK, ObjectInfo, ObjectNotFound, Storage, StorageError

CACHE_CONTROL = "private, max-age=86400, no-transform, stale-while-revalidate=2592000, stale-if-error=2592000"
"""What Immich 3.1.0 sends with thumbnails, originals and videos (server/src/utils/file.ts)."""

PRESIGNED_FOR = timedelta(hours=4)
"""How long the target of a redirect can be read, by anybody who has it. Players follow the redirect once and then seek
in its target: a film must not stop in the middle."""

REDIRECT_CACHE_CONTROL = "private, max-age=3600"
"""A browser that asked for the redirect every time would get another URL every time, and never use its cache."""

_CONDITIONS = ("Range", "If-None-Match", "If-Modified-Since")


def send_object(
    storage: Storage, key: str, *, mimetype: str, filename: str | None = None, disposition: str = "inline",
    etag: str | None = None, last_modified: datetime | None = None, size: int | None = None,
    cache_control: str = CACHE_CONTROL, presigned: bool = False,
) -> Response:
    """Answer the current GET or HEAD request with the object under `key`.

    filename: for Content-Disposition, any text; without one there is no such header unless it says `attachment`.
    etag: names these very bytes, unquoted; without one it is made of size and time. last_modified, size (bytes): spare
    a round trip to S3 where they are known; a file is always asked itself. presigned: redirect to the bucket, if the
    operator wants that.

    200; 206 for one satisfiable range (several, or an If-Range that does not match, get the whole); 304; 416 for a
    range beyond the end; 302. Raises ObjectNotFound, StorageUnavailable.
    """
    headers = {"Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    # A client that has these bytes needs nothing from the storage.
    if etag and "If-None-Match" in request.headers and _unmodified(etag, None):
        return _not_modified(headers | _validators(etag, last_modified))
    content_disposition = _content_disposition(disposition, filename)
    if presigned and request.method == "GET":
        url = storage.presigned_url(key, expires=PRESIGNED_FOR, content_type=mimetype, disposition=content_disposition)
        if url:
            return Response(status=302, headers={"Location": url, "Cache-Control": REDIRECT_CACHE_CONTROL})

    path = storage.local_path(key)
    stream = None
    if path is None and size is not None and last_modified is not None:
        info = ObjectInfo(key, size, last_modified)
    elif path is None and request.method == "GET" and not any(header in request.headers for header in _CONDITIONS):
        # The answer that brings the object tells its size and age as well.
        stream = storage.open(key)
        info = stream.info
    else:
        info = storage.stat(key)

    etag = etag or f"{info.size:x}-{int(info.modified.timestamp() * 1000):x}"
    last_modified = last_modified or info.modified
    headers |= _validators(etag, last_modified)
    if _unmodified(etag, last_modified):
        return _not_modified(headers)
    start, stop = 0, info.size
    status = 200
    if span := _requested_span(info.size, etag, last_modified):
        start, stop = span
        if start >= stop:
            return _not_satisfiable(info.size)
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{info.size}"
        status = 206
    headers |= {"Accept-Ranges": "bytes", "Content-Length": str(stop - start)}
    if filename or disposition != "inline":
        headers["Content-Disposition"] = content_disposition
    response = Complete(status=status, headers=headers, content_type=mimetype)
    if request.method == "HEAD":
        return response
    if path is not None:
        return _with_file(response, path, info, start, stop - start)
    stream = stream or storage.open(key, start, stop - start)
    if stream.length != stop - start:
        stream.close()
        raise StorageError(f"{key!r} has {stream.info.size} bytes in the bucket, but {info.size} in the database")
    # Closed by the server when the answer is out or the client has gone: then S3 sends no more either.
    response.response = stream
    return response


class _SentFile(FileIO):
    """A range of a file for `wsgi.file_wrapper`: a server that cannot use the descriptor reads, but not beyond it."""

    def __init__(self, path: str, start: int, length: int, response: Response) -> None:
        super().__init__(path)
        self._left = length
        self._response = response
        self.seek(start)

    def read(self, size: int = -1) -> bytes:
        data = super().read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Passed through as it is, the response would never hear of its end, nor would its `call_on_close`."""
        if not self.closed:
            super().close()
            self._response.close()


def _with_file(response: Response, path: str, info: ObjectInfo, start: int, length: int) -> Response:
    try:
        file = _SentFile(path, start, length, response)
    except FileNotFoundError as error:
        raise ObjectNotFound(info.key) from error
    if os.fstat(file.fileno()).st_size != info.size:
        file.close()
        raise StorageError(f"{info.key!r} was replaced while it was being answered")
    response.response = wrap_file(request.environ, file, CHUNK)
    # Else Werkzeug would wrap the wrapper, and the server not see that there is a file to send.
    response.direct_passthrough = True
    return response


def _validators(etag: str, last_modified: datetime | None) -> dict[str, str]:
    headers = {"ETag": quote_etag(etag)}
    return headers | {"Last-Modified": http_date(last_modified)} if last_modified else headers


def _unmodified(etag: str, last_modified: datetime | None) -> bool:
    if "If-None-Match" not in request.headers and "If-Modified-Since" not in request.headers:
        return False
    return not is_resource_modified(
        http_if_none_match=request.headers.get("If-None-Match"),
        http_if_modified_since=request.headers.get("If-Modified-Since"),
        etag=quote_etag(etag), last_modified=last_modified,
    )


def _requested_span(size: int, etag: str, last_modified: datetime) -> tuple[int, int] | None:
    """First byte and the one after the last; empty if there are none to send. None: everything is to be sent."""
    # RFC 9110 section 14.2: Range means something for GET only, and what makes no sense is ignored.
    if "Range" not in request.headers or request.method != "GET":
        return None
    wanted = parse_range_header(request.headers.get("Range"))
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1 or not _range_applies(etag, last_modified):
        return None
    start, stop = wanted.ranges[0]
    if start < 0:
        start = max(size + start, 0)
    return start, size if stop is None else min(stop, size)


def _range_applies(etag: str, last_modified: datetime) -> bool:
    """If-Range, compared strongly (RFC 9110 section 13.1.5)."""
    value = request.headers.get("If-Range")
    if value is None:
        return True
    if request.if_range.date is not None:
        return request.if_range.date == last_modified.replace(microsecond=0)
    return value.strip() == quote_etag(etag)


def _not_modified(headers: dict[str, str]) -> Response:
    return Response(status=304, headers=headers)


def _not_satisfiable(size: int) -> Response:
    response = json_response({"message": "Range Not Satisfiable"}, 416)
    response.headers["Content-Range"] = f"bytes */{size}"
    return response


def _content_disposition(disposition: str, filename: str | None) -> str:
    """In the form of RFC 6266 for any text; the wire has no second, plain `filename`."""
    if not filename:
        return disposition
    return f"{disposition}; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"
