"""How the lines go out: one state of the database, in pieces, compressed when asked for, and nothing left behind."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
import zlib
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.infra.db import batches, db, is_sqlite, snapshot
from immich_flask.testing import Caller, Server
from plugins.sync import chunks, lines, service, statements
from plugins.sync.statements import Prepared
from tests.plugins.sync.conftest import add_asset
from tests.plugins.sync.replay import CORE_TYPES, Phone

MANY = 3000


@pytest.fixture(scope="module")
def many(server: Server) -> Caller:
    user = server.user("rich")
    with server.context(), db.atomic():
        for _ in range(MANY):
            add_asset(user.id)
    return user


@pytest.fixture
def rich(server: Server, many: Caller) -> Caller:
    """Somebody with many assets, by a phone that knows none of them yet."""
    return server.session_of(many)


def stream(caller: Caller, *types: str, headers: dict | None = None) -> Iterator[bytes]:
    """The chunks of an answer, as they come. In a thread of its own nobody else uses the connection."""
    caller.server.activate()
    response = caller.server.app.test_client(use_cookies=False).post(
        "/api/sync/stream", json={"types": types}, headers={**caller.headers, **(headers or {})}, buffered=False)
    assert response.status_code == 200
    try:
        yield from response.iter_encoded()
    finally:
        response.close()


def types_of(got: bytes) -> list[str]:
    return [orjson.loads(line)["type"] for line in got.splitlines()]


def test_the_order_is_that_of_the_wire(user: Caller) -> None:
    user.asset()
    user.put("/users/me/onboarding", {"isOnboarded": True})
    types = list(dict.fromkeys(types_of(b"".join(stream(user, *reversed(CORE_TYPES), *CORE_TYPES)))))
    assert types == ["AuthUserV1", "UserV1", "AssetV2", "AssetExifV1", "UserMetadataV1", "SyncCompleteV1"]


def test_types_that_nobody_serves_are_empty(user: Caller) -> None:
    assert types_of(b"".join(stream(user, "MemoriesV1", "AssetEditsV1", "AlbumsV1"))) == ["SyncCompleteV1"]
    assert types_of(b"".join(stream(user))) == ["SyncCompleteV1"]


def test_headers(user: Caller) -> None:
    response = user.post("/sync/stream", {"types": []})
    assert response.headers["Content-Type"] == "application/jsonlines+json"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in response.headers and "Content-Length" not in response.headers


def test_compressed_it_says_the_same(rich: Caller) -> None:
    plain = b"".join(stream(rich, "AssetsV2", "AssetExifsV1"))
    packed = b"".join(stream(rich, "AssetsV2", "AssetExifsV1", headers={"Accept-Encoding": "gzip, br"}))
    assert len(packed) < len(plain) / 4
    assert gzip.decompress(packed).splitlines()[:-1] == plain.splitlines()[:-1]


def test_each_compressed_chunk_can_be_read_when_it_comes(rich: Caller) -> None:
    unpack = zlib.decompressobj(wbits=31)
    parts = [unpack.decompress(chunk) for chunk in stream(rich, "AssetsV2", headers={"Accept-Encoding": "gzip"})]
    assert len(parts) > 10
    assert all(part.endswith(b"\n") for part in parts if part)
    types = types_of(b"".join(parts))
    # Besides, what another test has deleted.
    assert [type for type in types if type != "AssetDeleteV1"] == ["AssetV2"] * MANY + ["SyncCompleteV1"]


def test_chunks_are_large_but_the_first_comes_at_once(rich: Caller) -> None:
    sizes = [len(chunk) for chunk in stream(rich, "AuthUsersV1", "AssetsV2", "AssetExifsV1")]
    assert sizes[0] < 1000
    assert all(chunks.CHUNK <= size <= 3 * chunks.CHUNK for size in sizes[1:-1])
    assert len(sizes) > 20


def test_the_number_of_queries_does_not_grow(user: Caller, rich: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(statements, "batches", lambda text, *rest: asked.append(text) or batches(text, *rest))
    b"".join(stream(user, *CORE_TYPES))
    few, asked[:] = asked[:], []
    b"".join(stream(rich, *CORE_TYPES))
    assert asked == few
    # Six types, four of which are told of deletes.
    assert len(few) == 10


def test_memory_does_not_grow(server: Server, rich: Caller) -> None:
    wanted = [server.app.extensions[service.EXTENSION][type] for type in CORE_TYPES]
    server.activate()
    sum(map(len, chunks.joined(service._lines(rich.id, {}, wanted))))
    tracemalloc.start()
    try:
        sent = sum(map(len, chunks.joined(service._lines(rich.id, {}, wanted))))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent > 3_000_000
    assert peak < 1_500_000


def test_one_stream_is_one_state(server: Server, rich: Caller) -> None:
    """What is written while it is read belongs to the next one, also when it is deleted meanwhile."""
    phone = Phone(rich)
    got = bytearray()
    with server.context():
        first, gone = [asset_id for asset_id, in Asset.select(Asset.id).where(Asset.owner == rich.id)
                       .order_by(Asset.update_id.desc()).limit(2).tuples()]
    before = threading.Event(), threading.Event()

    def read() -> None:
        for number, chunk in enumerate(stream(rich, *CORE_TYPES)):
            got.extend(chunk)
            if number == 3:
                before[0].set()
                before[1].wait(10)

    thread = threading.Thread(target=read)
    thread.start()
    assert before[0].wait(10)
    with server.context():
        added = add_asset(rich.id)
        Asset.update(original_file_name="changed.jpg").where(Asset.id == first).execute()
        AssetExif.update(rating=5).where(AssetExif.asset == first).execute()
        Asset.delete().where(Asset.id == gone).execute()
    before[1].set()
    thread.join()
    text = got.decode()
    assert text.count('"AssetV2"') == text.count('"AssetExifV1"') == MANY
    assert "changed.jpg" not in text and '"rating":5' not in text and added not in text and gone in text
    phone.settle()
    assert len(phone.rows("asset")) == len(phone.rows("exif")) == MANY
    assert phone.rows("asset")[first,]["originalFileName"] == "changed.jpg"
    assert (added,) in phone.rows("asset") and (gone,) not in phone.rows("asset")


def test_a_client_that_goes_away_leaves_nothing_behind(server: Server, rich: Caller) -> None:
    def leave() -> None:
        for _ in range(3):
            reading = stream(rich, *CORE_TYPES, headers={"Accept-Encoding": "gzip"})
            next(reading)
            next(reading)
            reading.close()
            assert db.is_closed()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(leave).result()
    with server.context():
        if is_sqlite():
            # Busy while a reader holds on to an old state.
            (busy, _, _), = db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            assert busy == 0
        else:
            (open_transactions,), = db.execute_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state LIKE 'idle in transaction%%'").fetchall()
            assert open_transactions == 0


def test_a_stream_that_fails_does_not_say_that_it_is_complete(
        user: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    user.asset()

    def broken(*_arguments: object) -> Generator[str, None, None]:
        yield from ()
        raise RuntimeError("the database went away")

    monkeypatch.setattr(lines.Reader, "_news", broken)
    got = bytearray()
    with pytest.raises(RuntimeError, match="went away"):
        for chunk in stream(user, "AssetsV2"):
            got += chunk
    assert b"SyncComplete" not in got
    assert db.is_closed()


def test_stacks_are_not_named_to_clients_that_never_hear_of_them(server: Server, user: Caller) -> None:
    with server.context():
        stacked = add_asset(user.id, stack_id="c0ffee00-0000-4000-8000-000000000000")
        assets = server.runtime.plugins.sync_types["AssetsV2"]
        reader = lines.Reader(user.id, {}, lines.NOTHING)
        with snapshot():
            told = [b"".join(reader.lines(Prepared(assets, with_stacks=known))) for known in (True, False)]
    assert [orjson.loads(text)["data"]["stackId"] for text in told] == ["c0ffee00-0000-4000-8000-000000000000", None]
    assert stacked.encode() in told[1]


def test_a_pin_is_told_of_and_not_told(server: Server, user: Caller) -> None:
    with server.context():
        User.update(pin_code="$2b$10$hash").where(User.id == user.id).execute()
    line = orjson.loads(b"".join(stream(user, "AuthUsersV1")).splitlines()[0])
    assert line["data"]["pinCode"] == "set"
