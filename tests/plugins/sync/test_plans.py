"""Every query of every plugin walks along the index of its ids: what is new is found without reading the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from immich_flask.infra.db import db, is_sqlite
from immich_flask.testing import Server
from plugins.sync.service import EXTENSION
from plugins.sync.statements import Prepared, Statement

KNOWN = "0190f1f0-0000-7000-8000-000000000000"

FEW = {"UserMetadataV1", "PartnerV1", "PartnerDeleteV1"}
"""Lines of which one user has so few that they may be sorted; so are those of one album or partner, in backfill."""


def statements(of: Prepared) -> Iterator[tuple[str, Statement]]:
    """(line type, statement) as the stream asks them."""
    yield from ((rows.type, made) for rows, made in zip(of.type.deletes, of.deletes, strict=True))
    if of.updates:
        yield of.type.updates.type, of.updates
    yield of.type.upserts.type, of.upserts


def sorts(statement: Statement) -> list[str]:
    rows = db.execute_sql(f"EXPLAIN QUERY PLAN {statement.text}", statement.parameters).fetchall()
    return [row[3] for row in rows if "TEMP B-TREE" in row[3]]


@pytest.mark.parametrize("plugins", ["clubs", "all"])
def test_nothing_is_sorted(server: Server, make_server: Callable[..., Server], plugins: str) -> None:
    server = server if plugins == "clubs" else make_server()
    only_sqlite(server)
    with server.context():
        found = [(request, type, plan) for request, of in server.app.extensions[EXTENSION].items()
                 for type, statement in statements(of) if type not in FEW and (plan := sorts(statement))]
    assert found == []


def test_the_test_notices(server: Server) -> None:
    only_sqlite(server)
    with server.context():
        exif = server.runtime.plugins.sync_types["AssetExifsV1"].upserts
        by_make = exif.query(KNOWN).where(exif.order > KNOWN).order_by(exif.fields["make"])
        assert sorts(Statement(by_make)) != []


def only_sqlite(server: Server) -> None:
    server.activate()
    if not is_sqlite():
        pytest.skip("PostgreSQL decides by what is in the tables")
