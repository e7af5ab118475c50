"""A small world for the visibility table: one asset per state, one caller per kind, and who may do what by the rules.

An asset's name says its state: whose it is, where it was put, and what became of it (`mine album locked`). What became
of assets is written into the database last, behind the server's back: everything that was put somewhere before is still
there, so that a rule which only tidies up when the state changes is not mistaken for one that withholds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from immich_flask.app import create_app
from immich_flask.contracts.enums import AssetStatus, AssetVisibility
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server, photo

CONDITIONS: dict[str, dict[str, Any]] = {
    "timeline": {},
    "archive": {"visibility": AssetVisibility.ARCHIVE},
    "hidden": {"visibility": AssetVisibility.HIDDEN},
    "locked": {"visibility": AssetVisibility.LOCKED},
    "trashed": {"deleted_at": True, "status": AssetStatus.TRASHED},
    "deleted": {"deleted_at": True, "status": AssetStatus.DELETED},
}
"""What may have become of an asset, as columns."""

MONTH = "1995-07"
"""When all were taken, each on a day of its own; they were uploaded each in a month of its own."""

STATES = (
    *(("mine", "plain", condition) for condition in CONDITIONS),
    *(("mine", "album", condition) for condition in ("timeline", "archive", "hidden", "locked", "trashed")),
    *(("mine", "link", condition) for condition in ("timeline", "archive", "locked", "trashed")),
    *(("editor's", "album", condition) for condition in ("timeline", "archive", "locked", "trashed")),
    *(("mine", "film", condition) for condition in ("timeline", "archive", "locked", "trashed")),
    ("stranger's", "plain", "timeline"),
    ("gone's", "plain", "timeline"), ("gone's", "own album", "timeline"), ("gone's", "album", "timeline"),
    ("gone's", "own link", "timeline"),
)

STILLS = {"timeline": "mine album timeline", "archive": "mine plain archive", "locked": "mine plain locked",
          "trashed": "mine plain trashed"}
"""Of which still `mine film CONDITION` is the moving part. Films are hidden, and nowhere but with their stills."""

OWNERS = {
    "mine": {"owner", "owner elevated"},
    "editor's": {"editor"},
    "stranger's": {"stranger"},
    "gone's": set(),
}

PARTNERS = {"partner", "partner aside"}
MEMBERS = {"owner", "owner elevated", "editor", "viewer"}
ALBUM_LINKS = {"album link", "album link without metadata"}
ASSET_LINKS = {"link", "link without download", "link without metadata", "link with password", "link, no password"}
NO_DOWNLOAD = {"album link without metadata", "link without download", "link without metadata"}
NO_METADATA = {"album link without metadata", "link without metadata"}

ACTORS = ("owner", "partner", "partner aside", "editor", "viewer", "stranger", "admin")
"""Who has things of his own to put assets into."""


@dataclass
class Asked:
    """An asset of the world, and by what an answer gives it away."""

    name: str
    id: str
    content: bytes
    whose: str
    place: str
    condition: str
    day: str
    month: str
    prefix: str
    folder: str = ""
    checksum: str = ""
    secrets: list[bytes] = field(default_factory=list)

    def secret(self, kind: str) -> str:
        """A text that belongs to this asset: its `name.jpg`, `city`, `country`, `make`, `model`, `text`, `value`."""
        return self.prefix + kind

    @property
    def is_film(self) -> bool:
        """The moving part of a live photo; `condition` is what became of the still."""
        return self.place == "film"

    @property
    def has_film(self) -> bool:
        return self.name in STILLS.values()

    @property
    def locked(self) -> bool:
        return self.condition == "locked"

    @property
    def live(self) -> bool:
        """To its owner. (Films are not trashed along with stills here: they were put there behind the server's back.)"""
        return self.condition not in ("trashed", "deleted") or self.is_film

    @property
    def lendable(self) -> bool:
        return self.condition not in ("trashed", "deleted", "locked")

    @property
    def visibility(self) -> str:
        """On the wire."""
        if self.is_film:
            return "hidden"
        return self.condition if self.condition in ("archive", "hidden", "locked") else "timeline"

    def owners(self) -> set[str]:
        """Callers who are its owner; the locked folder opens to an elevated session only."""
        owners = OWNERS[self.whose]
        return owners & {"owner elevated"} if self.locked else owners

    def lenders(self) -> set[str]:
        """Callers to whom its owner lends all of his library."""
        return PARTNERS if self.whose == "mine" and self.condition in ("timeline", "hidden") else set()

    def readers(self) -> set[str]:
        """Callers who may read and view it."""
        readers = self.owners() | self.lenders()
        if self.lendable:
            readers |= self.guests()
        return readers

    def guests(self) -> set[str]:
        """Callers who come by where it is, or by where its still is."""
        place = STILLS[self.condition].split()[1] if self.is_film else self.place
        return {"album": MEMBERS | ALBUM_LINKS, "link": ASSET_LINKS, "own link": {"link of gone"}}.get(place, set())

    def shows_in(self, *conditions: str) -> bool:
        """Whether it is in a list of what is in one of these conditions."""
        return ("hidden" if self.is_film else self.condition) in conditions

    def downloaders(self) -> set[str]:
        return self.readers() - NO_DOWNLOAD

    def sharers(self) -> set[str]:
        """Callers who may put it into albums, links and memories of their own: never what is locked."""
        return set() if self.locked else self.owners() | self.lenders()


class World:
    """`assets` by name, `callers` by kind, and what the callers have of their own: `albums`, `tags`, `links`, ..."""

    def __init__(self, server: Server) -> None:
        self.server = server
        # That answers are the wire's is for other tests to tell; here are too many.
        server.checks = ()
        self.users = {name: server.user(name.replace(" ", "-"), is_admin=name == "admin")
                      for name in (*ACTORS, "gone")}
        assets = [self._upload(number, *state) for number, state in enumerate(STATES)]
        self.assets = {asset.name: asset for asset in assets}
        self.callers: dict[str, Caller] = {
            "nobody": server.nobody, **self.users,
            "owner elevated": self.users["owner"].elevated(),
            "poor key of the owner": self.users["owner"].api_key("userLicense.read"),
        }
        self.albums: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.memories: dict[str, str] = {}
        self._share_library()
        self._make_albums()
        self._make_links()
        self._tag()
        self._remember()
        self._stack()
        self._comment()
        self._own_things()
        self._become()

    def switched_off(self, plugins: list[str]) -> World:
        """The same world on a server where these plugins are off."""
        config = self.server.runtime.config
        app = create_app(replace(config, plugins=replace(config.plugins, disabled=plugins)))
        bare = copy(self)
        bare.server = Server(app)
        bare.server.database = self.server.database
        bare.server.activate()
        bare.callers = {name: Caller(bare.server, caller.headers, query=caller.query)
                        for name, caller in self.callers.items()}
        return bare

    def ids(self, *wanted: str) -> list[str]:
        """Ids of the assets in whose names all of these words are."""
        return [asset.id for asset in self.assets.values() if all(word in asset.name for word in wanted)]

    def _upload(self, number: int, whose: str, place: str, condition: str) -> Asked:
        owner = self.users["owner" if whose == "mine" else whose.removesuffix("'s")]
        day = f"{MONTH}-{1 + number:02}"
        taken = f"{day}T12:00:00.000Z"
        name = f"{whose} {place} {condition}"
        content = photo(seed=1000 + number)
        asset = Asked(name, "", content, whose, place, condition, day, f"{1970 + number // 12}-{1 + number % 12:02}-01",
                      f"secret-{number:02}-")
        asset.id = owner.asset(content, asset.secret("name.jpg"), fileCreatedAt=taken, fileModifiedAt=taken)
        with self.server.context():
            AssetExif.update(**{kind: asset.secret(kind) for kind in ("city", "country", "make", "model")},
                             description=asset.secret("text"), latitude=10 + number / 8, longitude=20 + number / 8,
                             ).where(AssetExif.asset == asset.id).execute()
        item = {"key": "mobile-app", "value": {"iCloudId": asset.secret("value")}}
        answer = owner.put(f"/assets/{asset.id}/metadata", {"items": [item]})
        assert answer.status_code == 200, answer.text
        told = owner.get(f"/assets/{asset.id}").json
        asset.folder = told["originalPath"].rpartition("/")[0]
        asset.checksum = told["checksum"]
        # A film's id comes with its still; it opens nothing by itself.
        asset.secrets = [*([] if asset.is_film else [asset.id.encode()]), asset.prefix.encode(), asset.day.encode(),
                         asset.month.encode(), asset.checksum.encode(), content]
        for size in ("thumbnail", "preview"):
            answer = owner.get(f"/assets/{asset.id}/thumbnail", size=size)
            if answer.status_code == 200:
                asset.secrets.append(answer.data)
        return asset

    def _share_library(self) -> None:
        for sharer in ("owner", "gone"):
            for partner in sorted(PARTNERS):
                self._done(self.users[sharer].post("/partners", {"sharedWithId": self.users[partner].id}))
                self._done(self.users[partner].put(f"/partners/{self.users[sharer].id}",
                                                   {"inTimeline": partner == "partner"}))

    def _make_albums(self) -> None:
        members = [{"userId": self.users["editor"].id, "role": "editor"},
                   {"userId": self.users["viewer"].id, "role": "viewer"},
                   {"userId": self.users["gone"].id, "role": "editor"}]
        album = self._done(self.users["owner"].post("/albums", {"albumName": "Shared", "albumUsers": members}))["id"]
        self.shared_album = album
        for user, ids in (("owner", self.ids("mine album")), ("editor", self.ids("editor's album")),
                          ("gone", self.ids("gone's album"))):
            told = self._done(self.users[user].put(f"/albums/{album}/assets", {"ids": ids}))
            assert all(item["success"] for item in told)
        self.gone_album = self._done(self.users["gone"].post("/albums", {
            "albumName": "Gone", "albumUsers": members[:2], "assetIds": self.ids("gone's own album")}))["id"]

    def _make_links(self) -> None:
        individual = {"type": "INDIVIDUAL", "assetIds": self.ids("mine link")}
        album = {"type": "ALBUM", "albumId": self.shared_album}
        for name, maker, terms in (
            ("link", "owner", individual),
            ("link without download", "owner", {**individual, "allowDownload": False}),
            ("link without metadata", "owner", {**individual, "showMetadata": False}),
            ("link with password", "owner", {**individual, "password": "sesame"}),
            ("expired link", "owner", {**individual, "expiresAt": "2020-01-01T00:00:00.000Z"}),
            ("album link", "owner", album),
            ("album link without metadata", "owner", {**album, "showMetadata": False}),
            ("expired album link", "owner", {**album, "expiresAt": "2020-01-01T00:00:00.000Z"}),
            ("link of gone", "gone", {"type": "INDIVIDUAL", "assetIds": self.ids("gone's own link")}),
            ("album link of gone", "gone", {"type": "ALBUM", "albumId": self.gone_album}),
        ):
            link = self._done(self.users[maker].post("/shared-links", terms))
            self.links[name] = link["id"]
            self.callers[name] = Caller(self.server, {}, query={"key": link["key"]})
        self.callers["link, no password"] = known = self.callers["link with password"]
        login = known.post("/shared-links/login", {"password": "sesame"})
        assert login.status_code == 201, login.text
        cookie = login.headers["Set-Cookie"].partition(";")[0]
        self.callers["link with password"] = Caller(self.server, {"Cookie": cookie}, query=known.query)

    def _tag(self) -> None:
        for name in ACTORS:
            self.tags[name] = self._done(self.users[name].post("/tags", {"name": f"tag of {name}"}))["id"]
        self.tag = self._done(self.users["owner"].post("/tags", {"name": "tagged"}))["id"]
        told = self._done(self.users["owner"].put(f"/tags/{self.tag}/assets", {"ids": self.ids("mine")}))
        assert all(item["success"] for item in told)

    def _remember(self) -> None:
        def memory(user: str, *ids: str) -> str:
            return self._done(self.users[user].post("/memories", {
                "type": "on_this_day", "data": {"year": 1985}, "memoryAt": "1985-01-01T00:00:00.000Z",
                "assetIds": list(ids)}))["id"]

        self.memories = {name: memory(name) for name in ACTORS}
        # The partner's holds what has been lent to him; what is not lent is left out.
        self.memory, self.partners_memory = (memory(name, *self.ids("mine")) for name in ("owner", "partner"))

    def _stack(self) -> None:
        ids = [self.assets[f"mine plain {condition}"].id for condition in CONDITIONS]
        self.stack = self._done(self.users["owner"].post("/stacks", {"assetIds": ids}))["id"]

    def _comment(self) -> None:
        for name in self.ids("mine album"):
            self._done(self.users["owner"].post("/activities", {
                "albumId": self.shared_album, "assetId": name, "type": "comment", "comment": "well"}))

    def _own_things(self) -> None:
        self.own: dict[str, str] = {name: self.users[name].asset() for name in ACTORS}
        for name in ACTORS:
            user = self.users[name]
            self.albums[name] = self._done(user.post("/albums", {"albumName": f"album of {name}"}))["id"]
            self.links[f"by {name}"] = self._done(user.post("/shared-links", {
                "type": "INDIVIDUAL", "assetIds": [self.own[name]]}))["id"]

    def _become(self) -> None:
        with self.server.context():
            for condition, still in STILLS.items():
                film = self.assets[f"mine film {condition}"]
                Asset.update(live_photo_video=film.id).where(Asset.id == self.assets[still].id).execute()
            for asset in self.assets.values():
                columns = {**CONDITIONS["hidden" if asset.is_film else asset.condition],
                           "created_at": datetime.fromisoformat(f"{asset.month}T12:00:00Z")}
                if "deleted_at" in columns:
                    columns["deleted_at"] = now() - timedelta(hours=1)
                Asset.update(**columns).where(Asset.id == asset.id).execute()
            User.update(deleted_at=now(), status="deleted").where(User.id == self.users["gone"].id).execute()

    @contextmanager
    def films(self) -> Iterator[None]:
        """Call all assets films for a while."""
        for kind in ("VIDEO", "IMAGE"):
            with self.server.context():
                Asset.update(type=kind).execute()
            if kind == "VIDEO":
                yield

    @staticmethod
    def _done(response: Any) -> Any:
        assert response.status_code < 300, response.text
        return response.json
