"""What a partner's phone keeps: what he may see, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from immich_flask.core.models import Asset, AssetExif
from immich_flask.testing import Caller, Server
from plugins.partners.access import SHOWN
from plugins.partners.models import Partner
from tests.effort import effort
from tests.plugins.sync.replay import Line, Phone, Table

TYPES = ["UsersV1", "PartnersV1", "PartnerAssetsV2", "PartnerAssetExifsV1"]

TABLES = (
    Table("user", ("UserV1",), deletes={"UserDeleteV1": ("userId",)}),
    Table("partner", ("PartnerV1",), ("sharedById", "sharedWithId"), {"sharedById": "user", "sharedWithId": "user"},
          {"PartnerDeleteV1": ("sharedById", "sharedWithId")}),
    Table("asset", ("PartnerAssetV2", "PartnerAssetBackfillV2"), parents={"ownerId": "user"},
          deletes={"PartnerAssetDeleteV1": ("assetId",)}),
    Table("exif", ("PartnerAssetExifV1", "PartnerAssetExifBackfillV1"), ("assetId",), {"assetId": "asset"}),
)


class PartnersPhone(Phone):
    """At the end of a sync the app drops what belongs neither to its user nor to a partner."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller, TYPES, TABLES)

    def sync(self, **options: Any) -> list[Line]:
        lines = super().sync(**options)
        if not options:
            with self._db:
                self._db.execute("""DELETE FROM asset WHERE "ownerId" NOT IN (SELECT "sharedById" FROM partner)""")
        return lines


@pytest.fixture
def phone(other: Caller) -> Phone:
    return PartnersPhone(other)


def share(owner: Caller, viewer: Caller) -> None:
    assert owner.post("/partners", {"sharedWithId": viewer.id}).status_code == 201


def shown_on(phone: Phone) -> set[str]:
    """The assets on the phone, each of which has its EXIF there."""
    phone.settle()
    assets = {asset for asset, in phone.rows("asset")}
    assert {asset for asset, in phone.rows("exif")} == assets
    return assets


def test_both_sides_hear_of_the_partnership(server: Server, user: Caller, other: Caller, phone: Phone) -> None:
    mine, stranger = PartnersPhone(user), PartnersPhone(server.user())
    share(user, other)
    for each in (mine, phone):
        each.settle()
        assert each.rows("partner") == {
            (user.id, other.id): {"sharedById": user.id, "sharedWithId": other.id, "inTimeline": False}}
    other.put(f"/partners/{user.id}", {"inTimeline": True})
    for each in (mine, phone):
        each.settle()
        assert each.rows("partner")[user.id, other.id]["inTimeline"] is True
    user.delete(f"/partners/{other.id}")
    for each in (mine, phone):
        assert [line.type for line in each.sync()] == ["PartnerDeleteV1", "SyncCompleteV1"]
    stranger.settle()
    assert stranger.rows("partner") == {}
    assert not any(line.type.startswith("Partner") for line in stranger.heard)


def test_assets_with_their_exif_and_nobodys_favourites(user: Caller, other: Caller, phone: Phone) -> None:
    asset = user.asset(isFavorite="true")
    share(user, other)
    assert shown_on(phone) == {asset}
    row = phone.rows("asset")[asset,]
    assert (row["ownerId"], row["isFavorite"], row["visibility"]) == (user.id, False, "timeline")
    user.put(f"/assets/{asset}", {"description": "the lake"})
    phone.settle()
    assert phone.rows("exif")[asset,]["description"] == "the lake"


def test_what_is_older_than_the_partnership_is_filled_in_once(server: Server, user: Caller, other: Caller,
                                                             phone: Phone) -> None:
    early = {user.asset(), user.asset()}
    third = server.user()
    later = third.asset()
    share(third, other)
    assert shown_on(phone) == {later}
    share(user, other)
    phone.sync()
    assert [line.type for line in phone.fresh if "Backfill" in line.type] == [
        "PartnerAssetBackfillV2", "PartnerAssetBackfillV2", "PartnerAssetExifBackfillV1", "PartnerAssetExifBackfillV1"]
    assert shown_on(phone) == {later} | early
    assert [line.type for line in phone.sync()] == ["SyncCompleteV1"]


@pytest.mark.parametrize("visibility", ["archive", "locked"])
def test_what_goes_out_of_sight_and_comes_back(user: Caller, other: Caller, phone: Phone, visibility: str) -> None:
    asset, stays = user.asset(), user.asset()
    hidden_from_the_start = user.asset(visibility="archive")
    share(user, other)
    assert shown_on(phone) == {asset, stays}
    assert hidden_from_the_start not in {line.data.get("id") for line in phone.heard}
    elevated = user.elevated()
    elevated.put("/assets", {"ids": [asset], "visibility": visibility})
    assert shown_on(phone) == {stays}
    elevated.put("/assets", {"ids": [asset], "visibility": "timeline"})
    assert shown_on(phone) == {asset, stays}


