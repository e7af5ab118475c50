"""The string enums of the Immich 3.1.0 wire that core and plugins share.

Values are the wire's own text, so a member can be stored, compared and sent as it is. An enum that only one plugin
knows stays with that plugin. Clients generated from the specification stop at a value they don't know: a member that
3.1.0 does not have must never be sent to them.
"""

from __future__ import annotations

from enum import StrEnum


class AssetType(StrEnum):
    """What kind of file an asset is, decided by its extension."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    OTHER = "OTHER"


class AssetVisibility(StrEnum):
    """Where an asset is shown. `hidden` is the film part of a live photo; `locked` needs an elevated session."""

    ARCHIVE = "archive"
    TIMELINE = "timeline"
    HIDDEN = "hidden"
    LOCKED = "locked"


class AssetStatus(StrEnum):
    """The life of an asset. Never sent on the wire except as a timeline column; `deleted` awaits removal."""

    ACTIVE = "active"
    TRASHED = "trashed"
    DELETED = "deleted"


class AssetOrder(StrEnum):
    ASC = "asc"
    DESC = "desc"


class AssetOrderBy(StrEnum):
    TAKEN_AT = "takenAt"
    CREATED_AT = "createdAt"


class AssetFileType(StrEnum):
    """The files that an asset has beside its original. Never sent on the wire of 3.1.0."""

    THUMBNAIL = "thumbnail"
    PREVIEW = "preview"
    FULLSIZE = "fullsize"
    SIDECAR = "sidecar"
    ENCODED_VIDEO = "encoded_video"


class AssetMediaSize(StrEnum):
    ORIGINAL = "original"
    FULLSIZE = "fullsize"
    PREVIEW = "preview"
    THUMBNAIL = "thumbnail"


class AssetMediaStatus(StrEnum):
    """The answer to an upload."""

    CREATED = "created"
    DUPLICATE = "duplicate"


class AssetUploadAction(StrEnum):
    """The answer to a bulk upload check, per file."""

    ACCEPT = "accept"
    REJECT = "reject"


class AssetRejectReason(StrEnum):
    DUPLICATE = "duplicate"
    UNSUPPORTED_FORMAT = "unsupported-format"


class AssetJobName(StrEnum):
    """Jobs that a user may start for assets of his own."""

    REFRESH_FACES = "refresh-faces"
    REFRESH_METADATA = "refresh-metadata"
    REGENERATE_THUMBNAIL = "regenerate-thumbnail"
    TRANSCODE_VIDEO = "transcode-video"


class SourceType(StrEnum):
    """Who drew a face."""

    MACHINE_LEARNING = "machine-learning"
    EXIF = "exif"
    MANUAL = "manual"


class BulkIdErrorReason(StrEnum):
    """Why one id of a list was refused (albums, people, tags)."""

    DUPLICATE = "duplicate"
    NO_PERMISSION = "no_permission"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"
    VALIDATION = "validation"


class AssetIdErrorReason(StrEnum):
    """Why one asset id of a list was refused (shared links)."""

    DUPLICATE = "duplicate"
    NO_PERMISSION = "no_permission"
    NOT_FOUND = "not_found"


class UserStatus(StrEnum):
    """`removing`: an admin asked for removal at once; `deleted`: it happens after the configured delay."""

    ACTIVE = "active"
    REMOVING = "removing"
    DELETED = "deleted"


class UserAvatarColor(StrEnum):
    PRIMARY = "primary"
    PINK = "pink"
    RED = "red"
    YELLOW = "yellow"
    BLUE = "blue"
    GREEN = "green"
    PURPLE = "purple"
    ORANGE = "orange"
    GRAY = "gray"
    AMBER = "amber"


class UserMetadataKey(StrEnum):
    PREFERENCES = "preferences"
    LICENSE = "license"
    ONBOARDING = "onboarding"


class AlbumUserRole(StrEnum):
    EDITOR = "editor"
    OWNER = "owner"
    VIEWER = "viewer"


class SharedLinkType(StrEnum):
    ALBUM = "ALBUM"
    INDIVIDUAL = "INDIVIDUAL"


class PartnerDirection(StrEnum):
    """Seen from the caller: partners he shares with (`shared-by` him), or who share with him."""

    SHARED_BY = "shared-by"
    SHARED_WITH = "shared-with"


class ReactionType(StrEnum):
    COMMENT = "comment"
    LIKE = "like"


class ReactionLevel(StrEnum):
    ALBUM = "album"
    ASSET = "asset"


class MemoryType(StrEnum):
    ON_THIS_DAY = "on_this_day"


class NotificationLevel(StrEnum):
    SUCCESS = "success"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class NotificationType(StrEnum):
    JOB_FAILED = "JobFailed"
    BACKUP_FAILED = "BackupFailed"
    SYSTEM_MESSAGE = "SystemMessage"
    ALBUM_INVITE = "AlbumInvite"
    ALBUM_UPDATE = "AlbumUpdate"
    CUSTOM = "Custom"


class QueueName(StrEnum):
    THUMBNAIL_GENERATION = "thumbnailGeneration"
    METADATA_EXTRACTION = "metadataExtraction"
    VIDEO_CONVERSION = "videoConversion"
    FACE_DETECTION = "faceDetection"
    FACIAL_RECOGNITION = "facialRecognition"
    SMART_SEARCH = "smartSearch"
    DUPLICATE_DETECTION = "duplicateDetection"
    BACKGROUND_TASK = "backgroundTask"
    STORAGE_TEMPLATE_MIGRATION = "storageTemplateMigration"
    MIGRATION = "migration"
    SEARCH = "search"
    SIDECAR = "sidecar"
    LIBRARY = "library"
    NOTIFICATIONS = "notifications"
    BACKUP_DATABASE = "backupDatabase"
    OCR = "ocr"
    WORKFLOW = "workflow"
    INTEGRITY_CHECK = "integrityCheck"
    EDITOR = "editor"


class QueueCommand(StrEnum):
    """Commands of the legacy `PUT /jobs/{name}`."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    EMPTY = "empty"
    CLEAR_FAILED = "clear-failed"


