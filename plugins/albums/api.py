"""What plugins that require this one may use."""

from plugins.albums.access import ROLES, accessible, require_album
from plugins.albums.answers import link_responses
from plugins.albums.contents import add_assets
from plugins.albums.events import AlbumInvited, AlbumUpdated
from plugins.albums.models import Album, AlbumAsset, AlbumUser
from plugins.albums.schemas import AlbumResponse

__all__ = [
    "ROLES", "Album", "AlbumAsset", "AlbumInvited", "AlbumResponse", "AlbumUpdated", "AlbumUser", "accessible",
    "add_assets", "link_responses", "require_album",
]
