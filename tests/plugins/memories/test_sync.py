"""What a phone keeps of memories."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from immich_flask.testing import Caller, Server
from plugins.memories.models import Memory, MemoryAsset
from tests.effort import effort
from tests.plugins.memories.test_memories import make
from tests.plugins.partners.test_sync import TABLES as PARTNERS
from tests.plugins.partners.test_sync import TYPES as PARTNER_TYPES
from tests.plugins.partners.test_sync import share
from tests.plugins.sync.replay import Line, Phone, Table

TYPES = ["AssetsV2", *PARTNER_TYPES, "MemoriesV1", "MemoryToAssetsV1"]

TABLES = (
    *(table for table in PARTNERS if table.name != "asset"),
    Table("asset", ("AssetV2", "PartnerAssetV2", "PartnerAssetBackfillV2"), parents={"ownerId": "user"},
          deletes={"AssetDeleteV1": ("assetId",), "PartnerAssetDeleteV1": ("assetId",)}),
    Table("memory", ("MemoryV1",), parents={"ownerId": "user"}, deletes={"MemoryDeleteV1": ("memoryId",)}),
    Table("memory_asset", ("MemoryToAssetV1",), ("memoryId", "assetId"), {"memoryId": "memory", "assetId": "asset"},
          {"MemoryToAssetDeleteV1": ("memoryId", "assetId")}),
)


class MemoriesPhone(Phone):
    """At the end of a sync the app drops what belongs neither to its user nor to a partner."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller, TYPES, TABLES)

    def sync(self, **options: object) -> list[Line]:
        lines = super().sync(**options)
        if not options:
            with self._db:
                self._db.execute('DELETE FROM asset WHERE "ownerId" != ? AND "ownerId" NOT IN '
                                 '(SELECT "sharedById" FROM partner)', [self.caller.id])
        return lines


@pytest.fixture
def phone(user: Caller) -> Phone:
    return MemoriesPhone(user)


def links(phone: Phone) -> set[tuple[str, str]]:
    phone.settle()
    return set(phone.rows("memory_asset"))


def test_a_memory_as_it_is_told(user: Caller, phone: Phone) -> None:
    asset = user.asset()
    memory = make(user, asset, showAt="2024-06-15T00:00:00.000Z")
    told = user.get(f"/memories/{memory}").json
    phone.settle()
    row = phone.rows("memory")[memory,]
    del told["assets"]
    assert row == {**told, "deletedAt": None, "seenAt": None, "hideAt": None}
    assert phone.rows("memory_asset") == {(memory, asset): {"memoryId": memory, "assetId": asset}}


def test_changes(user: Caller, phone: Phone) -> None:
    first, second = user.asset(), user.asset()
    memory = make(user, first)
    assert links(phone) == {(memory, first)}
    user.put(f"/memories/{memory}", {"isSaved": True})
    assert [line.type for line in phone.sync()] == ["MemoryV1", "SyncCompleteV1"]
    assert phone.rows("memory")[memory,]["isSaved"] is True
    user.put(f"/memories/{memory}/assets", {"ids": [second]})
    assert links(phone) == {(memory, first), (memory, second)}
    user.delete(f"/memories/{memory}/assets", {"ids": [first]})
    assert links(phone) == {(memory, second)}
    user.delete("/assets", {"ids": [second], "force": True})
    assert links(phone) == set()
    assert set(phone.rows("memory")) == {(memory,)}


def test_what_is_in_a_deleted_memory_goes_with_it(user: Caller, phone: Phone) -> None:
    memory = make(user, user.asset(), user.asset())
    phone.settle()
    user.delete(f"/memories/{memory}")
    assert [line.type for line in phone.sync()] == ["MemoryDeleteV1", "SyncCompleteV1"]
    assert phone.rows("memory") == phone.rows("memory_asset") == {}


def test_nobody_hears_of_others_memories(user: Caller, other: Caller, phone: Phone) -> None:
    stays, gone = make(other, other.asset()), make(other, other.asset())
    share(other, user)
    phone.settle()
    asset = other.asset()
    other.put(f"/memories/{stays}/assets", {"ids": [asset]})
    other.delete(f"/memories/{stays}/assets", {"ids": [asset]})
    other.delete(f"/memories/{gone}")
    phone.settle()
    assert not any(line.type.startswith("Memory") for line in phone.heard)


@pytest.mark.parametrize("visibility", ["archive", "locked", "hidden"])
def test_own_assets_stay_whatever_becomes_of_them(user: Caller, phone: Phone, visibility: str) -> None:
    asset = user.asset()
    memory = make(user, asset)
    user.elevated().put("/assets", {"ids": [asset], "visibility": visibility})
    assert links(phone) == {(memory, asset)}


