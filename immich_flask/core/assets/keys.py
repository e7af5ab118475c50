"""Where the files of assets are in the storage. Every key begins with a folder of `FOLDERS`, which the sweep walks."""

from __future__ import annotations

from immich_flask.contracts.enums import AssetFileType
from immich_flask.contracts.media_types import extension
from immich_flask.infra.storage.base import safe_segment

ORIGINALS = "originals"
MOTION = "motion"
PROFILE = "profile"

DERIVED = {
    AssetFileType.THUMBNAIL: "thumbnails",
    AssetFileType.PREVIEW: "previews",
    AssetFileType.FULLSIZE: "fullsize",
    AssetFileType.ENCODED_VIDEO: "encoded-video",
}

FOLDERS = (ORIGINALS, MOTION, PROFILE, *DERIVED.values())
"""All folders whose objects belong to a row of the core's tables."""


def original_key(owner_id: str, asset_id: str, filename: str) -> str:
    """The original as it was uploaded; its media type is that of the file name."""
    segment, ending = safe_segment(filename), extension(filename)
    if not segment.lower().endswith(ending):
        # A name that is nothing but an extension has lost its dot.
        segment += ending
    return f"{ORIGINALS}/{owner_id}/{asset_id}/{segment}"


def motion_key(owner_id: str, asset_id: str) -> str:
    """A film that was cut out of the photo that holds it (Android motion photos); `asset_id` is the film's."""
    return f"{MOTION}/{owner_id}/{asset_id}.mp4"


def is_cut_out(storage_key: str) -> bool:
    """Whether the original under this key was made from another asset's file."""
    return storage_key.startswith(f"{MOTION}/")


def sidecar_key(storage_key: str) -> str:
    """The sidecar of the original under this key, beside it as tools expect."""
    return f"{storage_key}.xmp"


def derived_key(kind: AssetFileType, owner_id: str, asset_id: str, extension: str, *, edit: str = "") -> str:
    """A file made from the original: `thumbnails/{owner}/{asset}.webp`; `..._edited-{edit}.webp` for that of an edit,
    whose name nothing else ever has."""
    return f"{DERIVED[kind]}/{owner_id}/{asset_id}{f'_edited-{edit}' if edit else ''}{extension}"
