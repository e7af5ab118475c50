"""What happened, as the core tells listeners. Ids are UUID text; tuples hold each id once.

A listener names one of these classes and a phase: `inside` runs in the transaction and may veto it by raising an
`ApiError`; `after` runs once the transaction has committed, isolated from the others and logged when it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from immich_flask.contracts.enums import NotificationLevel, NotificationType


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; plugins subclass it for their own."""


@dataclass(frozen=True, slots=True)
class AssetCreated(Event):
    """Bytes and row of a new asset are safe. `shared_link_id`: it came through that link."""

    asset_id: str
    owner_id: str
    shared_link_id: str | None = None


@dataclass(frozen=True, slots=True)
class DuplicateUploaded(Event):
    """Somebody uploaded what the owner has already; `asset_id` is the one he has, which may be in the trash."""

    asset_id: str
    owner_id: str
    shared_link_id: str | None = None


@dataclass(frozen=True, slots=True)
class AssetCopied(Event):
    """What belongs to one asset shall also belong to another of the same owner: its albums, its shared links, its
    stack, as far as they were asked for. The core copies the favourite mark and the sidecar itself."""

    source_id: str
    target_id: str
    owner_id: str
    albums: bool
    shared_links: bool
    stack: bool


@dataclass(frozen=True, slots=True)
class AssetsMerged(Event):
    """Of assets of one owner that are the same only some stay: what was done with the others, their albums and tags,
    shall be so of those. `pairs` are (asset that goes, asset that stays)."""

    pairs: tuple[tuple[str, str], ...]
    owner_id: str


@dataclass(frozen=True, slots=True)
class NamedRegion:
    """Somebody or something that a file names on its picture. `box`: left, top, right and bottom on the upright
    picture, as parts (0 to 1) of `width` and `height`, which are those that the file gives, in pixels."""

    name: str
    box: tuple[float, float, float, float]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class AssetMetadataExtracted(Event):
    """Dates, sizes and EXIF of the asset are known now (also after a re-extraction). `regions`: whom the file names."""

    asset_id: str
    owner_id: str
    regions: tuple[NamedRegion, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetReady(Event):
    """Thumbnail, preview and thumbhash exist. `first`: for the first time, that is, after the upload."""

    asset_id: str
    owner_id: str
    first: bool


@dataclass(frozen=True, slots=True)
class AssetEdited(Event):
    """What is shown of a picture is now what its edits say, of which there may be none any more: files, size and
    thumbhash are written. `edits` has the fields of the wire's `SyncAssetEditV1`, in their order."""

    asset_id: str
    owner_id: str
    edits: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class AssetsUpdated(Event):
    """Rows of these assets were changed, by a user or because their files were. `changed` names the columns of `asset`
    and `asset_exif`: `is_favorite`, `visibility`, `date_time_original`, `description`, ...; `sidecar` stands for the
    file of that type, `original` for what was uploaded, or lies in an external library."""

    asset_ids: tuple[str, ...]
    owner_id: str
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AssetHidden(Event):
    """A film became the moving part of a live photo."""

    asset_id: str
    owner_id: str


@dataclass(frozen=True, slots=True)
class AssetsLocked(Event):
    """Assets went to the locked folder: everything that shows them to others must let go."""

    asset_ids: tuple[str, ...]
    owner_id: str


@dataclass(frozen=True, slots=True)
class AssetsTrashed(Event):
    """Assets of one owner went to the trash."""

    asset_ids: tuple[str, ...]
    owner_id: str


@dataclass(frozen=True, slots=True)
class AssetsRestored(Event):
    """Assets of one owner came back from the trash. `by_id`: the caller named them one by one."""

    asset_ids: tuple[str, ...]
    owner_id: str
    by_id: bool


@dataclass(frozen=True, slots=True)
class AssetsDeleted(Event):
    """The rows of these assets are gone for good; their bytes are removed by a job."""

    asset_ids: tuple[str, ...]
    owner_id: str


@dataclass(frozen=True, slots=True)
class PersonThumbnailReady(Event):
    """There is a new picture of one of the owner's people."""

    person_id: str
    owner_id: str


@dataclass(frozen=True, slots=True)
class UserCreated(Event):
    """There is a new account."""

    user_id: str


@dataclass(frozen=True, slots=True)
class UserTrashed(Event):
    """The account was soft-deleted; it can be restored until the delayed removal."""

    user_id: str


@dataclass(frozen=True, slots=True)
class UserRestored(Event):
    """A soft-deleted account is an active one again."""

    user_id: str


@dataclass(frozen=True, slots=True)
class UserDeleted(Event):
    """The account and everything it owned is gone."""

    user_id: str


@dataclass(frozen=True, slots=True)
class LibraryShared(Event):
    """From now on, perhaps again, one user sees all of another's library (`register_shared_libraries`)."""

    owner_id: str
    viewer_id: str


@dataclass(frozen=True, slots=True)
class SessionsDeleted(Event):
    """Logins that ended (logout, device removed, password changed); children of a session are listed too."""

    session_ids: tuple[str, ...]
    user_id: str


@dataclass(frozen=True, slots=True)
class ConfigUpdated(Event):
    """The administrator saved the system configuration."""


@dataclass(frozen=True, slots=True)
class JobFailed(Event):
    """A background job gave up after its last try. `payload` is what it was queued with; `killed` says that its last
    process did not live to tell an error."""

    queue: str
    name: str
    error: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    killed: bool = False


@dataclass(frozen=True, slots=True)
class UserNotified(Event):
    """A user shall be told something. Emit it for that: whoever keeps notifications, if anybody does, keeps it.
    `data` is JSON that clients know for the `type`."""

    user_id: str
    type: NotificationType
    level: NotificationLevel
    title: str
    description: str | None = None
    data: Any = None
