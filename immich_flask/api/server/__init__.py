"""What the server says about itself (`/api/server`)."""

from immich_flask.api.server.routes import bp

__all__ = ["bp"]
