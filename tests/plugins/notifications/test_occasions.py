"""What users are told by themselves: invitations, news in albums, background work that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from immich_flask.contracts.enums import JobName, NotificationLevel, NotificationType
from immich_flask.contracts.events import JobFailed, UserNotified
from immich_flask.contracts.plugin import Job, Listener
from immich_flask.core.events import emit
from immich_flask.core.jobs import enqueue
from immich_flask.core.models import JobRow
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server
from plugins.notifications.api import NotificationCreated
from plugins.notifications.models import Notification


def told(caller: Caller, **query: Any) -> list[dict]:
    return [{name: value for name, value in each.items() if name not in ("id", "createdAt")}
            for each in caller.get("/notifications", **query).json]


def forget(*callers: Caller) -> None:
    for caller in callers:
        ids = [each["id"] for each in caller.get("/notifications").json]
        assert caller.delete("/notifications", {"ids": ids}).status_code == 204


def album(owner: Caller, *members: Caller, name: str = "Trip") -> str:
    users = [{"userId": member.id, "role": "editor"} for member in members]
    response = owner.post("/albums", {"albumName": name, "albumUsers": users})
    assert response.status_code == 201, response.text
    return response.json["id"]


def let_time_pass(server: Server) -> None:
    """What was to be done later is done now."""
    with server.context():
        JobRow.update(run_at=now()).where(JobRow.name == JobName.NOTIFY_ALBUM_UPDATE).execute()
        for _ in range(JobRow.select().count()):
            server.runtime.queue.wake("notifications")


def invitation(album_id: str, *, sender: str = "user", name: str = "Trip") -> dict:
    return {"level": "success", "type": "AlbumInvite", "title": "Shared Album Invitation",
            "description": f"{sender} shared an album ({name}) with you", "data": f'{{"albumId":"{album_id}"}}'}


def news(album_id: str, name: str = "Trip") -> dict:
    return {"level": "info", "type": "AlbumUpdate", "title": "Shared Album Update",
            "description": f"New media has been added to the album ({name})", "data": f'{{"albumId":"{album_id}"}}'}


def test_invitations(server: Server, user: Caller, other: Caller) -> None:
    first = album(user, other)
    assert (told(other), told(user)) == ([invitation(first)], [])
    second, third = album(user, name="Ünï 🌄"), server.user()
    body = {"albumUsers": [{"userId": other.id}, {"userId": third.id, "role": "viewer"}]}
    assert user.put(f"/albums/{second}/users", body).status_code == 200
    assert told(other) == [invitation(second, name="Ünï 🌄"), invitation(first)]
    assert told(third) == [invitation(second, name="Ünï 🌄")]
    assert user.put(f"/albums/{second}/users", body).status_code == 200
    assert len(told(third)) == 1


def test_news_comes_once_and_after_a_while(server: Server, user: Caller, other: Caller) -> None:
    third = server.user()
    trip = album(user, other, third)
    forget(other, third)
    for _ in range(3):
        user.put(f"/albums/{trip}/assets", {"ids": [user.asset(), user.asset()]})
    assert told(other) == []
    let_time_pass(server)
    assert (told(user), told(other), told(third)) == ([], [news(trip)], [news(trip)])
    other.put("/albums/assets", {"albumIds": [trip], "assetIds": [other.asset()]})
    let_time_pass(server)
    assert (told(user), told(other), told(third)) == ([news(trip)], [news(trip)], [news(trip), news(trip)])


def test_what_is_no_news(server: Server, user: Caller, other: Caller) -> None:
    trip, gone, left = album(user, other), album(user, other), album(user, other)
    asset = user.asset()
    for each in (trip, gone, left):
        user.put(f"/albums/{each}/assets", {"ids": [asset]})
    user.delete(f"/albums/{gone}")
    other.delete(f"/albums/{left}/user/me")
    let_time_pass(server)
    assert told(other, type="AlbumUpdate") == [news(trip)]
    user.delete(f"/albums/{trip}/assets", {"ids": [asset]})
    user.patch(f"/albums/{trip}", {"albumName": "New"})
    let_time_pass(server)
    assert len(told(other, type="AlbumUpdate")) == 1


@pytest.fixture
def failures(make_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Callable]]:
    server = make_server()
    server.admin = server.user("admin", is_admin=True)

    def fail(name: str = "Broken", error: str = "no such thing", times: int = 1) -> None:
        def run(**_: Any) -> None:
            raise OSError(error)

        with server.context():
            server.runtime.jobs[name] = Job(name, "backgroundTask", run, retries=0)
            for number in range(times):
                enqueue(name, number=number)

    yield server, fail


def failure(name: str = "Broken", error: str = "no such thing") -> dict:
    return {"level": "error", "type": "JobFailed", "title": "Job failed",
            "description": f"{name} failed: OSError: {error}"}


def test_administrators_hear_of_work_that_failed(failures: tuple[Server, Callable]) -> None:
    server, fail = failures
    second, user = server.user(is_admin=True), server.user()
    gone = server.user(is_admin=True, deleted_at=now(), status="deleted")
    fail()
    assert told(server.admin) == told(second) == [failure()]
    assert told(user) == []
    with server.context():
        assert not Notification.select().where(Notification.user == gone.id).exists()


def test_of_the_same_failure_they_hear_once_an_hour(failures: tuple[Server, Callable]) -> None:
    server, fail = failures
    fail(times=20)
    fail("Other", error="x" * 5000)
    assert len(told(server.admin)) == 2
    assert told(server.admin)[0]["description"].startswith("Other failed: OSError: xxx")
    assert len(told(server.admin)[0]["description"]) < 600
    forget(server.admin)
    fail()
    assert told(server.admin) == []
    late = server.user(is_admin=True)
    fail()
    assert (told(server.admin), told(late)) == ([], [failure()])
    with server.context():
        Notification.update(created_at=now() - timedelta(minutes=61)).execute()
    fail(times=2)
    assert told(server.admin) == [failure()]


def test_failures_of_many_workers_at_once(failures: tuple[Server, Callable]) -> None:
    server, _ = failures

    def one(_: int) -> None:
        with server.context(), atomic():
            emit(JobFailed("backgroundTask", "Broken", "OSError: no such thing"))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one, range(12)))
    assert told(server.admin) == [failure()]


def test_others_hear_of_new_notifications_once_they_are_there(failures: tuple[Server, Callable]) -> None:
    server, _ = failures
    user, heard = server.user(), []
    listeners = server.runtime.plugins.listeners.setdefault((NotificationCreated, "after"), [])
    listeners.append(("test", Listener(NotificationCreated, "after", heard.append)))
    event = UserNotified(user.id, NotificationType.SYSTEM_MESSAGE, NotificationLevel.WARNING, "a", data={"b": [1]})
    with server.context():
        with pytest.raises(ZeroDivisionError), atomic():
            emit(event)
            raise ZeroDivisionError
        assert (heard, told(user)) == ([], [])
    with server.context(), atomic():
        emit(event)
        emit(UserNotified("6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b", event.type, event.level, "to nobody"))
    assert heard == [NotificationCreated(user.id, user.get("/notifications").json[0])]
    server.admin.post("/admin/notifications", {"userId": user.id, "title": "b"})
    assert [event.notification["title"] for event in heard] == ["a", "b"]


def test_without_albums(make_server: Callable[..., Server]) -> None:
    from tests.matrix.test_each_plugin import needing

    server = make_server(**{"plugins.disabled": sorted(needing("albums"))})
    admin = server.user(is_admin=True)
    assert admin.post("/admin/notifications", {"userId": admin.id, "title": "x"}).status_code == 201
    assert [each["title"] for each in told(admin)] == ["x"]
