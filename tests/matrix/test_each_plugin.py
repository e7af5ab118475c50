"""Each plugin alone with what it requires, and all but one with what requires it: boots, describes itself, works."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from immich_flask.core.plugins import Found, find_plugins
from immich_flask.testing import Caller, Server

PLUGINS = find_plugins()
FALLBACKS = {name for name, plugin in PLUGINS.items() if plugin.meta.fallback}
"""Who answers in the stead of a plugin that is disabled."""

BUILT_IN = sorted(name for name, plugin in PLUGINS.items() if plugin.package.startswith("plugins."))

WITHOUT_ROUTES = {"importer"}
"""It is a command."""


def needed_by(name: str, found: dict[str, Found] = PLUGINS) -> set[str]:
    """The plugin and all that it requires, directly or not."""
    return {name}.union(*(needed_by(other, found) for other in found[name].meta.requires))


def needing(name: str) -> set[str]:
    """The plugin and all that require it, directly or not."""
    return {other for other in PLUGINS if name in needed_by(other)}


def smoke(server: Server) -> None:
    """What must work whatever is switched off: sign in, upload, read back, delete."""
    user: Caller = server.user("admin", is_admin=True)
    asset = user.asset()
    assert user.get(f"/assets/{asset}").json["id"] == asset
    assert user.get(f"/assets/{asset}/original").status_code == 200
    assert user.put("/assets", {"ids": [asset], "isFavorite": True}).status_code == 204
    assert user.get("/assets/statistics").json["total"] == 1
    assert user.get("/users/me/preferences").status_code == 200
    assert set(user.get("/server/features").json.values()) <= {True, False}
    assert user.delete("/assets", {"ids": [asset], "force": True}).status_code == 204
    assert user.get(f"/assets/{asset}").status_code == 400


def describes(server: Server) -> set[str]:
    """The tags of what the server says it can do; every path it names answers something else than 404."""
    spec = server.nobody.get("/openapi.json").json
    return {tag for path in spec["paths"].values() for operation in path.values() if isinstance(operation, dict)
            for tag in operation.get("tags", ())}


@pytest.mark.parametrize("name", BUILT_IN)
def test_alone(make_server: Callable[..., Server], name: str) -> None:
    server = make_server(**{"plugins.disabled": sorted(set(PLUGINS) - needed_by(name))})
    assert {plugin.meta.name for plugin in server.runtime.plugins.enabled} == needed_by(name)
    smoke(server)
    assert "Assets" in describes(server)


@pytest.mark.once
@pytest.mark.parametrize("name", BUILT_IN)
def test_all_but_one(make_server: Callable[..., Server], name: str) -> None:
    server = make_server(**{"plugins.disabled": sorted(needing(name))})
    smoke(server)
    assert "Assets" in describes(server)


@pytest.mark.once
@pytest.mark.parametrize("name", BUILT_IN)
def test_the_routes_of_a_disabled_plugin_are_unknown(server: Server, make_server: Callable[..., Server],
                                                    name: str) -> None:
    user = make_server(**{"plugins.disabled": sorted(needing(name) | FALLBACKS)}).user()
    mine = [(rule.rule, method) for rule in server.app.url_map.iter_rules()
            if server.app.view_functions[rule.endpoint].__module__.startswith(PLUGINS[name].package)
            for method in rule.methods - {"HEAD", "OPTIONS"}]
    assert bool(mine) == (name not in WITHOUT_ROUTES), "a plugin without a route of its own? then say so above"
    for rule, method in mine:
        path = re.sub("<[^>]+>", "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b", rule)
        if path.startswith("/api/"):
            response = user.open(method, path.removeprefix("/api"))
            assert (response.status_code, response.json) == (404, {"message": f"Cannot {method} {path}"})


def test_none_at_all(make_server: Callable[..., Server]) -> None:
    server = make_server(**{"plugins.disabled": sorted(PLUGINS)})
    smoke(server)
    assert not any(flag for name, flag in server.nobody.get("/server/features").json.items() if name != "passwordLogin")
