"""`admin`: accounts, for who has the shell but no password."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click

from immich_flask.commands.shared import Place, application, ask, config_options
from immich_flask.contracts.errors import BadRequest

if TYPE_CHECKING:
    from immich_flask.core.models import User


@click.group()
@config_options
def admin() -> None:
    """Create users, reset passwords, say who is an administrator."""


@admin.command("create-user")
@click.option("--email", help="Address to log in with; asked for when missing.")
@click.option("--name", help="Name that others see; asked for when missing.")
@click.option("--password", help="Asked for when missing, which keeps it out of the shell's history.")
@click.option("--admin", "is_admin", is_flag=True, help="Make an administrator.")
@config_options
@click.pass_obj
def create_user(place: Place, email: str | None, name: str | None, password: str | None, is_admin: bool) -> None:
    """Create an account. Users who are not administrators are asked for a new password when they first log in.

    \b
    Examples:
      immich-flask admin create-user --admin
      echo "$PASSWORD" | immich-flask admin create-user --email ann@example.org --name Ann
    """
    from immich_flask.core.users import create_user
    from immich_flask.infra.http.values import EMAIL

    with application(place):
        email, name = email or ask("E-mail"), name or ask("Name")
        password = password or ask("Password", secret=True)
        if not EMAIL.fullmatch(email):
            raise BadRequest(f"{email} is not an e-mail address")
        user = create_user(email, password, name, is_admin=is_admin, should_change_password=not is_admin)
        click.echo(f"created {user.email}{', an administrator' if is_admin else ''}")


@admin.command("reset-password")
@click.argument("email")
@click.option("--password", help="Asked for when missing; an empty line makes one up.")
@config_options
@click.pass_obj
def reset_password(place: Place, email: str, password: str | None) -> None:
    """Give the account with this address another password.

    \b
    Examples:
      immich-flask admin reset-password ann@example.org
    """
    from immich_flask.core.users import set_password

    with application(place):
        user = find_account(email)
        password = password or ask("New password", secret=True, default="")
        made_up = secrets.token_urlsafe(12)
        set_password(user.id, password or made_up)
        click.echo(f"{user.email} has a new password" + ("" if password else f": {made_up}"))


@admin.command("list-users")
@config_options
@click.pass_obj
def list_users(place: Place) -> None:
    """Show all accounts: address, role or state, day of creation, name."""
    from immich_flask.core.models import User

    with application(place):
        users = list(User.select().order_by(User.created_at))
        width = max((len(user.email) for user in users), default=0)
        for user in users:
            role = "deleted" if user.deleted_at else "admin" if user.is_admin else "user"
            click.echo(f"{user.email:<{width}}  {role:<7}  {user.created_at:%Y-%m-%d}  {user.name}")


@admin.command("grant-admin")
@click.argument("email", required=False)
@config_options
@click.pass_obj
def grant_admin(place: Place, email: str | None) -> None:
    """Make the account with this address an administrator. Asks for the address when it is missing."""
    from immich_flask.core.users.accounts import update_user

    with application(place):
        user = update_user(find_account(email or ask("E-mail")).id, is_admin=True)
        click.echo(f"{user.email} is an administrator")


@admin.command("revoke-admin")
@click.argument("email", required=False)
@config_options
@click.pass_obj
def revoke_admin(place: Place, email: str | None) -> None:
    """Make the account with this address an ordinary one; not the last administrator. Asks for the address when it is
    missing."""
    from immich_flask.core.models import User
    from immich_flask.core.users.accounts import update_user

    with application(place):
        user = find_account(email or ask("E-mail"))
        if not User.select().where(User.is_admin, User.deleted_at.is_null(), User.id != user.id).exists():
            raise BadRequest(f"{user.email} is the last administrator; make another one first: admin grant-admin EMAIL")
        update_user(user.id, is_admin=False)
        click.echo(f"{user.email} is not an administrator")


def find_account(email: str) -> User:
    """The account with this address. Raises BadRequest when there is none."""
    from immich_flask.core.models import User

    user = User.get_or_none(User.email == email.lower(), User.deleted_at.is_null())
    if user is None:
        raise BadRequest(f"there is no account {email}; see admin list-users")
    return user
