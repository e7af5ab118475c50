"""Backups of the database, and what comes of them when they are put back."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
import time
from contextlib import closing
from pathlib import Path

import cysqlite
import orjson
import pytest

from immich_flask.app import create_app
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets.sweep import restored_spans
from immich_flask.core.backup import archive
from immich_flask.core.backup.restoring import expected_objects, restore_backup
from immich_flask.core.models import Asset, Session, SystemMetadata, User
from immich_flask.core.plugins import Plugins
from immich_flask.core.schema import all_models, differences
from immich_flask.core.settings import set_system_metadata
from immich_flask.infra.db import atomic, connected, db, is_sqlite


def contents(server) -> dict[str, list]:
    """Every row of every table of the core and the plugins."""
    with server.context():
        return {model._meta.table_name: sorted(map(repr, model.select().tuples()))
                for model in all_models(server.runtime.plugins)}


def changed_meta(path: Path, **changes) -> Path:
    """The backup with another meta.json."""
    target = path.with_name(f"changed-{path.name}")
    with tarfile.open(path) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            data = old.extractfile(member).read()
            if member.name == archive.META:
                data = orjson.dumps(orjson.loads(data) | changes)
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return target


def test_all_rows_come_back(house, back_up, empty_place, put_back):
    album = house.admin.post("/albums", {"albumName": "Trip", "assetIds": [house.photo]}).json["id"]
    bob = house.user("bob")
    before = contents(house)
    path = back_up(house)
    assert archive.OWN_NAME.fullmatch(path.name)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]

    other = put_back(path, empty_place())
    after = contents(other)
    changed = {"session", "system_metadata", "version_history"}
    assert {name: rows for name, rows in after.items() if name not in changed} == {
        name: rows for name, rows in before.items() if name not in changed}
    with other.context():
        assert differences(other.runtime.plugins) == []
        assert Session.select().where(~Session.is_pending_sync_reset).count() == 0
        assert Session.select().count() > 1
        (start, end), = restored_spans()
        assert start < end

    # What guards and what counts goes on: changes are tracked, references hold, new rows get new numbers.
    ann = type(house.admin)(other, house.admin.headers, id=house.admin.id)
    assert ann.get(f"/albums/{album}").json["albumName"] == "Trip"
    with other.context():
        old = Asset.get_by_id(house.photo).update_id
    assert ann.put(f"/assets/{house.photo}", {"isFavorite": True, "description": "by the sea"}).status_code == 200
    with other.context():
        assert Asset.get_by_id(house.photo).update_id > old
        User.delete().where(User.id == bob.id).execute()
        assert Session.select().where(Session.user == bob.id).count() == 0
    assert ann.upload().status_code == 201
    assert ann.delete("/assets", {"ids": [house.photo], "force": True}).status_code == 204


def test_what_a_killed_run_has_left_goes(house, back_up, tmp_path):
    old, young = tmp_path / ".backup-old", tmp_path / ".backup-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "immich.db").write_bytes(b"x")
    os.utime(old, (0, 0))
    path = back_up(house)
    assert sorted(tmp_path.iterdir()) == [young, path]


def test_what_was_there_before_is_gone(house, back_up, put_back, make_server):
    path = back_up(house)
    other = make_server()
    stranger = other.user("stranger")
    put_back(path, other.runtime.config)
    other.activate()
    assert stranger.get("/users/me").status_code == 401
    with other.context():
        assert User.select().where(User.id == stranger.id).count() == 0
        assert User.select().where(User.id == house.admin.id).count() == 1


def test_it_waits_for_who_writes(house, back_up, put_back, make_server, backend):
    if backend.kind == "postgres":
        pytest.skip("with SQLite: PostgreSQL's writers wait for rows")
    path = back_up(house)
    other = make_server()
    config = other.runtime.config
    began = time.monotonic()
    with closing(cysqlite.connect(config.data_path / "immich.db")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(1.0, writer.rollback)
        timer.start()
        put_back(path, config)
        timer.join()
    assert time.monotonic() - began >= 1
    other.activate()
    with other.context():
        assert Asset.select().where(Asset.id == house.photo).exists()


def test_it_is_one_state_though_others_write(house, back_up, empty_place, put_back):
    """Two values always change together; a backup never has one of them only."""
    begun, ends = threading.Event(), threading.Event()

    def write() -> None:
        with house.app.app_context(), connected():
            turn = 0
            while not ends.is_set():
                turn += 1
                with atomic():
                    set_system_metadata("a", turn)
                    set_system_metadata("z", turn)
                begun.set()

    house.activate()
    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(30)
    try:
        path = back_up(house)
    finally:
        ends.set()
        writer.join()
    other = put_back(path, empty_place())
    with other.context():
        values = [row.value for row in SystemMetadata.select().where(SystemMetadata.key.in_(["a", "z"]))]
    assert len(values) == 2
    assert values[0] == values[1]


def test_the_manifest_names_what_must_be_in_the_storage(house, back_up):
    found = {one.key: one for one in expected_objects(back_up(house))}
    stored = {info.key: info for info in house.runtime.storage.list("originals/")}
    assert stored.keys() <= found.keys()
    for key, info in stored.items():
        assert found[key].size == info.size
        with house.runtime.storage.open(key) as stream:
            assert hashlib.sha1(stream.read()).hexdigest() == found[key].sha1
    thumbnails = [one for key, one in found.items() if key.startswith("thumbnails/")]
    assert thumbnails and all(one.sha1 is None and one.size > 0 for one in thumbnails)


def test_a_plugin_that_came_later_gets_its_tables(back_up, make_server, empty_place, put_back):
    old = make_server(**{"plugins.disabled": ["memories"]})
    old.user("ann")
    with old.context():
        assert "memory" not in db.get_tables()
    other = put_back(back_up(old), empty_place())
    with other.context():
        assert "memory" in db.get_tables()
        assert differences(other.runtime.plugins) == []


def test_tables_of_a_plugin_that_is_switched_off_are_kept(house, back_up, empty_place, put_back):
    memory = house.admin.post("/memories", {
        "type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2024-01-01T00:00:00.000Z"})
    assert memory.status_code == 201
    other = put_back(back_up(house), empty_place(**{"plugins.disabled": ["memories"]}))
    with other.context():
        (count,), = db.execute_sql("SELECT count(*) FROM memory").fetchall()
        assert count == 1


def test_tables_that_an_uninstalled_plugin_has_left_are_no_obstacle(house, back_up, empty_place):
    with house.context():
        db.execute_sql("CREATE TABLE gone_thing (id integer)")
    try:
        path = back_up(house)
    finally:
        with house.context():
            db.execute_sql("DROP TABLE gone_thing")
    config, said = empty_place(), []
    plugins = Plugins(config)
    app = create_app(config, plugins=plugins)
    with app.app_context():
        restore_backup(path, config, plugins, said.append)
        with connected():
            # A file is restored with everything in it.
            assert ("gone_thing" in db.get_tables()) is is_sqlite()
            assert User.select().where(User.id == house.admin.id).exists()
    assert [line for line in said if "gone_thing" in line] == (
        [] if is_sqlite() else ["the table gone_thing is left out: it is of no plugin that is installed"])
    db.obj.close_all()


class TestRefused:
    @pytest.fixture
    def refused(self, house):
        """Restoring fails with these words, and changes nothing."""
        def check(path: Path, words: str) -> None:
            before = contents(house)
            with house.app.app_context(), pytest.raises(BadRequest, match=words):
                house.activate()
                restore_backup(path, house.runtime.config, house.runtime.plugins)
            assert contents(house) == before

        return check

    def test_no_backup(self, refused, tmp_path):
        path = tmp_path / "x.tar.gz"
        path.write_bytes(b"nonsense")
        refused(path, "x.tar.gz cannot be read as a backup")
        with tarfile.open(tmp_path / "y.tar.gz", "w:gz") as tar:
            tar.addfile(tarfile.TarInfo("README"), io.BytesIO())
        refused(tmp_path / "y.tar.gz", "is not a backup of this program")
        refused(tmp_path / "none.tar.gz", "No such file")

    def test_of_the_other_database(self, house, back_up, refused):
        other = "postgres" if is_sqlite() else "sqlite"
        refused(changed_meta(back_up(house), engine=other), f"the backup is one of {other}")

    def test_of_a_newer_version(self, house, back_up, refused):
        path = back_up(house)
        refused(changed_meta(path, format=2, program="9.9"), "made by a newer version, 9.9")
        with archive.read(path) as backup:
            migrations = backup.meta.migrations
        newer = {**migrations, "albums": [*migrations["albums"], "9999_later"]}
        refused(changed_meta(path, migrations=newer), "had albums/9999_later")
        refused(changed_meta(path, migrations={**migrations, "moon": ["0001"]}), "plugin moon, which is not installed")

    def test_cut_short(self, house, back_up, refused):
        path = back_up(house)
        path.write_bytes(path.read_bytes()[:-3000])
        refused(path, "cannot be read as a backup|damaged|lacks the table")

    def test_damaged_within(self, house, back_up, refused):
        """Right on the outside: the tables are not."""
        path = back_up(house)
        target = path.with_name("damaged.tar.gz")
        with tarfile.open(path) as old, tarfile.open(target, "w:gz") as new:
            for member in old:
                data = old.extractfile(member).read()
                if member.name in ("database/immich.db", "database/asset"):
                    data = data[:200] + b"\xff" * (len(data) - 200)
                new.addfile(member, io.BytesIO(data))
        if is_sqlite():
            refused(target, "the database in the backup is damaged")
        else:
            refused(target, "the backup's table asset is damaged")

    def test_a_database_of_somebody_else(self, house, back_up, refused):
        if is_sqlite():
            pytest.skip("a file is nobody else's")
        path = back_up(house)
        with house.context():
            db.execute_sql("CREATE TABLE ledger (id integer)")
        try:
            refused(path, r"tables that are not of this program \(ledger\)")
        finally:
            with house.context():
                db.execute_sql("DROP TABLE ledger")
