"""Everything at once, by one account: nobody waits in a circle, and in the end rows, bytes and usage agree."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from immich_flask.core.assets import trash
from immich_flask.core.models import Asset, AssetExif
from immich_flask.testing import Caller, Server, photo


def test_random_changes_at_once(user: Caller, server: Server, usage: Callable[[Caller], int],
                                stored: Callable[[Caller], set[str]]) -> None:
    ids = [user.asset(name="same.jpg") for _ in range(12)]
    films = [user.asset(b"%d %s" % (n, user.id.encode()), "a.mov") for n in range(3)]

    def act(seed: int) -> list[int]:
        rnd = random.Random(seed)
        statuses = []
        for _ in range(12):
            some, film = rnd.sample(ids, 4), rnd.choice(films)
            content = photo(seed=1000 + rnd.randrange(20))
            restore = rnd.random() < 0.2
            if restore:
                with server.context():
                    trash.restore(some, by_id=True)
            response = rnd.choice([
                lambda content=content: user.upload(content, "same.jpg"),
                lambda content=content, film=film: user.upload(content, livePhotoVideoId=film),
                lambda some=some: user.put("/assets", {"ids": some, "isFavorite": True, "dateTimeRelative": 1440}),
                lambda some=some, film=film: user.put(f"/assets/{some[0]}", {"livePhotoVideoId": film, "rating": 3}),
                lambda some=some: user.put(f"/assets/{some[0]}", {"livePhotoVideoId": None}),
                lambda some=some: user.delete("/assets", {"ids": some}),
                lambda some=some: user.delete("/assets", {"ids": some[:1], "force": True}),
                lambda some=some: user.put("/assets/metadata", {"items": [
                    {"assetId": asset_id, "key": "k", "value": {}} for asset_id in some]}),
            ])()
            statuses.append(response.status_code)
        return statuses

    with ThreadPoolExecutor(4) as pool:
        statuses = {status for some in pool.map(act, range(4)) for status in some}
    # 400: somebody else has deleted it.
    assert statuses <= {200, 201, 204, 400}
    with server.context():
        rows = list(Asset.select(Asset.storage_key, AssetExif.file_size_in_byte).join(AssetExif)
                    .where(Asset.owner == user.id).tuples())
    assert usage(user) == sum(size for _, size in rows)
    assert stored(user) == {key for key, _ in rows}
