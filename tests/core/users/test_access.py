"""Who may call what: every route of users and user administration, for every kind of caller."""

from __future__ import annotations

import pytest

from immich_flask.testing.callers import Caller, Server

LICENSE = {"licenseKey": "IMCL-6ECZ-91TE-WZRM-Q7AQ-MBN4-UW48-2CPT-71X9", "activationKey": "bm90IGEga2V5"}

# method, path, body, permission, status for the account itself
OWN = [
    ("GET", "/users", None, "user.read", 200),
    ("GET", "/users/me", None, "user.read", 200),
    ("PUT", "/users/me", {"name": "x"}, "user.update", 200),
    ("PATCH", "/users/me", {"name": "x"}, "user.update", 200),
    ("GET", "/users/me/calendar-heatmap", None, "user.read", 200),
    ("GET", "/users/me/preferences", None, "userPreference.read", 200),
    ("PUT", "/users/me/preferences", {}, "userPreference.update", 200),
    ("PATCH", "/users/me/preferences", {}, "userPreference.update", 200),
    ("GET", "/users/me/license", None, "userLicense.read", 404),
    ("PUT", "/users/me/license", LICENSE, "userLicense.update", 400),
    ("DELETE", "/users/me/license", None, "userLicense.delete", 204),
    ("GET", "/users/me/onboarding", None, "userOnboarding.read", 200),
    ("PUT", "/users/me/onboarding", {"isOnboarded": True}, "userOnboarding.update", 200),
    ("DELETE", "/users/me/onboarding", None, "userOnboarding.delete", 204),
    ("POST", "/users/profile-image", None, "userProfileImage.update", 400),
    ("DELETE", "/users/profile-image", None, "userProfileImage.delete", 400),
    ("GET", "/users/{id}", None, "user.read", 200),
    ("GET", "/users/{id}/profile-image", None, "userProfileImage.read", 404),
]

# method, path, body, permission, status for an administrator
ADMIN = [
    ("GET", "/admin/users", None, "adminUser.read", 200),
    ("POST", "/admin/users", {"email": "new@test.example", "password": "x"}, "adminUser.create", 400),
    ("GET", "/admin/users/{id}", None, "adminUser.read", 200),
    ("PUT", "/admin/users/{id}", {"name": "x"}, "adminUser.update", 200),
    ("PATCH", "/admin/users/{id}", {"name": "x"}, "adminUser.update", 200),
    ("GET", "/admin/users/{id}/preferences", None, "adminUser.read", 200),
    ("PUT", "/admin/users/{id}/preferences", {}, "adminUser.update", 200),
    ("PATCH", "/admin/users/{id}/preferences", {}, "adminUser.update", 200),
    ("GET", "/admin/users/{id}/sessions", None, "adminSession.read", 200),
    ("GET", "/admin/users/{id}/statistics", None, "adminUser.read", 200),
    ("DELETE", "/admin/users/{id}", {}, "adminUser.delete", 200),
    ("POST", "/admin/users/{id}/restore", None, "adminUser.delete", 200),
]

ALL = [pytest.param(*row, row in ADMIN, id=f"{row[0]} {row[1]}") for row in (*OWN, *ADMIN)]

each_route = pytest.mark.parametrize(("method", "path", "body", "permission", "status", "admin_only"), ALL)


def ask(caller: Caller, method: str, path: str, body: dict | None, target: Caller) -> tuple[int, str | None]:
    response = caller.open(method, path.format(id=target.id), body)
    return response.status_code, response.json.get("message") if isinstance(response.json, dict) else None


@each_route
def test_nobody(server: Server, user: Caller, method: str, path: str, body: dict | None, permission: str, status: int,
                admin_only: bool) -> None:
    assert ask(server.nobody, method, path, body, user) == (401, "Authentication required")


@each_route
def test_user(user: Caller, method: str, path: str, body: dict | None, permission: str, status: int,
              admin_only: bool) -> None:
    code, message = ask(user, method, path, body, user)
    assert (code, message) == (403, "Forbidden") if admin_only else code == status


@each_route
def test_another_user(user: Caller, other: Caller, method: str, path: str, body: dict | None, permission: str,
                      status: int, admin_only: bool) -> None:
    code, message = ask(other, method, path, body, user)
    assert (code, message) == (403, "Forbidden") if admin_only else code == status


@each_route
def test_administrator(server: Server, user: Caller, method: str, path: str, body: dict | None, permission: str,
                       status: int, admin_only: bool) -> None:
    boss = server.user("boss", is_admin=True)
    assert ask(boss, method, path, body, user)[0] == status


@each_route
def test_key_without_the_permission(server: Server, user: Caller, method: str, path: str, body: dict | None,
                                    permission: str, status: int, admin_only: bool) -> None:
    boss = server.user("boss", is_admin=True)
    poor = boss.api_key("asset.read", "adminUser.read" if permission != "adminUser.read" else "user.read")
    assert ask(poor, method, path, body, user) == (403, f"Missing required permission: {permission}")


@each_route
def test_key_with_the_permission(server: Server, user: Caller, method: str, path: str, body: dict | None,
                                 permission: str, status: int, admin_only: bool) -> None:
    boss = server.user("boss", is_admin=True)
    assert ask(boss.api_key(permission), method, path, body, user)[0] == status


@each_route
def test_soft_deleted_account(server: Server, method: str, path: str, body: dict | None, permission: str, status: int,
                              admin_only: bool) -> None:
    gone = server.user("gone", is_admin=True)
    key = gone.api_key("all")
    server.admin.delete(f"/admin/users/{gone.id}", {})
    assert ask(gone, method, path, body, gone) == (401, "Invalid user token")
    assert ask(key, method, path, body, gone) == (401, "Invalid API key")


@pytest.mark.parametrize("path", [row[1] for row in (*OWN, *ADMIN) if "{id}" in row[1] and row[0] == "GET"])
def test_ids_are_checked(server: Server, path: str) -> None:
    response = server.admin.get(path.format(id="abc"))
    assert response.status_code == 400
    assert response.json["message"] == "Validation failed"
    assert [issue["path"] for issue in response.json["errors"]] == [["id"]]


def test_ids_may_be_in_upper_case(server: Server, user: Caller) -> None:
    assert user.get(f"/users/{user.id.upper()}").json["id"] == user.id
    assert server.admin.get(f"/admin/users/{user.id.upper()}").json["id"] == user.id
