"""Links as the wire shows them (`SharedLinkResponseDto`); the one home for that.

What comes with a link differs by the call that asks (recorded from the original): the list shows each link's first
asset and albums without what is in them, the answers to changes have assets but no album.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from peewee import fn

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import SharedLinkType
from immich_flask.core.assets.response import ASSET_COLUMNS, assets_response
from immich_flask.core.assets.visible import select_assets
from immich_flask.core.models import Asset
from immich_flask.infra.fields import wire
from plugins.albums.api import link_responses
from plugins.shared_links.access import assets_of, listed
from plugins.shared_links.models import SharedLink, SharedLinkAsset

LINK_COLUMNS = (
    SharedLink.id, SharedLink.user, SharedLink.album, SharedLink.key, SharedLink.slug, SharedLink.description,
    SharedLink.password, wire(SharedLink.created_at), wire(SharedLink.expires_at), SharedLink.allow_upload,
    SharedLink.allow_download, SharedLink.show_metadata,
)
"""What the answers need of a row; select them with `.tuples()`."""


def listed_responses(auth: Auth, rows: Iterable[tuple]) -> list[dict]:
    """The answers for the caller's list of links, in the order of `rows`."""
    rows = list(rows)
    covers = _first_assets(auth, [row[0] for row in rows if row[2] is None])
    albums = link_responses({row[2] for row in rows if row[2] is not None}, with_contents=False)
    return [_link(row, covers.get(row[0], []), albums.get(row[2])) for row in rows]


def whole_response(auth: Auth, row: tuple) -> dict:
    """One link with all that it shows: to its owner, or to one who comes by it."""
    if row[2] is None:
        return _link(row, _assets(auth, row[0], exif=True))
    return _link(row, [], link_responses([row[2]], with_contents=True).get(row[2]))


def changed_response(auth: Auth, row: tuple) -> dict:
    """The answer to a change of a link."""
    return _link(row, _assets(auth, row[0], exif=False) if row[2] is None else [])


def _assets(auth: Auth, link_id: str, *, exif: bool) -> list[dict]:
    rows = (assets_of([link_id], auth.user, *ASSET_COLUMNS).where(listed())
            .order_by(Asset.file_created_at, Asset.id).tuples())
    return assets_response(auth, rows, exif=exif)


def _first_assets(auth: Auth, link_ids: Collection[str]) -> dict[str, list[dict]]:
    """The oldest asset of each link, in a list of its own."""
    if not link_ids:
        return {}
    place = fn.ROW_NUMBER().over(partition_by=[SharedLinkAsset.link], order_by=[Asset.file_created_at, Asset.id])
    ranked = assets_of(link_ids, auth.user, SharedLinkAsset.link.alias("link_id"), Asset.id.alias("asset_id"),
                       place.alias("place")).where(listed()).alias("ranked")
    rows = list(select_assets(*ASSET_COLUMNS, ranked.c.link_id).join(ranked, on=ranked.c.asset_id == Asset.id)
                .where(ranked.c.place == 1).tuples())
    answers = assets_response(auth, [row[:-1] for row in rows])
    return {row[-1]: [answer] for row, answer in zip(rows, answers, strict=True)}


def _link(row: tuple, assets: list[dict], album: Mapping[str, Any] | None = None) -> dict:
    (link_id, user_id, album_id, key, slug, description, password, created_at, expires_at, allow_upload, allow_download,
     show_metadata) = row
    answer = {
        "id": link_id,
        "description": description,
        "password": password,
        "userId": user_id,
        "key": key,
        "type": SharedLinkType.INDIVIDUAL if album_id is None else SharedLinkType.ALBUM,
        "createdAt": created_at,
        "expiresAt": expires_at,
        "assets": assets,
        "allowUpload": allow_upload,
        "allowDownload": allow_download,
        "showMetadata": show_metadata,
        "slug": slug,
    }
    return answer if album is None else {**answer, "album": album}
