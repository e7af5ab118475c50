"""How accounts go: soft-deleted, restored, removed for good with everything they owned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from immich_flask.contracts.events import UserDeleted, UserRestored, UserTrashed
from immich_flask.core.assets.keys import FOLDERS
from immich_flask.core.models import ApiKey, Asset, JobRow, Session, User, UserMetadata
from immich_flask.core.users import metadata
from immich_flask.core.users.removal import remove_due_users, remove_user
from immich_flask.infra.fields import now
from immich_flask.testing.callers import Caller, Server

UNKNOWN = "6e2c34b1-5a6d-4d3e-9f10-1c2d3e4f5a6b"


def asset(owner: Caller, number: int = 0) -> str:
    """A row as the upload leaves it."""
    moment = now()
    return Asset.create(
        owner=owner.id, type="IMAGE", checksum=str(number), original_file_name="a.jpg", original_path=f"/{number}.jpg",
        storage_key=f"originals/{owner.id}/{number}/a.jpg", file_created_at=moment, file_modified_at=moment,
        local_date_time=moment).id


def belongings(server: Server, user: Caller) -> int:
    with server.context():
        return sum(model.select().where(model.user == user.id).count() for model in (Session, ApiKey, UserMetadata)) + (
            Asset.select().where(Asset.owner == user.id).count())


def test_soft_deleted_and_restored(server: Server, user: Caller) -> None:
    at, key = f"/admin/users/{user.id}", user.api_key("all")
    gone = server.admin.delete(at, {})
    assert (gone.status_code, gone.json["status"], bool(gone.json["deletedAt"])) == (200, "deleted", True)
    assert server.admin.get(at).json == gone.json
    assert server.admin.get("/admin/users", id=user.id).json == []
    assert server.admin.get("/admin/users", id=user.id, withDeleted="true").json == [gone.json]
    assert server.admin.get("/admin/users", id=user.id, withDeleted="false").json == []
    assert (user.get("/users/me").status_code, key.get("/users/me").status_code) == (401, 401)
    for response in (server.admin.delete(at, {}), server.admin.put(at, {"name": "x"})):
        assert (response.status_code, response.json) == (400, {"message": "User not found"})
    back = server.admin.post(f"{at}/restore", {})
    assert (back.status_code, back.json["status"], back.json["deletedAt"]) == (200, "active", None)
    assert server.admin.post(f"{at}/restore").json == back.json
    assert (user.get("/users/me").status_code, key.get("/users/me").status_code) == (200, 200)


def test_refused(server: Server, user: Caller) -> None:
    oneself = server.admin.delete(f"/admin/users/{server.admin.id}", {})
    assert (oneself.status_code, oneself.json) == (403, {"message": "Cannot delete your own account"})
    for response in (server.admin.delete(f"/admin/users/{UNKNOWN}", {}),
                     server.admin.post(f"/admin/users/{UNKNOWN}/restore")):
        assert (response.status_code, response.json) == (400, {"message": "User not found"})
    bad = server.admin.delete(f"/admin/users/{user.id}", {"force": "yes"})
    assert [issue["path"] for issue in bad.json["errors"]] == [["force"]]
    assert server.admin.open("DELETE", f"/admin/users/{user.id}").status_code == 400
    assert user.get("/users/me").status_code == 200


def test_removed_at_once(server: Server, user: Caller, other: Caller) -> None:
    storage = server.runtime.storage
    keys = [f"{folder}/{owner.id}/a.jpg" for folder in FOLDERS for owner in (user, other)]
    for key in keys:
        storage.put(key, [b"x"])
    with server.context():
        assets = [asset(user, number) for number in range(3)] + [asset(other)]
        metadata.write(user.id, "onboarding", {"isOnboarded": True})
    user.api_key("all")
    gone = server.admin.delete(f"/admin/users/{user.id}", {"force": True})
    assert (gone.status_code, gone.json["status"]) == (200, "removing")
    assert server.admin.get(f"/admin/users/{user.id}").json == {"message": "User not found"}
    assert server.admin.get("/admin/users", id=user.id, withDeleted="true").json == []
    assert belongings(server, user) == 0
    with server.context():
        assert [row.id for row in Asset.select().where(Asset.id.in_(assets))] == assets[3:]
    assert [key for key in keys if storage.exists(key)] == [key for key in keys if other.id in key]
    again = server.admin.post("/admin/users", {"email": user.email, "name": "again", "password": "x"})
    assert again.status_code == 201


def test_a_large_library_goes_in_parts(server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from immich_flask.core.assets import owner

    monkeypatch.setattr(owner, "AT_ONCE", 2)
    with server.context():
        for number in range(5):
            asset(user, number)
    server.admin.delete(f"/admin/users/{user.id}", {"force": True})
    assert belongings(server, user) == 0


def test_removed_after_the_delay(server: Server, user: Caller, other: Caller) -> None:
    for caller, days in ((user, 8), (other, 6)):
        server.admin.delete(f"/admin/users/{caller.id}", {})
        with server.context():
            User.update(deleted_at=now() - timedelta(days=days)).where(User.id == caller.id).execute()
    with server.context():
        remove_due_users()
        assert not User.select().where(User.id == user.id).exists()
        assert User.get_by_id(other.id).status == "deleted"
        remove_user(other.id)
        assert User.get_by_id(other.id).status == "deleted"


def test_restored_before_the_job_ran(server: Server, user: Caller) -> None:
    server.admin.delete(f"/admin/users/{user.id}", {})
    with server.context():
        User.update(deleted_at=now() - timedelta(days=8)).where(User.id == user.id).execute()
    server.admin.post(f"/admin/users/{user.id}/restore")
    with server.context():
        asset(user)
        remove_user(user.id)
        remove_user(UNKNOWN)
        assert Asset.select().where(Asset.owner == user.id).exists()
    assert user.get("/users/me").status_code == 200


def test_no_way_back_once_it_has_begun(server: Server, user: Caller) -> None:
    with server.context():
        User.update(status="removing", deleted_at=now()).where(User.id == user.id).execute()
    response = server.admin.post(f"/admin/users/{user.id}/restore")
    assert (response.status_code, response.json) == (400, {"message": "The account is being removed"})
    assert user.get("/users/me").status_code == 401


def test_events(make_server) -> None:
    server = make_server()
    boss, user, heard = server.user("boss", is_admin=True), server.user(), []

    class Listener:
        run = staticmethod(heard.append)

    for event in (UserTrashed, UserRestored, UserDeleted):
        server.runtime.plugins.listeners[event, "after"] = [("test", Listener)]
    at = f"/admin/users/{user.id}"
    boss.delete(at, {})
    boss.post(f"{at}/restore")
    boss.post(f"{at}/restore")
    boss.delete(at, {"force": True})
    assert heard == [UserTrashed(user.id), UserRestored(user.id), UserTrashed(user.id), UserDeleted(user.id)]


def test_a_veto_leaves_nothing(make_server) -> None:
    server = make_server()
    boss, user = server.user("boss", is_admin=True), server.user()

    class Veto:
        @staticmethod
        def run(event: UserTrashed) -> None:
            from immich_flask.contracts.errors import Conflict
            raise Conflict("not now")

    server.runtime.plugins.listeners[UserTrashed, "inside"] = [("test", Veto)]
    assert boss.delete(f"/admin/users/{user.id}", {"force": True}).status_code == 409
    assert user.get("/users/me").json["status"] == "active"
    with server.context():
        assert JobRow.select().count() == 0