class QueueJobStatus(StrEnum):
    ACTIVE = "active"
    FAILED = "failed"
    COMPLETED = "completed"
    DELAYED = "delayed"
    WAITING = "waiting"
    PAUSED = "paused"


class JobName(StrEnum):
    """Kinds of background work, by the names that the queue pages show; jobs that have one of these use it."""

    ASSET_DELETE = "AssetDelete"
    ASSET_DELETE_CHECK = "AssetDeleteCheck"
    ASSET_DETECT_FACES_QUEUE_ALL = "AssetDetectFacesQueueAll"
    ASSET_DETECT_FACES = "AssetDetectFaces"
    ASSET_DETECT_DUPLICATES_QUEUE_ALL = "AssetDetectDuplicatesQueueAll"
    ASSET_DETECT_DUPLICATES = "AssetDetectDuplicates"
    ASSET_EDIT_THUMBNAIL_GENERATION = "AssetEditThumbnailGeneration"
    ASSET_ENCODE_VIDEO_QUEUE_ALL = "AssetEncodeVideoQueueAll"
    ASSET_ENCODE_VIDEO = "AssetEncodeVideo"
    ASSET_EMPTY_TRASH = "AssetEmptyTrash"
    ASSET_EXTRACT_METADATA_QUEUE_ALL = "AssetExtractMetadataQueueAll"
    ASSET_EXTRACT_METADATA = "AssetExtractMetadata"
    ASSET_FILE_MIGRATION = "AssetFileMigration"
    ASSET_GENERATE_THUMBNAILS_QUEUE_ALL = "AssetGenerateThumbnailsQueueAll"
    ASSET_GENERATE_THUMBNAILS = "AssetGenerateThumbnails"
    AUDIT_TABLE_CLEANUP = "AuditTableCleanup"
    DATABASE_BACKUP = "DatabaseBackup"
    FACIAL_RECOGNITION_QUEUE_ALL = "FacialRecognitionQueueAll"
    FACIAL_RECOGNITION = "FacialRecognition"
    FILE_DELETE = "FileDelete"
    FILE_MIGRATION_QUEUE_ALL = "FileMigrationQueueAll"
    LIBRARY_DELETE_CHECK = "LibraryDeleteCheck"
    LIBRARY_DELETE = "LibraryDelete"
    LIBRARY_REMOVE_ASSET = "LibraryRemoveAsset"
    LIBRARY_SCAN_ASSETS_QUEUE_ALL = "LibraryScanAssetsQueueAll"
    LIBRARY_SYNC_ASSETS = "LibrarySyncAssets"
    LIBRARY_SYNC_FILES_QUEUE_ALL = "LibrarySyncFilesQueueAll"
    LIBRARY_SYNC_FILES = "LibrarySyncFiles"
    LIBRARY_SCAN_QUEUE_ALL = "LibraryScanQueueAll"
    HLS_SESSION_CLEANUP = "HlsSessionCleanup"
    MEMORY_CLEANUP = "MemoryCleanup"
    MEMORY_GENERATE = "MemoryGenerate"
    NOTIFICATIONS_CLEANUP = "NotificationsCleanup"
    NOTIFY_USER_SIGNUP = "NotifyUserSignup"
    NOTIFY_ALBUM_INVITE = "NotifyAlbumInvite"
    NOTIFY_ALBUM_UPDATE = "NotifyAlbumUpdate"
    USER_DELETE = "UserDelete"
    USER_DELETE_CHECK = "UserDeleteCheck"
    USER_SYNC_USAGE = "UserSyncUsage"
    PERSON_CLEANUP = "PersonCleanup"
    PERSON_FILE_MIGRATION = "PersonFileMigration"
    PERSON_GENERATE_THUMBNAIL = "PersonGenerateThumbnail"
    SESSION_CLEANUP = "SessionCleanup"
    SEND_MAIL = "SendMail"
    SIDECAR_QUEUE_ALL = "SidecarQueueAll"
    SIDECAR_CHECK = "SidecarCheck"
    SIDECAR_WRITE = "SidecarWrite"
    SMART_SEARCH_QUEUE_ALL = "SmartSearchQueueAll"
    SMART_SEARCH = "SmartSearch"
    STORAGE_TEMPLATE_MIGRATION = "StorageTemplateMigration"
    STORAGE_TEMPLATE_MIGRATION_SINGLE = "StorageTemplateMigrationSingle"
    TAG_CLEANUP = "TagCleanup"
    VERSION_CHECK = "VersionCheck"
    OCR_QUEUE_ALL = "OcrQueueAll"
    OCR = "Ocr"
    WORKFLOW_ASSET_TRIGGER = "WorkflowAssetTrigger"
    INTEGRITY_UNTRACKED_FILES_QUEUE_ALL = "IntegrityUntrackedFilesQueueAll"
    INTEGRITY_UNTRACKED_FILES = "IntegrityUntrackedFiles"
    INTEGRITY_UNTRACKED_REFRESH = "IntegrityUntrackedRefresh"
    INTEGRITY_MISSING_FILES_QUEUE_ALL = "IntegrityMissingFilesQueueAll"
    INTEGRITY_MISSING_FILES = "IntegrityMissingFiles"
    INTEGRITY_MISSING_FILES_REFRESH = "IntegrityMissingFilesRefresh"
    INTEGRITY_CHECKSUM_FILES = "IntegrityChecksumFiles"
    INTEGRITY_CHECKSUM_FILES_REFRESH = "IntegrityChecksumFilesRefresh"
    INTEGRITY_DELETE_REPORT_TYPE = "IntegrityDeleteReportType"
    INTEGRITY_DELETE_REPORTS = "IntegrityDeleteReports"


