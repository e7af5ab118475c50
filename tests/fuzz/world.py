"""Who sends what is sent at random, and the ids of what they have.

Callers may be signed out or deleted by what the others send, and things too; both are replaced.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable

import peewee

from immich_flask.core.models import Session
from immich_flask.infra.db import db
from immich_flask.testing.callers import Caller, Server, photo

OWNERS = ("owner_id", "user_id", "shared_by_id")

SETTLED = ("user", "elevated", "key")
CHANGED = ("admin's key", "poor key", "link", "link to an album", "link with password")

TABLES = {
    "album": "album", "albums": "album", "asset": "asset", "assets": "asset", "user": "user", "users": "user",
    "partners": "user", "sharedWith": "user", "sharedBy": "user", "owner": "user", "tag": "tag", "tags": "tag",
    "parent": "tag", "person": "person", "people": "person", "face": "asset_face", "faces": "asset_face",
    "stack": "stack", "stacks": "stack", "memory": "memory", "memories": "memory", "session": "session",
    "sessions": "session", "api-keys": "api_key", "shared-links": "shared_link", "libraries": "library",
    "library": "library", "notifications": "notification", "workflows": "workflow", "activities": "activity",
    "source": "asset", "target": "asset", "primaryAsset": "asset", "albumThumbnailAsset": "asset",
    "featureFaceAsset": "asset", "livePhotoVideo": "asset", "assetId": "asset",
}

LISTS_OF_ASSETS = ("assets", "trash", "restore", "download", "jobs")


class World:
    """`callers` by kind. `ids_for(caller, path)` finds ids for what is asked there."""

    def __init__(self, server: Server, rnd: random.Random) -> None:
        self.server, self.rnd = server, rnd
        self._rows: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
        self._makers: dict[str, Callable[[], Caller]] = {
            "admin": lambda: server.user("admin", is_admin=True),
            "admin's key": lambda: server.user("admin", is_admin=True).api_key("all"),
            "user": lambda: self._settled(server.user("user")),
            "elevated": lambda: self._settled(server.user("elevated")).elevated(),
            "key": lambda: self._settled(server.user("key")).api_key("all"),
            "poor key": lambda: self.callers["user"].api_key("asset.read"),
            "partner": lambda: self.callers["user"].partner(),
            "member": lambda: self._member(),
            "link": lambda: self._link(allowUpload=True),
            "link to an album": lambda: self._link(album=True),
            "link with password": lambda: self._link(password="x"),
            "nobody": lambda: server.nobody,
            "nonsense": lambda: Caller(server, {"Authorization": "Bearer \xff", "Cookie": "immich_access_token=\xff;;="},
                                       query={"key": "\0"}),
        }
        self.callers: dict[str, Caller] = {}
        for kind in self._makers:
            self.replace(kind)
        self.look()

    @property
    def kinds(self) -> list[str]:
        return list(self._makers)

    def replace(self, kind: str) -> None:
        """Another caller of this kind, for one whose credential is good for nothing any more."""
        try:
            self.callers[kind] = self._makers[kind]()
        except AssertionError:
            # The user on whom it depends is gone as well.
            self.callers["user"] = self._makers["user"]()
            self.callers[kind] = self._makers[kind]()

    def is_in(self, caller: Caller) -> bool:
        """Whether the credential is still one."""
        path = "/shared-links/me" if caller.query else "/auth/status" if caller.token else "/api-keys/me"
        return caller.open("GET", path).json.get("message") not in (
            "Invalid user token", "Invalid API key", "Invalid share key")

    def look(self) -> None:
        """See what there is now, and give to those who have nothing left."""
        for kind in SETTLED:
            if not self.is_in(self.callers[kind]):
                self.replace(kind)
        # What is sent changes what keys may do, and what links show and ask.
        self.callers["key"] = self._same_by_key(self.callers["key"])
        for kind in CHANGED:
            self.replace(kind)
        for kind in SETTLED:
            with self.server.context():
                (found,), = db.execute_sql("SELECT COUNT(*) FROM asset WHERE owner_id = " + db.obj.param,
                                           (self.callers[kind].id,)).fetchall()
            if found < 3:
                self._settled(self.callers[kind])
        with self.server.context():
            for table in {*TABLES.values()} & {*db.obj.get_tables()}:
                columns = {column.name for column in db.obj.get_columns(table)}
                if "id" not in columns:
                    continue
                owner = next((column for column in OWNERS if column in columns), None)
                rows = peewee.Table(table, ["id", *([owner] if owner else [])]).bind(db.obj)
                query = rows.select(rows.id, getattr(rows, owner) if owner else rows.id)
                found = [(str(row["id"]), str(row[owner]) if owner else None) for row in query.limit(300).dicts()]
                self._rows[table] = sorted(found)

    def ids_for(self, caller: Caller, path: str) -> Callable[[str], str | None]:
        parts = [part for part in path.split("/") if part and not part.startswith("{")]

        def find(name: str) -> str | None:
            about = name.removesuffix("Ids").removesuffix("Id")
            if path == "/faces" and about == "id":
                return self._some("asset", caller)
            if about in ("id", "i"):
                about = parts[-1] if parts[-1] in TABLES else parts[0]
                if about == "admin" or parts[-1] in LISTS_OF_ASSETS and "{" not in path:
                    about = parts[1] if parts[0] == "admin" and len(parts) > 1 else "assets"
                if parts[-1] == "merge":
                    about = "people"
            return self._some(TABLES.get(about, "asset"), caller)

        def in_path(name: str) -> str | None:
            about = name.removesuffix("Id")
            if about == "id":
                before = path.partition("/{id}")[0].rpartition("/")[2]
                return self._some(TABLES.get(before, "asset"), caller)
            return self._some(TABLES.get(about, "asset"), caller)

        find.in_path = in_path
        return find

    def _some(self, table: str, caller: Caller) -> str | None:
        rows = self._rows.get(table)
        if not rows or self.rnd.random() < 0.05:
            return None
        if table != "user" and self.rnd.random() < 0.85 and caller.id:
            rows = [row for row in rows if row[1] == caller.id] or rows
        return self.rnd.choice(rows)[0]

    def _settled(self, user: Caller) -> Caller:
        """With something of everything."""
        ids = [user.asset(photo(8, 8)) for _ in range(4)]
        user.post("/albums", {"albumName": "Album", "assetIds": ids[:2]})
        user.post("/tags", {"name": f"tag {self.rnd.randrange(10**6)}"})
        user.post("/stacks", {"assetIds": ids[2:]})
        person = user.post("/people", {"name": "Ann"}).json["id"]
        user.post("/faces", {"assetId": ids[0], "personId": person, "imageWidth": 8, "imageHeight": 8, "x": 1, "y": 1,
                             "width": 3, "height": 3})
        user.post("/memories", {"type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2023-06-15T10:00:00.000Z",
                                "assetIds": ids[:1]})
        user.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": ids[:1]})
        user.post("/workflows", {"trigger": "AssetCreate", "steps": []})
        if user.token:
            user.post("/auth/pin-code", {"pinCode": "123456"})
        self.server.user("library", is_admin=True).post("/libraries", {"ownerId": user.id})
        return user

    def _same_by_key(self, caller: Caller) -> Caller:
        return Caller(self.server, {}, id=caller.id, email=caller.email).api_key("all")

    def _member(self) -> Caller:
        user = self.callers["user"]
        return user.member(user.album(user.asset(photo(8, 8))), "editor")

    def _link(self, *, album: bool = False, **terms: object) -> Caller:
        user = self.callers["user"]
        asset = user.asset(photo(8, 8))
        return user.link(**terms, albumId=user.album(asset)) if album else user.link(asset, **terms)

    def unlock(self) -> None:
        """Elevations end with the clock; this one shall not."""
        caller = self.callers["elevated"]
        with self.server.context():
            (Session.update(pin_expires_at="2999-01-01T00:00:00.000Z")
             .where(Session.id == caller.session_id).execute())
