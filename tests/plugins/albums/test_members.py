"""Who is in an album, as what, and how that changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.contracts.errors import Conflict
from immich_flask.testing import Caller, Server
from plugins.albums.api import AlbumInvited, AlbumUpdated
from tests.plugins.albums.conftest import NO_SUCH, make_album, said
from tests.plugins.albums.linking.hooks import Known


def roles(caller: Caller, album: str) -> dict[str, str]:
    answer = caller.get(f"/albums/{album}")
    assert answer.status_code == 200, answer.text
    return {each["user"]["id"]: each["role"] for each in answer.json["albumUsers"]}


def add(caller: Caller, album: str, *users: tuple[Caller, str | None]) -> object:
    return caller.put(f"/albums/{album}/users", {"albumUsers": [
        {"userId": user.id} | ({"role": role} if role else {}) for user, role in users]})


def test_adding(server: Server, user: Caller, other: Caller) -> None:
    third = server.user("third")
    album = make_album(user, user.asset())
    before = user.get(f"/albums/{album}").json["updatedAt"]
    answer = add(user, album, (other, None), (third, "viewer"), (third, "editor")).json
    assert [(each["user"]["id"], each["role"]) for each in answer["albumUsers"]] == [
        (user.id, "owner"), (other.id, "editor"), (third.id, "viewer")]
    assert (answer["shared"], answer["assetCount"], answer["updatedAt"] > before) == (True, 1, True)
    again = add(other, album, (third, "editor"), (user, "viewer")).json
    assert roles(third, album) == {user.id: "owner", other.id: "editor", third.id: "viewer"}
    assert again["updatedAt"] == answer["updatedAt"]


def test_nobody_is_added_when_one_is_wrong(server: Server, user: Caller, other: Caller) -> None:
    album, gone = make_album(user), server.user()
    server.admin.delete(f"/admin/users/{gone.id}", {})
    for users, answer in (([(other, "viewer"), (other, "owner")], "Cannot add another owner"),
                          ([(other, "viewer"), (gone, "viewer")], "Invalid user")):
        assert said(add(user, album, *users)) == (400, answer)
    for body, path in (({}, ["albumUsers"]), ({"albumUsers": []}, ["albumUsers"]),
                       ({"albumUsers": [{"userId": "x"}]}, ["albumUsers", 0, "userId"]),
                       ({"albumUsers": [{"userId": other.id, "role": "admin"}]}, ["albumUsers", 0, "role"]),
                       ({"sharedUserIds": [other.id]}, ["albumUsers"])):
        refused = user.put(f"/albums/{album}/users", body)
        assert (refused.status_code, refused.json["errors"][0]["path"]) == (400, path)
    assert roles(user, album) == {user.id: "owner"}


def test_roles_change(user: Caller, other: Caller, server: Server) -> None:
    third, stranger = server.user(), server.user()
    album = make_album(user, editors=(other,), viewers=(third,))
    path = f"/albums/{album}/user/"
    assert user.put(path + third.id, {"role": "editor"}).status_code == 204
    assert third.put(path + other.id, {"role": "viewer"}).status_code == 204
    assert roles(user, album) == {user.id: "owner", third.id: "editor", other.id: "viewer"}
    assert said(third.put(path + user.id, {"role": "viewer"})) == (400, "User is owner")
    assert said(third.put(path + other.id, {"role": "owner"})) == (400, "Cannot add another owner")
    assert user.put(path + stranger.id, {"role": "viewer"}).status_code == 204
    assert third.put(path + "me", {"role": "viewer"}).status_code == 204
    assert said(third.put(path + "me", {"role": "editor"})) == (400, "Not found or no album.share access")
    assert roles(user, album) == {user.id: "owner", third.id: "viewer", other.id: "viewer"}
    for member, body, bad in (("anna", {"role": "viewer"}, "userId"), (third.id, {}, "role"),
                              (third.id, {"role": "x"}, "role")):
        assert user.put(path + member, body).json["errors"][0]["path"] == [bad]


def test_leaving_and_being_sent_away(user: Caller, other: Caller, server: Server) -> None:
    third, fourth = server.user(), server.user()
    album = make_album(user, editors=(other,), viewers=(third, fourth))
    path = f"/albums/{album}/user/"
    assert said(third.delete(path + other.id)) == (400, "Not found or no album.share access")
    assert third.delete(path + "me").status_code == 204
    assert said(third.delete(path + "me")) == (400, "Album not shared with user")
    assert said(third.get(f"/albums/{album}")) == (400, "Not found or no album.read access")
    assert other.delete(path + fourth.id).status_code == 204
    for caller, member in ((user, "me"), (other, user.id), (user, user.id)):
        assert said(caller.delete(path + member)) == (400, "Cannot remove the last album owner")
    assert other.delete(path + other.id).status_code == 204
    assert roles(user, album) == {user.id: "owner"}
    assert user.get(f"/albums/{album}").json["shared"] is False
    assert said(user.delete(path + third.id)) == (400, "Album not shared with user")
    assert said(user.delete(f"/albums/{NO_SUCH}/user/me")) == (400, "Album not found")
    assert user.delete(path + "you").json["errors"][0]["path"] == ["userId"]


@pytest.mark.parametrize(("method", "path", "body", "permission"), [
    ("GET", "", None, "album.read"), ("PATCH", "", {"albumName": "x"}, "album.update"),
    ("DELETE", "", None, "album.delete"),
    ("GET", "/map-markers", None, "album.read"),
    ("PUT", "/users", {"albumUsers": [{"userId": NO_SUCH}]}, "album.share"),
    ("PUT", f"/user/{NO_SUCH}", {"role": "viewer"}, "album.share"),
])
def test_strangers(server: Server, user: Caller, method: str, path: str, body: dict | None, permission: str) -> None:
    album = make_album(user)
    for caller in (server.user(), server.admin):
        for id in (album, NO_SUCH):
            assert said(caller.open(method, f"/albums/{id}{path}", body)) == (
                400, f"Not found or no {permission} access")
    assert said(user.open(method, f"/albums/first{path}", body)) == (400, "Validation failed")


@pytest.mark.parametrize(("role", "allowed"), [("editors", {"PATCH", "PUT"}), ("viewers", set())])
def test_what_a_role_may_do(user: Caller, other: Caller, role: str, allowed: set[str]) -> None:
    album = make_album(user, **{role: (other,)})
    assert other.get(f"/albums/{album}").status_code == 200
    for method, path, body in (("PATCH", "", {"albumName": "x"}),
                               ("PUT", "/users", {"albumUsers": [{"userId": user.id}]}),
                               ("PUT", "/assets", {"ids": []}), ("DELETE", "", None)):
        assert (other.open(method, f"/albums/{album}{path}", body).status_code == 200) == (method in allowed), path


@pytest.mark.parametrize(("method", "path", "permission"), [
    ("GET", "/albums", "album.read"), ("POST", "/albums", "album.create"),
    ("GET", "/albums/statistics", "album.statistics"),
    ("PUT", "/albums/assets", "albumAsset.create"), ("GET", "/albums/{id}", "album.read"),
    ("PATCH", "/albums/{id}", "album.update"), ("DELETE", "/albums/{id}", "album.delete"),
    ("GET", "/albums/{id}/map-markers", "album.read"), ("PUT", "/albums/{id}/assets", "albumAsset.create"),
    ("DELETE", "/albums/{id}/assets", "albumAsset.delete"), ("PUT", "/albums/{id}/users", "albumUser.create"),
    ("PUT", "/albums/{id}/user/me", "albumUser.update"), ("DELETE", "/albums/{id}/user/me", "albumUser.delete"),
])
def test_keys_and_nobody(server: Server, user: Caller, method: str, path: str, permission: str) -> None:
    path = path.format(id=make_album(user))
    assert said(server.nobody.open(method, path)) == (401, "Authentication required")
    assert said(user.api_key("asset.read").open(method, path)) == (403, f"Missing required permission: {permission}")
    assert user.api_key(permission).open(method, path).status_code not in (401, 403)


def test_links_read_and_nothing_else(user: Caller, link: Callable) -> None:
    album, another = make_album(user, user.asset()), make_album(user)
    guest = link(user, album, allow_upload=True)
    answer = guest.get(f"/albums/{album}").json
    assert (answer["id"], answer["hasSharedLink"], answer["assetCount"]) == (album, True, 1)
    assert said(guest.get(f"/albums/{another}")) == (400, "Not found or no album.read access")
    assert said(link(user, None).get(f"/albums/{album}")) == (400, "Not found or no album.read access")
    for method, path in (("GET", "/albums"), ("POST", "/albums"), ("GET", "/albums/statistics"),
                         ("PUT", "/albums/assets"), ("PATCH", f"/albums/{album}"), ("DELETE", f"/albums/{album}"),
                         ("PUT", f"/albums/{album}/assets"), ("DELETE", f"/albums/{album}/assets"),
                         ("PUT", f"/albums/{album}/users"), ("DELETE", f"/albums/{album}/user/me")):
        assert said(guest.open(method, path)) == (403, "Forbidden")


def test_others_hear_of_it_once_it_is_so(user: Caller, other: Caller, known: Known) -> None:
    asset, mine = user.asset(), other.asset()
    album = make_album(user, asset, viewers=(other,))
    assert known.heard == [AlbumInvited(album, other.id, user.id)]
    both = tuple(sorted((user.id, other.id)))

    def heard() -> list:
        new, known.heard = known.heard, []
        return new

    heard()
    add(user, album, (other, "editor"))
    user.put(f"/albums/{album}/assets", {"ids": [asset]})
    user.patch(f"/albums/{album}", {"albumName": "x"})
    assert heard() == []
    user.put(f"/albums/{album}/user/{other.id}", {"role": "editor"})
    other.put(f"/albums/{album}/assets", {"ids": [mine]})
    assert heard() == [AlbumUpdated(album, both, (user.id,))]
    user.delete(f"/albums/{album}/assets", {"ids": [mine, asset]})
    assert heard() == [AlbumUpdated(album, both)]
    other.put("/albums/assets", {"albumIds": [album], "assetIds": [mine]})
    assert heard() == [AlbumUpdated(album, both, (user.id,))]
    known.veto = Conflict()
    assert add(user, make_album(user), (other, "viewer")).status_code == 409
    assert heard() == []
