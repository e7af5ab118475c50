"""Routes of `/api/albums`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.core.assets.schemas import MapMarkerResponse
from immich_flask.core.bulk import BulkIdResponse, BulkIds
from immich_flask.infra.http.answers import Body
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.unchanged import unchanged
from plugins.albums import contents, members, service
from plugins.albums.schemas import (
    AddUsers, AlbumResponse, AlbumsAddAssets, AlbumsAddAssetsResponse, AlbumStatisticsResponse, CreateAlbum, GetAlbums,
    MemberId, UpdateAlbum, UpdateAlbumUser,
)

bp = Blueprint("albums", __name__, url_prefix="/albums", tag="Albums")


@bp.operation("GET", "", "getAllAlbums", permission=Permission.ALBUM_READ, query=GetAlbums,
              answer=AlbumResponse(many=True))
def get_all_albums(auth: Auth, query: dict) -> Body:
    def answer() -> Body:
        if "assetId" in query:
            return Body.of(service.albums_with(auth, query["assetId"]))
        return Body.of(service.albums(auth, id=query.get("id"), name=query.get("name"), owned=query.get("isOwned"),
                                      shared=query.get("isShared")))

    return unchanged(("albums", auth.user_id, *sorted(query.items())), answer)


@bp.operation("POST", "", "createAlbum", permission=Permission.ALBUM_CREATE, body=CreateAlbum, answer=AlbumResponse,
              status=201)
def create_album(auth: Auth, body: dict) -> dict:
    return service.create(auth, body["albumName"], body["description"],
                          [(user["userId"], user["role"]) for user in body["albumUsers"]], body["assetIds"])


@bp.operation("GET", "/statistics", "getAlbumStatistics", permission=Permission.ALBUM_STATISTICS,
              answer=AlbumStatisticsResponse)
def get_album_statistics(auth: Auth) -> dict:
    return service.statistics(auth)


@bp.operation("PUT", "/assets", "addAssetsToAlbums", permission=Permission.ALBUM_ASSET_CREATE, body=AlbumsAddAssets,
              answer=AlbumsAddAssetsResponse)
def add_assets_to_albums(auth: Auth, body: dict) -> dict:
    return contents.add_to_many(auth, body["albumIds"], body["assetIds"])


@bp.operation("GET", "/{id}", "getAlbumInfo", permission=Permission.ALBUM_READ, shared_link=True, answer=AlbumResponse)
def get_album_info(auth: Auth, id: str) -> dict:
    return service.album(auth, id)


@bp.operation("PATCH", "/{id}", "updateAlbumInfo", permission=Permission.ALBUM_UPDATE, body=UpdateAlbum,
              answer=AlbumResponse)
def update_album_info(auth: Auth, id: str, body: dict) -> dict:
    return service.update(auth, id, body)


@bp.operation("DELETE", "/{id}", "deleteAlbum", permission=Permission.ALBUM_DELETE, status=204)
def delete_album(auth: Auth, id: str) -> None:
    service.delete(auth, id)


@bp.operation("GET", "/{id}/map-markers", "getAlbumMapMarkers", permission=Permission.ALBUM_READ, shared_link=True,
              answer=MapMarkerResponse(many=True))
def get_album_map_markers(auth: Auth, id: str) -> list[dict]:
    return service.map_markers(auth, id)


@bp.operation("PUT", "/{id}/assets", "addAssetsToAlbum", permission=Permission.ALBUM_ASSET_CREATE, body=BulkIds,
              answer=BulkIdResponse(many=True))
def add_assets_to_album(auth: Auth, id: str, body: dict) -> list[dict]:
    return contents.add(auth, id, body["ids"])


@bp.operation("DELETE", "/{id}/assets", "removeAssetFromAlbum", permission=Permission.ALBUM_ASSET_DELETE, body=BulkIds,
              answer=BulkIdResponse(many=True))
def remove_asset_from_album(auth: Auth, id: str, body: dict) -> list[dict]:
    return contents.remove(auth, id, body["ids"])


@bp.operation("PUT", "/{id}/users", "addUsersToAlbum", permission=Permission.ALBUM_USER_CREATE, body=AddUsers,
              answer=AlbumResponse)
def add_users_to_album(auth: Auth, id: str, body: dict) -> dict:
    return members.add_users(auth, id, [(user["userId"], user["role"]) for user in body["albumUsers"]])


@bp.operation("PUT", "/{id}/user/{userId}", "updateAlbumUser", permission=Permission.ALBUM_USER_UPDATE,
              path={"userId": MemberId()}, body=UpdateAlbumUser, status=204)
def update_album_user(auth: Auth, id: str, userId: str, body: dict) -> None:
    members.set_role(auth, id, _member(auth, userId), body["role"])


@bp.operation("DELETE", "/{id}/user/{userId}", "removeUserFromAlbum", permission=Permission.ALBUM_USER_DELETE,
              path={"userId": MemberId()}, status=204)
def remove_user_from_album(auth: Auth, id: str, userId: str) -> None:
    members.remove_user(auth, id, _member(auth, userId))


def _member(auth: Auth, user_id: str) -> str:
    return auth.user_id if user_id == "me" else user_id