class ManualJobName(StrEnum):
    """Jobs that an admin may start by hand."""

    PERSON_CLEANUP = "person-cleanup"
    TAG_CLEANUP = "tag-cleanup"
    USER_CLEANUP = "user-cleanup"
    MEMORY_CLEANUP = "memory-cleanup"
    MEMORY_CREATE = "memory-create"
    BACKUP_DATABASE = "backup-database"
    INTEGRITY_MISSING_FILES = "integrity-missing-files"
    INTEGRITY_UNTRACKED_FILES = "integrity-untracked-files"
    INTEGRITY_CHECKSUM_MISMATCH = "integrity-checksum-mismatch"
    INTEGRITY_MISSING_FILES_REFRESH = "integrity-missing-files-refresh"
    INTEGRITY_UNTRACKED_FILES_REFRESH = "integrity-untracked-files-refresh"
    INTEGRITY_CHECKSUM_MISMATCH_REFRESH = "integrity-checksum-mismatch-refresh"
    INTEGRITY_MISSING_FILES_DELETE_ALL = "integrity-missing-files-delete-all"
    INTEGRITY_UNTRACKED_FILES_DELETE_ALL = "integrity-untracked-files-delete-all"
    INTEGRITY_CHECKSUM_MISMATCH_DELETE_ALL = "integrity-checksum-mismatch-delete-all"
