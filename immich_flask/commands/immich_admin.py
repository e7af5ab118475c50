"""The commands of `immich-admin`: by the names, and with the questions, that operators know from Immich's program
(server/src/commands). What does not apply to this server says why, instead of being unknown."""

from __future__ import annotations

import secrets
import sys
from copy import deepcopy
from datetime import datetime
from typing import Any

import click

from immich_flask import WIRE_VERSION
from immich_flask.commands.admin import find_account
from immich_flask.commands.shared import Place, application, ask, config_options
from immich_flask.contracts.errors import BadRequest
from immich_flask.infra.fields import iso


@click.command("version")
@config_options
def version() -> None:
    """Print the version of Immich that clients see."""
    click.echo(f"v{'.'.join(map(str, WIRE_VERSION))}")


@click.command("list-users")
@config_options
@click.pass_obj
def list_users(place: Place) -> None:
    """Show all accounts with all that is said of them, a line for each value: `email: 'ann@example.org',`."""
    from immich_flask.core.users.administration import users

    with application(place):
        for user in users(with_deleted=True):
            click.echo("{\n" + "".join(f"  {key}: {_literal(value)},\n" for key, value in user.items()) + "}")


@click.command("grant-admin")
@config_options
@click.pass_obj
def grant_admin(place: Place) -> None:
    """Make an account an administrator; asks for its address."""
    click.echo(f"Admin access has been granted to {_set_admin(place, True)}")


@click.command("revoke-admin")
@config_options
@click.pass_obj
def revoke_admin(place: Place) -> None:
    """Make an account an ordinary one, the last administrator, too; asks for its address."""
    click.echo(f"Admin access has been revoked from {_set_admin(place, False)}")


@click.command("reset-admin-password")
@config_options
@click.pass_obj
def reset_admin_password(place: Place) -> None:
    """Give the administrator another password; of several, the oldest account."""
    from immich_flask.core.auth.sessions import end_sessions
    from immich_flask.core.models import User
    from immich_flask.core.users import set_password

    with application(place):
        admin = User.select().where(User.is_admin, User.deleted_at.is_null()).order_by(User.created_at, User.id).first()
        if admin is None:
            raise BadRequest("there is no administrator; make one: immich-flask admin create-user --admin")
        click.echo(f"Found Admin:\n- ID={admin.id}\n- OAuth ID={admin.oauth_id}\n- Email={admin.email}\n"
                   f"- Name={admin.name}")
        password = ask("Please choose a new password (optional)", secret=True, default="", on_stdout=True)
        end = click.confirm("Invalidate existing sessions?", default=True)
        made_up = secrets.token_urlsafe(12)
        set_password(admin.id, password or made_up)
        if end:
            end_sessions(admin.id)
        click.echo("The admin password has been updated." if password else
                   f"The admin password has been updated to:\n{made_up}")


@click.command("enable-password-login")
@config_options
@click.pass_obj
def enable_password_login(place: Place) -> None:
    """Let users log in with their passwords."""
    _set_password_login(place, True)
    click.echo("Password login has been enabled.")


@click.command("disable-password-login")
@config_options
@click.pass_obj
def disable_password_login(place: Place) -> None:
    """Let nobody log in with a password. Who is logged in stays so."""
    _set_password_login(place, False)
    click.echo("Password login has been disabled.")


@click.command("schema-check")
@config_options
@click.pass_obj
def schema_check(place: Place) -> None:
    """Say whether all migrations were applied, and whether the schema is what they make. Exits with 1 if not."""
    from immich_flask.core.plugins import Plugins
    from immich_flask.core.schema import differences
    from immich_flask.infra.db import connect_database

    config = place.load()
    plugins = Plugins(config)
    database = connect_database(config)
    try:
        lines = differences(plugins)
    finally:
        database.close_all()
    for line in lines or ["Migrations are up to date", "No schema drift detected"]:
        click.echo(line)
    sys.exit(1 if lines else 0)


def _set_admin(place: Place, is_admin: bool) -> str:
    """Returns the address of the account."""
    from immich_flask.core.users.accounts import update_user

    with application(place):
        user = find_account(ask("Please enter the user email", on_stdout=True))
        return update_user(user.id, is_admin=is_admin).email


def _literal(value: Any) -> str:
    """As Node prints it, for scripts that look for `isAdmin: true`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, datetime):
        return iso(value)
    return repr(value)


def _set_password_login(place: Place, enabled: bool) -> None:
    from immich_flask.core.settings import system_config, update_system_config

    with application(place):
        config = deepcopy(system_config(fresh=True))
        config["passwordLogin"]["enabled"] = enabled
        update_system_config(config)


def _does_not_apply(name: str, reason: str) -> click.Command:
    @click.command(name, help=f"Not for this server: {reason}", short_help="Not for this server.")
    @config_options
    def refuse() -> None:
        raise BadRequest(f"{name}: {reason}")

    return refuse


_NO_OAUTH = "logging in by OAuth is not built in."
_NO_MAINTENANCE = "there is no maintenance mode; stop the server instead."

ADMIN_COMMANDS: list[click.Command] = [
    list_users, reset_admin_password, grant_admin, revoke_admin, enable_password_login, disable_password_login, version,
    schema_check,
    _does_not_apply("enable-oauth-login", _NO_OAUTH),
    _does_not_apply("disable-oauth-login", _NO_OAUTH),
    _does_not_apply("enable-maintenance-mode", _NO_MAINTENANCE),
    _does_not_apply("disable-maintenance-mode", _NO_MAINTENANCE),
    _does_not_apply("change-media-location", "the database does not name the folder of the photos; move it, and set "
                                             "storage.path."),
]