@pytest.mark.parametrize("visibility", ["archive", "locked"])
def test_what_a_partner_hides_and_shows_again(user: Caller, other: Caller, phone: Phone, visibility: str) -> None:
    share(other, user)
    asset, owner = other.asset(), other.elevated()
    memory = make(user, asset)
    assert links(phone) == {(memory, asset)}
    owner.put("/assets", {"ids": [asset], "visibility": visibility})
    assert links(phone) == set()
    assert links(MemoriesPhone(user.server.session_of(user))) == set()
    owner.put("/assets", {"ids": [asset], "visibility": "timeline"})
    assert links(phone) == {(memory, asset)}
    owner.delete("/assets", {"ids": [asset]})
    assert links(phone) == set()
    owner.post("/trash/restore")
    assert links(phone) == {(memory, asset)}
    other.delete(f"/partners/{user.id}")
    assert links(phone) == set()
    assert links(MemoriesPhone(user.server.session_of(user))) == set()


class Changes(RuleBasedStateMachine):
    """Memories with assets of one's own and of a partner, and a phone that reads now and then."""

    server: Server

    @initialize()
    def begin(self) -> None:
        self.user, self.partner = self.server.user("user").elevated(), self.server.user("partner").elevated()
        share(self.partner, self.user)
        self.phone = MemoriesPhone(self.user)
        self.memories: list[str] = []
        self.assets: dict[str, Caller] = {}

    @rule(is_mine=st.booleans())
    def upload(self, is_mine: bool) -> None:
        owner = self.user if is_mine else self.partner
        self.assets[owner.asset()] = owner

    @rule(data=st.data())
    def remember(self, data: st.DataObject) -> None:
        some = data.draw(st.lists(st.sampled_from(sorted(self.assets)), unique=True)) if self.assets else []
        self.memories.append(make(self.user, *some))

    @rule(data=st.data(), method=st.sampled_from(["PUT", "DELETE"]))
    def change(self, data: st.DataObject, method: str) -> None:
        if self.memories and self.assets:
            memory, asset = data.draw(st.sampled_from(self.memories)), data.draw(st.sampled_from(sorted(self.assets)))
            self.user.open(method, f"/memories/{memory}/assets", {"ids": [asset]})

    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        if self.memories:
            memory = data.draw(st.sampled_from(self.memories))
            self.memories.remove(memory)
            self.user.delete(f"/memories/{memory}")

    @rule(data=st.data(), visibility=st.sampled_from(["timeline", "archive", "locked"]))
    def show(self, data: st.DataObject, visibility: str) -> None:
        if self.assets:
            asset = data.draw(st.sampled_from(sorted(self.assets)))
            self.assets[asset].put("/assets", {"ids": [asset], "visibility": visibility})

    @rule(data=st.data(), force=st.booleans())
    def delete(self, data: st.DataObject, force: bool) -> None:
        if self.assets:
            asset = data.draw(st.sampled_from(sorted(self.assets)))
            self.assets[asset].delete("/assets", {"ids": [asset], "force": force})
            if force:
                del self.assets[asset]

    @rule()
    def restore(self) -> None:
        self.partner.post("/trash/restore")
        self.user.post("/trash/restore")

    @rule()
    def read(self) -> None:
        self.phone.sync()

    @rule(acks=st.integers(0, 4))
    def read_and_lose_the_connection(self, acks: int) -> None:
        self.phone.sync(acks=acks)

    def teardown(self) -> None:
        if hasattr(self, "phone"):
            assert links(self.phone) == links(MemoriesPhone(self.server.session_of(self.user))) == self.kept()
            assert {memory for memory, in self.phone.rows("memory")} == set(self.memories)

    def kept(self) -> set[tuple[str, str]]:
        with self.server.context():
            rows = set(MemoryAsset.select(MemoryAsset.memory, MemoryAsset.asset).join(Memory)
                       .where(Memory.owner == self.user.id).tuples())
        shown = {asset for asset, owner in self.assets.items()
                 if owner is self.user or self.user.get(f"/assets/{asset}").status_code == 200}
        return {(memory, asset) for memory, asset in rows if asset in shown}


def test_whatever_happens_the_phone_ends_up_with_what_there_is(server: Server) -> None:
    class Machine(Changes):
        pass

    Machine.server = server
    run_state_machine_as_test(Machine, settings=effort(6, steps=15))
