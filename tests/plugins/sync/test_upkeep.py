"""Tombstones go after a month, and types that clients don't know stop startup."""

from __future__ import annotations

from datetime import timedelta

import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.plugin import SyncRows, SyncType
from immich_flask.core.models import Tombstone, UserMetadata
from immich_flask.infra.db import many
from immich_flask.infra.fields import now
from immich_flask.infra.horizon import id_at
from immich_flask.testing import Caller, Server
from plugins.sync import upkeep
from plugins.sync.statements import Prepared


def bury(owner_id: str, days: float) -> str:
    """A tombstone of so many days ago."""
    at = now() - timedelta(days=days)
    return Tombstone.create(id=id_at(int(at.timestamp() * 1_000_000)), table_name="user_metadata", owner_id=owner_id,
                            row={"user_id": owner_id, "key": "license"}, deleted_at=at).id


def test_tombstones_are_kept_for_31_days(server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "AT_ONCE", 2)
    with server.context():
        old = {bury(user.id, days) for days in (31.01, 32, 40, 50, 400)}
        young = {bury(user.id, days) for days in (0.5, 30, 30.99)}
        UserMetadata.create(user=user.id, key="license", value={})
        UserMetadata.delete().where(UserMetadata.user == user.id).execute()
        upkeep.remove_old_tombstones()
        left = {each for each, in Tombstone.select(Tombstone.id).where(Tombstone.owner_id == user.id).tuples()}
    assert not left & old and young < left and len(left) == 4


def test_it_is_done_every_night(server: Server) -> None:
    with server.context():
        job = server.runtime.jobs["AuditTableCleanup"]
        assert (job.queue, job.run, job.cron()) == ("backgroundTask", upkeep.remove_old_tombstones, "0 0 * * *")


def test_health(server: Server, user: Caller) -> None:
    with server.context():
        assert upkeep.held_back() is None


def rows(type: str) -> SyncRows:
    return SyncRows(type, Tombstone.id, lambda _user_id: Tombstone.select(), {})


@pytest.mark.parametrize(("type", "complaint"), [
    (SyncType("AssetsV1", upserts=rows("AssetV1")), "the sync type AssetsV1 is retired"),
    (SyncType("CatsV1", upserts=rows("CatV1")), "the sync type CatsV1 is unknown to the clients"),
    (SyncType("StacksV1", upserts=rows("CatV1")), "CatV1, which is unknown to the clients"),
    (SyncType("StacksV1", upserts=rows("StackV1"), deletes=(rows("StackDeleteV1"), rows("PartnerStackDeleteV1"))),
     "the sync type StacksV1 has deletes of several types"),
])
def test_bad_types_stop_startup(type: SyncType, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        upkeep.check_types({type.request: type})


def test_a_query_that_hides_the_ids_it_is_given_stops_startup() -> None:
    """Their places would be lost, and everybody would get the rows of nobody."""
    hidden = SyncRows("StackV1", Tombstone.id, lambda user_id: Tombstone.select().where(
        Tombstone.id.in_(many([user_id]))), {})
    with pytest.raises(ConfigError, match="changes the ids it is given"):
        Prepared(SyncType("StacksV1", upserts=hidden), with_stacks=True)
