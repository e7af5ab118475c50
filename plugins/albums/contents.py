"""Putting assets into albums, and taking them out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from peewee import JOIN, SQL, Value, fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility, BulkIdErrorReason
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.visible import reachable, select_assets
from immich_flask.core.bulk import bulk_result
from immich_flask.core.events import emit
from immich_flask.core.models import Asset
from immich_flask.infra.db import atomic, chunks, many
from immich_flask.infra.fields import now
from immich_flask.infra.sql import for_key_share
from plugins.albums import covers
from plugins.albums.access import EDITORS, accessible, memberships, require_album
from plugins.albums.events import AlbumUpdated
from plugins.albums.models import Album, AlbumAsset, AlbumUser

MAX_PAIRS = 500_000
"""Links that one call may ask for: the product of albums and assets grows fast, and other writers wait for it."""


def add(auth: Auth, album_id: str, asset_ids: list[str]) -> list[dict]:
    """Put assets that the caller may share into one album; `BulkIdResponse` for each id.

    Raises BadRequest where there is no such album, NoAccess(albumAsset.create).
    """
    with atomic():
        if not Album.select().where(Album.id == album_id, Album.deleted_at.is_null()).exists():
            raise BadRequest("Album not found")
        require_album(auth, album_id, Permission.ALBUM_ASSET_CREATE)
        present = _present(album_id, asset_ids)
        allowed = reachable(auth, set(asset_ids) - present, Permission.ASSET_SHARE)
        added = add_assets([album_id], [asset_id for asset_id in asset_ids if asset_id in allowed],
                           by=auth.user_id).get(album_id, set())
    results = []
    for asset_id in asset_ids:
        if asset_id in added:
            added.discard(asset_id)
            results.append(bulk_result(asset_id))
        elif asset_id in present or asset_id in allowed:
            results.append(bulk_result(asset_id, BulkIdErrorReason.DUPLICATE))
        else:
            results.append(bulk_result(asset_id, BulkIdErrorReason.NO_PERMISSION))
    return results


def add_to_many(auth: Auth, album_ids: list[str], asset_ids: list[str]) -> dict:
    """Put assets into several albums; whatever the caller may not use is passed over.

    `{"success": True}` when at least one link is new, else why none is.
    """
    with atomic():
        albums = accessible(auth, album_ids, Permission.ALBUM_ASSET_CREATE)
        allowed = reachable(auth, asset_ids, Permission.ASSET_SHARE) if albums else set()
        if not allowed:
            return {"success": False, "error": BulkIdErrorReason.NO_PERMISSION}
        if len(albums) * len(allowed) > MAX_PAIRS:
            raise BadRequest(f"At most {MAX_PAIRS} additions at once")
        added = add_assets(albums, [asset_id for asset_id in asset_ids if asset_id in allowed], by=auth.user_id)
    return {"success": True} if added else {"success": False, "error": BulkIdErrorReason.DUPLICATE}


def add_assets(album_ids: Collection[str], asset_ids: Collection[str], *, by: str | None) -> dict[str, set[str]]:
    """Put all assets into all albums, as `link` does, and tell the members. `by`: the user whose hand it was, None for
    a guest; to all others it is news."""
    with atomic():
        added = link(album_ids, asset_ids)
        for album_id, users in _members(added).items():
            emit(AlbumUpdated(album_id, users, tuple(user_id for user_id in users if user_id != by)))
    return added


def link(album_ids: Collection[str], asset_ids: Collection[str]) -> dict[str, set[str]]:
    """Put all assets into all albums; `{album id: what is new in it}`.

    Whoever calls has found out whether it may happen. What does not exist (any more) is passed over. Albums without a
    cover get the first of the new assets.
    """
    with atomic():
        moment = now()
        # In one order, so that two that add the same to the same album wait for each other, not for ever. With their
        # rows held: what is deleted meanwhile is passed over.
        pairs = for_key_share(
            select_assets(Album.id, Asset.id, Value(moment), Value(moment)).join(Album, JOIN.CROSS)
            .where(Album.id.in_(many(album_ids)), Album.deleted_at.is_null(), Asset.id.in_(many(asset_ids)))
            .order_by(Album.id, Asset.id))
        new = (AlbumAsset.insert_from(pairs, [AlbumAsset.album, AlbumAsset.asset, AlbumAsset.created_at,
                                              AlbumAsset.updated_at])
               .on_conflict_ignore().returning(AlbumAsset.album, AlbumAsset.asset).tuples().execute())
        added: dict[str, set[str]] = {}
        for album_id, asset_id in new:
            added.setdefault(album_id, set()).add(asset_id)
        if added:
            _touch(added, asset_ids)
    return added


def remove(auth: Auth, album_id: str, asset_ids: list[str]) -> list[dict]:
    """Take assets out of an album: the owner whatever he likes, editors what they may share; `BulkIdResponse` for each
    id. Raises NoAccess(albumAsset.delete)."""
    with atomic():
        require_album(auth, album_id, Permission.ALBUM_ASSET_DELETE)
        present = _present(album_id, asset_ids)
        allowed = present if accessible(auth, [album_id], Permission.ALBUM_DELETE) else reachable(
            auth, present, Permission.ASSET_SHARE)
        if allowed:
            AlbumAsset.delete().where(AlbumAsset.album == album_id, AlbumAsset.asset.in_(many(allowed))).execute()
            covers.repair(allowed)
            emit(AlbumUpdated(album_id, _members([album_id])[album_id]))
    results = []
    for asset_id in asset_ids:
        if asset_id not in present:
            results.append(bulk_result(asset_id, BulkIdErrorReason.NOT_FOUND))
        elif asset_id not in allowed:
            results.append(bulk_result(asset_id, BulkIdErrorReason.NO_PERMISSION))
        else:
            present.discard(asset_id)
            results.append(bulk_result(asset_id))
    return results


def copy_links(source_id: str, target_id: str) -> None:
    """Put one asset into all albums that hold another, unless it is locked."""
    held = AlbumAsset.select(AlbumAsset.album, Value(target_id), Value(now()), Value(now())).where(
        AlbumAsset.asset == source_id, fn.EXISTS(_unlocked([target_id])))
    (AlbumAsset.insert_from(held, [AlbumAsset.album, AlbumAsset.asset, AlbumAsset.created_at, AlbumAsset.updated_at])
     .on_conflict_ignore().execute())


def replace(pairs: Iterable[tuple[str, str]], *, by: str) -> None:
    """Of (asset, other asset): put the second into all albums that hold the first and to which the user `by` may add."""
    others: dict[str, str] = dict(pairs)
    mine = for_key_share(memberships(by).where(AlbumUser.role.in_(EDITORS)).order_by(AlbumUser.album))
    albums = [album_id for album_id, in mine.tuples()]
    held = AlbumAsset.select(AlbumAsset.album, AlbumAsset.asset).where(
        AlbumAsset.asset.in_(many(others)), AlbumAsset.album.in_(many(albums))).tuples()
    unlocked = {asset_id for asset_id, in _unlocked(others.values()).tuples()}
    links = {(album_id, others[asset_id]) for album_id, asset_id in held if others[asset_id] in unlocked}
    for some in chunks(sorted(links), 5000):
        AlbumAsset.insert_many(some, [AlbumAsset.album, AlbumAsset.asset]).on_conflict_ignore().execute()


def _unlocked(asset_ids: Iterable[str]) -> Any:
    return select_assets(Asset.id).where(Asset.id.in_(many(asset_ids)), Asset.visibility != AssetVisibility.LOCKED)


def _present(album_id: str, asset_ids: Iterable[str]) -> set[str]:
    query = AlbumAsset.select(AlbumAsset.asset).where(AlbumAsset.album == album_id,
                                                      AlbumAsset.asset.in_(many(asset_ids))).tuples()
    return {asset_id for asset_id, in query}


def _touch(added: dict[str, set[str]], in_order: Collection[str]) -> None:
    """The albums have changed; those without a cover get the first that came, if it is shown."""
    cover = [Album.thumbnail_asset, covers.NEWEST]
    if len(added) == 1:
        (album_id, new), = added.items()
        first = next(asset_id for asset_id in in_order if asset_id in new)
        cover.insert(1, covers.if_shown(first))
    Album.update(thumbnail_asset=fn.COALESCE(*cover)).where(Album.id.in_(many(added))).execute()


def _members(album_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    query = AlbumUser.select(AlbumUser.album, AlbumUser.user).where(AlbumUser.album.in_(many(album_ids))).order_by(
        SQL("1"), SQL("2")).tuples()
    found: dict[str, list[str]] = {}
    for album_id, user_id in query:
        found.setdefault(album_id, []).append(user_id)
    return {album_id: tuple(users) for album_id, users in found.items()}
