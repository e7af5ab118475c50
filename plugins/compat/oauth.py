"""Logging in by OAuth: it is switched off, whatever the settings say."""

from __future__ import annotations

from functools import partial

from flask import Response, request
from marshmallow import fields
from werkzeug.datastructures import Headers

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.models import User
from immich_flask.core.users import user_admin_response
from immich_flask.core.users.schemas import LoginResponse, UserAdminResponse
from immich_flask.infra.db import atomic
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Schema, StrictStr
from plugins.compat.answers import never

MOBILE_REDIRECT = "app.immich:///oauth-callback"

STATE_COOKIE = "immich_oauth_state"
VERIFIER_COOKIE = "immich_oauth_code_verifier"


class AppRedirect(Response):
    """Leads into an app, by an address whose empty host Werkzeug would leave out."""

    def get_wsgi_headers(self, environ: dict) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers["Location"] = self.headers["Location"]
        return headers


class OAuthConfig(Schema):
    redirectUri = StrictStr(required=True)
    state = StrictStr()
    codeChallenge = StrictStr()


class OAuthCallback(Schema):
    url = StrictStr(required=True, min_length=1)
    state = StrictStr()
    codeVerifier = StrictStr()


class OAuthBackchannelLogout(Schema):
    logout_token = StrictStr(required=True)


class OAuthAuthorizeResponse(Schema):
    url = fields.String(required=True)


bp = Blueprint("compat_oauth", __name__, url_prefix="/oauth", tag="Authentication")
admin_bp = Blueprint("compat_oauth_admin", __name__, url_prefix="/admin/auth", tag="Authentication (admin)")

switched_off = partial(BadRequest, "OAuth is not enabled")

never(bp, "POST", "/authorize", "startOAuth", switched_off, login=False, body=OAuthConfig,
      answer=OAuthAuthorizeResponse, status=201)
never(bp, "POST", "/callback", "finishOAuth", switched_off, login=False, body=OAuthCallback, answer=LoginResponse,
      status=201)
never(bp, "POST", "/backchannel-logout", "logoutOAuth",
      partial(BadRequest, "Received backchannel logout request but OAuth is not enabled"), login=False,
      form=OAuthBackchannelLogout)


@bp.operation("GET", "/mobile-redirect", "redirectOAuthToMobile", login=False)
def redirect_oauth_to_mobile() -> Response:
    """Providers that cannot lead to an app lead here."""
    query = request.query_string.decode("ascii", "replace")
    return AppRedirect(status=307, headers={"Location": f"{MOBILE_REDIRECT}?{query}"})


@bp.operation("POST", "/link", "linkOAuthAccount", body=OAuthCallback, answer=UserAdminResponse)
def link_oauth_account(body: dict) -> None:
    if not (body.get("state") or request.cookies.get(STATE_COOKIE)):
        raise BadRequest("OAuth state is missing")
    if not (body.get("codeVerifier") or request.cookies.get(VERIFIER_COOKIE)):
        raise BadRequest("OAuth code verifier is missing")
    raise switched_off()


@bp.operation("POST", "/unlink", "unlinkOAuthAccount", answer=UserAdminResponse)
def unlink_oauth_account(auth: Auth) -> dict:
    with atomic():
        User.update(oauth_id="").where(User.id == auth.user_id, User.oauth_id != "").execute()
    return user_admin_response(User.get_by_id(auth.user_id))


@admin_bp.operation("POST", "/unlink-all", "unlinkAllOAuthAccountsAdmin", admin=True,
                    permission=Permission.ADMIN_AUTH_UNLINK_ALL, status=204)
def unlink_all_oauth_accounts() -> None:
    with atomic():
        User.update(oauth_id="").where(User.oauth_id != "").execute()
