"""What becomes of stacks when their assets are copied, or locked away. (When they are deleted: see the migration.)"""

from __future__ import annotations

from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.events import AssetCopied, AssetsLocked
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.events import emit
from immich_flask.core.models import Asset
from immich_flask.infra.db import many
from immich_flask.infra.sql import update_each
from plugins.stacks.events import StackUpdated
from plugins.stacks.models import Stack


def on_copied(event: AssetCopied) -> None:
    """The target joins the source's stack; where both have one, they become one, the target's."""
    if not event.stack:
        return
    stacks = dict(select_assets(Asset.id, Asset.stack_id).where(
        Asset.id.in_((event.source_id, event.target_id))).tuples())
    source, target = stacks[event.source_id], stacks[event.target_id]
    if source is None or source == target:
        return
    if target is None:
        Asset.update(stack_id=source).where(Asset.id == event.target_id).execute()
    else:
        Asset.update(stack_id=target).where(Asset.stack_id == source).execute()
        Stack.delete().where(Stack.id == source).execute()
    emit(StackUpdated((source,) if target is None else (source, target), event.owner_id))


def on_locked(event: AssetsLocked) -> None:
    """A primary that is locked would hide the others of its stack: the first one that is to be seen takes its place."""
    left = (select_assets(Asset.stack_id, Asset.id).join(Stack, on=Stack.id == Asset.stack_id)
            .where(Stack.primary_asset_id.in_(many(event.asset_ids)), Asset.visibility != AssetVisibility.LOCKED,
                   Asset.deleted_at.is_null())
            .order_by(Asset.visibility != AssetVisibility.TIMELINE, Asset.file_created_at, Asset.id).tuples())
    first: dict[str, dict] = {}
    for stack_id, asset_id in left:
        first.setdefault(stack_id, {"primary_asset_id": asset_id})
    if first:
        update_each(Stack, first)
        emit(StackUpdated(tuple(first), event.owner_id))
