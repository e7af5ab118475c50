"""Preferences: merged deeply, only differences stored, sections of plugins that may be missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from immich_flask.contracts.enums import UserMetadataKey
from immich_flask.core.users import metadata
from immich_flask.core.users.preferences import CORE_SECTIONS, FEATURE_SECTIONS
from immich_flask.testing.callers import Caller, Server

AT = "/users/me/preferences"

SERVED = {
    "albums": {"defaultAssetOrder": "desc"},
    "folders": {"enabled": False, "sidebarWeb": False},
    "memories": {"enabled": True, "duration": 5},
    "people": {"enabled": True, "sidebarWeb": False, "minimumFaces": 3},
    "sharedLinks": {"enabled": True, "sidebarWeb": False},
    "tags": {"enabled": False, "sidebarWeb": False},
    "emailNotifications": {"enabled": True, "albumInvite": True, "albumUpdate": True},
    "download": {"archiveSize": 4294967296, "includeEmbeddedVideos": False},
}


@pytest.fixture
def plugins(server: Server, monkeypatch: pytest.MonkeyPatch):
    """`plugins("tags")`: only the section `tags` is served from here on."""

    def serve(*names: str) -> None:
        monkeypatch.setitem(vars(server.runtime.plugins), "preferences", {name: SERVED[name] for name in names})

    serve(*SERVED)
    return serve


def stored(server: Server, user: Caller) -> dict | None:
    with server.context():
        return metadata.read(user.id, UserMetadataKey.PREFERENCES)


def test_defaults(user: Caller, plugins) -> None:
    assert user.get(AT).json == {**SERVED, **CORE_SECTIONS}


def test_merged_deeply(server: Server, user: Caller, plugins) -> None:
    first = user.put(AT, {"memories": {"duration": 9}, "ratings": {"enabled": True}}).json
    assert (first["memories"], first["ratings"]) == ({"enabled": True, "duration": 9}, {"enabled": True})
    second = user.patch(AT, {"memories": {"enabled": False}, "albums": {"defaultAssetOrder": "asc"}}).json
    assert (second["memories"], second["ratings"]) == ({"enabled": False, "duration": 9}, {"enabled": True})
    assert user.get(AT).json == second == user.put(AT, {}).json


def test_only_differences_are_stored(server: Server, user: Caller, plugins) -> None:
    assert stored(server, user) is None
    user.put(AT, {"tags": {"enabled": True, "sidebarWeb": False}, "memories": {"enabled": True}})
    assert stored(server, user) == {"tags": {"enabled": True}}
    user.put(AT, {"tags": {"enabled": False}})
    assert stored(server, user) == {}


@pytest.mark.parametrize(("body", "path"), [
    ({"albums": {"defaultAssetOrder": "up"}}, ["albums", "defaultAssetOrder"]),
    ({"folders": {"enabled": "true"}}, ["folders", "enabled"]),
    ({"download": {"archiveSize": 0}}, ["download", "archiveSize"]),
    ({"tags": True}, ["tags"]),
    ({"memories": {"duration": 1.5}}, ["memories", "duration"]),
    ({"ratings": None}, ["ratings"]),
    ({"ratings": {"enabled": None}}, ["ratings", "enabled"]),
    ({"avatar": {"color": "x"}}, ["avatar", "color"]),
])
def test_bad_values_change_nothing(server: Server, user: Caller, plugins, body: dict, path: list) -> None:
    response = user.put(AT, {"cast": {"gCastEnabled": True}, **body})
    assert (response.status_code, [issue["path"] for issue in response.json["errors"]]) == (400, [path])
    assert stored(server, user) is None


def test_unknown_keys_are_dropped(server: Server, user: Caller, plugins) -> None:
    assert user.put(AT, {"nonsense": {"a": 1}, "tags": {"b": 1}}).json == {**SERVED, **CORE_SECTIONS}
    assert stored(server, user) is None


def test_the_colour_of_older_clients(user: Caller, plugins) -> None:
    assert user.put(AT, {"avatar": {"color": "green"}}).json["avatar"] == {"color": "green"}
    assert "avatar" not in user.get(AT).json
    assert user.get("/users/me").json["avatarColor"] == "green"


def test_sections_that_nobody_serves_are_off(server: Server, user: Caller, plugins) -> None:
    user.put(AT, {"tags": {"enabled": True, "sidebarWeb": True}, "people": {"minimumFaces": 7}})
    plugins()
    off = user.get(AT).json
    assert off == {**FEATURE_SECTIONS, **CORE_SECTIONS, "people": {**FEATURE_SECTIONS["people"], "minimumFaces": 7}}
    assert off["tags"] == {"enabled": False, "sidebarWeb": False}
    assert off["memories"] == {"enabled": False, "duration": 5}
    # A settings page sends back everything it was shown.
    assert user.put(AT, {**off, "memories": {"enabled": False, "duration": 9}}).json["memories"]["duration"] == 9
    plugins(*SERVED)
    back = user.get(AT).json
    assert back["tags"] == {"enabled": True, "sidebarWeb": True}
    assert back["memories"] == {"enabled": True, "duration": 9}


def test_what_nobody_serves_cannot_be_switched_on(server: Server, user: Caller, plugins) -> None:
    plugins("memories")
    response = user.put(AT, {"memories": {"duration": 9}, "tags": {"enabled": True}})
    assert (response.status_code, response.json) == (400, {"message": "tags is not available on this server"})
    assert stored(server, user) is None


def test_two_at_once(server: Server, user: Caller, plugins) -> None:
    changes = [{"memories": {"duration": 9}}, {"people": {"minimumFaces": 8}}, {"ratings": {"enabled": True}},
               {"albums": {"defaultAssetOrder": "asc"}}] * 3
    with ThreadPoolExecutor(4) as pool:
        assert {response.status_code for response in pool.map(lambda body: user.put(AT, body), changes)} == {200}
    assert stored(server, user) == {"memories": {"duration": 9}, "people": {"minimumFaces": 8},
                                    "ratings": {"enabled": True}, "albums": {"defaultAssetOrder": "asc"}}


def test_by_an_administrator(server: Server, user: Caller, plugins) -> None:
    at = f"/admin/users/{user.id}/preferences"
    assert server.admin.get(at).json == user.get(AT).json
    assert server.admin.put(at, {"tags": {"enabled": True}}).json["tags"]["enabled"] is True
    assert server.admin.patch(at, {"cast": {"gCastEnabled": True}}).json == user.get(AT).json
    unknown = "/admin/users/6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b/preferences"
    for response in (server.admin.get(unknown), server.admin.put(unknown, {})):
        assert (response.status_code, response.json) == (400, {"message": "User not found"})
    server.admin.delete(f"/admin/users/{user.id}", {})
    assert server.admin.get(at).status_code == 200
    assert server.admin.put(at, {}).json == {"message": "User not found"}
