"""A library to measure with: as many assets as asked for, spread over ten years like somebody's photos.

    with server.context():
        seed_assets(user.id, 100_000)

Straight into the tables, in about a quarter of a millisecond each; there are no files. The same arguments give the same
library, ids included.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from immich_flask.core.assets import quota
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic, db, is_sqlite
from immich_flask.infra.fields import iso

FIRST = datetime(2015, 1, 1, tzinfo=UTC)
MONTHS = 120
CAMERAS = (("Apple", "iPhone 12"), ("Apple", "iPhone 14 Pro"), ("Canon", "EOS R5"), ("SONY", "ILCE-7M4"), (None, None))
WORDS = ("beach", "birthday", "Café", "garden", "hiking", "Zürich", "snow", "家族旅行", "عيد", "sunset")
CITIES = 300
ROWS = 400
"""Of one INSERT; more take longer for each."""


def seed_assets(owner_id: str, count: int, *, seed: int = 1) -> list[str]:
    """Give a user `count` assets, a `MONTHS`th of them in each month, and return their ids, oldest first.

    One in fifty is archived, one in twenty a favourite, one in fifteen a film, a third has a place (one of `CITIES`,
    the first of them the most frequent), one in ten a description of `WORDS`.
    """
    rnd = random.Random(f"{seed} {owner_id}")
    ids: list[str] = []
    with atomic():
        for assets, exifs in _batches(owner_id, count, rnd):
            Asset.insert_many(assets).execute()
            AssetExif.insert_many(exifs).execute()
            quota.charge(owner_id, sum(exif["file_size_in_byte"] for exif in exifs), limited=False)
            ids += [asset["id"] for asset in assets]
    return ids


def copy_assets(owner_id: str, times: int) -> None:
    """Copy all that a user has so many times, by the database, which is ten times as quick. Only ids and checksums differ:
    the first digits of an id are the number of the copy."""
    # In base64 there is no space.
    mine = f"SELECT id FROM asset WHERE owner_id = '{owner_id}' AND strpos(checksum, ' ') = 0"
    if is_sqlite():
        mine = mine.replace("strpos", "instr")
    for number in range(1, times + 1):
        with atomic():
            for model, key in ((Asset, "id"), (AssetExif, "asset_id")):
                copied = {column: f'"{column}"' for column in model._meta.columns if column != "update_id"}
                copied[key] = f"'{number:04x}' || substr(CAST({key} AS TEXT), 5)"
                if not is_sqlite():
                    copied[key] = f"CAST({copied[key]} AS UUID)"
                if model is Asset:
                    copied["checksum"] = f"'copy {number} ' || checksum"
                table = model._meta.table_name
                db.execute_sql(f"""INSERT INTO {table} ({", ".join(f'"{column}"' for column in copied)})
                                   SELECT {", ".join(copied.values())} FROM {table} WHERE {key} IN ({mine})""")


def _batches(owner_id: str, count: int, rnd: random.Random) -> Iterator[tuple[list[dict], list[dict]]]:
    for first in range(0, count, ROWS):
        pairs = [_asset(owner_id, at, count, rnd) for at in range(first, min(first + ROWS, count))]
        yield [asset for asset, _ in pairs], [exif for _, exif in pairs]


def _asset(owner_id: str, at: int, count: int, rnd: random.Random) -> tuple[dict, dict]:
    month, day = divmod(at * MONTHS / count, 1)
    taken = datetime(FIRST.year + int(month) // 12, int(month) % 12 + 1, 1, tzinfo=UTC) + timedelta(
        seconds=int(day * 28 * 86400), milliseconds=rnd.randrange(1000))
    # In the upper half: the ids of copies lie in the lower one.
    asset_id = str(UUID(int=rnd.getrandbits(127) + 2**127, version=4))
    film = rnd.random() < 1 / 15
    name = f"{'VID' if film else 'IMG'}_{at:06}.{'mp4' if film else 'jpg'}"
    asset = {
        "id": asset_id, "owner": owner_id, "type": "VIDEO" if film else "IMAGE",
        "visibility": "archive" if rnd.random() < 1 / 50 else "timeline",
        "checksum": base64.b64encode(rnd.randbytes(20)).decode(), "original_file_name": name,
        "original_path": f"/library/{owner_id}/{taken:%Y/%Y-%m-%d}/{name}", "storage_key": f"originals/{asset_id}",
        "file_created_at": iso(taken), "file_modified_at": iso(taken),
        "local_date_time": iso(taken + timedelta(hours=2)),
        "is_favorite": rnd.random() < 1 / 20, "duration": 12_000 if film else None, "width": 4032, "height": 3024,
        "thumbhash": base64.b64encode(rnd.randbytes(25)).decode(),
    }
    make, model = rnd.choice(CAMERAS)
    placed = rnd.random() < 1 / 3
    city = int(CITIES * rnd.random() ** 2)
    exif = {
        "asset": asset_id, "file_size_in_byte": rnd.randrange(500_000, 20_000_000), "make": make, "model": model,
        "lens_model": f"{model} lens" if model else None, "exif_image_width": 4032, "exif_image_height": 3024,
        "date_time_original": iso(taken), "modify_date": iso(taken), "time_zone": "UTC+2", "iso": 100, "f_number": 1.8,
        "latitude": 30 + city / 10 if placed else None, "longitude": city / 10 if placed else None,
        "city": f"City {city}" if placed else None, "state": f"State {city % 40}" if placed else None,
        "country": f"Country {city % 12}" if placed else None,
        "description": f"{rnd.choice(WORDS)} {at}" if rnd.random() < 1 / 10 else "",
    }
    return asset, exif
