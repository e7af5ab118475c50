"""Our OpenAPI description: valid, true to the wire, built when asked for; and the page to browse it by."""

from __future__ import annotations

import re
import time

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from immich_flask.infra.http.blueprint import Blueprint
from tests.wire.spec import compare_specs

# Our own, beside the wire: what other servers of this wire do not have.
EXTENSIONS: set[str] = set()

# The wire says that these lists hold albums; no server ever puts one in, and albums are another plugin's to describe.
ALWAYS_EMPTY = ("POST /search/metadata: answer 200.albums.items[]", "POST /search/smart: answer 200.albums.items[]")


@pytest.fixture(scope="module")
def document(server) -> dict:
    return server.nobody.get("/openapi.json").json


def operations(document: dict) -> dict[tuple[str, str], dict]:
    """By method and path."""
    return {(method.upper(), path): operation for path, item in document["paths"].items()
            for method, operation in item.items() if method != "parameters"}


def test_it_is_valid(document):
    validate(document)


def test_it_is_what_clients_know(document):
    assert [line for line in compare_specs(document, EXTENSIONS) if not line.startswith(ALWAYS_EMPTY)] == []


UNDESCRIBED = {"connectRealtime"}
"""Not an operation: where a WebSocket begins. Immich's own description does not have it either."""


def test_every_route_is_described_once(server, document):
    described = set(operations(document))
    views = server.app.view_functions
    served = set()
    for rule in server.app.url_map.iter_rules():
        access = getattr(views[rule.endpoint], "access", None)
        twin = rule.endpoint.rpartition("_")[2] in ("patch", "put", "post")
        if access is not None and not twin and rule.endpoint not in UNDESCRIBED:
            path = re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule)
            served |= {(method, path) for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert described == served


def test_who_may_call_is_told(document):
    ping = document["paths"]["/api/server/ping"]["get"]
    assert "security" not in ping
    config = document["paths"]["/api/system-config"]["put"]
    assert (config["x-immich-permission"], config["x-immich-admin-only"]) == ("systemConfig.update", True)
    assert config["security"] == [{"bearer": []}, {"cookie": []}, {"api_key": []}]
    assert set(document["components"]["securitySchemes"]) == {"bearer", "cookie", "api_key"}


def test_errors_have_one_shape(document):
    for name, operation in operations(document).items():
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}, name
    content = document["components"]["responses"]["DEFAULT_ERROR"]["content"]["application/json"]
    assert content["schema"] == {"$ref": "#/components/schemas/Error"}
    assert set(document["components"]["schemas"]["Error"]["properties"]) == {"message", "errors"}


def test_errors_are_what_is_described(document, user):
    refused = user.post("/tags", {"name": "", "parentId": "x"})
    assert any(len(issue) > 3 for issue in refused.json["errors"]), "more than code, path and message"
    schema = {"$ref": "#/components/schemas/Error", "components": document["components"]}
    jsonschema_rs.validate(schema, refused.json)


def test_people_can_read_it(document):
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    used = {tag for operation in operations(document).values() for tag in operation["tags"]}
    assert set(tags) == used
    assert all(tags.values())
    assert document["paths"]["/api/server/config"]["get"]["summary"] == "Get server config"


def test_building_it_costs_nothing_at_startup(make_server, monkeypatch):
    described = []
    original = Blueprint.register_views_in_doc
    monkeypatch.setattr(Blueprint, "register_views_in_doc",
                        lambda self, *args, **kwargs: (described.append(self.name), original(self, *args, **kwargs)))
    fresh = make_server()
    assert described == []
    first = fresh.nobody.get("/openapi.json")
    assert described
    again = len(described)
    began = time.thread_time()
    second = fresh.nobody.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, len(described)) == (304, again)
    assert time.thread_time() - began < 0.1


def test_the_page_works_offline(server):
    page = server.nobody.get("/docs")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert "://" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for name, kind in (("start.js", "text/javascript"), ("swagger-ui-bundle.js", "text/javascript"),
                       ("swagger-ui.css", "text/css")):
        with server.nobody.get(f"/docs/{name}") as file:
            assert (file.status_code, file.mimetype, len(file.data) > 100) == (200, kind, True)
    for name in ("swagger-ui.js", "..%2f__init__.py", "index.html", "x/y"):
        assert server.nobody.get(f"/docs/{name}").status_code == 404
