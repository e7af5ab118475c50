"""What the plugin adds to the server."""

from __future__ import annotations

import click

from immich_flask.contracts.hookspecs import hookimpl
from plugins.importer import commands
from plugins.importer.models import Imported


@hookimpl
def register_commands() -> list[click.Command]:
    return [commands.group]


@hookimpl
def register_models() -> list[type[Imported]]:
    return [Imported]
