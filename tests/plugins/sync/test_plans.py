"""Every query of every plugin walks along the index of its ids: what is new is found without reading the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from immich_flask.contracts.plugin import SyncType
from immich_flask.infra.db import db, is_sqlite
from immich_flask.testing import Caller, Server
from plugins.sync.acks import Checkpoint
from plugins.sync.lines import Reader

FEW = {"UserMetadataV1", "PartnerV1"}
"""Lines of which one user has so few that they may be sorted; so are those of one album or partner, in backfill."""

KNOWN = "0190f1f0-0000-7000-8000-000000000000"


def queries(type: SyncType, user_id: str) -> Iterator[tuple[str, Any]]:
    """(line type, query) as the stream asks them."""
    reader = Reader(user_id, {}, with_stacks=True)
    for rows in filter(None, (*type.deletes, type.updates, type.upserts)):
        yield rows.type, reader._query(rows, rows.order > KNOWN)


def sorts(query: Any) -> list[str]:
    text, parameters = query.sql()
    rows = db.execute_sql(f"EXPLAIN QUERY PLAN {text}", parameters).fetchall()
    return [row[3] for row in rows if "TEMP B-TREE" in row[3]]


@pytest.mark.parametrize("plugins", ["clubs", "all"])
def test_nothing_is_sorted(server: Server, make_server: Callable[..., Server], plugins: str) -> None:
    server = server if plugins == "clubs" else make_server()
    user: Caller = server.user("user")
    server.activate()
    if not is_sqlite():
        pytest.skip("PostgreSQL decides by what is in the tables")
    with server.context():
        sorted_queries = [
            (request, kind, plan)
            for request, type in server.runtime.plugins.sync_types.items()
            for kind, query in queries(type, user.id) if kind not in FEW and (plan := sorts(query))]
    assert sorted_queries == []


def test_the_test_notices(server: Server, user: Caller) -> None:
    server.activate()
    if not is_sqlite():
        pytest.skip("PostgreSQL decides by what is in the tables")
    with server.context():
        exif = server.runtime.plugins.sync_types["AssetExifsV1"].upserts
        query = Reader(user.id, {"x": Checkpoint(KNOWN)}, with_stacks=True)._query(exif, exif.order > KNOWN)
        assert sorts(query) == [] != sorts(query.order_by(exif.fields["make"]))
