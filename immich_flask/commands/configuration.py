"""`config` and `plugins`: what is configured, and switching plugins on and off."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from immich_flask.commands.purge import purge
from immich_flask.commands.shared import Place, config_options, need_file, rewrite_file
from immich_flask.contracts.errors import ConfigError

_SECRET = re.compile(r"(secret|password|passwd|token|access_key|api_key|private_key)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?<=://)([^/@\s]*):[^/@\s]*@")
_MASK = "********"


@click.group()
@config_options
def config() -> None:
    """Look at the configuration."""


@config.command()
@config_options
@click.pass_obj
def show(place: Place) -> None:
    """Show every key with the value in effect and where that comes from. Passwords and keys are masked.

    \b
    Examples:
      immich-flask config show --config /etc/immich-flask.toml
    """
    from immich_flask.core.plugins import Plugins
    from immich_flask.infra.config import default_values

    effective = place.load()
    plugins = Plugins(effective)
    given = _values_of_file(place.file)
    for key in _keys(default_values()):
        value: Any = effective
        for part in key:
            value = getattr(value, part)
        _show(".".join(key), value, _origin(place, key, given))
    for name, table in plugins.settings.items():
        for setting, value in table.items():
            key = ("plugin", name, setting)
            _show(".".join(key), value, _origin(place, key, given))


@click.group()
@config_options
def plugins() -> None:
    """See which plugins there are, switch them on and off."""


@plugins.command("list")
@config_options
@click.pass_obj
def list_plugins(place: Place) -> None:
    """Show all installed plugins: name, version, whether it is enabled, what it requires."""
    from immich_flask.core.plugins import find_plugins

    disabled = place.load().plugins.disabled
    found = find_plugins()
    width = max(map(len, found), default=0)
    for name, plugin in sorted(found.items()):
        state = "disabled" if name in disabled else "broken" if plugin.broken else "enabled"
        needs = f"  requires {', '.join(plugin.meta.requires)}" if plugin.meta.requires else ""
        wrong = f"  {plugin.broken}" if plugin.broken else ""
        click.echo(f"{name:<{width}}  {plugin.meta.version:<8}  {state:<8}{needs}{wrong}".rstrip())


plugins.add_command(purge)


@plugins.command()
@click.argument("names", nargs=-1, required=True)
@config_options
@click.pass_obj
def enable(place: Place, names: tuple[str, ...]) -> None:
    """Take NAMES out of `plugins.disabled` in the configuration file. The rest of the file stays as it is.

    \b
    Examples:
      immich-flask plugins enable map --config /etc/immich-flask.toml
    """
    _rewrite(need_file(place), lambda disabled: [name for name in disabled if name not in names], names)
    click.echo(f"enabled {', '.join(names)}; in effect when the server is started again, after immich-flask migrate")


@plugins.command()
@click.argument("names", nargs=-1, required=True)
@config_options
@click.pass_obj
def disable(place: Place, names: tuple[str, ...]) -> None:
    """Put NAMES into `plugins.disabled` in the configuration file. Their tables, rows and waiting jobs are kept;
    `plugins purge` removes them.

    \b
    Examples:
      immich-flask plugins disable map memories --config /etc/immich-flask.toml
    """
    _rewrite(need_file(place), lambda disabled: [*disabled, *(name for name in names if name not in disabled)], names)
    click.echo(f"disabled {', '.join(names)}; in effect when the server is started again")


def _rewrite(path: str, change: Any, names: tuple[str, ...]) -> None:
    """Change `plugins.disabled` in the file, if the server would start with the result. ConfigError if not."""
    import tomlkit

    from immich_flask.core.plugins import Plugins, find_plugins
    from immich_flask.infra.config import load_config

    if "IMMICH_FLASK_PLUGINS__DISABLED" in os.environ:
        raise ConfigError("IMMICH_FLASK_PLUGINS__DISABLED is set, and wins over the file: change or unset it")
    if unknown := sorted(set(names) - set(find_plugins())):
        raise ConfigError(f"no such plugin: {', '.join(unknown)}; see immich-flask plugins list")

    def rewrite(document: Any) -> None:
        table = document.setdefault("plugins", tomlkit.table())
        table["disabled"] = change(list(table.get("disabled", [])))

    rewrite_file(path, rewrite, check=lambda new: Plugins(load_config(new)))


def _values_of_file(path: str | None) -> dict:
    import tomllib

    return tomllib.loads(Path(path).read_text("utf-8")) if path else {}


def _keys(values: dict, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _keys(value, (*above, key))
        else:
            yield *above, key


def _origin(place: Place, key: tuple[str, ...], given: dict) -> str:
    if ".".join(key) in place.overrides:
        return "the command line"
    variable = "IMMICH_FLASK_" + "__".join(key).upper()
    if variable in os.environ:
        return variable
    value: Any = given
    for part in key:
        value = value.get(part) if isinstance(value, dict) else None
    return "default" if value is None else str(place.file)


def _show(key: str, value: Any, origin: str) -> None:
    import tomlkit

    if isinstance(value, str):
        value = _MASK if value and _SECRET.search(key.rpartition(".")[2]) else _URL_PASSWORD.sub(rf"\1:{_MASK}@", value)
    click.echo(f"{key} = {tomlkit.item(value).as_string()}  # {origin}")
