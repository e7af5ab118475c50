"""What a client gets that asks for changes: everything newer than its checkpoints, or the order to start over.

Order and rules are those of upstream (server/src/services/sync.service.ts). Where it takes the present moment as the
end of what it sends, and may so skip rows that are committed later, this sends all it sees and has the client
acknowledge no further than the horizon (docs/sync.md).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Mapping
from datetime import timedelta

from flask import current_app

from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.sync import SyncEntityType, SyncRequestType
from immich_flask.core.models import Session
from immich_flask.infra.db import connected, snapshot
from immich_flask.infra.horizon import horizon, milliseconds_of
from plugins.sync import acks
from plugins.sync.acks import Checkpoint
from plugins.sync.lines import Reader, line
from plugins.sync.statements import Prepared

EXTENSION = "sync"
"""Where an app keeps what it has prepared, by request type."""

ORDER = tuple(map(SyncRequestType, (
    "AuthUsersV1", "UsersV1", "PartnersV1", "AssetsV2", "StacksV1", "PartnerAssetsV2", "PartnerStacksV1",
    "AlbumAssetsV2", "AlbumsV1", "AlbumsV2", "AlbumUsersV1", "AlbumToAssetsV1", "AssetExifsV1", "AlbumAssetExifsV1",
    "AssetOcrV1", "PartnerAssetExifsV1", "MemoriesV1", "MemoryToAssetsV1", "PeopleV1", "AssetFacesV2",
    "UserMetadataV1", "AssetMetadataV1", "AssetEditsV1",
)))
"""What a row refers to comes before it; the client's own database has foreign keys."""

RETIRED = tuple(map(SyncRequestType, ("AssetsV1", "PartnerAssetsV1", "AlbumAssetsV1", "AssetFacesV1")))
"""Requests of older clients; each has a V2 now."""

KNOWN_FOR = timedelta(days=30)
"""Whoever has not read to the end for so long starts over: tombstones are not kept much longer."""


def stream(session_id: str, user_id: str, types: Collection[SyncRequestType], *,
           reset: bool) -> Generator[bytes, None, None]:
    """Lines of the answer, some at a time. What has to be asked and written first is done when this returns; the rest
    needs no request any more.

    Raises BadRequest for retired types.
    """
    for retired in RETIRED:
        if retired in types:
            raise BadRequest(f"SyncRequestType.{retired} is deprecated, "
                             f"use SyncRequestType.{retired.removesuffix('1')}2 instead")
    if reset:
        acks.reset(session_id)
    known = acks.checkpoints(session_id)
    if _must_start_over(session_id, known):
        return (each for each in [line(SyncEntityType.SYNC_RESET_V1, "reset")])
    served: Mapping[str, Prepared] = current_app.extensions[EXTENSION]
    wanted = [served[type] for type in ORDER if type in types and type in served]
    known |= _skip_needless_backfill(session_id, user_id, wanted, known)
    return _lines(user_id, known, wanted)


def _lines(user_id: str, known: Mapping[str, Checkpoint], wanted: list[Prepared]) -> Generator[bytes, None, None]:
    # The generator outlives the request and its connection.
    with connected():
        settled, moment = horizon()
        reader = Reader(user_id, known, settled)
        with snapshot():
            for each in wanted:
                yield from reader.lines(each)
    yield line(SyncEntityType.SYNC_COMPLETE_V1, moment)


def _must_start_over(session_id: str, known: dict[str, Checkpoint]) -> bool:
    if Session.select().where(Session.id == session_id, Session.is_pending_sync_reset).exists():
        return True
    complete = known.get(SyncEntityType.SYNC_COMPLETE_V1)
    return complete is not None and milliseconds_of(complete.id) < (time.time() - KNOWN_FOR.total_seconds()) * 1000


def _skip_needless_backfill(session_id: str, user_id: str, wanted: list[Prepared],
                            known: Mapping[str, Checkpoint]) -> dict[str, Checkpoint]:
    """A client that knows no row yet is about to get them all. So backfill is done for whatever the user has access to
    by now; only below the horizon, because access that appears later may have an older id."""
    settled = horizon().id
    done: dict[str, Checkpoint] = {}
    for type in (each.type for each in wanted):
        if type.backfill and type.upserts.type not in known:
            created = type.backfill.created
            newest = (type.backfill.parents(user_id).select(created).where(created < settled)
                      .order_by(created.desc()).limit(1).tuples().first())
            if newest and known.get(type.backfill.type) != (newest[0], acks.COMPLETE):
                done[type.backfill.type] = Checkpoint(newest[0], acks.COMPLETE)
    acks.mark_complete(session_id, {type: checkpoint.id for type, checkpoint in done.items()})
    return done
