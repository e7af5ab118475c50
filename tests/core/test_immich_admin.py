"""The `immich-admin` program, with the names and questions of Immich's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from immich_flask.cli import immich_admin
from immich_flask.commands.shared import Place
from immich_flask.core import settings
from immich_flask.core.auth.secrets import verify_password
from immich_flask.core.models import User
from immich_flask.testing import Server
from tests.core.programs import environment_of


@pytest.fixture(scope="module")
def place(make_server: Callable[..., Server]) -> Server:
    server = make_server()
    server.admin = server.user("ann", is_admin=True)
    return server


@pytest.fixture
def run(place: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`run("list-users", input="...")` beside that server; asserts the exit status (0)."""
    monkeypatch.delenv("IMMICH_FLASK_CONFIG", raising=False)

    def invoke(*arguments: str, status: int = 0, input: str | None = None) -> Result:
        result = CliRunner().invoke(immich_admin, arguments, prog_name="immich-admin", input=input, obj=Place(),
                                    env=environment_of(place.runtime.config))
        assert result.exit_code == status, (result.output, result.exception)
        return result

    return invoke


@pytest.mark.once
def test_every_name_that_immich_has_is_there(run):
    assert set(immich_admin.commands) == {
        "list-users", "reset-admin-password", "grant-admin", "revoke-admin", "enable-password-login",
        "disable-password-login", "version", "schema-check", "enable-oauth-login", "disable-oauth-login",
        "enable-maintenance-mode", "disable-maintenance-mode", "change-media-location"}
    for name in immich_admin.commands:
        assert "Usage: immich-admin" in run(name, "--help").output


@pytest.mark.once
def test_version(run):
    assert run("version").output == "v3.1.0\n"


def test_schema_check(run):
    assert run("schema-check").output == "Migrations are up to date\nNo schema drift detected\n"


def test_users_and_administrators(run, place):
    bob = place.user("bob")

    def shown() -> list[str]:
        accounts = run("list-users").stdout.split("{\n")
        account, = (account for account in accounts if f"  email: '{bob.email}',\n" in account)
        return account.splitlines()

    assert {f"  id: '{bob.id}',", "  isAdmin: false,", "  deletedAt: null,", "  status: 'active',"} <= set(shown())
    assert run("grant-admin", input=f"{bob.email}\n").stdout == (
        f"Please enter the user email: {bob.email}\nAdmin access has been granted to {bob.email}\n")
    assert "  isAdmin: true," in shown()
    # All of them, if one wants: from here there is a way back.
    for email in (bob.email, place.admin.email):
        assert run("revoke-admin", input=f"{email}\n").stdout.endswith(f"Admin access has been revoked from {email}\n")
    assert "  isAdmin: false," in shown()
    run("grant-admin", input=f"{place.admin.email}\n")
    assert run("grant-admin", input="nobody@test.example\n", status=1).stderr.endswith(
        "immich-admin: there is no account nobody@test.example; see admin list-users\n")


def test_reset_the_administrators_password(run, place):
    shown = run("reset-admin-password", input="open sesame\nn\n").stdout
    assert f"- Email={place.admin.email}" in shown
    assert shown.endswith("\nThe admin password has been updated.\n")
    assert place.admin.get("/users/me").status_code == 200
    with place.context():
        assert verify_password("open sesame", User.get_by_id(place.admin.id).password)
    made_up = run("reset-admin-password", input="\ny\n").stdout.split()[-1]
    with place.context():
        assert verify_password(made_up, User.get_by_id(place.admin.id).password)
    # The second answer ended all sessions.
    assert place.admin.get("/users/me").status_code == 401
    place.admin = place.user("other", is_admin=True)


def test_password_login(run, place):
    def log_in() -> int:
        return place.nobody.post("/auth/login", {"email": "x@test.example", "password": "y"}).json["message"]

    assert "Incorrect" in log_in()
    assert run("disable-password-login").output == "Password login has been disabled.\n"
    settings._copies.clear()
    assert log_in() == "Password login has been disabled"
    assert place.nobody.get("/server/features").json["passwordLogin"] is False
    run("enable-password-login")
    settings._copies.clear()
    assert "Incorrect" in log_in()


@pytest.mark.parametrize("name", ["enable-oauth-login", "disable-oauth-login", "enable-maintenance-mode",
                                  "disable-maintenance-mode", "change-media-location"])
@pytest.mark.once
def test_what_does_not_apply_says_why(run, name):
    assert run(name, status=1).stderr.startswith(f"immich-admin: {name}: ")
