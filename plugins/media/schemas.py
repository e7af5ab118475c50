"""What `/api/assets/jobs` takes."""

from __future__ import annotations

from immich_flask.contracts.enums import AssetJobName
from immich_flask.infra.http.schemas import Enum, List, Schema, UUIDv4


class AssetJobs(Schema):
    assetIds = List(UUIDv4(), required=True)
    name = Enum(AssetJobName, required=True)
