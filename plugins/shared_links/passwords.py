"""The password of a link: asked for once, then remembered in a cookie.

Only `/shared-links/me` asks for it, as in the original: that call tells what the link is about, ids included, and the
other calls are of no use without those ids.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import quote, unquote

from flask import Request, Response

from immich_flask.contracts.auth import AuthSharedLink
from immich_flask.contracts.errors import BadRequest, Unauthorized
from immich_flask.core.auth.attempts import prove

COOKIE = "immich_shared_link_token"
MAX_AGE = 24 * 60 * 60

MOST_TOKENS = 40
"""Links that one browser can have open at once: a cookie holds 4096 bytes, a token takes up to 60."""


def check_password(link: AuthSharedLink, password: str) -> None:
    """Raises BadRequest when the link has no password, Unauthorized for a wrong one, and TooManyAttempts."""
    if not link.password:
        raise BadRequest("Shared link is not password protected")
    right = link.password.encode()
    prove("link", link.id, lambda: compare_digest(password.encode(), right), Unauthorized("Invalid password"))


def require_password(link: AuthSharedLink, request: Request) -> None:
    """Raises Unauthorized unless the link has no password, or the request has the cookie of having given it."""
    if link.password and not any(compare_digest(token.encode(), _token(link).encode()) for token in _tokens(request)):
        raise Unauthorized("Password required")


def remember(response: Response, link: AuthSharedLink, request: Request) -> None:
    """Set the cookie, so that the password is not asked for again for a day; those of other links stay in it."""
    others = [token for token in _tokens(request) if token and token != _token(link)]
    tokens = [*others, _token(link)][-MOST_TOKENS:]
    response.set_cookie(COOKIE, quote(",".join(tokens), safe=""), max_age=MAX_AGE, path="/", samesite="Lax",
                        secure=request.is_secure, httponly=True)


def _tokens(request: Request) -> list[str]:
    return unquote(request.cookies.get(COOKIE, "")).split(",")


def _token(link: AuthSharedLink) -> str:
    """Ends with the password it was given for (server/src/services/shared-link.service.ts)."""
    return base64.b64encode(sha256(f"{link.id}-{link.password}".encode()).digest()).decode()
