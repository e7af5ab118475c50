"""A server with the sync plugin and the clubs, which nobody else's features disturb."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.plugins import Found, Plugins
from immich_flask.infra.config import load_config
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server
from plugins import sync
from plugins.sync.acks import checkpoints
from tests.plugins.sync import clubs
from tests.plugins.sync.replay import CORE, Phone, Table

FOUND = {"sync": Found(sync.META, sync.__name__), "clubs": Found(clubs.META, clubs.__name__)}

ASSET_LINES = ("AssetV2", "AlbumAssetCreateV2", "AlbumAssetUpdateV2", "AlbumAssetBackfillV2", "PartnerAssetV2")
EXIF_LINES = ("AssetExifV1", "AlbumAssetExifCreateV1", "AlbumAssetExifUpdateV1", "AlbumAssetExifBackfillV1")

TABLES = (
    *(table for table in CORE if table.name not in ("asset", "exif")),
    Table("asset", ASSET_LINES, parents={"ownerId": "user"},
          deletes={"AssetDeleteV1": ("assetId",), "PartnerAssetDeleteV1": ("assetId",)}),
    Table("exif", EXIF_LINES, ("assetId",), {"assetId": "asset"}),
    Table("album", ("AlbumV2",), deletes={"AlbumDeleteV1": ("albumId",)}),
    Table("album_user", ("AlbumUserV1", "AlbumUserBackfillV1"), ("albumId", "userId"),
          {"albumId": "album", "userId": "user"}, {"AlbumUserDeleteV1": ("albumId", "userId")}),
    Table("album_asset", ("AlbumToAssetV1", "AlbumToAssetBackfillV1"), ("albumId", "assetId"),
          {"albumId": "album", "assetId": "asset"}, {"AlbumToAssetDeleteV1": ("albumId", "assetId")}),
)

CLUB_TYPES = ["UsersV1", "AlbumsV2", "AlbumUsersV1", "AlbumToAssetsV1", "AlbumAssetsV2", "AlbumAssetExifsV1"]


@pytest.fixture(scope="session")
def server(make_server: Callable[..., Server]) -> Server:
    # Many writers on a busy machine wait long for each other.
    server = make_server(Plugins(load_config(environ={}), FOUND), **{"database.busy_timeout_ms": 60_000})
    server.admin = server.user("admin", is_admin=True)
    return server


@pytest.fixture
def phone(user: Caller) -> Phone:
    return Phone(user, CLUB_TYPES, TABLES)


@pytest.fixture
def stored(server: Server) -> Callable[[Caller], dict[str, tuple]]:
    """`stored(caller)`: his checkpoints by type, as `(id, extra)`."""

    def of(caller: Caller) -> dict[str, tuple]:
        with server.context():
            return {type: tuple(checkpoint) for type, checkpoint in checkpoints(caller.session_id).items()}

    return of


def add_asset(owner_id: str, **columns: object) -> str:
    """An asset without a file, and its EXIF; within `server.context()`."""
    moment, asset_id = now(), str(uuid4())
    values = {"id": asset_id, "owner": owner_id, "type": "IMAGE", "checksum": uuid4().hex, "original_file_name": "a.jpg",
              "original_path": f"/{asset_id}.jpg", "storage_key": asset_id, "file_created_at": moment,
              "file_modified_at": moment, "local_date_time": moment, **columns}
    Asset.insert(values).execute()
    AssetExif.insert(asset=asset_id).execute()
    return asset_id
