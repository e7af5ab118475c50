"""Whatever is done to tags: what lies below what is known, and assets carry what was said last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from immich_flask.testing import Caller, Server
from plugins.tags import jobs
from plugins.tags.models import Tag, TagClosure
from tests.effort import effort
from tests.plugins.sync.conftest import add_asset
from tests.plugins.tags.test_files import extracted
from tests.plugins.tags.test_tagging import tags_of

NAMES = st.sampled_from("abc")
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


class Names(RuleBasedStateMachine):
    """`carried`: by asset what it carries; `said`: the assets about which the user has said something."""

    server: Server

    @initialize()
    def begin(self) -> None:
        self.user = self.server.user("namer")
        with self.server.context():
            self.carried: dict[str, set[str]] = {add_asset(self.user.id): set() for _ in range(3)}
        self.said: set[str] = set()

    def tags(self) -> dict[str, dict]:
        return {tag["value"]: tag for tag in self.user.get("/tags").json}

    def some(self, data: st.DataObject) -> list[str]:
        return data.draw(st.lists(st.sampled_from(list(self.carried)), min_size=1, unique=True))

    @rule(paths=st.lists(PATHS, max_size=3))
    def upsert(self, paths: list[str]) -> None:
        assert [tag["value"] for tag in self.user.put("/tags", {"tags": paths}).json] == list(dict.fromkeys(paths))

    @rule(data=st.data(), name=PATHS)
    def create(self, data: st.DataObject, name: str) -> None:
        tags = self.tags()
        above = data.draw(st.sampled_from([None, *tags]))
        value = f"{above}/{name}" if above else name
        response = self.user.post("/tags", {"name": name, "parentId": tags[above]["id"] if above else None})
        assert response.status_code == (400 if value in tags else 201)

    @rule(data=st.data())
    def put(self, data: st.DataObject) -> None:
        if tags := self.tags():
            values = data.draw(st.lists(st.sampled_from(list(tags)), min_size=1, max_size=2, unique=True))
            assets = self.some(data)
            new = {asset: set(values) - self.carried[asset] for asset in assets}
            ids = [tags[value]["id"] for value in values]
            answer = self.user.put("/tags/assets", {"tagIds": ids, "assetIds": assets})
            assert answer.json == {"count": sum(map(len, new.values()))}
            for asset in assets:
                self.carried[asset] |= new[asset]
            self.said |= {asset for asset in assets if new[asset]}

    @rule(data=st.data())
    def take_off(self, data: st.DataObject) -> None:
        if tags := self.tags():
            value = data.draw(st.sampled_from(list(tags)))
            for result in self.user.delete(f"/tags/{tags[value]['id']}/assets", {"ids": self.some(data)}).json:
                assert result["success"] == (value in self.carried[result["id"]])
                if result["success"]:
                    self.carried[result["id"]].discard(value)
                    self.said.add(result["id"])

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if tags := self.tags():
            value = data.draw(st.sampled_from(list(tags)))
            assert self.user.delete(f"/tags/{tags[value]['id']}").status_code == 204
            gone = tags.keys() - self.tags().keys()
            assert value in gone and all(each == value or each.startswith(f"{value}/") for each in gone)
            self.said |= {asset for asset, carried in self.carried.items() if carried & gone}
            for carried in self.carried.values():
                carried -= gone

    @rule(data=st.data(), paths=st.lists(PATHS, max_size=2))
    def read_the_file(self, data: st.DataObject, paths: list[str]) -> None:
        asset = data.draw(st.sampled_from(list(self.carried)))
        if asset not in self.said:
            extracted(self.server, asset, paths or None)
            self.carried[asset] = set(paths)

    @rule()
    def clean_up(self) -> None:
        with self.server.context():
            jobs.clean_up()
        tags = self.tags()
        carried = set().union(*self.carried.values())
        ids = {tag["id"]: value for value, tag in tags.items()}
        needed = set()
        for value in carried:
            while value:
                needed.add(value)
                value = ids.get(tags[value].get("parentId"))
        assert set(tags) == needed

    @invariant()
    def assets_carry_what_was_said(self) -> None:
        for asset, carried in getattr(self, "carried", {}).items():
            assert set(tags_of(self.user, asset)) == carried

    @invariant()
    def each_lies_below_its_parents(self) -> None:
        if not hasattr(self, "user"):
            return
        with self.server.context():
            parents = dict(Tag.select(Tag.id, Tag.parent).where(Tag.user == self.user.id).tuples())
            closure = set(TagClosure.select(TagClosure.ancestor, TagClosure.descendant).where(
                TagClosure.descendant.in_(list(parents))).tuples())
        expected = set()
        for tag in parents:
            above = tag
            while above:
                expected.add((above, tag))
                above = parents[above]
        # One that was made with several levels in its name may later get others between it and its first parent.
        assert expected <= closure
        values = {tag["id"]: tag["value"] for tag in self.tags().values()}
        assert all(f"{values[below]}/".startswith(f"{values[above]}/") for above, below in closure)


def test_whatever_happens_tags_stay_in_order(server: Server) -> None:
    class Machine(Names):
        pass

    Machine.server = server
    run_state_machine_as_test(Machine, settings=effort(8, steps=20))


def test_many_at_a_time_make_each_tag_once(server: Server, user: Caller) -> None:
    with server.context():
        assets = [add_asset(user.id) for _ in range(8)]

    def put(asset: str) -> int:
        tags = user.put("/tags", {"tags": ["a/b", "a/c"]})
        ids = [tag["id"] for tag in tags.json]
        return user.put("/tags/assets", {"tagIds": ids, "assetIds": [asset]}).json["count"]

    with ThreadPoolExecutor(max_workers=8) as threads:
        assert list(threads.map(put, assets)) == [2] * 8
    assert [tag["value"] for tag in user.get("/tags").json] == ["a", "a/b", "a/c"]
