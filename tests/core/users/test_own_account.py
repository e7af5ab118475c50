"""`/api/users`: the own account, and who else there is."""

from __future__ import annotations

import base64

import pytest
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from immich_flask.contracts.enums import UserAvatarColor
from immich_flask.core import licenses
from immich_flask.core.auth.secrets import verify_password
from immich_flask.core.models import User
from immich_flask.core.settings import system_config, update_system_config
from immich_flask.core.users import create_user, set_password
from immich_flask.core.users.accounts import clean_label
from immich_flask.testing.callers import PASSWORD, Caller, Server

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"
LICENSE_KEY = "IMCL-6ECZ-91TE-WZRM-Q7AQ-MBN4-UW48-2CPT-71X9"


def test_me(user: Caller) -> None:
    me = user.get("/users/me").json
    assert (me["id"], me["email"], me["name"], me["isAdmin"], me["status"]) == (
        user.id, user.email, "user", False, "active")
    assert (me["profileImagePath"], me["oauthId"], me["storageLabel"], me["deletedAt"], me["license"]) == (
        "", "", None, None, None)
    assert (me["quotaSizeInBytes"], me["quotaUsageInBytes"], me["shouldChangePassword"]) == (None, 0, False)


def test_the_colour_follows_from_the_address(user: Caller) -> None:
    colors = list(UserAvatarColor)
    assert user.get("/users/me").json["avatarColor"] == colors[sum(map(ord, user.email)) % len(colors)]
    assert user.put("/users/me", {"avatarColor": "amber"}).json["avatarColor"] == "amber"
    assert user.put("/users/me", {"avatarColor": None}).json["avatarColor"] == (
        colors[sum(map(ord, user.email)) % len(colors)])


def test_change_name_and_address(user: Caller) -> None:
    assert user.put("/users/me", {"name": "New Name"}).json["name"] == "New Name"
    assert user.patch("/users/me", {"email": f"NEW-{user.email.upper()}"}).json["email"] == f"new-{user.email}"
    assert user.put("/users/me", {"email": f"new-{user.email}"}).status_code == 200


def test_nothing_to_change(user: Caller) -> None:
    before = user.get("/users/me").json
    assert user.put("/users/me", {}).json == before
    assert user.put("/users/me", {"isAdmin": True, "quotaSizeInBytes": 1, "storageLabel": "x"}).json == before


@pytest.mark.parametrize("deleted", [False, True])
def test_a_taken_address(server: Server, user: Caller, other: Caller, deleted: bool) -> None:
    if deleted:
        server.admin.delete(f"/admin/users/{other.id}", {})
    response = user.put("/users/me", {"email": other.email, "name": "not this either"})
    assert (response.status_code, response.json) == (400, {"message": "Email is not available"})
    assert user.get("/users/me").json["name"] == "user"


@pytest.mark.parametrize("body", [
    {"email": "x"}, {"avatarColor": "pinkish"}, {"name": 1}, {"name": None}, {"password": 5}, {"name": "a\0b"}])
def test_bad_values(user: Caller, body: dict) -> None:
    response = user.put("/users/me", body)
    assert (response.status_code, response.json["message"]) == (400, "Validation failed")
    assert [issue["path"] for issue in response.json["errors"]] == [[next(iter(body))]]


@pytest.mark.parametrize("options", [{}, {"data": b"[]", "content_type": "application/json"},
                                     {"data": b"{", "content_type": "application/json"}])
def test_no_body(user: Caller, options: dict) -> None:
    assert user.open("PUT", "/users/me", **options).status_code == 400


def test_change_the_password(server: Server) -> None:
    user = server.user()
    server.admin.put(f"/admin/users/{user.id}", {"shouldChangePassword": True})
    assert user.put("/users/me", {"password": ""}).json["shouldChangePassword"] is True
    assert stored_password(server, user, PASSWORD)
    assert user.put("/users/me", {"password": "New-Sesame-9"}).json["shouldChangePassword"] is False
    assert stored_password(server, user, "New-Sesame-9")
    assert user.get("/users/me").status_code == 200
    with server.context():
        set_password(user.id, "Third-Sesame-9")
    assert stored_password(server, user, "Third-Sesame-9")


def stored_password(server: Server, user: Caller, password: str) -> bool:
    with server.context():
        return verify_password(password, User.get_by_id(user.id).password)


def test_everyone_newest_first(server: Server, user: Caller, other: Caller) -> None:
    listed = [row["id"] for row in user.get("/users").json]
    assert listed.index(other.id) < listed.index(user.id)
    assert set(user.get("/users").json[0]) == {
        "id", "email", "name", "profileImagePath", "avatarColor", "profileChangedAt"}
    server.admin.delete(f"/admin/users/{other.id}", {})
    assert other.id not in [row["id"] for row in user.get("/users").json]
    assert user.get(f"/users/{other.id}").json == {"message": "User not found"}


