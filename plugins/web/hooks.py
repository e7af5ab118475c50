"""What the plugin adds to the server."""

from __future__ import annotations

import click
from flask import Flask

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import without_database
from immich_flask.core.runtime import runtime_of
from plugins.web import commands
from plugins.web.site import site


@hookimpl
def startup(app: Flask) -> None:
    """The pages lie outside `/api`, so they are no blueprint of the API."""
    app.register_blueprint(site(runtime_of(app).config))


@hookimpl
def register_commands() -> list[click.Command]:
    # The web app can be installed before there is a database.
    return [without_database(commands.web)]
