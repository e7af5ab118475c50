"""The one query from which assets are read: (the caller's own OR what plugins grant) AND restrictions.

No other module selects from `Asset` to answer somebody. Own assets include the trashed, and the locked only with an
elevated session. A grant (partner, album, shared link) never reaches what is locked or trashed, and extends to the
moving part of a live photo. A shared link has its grants only, not its owner's assets. The moving part is withheld
together with its still, which it would give away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any

import peewee

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.plugin import AssetGrant
from immich_flask.core.models import Asset
from immich_flask.core.runtime import runtime
from immich_flask.infra.db import many
from immich_flask.infra.sql import Texts, exists, in_query

GRANTABLE = frozenset({"asset.read", "asset.view", "asset.download", "asset.share"})
"""Permissions that plugins can extend to others; all else is the owner's alone."""


def visible(auth: Auth, permission: str, *columns: Any) -> peewee.ModelSelect:
    """`SELECT columns FROM asset` limited to what `auth` may reach with `permission` (`asset.read`, ...)."""
    return Asset.select(*columns).where(visible_to(auth, permission))


def visible_to(auth: Auth, permission: str) -> Any:
    """The condition behind `visible`, for queries that join `asset` themselves."""
    mine = [] if auth.shared_link else [own(auth, permission)]
    granted = grants(auth, permission)
    return any_of([*mine, _shared(granted)] if granted else mine)


def own(auth: Auth, permission: str) -> Any:
    """The caller's own assets; locked ones only when the session is elevated, and never to be shared."""
    return _own(auth.user_id, with_locked=_with_locked(auth, permission))


def _with_locked(auth: Auth, permission: str) -> bool:
    return auth.elevated and permission != "asset.share"


def _own(user_id: str, *, with_locked: bool) -> Any:
    mine = Asset.owner == user_id
    return mine if with_locked else mine & not_locked()


def not_locked() -> Any:
    """The condition for what is neither in the locked folder nor the moving part of what is."""
    still = Asset.alias()
    return ((Asset.visibility != AssetVisibility.LOCKED)
            & ~_moving_part_of(still, still.visibility == AssetVisibility.LOCKED))


def is_plainly_own(auth: Auth, owner_id: str, visibility: str) -> bool:
    """Whether an asset is the caller's beyond doubt, with whatever permission; if not, `visible` has to be asked.

    Saves the hottest paths the condition above, most of which is about what hardly anything is: locked or hidden.
    """
    return (owner_id == auth.user_id and auth.shared_link is None
            and visibility in (AssetVisibility.TIMELINE, AssetVisibility.ARCHIVE))


def grants(auth: Auth, permission: str) -> list[AssetGrant]:
    """What plugins let `auth` reach beyond his own."""
    if permission not in GRANTABLE:
        return []
    return [grant for some in runtime.plugins.hook.asset_access_rules(auth=auth, permission=permission)
            for grant in some]


def _shared(granted: Sequence[AssetGrant]) -> Any:
    """The condition for granted assets and the moving parts of the live photos among them."""
    still = Asset.alias()
    moves_one = exists(still.select(peewee.SQL("1")).where(
        still.live_photo_video == Asset.id, still.deleted_at.is_null(), still.visibility != AssetVisibility.LOCKED,
        covered(granted, still)))
    return (covered(granted, Asset) | moves_one) & open_to_others()


def covered(granted: Sequence[AssetGrant], asset: Any) -> Any:
    """The condition that one of these grants reaches an asset; `asset` is the model or an alias of it."""
    return any_of([in_query(asset.id, grant.asset_ids) if grant.covers is None else grant.covers(asset, *grant.values)
                   for grant in granted])


def open_to_others() -> Any:
    """The condition for what may be granted at all: neither locked nor trashed, nor part of what is."""
    still = Asset.alias()
    return (Asset.deleted_at.is_null() & (Asset.visibility != AssetVisibility.LOCKED)
            & ~_moving_part_of(still, (still.visibility == AssetVisibility.LOCKED) | still.deleted_at.is_null(False)))


def _moving_part_of(still: Any, condition: Any) -> Any:
    """The condition for films that belong to a still, an alias of `Asset`, with `condition`."""
    # Only hidden ones are looked up: they are few, and a list seldom shows any.
    return (Asset.visibility == AssetVisibility.HIDDEN) & exists(
        still.select(peewee.SQL("1")).where(still.live_photo_video == Asset.id, condition))


def any_of(conditions: Sequence[Any]) -> Any:
    """OR of the conditions; of none of them nothing is true."""
    if not conditions:
        return peewee.SQL("1 = 0")
    result = conditions[0]
    for condition in conditions[1:]:
        result |= condition
    return result


def reachable(auth: Auth, ids: Iterable[str], permission: str) -> set[str]:
    """Those of `ids` that `auth` may reach with `permission`; one query, however many."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return set()
    granted = grants(auth, permission)
    if any(grant.covers is None for grant in granted):
        return {asset_id for asset_id, in visible(auth, permission, Asset.id).where(Asset.id.in_(many(wanted))).tuples()}
    with_locked = None if auth.shared_link else _with_locked(auth, permission)
    shape = with_locked, len(wanted) == 1, tuple((grant.covers, len(grant.values)) for grant in granted)
    values = [value for grant in granted for value in grant.values]
    rows = _reachable.rows(shape, partial(_among, shape), wanted[0] if len(wanted) == 1 else wanted, auth.user_id, *values)
    return {asset_id for asset_id, in rows}


_reachable = Texts()
"""Kept, because this is asked for each picture of somebody else's."""


def _among(shape: tuple[bool | None, bool, tuple[tuple[Callable[..., Any], int], ...]], wanted: Any, user_id: Any,
           *values: Any) -> peewee.ModelSelect:
    """The query behind `reachable`. `shape`: whether it finds what is in the caller's locked folder, None for one who has
    nothing of his own; whether `wanted` is a single id; what is granted, and how many of the `values` belong to it."""
    with_locked, is_one, granted = shape
    rest = iter(values)
    grants = [AssetGrant("", None, covers, tuple(islice(rest, count))) for covers, count in granted]
    mine = [] if with_locked is None else [_own(user_id, with_locked=with_locked)]
    return Asset.select(Asset.id).where(Asset.id == wanted if is_one else Asset.id.in_(many(wanted)),
                                        any_of([*mine, _shared(grants)] if grants else mine))


def require(auth: Auth, ids: Iterable[str], permission: str) -> None:
    """Raise NoAccess unless every one of `ids` is reachable."""
    wanted = set(ids)
    if reachable(auth, wanted, permission) != wanted:
        raise NoAccess(permission)


def select_assets(*columns: Any, among: Iterable[str] | None = None) -> peewee.ModelSelect:
    """A query of assets whose conditions the caller takes from `core.assets.filters`, which limit it likewise.

    among: only those of these ids, looked up one by one; for some hundreds that are known to fit.
    """
    query = Asset.select(*columns)
    if among is None:
        return query
    ids = peewee.NodeList((many(among), peewee.SQL("AS ids")))
    few = peewee.Select((ids,), (peewee.SQL("value"),)).alias("few")
    # SQLite joins in the order that CROSS names, else it might walk through everything the owner has.
    return query.from_(peewee.Join(few, Asset, peewee.JOIN.CROSS)).where(Asset.id == few.c.value)
