"""Where another plugin brings a feature, compat is silent about it."""

from __future__ import annotations

from collections.abc import Callable

from immich_flask.core.plugins import Found, Plugins, find_plugins
from immich_flask.infra.config import load_config
from immich_flask.testing import Server
from tests.plugins.compat import folk
from tests.plugins.compat.conftest import BUILT_NEVERTHELESS

FOUND = {**{name: plugin for name, plugin in find_plugins().items() if name not in BUILT_NEVERTHELESS},
         "folk": Found(folk.META, folk.__name__)}

ID = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def test_a_feature_that_somebody_brings(make_server: Callable[..., Server]) -> None:
    server = make_server(Plugins(load_config(environ={}), FOUND))
    user = server.user()
    assert user.get(f"/people/{ID}").json["name"] == "Eve"
    # Theirs alone: half of the one and half of the other would contradict each other.
    assert user.get("/people").status_code == 404
    assert user.get(f"/people/{ID}/statistics").status_code == 404
    # Of another feature.
    assert user.get("/workflows").json == []
    loved = user.asset()
    user.asset()
    user.put("/assets", {"ids": [loved], "isFavorite": True})
    found = user.post("/search/metadata", {"personIds": [ID]}).json["assets"]["items"]
    assert [asset["id"] for asset in found] == [loved]
    assert user.post("/search/metadata", {"ocr": "word"}).json["assets"]["items"] == []
    described = server.nobody.get("/openapi.json").json["paths"]
    assert "/api/people/{id}" in described
    assert "/api/people" not in described


def test_one_that_is_disabled_again(make_server: Callable[..., Server]) -> None:
    user = make_server(Plugins(load_config(environ={}, overrides={"plugins.disabled": ["folk"]}), FOUND)).user()
    assert user.get("/people").json["total"] == 0
    assert user.get(f"/people/{ID}").status_code == 400


def test_compat_itself_can_be_disabled(make_server: Callable[..., Server]) -> None:
    user = make_server(**{"plugins.disabled": ["compat", *BUILT_NEVERTHELESS]}).user()
    asset = user.asset()
    assert user.get("/people").status_code == user.get(f"/assets/{asset}/ocr").status_code == 404
    refused = user.post("/search/metadata", {"personIds": [ID]})
    assert (refused.status_code, refused.json["message"]) == (
        400, "personIds cannot be used: its feature is switched off on this server")
