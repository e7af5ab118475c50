"""User administration (`/api/admin/users`)."""

from immich_flask.api.admin_users.routes import bp

__all__ = ["bp"]
