"""The errors that services raise. Routes never catch them; one handler turns them into the wire's one shape.

The body is `{"message": text}`; a failed validation adds `"errors": [{"code", "path", "message"}]`. What carries which
status follows Immich 3.1.0 (server/src/middleware/global-exception.filter.ts and the texts its clients match on).
"""

from __future__ import annotations


class ConfigError(Exception):
    """Bad configuration: one line that says what to change. Stops startup."""


class Hopeless(Exception):
    """A job raises this when another try would end the same: it is kept as failed at once."""


class ApiError(Exception):
    """An answer with a 4xx status, raised from anywhere below a route.

    `headers` go out with the answer (`Retry-After`, `Content-Range`).
    """

    status = 400
    default_message = "Bad Request"

    def __init__(self, message: str | None = None, *, headers: dict[str, str] | None = None) -> None:
        self.message = message or self.default_message
        self.headers = headers or {}
        super().__init__(self.message)

    def body(self) -> dict:
        return {"message": self.message}


class BadRequest(ApiError):
    """400: the request makes no sense, or the caller has no access to an id in it."""


class NoAccess(BadRequest):
    """400: the id does not exist, or not for this caller; the wire keeps the two indistinguishable."""

    def __init__(self, permission: str) -> None:
        super().__init__(f"Not found or no {permission} access")


class ValidationFailed(BadRequest):
    """400 with one issue per bad value: `{"code", "path": [key or index, ...], "message"}`."""

    def __init__(self, issues: list[dict]) -> None:
        super().__init__("Validation failed")
        self.issues = issues

    def body(self) -> dict:
        return {"message": self.message, "errors": self.issues}


class Unauthorized(ApiError):
    """401: the caller is nobody, or has to prove more (password, PIN) first."""

    status = 401
    default_message = "Authentication required"


class Forbidden(ApiError):
    """403: the caller is known and may never do this (not an admin, a link, a key without the permission)."""

    status = 403
    default_message = "Forbidden"


class NotFound(ApiError):
    """404: no such route or file."""

    status = 404
    default_message = "Not Found"


class Conflict(ApiError):
    """409: the state of the server does not admit it now."""

    status = 409
    default_message = "Conflict"


class PayloadTooLarge(ApiError):
    """413: the body is larger than the server takes."""

    status = 413
    default_message = "Payload too large"


class TooManyAttempts(ApiError):
    """429: too many failed proofs (logins, PINs, link passwords); `Retry-After` says when to come back."""

    status = 429
    default_message = "Too many failed attempts, try again later"


class ServiceUnavailable(ApiError):
    """503: the database or the storage is away for a moment; nothing was changed."""

    status = 503
    default_message = "Service temporarily unavailable"
