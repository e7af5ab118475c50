"""Live photos: a still and the film that belongs to it, which is hidden while it does."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetType, AssetVisibility
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.events import AssetHidden, AssetsLocked, AssetsUpdated
from immich_flask.core.assets.keys import is_cut_out
from immich_flask.core.assets.visible import reachable
from immich_flask.core.events import emit
from immich_flask.core.models import Asset


def link(auth: Auth, video_id: str) -> None:
    """Make a film of the caller's the moving part of a live photo: hide it. In a transaction.

    Raises BadRequest when there is no such film, or it is no film, or somebody else's. A shared link reaches only what
    it shows (its owner's other films are none of its business), and nobody the locked folder while it is closed: taken
    off again, a film is shown where its still is.
    """
    film = Asset.select(Asset.type, Asset.owner, Asset.visibility).where(Asset.id == video_id).tuples().first()
    is_ours = film is not None and (auth.shared_link is not None or film[1] == auth.user_id)
    if film is None or (is_ours and not reachable(auth, [video_id], "asset.read")):
        raise BadRequest("Live photo video not found")
    kind, owner_id, visibility = film
    if kind != AssetType.VIDEO:
        raise BadRequest("Live photo video must be a video")
    if owner_id != auth.user_id:
        raise BadRequest("Live photo video does not belong to the user")
    if visibility == AssetVisibility.TIMELINE:
        Asset.update(visibility=AssetVisibility.HIDDEN).where(Asset.id == video_id).execute()
        emit(AssetHidden(video_id, owner_id))


def change_video(auth: Auth, still_id: str, video_id: str | None) -> None:
    """Give a still of the caller's another moving part, or none; the one it had is shown again where the still is.
    In a transaction.

    Raises BadRequest as `link` does, and when the film it had was cut out of the still's own file.
    """
    had, visibility = Asset.select(Asset.live_photo_video, Asset.visibility).where(Asset.id == still_id).tuples().get()
    if video_id is not None:
        link(auth, video_id)
    if video_id == still_id:
        raise BadRequest("Live photo video must be another asset")
    if had is not None and had != video_id:
        _release(had, auth.user_id, visibility)
    Asset.update(live_photo_video=video_id).where(Asset.id == still_id).execute()


def _release(video_id: str, owner_id: str, visibility: str) -> None:
    key, = Asset.select(Asset.storage_key).where(Asset.id == video_id).tuples().get()
    if is_cut_out(key):
        raise BadRequest("Cannot unlink Android motion photos")
    Asset.update(visibility=visibility).where(Asset.id == video_id).execute()
    emit(AssetsUpdated((video_id,), owner_id, frozenset({"visibility"})))
    if visibility == AssetVisibility.LOCKED:
        emit(AssetsLocked((video_id,), owner_id))
