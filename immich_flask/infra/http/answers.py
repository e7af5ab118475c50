"""JSON out: written by orjson, with a strong ETag, compressed when the client asks for it."""

from __future__ import annotations

import zlib
from datetime import datetime
from hashlib import sha1
from typing import Any

import orjson
from flask import Response, request

from immich_flask.infra.fields import iso

COMPRESS_FROM = 1400
"""Bytes. What fits into one network packet gains nothing from compression."""


def json_bytes(value: Any) -> bytes:
    """`value` as JSON; instants in the wire's form."""
    return orjson.dumps(value, default=_other, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _other(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def json_response(value: Any, status: int = 200) -> Response:
    """The answer to a JSON call. `value` may be bytes that are JSON already (made by SQL)."""
    body = value if isinstance(value, bytes) else json_bytes(value)
    response = Response(body, status, content_type="application/json; charset=utf-8")
    if status == 200 and request.method in ("GET", "HEAD"):
        response.set_etag(sha1(body, usedforsecurity=False).hexdigest())
        if request.if_none_match and response.get_etag()[0] in request.if_none_match:
            response.status_code = 304
            response.set_data(b"")
            return response
    return compress(response)


def compress(response: Response) -> Response:
    """Gzip a finished answer in place, if it is worth it and the client takes it."""
    if response.content_length is None or response.content_length < COMPRESS_FROM:
        return response
    response.vary.add("Accept-Encoding")
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        # Level 1: half the bytes of the answer for a tenth of the time of the default.
        packer = zlib.compressobj(level=1, wbits=31)
        response.set_data(packer.compress(response.get_data()) + packer.flush())
        response.headers["Content-Encoding"] = "gzip"
        if etag := response.get_etag()[0]:
            response.set_etag(f"{etag}-gzip")
    return response
