"""What clients are told about features that are not built, over HTTP: an answer for every route of the plugin."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from immich_flask.core.models import User
from immich_flask.testing import Caller, Server
from tests.wire.spec import missing_operations, operations

ID, OTHER = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b", "7f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"
STREAM = "/assets/{film}/video/stream"
BOX = {"imageWidth": 320, "imageHeight": 240, "x": 1, "y": 2, "width": 30, "height": 40}

EMPTY: list[tuple[str, str, Any, int, Any]] = [
    ("GET", "/people", None, 200, {"people": [], "hasNextPage": False, "total": 0, "hidden": 0}),
    ("PUT", "/people", {"people": [{"id": ID, "name": "Eve"}, {"id": OTHER}]}, 200,
     [{"id": ID, "success": False, "error": "unknown"}, {"id": OTHER, "success": False, "error": "unknown"}]),
    ("DELETE", "/people", {"ids": []}, 204, None),
    ("GET", "/faces?id={film}", None, 200, []),
    ("GET", "/assets/{film}/ocr", None, 200, []),
    ("DELETE", STREAM + f"/{ID}", None, 204, None),
    ("GET", "/libraries", None, 200, []),
    ("GET", "/workflows?trigger=AssetCreate&enabled=true", None, 200, []),
    ("GET", "/workflows/triggers", None, 200, [{"trigger": "AssetCreate", "types": ["AssetV1"]},
                                               {"trigger": "AssetMetadataExtraction", "types": ["AssetV1"]}]),
    ("GET", "/plugins", None, 200, []),
    ("GET", "/plugins/methods?trigger=AssetCreate&type=AssetV1", None, 200, []),
    ("GET", "/plugins/templates", None, 200, []),
    ("GET", "/admin/maintenance/status", None, 200, {"active": False, "action": "end"}),
    ("GET", "/admin/maintenance/detect-install", None, 200, {"storage": []}),
    ("POST", "/admin/maintenance", {"action": "end"}, 201, None),
    ("POST", "/admin/auth/unlink-all", None, 204, None),
]

REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("GET", f"/people?closestPersonId={ID}", None, 404, "Person not found"),
    ("POST", "/people", {"name": "Eve", "birthDate": "1990-12-31", "isHidden": False, "isFavorite": True,
                         "color": "#FF00AA"}, 400, "People and faces are not built into this server"),
    ("POST", "/people", {}, 400, "People and faces are not built into this server"),
    ("DELETE", "/people", {"ids": [ID]}, 400, "Not found or no person.delete access"),
    ("GET", f"/people/{ID}", None, 400, "Not found or no person.read access"),
    ("PUT", f"/people/{ID}", {"name": "Eve"}, 400, "Not found or no person.update access"),
    ("PATCH", f"/people/{ID}", {"featureFaceAssetId": ID}, 400, "Not found or no person.update access"),
    ("DELETE", f"/people/{ID}", None, 400, "Not found or no person.delete access"),
    ("GET", f"/people/{ID}/statistics", None, 400, "Not found or no person.read access"),
    ("GET", f"/people/{ID}/thumbnail", None, 404, "Not Found"),
    ("POST", f"/people/{ID}/merge", {"ids": [ID]}, 400, "Cannot merge a person into themselves"),
    ("POST", f"/people/{ID}/merge", {"ids": [OTHER]}, 400, "Not found or no person.update access"),
    ("PUT", f"/people/{ID}/reassign", {"data": []}, 400, "Not found or no person.update access"),
    ("POST", "/faces", {"assetId": "{film}", "personId": ID, **BOX}, 400, "Not found or no person.read access"),
    ("POST", "/faces", {"assetId": ID, "personId": ID, **BOX}, 400, "Not found or no asset.update access"),
    ("GET", f"/faces?id={ID}", None, 400, "Not found or no asset.read access"),
    ("PUT", f"/faces/{ID}", {"id": OTHER}, 400, "Not found or no person.update access"),
    ("DELETE", f"/faces/{ID}", {"force": True}, 400, "Not found or no face.delete access"),
    ("GET", f"/assets/{ID}/ocr", None, 400, "Not found or no asset.read access"),
    ("GET", STREAM + "/main.m3u8", None, 400, "Real-time transcoding is not enabled"),
    ("GET", f"/assets/{ID}/video/stream/main.m3u8", None, 400, "Not found or no asset.view access"),
    ("GET", STREAM + f"/{ID}/0/playlist.m3u8", None, 404, "Asset not found or metadata not yet ready for streaming"),
    ("GET", STREAM + f"/{ID}/0/init.mp4", None, 404, "Not Found"),
    ("GET", STREAM + f"/{ID}/0/seg_12.m4s", None, 404, "Not Found"),
    ("DELETE", f"/assets/{ID}/video/stream/{ID}", None, 400, "Not found or no asset.view access"),
    ("POST", "/libraries", {"ownerId": ID, "importPaths": ["/a"]}, 400,
     "External libraries are not built into this server"),
    ("GET", f"/libraries/{ID}", None, 400, "Library not found"),
    ("PUT", f"/libraries/{ID}", {}, 400, "Library not found"),
    ("PATCH", f"/libraries/{ID}", {"name": "x"}, 400, "Library not found"),
    ("DELETE", f"/libraries/{ID}", None, 400, "Library not found"),
    ("POST", f"/libraries/{ID}/scan", None, 400, "Library not found"),
    ("GET", f"/libraries/{ID}/statistics", None, 400, "Library not found"),
    ("POST", f"/libraries/{ID}/validate", {"importPaths": ["/tmp"]}, 400, "Library not found"),
    ("POST", "/workflows", {"trigger": "AssetCreate", "name": None, "steps": [{"method": "a#b", "config": {"c": 1}}]},
     400, "Workflows are not built into this server"),
    ("GET", f"/workflows/{ID}", None, 400, "Not found or no workflow.read access"),
    ("GET", f"/workflows/{ID}/share", None, 400, "Not found or no workflow.read access"),
    ("PUT", f"/workflows/{ID}", {"enabled": False}, 400, "Not found or no workflow.update access"),
    ("PATCH", f"/workflows/{ID}", {}, 400, "Not found or no workflow.update access"),
    ("DELETE", f"/workflows/{ID}", None, 400, "Not found or no workflow.delete access"),
    ("GET", f"/plugins/{ID}", None, 400, "Plugin not found"),
    ("POST", "/oauth/authorize", {"redirectUri": "app:/back"}, 400, "OAuth is not enabled"),
    ("POST", "/oauth/callback", {"url": "app:/back?code=1"}, 400, "OAuth is not enabled"),
    ("POST", "/oauth/link", {"url": "app:/back?code=1"}, 400, "OAuth state is missing"),
    ("POST", "/oauth/link", {"url": "app:/back?code=1", "state": "s"}, 400, "OAuth code verifier is missing"),
    ("POST", "/oauth/link", {"url": "app:/back?code=1", "state": "s", "codeVerifier": "v"}, 400,
     "OAuth is not enabled"),
    ("POST", "/admin/maintenance/login", {"token": "x"}, 400, "Not in maintenance mode"),
    ("POST", "/admin/maintenance", {"action": "start"}, 400, "The maintenance mode is not built into this server"),
    ("POST", "/admin/maintenance", {"action": "restore_database", "restoreBackupFilename": "a.sql.gz"}, 400,
     "The maintenance mode is not built into this server"),
]

APART = {"/oauth/unlink", "/oauth/mobile-redirect", "/oauth/backchannel-logout"}
"""Routes with tests of their own."""


@pytest.fixture(scope="module")
def admin(server: Server) -> Caller:
    return server.user("compat", is_admin=True)


@pytest.fixture(scope="module")
def film(admin: Caller) -> str:
    return admin.asset()


def put_in(value: Any, film: str) -> Any:
    if isinstance(value, dict):
        return {key: put_in(item, film) for key, item in value.items()}
    return value.replace("{film}", film) if isinstance(value, str) else value


def label(row: tuple) -> str:
    return f"{row[0]} {row[1]}"


@pytest.mark.parametrize(("method", "path", "body", "status", "answer"), EMPTY, ids=map(label, EMPTY))
def test_what_is_empty(admin: Caller, film: str, method: str, path: str, body: Any, status: int, answer: Any) -> None:
    response = admin.open(method, put_in(path, film), body)
    assert (response.status_code, response.json if answer is not None else None) == (status, answer)


@pytest.mark.parametrize(("method", "path", "body", "status", "message"), REFUSED, ids=map(label, REFUSED))
def test_what_is_refused(admin: Caller, film: str, method: str, path: str, body: Any, status: int,
                         message: str) -> None:
    response = admin.open(method, put_in(path, film), put_in(body, film))
    assert (response.status_code, response.json) == (status, {"message": message})


def test_no_route_is_forgotten(server: Server) -> None:
    tried = {(row[0], re.sub(r"{film}|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d(?=/)|init.mp4|seg_12.m4s", "{}",
                            row[1]).partition("?")[0]) for row in [*EMPTY, *REFUSED]}
    for rule in server.app.url_map.iter_rules():
        if server.app.view_functions[rule.endpoint].__module__.startswith("plugins.compat"):
            path = re.sub("<[^>]+>", "{}", rule.rule).removeprefix("/api")
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert (method, path) in tried or path in APART, f"{method} {path}"


def test_every_operation_of_the_wire_is_answered(server: Server) -> None:
    assert missing_operations(server.nobody.get("/openapi.json").json) == []


@pytest.mark.parametrize(("method", "path", "body", "where"), [
    ("POST", "/people", {"name": 5, "birthDate": "2999-01-01", "isHidden": "yes", "isFavorite": 1, "color": "red"},
     [["name"], ["birthDate"], ["isHidden"], ["isFavorite"], ["color"]]),
    ("PUT", "/people", {"people": [{"id": "x"}]}, [["people", 0, "id"]]),
    ("GET", "/people?page=0&size=1001&withHidden=maybe&closestPersonId=x", None,
     [["withHidden"], ["closestPersonId"], ["page"], ["size"]]),
    ("GET", "/faces", None, [["id"]]),
    ("POST", "/faces", {"assetId": ID, "personId": ID, **BOX, "x": 1.5}, [["x"]]),
    ("DELETE", f"/faces/{ID}", {}, [["force"]]),
    ("GET", "/assets/x/ocr", None, [["id"]]),
    ("GET", f"/assets/{ID}/video/stream/x/0/init.mp4", None, [["sessionId"]]),
    ("GET", f"/assets/{ID}/video/stream/{ID}/-1/init.mp4", None, [["variantIndex"]]),
    ("GET", f"/assets/{ID}/video/stream/{ID}/0/passwd", None, [["filename"]]),
    ("DELETE", f"/assets/{ID}/video/stream/main.m3u8", None, [["sessionId"]]),
    ("POST", "/libraries", {"ownerId": "x", "name": ""}, [["name"], ["ownerId"]]),
    ("POST", "/libraries", {"ownerId": ID, "importPaths": ["/a", "/a"], "exclusionPatterns": [" "]},
     [["importPaths"], ["exclusionPatterns"]]),
    ("POST", "/libraries", {"ownerId": ID, "importPaths": [f"/{i}" for i in range(129)]}, [["importPaths"]]),
    ("POST", f"/libraries/{ID}/validate", {"importPaths": "/tmp"}, [["importPaths"]]),
    ("GET", "/libraries/x/statistics", None, [["id"]]),
    ("POST", "/workflows", {"name": "x"}, [["trigger"]]),
    ("POST", "/workflows", {"trigger": "Never", "steps": [{"method": "a"}]}, [["trigger"], ["steps", 0, "config"]]),
    ("GET", "/plugins/methods?trigger=x", None, [["trigger"]]),
    ("POST", "/oauth/authorize", {}, [["redirectUri"]]),
    ("POST", "/oauth/callback", {"url": ""}, [["url"]]),
    ("POST", "/oauth/backchannel-logout", None, [["logout_token"]]),
    ("POST", "/admin/maintenance", {"action": "nap"}, [["action"]]),
    ("POST", "/admin/maintenance", {"action": "restore_database"}, [["restoreBackupFilename"]]),
])
def test_bad_values(admin: Caller, method: str, path: str, body: Any, where: list) -> None:
    response = admin.open(method, path, body)
    assert (response.status_code, response.json["message"]) == (400, "Validation failed")
    assert sorted(issue["path"] for issue in response.json["errors"]) == sorted(where)


@pytest.mark.parametrize("path", ["/faces?id={}", "/assets/{}/ocr", "/assets/{}/video/stream/main.m3u8"])
def test_assets_of_others_are_none_of_the_callers_business(user: Caller, other: Caller, path: str) -> None:
    asset = user.asset()
    refused = other.get(path.format(asset))
    assert (refused.status_code, refused.json["message"][:15]) == (400, "Not found or no")
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    assert user.get(path.format(asset)).json["message"].startswith("Not found or no")


def test_partners_may_ask_for_text_and_links_may_not(user: Caller, other: Caller) -> None:
    asset = user.asset()
    user.post("/partners", {"sharedWithId": other.id})
    assert other.get(f"/assets/{asset}/ocr").json == []
    key = user.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": [asset]}).json["key"]
    assert user.server.nobody.get(f"/assets/{asset}/ocr", key=key).status_code == 403
    film = user.server.nobody.get(f"/assets/{asset}/video/stream/main.m3u8", key=key)
    assert (film.status_code, film.json["message"]) == (400, "Real-time transcoding is not enabled")


def test_searches_for_people_and_text_find_nothing(user: Caller) -> None:
    user.asset()
    for query in ({"personIds": [ID]}, {"ocr": "word"}):
        assert user.post("/search/metadata", query).json["assets"]["total"] == 0
    assert user.get("/timeline/buckets", personId=ID).json == []
    assert user.post("/search/metadata", {"personIds": []}).json["assets"]["total"] == 1


def test_flags_of_what_is_not_built_are_down(user: Caller) -> None:
    flags = user.get("/server/features").json
    assert [name for name in ("smartSearch", "facialRecognition", "duplicateDetection", "importFaces", "oauth",
                              "oauthAutoLaunch", "ocr", "realtimeTranscoding") if flags[name]] == []


class TestOAuth:
    def test_leading_back_into_the_app(self, server: Server) -> None:
        response = server.nobody.get("/oauth/mobile-redirect?code=1&state=a+b%0d%0a")
        assert response.status_code == 307
        assert response.headers["Location"] == "app.immich:///oauth-callback?code=1&state=a+b%0d%0a"

    def test_unlinking(self, server: Server, user: Caller, other: Caller) -> None:
        """Accounts that came from elsewhere may carry an id."""
        with server.context():
            User.update(oauth_id="sub").where(User.id.in_([user.id, other.id])).execute()
        assert user.post("/oauth/unlink").json["oauthId"] == ""
        assert other.get("/users/me").json["oauthId"] == "sub"
        assert server.admin.post("/admin/auth/unlink-all").status_code == 204
        assert other.get("/users/me").json["oauthId"] == ""
        refused = user.api_key("user.update").post("/oauth/unlink")
        assert (refused.status_code, refused.json["message"]) == (403, "Missing required permission: all")

    def test_a_provider_that_ends_sessions(self, server: Server) -> None:
        response = server.nobody.open("POST", "/oauth/backchannel-logout", data={"logout_token": "x"})
        assert (response.status_code, response.json["message"]) == (
            400, "Received backchannel logout request but OAuth is not enabled")


@pytest.mark.parametrize(("queue", "job"), [
    ("faceDetection", "person-cleanup"), ("facialRecognition", None), ("library", None), ("ocr", None),
    ("smartSearch", None), ("duplicateDetection", None),
])
def test_queues_are_there_and_idle_and_cannot_be_started(admin: Caller, queue: str, job: str | None) -> None:
    found = admin.get(f"/queues/{queue}").json
    assert (found["isPaused"], set(found["statistics"].values())) == (False, {0})
    assert admin.put(f"/jobs/{queue}", {"command": "start"}).status_code == 400
    if job:
        assert admin.post("/jobs", {"name": job}).status_code == 400


def test_whatever_the_wire_lets_users_do_needs_the_login(server: Server) -> None:
    ours = {rule.endpoint.rpartition(".")[2] for rule in server.app.url_map.iter_rules()
            if rule.endpoint.startswith("compat_")}
    asked = [operation for operation in operations() if operation.id in ours and operation.login]
    assert len(asked) > 40
    for operation in asked:
        path = re.sub("{(variantIndex)}", "0", re.sub("{filename}", "init.mp4", operation.path))
        response = server.nobody.open(operation.method, re.sub("{[^}]+}", str(uuid4()), path), {})
        assert (response.status_code, response.json["message"]) == (401, "Authentication required"), str(operation)
