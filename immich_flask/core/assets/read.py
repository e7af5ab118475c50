"""One asset in full."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import NoAccess
from immich_flask.core.assets.response import ASSET_COLUMNS, asset_response
from immich_flask.core.assets.visible import visible
from immich_flask.core.models import Asset, User
from immich_flask.core.users.answers import PUBLIC_COLUMNS, user_response


def get_asset(auth: Auth, asset_id: str) -> dict:
    """`AssetResponse` with everything: EXIF, tags, stack, and for its owner the people in it. A link is not told whose
    it is. Raises NoAccess(asset.read)."""
    row = visible(auth, "asset.read", *ASSET_COLUMNS).where(Asset.id == asset_id).tuples().first()
    if row is None:
        raise NoAccess("asset.read")
    owner_id = row[2]
    by_link = auth.shared_link is not None
    fields = ["tags", "stack"]
    if owner_id == auth.user_id and not by_link:
        fields.append("people")
    answer = asset_response(auth, row, exif=True, fields=fields)
    if not by_link:
        answer["owner"] = user_response(User.select(*PUBLIC_COLUMNS).where(User.id == owner_id).namedtuples().get())
    return answer
