"""`serve`, `worker`, `migrate`."""

from __future__ import annotations

import gc
import sys

import click

from immich_flask.commands.shared import Place, config_options, override


@click.command()
@override("--host", "server.host", metavar="ADDRESS", help="Address to listen on; 0.0.0.0 for the whole network.")
@override("--port", "server.port", type=click.IntRange(1, 65535), help="Port to listen on.")
@config_options
@click.pass_obj
def serve(place: Place) -> None:
    """Run the server: web and job workers, until Ctrl-C. Makes the folder and migrates the database by itself.

    \b
    Examples:
      immich-flask serve
      immich-flask serve --host 0.0.0.0 --port 8080 --data-dir /srv/photos
      immich-flask serve --config /etc/immich-flask.toml
    """
    _hold_the_collector()
    from immich_flask.serve import serve

    sys.exit(serve(place.load()))


@click.command()
@config_options
@click.pass_obj
def worker(place: Place) -> None:
    """Run job workers only, beside those of `serve` or on another machine; it needs the same database and storage.

    \b
    Examples:
      immich-flask worker --config /etc/immich-flask.toml
      IMMICH_FLASK_QUEUE__WORKERS=8 immich-flask worker
    """
    _hold_the_collector()
    from immich_flask.serve import run_worker

    sys.exit(run_worker(place.load()))


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 and say why when the schema is not the one "
                                            "that this version expects.")
@config_options
@click.pass_obj
def migrate(place: Place, check: bool) -> None:
    """Bring the database up to date. Started twice at once, both end well.

    \b
    Examples:
      immich-flask migrate --config /etc/immich-flask.toml
      immich-flask migrate --check
    """
    from immich_flask.core.plugins import Plugins
    from immich_flask.core.schema import differences, migrate_all
    from immich_flask.infra.db import connect_database

    config = place.load()
    plugins = Plugins(config)
    database = connect_database(config)
    try:
        if not check:
            if not migrate_all(config, plugins, click.echo):
                click.echo("nothing to do")
            return
        lines = differences(plugins)
    finally:
        database.close_all()
    for line in lines or ["the database is up to date"]:
        click.echo(line)
    sys.exit(1 if lines else 0)


def _hold_the_collector() -> None:
    """Until `immich_flask.serve` forks: what is imported and built now stays, and looking through it again and again
    takes a tenth of the start."""
    gc.disable()
