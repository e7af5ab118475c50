"""The official web client: files of its build, and its index for every address that its own router knows.

Rules of Immich (server/src/app.common.ts, server/src/services/api.service.ts): what lies below `/_app/immutable` never
changes, the index is never stored, and what is neither file nor API gives the index to whoever takes HTML.
"""

from __future__ import annotations

import mimetypes
from html import escape
from pathlib import Path
from urllib.parse import urljoin

from flask import Response, request, send_file
from werkzeug.exceptions import NotAcceptable, NotFound
from werkzeug.security import safe_join

from immich_flask.contracts.errors import ApiError
from immich_flask.contracts.plugin import PageTags
from immich_flask.core.runtime import runtime
from immich_flask.core.server.about import external_domain
from immich_flask.infra.db import connected

IMMUTABLE = "_app/immutable/"
YEAR = 365 * 24 * 3600

PLACEHOLDER = b"<!-- metadata:tags -->"

POLICY = "object-src 'none'; base-uri 'self'; form-action 'self'"
"""What the official page never needs. It has scripts in its own text, and loads maps from wherever the administrator
says, so that more would have to know each of its releases."""

ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Compressed siblings that the build may have, the smallest first."""


class Build:
    """A folder with a build. `index` is read once: another build is another folder."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser().resolve()
        self.index = (self.root / "index.html").read_bytes()

    def find(self, path: str) -> Path | None:
        """The file under this address; None for what is hidden, outside of the folder, or no file."""
        joined = safe_join(str(self.root), path)
        if joined is None or any(part.startswith(".") for part in path.split("/")):
            return None
        try:
            file = Path(joined).resolve()
            return file if file.is_relative_to(self.root) and file.is_file() else None
        except (OSError, ValueError):
            # A name that no file can have: too long, or with a NUL.
            return None


def build_page(build: Build, path: str) -> Response:
    """What `build` has at this path, which is not below `/api`."""
    if path != "index.html" and (file := build.find(path)):
        return _file(file, path)
    if path.startswith("_app/"):
        # A script of another release: HTML in its place would only hide that.
        raise NotFound()
    need_html()
    response = Response(mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = POLICY
    # Addresses of shared links are all that their guests need.
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    try:
        tags = runtime.plugins.hook.page_tags(path=request.path)
    except ApiError as error:
        # The client's own page says what is wrong; those who don't run it go by the status.
        tags, response.status_code = None, error.status
    response.set_data(with_tags(build.index, tags) if tags else build.index)
    return response


def with_tags(index: bytes, tags: PageTags) -> bytes:
    """The index with Open Graph tags (https://ogp.me) in the place that the build leaves for them."""
    with connected():
        address = external_domain() or (request.host and request.host_url)
    named = {"og:type": "website", "og:title": tags.title, "og:description": tags.description}
    if tags.image and address:
        named["og:image"] = urljoin(address, tags.image)
    lines = [f'<meta name="description" content="{escape(tags.description)}" />',
             *(f'<meta property="{name}" content="{escape(value)}" />' for name, value in named.items())]
    return index.replace(PLACEHOLDER, "\n    ".join(lines).encode())


def need_html() -> None:
    """NotAcceptable when who asks would not take HTML for an answer. Who says nothing takes everything."""
    if request.accept_mimetypes and not request.accept_mimetypes.accept_html:
        raise NotAcceptable(f"{request.path} is a page, and text/html the only form of it")


def _file(file: Path, path: str) -> Response:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    siblings = [(encoding, file.with_name(file.name + ending)) for encoding, ending in ENCODINGS]
    siblings = [(encoding, sibling) for encoding, sibling in siblings if sibling.is_file()]
    encoding, chosen = next((pair for pair in siblings if request.accept_encodings[pair[0]]), (None, file))
    response = send_file(chosen, mimetype=kind, conditional=True)
    if siblings:
        response.vary.add("Accept-Encoding")
    if encoding:
        response.content_encoding = encoding
    if path.startswith(IMMUTABLE):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return response
