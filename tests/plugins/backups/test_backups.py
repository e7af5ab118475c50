"""The backups that the server keeps, as administrators see them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import TestResponse

from immich_flask.core import settings
from immich_flask.core.backup import kept
from immich_flask.infra.storage.base import StorageFull
from immich_flask.testing import Caller, Server
from plugins.backups import service

PATH = "/admin/database-backups"


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Server]) -> Server:
    """One of its own: in a shared one other tests have rows that no upload would make."""
    server = make_server()
    server.admin = server.user("admin", is_admin=True)
    return server


@pytest.fixture
def admin(server: Server) -> Iterator[Caller]:
    """Without any backup; before and after."""
    def clear() -> None:
        server.runtime.storage.delete([info.key for info in server.runtime.storage.list("backups/")])

    clear()
    yield server.admin
    clear()


def names(admin: Caller) -> list[str]:
    return [backup["filename"] for backup in admin.get(PATH).json["backups"]]


def upload(admin: Caller, name: str, content: bytes, field: str = "file") -> TestResponse:
    return admin.open("POST", f"{PATH}/upload", data={field: (io.BytesIO(content), name)},
                      content_type="multipart/form-data")


def test_one_by_hand(admin: Caller) -> None:
    assert admin.get(PATH).json == {"backups": []}
    assert admin.post("/jobs", {"name": "backup-database"}).status_code == 204
    backup, = admin.get(PATH).json["backups"]
    assert kept.OWN_NAME.fullmatch(backup["filename"])
    assert backup["timezone"] == "UTC"

    answer = admin.get(f"{PATH}/{backup['filename']}")
    assert (answer.status_code, answer.mimetype) == (200, "application/gzip")
    assert len(answer.data) == backup["filesize"]
    assert answer.headers["Cache-Control"] == "private, no-cache, no-transform"
    assert backup["filename"] in answer.headers["Content-Disposition"]

    assert admin.delete(PATH, {"backups": [backup["filename"]]}).status_code == 200
    assert names(admin) == []


def test_the_queue_can_be_started(admin: Caller) -> None:
    assert admin.put("/jobs/backupDatabase", {"command": "start", "force": False}).status_code == 200
    assert len(names(admin)) == 1


def test_only_the_newest_are_kept(admin: Caller, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = server.runtime.storage
    old = [f"immich-db-backup-2024010{day}T020000-v3.0.0-sqlite.tar.gz" for day in range(1, 6)]
    for name in [*old, "uploaded-of-mine.tar.gz"]:
        storage.put(f"backups/{name}", [b"x"])
    config = settings.system_config()
    monkeypatch.setitem(config["backup"], "database", {**config["backup"]["database"], "keepLastAmount": 3})
    with server.context():
        service.back_up()
    assert names(admin)[0] == "uploaded-of-mine.tar.gz"
    assert names(admin)[2:] == [old[4], old[3]]
    assert len(names(admin)) == 4


def test_none_is_removed_when_none_could_be_made(admin: Caller, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFull("no space")

    server.runtime.storage.put("backups/immich-db-backup-20240101T020000-v3.0.0-sqlite.tar.gz", [b"x"])
    monkeypatch.setattr(server.runtime.storage, "put", full)
    with server.context(), pytest.raises(StorageFull):
        service.back_up()
    assert len(names(admin)) == 1


def test_when(server: Server) -> None:
    with server.context():
        settings._copies.clear()
        assert service.when() == "0 02 * * *"
        try:
            settings.set_system_metadata("system-config", {"backup": {"database": {"cronExpression": "5 4 * * *"}}})
            settings._copies.clear()
            assert service.when() == "5 4 * * *"
            settings.set_system_metadata("system-config", {"backup": {"database": {"enabled": False}}})
            settings._copies.clear()
            assert service.when() is None
        finally:
            settings.forget_system_metadata("system-config")
            settings._copies.clear()


def test_uploads(admin: Caller) -> None:
    admin.post("/jobs", {"name": "backup-database"})
    name, = names(admin)
    content = admin.get(f"{PATH}/{name}").data
    assert upload(admin, name, content).status_code == 201
    assert names(admin) == [f"uploaded-{name}", name]
    for bad in ("x.sql.gz", "a/b.tar.gz", "x.tar.gz.exe", "ä.tar.gz", ".tar"):
        assert upload(admin, bad, content).json == {"message": "Invalid backup name!"}, bad
    assert "cannot be read as a backup" in upload(admin, "x.tar.gz", b"nonsense").json["message"]
    assert upload(admin, "x.tar.gz", content, "photo").json == {"message": "File is required"}
    assert admin.post(f"{PATH}/upload").status_code == 400
    assert len(names(admin)) == 2


def test_what_is_not_there(admin: Caller) -> None:
    for name in ("none.tar.gz", "none.sql.gz", "..tar.gz", ".."):
        answer = admin.get(f"{PATH}/{name}")
        assert (answer.status_code, answer.json) == (404, {"message": "Not Found"}), name
    for name in ("a b", "..%2Fnone", "..%2F..%2Fimmich.db", "x%00"):
        answer = admin.get(f"{PATH}/{name}")
        assert (answer.status_code, answer.json["errors"][0]["path"]) == (400, ["filename"]), name
    admin.post("/jobs", {"name": "backup-database"})
    assert admin.delete(PATH, {"backups": [*names(admin), "../immich.db"]}).json == {"message": "Backup not found"}
    assert len(names(admin)) == 1
    assert admin.delete(PATH, {"backups": []}).status_code == 200
    assert admin.delete(PATH, {}).json["errors"][0]["path"] == ["backups"]


def test_restoring_is_left_to_the_shell(server: Server, make_server) -> None:
    assert server.nobody.post(f"{PATH}/start-restore").json == {"message": "The server already has an admin"}
    empty = make_server()
    assert empty.nobody.post(f"{PATH}/start-restore").json == {
        "message": "Backups are restored by the command: immich-flask restore"}


@pytest.mark.parametrize(("method", "path", "permission"), [
    ("GET", PATH, "maintenance"), ("GET", f"{PATH}/x.tar.gz", "backup.download"), ("DELETE", PATH, "backup.delete"),
    ("POST", f"{PATH}/upload", "backup.upload"),
])
def test_who_may(server: Server, user: Caller, method: str, path: str, permission: str) -> None:
    assert server.nobody.open(method, path).status_code == 401
    assert user.open(method, path).json == {"message": "Forbidden"}
    refused = server.admin.api_key("user.read").open(method, path)
    assert refused.json == {"message": f"Missing required permission: {permission}"}
    assert server.admin.api_key(permission).open(method, path).status_code in (200, 400, 404)
