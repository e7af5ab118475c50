"""The core's tables. Files by subject; import the models from here."""

from immich_flask.core.models.asset import Asset, AssetExif, AssetFile, AssetJobStatus, AssetMetadata
from immich_flask.core.models.job import JobRow, JobTick, QueueState
from immich_flask.core.models.system import FailedAttempt, SystemMetadata, VersionHistory
from immich_flask.core.models.user import ApiKey, Session, User, UserMetadata
from immich_flask.infra.tracking import Tombstone

CORE_MODELS = (
    User, UserMetadata, Session, ApiKey,
    Asset, AssetExif, AssetFile, AssetJobStatus, AssetMetadata,
    JobRow, JobTick, QueueState, SystemMetadata, VersionHistory, FailedAttempt, Tombstone,
)

CORE_TABLES = frozenset(model._meta.table_name for model in CORE_MODELS) | {"tracking_clock", "plugin_part"}
"""With those that have no model here (`infra.tracking`, `infra.parts`)."""

__all__ = [
    "ApiKey", "Asset", "AssetExif", "AssetFile", "AssetJobStatus", "AssetMetadata", "CORE_MODELS", "CORE_TABLES",
    "FailedAttempt", "JobRow", "JobTick", "QueueState", "Session", "SystemMetadata", "Tombstone", "User", "UserMetadata",
    "VersionHistory",
]
