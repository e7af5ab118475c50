"""Nothing is skipped, however late somebody commits, and nothing is sent for ever."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from immich_flask.core.models import Asset, AssetExif, AssetMetadata, User
from immich_flask.infra import migrations
from immich_flask.infra.config import load_config
from immich_flask.infra.db import atomic, connect_database, connected, db, is_sqlite
from immich_flask.infra.horizon import horizon, id_at, milliseconds_of, oldest_writer
from immich_flask.testing import Caller, Server
from immich_flask.testing.servers import PostgresServer
from plugins.sync import upkeep
from tests.plugins.sync.conftest import add_asset
from tests.plugins.sync.expected import assert_same
from tests.plugins.sync.replay import Phone

WRITERS, WRITES = 8, 10_000


@contextmanager
def open_transaction(statement: str, *parameters: str) -> Iterator[None]:
    """Somebody else who has written, and commits at the end of the block."""
    ready, leave = threading.Event(), threading.Event()

    def write() -> None:
        with connected(), atomic():
            db.execute_sql(statement, parameters)
            ready.set()
            leave.wait()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        leave.set()
        thread.join()


@pytest.fixture
def only_postgres(server: Server) -> None:
    server.activate()
    if is_sqlite():
        pytest.skip("one writer at a time: nobody commits late")


@pytest.mark.usefixtures("only_postgres")
def test_a_late_commit_is_not_skipped_and_holds_up_nobody(server: Server, user: Caller) -> None:
    with server.context():
        late, other = add_asset(user.id), add_asset(user.id)
    phone = Phone(user)
    phone.settle()
    rename = "UPDATE asset SET original_file_name = 'late.jpg' WHERE id = %s"
    with open_transaction(rename, late):
        with server.context():
            Asset.update(original_file_name="other.jpg").where(Asset.id == other).execute()
        phone.sync()
        assert phone.rows("asset")[other,]["originalFileName"] == "other.jpg"
        # It cannot be acknowledged yet, so it comes again.
        assert [line.data.get("id") for line in phone.sync()] == [other, None]
        assert phone.rows("asset")[late,]["originalFileName"] == "a.jpg"
    phone.sync()
    assert phone.rows("asset")[late,]["originalFileName"] == "late.jpg"
    phone.settle()


@pytest.mark.usefixtures("only_postgres")
def test_a_late_delete_is_not_skipped(server: Server, user: Caller) -> None:
    with server.context():
        late, other = add_asset(user.id), add_asset(user.id)
    phone = Phone(user)
    phone.settle()
    with open_transaction("DELETE FROM asset WHERE id = %s", late):
        with server.context():
            Asset.delete().where(Asset.id == other).execute()
        phone.sync()
        assert phone.rows("asset").keys() == {(late,)}
    phone.settle()
    assert phone.rows("asset") == {}


@pytest.mark.usefixtures("only_postgres")
def test_who_only_reads_holds_nothing_back(server: Server, user: Caller) -> None:
    phone = Phone(user)
    with open_transaction('SELECT count(*) FROM "user"'):
        phone.settle()
    with server.context():
        assert oldest_writer() is None


@pytest.mark.usefixtures("only_postgres")
def test_a_row_and_what_refers_to_it_come_together(server: Server, user: Caller) -> None:
    """Rows above the horizon are sent as well: a row's EXIF may lie below it, and would refer to nothing."""
    with server.context():
        asset_id = add_asset(user.id)
        with open_transaction('UPDATE "user" SET name = name WHERE id = %s', server.admin.id):
            Asset.update(is_favorite=True).where(Asset.id == asset_id).execute()
            phone = Phone(user)
            phone.sync()
            assert phone.rows("exif").keys() == phone.rows("asset").keys() == {(asset_id,)}


