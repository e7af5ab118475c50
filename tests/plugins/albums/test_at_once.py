"""Several at once: nobody waits in a circle, nothing answers 500, and albums stay sound."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from immich_flask.core.models import Asset
from immich_flask.testing import Caller, Server
from plugins.albums.models import Album, AlbumAsset, AlbumUser
from tests.plugins.albums.conftest import bare_assets, make_album


def at_once(acts: list[Callable[[], int]]) -> set[int]:
    """The statuses of all of them, run by as many threads."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return set(pool.map(lambda act: act(), acts))


def test_the_same_assets_in_both_orders(server: Server, user: Caller, other: Caller) -> None:
    assets = bare_assets(server, user, 300)
    albums = [make_album(user), make_album(user)]
    bodies = [{"albumIds": order, "assetIds": ids}
              for order in (albums, albums[::-1]) for ids in (assets, assets[::-1])]
    assert at_once([lambda body=body: user.put("/albums/assets", body).status_code for body in bodies]) == {200}
    assert [user.get(f"/albums/{album}").json["assetCount"] for album in albums] == [300, 300]


def test_two_invite_the_same(server: Server, user: Caller, other: Caller) -> None:
    album, third = make_album(user, editors=(other,)), server.user()
    body = {"albumUsers": [{"userId": third.id, "role": "viewer"}]}
    invite = [lambda who=who: who.put(f"/albums/{album}/users", body).status_code for who in (user, other) * 2]
    assert at_once(invite) == {200}
    assert len(user.get(f"/albums/{album}").json["albumUsers"]) == 3


def test_random_changes_at_once(server: Server, user: Caller, other: Caller) -> None:
    assets = bare_assets(server, user, 40)
    albums = [make_album(user, *assets[:5], editors=(other,)) for _ in range(3)]

    def act(seed: int) -> set[int]:
        rnd = random.Random(seed)
        statuses = set()
        for _ in range(15):
            album, some = rnd.choice(albums), rnd.sample(assets, 6)
            statuses.add(rnd.choice([
                lambda album=album, some=some: user.put(f"/albums/{album}/assets", {"ids": some}),
                lambda some=some: user.put("/albums/assets", {"albumIds": albums[::-1], "assetIds": some}),
                lambda album=album, some=some: user.delete(f"/albums/{album}/assets", {"ids": some}),
                lambda some=some: user.delete("/assets", {"ids": some[:2]}),
                lambda some=some: user.delete("/assets", {"ids": some[:1], "force": True}),
                lambda some=some: user.put("/assets", {"ids": some[:1], "visibility": "archive"}),
                lambda some=some: user.put("/assets", {"ids": some[:1], "visibility": "timeline"}),
                lambda: user.post("/trash/restore"),
                lambda album=album: other.delete(f"/albums/{album}/user/me"),
                lambda album=album: user.put(f"/albums/{album}/users", {"albumUsers": [{"userId": other.id}]}),
                lambda album=album, some=some: other.patch(f"/albums/{album}", {"albumThumbnailAssetId": some[0]}),
                lambda album=album: user.get(f"/albums/{album}"),
                lambda: other.get("/albums"),
            ])().status_code)
        return statuses

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(act, range(4))) <= {200, 201, 204, 400}
    answers = [user.get(f"/albums/{album}").json for album in albums]
    with server.context():
        for answer in answers:
            album = Album.get_by_id(answer["id"])
            assert AlbumUser.select().where(AlbumUser.album == album, AlbumUser.role == "owner").count() == 1
            shown = {link.asset_id for link in AlbumAsset.select().join(Asset).where(
                AlbumAsset.album == album, Asset.deleted_at.is_null())}
            assert answer["assetCount"] == len(shown)
            assert album.thumbnail_asset_id in shown if shown else album.thumbnail_asset_id is None
