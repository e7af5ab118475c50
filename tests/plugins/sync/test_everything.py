"""Three people and all that the app keeps: whatever they do, with features switched off and on meanwhile, in the end each
phone has what REST says its user may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from immich_flask.app import create_app
from immich_flask.core.plugins import Plugins
from immich_flask.infra.config import load_config
from immich_flask.infra.fields import instant
from immich_flask.testing import Caller, Server
from tests.effort import effort
from tests.plugins.albums.conftest import as_seen_by, bare_assets, make_album
from tests.plugins.albums.phones import OF_ASSETS, OF_EXIF
from tests.plugins.sync.replay import CORE, Line, Phone, Table

TYPES = [
    "AuthUsersV1", "UsersV1", "PartnersV1", "AssetsV2", "StacksV1", "PartnerAssetsV2", "PartnerStacksV1",
    "AlbumAssetsV2", "AlbumsV2", "AlbumUsersV1", "AlbumToAssetsV1", "AssetExifsV1", "AlbumAssetExifsV1", "AssetOcrV1",
    "PartnerAssetExifsV1", "MemoriesV1", "MemoryToAssetsV1", "PeopleV1", "AssetFacesV2", "UserMetadataV1",
    "AssetMetadataV1", "AssetEditsV1",
]
"""All that the app of 3.1.0 asks for."""

TABLES = (
    *(table for table in CORE if table.name not in ("asset", "exif")),
    Table("partner", ("PartnerV1",), ("sharedById", "sharedWithId"), {"sharedById": "user", "sharedWithId": "user"},
          {"PartnerDeleteV1": ("sharedById", "sharedWithId")}),
    Table("asset", OF_ASSETS, parents={"ownerId": "user"},
          deletes={"AssetDeleteV1": ("assetId",), "PartnerAssetDeleteV1": ("assetId",)}),
    Table("exif", OF_EXIF, ("assetId",), {"assetId": "asset"}),
    Table("edit", ("AssetEditV1",), parents={"assetId": "asset"}, deletes={"AssetEditDeleteV1": ("editId",)}),
    Table("stack", ("StackV1", "PartnerStackV1", "PartnerStackBackfillV1"), parents={"ownerId": "user"},
          deletes={"StackDeleteV1": ("stackId",), "PartnerStackDeleteV1": ("stackId",)}),
    Table("album", ("AlbumV2",), deletes={"AlbumDeleteV1": ("albumId",)}),
    Table("album_user", ("AlbumUserV1", "AlbumUserBackfillV1"), ("albumId", "userId"),
          {"albumId": "album", "userId": "user"}, {"AlbumUserDeleteV1": ("albumId", "userId")}),
    Table("album_asset", ("AlbumToAssetV1", "AlbumToAssetBackfillV1"), ("albumId", "assetId"),
          {"albumId": "album", "assetId": "asset"}, {"AlbumToAssetDeleteV1": ("albumId", "assetId")}),
    Table("memory", ("MemoryV1",), parents={"ownerId": "user"}, deletes={"MemoryDeleteV1": ("memoryId",)}),
    Table("memory_asset", ("MemoryToAssetV1",), ("memoryId", "assetId"), {"memoryId": "memory", "assetId": "asset"},
          {"MemoryToAssetDeleteV1": ("memoryId", "assetId")}),
)

PEOPLE, EACH = 3, 4

SWITCHED = ("albums", "partners", "stacks", "memories", "trash", "tags")

WHO = st.integers(0, PEOPLE - 1)
WHAT = st.integers(0, PEOPLE * EACH - 1)
SOME = st.lists(WHAT, min_size=1, max_size=4)


class WholePhone(Phone):
    """At the end of a sync the app drops assets that are neither its user's nor a partner's nor in an album."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller, TYPES, TABLES)

    def sync(self, **options: Any) -> list[Line]:
        lines = super().sync(**options)
        if not options:
            with self._db:
                self._db.execute("""
                    DELETE FROM asset WHERE "ownerId" <> ? AND "ownerId" NOT IN (
                        SELECT "sharedById" FROM partner WHERE "sharedWithId" = ?)
                    AND id NOT IN (SELECT "assetId" FROM album_asset)""", (self.caller.id, self.caller.id))
        return lines


