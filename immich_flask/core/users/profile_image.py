"""Profile images: a small rendition of what was uploaded is kept, under `profile/{userId}/`.

The size is the system configuration's for thumbnails, by upstream's rule: the shorter side, never enlarged, not
cropped (server/src/utils/profile-image.ts).
"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from immich_flask.contracts import media_types
from immich_flask.contracts.errors import BadRequest, NotFound
from immich_flask.core.assets.keys import PROFILE
from immich_flask.core.assets.objects import remove_objects
from immich_flask.core.models import User
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting
from immich_flask.core.users.accounts import find_user
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now
from immich_flask.infra.sql import for_update

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 64_000_000
"""What decodes into a quarter of a gigabyte; clients send far less, they let the user crop."""

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
"""What Pillow reads by itself of the accepted file types. Naming them keeps its other decoders out of reach."""

LONGEST_SIDE = 16_383
"""What a WebP can have, in pixels."""

_turn = BoundedSemaphore()


def set_profile_image(user_id: str, filename: str, file: BinaryIO) -> dict:
    """Make `file`, uploaded as `filename`, the image of an account; returns `CreateProfileImageResponse`.

    Raises BadRequest for file types that cannot be profile images, and for what cannot be read as one.
    """
    if not media_types.is_profile_image(filename):
        raise BadRequest(f"Unsupported file type {filename}")
    if not file.read(1):
        raise BadRequest("File is empty")
    file.seek(0)
    spec = setting("image.thumbnail")
    key = f"{PROFILE}/{user_id}/{uuid4()}.{spec['format']}"
    picture = _rendition(file, spec)
    # The bytes first: a row must never point to nothing. A crash here leaves an object that the sweep finds.
    runtime.storage.put(key, [picture], content_type=media_types.mime_type(key))
    moment = _replace(user_id, key)
    return {"userId": user_id, "profileImagePath": key, "profileChangedAt": moment}


def delete_profile_image(user_id: str) -> None:
    """Raises BadRequest when there is none."""
    if not find_user(user_id).profile_image_key:
        raise BadRequest("Can't delete a missing profile Image")
    _replace(user_id, "")


def profile_image_key(user_id: str) -> str:
    """The storage key of the image. Raises NotFound when there is none, or no such account."""
    user = User.get_or_none(User.id == user_id, User.deleted_at.is_null())
    if user is None or not user.profile_image_key:
        raise NotFound()
    return user.profile_image_key


def _replace(user_id: str, key: str) -> datetime:
    moment = now()
    with atomic():
        old, = for_update(User.select(User.profile_image_key).where(User.id == user_id)).tuples().get()
        User.update(profile_image_key=key, profile_changed_at=moment).where(User.id == user_id).execute()
        if old:
            remove_objects([old])
    return moment


def _rendition(file: BinaryIO, spec: dict) -> bytes:
    """The picture in `file`, upright and small, as `spec` (`image.thumbnail` of the system configuration) says."""
    # Seldom needed, and never by most processes.
    from PIL import Image

    out = BytesIO()
    try:
        # A decoded picture can take 4 bytes for each of MAX_PIXELS; taking turns bounds what all of them take.
        with _turn, Image.open(file, formats=_formats(file)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadRequest("The picture is too large")
            _small(image, spec["size"]).save(out, spec["format"], quality=spec["quality"])
    except BadRequest:
        raise
    except Exception as error:
        # On broken files Pillow raises nearly everything: OSError, SyntaxError, struct.error, IndexError, ...
        raise BadRequest("Unable to process profile image") from error
    return out.getvalue()


def _formats(file: BinaryIO) -> tuple[str, ...]:
    """Pillow's names of the formats that `file` may have."""
    head = file.read(12)
    file.seek(0)
    if head[4:8] != b"ftyp" or head[8:12] in (b"avif", b"avis"):
        return FORMATS
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return ("HEIF",)


def _small(image: Image.Image, size: int) -> Image.Image:
    from PIL import ImageOps

    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode not in ("L", "RGB", "RGBA", "CMYK"):
        image = image.convert(mode)
    scale = min(1.0, size / min(image.size), LONGEST_SIDE / max(image.size))
    width, height = (max(1, int(side * scale + 0.5)) for side in image.size)
    # A JPEG need not be decoded larger than this.
    image.draft(None, (width, height))
    return ImageOps.exif_transpose(image.resize((width, height), reducing_gap=2.0)).convert(mode)
