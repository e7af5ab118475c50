"""JSON out: written by orjson, with a strong ETag, compressed when the client asks for it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from hashlib import sha1
from typing import Any

import orjson
from flask import Response, request
from isal import isal_zlib
from werkzeug.http import quote_etag

from immich_flask.infra.fields import iso
from immich_flask.infra.http.lean import Complete

JSON = "application/json; charset=utf-8"

COMPRESS_FROM = 1400
"""Bytes. What fits into one network packet gains nothing from compression."""


def json_bytes(value: Any) -> bytes:
    """`value` as JSON; instants in the wire's form."""
    return orjson.dumps(value, default=_other, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _other(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


class Body(bytes):
    """JSON that is ready to be sent, for answers that are kept (`infra.unchanged`): what was made of it once, its ETag
    and its compressed form, stays with it."""

    @classmethod
    def of(cls, value: Any) -> Body:
        return cls(json_bytes(value))

    @cached_property
    def etag(self) -> str:
        return _etag(self)

    @cached_property
    def gzipped(self) -> bytes:
        return _gzipped(self)


def json_response(value: Any, status: int = 200) -> Response:
    """The answer to a JSON call. `value` may be bytes that are JSON already (made by SQL, or a `Body`)."""
    return answer_with(value if isinstance(value, bytes) else json_bytes(value), JSON, status)


def answer_with(body: bytes, content_type: str, status: int = 200) -> Response:
    """An answer that is there as a whole: with an ETag, and 304 for those who have it; compressed, if that is worth it
    and the client takes it."""
    headers: dict[str, str] = {}
    is_long = len(body) >= COMPRESS_FROM
    zipped = is_long and "gzip" in request.headers.get("Accept-Encoding", "")
    if is_long:
        headers["Vary"] = "Accept-Encoding"
    if status == 200 and request.method in ("GET", "HEAD"):
        etag = body.etag if isinstance(body, Body) else _etag(body)
        if zipped:
            etag = f"{etag}-gzip"
        headers["ETag"] = quote_etag(etag)
        if "If-None-Match" in request.headers and request.if_none_match.contains_weak(etag):
            return Response(status=304, headers=headers, content_type=content_type)
    if zipped:
        headers["Content-Encoding"] = "gzip"
        body = body.gzipped if isinstance(body, Body) else _gzipped(body)
    headers["Content-Length"] = str(len(body))
    return Complete(body, status, headers, content_type=content_type)


def _etag(body: bytes) -> str:
    return sha1(body, usedforsecurity=False).hexdigest()


def _gzipped(body: bytes) -> bytes:
    return isal_zlib.compress(body, level=1, wbits=31)
