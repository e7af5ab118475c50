"""The caller's logins (`/api/sessions`)."""

from immich_flask.api.sessions.routes import bp

__all__ = ["bp"]
