"""Assets: upload, delivery, records and what clients keep with them (`/api/assets`)."""

from immich_flask.api.assets.blueprint import bp
from immich_flask.api.assets import delivery, metadata, records, upload  # isort: skip

__all__ = ["bp", "delivery", "metadata", "records", "upload"]
