"""What a partner may see: never what is archived, locked or trashed (server/src/repositories/access.repository.ts)."""

from __future__ import annotations

from typing import Any

from peewee import SQL

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.plugin import AssetGrant
from immich_flask.core.assets.filters import EVERY_PARTNER
from immich_flask.core.models import Asset, User
from immich_flask.infra.sql import Lookup, exists
from plugins.partners.models import Partner

SHOWN = (AssetVisibility.TIMELINE, AssetVisibility.HIDDEN)
"""Hidden ones are the moving parts of live photos."""


def shown(asset: Any) -> Any:
    """The condition that partners see an asset, the model or an alias of it: moving parts only along with the still."""
    still = Asset.alias()
    withheld = still.select(SQL("1")).where(
        still.live_photo_video == asset.id, still.visibility.not_in(SHOWN) | still.deleted_at.is_null(False))
    return (asset.visibility.in_(SHOWN) & asset.deleted_at.is_null()
            & ~((asset.visibility == AssetVisibility.HIDDEN) & exists(withheld)))


def grants(auth: Auth) -> list[AssetGrant]:
    """The assets of all who share with the caller; none for shared links, which stand for what they show."""
    if auth.shared_link is not None:
        return []
    return [AssetGrant("partners", covers=_lent, values=(auth.user_id,))]


def _lent(asset: Any, user_id: str) -> Any:
    return shown(asset) & exists(_sharing_with(user_id, Partner.shared_by == asset.owner))


def sharers(auth: Auth, *conditions: Any) -> Any:
    """Query of the ids of the users who share with the caller and are not deleted."""
    return _sharing_with(auth.user_id, *conditions)


def timeline_of(user_id: str, auth: Auth) -> Any:
    """The filter `userId` for somebody else: his assets, if he shares them with the caller."""
    owner, = sharer(user_id, auth)
    return (Asset.owner == owner) & shown(Asset)


def sharer(user_id: str, auth: Auth) -> tuple[str]:
    """The one whom it means; raises NoAccess when he does not share."""
    if not sharers(auth, Partner.shared_by == user_id).exists():
        raise NoAccess("timeline.read")
    return (user_id,)


def with_partners(wanted: bool | str, auth: Auth) -> list:
    """The filter `withPartners`: the assets of those whom the caller mixes into the own timeline, or of all."""
    return [(Asset.owner == owner) & shown(Asset) for owner in shown_partners(wanted, auth)]


def shown_partners(wanted: bool | str, auth: Auth) -> tuple[str, ...]:
    """The ids of the users whom the filter `withPartners` means."""
    rows = (_all if wanted == EVERY_PARTNER else _in_timeline).rows(auth.user_id)
    return tuple(owner for owner, in rows)


def _sharing_with(user_id: Any, *conditions: Any) -> Any:
    return (Partner.select(Partner.shared_by).join(User, on=User.id == Partner.shared_by)
            .where(Partner.shared_with == user_id, User.deleted_at.is_null(), *conditions))


_all = Lookup(lambda user_id: _sharing_with(user_id).order_by(Partner.shared_by))
_in_timeline = Lookup(lambda user_id: _sharing_with(user_id, Partner.in_timeline).order_by(Partner.shared_by))
