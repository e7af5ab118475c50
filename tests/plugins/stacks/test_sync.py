"""What phones keep of stacks: the owner's, and a partner's."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from immich_flask.core.models import Asset
from immich_flask.infra.fields import iso
from immich_flask.testing import Caller, Server
from plugins.stacks.models import Stack
from tests.effort import effort
from tests.plugins.stacks.test_members import Shelf
from tests.plugins.stacks.test_stacks import made, photos
from tests.plugins.sync.replay import CORE, CORE_TYPES, Phone, Table

__all__ = ["photos"]

OWN = Table("stack", ("StackV1",), deletes={"StackDeleteV1": ("stackId",)})
PARTNERS = Table("partner_stack", ("PartnerStackV1", "PartnerStackBackfillV1"),
                 deletes={"PartnerStackDeleteV1": ("stackId",)})
PARTNERSHIP = Table("partner", ("PartnerV1",), ("sharedById", "sharedWithId"),
                    deletes={"PartnerDeleteV1": ("sharedById", "sharedWithId")})


def own_phone(caller: Caller) -> Phone:
    return Phone(caller, [*CORE_TYPES, "StacksV1"], [*CORE, OWN])


def partners_phone(caller: Caller) -> Phone:
    return Phone(caller, ["UsersV1", "PartnersV1", "PartnerStacksV1"], [CORE[1], PARTNERSHIP, PARTNERS])


def kept(owner: Caller) -> dict[tuple, dict]:
    """What phones shall have; within `server.context()`."""
    return {(stack.id,): {"id": stack.id, "createdAt": iso(stack.created_at), "updatedAt": iso(stack.updated_at),
                          "primaryAssetId": stack.primary_asset_id, "ownerId": stack.owner_id}
            for stack in Stack.select().where(Stack.owner == owner.id)}


def stack_ids(phone: Phone) -> dict[str, str]:
    return {asset: row["stackId"] for (asset,), row in phone.rows("asset").items() if row["stackId"]}


def types(phone: Phone) -> list[str]:
    return [line.type for line in phone.fresh]


def test_stacks_come_with_their_members(server: Server, user: Caller, other: Caller, photos: list[str]) -> None:
    a, b, c, *_ = photos
    phone, stranger = own_phone(user), own_phone(other)
    phone.settle()
    assert phone.rows("stack") == {}
    stack = made(user, b, a)
    phone.sync()
    assert types(phone) == ["AssetV2", "AssetV2", "StackV1", "SyncCompleteV1"]
    with server.context():
        assert phone.rows("stack") == kept(user)
    assert stack_ids(phone) == {a: stack, b: stack}
    user.put(f"/stacks/{stack}", {"primaryAssetId": a})
    phone.sync()
    assert types(phone) == ["StackV1", "SyncCompleteV1"]
    assert phone.rows("stack")[stack,]["primaryAssetId"] == a
    user.delete(f"/stacks/{stack}")
    phone.sync()
    assert types(phone) == ["AssetV2", "AssetV2", "StackDeleteV1", "SyncCompleteV1"]
    assert (phone.rows("stack"), stack_ids(phone)) == ({}, {})
    stranger.settle()
    assert not any("Stack" in line.type for line in stranger.heard)


def test_deletions_are_told_too(server: Server, user: Caller, photos: list[str]) -> None:
    a, b, c, d, e = photos
    phone = own_phone(user)
    stack = made(user, a, b, c)
    phone.settle()
    user.delete("/assets", {"ids": [a], "force": True})
    phone.settle()
    assert phone.rows("stack")[stack,]["primaryAssetId"] == b
    user.delete("/assets", {"ids": [c], "force": True})
    phone.settle()
    assert (phone.rows("stack"), stack_ids(phone)) == ({}, {})


def test_a_partners_stacks(server: Server, user: Caller, other: Caller, photos: list[str]) -> None:
    a, b, c, d, _ = photos
    phone = partners_phone(other)
    first = made(user, a, b)
    user.post("/partners", {"sharedWithId": other.id})
    phone.settle()
    second = made(user, c, d)
    phone.settle()
    with server.context():
        assert phone.rows("partner_stack") == kept(user)
    assert set(phone.rows("partner_stack")) == {(first,), (second,)}
    user.delete(f"/stacks/{first}")
    phone.sync()
    assert types(phone) == ["PartnerStackDeleteV1", "SyncCompleteV1"]
    user.delete(f"/partners/{other.id}")
    user.delete(f"/stacks/{second}")
    phone.sync()
    assert types(phone) == ["PartnerDeleteV1", "SyncCompleteV1"]


def test_stacks_from_before_the_partnership_are_filled_in_once(server: Server, user: Caller, other: Caller,
                                                              photos: list[str]) -> None:
    phone, third = partners_phone(other), server.user()
    early = made(user, *photos[:2])
    later = made(third, third.asset(), third.asset())
    third.post("/partners", {"sharedWithId": other.id})
    phone.settle()
    assert set(phone.rows("partner_stack")) == {(later,)}
    user.post("/partners", {"sharedWithId": other.id})
    phone.sync()
    assert [type for type in types(phone) if "Stack" in type] == ["PartnerStackBackfillV1"]
    assert set(phone.rows("partner_stack")) == {(early,), (later,)}
    phone.sync()
    assert types(phone) == ["SyncCompleteV1"]


def test_without_partners_there_are_no_partners_stacks(make_server: Callable[..., Server]) -> None:
    types = make_server(**{"plugins.disabled": ["partners"]}).runtime.plugins.sync_types
    assert "StacksV1" in types and "PartnerStacksV1" not in types


def test_without_stacks_assets_stand_alone(make_server: Callable[..., Server]) -> None:
    server = make_server(**{"plugins.disabled": ["stacks"]})
    user = server.user()
    asset = user.asset()
    with server.context():
        Asset.update(stack_id="6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b").where(Asset.id == asset).execute()
    phone = own_phone(user)
    phone.settle()
    assert phone.rows("asset")[asset,]["stackId"] is None


class WatchedShelf(Shelf):
    """Phones of the owner and of a partner read along, now and then."""

    @initialize()
    def watch(self) -> None:
        self.partner = self.server.user("partner")
        self.phones: list[Phone] = []

    def phone(self, at: int) -> Phone:
        if not self.phones:
            self.user.post("/partners", {"sharedWithId": self.partner.id})
            self.phones = [own_phone(self.user), partners_phone(self.partner)]
        return self.phones[at]

    @rule(at=st.integers(0, 1))
    def read(self, at: int) -> None:
        self.phone(at).sync()

    @rule(at=st.integers(0, 1), acks=st.integers(0, 3))
    def lose_the_connection(self, at: int, acks: int) -> None:
        self.phone(at).sync(acks=acks)

    def teardown(self) -> None:
        if hasattr(self, "phones") and hasattr(self, "user"):
            for at in (0, 1):
                self.phone(at).settle()
            with self.server.context():
                expected = kept(self.user)
                inside = dict(Asset.select(Asset.id, Asset.stack_id).where(
                    Asset.owner == self.user.id, Asset.stack_id.is_null(False)).tuples())
            assert self.phone(0).rows("stack") == expected
            assert self.phone(1).rows("partner_stack") == expected
            assert stack_ids(self.phone(0)) == inside
        super().teardown()


def test_whatever_happens_the_phones_end_up_with_the_stacks_there_are(server: Server) -> None:
    class Machine(WatchedShelf):
        pass

    Machine.server = server
    run_state_machine_as_test(Machine, settings=effort(6, steps=20))
