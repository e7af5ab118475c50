"""The administrators' records of libraries, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.testing import Caller, Server
from plugins.libraries.patterns import BadPattern, Exclusions

NONE = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json["message"]


@pytest.fixture
def admin(server: Server) -> Caller:
    return server.admin


def test_making_changing_and_removing(admin: Caller, user: Caller, tmp_path: Path) -> None:
    made = admin.post("/libraries", {"ownerId": user.id}).json
    assert (made["name"], made["ownerId"], made["importPaths"], made["refreshedAt"], made["assetCount"]) == (
        "New External Library", user.id, [], None, 0)
    assert "**/@eaDir/**" in made["exclusionPatterns"]
    at = f"/libraries/{made['id']}"
    # Folders may come later, so that a library can be made before a disk is there.
    other = admin.post("/libraries", {"ownerId": user.id, "name": "Scans", "importPaths": ["/no/such/folder"],
                                      "exclusionPatterns": ["**/raw/**"]}).json
    assert [library["id"] for library in admin.get("/libraries").json if library["ownerId"] == user.id] == [
        made["id"], other["id"]]
    changed = admin.put(at, {"name": "Renamed", "importPaths": [str(tmp_path)], "exclusionPatterns": []}).json
    assert (changed["name"], changed["importPaths"], changed["exclusionPatterns"]) == ("Renamed", [str(tmp_path)], [])
    assert admin.patch(at, {}).json == changed == admin.get(at).json
    assert admin.get(f"{at}/statistics").json == {"photos": 0, "videos": 0, "usage": 0, "total": 0}
    assert admin.delete(at).status_code == 204
    for response in (admin.get(at), admin.put(at, {"name": "x"}), admin.delete(at), admin.post(f"{at}/scan")):
        assert refusal(response) == (400, "Library not found")
    assert refusal(admin.get(f"{at}/statistics")) == (400, f"Library {made['id']} not found")


@pytest.mark.parametrize(("body", "said"), [
    ({"importPaths": ["/no/such/folder"]}, "Invalid import path: Path does not exist (ENOENT)"),
    ({"importPaths": ["/dev/null"]}, "Invalid import path: Not a directory"),
    ({"exclusionPatterns": ["{a,b}" * 20]}, "Invalid exclusion pattern: "),
    ({"exclusionPatterns": ["x" * 2000]}, "Invalid exclusion pattern: "),
    ({"importPaths": ["/a", "/a"]}, "Validation failed"), ({"exclusionPatterns": [" "]}, "Validation failed"),
    ({"name": ""}, "Validation failed"),
])
def test_what_cannot_be_a_library(admin: Caller, user: Caller, body: dict, said: str) -> None:
    made = admin.post("/libraries", {"ownerId": user.id}).json
    status, message = refusal(admin.put(f"/libraries/{made['id']}", {"name": "x", **body}))
    assert status == 400
    assert message.startswith(said)
    assert admin.get(f"/libraries/{made['id']}").json == made


def test_an_owner_who_is_nobody(admin: Caller) -> None:
    assert refusal(admin.post("/libraries", {"ownerId": NONE})) == (400, "User not found")


def test_looking_at_folders(admin: Caller, server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    ours = str(server.runtime.config.data_path)
    paths = [str(tmp_path), f"{tmp_path}/none", f"{tmp_path}/file", "some/where", ours, f"{ours}/below"]
    found = admin.post(f"/libraries/{NONE}/validate", {"importPaths": paths}).json["importPaths"]
    assert [item["importPath"] for item in found] == paths
    assert [item["isValid"] for item in found] == [True, False, False, False, False, False]
    assert [item.get("message", "").partition(",")[0] for item in found] == [
        "", "Path does not exist (ENOENT)", "Not a directory", "Import path must be absolute",
        *["Cannot use media upload folder for external libraries"] * 2]
    assert admin.post(f"/libraries/{NONE}/validate", {}).json == {"importPaths": []}


def test_what_the_operator_allows(make_server: Callable[..., Server], tmp_path: Path) -> None:
    allowed, other = tmp_path / "photos", tmp_path / "other"
    allowed.mkdir()
    other.mkdir()
    (allowed / "out").symlink_to(other)
    server = make_server(**{"plugin.libraries.allowed_folders": [str(allowed)]})
    admin = server.user(is_admin=True)
    said = f"Folder is not allowed on this server; allowed are {allowed} ([plugin.libraries] allowed_folders)"
    for path in (str(other), "/", f"{allowed}/../other", f"{allowed}/out", f"{allowed}2"):
        found, = admin.post(f"/libraries/{NONE}/validate", {"importPaths": [path]}).json["importPaths"]
        assert (found["isValid"], found["message"]) == (False, said)
        assert refusal(admin.post("/libraries", {"ownerId": admin.id, "importPaths": [path]})) == (
            400, f"Invalid import path: {said}")
    assert admin.get("/libraries").json == []
    assert admin.post("/libraries", {"ownerId": admin.id, "importPaths": [f"{allowed}/2024"]}).status_code == 201


def test_folders_that_are_no_paths(make_server: Callable[..., Server]) -> None:
    with pytest.raises(ConfigError, match=r"\[plugin.libraries\] allowed_folders must be absolute paths, not 'photos'"):
        make_server(**{"plugin.libraries.allowed_folders": ["photos"]})


@pytest.mark.parametrize(("method", "path", "permission"), [
    ("GET", "/libraries", "library.read"), ("POST", "/libraries", "library.create"),
    ("GET", f"/libraries/{NONE}", "library.read"), ("PUT", f"/libraries/{NONE}", "library.update"),
    ("DELETE", f"/libraries/{NONE}", "library.delete"), ("POST", f"/libraries/{NONE}/scan", "library.update"),
    ("GET", f"/libraries/{NONE}/statistics", "library.statistics"), ("POST", f"/libraries/{NONE}/validate", "all"),
])
def test_for_administrators_only(server: Server, user: Caller, method: str, path: str, permission: str) -> None:
    assert refusal(server.nobody.open(method, path)) == (401, "Authentication required")
    assert refusal(user.open(method, path)) == (403, "Forbidden")
    assert refusal(user.api_key(permission).open(method, path)) == (403, "Forbidden")
    assert refusal(server.admin.api_key("asset.read").open(method, path)) == (
        403, f"Missing required permission: {permission}")
    assert server.admin.api_key(permission).open(method, path).status_code != 403
    key = user.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": [user.asset()]}).json["key"]
    assert server.nobody.open(method, path, query={"key": key}).status_code == 403


def test_a_list_costs_as_many_queries_as_one(admin: Caller, user: Caller, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            admin.get("/libraries")
        return len(sql)

    admin.post("/libraries", {"ownerId": user.id})
    cost()
    once = cost()
    for _ in range(5):
        admin.post("/libraries", {"ownerId": user.id})
    # Now and then the configuration is looked at again.
    assert cost() <= once + 1


@pytest.mark.parametrize(("pattern", "path", "is_out"), [
    ("**/Raw/**", "/a/raw/b.jpg", True), ("**/Raw/**", "/a/Raw/b/c.jpg", True), ("**/Raw/**", "/a/Rawer/c.jpg", False),
    ("**/Raw/*", "/a/Raw/deep/down/c.jpg", True), ("**/._*", "/a/._b.jpg", True), ("**/*.tif", "/a/b/c.TIF", True),
    ("**/*.{tif,png}", "/c.png", True), ("/a/b/**", "/a/b/c.jpg", True), ("/a/b/**", "/z/a/b/c.jpg", False),
    ("*.jpg", "/a/b.jpg", False), *((f"**/{char}folder/**", f"/a/{char}folder/b.jpg", True) for char in "@#$%^&="),
])
def test_patterns(pattern: str, path: str, is_out: bool) -> None:
    assert Exclusions([pattern]).exclude(path) is is_out


@pytest.mark.parametrize("text", ["[", "{" * 50, "**/(", "!a", "~", "(?i)", "**/[[:nope:]]/**", "\\"])
def test_odd_patterns_do_no_harm(text: str) -> None:
    try:
        Exclusions([text]).exclude("/a/b.jpg")
    except BadPattern as error:
        assert text in str(error)
