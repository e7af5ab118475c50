"""Comments and likes in albums, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from immich_flask.app import create_app
from immich_flask.core.plugins import Plugins, find_plugins
from immich_flask.infra.config import load_config
from immich_flask.testing import Caller, Server
from tests.effort import effort

NO_SUCH = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"


def some_plugins(*left_out: str) -> Plugins:
    found = find_plugins()
    return Plugins(load_config(environ={}), {name: found[name] for name in ("activities", "albums", "trash")
                                             if name not in left_out})


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Server]) -> Server:
    server = make_server(some_plugins())
    server.admin = server.user("admin", is_admin=True)
    return server


class Setting:
    """An album of the owner with two assets, an editor and a viewer; somebody who is not in it."""

    def __init__(self, server: Server) -> None:
        self.owner, self.editor, self.viewer, self.stranger = (
            server.user(name) for name in ("owner", "editor", "viewer", "stranger"))
        self.red, self.blue = self.owner.asset(), self.owner.asset()
        self.album = self.owner.post("/albums", {
            "albumName": "One", "assetIds": [self.red, self.blue], "albumUsers": [
                {"userId": self.editor.id, "role": "editor"}, {"userId": self.viewer.id, "role": "viewer"}]}).json["id"]

    def like(self, who: Caller, asset: str | None = None) -> str:
        return self.say(who, "like", asset)

    def comment(self, who: Caller, text: str, asset: str | None = None) -> str:
        return self.say(who, "comment", asset, comment=text)

    def say(self, who: Caller, type: str, asset: str | None, **more: str) -> str:
        body = {"albumId": self.album, "type": type, **more} | ({"assetId": asset} if asset else {})
        made = who.post("/activities", body)
        assert made.status_code in (200, 201), made.text
        return made.json["id"]

    def ids(self, who: Caller | None = None, **query: str) -> list[str]:
        answer = (who or self.owner).get("/activities", albumId=self.album, **query)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json]

    def counts(self, **query: str) -> tuple[int, int]:
        answer = self.viewer.get("/activities/statistics", albumId=self.album, **query)
        assert answer.status_code == 200, answer.text
        return answer.json["comments"], answer.json["likes"]


@pytest.fixture
def here(server: Server) -> Setting:
    return Setting(server)


def said(response) -> tuple[int, str]:
    return response.status_code, response.json["message"]


def test_a_comment(here: Setting) -> None:
    made = here.viewer.post("/activities", {"albumId": here.album, "assetId": here.red, "type": "comment",
                                            "comment": " second ", "more": 1})
    assert made.status_code == 201
    answer = made.json
    assert answer == {"id": answer["id"], "createdAt": answer["createdAt"], "assetId": here.red, "type": "comment",
                      "comment": " second ", "user": answer["user"]}
    assert answer["user"]["id"] == here.viewer.id
    assert here.comment(here.viewer, " second ", here.red) != answer["id"]
    assert here.editor.get("/activities", albumId=here.album).json[0] == answer


def test_one_like_for_each_user_and_target(here: Setting) -> None:
    bodies = [{"albumId": here.album, "type": "like"}, {"albumId": here.album, "type": "like", "assetId": here.red},
              {"albumId": here.album, "type": "like", "assetId": here.blue, "comment": ""}]
    for who in (here.viewer, here.editor):
        for body in bodies:
            first, second = who.post("/activities", body), who.post("/activities", body)
            assert (first.status_code, second.status_code) == (201, 200)
            assert first.json == second.json
            assert (first.json["type"], first.json["comment"]) == ("like", None)
    assert here.counts() == (0, 6)
    assert here.counts(assetId=here.red) == (0, 2)


@pytest.mark.parametrize(("body", "path"), [
    ({"type": "comment"}, "comment"), ({"type": "comment", "comment": "  "}, "comment"),
    ({"type": "like", "comment": "text"}, "comment"), ({}, "type"), ({"type": "love"}, "type"),
    ({"type": "like", "assetId": "1"}, "assetId"), ({"type": "like", "assetId": None}, "assetId"),
    ({"type": "like", "albumId": "1"}, "albumId"), ({"type": "comment", "comment": "a\0b"}, "comment"),
])
def test_bad_activities(here: Setting, body: dict, path: str) -> None:
    refused = here.owner.post("/activities", {"albumId": here.album, **body})
    assert (refused.status_code, [issue["path"] for issue in refused.json["errors"]]) == (400, [[path]])
    assert here.ids() == []


def test_bad_lists(here: Setting) -> None:
    for query, path in (({}, "albumId"), ({"type": "love"}, "type"), ({"level": "all"}, "level"),
                        ({"userId": "x"}, "userId")):
        query = {"albumId": here.album, **query} if query else {}
        assert here.owner.get("/activities", **query).json["errors"][0]["path"] == [path]
    assert here.owner.get("/activities/statistics", assetId=here.red).json["errors"][0]["path"] == ["albumId"]


def test_only_about_what_is_in_the_album(here: Setting) -> None:
    out, binned = here.owner.asset(), here.owner.asset()
    here.owner.put(f"/albums/{here.album}/assets", {"ids": [binned]})
    here.owner.delete("/assets", {"ids": [binned]})
    for asset in (out, binned, NO_SUCH):
        refused = here.owner.post("/activities", {"albumId": here.album, "assetId": asset, "type": "like"})
        assert said(refused) == (400, "Asset is not in the album")
    assert here.ids() == []


def test_members_only_and_only_while_switched_on(server: Server, here: Setting) -> None:
    like = {"albumId": here.album, "type": "like"}
    for who, album in ((here.stranger, here.album), (server.admin, here.album), (here.owner, NO_SUCH)):
        assert said(who.post("/activities", {**like, "albumId": album})) == (
            400, "Not found or no activity.create access")
        for path in ("/activities", "/activities/statistics"):
            assert said(who.get(path, albumId=album)) == (400, "Not found or no album.read access")
    kept = here.like(here.viewer)
    here.owner.patch(f"/albums/{here.album}", {"isActivityEnabled": False})
    for who in (here.owner, here.viewer):
        assert said(who.post("/activities", like)) == (400, "Not found or no activity.create access")
    assert here.ids(here.editor) == [kept]
    assert here.viewer.delete(f"/activities/{kept}").status_code == 204


@pytest.mark.parametrize(("method", "path", "permission"), [
    ("GET", "/activities", "activity.read"), ("POST", "/activities", "activity.create"),
    ("GET", "/activities/statistics", "activity.statistics"), ("DELETE", f"/activities/{NO_SUCH}", "activity.delete"),
])
def test_keys_and_nobody(server: Server, here: Setting, method: str, path: str, permission: str) -> None:
    assert said(server.nobody.open(method, path)) == (401, "Authentication required")
    assert said(here.owner.api_key("album.read").open(method, path)) == (
        403, f"Missing required permission: {permission}")
    assert here.owner.api_key(permission).open(method, path).status_code == 400


def test_lists(here: Setting) -> None:
    first, second = here.comment(here.owner, "a"), here.like(here.viewer, here.red)
    third, fourth = here.comment(here.editor, "b", here.red), here.like(here.viewer)
    fifth = here.comment(here.owner, "c", here.blue)
    everything = [first, second, third, fourth, fifth]
    for query, wanted in (
            ({}, everything), ({"type": "comment"}, [first, third, fifth]), ({"type": "like"}, [second, fourth]),
            ({"assetId": here.red}, [second, third]), ({"level": "album"}, [first, fourth]),
            ({"level": "asset"}, everything), ({"level": "album", "assetId": here.red}, [first, fourth]),
            ({"userId": here.viewer.id}, [second, fourth]),
            ({"userId": here.viewer.id, "type": "like", "assetId": here.red}, [second]),
            ({"userId": here.stranger.id}, []), ({"assetId": NO_SUCH}, [])):
        assert here.ids(**query) == wanted, query
    assert (here.counts(), here.counts(assetId=here.red), here.counts(assetId=NO_SUCH)) == ((3, 2), (1, 1), (0, 0))


def test_lists_cost_the_same_however_long(here: Setting, queries: Callable) -> None:
    def cost() -> int:
        with queries() as sql:
            here.ids()
        return len(sql)

    here.comment(here.owner, "a")
    one = cost()
    for who in (here.owner, here.editor, here.viewer) * 3:
        here.comment(who, "b", here.red)
    assert cost() == one


def test_deleting(server: Server, here: Setting) -> None:
    mine, editors, viewers = (here.comment(who, "x") for who in (here.owner, here.editor, here.viewer))
    for who, activity in ((here.editor, viewers), (here.viewer, mine), (here.stranger, mine), (server.admin, mine)):
        assert said(who.delete(f"/activities/{activity}")) == (400, "Not found or no activity.delete access")
    assert here.editor.delete(f"/activities/{editors}").status_code == 204
    assert here.owner.delete(f"/activities/{viewers}").status_code == 204
    assert said(here.editor.delete(f"/activities/{editors}")) == (400, "Not found or no activity.delete access")
    assert here.owner.delete("/activities/1").json["errors"][0]["path"] == ["id"]
    assert here.ids() == [mine]


def test_what_is_out_of_sight_is_not_spoken_of(server: Server, here: Setting) -> None:
    about_red, about_blue = here.like(here.viewer, here.red), here.comment(here.editor, "x", here.blue)
    of_album = here.comment(here.viewer, "y")
    here.owner.delete("/assets", {"ids": [here.red]})
    assert (here.ids(), here.counts()) == ([about_blue, of_album], (2, 0))
    here.owner.post("/trash/restore/assets", {"ids": [here.red]})
    assert (here.ids(), here.counts()) == ([about_red, about_blue, of_album], (2, 1))
    server.admin.delete(f"/admin/users/{here.editor.id}", {})
    assert (here.ids(), here.counts()) == ([about_red, of_album], (1, 1))
    server.admin.post(f"/admin/users/{here.editor.id}/restore")
    assert here.ids() == [about_red, about_blue, of_album]


@pytest.mark.parametrize("way", ["taken out", "locked", "deleted", "album deleted"])
def test_what_leaves_takes_it_along(here: Setting, way: str) -> None:
    gone = here.like(here.viewer, here.red)
    stays = here.comment(here.viewer, "y", here.blue)
    if way == "taken out":
        here.owner.delete(f"/albums/{here.album}/assets", {"ids": [here.red]})
        here.owner.put(f"/albums/{here.album}/assets", {"ids": [here.red]})
    elif way == "locked":
        here.owner.put("/assets", {"ids": [here.red], "visibility": "locked"})
    elif way == "deleted":
        here.owner.delete("/assets", {"ids": [here.red], "force": True})
    else:
        here.owner.delete(f"/albums/{here.album}")
        for activity in (gone, stays):
            assert here.viewer.delete(f"/activities/{activity}").status_code == 400
        return
    assert (here.ids(), here.counts()) == ([stays], (1, 0))


def test_what_a_former_member_said_stays(here: Setting) -> None:
    remark = here.comment(here.viewer, "bye")
    here.viewer.delete(f"/albums/{here.album}/user/me")
    assert here.ids() == [remark]
    assert here.viewer.get("/activities", albumId=here.album).status_code == 400
    assert here.viewer.delete(f"/activities/{remark}").status_code == 204


@pytest.fixture
def without(server: Server) -> Iterator[Server]:
    """The same database, with activities switched off."""
    bare = Server(create_app(server.runtime.config, plugins=some_plugins("activities")), server.checks)
    bare.database = server.database
    yield bare
    server.activate()


def test_switched_off_and_on_again(server: Server, here: Setting, without: Server) -> None:
    gone, stays = here.like(here.viewer, here.red), here.like(here.viewer, here.blue)
    me = Caller(without, here.owner.headers, id=here.owner.id)
    assert me.get("/activities", albumId=here.album).status_code == 404
    assert me.delete(f"/albums/{here.album}/assets", {"ids": [here.red]}).status_code == 200
    assert here.ids() == [stays] != [gone]


class Talk(RuleBasedStateMachine):
    """Three members like, comment and take back; what is shown is what a plain list of it says."""

    server: Server
    WHO, WHERE = st.integers(0, 2), st.integers(0, 2)

    @initialize()
    def begin(self) -> None:
        self.here = Setting(self.server)
        self.members = [self.here.owner, self.here.editor, self.here.viewer]
        self.targets = [None, self.here.red, self.here.blue]
        self.said: dict[str, tuple] = {}

    @rule(who=WHO, where=WHERE)
    def like(self, who: int, where: int) -> None:
        made = self.here.like(self.members[who], self.targets[where])
        known = [id for id, what in self.said.items() if what == (who, where, "like")]
        assert known in ([], [made])
        self.said[made] = (who, where, "like")

    @rule(who=WHO, where=WHERE)
    def comment(self, who: int, where: int) -> None:
        self.said[self.here.comment(self.members[who], "x", self.targets[where])] = (who, where, "comment")

    @rule(who=WHO, which=st.integers(0, 20))
    def take_back(self, who: int, which: int) -> None:
        if self.said:
            id = list(self.said)[which % len(self.said)]
            allowed = who in (0, self.said[id][0])
            assert self.members[who].delete(f"/activities/{id}").status_code == (204 if allowed else 400)
            if allowed:
                del self.said[id]

    @rule(where=st.integers(1, 2))
    def take_out_and_in(self, where: int) -> None:
        for method in ("DELETE", "PUT"):
            self.here.owner.open(method, f"/albums/{self.here.album}/assets", {"ids": [self.targets[where]]})
        self.said = {id: what for id, what in self.said.items() if what[1] != where}

    @invariant()
    def shown(self) -> None:
        if hasattr(self, "said"):
            assert self.here.ids() == list(self.said)
            kinds = [kind for *_, kind in self.said.values()]
            assert self.here.counts() == (kinds.count("comment"), kinds.count("like"))


def test_whatever_is_said(server: Server) -> None:
    class Machine(Talk):
        pass

    Machine.server = server
    run_state_machine_as_test(Machine, settings=effort(5, steps=15))
