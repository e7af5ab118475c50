"""Finding by texts, whatever the letters, and whatever way the texts came there."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from immich_flask.core.models import Asset, AssetExif
from immich_flask.core.plugins import find_plugins
from immich_flask.infra import migrations
from immich_flask.infra.db import atomic, connected, db, is_sqlite
from immich_flask.infra.sql import update_each
from immich_flask.infra.texts import normalized
from immich_flask.testing import Caller, Server
from plugins.search import index
from plugins.search.models import SearchStale, SearchText


@pytest.mark.parametrize(("name", "asked", "fits"), [
    ("IMG_0001.JPG", "img_00", True),
    ("IMG_0001.JPG", "0001.j", True),
    ("Été à Évian.jpg", "ete a evian", True),
    ("straße.jpg", "STRASSE", True),
    ("MÜNCHEN.jpg", "münchen", True),
    ("Smørrebrød.jpg", "smorrebrod", True),
    ("家族旅行.jpg", "家族", True),
    ("家族旅行.jpg", "族旅行", True),
    ("家族旅行.jpg", "旅", True),
    ("家族旅行.jpg", "家行", False),
    (unicodedata.normalize("NFD", "ガイド.jpg"), "ガイド", True),
    ("ガイド.jpg", "カイト", False),
    ("مُحَمَّد.jpg", "محمد", True),
    ("שלום.jpg", "לום", True),
    ("100%_of \"it\".jpg", '%_of "it"', True),
    ("100 percent.jpg", "100%", False),
    ("a_b.jpg", "a_b", True),
    ("axb.jpg", "a_b", False),
    ("back\\slash.jpg", "\\", True),
    ("AND OR NOT.jpg", "or not", True),
    ("x.jpg", "\u0301", True),
    ("x.jpg", "y" * 5000, False),
    ("🏖️ beach.jpg", "🏖", True),
])
def test_texts(user: Caller, made: Callable, names: Callable, name: str, asked: str, fits: bool) -> None:
    asset = made(user, "other.png", exif={"description": "nothing of the kind"})
    found = made(user, name.replace("\\", "").replace('"', ""), original_file_name=name, exif={"description": name},
                 original_path=f"/photos/{name}")
    expected = {found} if fits else set()
    for parameter in ("originalFileName", "description", "originalPath"):
        items = user.post("/search/metadata", {parameter: asked}).json["assets"]["items"]
        assert {item["id"] for item in items} - {asset} == expected, parameter
    total = user.post("/search/statistics", {"description": asked}).json["total"]
    assert total == (2 if asked == "\u0301" else int(fits))


def ids(caller: Caller, **body: str) -> list[str]:
    return [asset["id"] for asset in caller.post("/search/metadata", body).json["assets"]["items"]]


def test_no_way_of_writing_escapes(server: Server, user: Caller) -> None:
    asset, gone = user.asset(name="first.jpg"), user.asset(name="gone.jpg")
    assert (ids(user, originalFileName="first"), ids(user, originalFileName="gone")) == ([asset], [gone])

    user.put(f"/assets/{asset}", {"description": "by a route"})
    assert ids(user, description="BY A ROUTE") == [asset]
    user.put("/assets", {"ids": [asset], "description": "by many"})
    assert (ids(user, description="by many"), ids(user, description="route")) == ([asset], [])
    user.put("/assets", {"ids": [asset], "dateTimeOriginal": "1999-12-31T12:00:00Z"})
    assert ids(user, originalPath="1999-12-31") == [asset]

    with server.context():
        Asset.update(original_file_name="in bulk.jpg").where(Asset.id == asset).execute()
    assert ids(user, originalFileName="in bulk") == [asset]
    with server.context():
        update_each(AssetExif, {asset: {"description": "each by itself"}})
    assert ids(user, description="by itself") == [asset]
    with server.context():
        # Not other tests' assets: after too many changes at once a search leaves the rest to the job.
        db.execute_sql(f"UPDATE asset SET original_file_name = 'in SQL.jpg' WHERE id IN ('{asset}', '{gone}')")
    assert set(ids(user, originalFileName="in sql")) == {asset, gone}
    with server.context():
        (AssetExif.insert(asset=asset, description="by an upsert").on_conflict(
            conflict_target=[AssetExif.asset], preserve=[AssetExif.description]).execute())
    assert ids(user, description="upsert") == [asset]

    assert user.delete("/assets", {"ids": [gone], "force": True}).status_code == 204
    assert ids(user, originalFileName="in sql") == [asset]
    with server.context():
        assert not SearchText.select().where(SearchText.asset == gone).exists()
        assert not SearchStale.select().exists()


def test_what_does_not_change_texts_leaves_no_note(server: Server, user: Caller) -> None:
    asset = user.asset()
    with server.context():
        index.refresh()
    user.put(f"/assets/{asset}", {"isFavorite": True, "rating": 3})
    with server.context():
        Asset.update(original_file_name="photo.jpg").where(Asset.id == asset).execute()
        AssetExif.update(description="").where(AssetExif.asset == asset).execute()
        assert not SearchStale.select().exists()


def test_what_is_rolled_back_is_not_found(server: Server, user: Caller) -> None:
    asset = user.asset(name="kept.jpg")
    with server.context(), pytest.raises(ZeroDivisionError), atomic():
        Asset.update(original_file_name="never.jpg").where(Asset.id == asset).execute()
        raise ZeroDivisionError
    assert (ids(user, originalFileName="kept"), ids(user, originalFileName="never")) == ([asset], [])


def test_a_search_works_off_only_so_much(server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PORTION", 2)
    monkeypatch.setattr(index, "MOST_PORTIONS", 2)
    queued: list[str] = []
    monkeypatch.setattr(index, "enqueue", lambda name, **_options: queued.append(name))
    with server.context():
        index.refresh()
    for at in range(6):
        user.asset(name=f"many{at}.jpg")
    queued.clear()
    assert len(ids(user, originalFileName="many")) == 4
    # The rest is left to the job.
    assert queued == [index.REFRESH]
    with server.context():
        server.runtime.jobs[index.REFRESH].run()
    assert len(ids(user, originalFileName="many")) == 6


def test_the_job_follows_what_is_written(server: Server, user: Caller) -> None:
    from immich_flask.core.models import JobRow

    with server.context():
        JobRow.delete().where(JobRow.name == index.REFRESH).execute()
    user.put(f"/assets/{user.asset()}", {"description": "new"})
    with server.context():
        assert JobRow.select().where(JobRow.name == index.REFRESH, JobRow.state == "waiting").count() == 1
        server.runtime.jobs[index.REFRESH].run()
        assert not SearchStale.select().exists()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.text("aAäÄßがｶ旅'\"%_ \\", max_size=6)), max_size=12),
       st.text("aäSsが旅'\"%_ \\", min_size=1, max_size=4))
def test_it_finds_what_python_finds(server: Server, written: list[tuple[int, str]], asked: str) -> None:
    user = server.user()
    assets = [user.asset() for _ in range(4)]
    texts = [""] * 4
    with server.context():
        for at, text in written:
            texts[at] = text
            AssetExif.update(description=text).where(AssetExif.asset == assets[at]).execute()
    wanted = normalized(asked.strip())
    expected = {asset for asset, text in zip(assets, texts, strict=True) if wanted in normalized(text)}
    assert set(ids(user, description=asked)) == expected


def test_workers_at_the_same_time(server: Server, user: Caller) -> None:
    """Who reads a text first is not the last to write it."""
    asset = user.asset()
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with server.app.app_context(), connected():
                for at in range(10):
                    AssetExif.update(description=f"{number} {at}").where(AssetExif.asset == asset).execute()
                    index.refresh()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    server.activate()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with server.context():
        index.refresh()
        assert SearchText.get(SearchText.asset == asset).description == AssetExif.get_by_id(asset).description


def test_an_asset_that_is_being_deleted_is_no_obstacle(server: Server, user: Caller, made: Callable) -> None:
    """PostgreSQL: a search works off what was written, while somebody is about to delete some of it."""
    going, staying = made(user, "going.png"), made(user, "staying.png")
    with server.context():
        if is_sqlite():
            pytest.skip("one writer at a time")
    deleted, searched = threading.Event(), threading.Event()

    def delete() -> None:
        with connected(), atomic():
            Asset.delete().where(Asset.id == going).execute()
            deleted.set()
            assert searched.wait(30)

    def found() -> set[str]:
        return {item["id"] for item in user.post("/search/metadata", {"originalFileName": "ing.png"}).json[
            "assets"]["items"]}

    def notes() -> int:
        with server.context():
            return SearchStale.select().where(SearchStale.asset_id == going).count()

    deleter = threading.Thread(target=delete)
    deleter.start()
    assert deleted.wait(30)
    try:
        assert staying in found()
        assert notes(), "it may not go, after all"
    finally:
        searched.set()
        deleter.join()
    assert found() == {staying}
    assert not notes()


def test_switched_on_later_it_knows_what_came_before(make_server: Callable) -> None:
    server = make_server(**{"plugins.disabled": ["search"]})
    server.user().asset(name="before.jpg")
    with server.context():
        migrations.migrate([migrations.Source("search", find_plugins()["search"].migrations)])
        index.refresh()
        assert [text.name for text in SearchText.select()] == ["before.jpg"]
