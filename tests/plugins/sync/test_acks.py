"""Checkpoints, and who may ask at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from immich_flask.contracts.sync import SyncRequestType
from immich_flask.core.models import Session, User
from immich_flask.infra.horizon import id_at
from immich_flask.testing import Caller, Server
from plugins.sync.service import ORDER, RETIRED
from tests.plugins.sync.replay import Phone

ID = "0190f1f0-0000-7000-8000-000000000000"


def types(caller: Caller) -> list[str]:
    return [each["type"] for each in caller.get("/sync/ack").json]


def paths(response: TestResponse) -> list:
    assert response.status_code == 400, response.text
    assert response.json["message"] == "Validation failed"
    return [issue["path"] for issue in response.json["errors"]]


def test_the_last_ack_of_a_type_is_kept_as_it_came(user: Caller) -> None:
    acks = [f"UserV1|{ID}", f"AssetV2|{ID}", "UserV1|00000000-0000-7000-8000-000000000000"]
    assert user.post("/sync/ack", {"acks": acks}).status_code == 204
    assert user.get("/sync/ack").json == [{"type": "AssetV2", "ack": acks[1]}, {"type": "UserV1", "ack": acks[2]}]
    assert user.post("/sync/ack", {"acks": [f"UserV1|{ID}"]}).status_code == 204
    assert user.get("/sync/ack").json[1] == {"type": "UserV1", "ack": f"UserV1|{ID}"}


def test_forgetting(user: Caller) -> None:
    user.post("/sync/ack", {"acks": [f"{type}|{ID}" for type in ("UserV1", "AssetV2", "AssetExifV1", "MemoryV1")]})
    assert user.delete("/sync/ack", {"types": ["AssetV2", "StackV1"]}).status_code == 204
    assert types(user) == ["AssetExifV1", "MemoryV1", "UserV1"]
    assert user.delete("/sync/ack", {"types": []}).status_code == 204
    assert len(types(user)) == 3
    assert user.delete("/sync/ack", {}).status_code == 204
    assert types(user) == []


def test_sessions_have_checkpoints_of_their_own(server: Server, user: Caller) -> None:
    second = server.session_of(user)
    user.post("/sync/ack", {"acks": [f"UserV1|{ID}"]})
    assert types(second) == []
    second.post("/sync/ack", {"acks": [f"AssetV2|{ID}"]})
    second.delete("/sync/ack", {})
    assert types(user) == ["UserV1"]


def test_checkpoints_go_with_their_session(server: Server, user: Caller, stored: Callable) -> None:
    user.post("/sync/ack", {"acks": [f"UserV1|{ID}"]})
    with server.context():
        Session.delete().where(Session.id == user.session_id).execute()
    assert stored(user) == {}


def test_an_unknown_type_stores_nothing(user: Caller) -> None:
    response = user.post("/sync/ack", {"acks": [f"UserV1|{ID}", "NoSuchV1|0", "AssetV2|0"]})
    assert (response.status_code, response.json) == (400, {"message": "Invalid ack type: NoSuchV1"})
    assert types(user) == []


def test_no_acks_are_no_news(user: Caller) -> None:
    assert user.post("/sync/ack", {"acks": []}).status_code == 204
    assert types(user) == []


@pytest.mark.parametrize("ack", ["UserV1", "UserV1|", "UserV1|0", "UserV1|' OR 1=1", f"UserV1|{ID.upper()}x",
                                 f"UserV1|{ID}|{ID}|{ID}", f"UserV1|{ID}|half"])
def test_an_ack_that_never_came_from_here_counts_for_nothing(user: Caller, ack: str) -> None:
    assert user.post("/sync/ack", {"acks": [ack]}).status_code == 204
    assert user.get("/sync/ack").json == [{"type": "UserV1", "ack": ack}]
    assert user.id in [line.data.get("id") for line in Phone(user, ["UsersV1"]).sync()]


@pytest.mark.parametrize(("body", "path"), [
    ({}, ["acks"]),
    ({"acks": "UserV1|0"}, ["acks"]),
    ({"acks": None}, ["acks"]),
    ({"acks": [1]}, ["acks", 0]),
    ({"acks": ["UserV1|" + "0" * 200]}, ["acks", 0]),
    ({"acks": ["UserV1|0"] * 1001}, ["acks"]),
])
def test_bad_acks(user: Caller, body: dict, path: list) -> None:
    assert paths(user.post("/sync/ack", body)) == [path]
    assert types(user) == []


def test_a_thousand_acks_are_taken(user: Caller) -> None:
    assert user.post("/sync/ack", {"acks": [f"UserV1|{ID}"] * 1000}).status_code == 204


def test_bad_types_to_forget(user: Caller) -> None:
    user.post("/sync/ack", {"acks": [f"UserV1|{ID}"]})
    assert paths(user.delete("/sync/ack", {"types": ["UserV1", "NoSuchV1"]})) == [["types", 1]]
    assert types(user) == ["UserV1"]


@pytest.mark.parametrize(("body", "path"), [
    ({}, ["types"]),
    ({"types": "AssetsV2"}, ["types"]),
    ({"types": ["AssetsV9"]}, ["types", 0]),
    ({"types": [], "reset": "yes"}, ["reset"]),
])
def test_refusals_of_the_stream_carry_its_type(user: Caller, body: dict, path: list) -> None:
    response = user.post("/sync/stream", body)
    assert paths(response) == [path]
    assert response.headers.getlist("Content-Type") == ["application/jsonlines+json"]


@pytest.mark.parametrize("retired", RETIRED)
def test_retired_types(user: Caller, retired: str) -> None:
    user.post("/sync/ack", {"acks": [f"UserV1|{ID}"]})
    response = user.post("/sync/stream", {"types": ["UsersV1", retired], "reset": True})
    newer = retired.replace("V1", "V2")
    assert (response.status_code, response.mimetype) == (400, "application/json")
    assert response.json == {"message": f"SyncRequestType.{retired} is deprecated, use SyncRequestType.{newer} instead"}
    assert types(user) == ["UserV1"]


def test_every_type_has_its_place_or_is_retired() -> None:
    assert {*ORDER, *RETIRED} == set(SyncRequestType)
    assert len(ORDER) + len(RETIRED) == len(SyncRequestType)


CALLS = [("POST", "/sync/stream", {"types": []}), ("GET", "/sync/ack", None), ("POST", "/sync/ack", {"acks": []}),
         ("DELETE", "/sync/ack", {})]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_only_sessions(server: Server, user: Caller, method: str, path: str, body: dict | None) -> None:
    refused = server.nobody.open(method, path, body)
    assert (refused.status_code, refused.json) == (401, {"message": "Authentication required"})
    refused = user.api_key("all").open(method, path, body)
    assert (refused.status_code, refused.json) == (403, {"message": "Sync endpoints cannot be used with API keys"})
    refused = user.api_key("asset.read").open(method, path, body)
    assert refused.status_code == 403
    assert refused.json["message"].startswith("Missing required permission: sync")


def test_reset_forgets_the_acks(user: Caller) -> None:
    phone = Phone(user, ["AuthUsersV1"])
    phone.settle()
    assert [line.type for line in phone.sync(reset=True)] == ["AuthUserV1", "SyncCompleteV1"]


def pending(server: Server, caller: Caller) -> bool:
    with server.context():
        return Session.get_by_id(caller.session_id).is_pending_sync_reset


def mark_pending(server: Server, caller: Caller) -> None:
    with server.context():
        Session.update(is_pending_sync_reset=True).where(Session.id == caller.session_id).execute()


def test_a_marked_session_is_told_to_start_over(server: Server, user: Caller) -> None:
    phone = Phone(user)
    phone.settle()
    mark_pending(server, user)
    for _ in range(2):
        assert [(line.type, line.ack) for line in phone.sync(ack=False)] == [("SyncResetV1", "SyncResetV1|reset")]
    assert "AuthUserV1" in types(user)
    assert phone.rows("user") == {}
    phone.sync()
    assert types(user) == [] and not pending(server, user)
    phone.settle()
    assert (user.id,) in phone.rows("user")


def test_what_is_acknowledged_together_with_a_reset_is_forgotten(server: Server, user: Caller) -> None:
    mark_pending(server, user)
    user.post("/sync/ack", {"acks": [f"UserV1|{ID}", "SyncResetV1|reset", f"AssetV2|{ID}"]})
    assert types(user) == [] and not pending(server, user)


def test_asking_for_a_reset_ends_a_pending_one(server: Server, user: Caller) -> None:
    mark_pending(server, user)
    lines = Phone(user, ["AuthUsersV1"]).sync(reset=True)
    assert [line.type for line in lines] == ["AuthUserV1", "SyncCompleteV1"]
    assert not pending(server, user)


@pytest.mark.parametrize(("days", "types"), [(29, ["AuthUserV1", "SyncCompleteV1"]), (31, ["SyncResetV1"])])
def test_whoever_was_away_for_a_month_starts_over(server: Server, user: Caller, days: int, types: list[str]) -> None:
    with server.context():
        moment = User.get_by_id(user.id).created_at.timestamp() - days * 86400
    user.post("/sync/ack", {"acks": [f"SyncCompleteV1|{id_at(int(moment * 1_000_000))}"]})
    assert [line.type for line in Phone(user, ["AuthUsersV1"]).sync(ack=False)] == types


def test_a_server_where_nothing_happens_sends_nobody_back(server: Server, user: Caller) -> None:
    """The completion is dated by the time of the stream, not of the last change."""
    phone = Phone(user)
    phone.settle()
    first = phone.fresh[-1].ack
    assert phone.sync()[-1].ack > first
