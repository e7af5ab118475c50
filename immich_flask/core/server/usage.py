"""How much space there is, and who uses it."""

from __future__ import annotations

from peewee import JOIN, fn

from immich_flask.contracts.enums import AssetType, AssetVisibility
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.core.runtime import runtime

NO_LIMIT = 2**53 - 1
"""Bytes. The size of a bucket is not known and has no limit: the largest number that the wire can say."""

TOTALS = ("photos", "videos", "usage", "usagePhotos", "usageVideos")


def space() -> dict:
    """`GET /server/storage`. Of a folder: its disk. Of a bucket: the bytes of the originals, of `NO_LIMIT`."""
    if disk := runtime.storage.free_space():
        size, used, available = disk.total, disk.used, disk.free
    else:
        size = NO_LIMIT
        used = int(User.select(fn.COALESCE(fn.SUM(User.quota_usage_in_bytes), 0)).scalar())
        available = size - used
    return {
        "diskSize": human(size),
        "diskUse": human(used),
        "diskAvailable": human(available),
        "diskSizeRaw": size,
        "diskUseRaw": used,
        "diskAvailableRaw": available,
        "diskUsagePercentage": round(used / size * 100, 2),
    }


def human(size: float) -> str:
    """Bytes as text: `0 B`, `1.5 GiB`."""
    if size < 1024:
        return f"{size} B"
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        size /= 1024
        if size < 1024:
            break
    return f"{size:.1f} {unit}"


def statistics() -> dict:
    """`GET /server/statistics`: what each user has, oldest account first, and the sums.

    Trashed assets don't count. The moving parts of live photos are no videos of their own, but use space; what lies in
    an external library is counted, but uses none (server/src/repositories/user.repository.ts).
    """
    shown, size = Asset.visibility != AssetVisibility.HIDDEN, fn.SUM(AssetExif.file_size_in_byte)
    image, video = Asset.type == AssetType.IMAGE, Asset.type == AssetType.VIDEO
    ours = Asset.library_id.is_null()
    query = (
        User.select(
            User.id, User.name, User.quota_size_in_bytes,
            fn.COUNT(Asset.id).filter(image & shown), fn.COUNT(Asset.id).filter(video & shown),
            fn.COALESCE(size.filter(ours), 0),
            fn.COALESCE(fn.SUM(AssetExif.file_size_in_byte).filter(ours & image), 0),
            fn.COALESCE(fn.SUM(AssetExif.file_size_in_byte).filter(ours & video), 0),
        )
        .join(Asset, JOIN.LEFT_OUTER, on=(Asset.owner == User.id) & Asset.deleted_at.is_null())
        .join(AssetExif, JOIN.LEFT_OUTER, on=AssetExif.asset == Asset.id)
        .group_by(User.id).order_by(User.created_at, User.id).tuples()
    )
    users = [_of_user(*row) for row in query]
    return {**{key: sum(user[key] for user in users) for key in TOTALS}, "usageByUser": users}


def _of_user(user_id: str, name: str, quota: int | None, photos: int, videos: int, *usage: int) -> dict:
    usage_all, usage_photos, usage_videos = map(int, usage)
    return {
        "userId": user_id,
        "userName": name,
        "photos": photos,
        "videos": videos,
        "usage": usage_all,
        "usagePhotos": usage_photos,
        "usageVideos": usage_videos,
        "quotaSizeInBytes": quota,
    }
