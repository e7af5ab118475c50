"""Stacking assets, and taking stacks apart (server/src/services/stack.service.ts)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets import quota
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response
from immich_flask.core.assets.visible import require, select_assets, visible
from immich_flask.core.events import emit
from immich_flask.core.models import Asset
from immich_flask.core.models.user import new_id
from immich_flask.infra.db import atomic, many
from immich_flask.infra.sql import Lookup
from plugins.stacks.events import StackUpdated
from plugins.stacks.models import Stack

SHOWN = (AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE)


def search(auth: Auth, primary_asset_id: str | None = None) -> list[dict]:
    """The caller's stacks, or the one with this primary, oldest first."""
    condition = Stack.owner == auth.user_id
    if primary_asset_id:
        condition &= Stack.primary_asset_id == primary_asset_id
    return _answers(auth, condition)


def stack(auth: Auth, stack_id: str) -> dict:
    """Raises NoAccess(stack.read)."""
    _require(auth, [stack_id], Permission.STACK_READ)
    return _answers(auth, Stack.id == stack_id, fields=("tags",))[0]


def create(auth: Auth, asset_ids: list[str]) -> dict:
    """Stack assets of the caller, the first of them as the primary. Primaries of other stacks bring all of their stack
    along; other members leave theirs.

    Raises NoAccess(asset.update), BadRequest when all ids are the same.
    """
    ids = list(dict.fromkeys(asset_ids))
    if len(ids) < 2:
        raise BadRequest("A stack needs at least two different assets")
    stack_id = new_id()
    with atomic():
        quota.lock([auth.user_id])
        require(auth, ids, "asset.update")
        merged = [merged_id for merged_id, in Stack.select(Stack.id).where(
            Stack.owner == auth.user_id, Stack.primary_asset_id.in_(many(ids))).tuples()]
        members = [asset_id for asset_id, in select_assets(Asset.id).where(
            Asset.id.in_(many(ids)) | Asset.stack_id.in_(many(merged))).tuples()]
        Stack.delete().where(Stack.id.in_(many(merged))).execute()
        Stack.insert(id=stack_id, owner=auth.user_id, primary_asset_id=ids[0]).execute()
        Asset.update(stack_id=stack_id).where(Asset.id.in_(many(members))).execute()
        emit(StackUpdated((stack_id, *merged), auth.user_id))
    return _answers(auth, Stack.id == stack_id)[0]


def update(auth: Auth, stack_id: str, primary_asset_id: str | None) -> dict:
    """Let another member be the primary. Raises NoAccess(stack.update), BadRequest for an asset that is no member, or
    not to be seen."""
    with atomic():
        quota.lock([auth.user_id])
        _require(auth, [stack_id], Permission.STACK_UPDATE)
        if primary_asset_id:
            if not _members(auth, [stack_id], Asset.id).where(Asset.id == primary_asset_id).exists():
                raise BadRequest("Primary asset must be in the stack")
            Stack.update(primary_asset_id=primary_asset_id).where(Stack.id == stack_id).execute()
            emit(StackUpdated((stack_id,), auth.user_id))
    return _answers(auth, Stack.id == stack_id, fields=("tags",))[0]


def delete(auth: Auth, stack_ids: list[str]) -> None:
    """Take stacks apart; their assets stay. Raises NoAccess(stack.delete) unless all are the caller's."""
    ids = tuple(dict.fromkeys(stack_ids))
    with atomic():
        quota.lock([auth.user_id])
        _require(auth, ids, Permission.STACK_DELETE)
        if ids:
            Stack.delete().where(Stack.id.in_(many(ids))).execute()
            emit(StackUpdated(ids, auth.user_id))


def remove_member(auth: Auth, stack_id: str, asset_id: str) -> None:
    """Take one asset out of its stack, which stays even when the primary is all that is left.

    Raises NoAccess(stack.update), BadRequest for the primary, and for what is not in the stack.
    """
    with atomic():
        quota.lock([auth.user_id])
        _require(auth, [stack_id], Permission.STACK_UPDATE)
        if not select_assets(Asset.id).where(Asset.id == asset_id, Asset.stack_id == stack_id).exists():
            raise BadRequest("Asset not in stack")
        if Stack.select().where(Stack.id == stack_id, Stack.primary_asset_id == asset_id).exists():
            raise BadRequest("Cannot remove stack's primary asset")
        Asset.update(stack_id=None).where(Asset.id == asset_id).execute()
        emit(StackUpdated((stack_id,), auth.user_id))


def of_assets(asset_ids: list[str]) -> dict[str, dict]:
    """`AssetStackResponse` by asset, of those whose stack has another member to show beside the primary; one query."""
    return {asset_id: {"id": stack_id, "primaryAssetId": primary_id, "assetCount": count + 1}
            for asset_id, stack_id, primary_id, count in _stacks_of.rows(asset_ids) if count}


def _with_stacks(asset_ids: Any) -> Any:
    member = Asset.alias()
    others = (member.select(fn.COUNT(member.id))
              .where(member.stack_id == Stack.id, member.id != Stack.primary_asset_id, member.deleted_at.is_null(),
                     member.visibility == AssetVisibility.TIMELINE))
    return (select_assets(Asset.id, Stack.id, Stack.primary_asset_id, others)
            .join(Stack, on=Stack.id == Asset.stack_id).where(Asset.id.in_(many(asset_ids))))


_stacks_of = Lookup(_with_stacks)


def _require(auth: Auth, stack_ids: Iterable[str], permission: Permission) -> None:
    wanted = set(stack_ids)
    if Stack.select().where(Stack.id.in_(many(wanted)), Stack.owner == auth.user_id).count() != len(wanted):
        raise NoAccess(permission)


def _members(auth: Auth, stack_ids: Iterable[str], *columns: Any) -> Any:
    return visible(auth, "asset.read", *columns).where(
        Asset.stack_id.in_(many(stack_ids)), Asset.owner == auth.user_id, Asset.deleted_at.is_null(),
        Asset.visibility.in_(SHOWN))


def _answers(auth: Auth, condition: Any, *, fields: tuple[str, ...] = ()) -> list[dict]:
    """`StackResponse` for the stacks that satisfy the condition: the primary first, the others by date."""
    primaries = dict(Stack.select(Stack.id, Stack.primary_asset_id).where(condition)
                     .order_by(Stack.created_at, Stack.id).tuples())
    rows = list(_members(auth, primaries, *ASSET_COLUMNS, Asset.stack_id)
                .order_by(Asset.file_created_at, Asset.id).tuples())
    answers = assets_response(auth, (row[:-1] for row in rows), exif=True, fields=fields)
    assets: dict[str, list[dict]] = {stack_id: [] for stack_id in primaries}
    for row, answer in zip(rows, answers, strict=True):
        found = assets[row[-1]]
        found.insert(0 if answer["id"] == primaries[row[-1]] else len(found), answer)
    return [{"id": stack_id, "primaryAssetId": primary_id, "assets": assets[stack_id]}
            for stack_id, primary_id in primaries.items()]
