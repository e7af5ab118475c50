"""A page of our own, for servers without the web client: that the server runs, and what to do next.

It needs no build and nothing from elsewhere, and works on a phone. While there is no administrator it has a form that
creates one through the API, as the web client would.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import NotAcceptable, NotFound

from immich_flask import WIRE_VERSION, __version__
from immich_flask.core.server.about import external_domain, public_config
from immich_flask.infra.db import connected
from plugins.web.build import takes_html

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
          "base-uri 'none'; form-action 'self'; frame-ancestors 'none'")


def own_pages() -> Blueprint:
    """The routes of the page, and of its style and script."""
    pages = Blueprint("web", __name__, template_folder="templates", static_folder="static",
                      static_url_path="/_page")

    @pages.get("/")
    def home() -> Response:
        with connected():
            config, address = public_config(), external_domain()
        return _page("home.html", address=address or request.host_url.rstrip("/"), config=config,
                     version=__version__, wire=".".join(map(str, WIRE_VERSION)))

    @pages.get("/<path:path>", provide_automatic_options=False)
    def missing(path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            raise NotFound()
        if not takes_html():
            raise NotAcceptable(f"{request.path} is a page, and text/html the only form of it")
        response = _page("missing.html")
        response.status_code = 404
        return response

    return pages


def _page(template: str, **values: object) -> Response:
    response = Response(render_template(template, **values), mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
