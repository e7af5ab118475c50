"""What is written when something happens, and what clients are told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.events import AssetsUpdated, ConfigUpdated, UserCreated
from immich_flask.core.events import emit
from immich_flask.core.plugins import Found, Plugins, find_plugins
from immich_flask.infra.config import load_config
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from immich_flask.infra.http.answers import json_bytes
from immich_flask.testing import Caller, Server
from plugins.realtime import outbox
from plugins.realtime.assets import asset_answers, edit_ready, upload_ready, uploaded
from plugins.realtime.models import LiveMessage
from tests.plugins.realtime import bells
from tests.plugins.realtime.bells.hooks import BellRung


@pytest.fixture
def told(server: Server) -> Callable[[], list[tuple]]:
    """What was written since the last time: `(kind, rooms, arguments)`."""
    seen = []

    def since() -> list[tuple]:
        with server.context():
            messages = outbox.newer_than(seen[-1])
            seen.append(outbox.last_id())
            return [message[1:] for message in messages]

    with server.context():
        seen.append(outbox.last_id())
    return since


def test_it_is_written_with_what_it_tells(server: Server, user: Caller, told: Callable) -> None:
    asset = user.asset()
    told()
    with server.context():
        with pytest.raises(LookupError), atomic():
            emit(ConfigUpdated())
            raise LookupError
        assert told() == []
        with atomic():
            with pytest.raises(LookupError), atomic():
                emit(ConfigUpdated())
                raise LookupError
            emit(AssetsUpdated((asset,), user.id, frozenset({"rating"})))
    assert told() == [("on_asset_update of AssetsUpdated", [user.id], [user.id, [asset]])]


def test_one_statement_for_all_that_an_event_makes(user: Caller, queries: Callable, told: Callable) -> None:
    assets = [user.asset() for _ in range(3)]
    told()
    with queries() as sql:
        user.delete("/assets", {"ids": assets})
    assert len([text for text in sql if "live_message" in text]) == 1
    assert [(kind, rooms) for kind, rooms, _ in told()] == [("on_asset_trash of AssetsTrashed", [user.id])]


def test_old_messages_are_swept_but_for_the_newest(server: Server) -> None:
    with server.context():
        with atomic():
            emit(ConfigUpdated())
        LiveMessage.update(created_at=now() - outbox.KEPT - timedelta(seconds=1)).execute()
        old, count = outbox.last_id(), LiveMessage.select().count()
        assert outbox.sweep() == count - 1
        assert outbox.last_id() == old
        with atomic():
            emit(ConfigUpdated())
        assert outbox.sweep() == 1
        assert [message.id for message in outbox.newer_than(old)] == [outbox.last_id()]


def test_as_rest_has_it(server: Server, user: Caller, other: Caller) -> None:
    asset, locked, theirs = user.asset(), user.asset(visibility="locked"), other.asset()
    with server.context():
        told = list(asset_answers(user.id, [asset, locked, theirs]))
        assert list(asset_answers(theirs, [asset])) == []
        assert list(uploaded(user.id, locked)) == list(upload_ready(locked)) == list(upload_ready(user.id)) == []
        assert [ready["asset"]["id"] for ready, in edit_ready(locked, [])] == [locked]
    assert orjson.loads(json_bytes(told)) == [[user.get(f"/assets/{asset}").json]]


def test_an_answer_more_costs_no_query_more(server: Server, user: Caller, queries: Callable) -> None:
    def cost(assets: list[str]) -> int:
        with server.context(), queries() as sql:
            assert len(list(asset_answers(user.id, assets))) == len(assets)
        return len(sql)

    assets = [user.asset() for _ in range(5)]
    assert cost(assets[:1]) == cost(assets)


def with_bells(**overrides: object) -> Plugins:
    found = {**find_plugins(), "bells": Found(bells.META, bells.__name__)}
    return Plugins(load_config(environ={}, overrides=overrides), found)


def test_events_of_other_plugins(make_server: Callable[..., Server]) -> None:
    server = make_server(with_bells())
    with server.context():
        with atomic():
            emit(BellRung(("a", "b", "a"), 3))
            emit(BellRung((), 1))
            emit(UserCreated("c"))
        assert [message[1:] for message in outbox.newer_than(0)] == [
            ("on_bell of BellRung", ["a", "b"], ["ding", 3]), ("on_welcome of UserCreated", None, ["c"])]


def test_one_plugin_makes_a_name_of_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "carillon"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "hooks.py").write_text("from tests.plugins.realtime.bells.hooks import register_live_events\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = {**find_plugins(), "bells": Found(bells.META, bells.__name__),
             "carillon": Found(replace(bells.META, name="carillon"), "carillon")}
    plugins = Plugins(load_config(environ={}), found)
    with pytest.raises(ConfigError, match="bells and carillon both register the live event on_bell of BellRung"):
        assert plugins.live_events


def test_switched_off(make_server: Callable[..., Server]) -> None:
    server = make_server(with_bells(**{"plugins.disabled": ["realtime"]}), **{"plugins.disabled": ["realtime"]})
    user = server.user()
    user.delete("/assets", {"ids": [user.asset()]})
    assert user.get("/socket.io/", EIO="4", transport="websocket").status_code == 404
    with server.context():
        assert "live_message" not in server.database.get_tables()