def test_users_that_are_not_public(make_server) -> None:
    server = make_server()
    admin, user = server.user("admin", is_admin=True), server.user()
    assert len(user.get("/users").json) == 2
    with server.context():
        config = {**system_config(), "server": {**system_config()["server"], "publicUsers": False}}
        update_system_config(config)
    assert [row["id"] for row in user.get("/users").json] == [user.id]
    assert len(admin.get("/users").json) == 2


def test_lists_cost_the_same_for_many(make_server) -> None:
    server = make_server()
    admin = server.user("admin", is_admin=True)

    def cost(path: str) -> int:
        seen = []
        server.database.query_hooks.append(lambda event: seen.append(event.sql))
        assert admin.get(path).status_code == 200
        server.database.query_hooks.pop()
        return len(seen)

    few = cost("/users"), cost("/admin/users")
    for _ in range(20):
        server.user()
    assert (cost("/users"), cost("/admin/users")) == few


def test_another_user(user: Caller, other: Caller) -> None:
    assert user.get(f"/users/{other.id}").json["email"] == other.email
    assert "isAdmin" not in user.get(f"/users/{other.id}").json
    assert (user.get(f"/users/{UNKNOWN}").status_code, user.get(f"/users/{UNKNOWN}").json) == (
        400, {"message": "User not found"})


def test_onboarding(user: Caller) -> None:
    at = "/users/me/onboarding"
    assert user.get(at).json == {"isOnboarded": False}
    assert user.put(at, {"isOnboarded": True}).json == user.get(at).json == {"isOnboarded": True}
    assert user.put(at, {"isOnboarded": False}).json == user.get(at).json == {"isOnboarded": False}
    assert user.put(at, {"isOnboarded": "true"}).status_code == user.put(at, {}).status_code == 400
    assert user.put(at, {"isOnboarded": True}).status_code == 200
    assert (user.delete(at).status_code, user.delete(at).status_code) == (204, 204)
    assert user.get(at).json == {"isOnboarded": False}


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch):
    """Signs keys like the shop does; its public keys stand in the place of the real ones."""
    pairs = {kind: RSA.generate(1024) for kind in licenses.PUBLIC_KEYS}
    for kind, pair in pairs.items():
        monkeypatch.setitem(licenses.PUBLIC_KEYS, kind, base64.b64encode(pair.public_key().export_key("DER")).decode())

    def sign(kind: str, license_key: str) -> dict:
        signature = pkcs1_15.new(pairs[kind]).sign(SHA256.new(license_key.encode()))
        # As the shop writes them: URL-safe, without padding.
        return {"licenseKey": license_key, "activationKey": base64.urlsafe_b64encode(signature).decode().rstrip("=")}

    return sign


@pytest.mark.parametrize(("kind", "key"), [("client", LICENSE_KEY), ("server", LICENSE_KEY.replace("CL", "SV"))])
def test_license(server: Server, user: Caller, issuer, kind: str, key: str) -> None:
    at, body = "/users/me/license", issuer(kind, key)
    assert (user.get(at).status_code, user.get(at).json) == (404, {"message": "Not Found"})
    answer = user.put(at, body).json
    assert {**answer, "activatedAt": ""} == {**body, "activatedAt": ""}
    assert user.get(at).json == user.get("/users/me").json["license"] == answer
    assert server.admin.get(f"/admin/users/{user.id}").json["license"] == answer
    assert [row["license"] for row in server.admin.get("/admin/users", id=user.id).json] == [answer]
    assert user.delete(at).status_code == 204
    assert user.get("/users/me").json["license"] is None


def test_license_that_nobody_signed(user: Caller, issuer) -> None:
    at, good = "/users/me/license", issuer("client", LICENSE_KEY)
    for bad in ({**good, "licenseKey": LICENSE_KEY.replace("6ECZ", "6ECY")}, {**good, "activationKey": "bm90IGEga2V5"},
                {**good, "activationKey": ""}, {**good, "activationKey": "é"}):
        assert (user.put(at, bad).status_code, user.put(at, bad).json) == (400, {"message": "Invalid license key"})
    malformed = user.put(at, {**good, "licenseKey": "IMCL-1"})
    assert [issue["path"] for issue in malformed.json["errors"]] == [["licenseKey"]]
    assert user.get(at).status_code == 404


def test_labels_can_name_folders() -> None:
    assert clean_label("../..//etc") == "etc"
    assert clean_label("a.b:c ") == "abc"
    assert (clean_label(None), clean_label(""), clean_label("..."), clean_label("con")) == (None,) * 4
    assert len(clean_label("é" * 300).encode()) <= 255


def test_a_label_of_another(server: Server) -> None:
    with server.context():
        create_user("label-1@test.example", PASSWORD, "", storage_label="my.label")
        with pytest.raises(Exception, match="Storage label already in use by another account"):
            create_user("label-2@test.example", PASSWORD, "", storage_label="mylabel")
        assert not User.select().where(User.email == "label-2@test.example").exists()
