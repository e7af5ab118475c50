"""What the plugin adds to the server."""

from __future__ import annotations

from flask import Flask

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.core.runtime import runtime_of
from plugins.web.build import Build, build_pages
from plugins.web.pages import own_pages


@hookimpl
def startup(app: Flask) -> None:
    """The pages lie outside `/api`, so they are no blueprint of the API."""
    root = runtime_of(app).config.web.root
    app.register_blueprint(build_pages(Build(root)) if root else own_pages())
