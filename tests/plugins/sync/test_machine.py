"""Random writes, and a phone that syncs now and then, is cut off in the middle of a line, killed, or forgets to
acknowledge: in the end its copy is what the server has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from immich_flask.core.models import Asset, Session, User
from immich_flask.infra.fields import instant, iso
from immich_flask.testing import Caller, Server
from tests.effort import effort
from tests.plugins.sync.expected import assert_same
from tests.plugins.sync.replay import Phone

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
DATES = st.datetimes(datetime(1950, 1, 1), datetime(2023, 1, 1), timezones=st.just(UTC)).map(iso)
CHANGES = st.fixed_dictionaries({}, optional={
    "isFavorite": st.booleans(), "visibility": st.sampled_from(["timeline", "archive"]), "description": TEXTS,
    "rating": st.sampled_from([-1, 1, 5, None]), "dateTimeOriginal": DATES,
}).filter(bool)
PLACES = st.fixed_dictionaries({"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)})
JSON = st.dictionaries(TEXTS, st.none() | st.booleans() | TEXTS | st.integers(-9, 9) | st.lists(TEXTS, max_size=2),
                       max_size=3)


@pytest.fixture(scope="module")
def whole(make_server: Callable[..., Server]) -> Server:
    """A server with all plugins."""
    return make_server()


class Syncing(RuleBasedStateMachine):
    server: Server

    def __init__(self) -> None:
        super().__init__()
        self.user, self.other = self.server.user("user"), self.server.user("other")
        self.phone = Phone(self.server.session_of(self.user))
        self.assets: list[str] = []
        self.trashed: set[str] = set()
        self.strangers: list[Caller] = []

    def some(self, data: st.DataObject, among: list[str] | None = None) -> list[str]:
        return data.draw(st.lists(st.sampled_from(among or self.assets), min_size=1, max_size=3, unique=True))

    def call(self, method: str, path: str, body: dict | None = None) -> None:
        response = self.user.open(method, path, body)
        assert response.status_code < 300, response.text

    @rule(number=st.integers(1, 3))
    def upload(self, number: int) -> None:
        self.assets += [self.user.asset() for _ in range(number)]

    @rule()
    def somebody_else_uploads(self) -> None:
        self.other.asset()

    @precondition(lambda self: self.assets)
    @rule(data=st.data(), changes=CHANGES | PLACES)
    def change(self, data: st.DataObject, changes: dict) -> None:
        self.call("PUT", "/assets", {"ids": self.some(data), **changes})

    @precondition(lambda self: self.assets)
    @rule(data=st.data())
    def trash(self, data: st.DataObject) -> None:
        ids = self.some(data)
        self.call("DELETE", "/assets", {"ids": ids})
        self.trashed.update(ids)

    @precondition(lambda self: self.trashed)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        ids = self.some(data, sorted(self.trashed))
        self.call("POST", "/trash/restore/assets", {"ids": ids})
        self.trashed.difference_update(ids)

    @precondition(lambda self: self.assets)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        ids = self.some(data)
        self.call("DELETE", "/assets", {"ids": ids, "force": True})
        self.assets = [each for each in self.assets if each not in ids]
        self.trashed.difference_update(ids)

    @precondition(lambda self: self.assets)
    @rule(data=st.data(), key=st.sampled_from(["mobile-app", "other"]), value=JSON)
    def keep(self, data: st.DataObject, key: str, value: dict) -> None:
        for asset_id in self.some(data):
            self.call("PUT", f"/assets/{asset_id}/metadata", {"items": [{"key": key, "value": value}]})

    @precondition(lambda self: self.assets)
    @rule(data=st.data(), key=st.sampled_from(["mobile-app", "other"]))
    def keep_no_longer(self, data: st.DataObject, key: str) -> None:
        self.user.delete(f"/assets/{self.some(data)[0]}/metadata/{key}")

    @rule(enabled=st.booleans(), duration=st.integers(1, 9))
    def prefer(self, enabled: bool, duration: int) -> None:
        self.call("PUT", "/users/me/preferences", {"ratings": {"enabled": enabled}, "memories": {"duration": duration}})

    @rule(onboarded=st.booleans())
    def onboard(self, onboarded: bool) -> None:
        if onboarded:
            self.call("PUT", "/users/me/onboarding", {"isOnboarded": True})
        else:
            self.call("DELETE", "/users/me/onboarding")

    @rule(name=TEXTS.filter(str.strip))
    def rename(self, name: str) -> None:
        self.call("PUT", "/users/me", {"name": name})

    @rule()
    def somebody_comes(self) -> None:
        self.strangers.append(self.server.user("stranger"))

    @precondition(lambda self: self.strangers)
    @rule()
    def somebody_goes(self) -> None:
        with self.server.context():
            User.delete().where(User.id == self.strangers.pop().id).execute()

    @rule(offline=st.booleans())
    def change_all_rows_at_once(self, offline: bool) -> None:
        with self.server.context():
            Asset.update(is_offline=offline).where(Asset.owner == self.user.id).execute()

    @rule()
    def sync(self) -> None:
        self.phone.sync()

    @rule(cut=st.integers(0, 6000))
    def lose_the_connection(self, cut: int) -> None:
        self.phone.sync(cut=cut)

    @rule(acks=st.integers(0, 5))
    def be_killed(self, acks: int) -> None:
        self.phone.sync(acks=acks)

    @rule()
    def forget_to_acknowledge(self) -> None:
        self.phone.sync(ack=False)

    @rule()
    def be_told_to_start_over(self) -> None:
        with self.server.context():
            Session.update(is_pending_sync_reset=True).where(Session.id == self.phone.caller.session_id).execute()

    def teardown(self) -> None:
        self.phone.settle()
        late = Phone(self.server.session_of(self.user))
        late.settle()
        with self.server.context():
            assert_same(self.phone)
            assert_same(late)
        for (asset_id,), row in self.phone.rows("asset").items():
            self.assert_as_the_api_says(asset_id, row)

    def assert_as_the_api_says(self, asset_id: str, row: dict) -> None:
        answer = self.user.get(f"/assets/{asset_id}").json
        same = row.keys() & answer.keys() - {"deletedAt"}
        assert {name: row[name] for name in same} == {name: answer[name] for name in same}
        assert (row["deletedAt"] is not None) == answer["isTrashed"]
        exif, said = self.phone.rows("exif")[asset_id,], answer["exifInfo"]
        moments = {"dateTimeOriginal", "modifyDate"}
        same = exif.keys() & said.keys()
        assert {name: exif[name] for name in same - moments} == {name: said[name] for name in same - moments}
        for name in moments & same:
            assert exif[name] == said[name] or instant(exif[name]) == instant(said[name])


def test_random_writes_and_syncs(whole: Server) -> None:
    machine = type("Machine", (Syncing,), {"server": whole})
    run_state_machine_as_test(machine, settings=effort(6, steps=30))
