"""Routes of `/api/favorites-digests`. Clients of Immich do not know them; scripts and pages of your own do."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask_favorites_digest import digests
from immich_flask_favorites_digest.schemas import DigestResponse, DigestWithAssetsResponse

bp = Blueprint("favorites_digests", __name__, url_prefix="/favorites-digests", tag="Favorites digests")


@bp.operation("GET", "", "getFavoritesDigests", permission=Permission.MEMORY_READ, answer=DigestResponse(many=True))
def get_digests(auth: Auth) -> list[dict]:
    return digests.digests(auth)


@bp.operation("POST", "", "createFavoritesDigest", permission=Permission.MEMORY_CREATE,
              answer=DigestWithAssetsResponse, status=201)
def create_digest(auth: Auth) -> dict:
    digest_id = digests.make(auth.user_id)
    if digest_id is None:
        raise BadRequest("Nothing became a favourite since the last digest")
    return digests.digest(auth, digest_id)


@bp.operation("GET", "/{id}", "getFavoritesDigest", permission=Permission.MEMORY_READ, answer=DigestWithAssetsResponse)
def get_digest(auth: Auth, id: str) -> dict:
    return digests.digest(auth, id)


@bp.operation("DELETE", "/{id}", "deleteFavoritesDigest", permission=Permission.MEMORY_DELETE, status=204)
def delete_digest(auth: Auth, id: str) -> None:
    digests.remove(auth, id)
