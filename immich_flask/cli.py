"""The programs `immich-flask` and `immich-admin`. Their commands are in `immich_flask.commands`; plugins add to the first
(`register_commands`)."""

from __future__ import annotations

import sys

import click

from immich_flask import WIRE_VERSION, __version__
from immich_flask.commands import COMMANDS
from immich_flask.commands.admin import admin
from immich_flask.commands.configuration import config, plugins
from immich_flask.commands.immich_admin import ADMIN_COMMANDS
from immich_flask.commands.running import migrate, serve, worker
from immich_flask.commands.safety import backup, check, restore
from immich_flask.commands.shared import Place, config_options, in_app
from immich_flask.contracts.errors import ApiError, ConfigError
from immich_flask.infra.db import UNAVAILABLE
from immich_flask.infra.storage.base import StorageError


class Stop(click.ClickException):
    """One line on standard error, and the program ends."""

    def __init__(self, ctx: click.Context, message: object, exit_code: int) -> None:
        super().__init__(" ".join(str(message).split()))
        self.program, self.exit_code = ctx.find_root().info_name, exit_code

    def show(self, file: object = None) -> None:
        click.echo(f"{self.program}: {self.message}", err=True)


class Commands(click.Group):
    """Commands whose expected failures are one line."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise Stop(ctx, error, 2) from error
        except ApiError as error:
            raise Stop(ctx, error.message, 1) from error
        except StorageError as error:
            raise Stop(ctx, f"the storage cannot be used: {error}", 1) from error
        except UNAVAILABLE as error:
            raise Stop(ctx, f"the database cannot be used: {error}", 1) from error


class Program(Commands):
    """The core's commands, and those of the enabled plugins, which are asked only when nothing else is meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        try:
            return [*super().list_commands(ctx), *self._of_plugins(ctx)]
        except ConfigError as error:
            click.echo(f"Commands of plugins are missing here: {error}\n", err=True)
            return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return super().get_command(ctx, name) or self._of_plugins(ctx).get(name)

    def _of_plugins(self, ctx: click.Context) -> dict[str, click.Command]:
        from immich_flask.core.plugins import Plugins

        plugins = Plugins(ctx.obj.load())
        for name in plugins.commands.keys() & COMMANDS:
            owner = plugins.owner("command", name)
            raise ConfigError(f"plugin {owner} registers the command {name}, which the core has; disable {owner}")
        return {name: in_app(command) for name, command in plugins.commands.items()}


@click.group(cls=Program, context_settings={"obj": Place(), "help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message=f"%(prog)s %(version)s, for clients of Immich "
                                           f"{'.'.join(map(str, WIRE_VERSION))}")
@config_options
def program() -> None:
    """An Immich-compatible photo server.

    \b
    Examples:
      immich-flask serve                          everything in ./data, on http://127.0.0.1:2283
      immich-flask serve --host 0.0.0.0 --data-dir /srv/photos
      immich-flask --config /etc/immich-flask.toml admin create-user --admin

    Every key of the configuration can be set by environment, too: IMMICH_FLASK_SERVER__PORT=8080.
    """


for command in (serve, worker, migrate, backup, restore, check, admin, plugins, config):
    program.add_command(command)
assert list(program.commands) == list(COMMANDS)


@click.group(cls=Commands, context_settings={"obj": Place(), "help_option_names": ["-h", "--help"]})
@config_options
def immich_admin() -> None:
    """Administration under the names that Immich's own program of this name has. What they ask for may come on a pipe.

    \b
    Examples:
      immich-admin list-users
      printf '%s\\n' "$PASSWORD" yes | immich-admin reset-admin-password
    """


for command in ADMIN_COMMANDS:
    immich_admin.add_command(command)


def main() -> None:
    program(prog_name="immich-flask")


def admin_main() -> None:
    immich_admin(prog_name="immich-admin")


if __name__ == "__main__":
    sys.exit(main())