class Everything(RuleBasedStateMachine):
    whole: Server
    without: dict[str, Server]

    @initialize()
    def begin(self) -> None:
        self.users = [self.whole.user(name).elevated() for name in ("ann", "bob", "cat")]
        self.assets = [asset for user in self.users for asset in [user.asset(), *bare_assets(self.whole, user, EACH - 1)]]
        self.ever = set(self.assets)
        self.phones = [WholePhone(self.whole.session_of(user)) for user in self.users[:2]]
        self.albums = [make_album(self.users[0], *self.assets[:2])]
        self.memories: list[tuple[int, str]] = []
        self.is_gone = False

    # --- what people do; much of it is refused, which is fine

    @rule(who=WHO, some=SOME, changes=st.fixed_dictionaries({}, optional={
        "isFavorite": st.booleans(), "visibility": st.sampled_from(["timeline", "archive", "hidden", "locked"]),
        "description": st.text("ab", max_size=3), "rating": st.sampled_from([1, 5, None])}).filter(bool))
    def change(self, who: int, some: list[int], changes: dict) -> None:
        self.users[who].put("/assets", {"ids": self.own(who, some), **changes})

    @rule(who=WHO, some=SOME, force=st.booleans())
    def delete(self, who: int, some: list[int], force: bool) -> None:
        ids = self.own(who, some)
        if self.users[who].delete("/assets", {"ids": ids, "force": force}).status_code == 204 and force:
            fresh = iter(bare_assets(self.whole, self.users[who], len(set(ids))))
            self.assets = [next(fresh) if asset in ids else asset for asset in self.assets]
            self.ever.update(self.assets)

    @rule(who=WHO, some=SOME)
    def restore(self, who: int, some: list[int]) -> None:
        self.users[who].post("/trash/restore/assets", {"ids": self.own(who, some)})

    @rule(who=WHO, angle=st.sampled_from([90, 180, 0]))
    def edit(self, who: int, angle: int) -> None:
        path = f"/assets/{self.assets[who * EACH]}/edits"
        if angle:
            self.users[who].put(path, {"edits": [{"action": "rotate", "parameters": {"angle": angle}}]})
        else:
            self.users[who].delete(path)

    @rule(who=WHO, some=SOME, key=st.sampled_from(["mobile-app", "other"]), value=st.integers(0, 3))
    def keep(self, who: int, some: list[int], key: str, value: int) -> None:
        path = f"/assets/{self.own(who, some)[0]}/metadata"
        if value:
            self.users[who].put(path, {"items": [{"key": key, "value": {"n": value}}]})
        else:
            self.users[who].delete(f"{path}/{key}")

    @rule(who=WHO, name=st.sampled_from(["Ann", "Bob"]), duration=st.integers(1, 9))
    def change_oneself(self, who: int, name: str, duration: int) -> None:
        self.users[who].put("/users/me", {"name": name})
        self.users[who].put("/users/me/preferences", {"memories": {"duration": duration}})

    @rule(who=WHO, whom=WHO, begin=st.booleans())
    def be_partners(self, who: int, whom: int, begin: bool) -> None:
        if begin:
            self.users[who].post("/partners", {"sharedWithId": self.users[whom].id})
        else:
            self.users[who].delete(f"/partners/{self.users[whom].id}")

    @rule(who=WHO, some=SOME)
    def stack(self, who: int, some: list[int]) -> None:
        self.users[who].post("/stacks", {"assetIds": self.own(who, some)})

    @rule(who=WHO, take_apart=st.booleans(), member=st.integers(0, 3))
    def change_a_stack(self, who: int, take_apart: bool, member: int) -> None:
        stacks = self.users[who].get("/stacks")
        for stack in stacks.json[:1] if stacks.status_code == 200 else []:
            path = f"/stacks/{stack['id']}"
            if take_apart:
                self.users[who].delete(path)
            elif stack["assets"]:
                asset = stack["assets"][member % len(stack["assets"])]["id"]
                self.users[who].put(path, {"primaryAssetId": asset})
                self.users[who].delete(f"{path}/assets/{stack['assets'][0]['id']}")

    @rule(who=WHO, some=SOME)
    def make_an_album(self, who: int, some: list[int]) -> None:
        if self.is_on("albums") and len(self.albums) < 4 and not (self.is_gone and who == 2):
            self.albums.append(make_album(self.users[who], *self.named(some)))

    @rule(who=WHO, album=WHO, some=SOME, add=st.booleans())
    def fill_an_album(self, who: int, album: int, some: list[int], add: bool) -> None:
        self.users[who].open("PUT" if add else "DELETE", f"/albums/{self.album(album)}/assets",
                             {"ids": self.named(some)})

    @rule(who=WHO, album=WHO, whom=WHO, role=st.sampled_from(["editor", "viewer", None]))
    def change_members(self, who: int, album: int, whom: int, role: str | None) -> None:
        path, user = f"/albums/{self.album(album)}", self.users[whom].id
        if role:
            self.users[who].put(f"{path}/users", {"albumUsers": [{"userId": user, "role": role}]})
            self.users[who].put(f"{path}/user/{user}", {"role": role})
        else:
            self.users[who].delete(f"{path}/user/{user}")

    @rule(who=WHO, album=WHO, delete=st.booleans())
    def change_an_album(self, who: int, album: int, delete: bool) -> None:
        if delete:
            self.users[who].delete(f"/albums/{self.album(album)}")
        else:
            self.users[who].patch(f"/albums/{self.album(album)}", {"description": "new"})

    @rule(who=WHO, some=SOME)
    def remember(self, who: int, some: list[int]) -> None:
        made = self.users[who].post("/memories", {
            "type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2024-06-15T00:00:00.000Z",
            "assetIds": self.named(some)})
        if made.status_code == 201:
            self.memories.append((who, made.json["id"]))

    @rule(which=WHAT, some=SOME, how=st.sampled_from(["add", "take out", "save", "delete"]))
    def change_a_memory(self, which: int, some: list[int], how: str) -> None:
        with suppress(ZeroDivisionError):
            who, memory = self.memories[which % len(self.memories)]
            method, path, body = {
                "add": ("PUT", "/assets", {"ids": self.named(some)}), "save": ("PUT", "", {"isSaved": True}),
                "take out": ("DELETE", "/assets", {"ids": self.named(some)}), "delete": ("DELETE", "", None)}[how]
            self.users[who].open(method, f"/memories/{memory}{path}", body)

    @rule()
    def delete_or_restore_an_account(self) -> None:
        """Of the one without a phone."""
        path = f"/admin/users/{self.users[2].id}"
        asked = self.whole.admin.post(f"{path}/restore") if self.is_gone else self.whole.admin.delete(path, {})
        assert asked.status_code == 200
        self.is_gone = not self.is_gone

    @rule(name=st.sampled_from([*SWITCHED, ""]))
    def switch_off(self, name: str) -> None:
        """And what was off, on again."""
        self.served_by(self.without.get(name, self.whole))

    # --- what phones do

    @rule(phone=st.integers(0, 1))
    def sync(self, phone: int) -> None:
        self.phones[phone].sync()

    @rule(phone=st.integers(0, 1), cut=st.integers(0, 9000))
    def lose_the_connection(self, phone: int, cut: int) -> None:
        self.phones[phone].sync(cut=cut)

    @rule(phone=st.integers(0, 1), acks=st.integers(0, 6))
    def be_killed(self, phone: int, acks: int) -> None:
        self.phones[phone].sync(acks=acks)

    @rule(phone=st.integers(0, 1))
    def forget_to_acknowledge(self, phone: int) -> None:
        self.phones[phone].sync(ack=False)

    def teardown(self) -> None:
        if hasattr(self, "phones"):
            self.served_by(self.whole)
            for phone, user in zip(self.phones, self.users, strict=False):
                for each in (phone, WholePhone(self.whole.session_of(user))):
                    each.settle()
                    Truth(user, self.ever, self.users).assert_same(each)

    # ---

    def served_by(self, server: Server) -> None:
        self.users = [as_seen_by(server, user) for user in self.users]
        for phone in self.phones:
            phone.caller = as_seen_by(server, phone.caller)

    def is_on(self, name: str) -> bool:
        return self.users[0].server.runtime.plugins.is_enabled(name)

    def own(self, who: int, some: Iterable[int]) -> list[str]:
        return [self.assets[who * EACH + number % EACH] for number in some]

    def named(self, some: Iterable[int]) -> list[str]:
        return [self.assets[number] for number in some]

    def album(self, number: int) -> str:
        return self.albums[number % len(self.albums)]


