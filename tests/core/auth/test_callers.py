"""Every kind of caller at every route of this area; what is refused has changed nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from immich_flask.contracts.auth import Auth, AuthSharedLink, AuthUser
from immich_flask.contracts.errors import Unauthorized
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.testing.callers import PASSWORD, Caller, Server
from tests.wire.facts import FACTS

ID = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"
NONE, ALL = None, "all"

ROUTES = {
    "POST /auth/change-password": ("auth.changePassword", {"password": PASSWORD, "newPassword": PASSWORD}),
    "POST /auth/logout": (ALL, None),
    "POST /auth/pin-code": ("pinCode.create", {"pinCode": "123456"}),
    "PUT /auth/pin-code": ("pinCode.update", {"password": PASSWORD, "newPinCode": "123456"}),
    "DELETE /auth/pin-code": ("pinCode.delete", {"password": PASSWORD}),
    "POST /auth/session/lock": (ALL, None),
    "POST /auth/session/unlock": (ALL, {"pinCode": "123456"}),
    "GET /auth/status": (ALL, None),
    "POST /auth/validateToken": (NONE, None),
    "GET /sessions": ("session.read", None),
    "POST /sessions": ("session.create", {}),
    "DELETE /sessions": ("session.delete", None),
    f"PUT /sessions/{ID}": ("session.update", {"isPendingSyncReset": True}),
    f"PATCH /sessions/{ID}": ("session.update", {"isPendingSyncReset": True}),
    f"DELETE /sessions/{ID}": ("session.delete", None),
    f"POST /sessions/{ID}/lock": ("session.lock", None),
    "GET /api-keys": ("apiKey.read", None),
    "POST /api-keys": ("apiKey.create", {"permissions": ["apiKey.create"]}),
    "GET /api-keys/me": (NONE, None),
    f"GET /api-keys/{ID}": ("apiKey.read", None),
    f"PUT /api-keys/{ID}": ("apiKey.update", {"name": "x"}),
    f"PATCH /api-keys/{ID}": ("apiKey.update", {"name": "x"}),
    f"DELETE /api-keys/{ID}": ("apiKey.delete", None),
}
PUBLIC = {"POST /auth/login", "POST /auth/admin-sign-up"}


class Links:
    """A plugin that knows one shared link, of the given owner."""

    def __init__(self, owner: Caller) -> None:
        self.owner = owner

    @hookimpl
    def authenticate(self, request: Request) -> Auth | None:
        key = request.args.get("key")
        if key is None:
            return None
        if key != "good":
            raise Unauthorized("Invalid share key")
        return Auth(AuthUser(self.owner.id, self.owner.email, "", True, None, 0), shared_link=AuthSharedLink(
            ID, self.owner.id, None, False, True, True, None, None))


@pytest.fixture
def link(server: Server, user: Caller) -> Iterator[Caller]:
    """One who comes by a link; its owner is an administrator, which is of no use to the caller."""
    manager = server.runtime.plugins._manager
    plugin = Links(user)
    manager.register(plugin, "links")
    yield Caller(server, {}, query={"key": "good"})
    manager.unregister(plugin)


def state(user: Caller) -> list:
    return [user.get(path).json for path in ("/auth/status", "/sessions", "/api-keys", "/users/me")]


def test_all_routes_are_here() -> None:
    areas = ("/auth/", "/sessions", "/api-keys")
    known = {f"{method.upper()} {path.replace('{id}', ID)}" for path, methods in FACTS["paths"].items()
             if path.startswith(areas) for method in methods}
    assert known == set(ROUTES) - {f"PATCH /sessions/{ID}", f"PATCH /api-keys/{ID}"} | PUBLIC


@pytest.mark.parametrize("route", ROUTES)
def test_refused(server: Server, user: Caller, link: Caller, route: str) -> None:
    method, path = route.split()
    permission, body = ROUTES[route]
    before = state(user)
    refusals = [(server.nobody, 401, "Authentication required"), (link, 403, "Forbidden"),
                (Caller(server, user.headers, query={"key": "bad"}), 401, "Invalid share key"),
                (Caller(server, user.headers, query={"key": "good"}), 403, "Forbidden")]
    for caller, status, message in refusals:
        response = caller.open(method, path, body)
        assert (response.status_code, response.json) == (status, {"message": message})
        # Who may not call is told so whatever he sends.
        assert caller.open(method, path, {"duration": "bad"}).json == {"message": message}
    assert state(user) == before
    key = user.api_key("tag.read")
    before = state(user)
    response = key.open(method, path, body)
    if permission is NONE:
        assert response.status_code == 200
    else:
        assert (response.status_code, response.json) == (403, {"message": f"Missing required permission: {permission}"})
    assert state(user) == before


@pytest.mark.parametrize("route", ROUTES)
def test_a_key_with_the_permission_and_no_other_gets_in(user: Caller, route: str) -> None:
    method, path = route.split()
    permission, body = ROUTES[route]
    response = user.api_key(permission or "tag.read").open(method, path, body)
    assert response.status_code < 300 or response.json["message"] in {
        "API Key not found", "User does not have a PIN code", "This endpoint can only be used with a session token",
        "Not found or no session.update access", "Not found or no session.lock access",
        "Not found or no authDevice.delete access"}


def test_administrators_only(server: Server, user: Caller, link: Caller) -> None:
    for caller in (user, user.api_key("all"), user.elevated()):
        response = caller.get("/admin/users")
        assert (response.status_code, response.json) == (403, {"message": "Forbidden"})
    assert server.admin.get("/admin/users").status_code == 200
    assert server.admin.api_key("adminUser.read").get("/admin/users").status_code == 200
    response = server.admin.api_key("user.read").get("/admin/users")
    assert (response.status_code, response.json) == (403, {"message": "Missing required permission: adminUser.read"})
    # The link's owner counts as administrator here, and still the link may not.
    assert link.get("/admin/users").json == {"message": "Forbidden"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2**63, 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=5)
FIELDS = ("email", "password", "name", "pinCode", "newPinCode", "newPassword", "duration", "deviceType", "deviceOS",
          "isPendingSyncReset", "permissions")


@pytest.mark.parametrize("route", [*ROUTES, *sorted(PUBLIC)])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
def test_garbage_is_refused_or_ignored(user: Caller, route: str, body: object) -> None:
    method, path = route.split()
    assert user.api_key("all").open(method, path, body).status_code < 500


def test_a_wrong_method_is_a_wrong_path(user: Caller) -> None:
    response = user.get("/auth/validateToken")
    assert (response.status_code, response.json) == (404, {"message": "Cannot GET /api/auth/validateToken"})
