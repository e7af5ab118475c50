"""What stacks look like elsewhere, and what becomes of them when their assets change."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from immich_flask.core.assets.owner import delete_assets_of
from immich_flask.core.models import Asset, AssetJobStatus, User
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server
from plugins.stacks.events import StackUpdated
from plugins.stacks.models import Stack
from tests.effort import effort
from tests.plugins.stacks.test_stacks import made, members, photos, refusal
from tests.plugins.sync.conftest import add_asset

__all__ = ["photos"]


def in_month(caller: Caller, **query: str) -> dict[str, list[str] | None]:
    """What June 2023 shows, newest first, each with its stack."""
    month = caller.get("/timeline/bucket", timeBucket="2023-06-01", withStacked="true", **query).json
    return dict(zip(month["id"], month["stack"], strict=True))


def stack_of(caller: Caller, asset_id: str) -> dict | None:
    return caller.get(f"/assets/{asset_id}").json["stack"]


def test_the_timeline_shows_the_primary_for_all(user: Caller, photos: list[str]) -> None:
    a, b, c, d, e = photos
    stack = made(user, b, a, c)
    assert in_month(user) == {e: None, d: None, b: [stack, "3"]}
    assert user.get("/timeline/buckets", withStacked="true").json == [{"timeBucket": "2023-06-01", "count": 3}]
    for without in ({}, {"withStacked": "false"}):
        assert user.get("/timeline/buckets", **without).json == [{"timeBucket": "2023-06-01", "count": 5}]
    user.put("/assets", {"ids": [a], "visibility": "archive"})
    assert in_month(user, visibility="timeline") == {e: None, d: None, b: [stack, "2"]}
    assert members(user, stack) == [b, a, c]


def test_search_can_leave_stacks_out(user: Caller, photos: list[str]) -> None:
    def found(**body: bool) -> set[str]:
        return {asset["id"] for asset in user.post("/search/metadata", body).json["assets"]["items"]}

    made(user, *photos[:3])
    assert found(withStacked=False) == set(photos[3:])
    assert found(withStacked=True) == found() == set(photos)


def test_each_member_names_its_stack(user: Caller, photos: list[str]) -> None:
    a, b, c, *_ = photos
    stack = made(user, b, a, c)
    for member in (a, b, c):
        assert stack_of(user, member) == {"id": stack, "primaryAssetId": b, "assetCount": 3}
    user.put("/assets", {"ids": [a], "visibility": "archive"})
    assert stack_of(user, a) == {"id": stack, "primaryAssetId": b, "assetCount": 2}
    user.delete("/assets", {"ids": [c]})
    assert stack_of(user, b) is None
    assert user.get("/stacks").json[0]["id"] == stack


def test_the_trash_hides_members_and_gives_them_back(user: Caller, photos: list[str]) -> None:
    a, b, c, d, e = photos
    stack = made(user, a, b, c)
    user.delete("/assets", {"ids": [a]})
    assert user.get(f"/stacks/{stack}").json["primaryAssetId"] == a
    assert members(user, stack) == [b, c]
    user.delete("/assets", {"ids": [b, c]})
    assert members(user, stack) == []
    assert in_month(user) == {e: None, d: None}
    user.post("/trash/restore")
    assert members(user, stack) == [a, b, c]
    assert in_month(user) == {e: None, d: None, a: [stack, "3"]}


def test_deleting_assets_promotes_or_dissolves(user: Caller, photos: list[str]) -> None:
    a, b, c, d, _ = photos
    stack = made(user, a, b, c, d)
    user.delete("/assets", {"ids": [b], "force": True})
    assert members(user, stack) == [a, c, d]
    user.put("/assets", {"ids": [c], "visibility": "archive"})
    user.delete("/assets", {"ids": [a], "force": True})
    assert members(user, stack) == [d, c]
    assert user.get(f"/stacks/{stack}").json["primaryAssetId"] == d
    user.delete("/assets", {"ids": [d], "force": True})
    assert members(user, stack) is None
    assert stack_of(user, c) is None


def test_deleting_all_at_once(server: Server, user: Caller, photos: list[str]) -> None:
    a, b, c, d, e = photos
    made(user, a, b)
    second = made(user, c, d, e)
    user.delete("/assets", {"ids": [a, b, c], "force": True})
    assert [stack["id"] for stack in user.get("/stacks").json] == [second]
    assert members(user, second) == [d, e]
    user.delete("/assets", {"ids": [d, e]})
    user.post("/trash/empty")
    with server.context():
        assert not Stack.select().where(Stack.owner == user.id).exists()


def test_a_locked_primary_hands_over(user: Caller, photos: list[str]) -> None:
    """It would hide the others, and tell of itself."""
    a, b, c, d, e = photos
    stack = made(user, a, b, c)
    user.put("/assets", {"ids": [a, b], "visibility": "locked"})
    assert members(user, stack) == [c]
    assert user.get(f"/stacks/{stack}").json["primaryAssetId"] == c
    assert in_month(user) == {e: None, d: None, c: [stack, "1"]}
    assert stack_of(user, c) is None
    assert refusal(user.put(f"/stacks/{stack}", {"primaryAssetId": a})) == (400, "Primary asset must be in the stack")
    user.elevated().put("/assets", {"ids": [a, b], "visibility": "timeline"})
    assert members(user, stack) == [c, a, b]
    user.put("/assets", {"ids": [a, b, c], "visibility": "locked"})
    assert members(user.elevated(), stack) == []


def copy(caller: Caller, source: str, target: str, **what: bool) -> None:
    nothing = dict.fromkeys(("albums", "sharedLinks", "stack", "favorite", "sidecar"), False)
    response = caller.put("/assets/copy", {"sourceId": source, "targetId": target, **nothing, **what})
    assert response.status_code == 204, response.text


def test_a_copy_joins_the_stack(user: Caller, photos: list[str]) -> None:
    a, b, c, d, e = photos
    stack = made(user, a, b)
    copy(user, a, c)
    copy(user, c, a, stack=True)
    assert members(user, stack) == [a, b]
    for _ in range(2):
        copy(user, a, c, stack=True)
        assert members(user, stack) == [a, b, c]
    other_stack = made(user, d, e)
    copy(user, b, e, stack=True)
    assert members(user, stack) is None
    assert members(user, other_stack) == [d, a, b, c, e]


def test_everything_a_user_had(server: Server, photos: list[str], user: Caller) -> None:
    made(user, *photos[:3])
    with server.context():
        rest = add_asset(user.id)
        stack_id = Asset.get_by_id(photos[0]).stack_id
        Asset.update(stack_id=stack_id).where(Asset.id == rest).execute()
        User.delete().where(User.id == user.id).execute()
        assert not Stack.select().where(Stack.owner == user.id).exists()


def test_who_listens_hears_of_changes_by_hand(server: Server, user: Caller, photos: list[str],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[StackUpdated] = []
    for module in ("service", "listeners"):
        monkeypatch.setattr(f"plugins.stacks.{module}.emit", heard.append)
    a, b, c, d, e = photos
    first, second = made(user, a, b, c), made(user, d, e)
    user.put(f"/stacks/{first}", {"primaryAssetId": b})
    user.put(f"/stacks/{first}", {})
    user.delete(f"/stacks/{first}/assets/{a}")
    merged = made(user, b, d)
    user.put("/assets", {"ids": [b], "visibility": "locked"})
    copy(user, c, a, stack=True)
    user.delete("/stacks", {"ids": [merged]})
    assert [set(event.stack_ids) for event in heard] == [
        {first}, {second}, {first}, {first}, {first, second, merged}, {merged}, {merged}, {merged}]
    assert {event.owner_id for event in heard} == {user.id}


class Shelf(RuleBasedStateMachine):
    """One user's assets and stacks, and whatever may be done to them."""

    server: Server

    @initialize()
    def begin(self) -> None:
        self.user = self.server.user("stacker").elevated()
        with self.server.context():
            self.assets = [add_asset(self.user.id) for _ in range(8)]
            # There are no files to make thumbnails of.
            AssetJobStatus.insert_many([{"asset": asset, "thumbnails_made_at": now()}
                                        for asset in self.assets]).execute()

    def stacks(self) -> list[dict]:
        return self.user.get("/stacks").json

    @rule(data=st.data())
    def stack_some(self, data: st.DataObject) -> None:
        if len(self.assets) > 1:
            made(self.user, *data.draw(st.lists(st.sampled_from(self.assets), min_size=2, max_size=4, unique=True)))

    @rule(data=st.data())
    def change_one(self, data: st.DataObject) -> None:
        if stacks := self.stacks():
            stack = data.draw(st.sampled_from(stacks))
            if stack["assets"]:
                asset = data.draw(st.sampled_from(stack["assets"]))["id"]
                if data.draw(st.booleans()):
                    assert self.user.put(f"/stacks/{stack['id']}", {"primaryAssetId": asset}).status_code == 200
                else:
                    status = self.user.delete(f"/stacks/{stack['id']}/assets/{asset}").status_code
                    assert status == (400 if asset == stack["primaryAssetId"] else 204)

    @rule(data=st.data())
    def take_apart(self, data: st.DataObject) -> None:
        if stacks := self.stacks():
            assert self.user.delete(f"/stacks/{data.draw(st.sampled_from(stacks))['id']}").status_code == 204

    @rule(data=st.data(), visibility=st.sampled_from(["timeline", "archive", "locked"]))
    def show(self, data: st.DataObject, visibility: str) -> None:
        if self.assets:
            ids = data.draw(st.lists(st.sampled_from(self.assets), min_size=1, max_size=3, unique=True))
            assert self.user.put("/assets", {"ids": ids, "visibility": visibility}).status_code == 204

    @rule(data=st.data(), force=st.booleans())
    def delete(self, data: st.DataObject, force: bool) -> None:
        if self.assets:
            ids = data.draw(st.lists(st.sampled_from(self.assets), min_size=1, max_size=4, unique=True))
            assert self.user.delete("/assets", {"ids": ids, "force": force}).status_code == 204
            if force:
                self.assets = [asset for asset in self.assets if asset not in ids]

    @rule()
    def restore(self) -> None:
        self.user.post("/trash/restore")

    @rule(data=st.data())
    def copy(self, data: st.DataObject) -> None:
        if len(self.assets) > 1:
            copy(self.user, *data.draw(st.lists(st.sampled_from(self.assets), min_size=2, max_size=2, unique=True)),
                 stack=True)

    @invariant()
    def every_stack_has_its_primary_and_every_member_its_stack(self) -> None:
        if not hasattr(self, "user"):
            return
        with self.server.context():
            primaries = dict(Stack.select(Stack.id, Stack.primary_asset_id).where(Stack.owner == self.user.id).tuples())
            inside = dict(Asset.select(Asset.id, Asset.stack_id).where(Asset.owner == self.user.id).tuples())
        assert {stack for stack in inside.values() if stack} == set(primaries)
        for stack, primary in primaries.items():
            assert inside.get(primary) == stack

    def teardown(self) -> None:
        if hasattr(self, "user"):
            with self.server.context():
                delete_assets_of(self.user.id)
                assert not Stack.select().where(Stack.owner == self.user.id).exists()


def test_whatever_happens_nothing_gets_lost_in_a_stack(server: Server) -> None:
    class Machine(Shelf):
        pass

    Machine.server = server
    run_state_machine_as_test(Machine, settings=effort(10, steps=20))
