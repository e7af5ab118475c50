"""The three cookies of a login. The mobile app lives on them alone: it sends no other credential."""

from __future__ import annotations

from flask import Response, request

from immich_flask.core.auth.authenticate import ACCESS_COOKIE
from immich_flask.core.runtime import runtime

TYPE_COOKIE = "immich_auth_type"
"""How the login was made, `password` or `oauth`: decides where logging out leads."""

FLAG_COOKIE = "immich_is_authenticated"
"""Open to scripts: without it the web app takes the visitor for a stranger and calls nothing."""

DAY = 24 * 60 * 60


def set_login_cookies(response: Response, token: str, auth_type: str = "password") -> None:
    """Add the cookies of a login; `Secure` when the request came by HTTPS."""
    for name, value in ((ACCESS_COOKIE, token), (TYPE_COOKIE, auth_type), (FLAG_COOKIE, "true")):
        response.set_cookie(
            name, value, max_age=runtime.config.auth.session_days * DAY, path="/", samesite="Lax",
            secure=request.is_secure, httponly=name != FLAG_COOKIE)


def clear_login_cookies(response: Response) -> None:
    """Make the browser forget them."""
    for name in (ACCESS_COOKIE, TYPE_COOKIE, FLAG_COOKIE):
        response.set_cookie(name, "", expires=0, path="/")
