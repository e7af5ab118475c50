"""A page of our own, for servers without the official web app: sign up, log in, upload, look at photos by month.

It needs no build and nothing from elsewhere, and works on a phone. All it does, it does through the API.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, render_template, request

from immich_flask import WIRE_VERSION, __version__
from immich_flask.core.runtime import runtime
from immich_flask.core.server.about import external_domain, public_config
from immich_flask.infra.config import Config
from immich_flask.infra.db import connected
from plugins.web.build import need_html


def policy(config: Config) -> str:
    """The page loads nothing but its own files, and pictures from where the server sends it for them."""
    media = "'self'"
    if config.storage.backend == "s3" and config.storage.s3.presigned_redirects:
        s3 = config.storage.s3
        address = urlsplit(s3.endpoint if "://" in s3.endpoint else f"http{'s' if s3.secure else ''}://{s3.endpoint}")
        media += f" {address.scheme}://{address.netloc} {address.scheme}://*.{address.netloc}"
    return (f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src {media}; "
            f"media-src {media}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")


def own_page(path: str) -> Response:
    """The page at this path, which is not below `/api`."""
    need_html()
    if path != "index.html":
        response = _page("missing.html")
        response.status_code = 404
        return response
    with connected():
        config, address = public_config(), external_domain()
    return _page("home.html", address=address or request.host_url.rstrip("/"), config=config,
                 version=__version__, wire=".".join(map(str, WIRE_VERSION)))


def _page(template: str, **values: object) -> Response:
    response = Response(render_template(template, **values), mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = policy(runtime.config)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
