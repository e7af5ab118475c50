"""Routes of `/api/partners`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from plugins.partners import service
from plugins.partners.schemas import PartnerCreate, PartnerResponse, PartnerSearch, PartnerUpdate

bp = Blueprint("partners", __name__, url_prefix="/partners", tag="Partners")


@bp.operation("GET", "", "getPartners", permission=Permission.PARTNER_READ, query=PartnerSearch,
              answer=PartnerResponse(many=True))
def get_partners(auth: Auth, query: dict) -> list[dict]:
    return service.partners(auth, query["direction"])


@bp.operation("POST", "", "createPartner", permission=Permission.PARTNER_CREATE, body=PartnerCreate,
              answer=PartnerResponse, status=201)
def create_partner(auth: Auth, body: dict) -> dict:
    return service.create(auth, body["sharedWithId"])


@bp.operation("POST", "/{id}", "createPartnerDeprecated", permission=Permission.PARTNER_CREATE,
              answer=PartnerResponse, status=201)
def create_partner_deprecated(auth: Auth, id: str) -> dict:
    return service.create(auth, id)


@bp.operation("PUT", "/{id}", "updatePartner", permission=Permission.PARTNER_UPDATE, body=PartnerUpdate,
              answer=PartnerResponse)
def update_partner(auth: Auth, id: str, body: dict) -> dict:
    return service.update(auth, id, body["inTimeline"])


@bp.operation("DELETE", "/{id}", "removePartner", permission=Permission.PARTNER_DELETE, status=204)
def remove_partner(auth: Auth, id: str) -> None:
    service.remove(auth, id)
