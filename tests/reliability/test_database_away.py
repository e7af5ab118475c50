"""PostgreSQL goes and comes back, SQLite is held by somebody else: 503 meanwhile, and nothing to be restarted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import cysqlite
import pytest

from immich_flask.infra.db import listening
from immich_flask.testing import Server, photo
from immich_flask.testing.callers import PASSWORD
from immich_flask.testing.fixtures import Backend
from tests.reliability.proxy import FaultProxy

AWAY = {"message": "Service temporarily unavailable"}


@pytest.fixture(scope="module")
def proxy(backend: Backend) -> Iterator[FaultProxy]:
    if backend.kind != "postgres":
        pytest.skip("with --backend postgres")
    folder = parse_qs(urlsplit(backend.postgres.dsn()).query)["host"][0]
    with FaultProxy(f"{folder}/.s.PGSQL.5432") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def behind(make_server: Callable[..., Server], proxy: FaultProxy) -> Server:
    """A server whose PostgreSQL is behind the proxy."""
    server = make_server()
    server.database.close_all()
    name = urlsplit(server.runtime.config.database.url).path[1:]
    server.database.database = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}"
    return server


def test_postgresql_is_away_for_a_while(behind: Server, proxy: FaultProxy) -> None:
    ann = behind.user("ann")
    asset = ann.asset()
    proxy.refuse = True
    proxy.cut()
    for answer in (ann.get(f"/assets/{asset}"), ann.put(f"/assets/{asset}", {"description": "x"}), ann.upload(photo()),
                   behind.nobody.post("/auth/login", {"email": ann.email, "password": PASSWORD})):
        assert (answer.status_code, answer.json) == (503, AWAY)
        assert answer.headers["Retry-After"]
    assert behind.nobody.get("/server/ping").json == {"res": "pong"}
    proxy.heal()
    assert ann.get(f"/assets/{asset}").json["id"] == asset
    assert ann.upload(photo()).status_code == 201
    assert ann.get("/assets/statistics").json["total"] == 2


def test_nobody_notices_a_restart_between_two_requests(behind: Server, proxy: FaultProxy) -> None:
    ann = behind.user("ann")
    asset = ann.asset()
    for _ in range(3):
        proxy.cut()
        assert ann.get(f"/assets/{asset}").status_code == 200


def test_what_is_cut_in_the_middle_has_not_happened(behind: Server, proxy: FaultProxy) -> None:
    """Wherever the connection breaks: what is answered otherwise than 503 is so, and the next request works."""
    ann = behind.user("ann")
    asset = ann.asset()
    answers = []
    for size in (0, 200, 500, 900, 1500, 2500):
        proxy.cut()
        proxy.cut_after = size + 400
        text = f"cut after {size}"
        answer = ann.put(f"/assets/{asset}", {"description": text})
        answers.append(answer.status_code)
        assert answer.status_code in (200, 503)
        proxy.heal()
        seen = ann.get(f"/assets/{asset}").json["exifInfo"]["description"]
        assert answer.status_code == 503 or seen == text
    assert 503 in answers


def test_sqlite_is_held_by_somebody_else(make_server: Callable[..., Server], backend: Backend) -> None:
    """Who only reads does not notice; who writes hears 503 in time, and later it works."""
    if backend.kind == "postgres":
        pytest.skip("with SQLite")
    server = make_server(**{"database.busy_timeout_ms": 50})
    ann = server.user("ann")
    asset = ann.asset()
    other = cysqlite.connect(server.runtime.config.data_path / "immich.db")
    try:
        other.execute("BEGIN IMMEDIATE")
        for answer in (ann.put(f"/assets/{asset}", {"description": "x"}), ann.upload(photo()),
                       server.nobody.post("/auth/login", {"email": ann.email, "password": PASSWORD})):
            assert (answer.status_code, answer.json) == (503, AWAY)
        assert ann.get(f"/assets/{asset}").json["exifInfo"]["description"] == ""
        assert ann.get(f"/assets/{asset}/original").status_code == 200
        other.execute("ROLLBACK")
        assert ann.put(f"/assets/{asset}", {"description": "x"}).status_code == 200
        assert ann.get("/assets/statistics").json["total"] == 1
    finally:
        other.close()


def test_who_listens_takes_no_place_in_the_pool(behind: Server) -> None:
    with behind.context():
        for _ in range(behind.runtime.config.database.pool_size + 1):
            with listening("news"):
                pass
    assert behind.user("ann").get("/users/me").status_code == 200
