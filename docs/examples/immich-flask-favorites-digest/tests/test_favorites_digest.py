"""Digests of new favourites: by route, by job, by command."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from immich_flask.testing import Caller, Server
from immich_flask_favorites_digest.commands import favorites_digest
from immich_flask_favorites_digest.jobs import ALL
from immich_flask_favorites_digest.models import FavoriteMark

AT = "/favorites-digests"


def mark(user: Caller, *assets: str, favorite: bool = True) -> None:
    assert user.put("/assets", {"ids": list(assets), "isFavorite": favorite}).status_code == 204


def ids(digest: dict) -> set[str]:
    return {asset["id"] for asset in digest["assets"]}


class TestMaking:
    def test_what_is_new_is_told_once(self, user: Caller, assets: list[str]) -> None:
        first, second, third = assets
        mark(user, first, second)
        made = user.post(AT)
        assert (made.status_code, ids(made.json), made.json["assetCount"]) == (201, {first, second}, 2)
        again = user.post(AT)
        assert (again.status_code, again.json) == (
            400, {"message": "Nothing became a favourite since the last digest"})
        mark(user, third, first)
        assert ids(user.post(AT).json) == {third}, "the first is no news"
        assert [digest["assetCount"] for digest in user.get(AT).json] == [1, 2]

    def test_uploads_count_and_what_was_unmarked_does_not(self, user: Caller, asset: str) -> None:
        loved = user.asset(isFavorite="true")
        mark(user, asset)
        mark(user, asset, favorite=False)
        assert ids(user.post(AT).json) == {loved}

    def test_what_is_not_shown_waits(self, user: Caller, assets: list[str]) -> None:
        archived, trashed, locked = assets
        mark(user, *assets)
        user.put("/assets", {"ids": [archived], "visibility": "archive"})
        user.put("/assets", {"ids": [locked], "visibility": "locked"})
        user.delete("/assets", {"ids": [trashed]})
        assert user.post(AT).status_code == 400
        user.put("/assets", {"ids": [archived], "visibility": "timeline"})
        assert ids(user.post(AT).json) == {archived}

    def test_nothing_is_remembered_of_what_was_rolled_back_or_removed(self, server: Server, user: Caller,
                                                                      asset: str) -> None:
        assert user.put("/assets", {"ids": [asset, asset[:-4] + "0000"], "isFavorite": True}).status_code == 400
        with server.context():
            assert not FavoriteMark.select().where(FavoriteMark.asset == asset).exists()
        mark(user, asset)
        user.delete("/assets", {"ids": [asset], "force": True})
        with server.context():
            assert not FavoriteMark.select().where(FavoriteMark.asset == asset).exists()


class TestReading:
    @pytest.fixture
    def digest(self, user: Caller, asset: str) -> str:
        mark(user, asset)
        return user.post(AT).json["id"]

    def test_who_may(self, request: pytest.FixtureRequest, digest: str) -> None:
        statuses = {name: request.getfixturevalue(name).get(f"{AT}/{digest}").status_code for name in (
            "nobody", "user", "other", "partner", "member", "link", "api_key", "admin", "elevated")}
        assert statuses == {"nobody": 401, "user": 200, "other": 400, "partner": 400, "member": 400, "link": 403,
                            "api_key": 200, "admin": 400, "elevated": 200}

    def test_keys_need_the_permission(self, user: Caller, digest: str) -> None:
        assert user.api_key("memory.read").get(AT).status_code == 200
        assert user.api_key("asset.read").get(AT).status_code == 403
        assert user.api_key("memory.read").post(AT).status_code == 403

    def test_a_list_takes_as_many_queries_whatever_its_length(self, user: Caller, digest: str,
                                                              queries: Callable) -> None:
        with queries() as few:
            user.get(AT)
        for _ in range(3):
            mark(user, user.asset())
            assert user.post(AT).status_code == 201
        with queries() as many:
            assert len(user.get(AT).json) == 4
        assert len(many) == len(few)

    def test_removing(self, user: Caller, other: Caller, digest: str) -> None:
        assert other.delete(f"{AT}/{digest}").status_code == 400
        assert user.delete(f"{AT}/{digest}").status_code == 204
        assert user.get(AT).json == []
        assert user.delete(f"{AT}/{digest}").status_code == 400
        assert user.get(f"{AT}/no-id").status_code == 400

    def test_narrowing(self, user: Caller, other: Caller, asset: str, digest: str) -> None:
        user.asset()
        assert [bucket["count"] for bucket in user.get("/timeline/buckets", favoritesDigestId=digest).json] == [1]
        found = user.post("/search/metadata", {"favoritesDigestId": digest}).json["assets"]["items"]
        assert [item["id"] for item in found] == [asset]
        assert other.get("/timeline/buckets", favoritesDigestId=digest).status_code == 400
        assert user.post("/search/metadata", {"favoritesDigestId": "x"}).status_code == 400


class TestWeekly:
    def test_everybody_with_news_is_told(self, server: Server, user: Caller, other: Caller) -> None:
        mark(user, user.asset(), user.asset())
        server.run_job(ALL)
        server.run_job(ALL)
        assert len(user.get(AT).json) == 1
        assert other.get(AT).json == []
        told, = [told for told in user.get("/notifications").json if told["type"] == "Custom"]
        assert (told["title"], told["data"]) == (
            "2 new favourites", {"favoritesDigestId": user.get(AT).json[0]["id"]})

    def test_old_ones_go(self, make_server: Callable[..., Server]) -> None:
        server = make_server(**{"plugin.favorites_digest.keep": 2})
        user = server.user()
        for _ in range(3):
            mark(user, user.asset())
            made = user.post(AT).json["id"]
        kept = [digest["id"] for digest in user.get(AT).json]
        assert (len(kept), kept[0]) == (2, made)

    def test_the_command(self, server: Server, user: Caller, asset: str) -> None:
        mark(user, asset)
        with server.context():
            dry = CliRunner().invoke(favorites_digest, ["--dry-run", "--user", user.email.upper()])
            assert (dry.exit_code, dry.output) == (0, f"{user.email}: 1 new favourite\n")
            assert CliRunner().invoke(favorites_digest, ["--user", user.email]).exit_code == 0
            assert "nothing is new" in CliRunner().invoke(favorites_digest, ["--user", user.email]).output
        assert len(user.get(AT).json) == 1


@pytest.mark.parametrize(("setting", "value", "said"), [
    ("schedule", "monday", "schedule is no cron line"), ("keep", 0, "keep must be positive")])
def test_wrong_settings_stop_startup(make_server: Callable[..., Server], setting: str, value: object,
                                     said: str) -> None:
    from immich_flask.contracts.errors import ConfigError

    with pytest.raises(ConfigError, match=said):
        make_server(**{f"plugin.favorites_digest.{setting}": value})
