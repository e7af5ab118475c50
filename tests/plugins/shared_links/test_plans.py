"""One picture of somebody else's is found by indexes, however much is lent, and its query's text is made once."""

from __future__ import annotations

from collections.abc import Callable

import peewee
import pytest

from immich_flask.core.assets import visible
from immich_flask.infra.db import is_sqlite
from immich_flask.testing import Caller, Server
from tests.plugins.shared_links.conftest import album, share


@pytest.fixture
def viewers(server: Server, user: Caller, other: Caller, guest: Callable) -> tuple[str, dict[str, Caller]]:
    """An asset, and those who may look at it."""
    asset, partner = user.asset(), server.user()
    user.post("/partners", {"sharedWithId": partner.id})
    shared = album(user, asset, albumUsers=[{"userId": other.id, "role": "viewer"}])
    lent = share(partner, asset)
    return asset, {"member": other, "partner": partner, "album link": guest(share(user, albumId=shared)),
                   "link": guest(share(user, asset)), "link of a partner": guest(lent)}


@pytest.mark.parametrize("kind", ["member", "partner", "album link", "link", "link of a partner"])
def test_one_picture_by_indexes(server: Server, viewers: tuple, kind: str) -> None:
    asset, callers = viewers
    seen: list[tuple] = []
    server.activate()
    server.database.query_hooks.append(lambda event: seen.append((event.sql, event.params)))
    try:
        assert callers[kind].get(f"/assets/{asset}/thumbnail").status_code in (200, 404)
    finally:
        server.database.query_hooks.pop()
    # The caller, the asset, whether he may.
    assert len(seen) == 3, seen
    with server.context():
        plan = explained(server.database, *seen[-1])
    assert "EXISTS" in seen[-1][0]
    scans = [step for step in plan if step.lstrip(" ->").startswith(("SCAN", "Seq Scan")) and "CONSTANT" not in step]
    assert scans == [], "\n".join(plan)


def explained(database: peewee.Database, sql: str, parameters: tuple) -> list[str]:
    if is_sqlite():
        return [step for *_, step in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()]
    # The tables are nearly empty, so the planner would rather read them.
    with database.atomic():
        database.execute_sql("SET LOCAL enable_seqscan = off")
        return [step for step, in database.execute_sql(f"EXPLAIN {sql}", parameters).fetchall()]


def test_the_text_is_made_once_for_all_who_come_the_same_way(user: Caller, other: Caller, guest: Callable) -> None:
    """Whatever their ids are: nobody gets what another asked for."""
    mine, theirs = user.asset(), other.asset()
    first, second = guest(share(user, mine)), guest(share(other, theirs))
    assert first.get(f"/assets/{mine}").status_code == 200
    made = dict(visible._reachable._texts)
    assert second.get(f"/assets/{theirs}").status_code == 200
    assert visible._reachable._texts == made
    for guest_, asset in ((first, theirs), (second, mine)):
        assert guest_.get(f"/assets/{asset}").status_code == 400
