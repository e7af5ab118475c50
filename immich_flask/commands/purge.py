"""`plugins purge`: removing for good what a plugin has left in the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from immich_flask.commands.shared import Place, config_options, rewrite_file
from immich_flask.contracts.errors import ConfigError

if TYPE_CHECKING:
    from immich_flask.core.purge import Remains


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Don't ask.")
@config_options
@click.pass_obj
def purge(place: Place, name: str, yes: bool) -> None:
    """Remove for good what the plugin NAME has left: tables, triggers, jobs, migration history, settings.

    The plugin must be disabled, or not be installed any more, and the server have been restarted since. Files that it
    keeps in folders of its own in the storage stay.

    \b
    Examples:
      immich-flask plugins disable map --config /etc/immich-flask.toml
      immich-flask plugins purge map --config /etc/immich-flask.toml
    """
    from immich_flask.core.plugins import NAME, find_plugins
    from immich_flask.core.purge import check_unneeded, purge, remains_of
    from immich_flask.infra.db import UNAVAILABLE, connect_database, connected

    config = place.load()
    found = find_plugins()
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name} is no name of a plugin")
    if name in found and name not in config.plugins.disabled:
        raise ConfigError(f"plugin {name} is enabled: immich-flask plugins disable {name}, restart the server, "
                          f"then purge")
    mentioned = _mentions(place.file, name, is_installed=name in found)
    database = connect_database(config)
    try:
        if _is_missing(config):
            raise ConfigError("there is no database yet")
        with connected():
            remains = remains_of(database, name)
            if not remains and not mentioned:
                raise ConfigError(f"nothing is left of {name}" if name in found else f"no plugin {name} is installed, "
                                  f"and nothing is left of one")
            check_unneeded(database, remains, found.values())
            _tell(remains, mentioned)
            if not yes:
                click.confirm("Remove all of this for good?", abort=True, err=True)
            purge(database, remains)
    except UNAVAILABLE as error:
        raise ConfigError(f"the database cannot be used: {error}".replace("\n", " ")) from error
    finally:
        database.close_all()
    if mentioned:
        _forget(place.file, name, keep_disabled=name in found)
    click.echo(f"purged {name}")


def _is_missing(config: Any) -> bool:
    url = config.database_url
    return url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists()


def _tell(remains: Remains, mentioned: list[str]) -> None:
    for table, rows in remains.rows.items():
        click.echo(f"table {table}: {rows} rows")
    for kind in ("trigger", "function"):
        if names := [part.name for part in remains.parts if part.kind == kind]:
            click.echo(f"{kind}s: {', '.join(names)}")
    if remains.jobs:
        click.echo(f"jobs: {remains.jobs}")
    if remains.tombstones:
        click.echo(f"deletions that phones have not heard of: {remains.tombstones}")
    for what in mentioned:
        click.echo(f"configuration: {what}")


def _mentions(file: str | None, name: str, *, is_installed: bool) -> list[str]:
    """What the configuration file says of the plugin that would be in the way, or of no use, afterwards."""
    import tomllib

    values = tomllib.loads(Path(file).read_text("utf-8")) if file else {}
    found = [f"[plugin.{name}]"] if name in values.get("plugin", {}) else []
    if not is_installed and name in values.get("plugins", {}).get("disabled", []):
        found.append("plugins.disabled")
    return found


def _forget(file: str, name: str, *, keep_disabled: bool) -> None:
    """Take the plugin's settings out of the file, and its name out of `plugins.disabled` once it is not installed."""
    def change(document: Any) -> None:
        if name in document.get("plugin", {}):
            document["plugin"].remove(name)
            if not document["plugin"]:
                document.remove("plugin")
        disabled = document.get("plugins", {}).get("disabled", [])
        if not keep_disabled and name in disabled:
            disabled.remove(name)

    rewrite_file(file, change)
