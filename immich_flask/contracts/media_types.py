"""Which files are assets: the extensions a server of wire version 3.1.0 takes, and their media types.

Everything here goes by the file name alone, as it does upstream (`server/src/utils/mime-types.ts`, restated as facts):
a client filters uploads by `GET /server/media-types`, so the server must not judge by content. What a file really holds
is found out when it is decoded.

Extensions are lower case with their dot. The first media type of an extension is the one a file is served with.
"""

from __future__ import annotations

from os.path import splitext

from immich_flask.contracts.enums import AssetType

MediaTypes = dict[str, tuple[str, ...]]


def _camera_raw(extension: str, maker: str) -> tuple[str, str]:
    return f"image/{extension[1:]}", f"image/x-{maker}-{extension[1:]}"


_RAW_MAKERS = {
    ".3fr": "hasselblad", ".ari": "arriflex", ".arw": "sony", ".cap": "phaseone", ".cin": "phantom", ".cr2": "canon",
    ".cr3": "canon", ".crw": "canon", ".dcr": "kodak", ".dng": "adobe", ".erf": "epson", ".fff": "hasselblad",
    ".iiq": "phaseone", ".k25": "kodak", ".kdc": "kodak", ".mrw": "minolta", ".nef": "nikon", ".nrw": "nikon",
    ".orf": "olympus", ".ori": "olympus", ".pef": "pentax", ".raf": "fuji", ".raw": "panasonic", ".rw2": "panasonic",
    ".rwl": "leica", ".sr2": "sony", ".srf": "sony", ".srw": "samsung", ".x3f": "sigma",
}

RAW: MediaTypes = {
    **{extension: _camera_raw(extension, maker) for extension, maker in _RAW_MAKERS.items()},
    ".psd": ("image/psd", "image/vnd.adobe.photoshop"),
}

WEB_IMAGE: MediaTypes = {
    ".avif": ("image/avif",),
    ".bmp": ("image/bmp",),
    ".gif": ("image/gif",),
    ".jpeg": ("image/jpeg",),
    ".jpg": ("image/jpeg",),
    ".png": ("image/png", "image/apng"),
    ".webp": ("image/webp",),
}
"""Images that every browser displays; a full-size rendition of them is the original itself."""

IMAGE: MediaTypes = dict(
    sorted(
        {
            **WEB_IMAGE,
            **RAW,
            ".heic": ("image/heic",),
            ".heif": ("image/heif",),
            ".hif": ("image/hif",),
            ".insp": ("image/jpeg",),
            ".jp2": ("image/jp2",),
            ".jpe": ("image/jpeg",),
            ".jxl": ("image/jxl",),
            ".mpo": ("image/jpeg",),
            ".svg": ("image/svg",),
            ".tif": ("image/tiff",),
            ".tiff": ("image/tiff",),
        }.items()
    )
)

VIDEO: MediaTypes = {
    ".3gp": ("video/3gpp",),
    ".3gpp": ("video/3gpp",),
    ".avi": ("video/avi", "video/msvideo", "video/vnd.avi", "video/x-msvideo"),
    ".flv": ("video/x-flv",),
    ".insv": ("video/mp4",),
    ".m2t": ("video/mp2t",),
    ".m2ts": ("video/mp2t",),
    ".m4v": ("video/x-m4v",),
    ".mkv": ("video/x-matroska",),
    ".mov": ("video/quicktime",),
    ".mp4": ("video/mp4",),
    ".mpe": ("video/mpeg",),
    ".mpeg": ("video/mpeg",),
    ".mpg": ("video/mpeg",),
    ".mts": ("video/mp2t",),
    ".mxf": ("application/mxf",),
    ".ts": ("video/mp2t",),
    ".vob": ("video/mpeg",),
    ".webm": ("video/webm",),
    ".wmv": ("video/x-ms-wmv",),
}

SIDECAR: MediaTypes = {".xmp": ("application/xml", "text/xml")}

POSSIBLY_ANIMATED = frozenset({".avif", ".gif", ".heic", ".heif", ".jxl", ".png", ".webp"})
HEIF = frozenset({".avif", ".heic", ".heif", ".hif"})
TRANSPARENT_CAPABLE = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".jxl", ".png", ".svg", ".tif", ".tiff", ".webp"}
)
PROFILE = frozenset({".avif", ".dng", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".svg", ".webp"})

_ALL: MediaTypes = {**IMAGE, **VIDEO, **SIDECAR}
_PREFERRED_EXTENSION = {"image/jpeg": ".jpg"}
OCTET_STREAM = "application/octet-stream"


def extension(filename: str) -> str:
    """The lower-case extension with its dot, "" without one; a bare ".jpg" counts as an extension."""
    stem, _, last = filename.rpartition(".")
    if stem.strip(".") and "/" not in filename:
        # Nearly all names; five times faster than what follows.
        return f".{last.lower()}"
    ending = splitext(filename)[1]
    if not ending and filename.startswith(".") and "." not in filename[1:]:
        ending = filename
    return ending.lower()


def asset_type(filename: str) -> AssetType | None:
    """IMAGE or VIDEO; None for a file that cannot be an asset."""
    ending = extension(filename)
    if ending in IMAGE:
        return AssetType.IMAGE
    return AssetType.VIDEO if ending in VIDEO else None


def mime_type(filename: str) -> str:
    """The media type a file of this name is served with; `application/octet-stream` for an unknown one."""
    return _ALL.get(extension(filename), (OCTET_STREAM,))[0]


def extension_of(mime: str) -> str | None:
    """The extension files of a media type get, None for an unknown type."""
    if mime in _PREFERRED_EXTENSION:
        return _PREFERRED_EXTENSION[mime]
    return next((ending for ending, types in _ALL.items() if mime in types), None)


def is_image(filename: str) -> bool:
    return extension(filename) in IMAGE


def is_video(filename: str) -> bool:
    return extension(filename) in VIDEO


def is_sidecar(filename: str) -> bool:
    return extension(filename) in SIDECAR


def is_raw(filename: str) -> bool:
    return extension(filename) in RAW


def is_heif(filename: str) -> bool:
    return extension(filename) in HEIF


def is_web_image(filename: str) -> bool:
    """True where a browser displays the original as it is."""
    return extension(filename) in WEB_IMAGE


def is_profile_image(filename: str) -> bool:
    """True for what may be uploaded as a profile image."""
    return extension(filename) in PROFILE


def can_be_animated(filename: str) -> bool:
    return extension(filename) in POSSIBLY_ANIMATED


def can_be_transparent(filename: str) -> bool:
    return extension(filename) in TRANSPARENT_CAPABLE