class Truth:
    """What REST says to one user."""

    def __init__(self, user: Caller, assets: set[str], users: list[Caller]) -> None:
        self.user, self.others = user, {each.id: each for each in users}
        self.assets = {asset: found.json for asset in assets
                       if (found := user.get(f"/assets/{asset}")).status_code == 200}

    def assert_same(self, phone: Phone) -> None:
        self._assets(phone)
        self._albums(phone)
        self._stacks(phone)
        self._memories(phone)
        self._people(phone)

    def get(self, path: str, **query: str) -> Any:
        found = self.user.get(path, **query)
        assert found.status_code == 200, found.text
        return found.json

    def _assets(self, phone: Phone) -> None:
        have, exifs = phone.rows("asset"), phone.rows("exif")
        assert {asset for asset, in have} == {asset for asset, in exifs} == self.assets.keys()
        for asset, said in self.assets.items():
            row, exif = have[asset,], exifs[asset,]
            assert (row["deletedAt"] is not None) == said["isTrashed"]
            _same(row, said, but={"deletedAt"})
            _same(exif, said["exifInfo"])
        own = [asset for asset, said in self.assets.items() if said["ownerId"] == self.user.id]
        edits, kept = phone.rows("edit"), phone.rows("asset_metadata")
        assert sorted((row["assetId"], row["sequence"], row["action"], str(row["parameters"])) for row in edits.values()
                      ) == sorted((asset, number, edit["action"], str(edit["parameters"])) for asset in own
                                  for number, edit in enumerate(self.get(f"/assets/{asset}/edits")["edits"]))
        assert {key: row["value"] for key, row in kept.items()} == {
            (asset, item["key"]): item["value"] for asset in own for item in self.get(f"/assets/{asset}/metadata")}

    def _albums(self, phone: Phone) -> None:
        said = {album["id"]: album for album in self.get("/albums")}
        have = phone.rows("album")
        assert {album for album, in have} == said.keys()
        for album, answer in said.items():
            row = have[album,]
            _same(row, answer)
            assert (row["name"], row["thumbnailAssetId"]) == (answer["albumName"], answer["albumThumbnailAssetId"])
        members = {(album, member["user"]["id"]): member["role"] for album, answer in said.items()
                   for member in answer["albumUsers"]}
        assert {key: row["role"] for key, row in phone.rows("album_user").items()} == members
        # The app does not show one without.
        assert {album for (album, _), role in members.items() if role == "owner"} == said.keys()
        in_albums = {(album["id"], asset) for asset in self.assets for album in self.get("/albums", assetId=asset)}
        trashed = {asset for asset, answer in self.assets.items() if answer["isTrashed"]}
        assert {key for key in phone.rows("album_asset") if key[1] not in trashed} == {
            key for key in in_albums if key[1] not in trashed}

    def _stacks(self, phone: Phone) -> None:
        sharing = [partner["id"] for partner in self.get("/partners", direction="shared-with")]
        said = {stack["id"]: stack["primaryAssetId"] for owner in (self.user.id, *sharing)
                for stack in self.others[owner].get("/stacks").json}
        stacks = {stack: row["primaryAssetId"] for (stack,), row in phone.rows("stack").items()
                  if row["ownerId"] in (self.user.id, *sharing)}
        assert stacks == said
        # The app hides what is in a stack that it does not know.
        assert {row["stackId"] for row in phone.rows("asset").values()
                if row["ownerId"] in (self.user.id, *sharing)} - {None} <= stacks.keys()

    def _memories(self, phone: Phone) -> None:
        have, links = phone.rows("memory"), phone.rows("memory_asset")
        shown = {asset for asset, said in self.assets.items()
                 if said["visibility"] == "timeline" and not said["isTrashed"]}
        for memory, row in have.items():
            said = self.get(f"/memories/{memory[0]}")
            _same(row, said)
            assert {asset for owner, asset in links if owner == memory[0] and asset in shown} == {
                asset["id"] for asset in said["assets"]}
        assert {memory["id"] for memory in self.get("/memories")} <= {memory for memory, in have}
        assert self.get("/memories/statistics")["total"] == len(have)

    def _people(self, phone: Phone) -> None:
        users = phone.rows("user")
        for said in self.get("/users"):
            # REST chooses a colour for who has none.
            _same(users[said["id"],], said, but={"avatarColor"})
        mine, = phone.rows("auth_user").values()
        _same(mine, self.get("/users/me"), but={"avatarColor"})
        partners = {(said["id"], self.user.id): said["inTimeline"]
                    for said in self.get("/partners", direction="shared-with")}
        partners |= {(self.user.id, said["id"]): said["inTimeline"]
                     for said in self.get("/partners", direction="shared-by")}
        have = {key: row["inTimeline"] for key, row in phone.rows("partner").items()}
        assert have.keys() == partners.keys()
        preferences = phone.rows("user_metadata").get((self.user.id, "preferences"))
        if preferences and "memories" in preferences["value"]:
            assert preferences["value"]["memories"]["duration"] == self.get("/users/me/preferences")["memories"][
                "duration"]


