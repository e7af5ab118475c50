"""Getting in and staying in (`/api/auth`)."""

from immich_flask.api.auth.routes import bp

__all__ = ["bp"]
