"""The own account, and who else there is (`/api/users`)."""

from immich_flask.api.users.routes import bp

__all__ = ["bp"]
