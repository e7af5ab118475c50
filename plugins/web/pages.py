"""A page of our own, for servers without the web client: that the server runs, and what to do next.

It needs no build and nothing from elsewhere, and works on a phone. While there is no administrator it has a form that
creates one through the API, as the web client would.
"""

from __future__ import annotations

from flask import Response, render_template, request

from immich_flask import WIRE_VERSION, __version__
from immich_flask.core.server.about import external_domain, public_config
from immich_flask.infra.db import connected
from plugins.web.build import need_html

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
          "base-uri 'none'; form-action 'self'; frame-ancestors 'none'")


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
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