def _same(row: dict, said: dict, but: set[str] = frozenset()) -> None:
    """In all fields that both have."""
    for name in row.keys() & said.keys() - but:
        assert _plain(row[name]) == _plain(said[name]), (name, row, said)


def _plain(value: Any) -> Any:
    """Of an instant the moment, however it is spelled."""
    with suppress(TypeError, ValueError):
        return instant(value)
    return value


@pytest.fixture(scope="module")
def machine(make_server: Callable[..., Server]) -> type[Everything]:
    whole = make_server()
    whole.admin = whole.user("admin", is_admin=True)
    config, without = whole.runtime.config, {}
    for name in SWITCHED:
        off = [name, "activities", "shared_links"] if name == "albums" else [name]
        plugins = Plugins(load_config(environ={}, overrides={"plugins.disabled": off}))
        server = without[name] = Server(create_app(config, plugins=plugins), whole.checks)
        # The same one.
        server.database = whole.database
        whole.activate()
    return type("Machine", (Everything,), {"whole": whole, "without": without})


def test_whatever_happens(machine: type[Everything]) -> None:
    run_state_machine_as_test(machine, settings=effort(2, steps=40))


def test_what_happens_while_a_plugin_is_off(machine: type[Everything]) -> None:
    """Phones have forgotten what went out of sight; when it is back they want all of it, though nobody listened."""
    state = machine()
    state.begin()
    ann, bob, _ = state.users
    cover, seen, back, archived = state.assets[:EACH]

    def remember(*assets: str) -> None:
        assert bob.post("/memories", {"type": "on_this_day", "data": {"year": 2020}, "assetIds": assets,
                                      "memoryAt": "2024-06-15T00:00:00.000Z"}).status_code == 201

    def settled() -> None:
        for phone in state.phones:
            phone.settle()

    def while_off(name: str, method: str, path: str, body: dict) -> None:
        state.served_by(state.without[name])
        assert state.users[0].open(method, path, body).status_code < 300
        state.served_by(state.whole)

    ann.post("/partners", {"sharedWithId": bob.id})
    remember(archived, state.assets[EACH])
    settled()
    ann.put(f"/assets/{archived}", {"visibility": "archive"})
    ann.delete("/assets", {"ids": [back]})
    settled()
    # So that what is sent again is not just newer than the last that came.
    ann.put("/assets", {"ids": [seen], "rating": 3})
    remember(state.assets[EACH])
    settled()
    while_off("partners", "POST", "/trash/restore/assets", {"ids": [back]})
    while_off("memories", "PUT", f"/assets/{archived}", {"visibility": "timeline"})
    while_off("albums", "PUT", "/assets", {"ids": [cover], "visibility": "locked"})
    while_off("albums", "DELETE", "/assets", {"ids": [seen], "force": True})
    state.teardown()


def test_a_partnership_that_begins_again(machine: type[Everything]) -> None:
    state = machine()
    state.begin()
    ann, bob, _ = state.users
    ann.post("/partners", {"sharedWithId": bob.id})
    state.memories.append((1, bob.post("/memories", {
        "type": "on_this_day", "data": {"year": 2020}, "assetIds": state.assets[1:2],
        "memoryAt": "2024-06-15T00:00:00.000Z"}).json["id"]))
    state.phones[1].settle()
    ann.delete(f"/partners/{bob.id}")
    state.phones[1].settle()
    assert state.phones[1].rows("memory_asset") == {}
    ann.post("/partners", {"sharedWithId": bob.id})
    state.teardown()
    assert len(state.phones[1].rows("memory_asset")) == 1