def test_the_trash_is_the_owners_alone(user: Caller, other: Caller, phone: Phone) -> None:
    asset, gone = user.asset(), user.asset()
    share(user, other)
    assert shown_on(phone) == {asset, gone}
    user.delete("/assets", {"ids": [asset, gone]})
    assert shown_on(phone) == set()
    user.post("/trash/restore/assets", {"ids": [asset]})
    user.post("/trash/empty")
    assert shown_on(phone) == {asset}


def test_the_moving_part_goes_with_its_still(server: Server, user: Caller, other: Caller, phone: Phone) -> None:
    still, film = user.asset(), user.asset()
    with server.context():
        Asset.update(visibility="hidden", type="VIDEO").where(Asset.id == film).execute()
        Asset.update(live_photo_video=film).where(Asset.id == still).execute()
    share(user, other)
    assert shown_on(phone) == {still, film}
    user.put("/assets", {"ids": [still], "visibility": "archive"})
    assert shown_on(phone) == set()
    user.put("/assets", {"ids": [still], "visibility": "timeline"})
    assert shown_on(phone) == {still, film}
    user.delete("/assets", {"ids": [still]})
    assert shown_on(phone) == set()
    user.post("/trash/restore")
    assert shown_on(phone) == {still, film}


def test_a_deleted_account_is_forgotten_until_it_is_restored(server: Server, user: Caller, other: Caller,
                                                             phone: Phone) -> None:
    asset = user.asset()
    share(user, other)
    third = server.user()
    later = third.asset()
    share(third, other)
    assert shown_on(phone) == {asset, later}
    assert server.admin.delete(f"/admin/users/{user.id}", {}).status_code == 200
    assert shown_on(phone) == {later}
    assert {sharer for sharer, _ in phone.rows("partner")} == {third.id}
    fresh = PartnersPhone(server.session_of(other))
    assert shown_on(fresh) == {later}
    assert asset not in {line.data.get("id") for line in fresh.heard}
    assert server.admin.post(f"/admin/users/{user.id}/restore").status_code == 200
    for each in (phone, fresh):
        assert shown_on(each) == {asset, later}
        assert {sharer for sharer, _ in each.rows("partner")} == {user.id, third.id}


class Library(RuleBasedStateMachine):
    """One user's library, seen by a phone that reads now and then, while the partnership ends and begins again."""

    server: Server

    @initialize()
    def begin(self) -> None:
        self.owner, self.viewer = self.server.user("owner").elevated(), self.server.user("viewer")
        self.phone = PartnersPhone(self.viewer)
        self.assets: list[str] = []
        self.is_shared = False

    @rule()
    def add(self) -> None:
        self.assets.append(self.owner.asset())

    @rule(data=st.data(), visibility=st.sampled_from(["timeline", "archive", "locked"]))
    def show(self, data: st.DataObject, visibility: str) -> None:
        if self.assets:
            self.owner.put("/assets", {"ids": [data.draw(st.sampled_from(self.assets))], "visibility": visibility})

    @rule(data=st.data(), force=st.booleans())
    def delete(self, data: st.DataObject, force: bool) -> None:
        if self.assets:
            asset = data.draw(st.sampled_from(self.assets))
            self.owner.delete("/assets", {"ids": [asset], "force": force})
            if force:
                self.assets.remove(asset)

    @rule()
    def restore(self) -> None:
        self.owner.post("/trash/restore")

    @rule()
    def share_or_end(self) -> None:
        if self.is_shared:
            self.owner.delete(f"/partners/{self.viewer.id}")
        else:
            share(self.owner, self.viewer)
        self.is_shared = not self.is_shared

    @rule()
    def read(self) -> None:
        self.phone.sync()

    @rule(acks=st.integers(0, 3))
    def read_and_lose_the_connection(self, acks: int) -> None:
        self.phone.sync(acks=acks)

    @invariant()
    def nothing_hidden_was_ever_sent(self) -> None:
        for line in getattr(self, "phone", None) and self.phone.fresh or ():
            if line.type in ("PartnerAssetV2", "PartnerAssetBackfillV2"):
                assert line.data["visibility"] in SHOWN and line.data["deletedAt"] is None

    def teardown(self) -> None:
        if hasattr(self, "phone"):
            assert shown_on(self.phone) == self.visible()

    def visible(self) -> set[str]:
        with self.server.context():
            return {asset for asset, in Asset.select(Asset.id).join(AssetExif).join(
                Partner, on=(Partner.shared_by == Asset.owner) & (Partner.shared_with == self.viewer.id), src=Asset)
                .where(Asset.visibility.in_(SHOWN), Asset.deleted_at.is_null()).tuples()}


def test_whatever_happens_the_phone_ends_up_with_what_is_shown(server: Server) -> None:
    class Machine(Library):
        pass

    Machine.server = server
    run_state_machine_as_test(Machine, settings=effort(7, steps=15))