@pytest.mark.usefixtures("only_postgres")
def test_a_forgotten_transaction_is_complained_about(
        server: Server, user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with server.context():
        assert upkeep.held_back() is None
        with open_transaction('UPDATE "user" SET name = name WHERE id = %s', user.id):
            time.sleep(0.02)
            assert upkeep.held_back() is None
            monkeypatch.setattr(upkeep, "TOO_LONG", timedelta(milliseconds=10))
            writer = oldest_writer()
            assert writer.age < timedelta(minutes=1)
            assert f"process {writer.pid} has written and not committed" in upkeep.held_back()


class PreparingServer(PostgresServer):
    SETTINGS = {**PostgresServer.SETTINGS, "max_prepared_transactions": "2"}


@pytest.mark.usefixtures("only_postgres")
def test_every_role_sees_writers_of_every_role_and_prepared_ones() -> None:
    with PreparingServer() as postgres:
        dsn = postgres.dsn(postgres.create_database("app"))
        connect_database(load_config(overrides={"database.url": dsn}, environ={}))
        migrations.migrate([migrations.core_source()])
        with psycopg.connect(dsn, autocommit=True) as superuser:
            superuser.execute("CREATE ROLE nobody_special LOGIN")
            superuser.execute("BEGIN")
            superuser.execute("DELETE FROM tombstone")
            connect_database(load_config(overrides={
                "database.url": dsn.replace("postgres@", "nobody_special@")}, environ={}))
            with connected():
                assert oldest_writer() is None
                before = horizon().id
                superuser.execute("""INSERT INTO "user" (id, email, password, name, is_admin, profile_image_key,
                    profile_changed_at, should_change_password, quota_usage_in_bytes, status, oauth_id, created_at,
                    updated_at) VALUES (gen_random_uuid(), 'a@b', '', '', false, '', now(), false, 0, 'active', '',
                    now(), now())""")
                assert oldest_writer().pid == superuser.info.backend_pid
                held = horizon().id
                superuser.execute("PREPARE TRANSACTION 'half'")
                assert oldest_writer().pid is None
                assert horizon().id == held < before
                assert "a prepared transaction has written" in upkeep.complaint(oldest_writer())
                superuser.execute("COMMIT PREPARED 'half'")
                assert oldest_writer() is None
                (update_id,), = superuser.execute('SELECT update_id::text FROM "user"').fetchall()
                assert held < update_id < horizon().id
        db.obj.close_all()


def test_the_horizon_lies_between_what_is_and_what_will_be(server: Server, user: Caller) -> None:
    with server.context():
        for number in range(50):
            before = horizon()
            User.update(name=str(number)).where(User.id == user.id).execute()
            update_id = User.get_by_id(user.id).update_id
            after = horizon()
            assert before.id < update_id < after.id
            assert abs(milliseconds_of(after.moment) / 1000 - time.time()) < 10


def test_a_clock_that_was_set_back_skips_nothing(server: Server, user: Caller) -> None:
    server.activate()
    if not is_sqlite():
        pytest.skip("PostgreSQL's ids follow the clock of its machine")
    phone = Phone(user)
    with server.context():
        (last,), = db.execute_sql("SELECT last FROM tracking_clock").fetchall()
        try:
            # As if everything so far had been written an hour from now.
            db.execute_sql("UPDATE tracking_clock SET last = last + 3600000000")
            User.update(name="later").where(User.id == user.id).execute()
            phone.settle()
            User.update(name="now").where(User.id == user.id).execute()
            phone.settle()
            assert phone.rows("auth_user")[user.id,]["name"] == "now"
        finally:
            db.execute_sql("UPDATE tracking_clock SET last = ?", (last + 1_000_000,))
            User.update(name="end").execute()


def test_ids_of_a_moment_are_ordered() -> None:
    moments = [0, 1, 999, 1000, 1_700_000_000_000_000, 1_700_000_000_000_001]
    ids = [id_at(moment) for moment in moments]
    assert ids == sorted(ids)
    assert [milliseconds_of(each) for each in ids] == [moment // 1000 for moment in moments]


def test_many_writers_and_no_row_missed(server: Server, user: Caller) -> None:
    """Writers that insert, change and delete, and commit whenever they like; meanwhile a phone reads and acknowledges."""
    phone = Phone(user)
    seeds = random.Random(0)
    with server.context():
        pause = 0.0 if is_sqlite() else 0.02

    def write(seed: int) -> None:
        rnd, mine, left = random.Random(seed), [], WRITES // WRITERS
        with connected():
            while left > 0:
                left -= transaction(rnd, mine, pause, user.id)

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, seeds.random()) for _ in range(WRITERS)]
        while not all(writer.done() for writer in writers):
            phone.sync()
        for writer in writers:
            writer.result()
    phone.settle()
    with server.context():
        assert_same(phone)
        assert len(phone.rows("asset")) > 100


def transaction(rnd: random.Random, mine: list[str], pause: float, owner_id: str) -> int:
    """Write some rows in a transaction that is in no hurry to commit; the number of writes."""
    with atomic():
        writes = rnd.randint(1, 12)
        for _ in range(writes):
            one_write(rnd, mine, owner_id)
        time.sleep(rnd.random() * pause)
    return writes


def one_write(rnd: random.Random, mine: list[str], owner_id: str) -> None:
    asset_id = rnd.choice(mine) if mine else None
    chance = rnd.random()
    if asset_id is None or chance < 0.2:
        mine.append(add_asset(owner_id))
    elif chance < 0.3:
        Asset.delete().where(Asset.id == asset_id).execute()
        mine.remove(asset_id)
    elif chance < 0.5:
        AssetExif.update(rating=rnd.randint(1, 5)).where(AssetExif.asset == asset_id).execute()
    elif chance < 0.7:
        (AssetMetadata.insert(asset=asset_id, key="n", value={"n": rnd.random()})
         .on_conflict(conflict_target=[AssetMetadata.asset, AssetMetadata.key], preserve=[AssetMetadata.value]).execute())
    elif chance < 0.75:
        AssetMetadata.delete().where(AssetMetadata.asset == asset_id).execute()
    else:
        Asset.update(is_favorite=rnd.random() < 0.5).where(Asset.id == asset_id).execute()
