"""Whatever happens to albums, in whatever order, phones end up with what their users may see, and covers stay right."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from immich_flask.core.models import Asset
from immich_flask.testing import Server
from plugins.albums.models import Album, AlbumAsset, AlbumUser
from tests.effort import effort
from tests.plugins.albums.conftest import bare_assets, make_album, restore, suspend
from tests.plugins.albums.phones import AlbumPhone, assert_same

SOMEBODY = st.integers(0, 2)
SOME = st.lists(st.integers(0, 11), min_size=1, max_size=4)
AN_ALBUM = st.integers(0, 3)


class Albums(RuleBasedStateMachine):
    """Three users with four assets each; the phones of two of them read now and then."""

    server: Server

    @initialize()
    def begin(self) -> None:
        self.users = [self.server.user(name).elevated() for name in ("ann", "bob", "cat")]
        self.assets = [asset for user in self.users for asset in bare_assets(self.server, user, 4)]
        self.albums = [make_album(user, *self.assets[:2]) for user in self.users]
        self.suspended = False
        self.phones = [AlbumPhone(user) for user in self.users[:2]]

    @rule(who=SOMEBODY, what=SOME, whom=SOMEBODY)
    def make(self, who: int, what: list[int], whom: int) -> None:
        if len(self.albums) < 4 and not (self.suspended and who == 2):
            self.albums.append(make_album(self.users[who], *self.some(what)))
            self.invite(who, -1, whom, "viewer")

    @rule(who=SOMEBODY, album=AN_ALBUM, what=SOME)
    def add(self, who: int, album: int, what: list[int]) -> None:
        self.users[who].put(f"/albums/{self.album(album)}/assets", {"ids": self.some(what)})

    @rule(who=SOMEBODY, what=SOME)
    def add_to_all(self, who: int, what: list[int]) -> None:
        self.users[who].put("/albums/assets", {"albumIds": self.albums, "assetIds": self.some(what)})

    @rule(who=SOMEBODY, album=AN_ALBUM, what=SOME)
    def take_out(self, who: int, album: int, what: list[int]) -> None:
        self.users[who].delete(f"/albums/{self.album(album)}/assets", {"ids": self.some(what)})

    @rule(who=SOMEBODY, album=AN_ALBUM, whom=SOMEBODY, role=st.sampled_from(["editor", "viewer"]))
    def invite(self, who: int, album: int, whom: int, role: str) -> None:
        path, user = f"/albums/{self.album(album)}", self.users[whom].id
        self.users[who].put(f"{path}/users", {"albumUsers": [{"userId": user, "role": role}]})
        self.users[who].put(f"{path}/user/{user}", {"role": role})

    @rule(who=SOMEBODY, album=AN_ALBUM, whom=SOMEBODY)
    def send_away(self, who: int, album: int, whom: int) -> None:
        self.users[who].delete(f"/albums/{self.album(album)}/user/{self.users[whom].id}")

    @rule(who=SOMEBODY, album=AN_ALBUM, what=st.integers(0, 11))
    def change(self, who: int, album: int, what: int) -> None:
        self.users[who].patch(f"/albums/{self.album(album)}", {"albumName": "new"})
        self.users[who].patch(f"/albums/{self.album(album)}", {"albumThumbnailAssetId": self.assets[what]})

    @rule(who=SOMEBODY, album=AN_ALBUM)
    def delete(self, who: int, album: int) -> None:
        if self.users[who].delete(f"/albums/{self.album(album)}").status_code == 204:
            self.albums[album % len(self.albums)] = make_album(self.users[who])

    @rule(who=SOMEBODY, visibility=st.sampled_from(["timeline", "archive", "hidden", "locked"]), what=st.integers(0, 3))
    def show(self, who: int, visibility: str, what: int) -> None:
        self.users[who].put("/assets", {"ids": [self.assets[who * 4 + what]], "visibility": visibility})

    @rule(who=SOMEBODY, what=st.integers(0, 3), favorite=st.booleans())
    def like(self, who: int, what: int, favorite: bool) -> None:
        self.users[who].put("/assets", {"ids": [self.assets[who * 4 + what]], "isFavorite": favorite,
                                        "description": str(favorite)})

    @rule(who=SOMEBODY, what=st.lists(st.integers(0, 3), min_size=1, max_size=3), force=st.booleans())
    def trash(self, who: int, what: list[int], force: bool) -> None:
        ids = {self.assets[who * 4 + each] for each in what}
        if force:
            # Gone for good: others take their places.
            fresh = iter(bare_assets(self.server, self.users[who], len(ids)))
            self.assets = [next(fresh) if asset in ids else asset for asset in self.assets]
        self.users[who].delete("/assets", {"ids": list(ids), "force": force})

    @rule(who=SOMEBODY)
    def restore_assets(self, who: int) -> None:
        self.users[who].post("/trash/restore")

    @rule(who=SOMEBODY, whom=SOMEBODY, begin=st.booleans())
    def be_partners(self, who: int, whom: int, begin: bool) -> None:
        if begin:
            self.users[who].post("/partners", {"sharedWithId": self.users[whom].id})
        else:
            self.users[who].delete(f"/partners/{self.users[whom].id}")

    @rule()
    def suspend_or_restore(self) -> None:
        (restore if self.suspended else suspend)(self.server, self.users[2])
        self.suspended = not self.suspended

    @rule(phone=st.integers(0, 1))
    def read(self, phone: int) -> None:
        self.phones[phone].sync()

    @rule(phone=st.integers(0, 1), acks=st.integers(0, 4))
    def read_and_be_killed(self, phone: int, acks: int) -> None:
        self.phones[phone].sync(acks=acks)

    @invariant()
    def albums_are_sound(self) -> None:
        """A cover is shown in its album, which has one owner; locked assets are in none."""
        if not hasattr(self, "users"):
            return
        with self.server.context():
            shown = {(link.album_id, link.asset_id) for link in AlbumAsset.select().join(Asset).where(
                Asset.deleted_at.is_null(), Asset.visibility.in_(["timeline", "archive"]),
                AlbumAsset.album.in_(self.albums))}
            for album in Album.select().where(Album.id.in_(self.albums)):
                cover = album.thumbnail_asset_id
                assert (album.id, cover) in shown if cover else all(id != album.id for id, _ in shown)
                assert AlbumUser.select().where(AlbumUser.album == album, AlbumUser.role == "owner").count() == 1
            assert not AlbumAsset.select().join(Asset).where(Asset.visibility == "locked",
                                                             Asset.id.in_(self.assets)).exists()

    def teardown(self) -> None:
        for phone in getattr(self, "phones", ()):
            assert_same(phone)

    def album(self, number: int) -> str:
        return self.albums[number % len(self.albums)]

    def some(self, numbers: list[int]) -> list[str]:
        return [self.assets[number] for number in numbers]


def test_whatever_happens(server: Server) -> None:
    class Machine(Albums):
        pass

    Machine.server = server
    run_state_machine_as_test(Machine, settings=effort(8, steps=25))
