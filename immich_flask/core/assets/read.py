"""Assets in full."""

from __future__ import annotations

from collections.abc import Collection

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import NoAccess
from immich_flask.core.assets.response import ASSET_COLUMNS, asset_response, assets_response
from immich_flask.core.assets.visible import is_plainly_own, require, visible
from immich_flask.core.models import Asset, User
from immich_flask.core.users.answers import PUBLIC_COLUMNS, PublicUser, user_response
from immich_flask.infra.db import many
from immich_flask.infra.sql import Lookup

_asset = Lookup(lambda asset_id: Asset.select(*ASSET_COLUMNS, Asset.visibility).where(Asset.id == asset_id))
_owner = Lookup(lambda user_id: User.select(*PUBLIC_COLUMNS).where(User.id == user_id))


def get_asset(auth: Auth, asset_id: str) -> dict:
    """`AssetResponse` with everything: EXIF, tags, stack, and for its owner the people in it. A link is not told whose
    it is. Raises NoAccess(asset.read)."""
    found = _asset.first(asset_id)
    if found is None:
        raise NoAccess("asset.read")
    *row, visibility = found
    owner_id = row[2]
    if not is_plainly_own(auth, owner_id, visibility):
        require(auth, [asset_id], "asset.read")
    by_link = auth.shared_link is not None
    fields = ["tags", "stack"]
    if owner_id == auth.user_id and not by_link:
        fields.append("people")
    answer = asset_response(auth, tuple(row), exif=True, fields=fields)
    if not by_link:
        answer["owner"] = user_response(PublicUser._make(_owner.first(owner_id)))
    return answer


def get_assets(auth: Auth, asset_ids: Collection[str]) -> list[dict]:
    """The same for those of the caller's own assets that he can see, in any order."""
    rows = visible(auth, "asset.read", *ASSET_COLUMNS).where(
        Asset.id.in_(many(asset_ids)), Asset.owner == auth.user_id).tuples()
    answers = assets_response(auth, rows, exif=True, fields=("tags", "stack", "people"))
    owner = user_response(PublicUser._make(_owner.first(auth.user_id))) if answers else None
    return [{**answer, "owner": owner} for answer in answers]
