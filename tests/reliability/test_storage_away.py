"""S3 refuses, says nothing, cuts: what needs bytes says so and recovers by itself, the rest goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import urllib3

from immich_flask.core.models import JobRow
from immich_flask.infra.fields import now
from immich_flask.infra.storage import breaker
from immich_flask.infra.storage.s3 import S3Storage
from immich_flask.testing import Caller, Server, photo
from immich_flask.testing.callers import PASSWORD
from immich_flask.testing.servers import S3Server
from tests.reliability.proxy import FaultProxy

AWAY = {"message": "Service temporarily unavailable"}

@pytest.fixture(scope="module")
def network() -> Iterator[tuple[FaultProxy, S3Server]]:
    with S3Server() as s3:
        host, _, port = s3.endpoint.rpartition(":")
        with FaultProxy((host, int(port))) as proxy:
            yield proxy, s3


@pytest.fixture(scope="module")
def house(make_server: Callable[..., Server], network: tuple[FaultProxy, S3Server]) -> Server:
    """A server on the database under test, whose bucket is behind the proxy."""
    proxy, s3 = network
    return make_server(**{
        "storage.backend": "s3", "storage.s3.endpoint": proxy.url, "storage.s3.bucket": "photos",
        "storage.s3.access_key": s3.access_key, "storage.s3.secret_key": s3.secret_key,
        "storage.s3.create_bucket": True, "storage.s3.region": s3.region})


@pytest.fixture
def proxy(network: tuple[FaultProxy, S3Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    monkeypatch.setattr(breaker, "PAUSE_SECONDS", 0.05)
    proxy, _ = network
    yield proxy
    proxy.heal()
    time.sleep(0.06)


@contextmanager
def silent(house: Server, proxy: FaultProxy) -> Iterator[None]:
    """S3 says nothing, and the server is not as patient as with people."""
    storage: S3Storage = house.runtime.storage._storage
    timeout, client = storage._timeout, storage._client
    storage._timeout = urllib3.Timeout(connect=5, read=0.2)
    storage._client = (os.getpid(), storage._connect())
    proxy.silent = True
    try:
        yield
    finally:
        proxy.heal()
        storage._timeout, storage._client = timeout, client


@contextmanager
def refused(house: Server, proxy: FaultProxy) -> Iterator[None]:
    proxy.refuse = True
    # Connections that are open, too.
    proxy.cut()
    yield
    proxy.heal()


@contextmanager
def cut(house: Server, proxy: FaultProxy) -> Iterator[None]:
    """Every answer breaks off."""
    proxy.cut_after = 60
    proxy.cut()
    yield
    proxy.heal()


@pytest.fixture
def ann(house: Server) -> Caller:
    return house.user("ann")


@pytest.mark.parametrize("fault", [refused, silent, cut])
def test_the_rest_goes_on_and_all_comes_back(house: Server, ann: Caller, proxy: FaultProxy, fault: Callable) -> None:
    content = photo()
    asset = ann.asset(content)
    with fault(house, proxy):
        begun_at = time.monotonic()
        for path in (f"/assets/{asset}/original", f"/assets/{asset}/thumbnail"):
            answer = ann.get(path)
            assert (answer.status_code, answer.json) == (503, AWAY)
            assert int(answer.headers["Retry-After"]) > 0
        assert ann.upload(photo()).status_code == 503
        # No bytes are needed to log in, to browse, to change.
        login = house.nobody.post("/auth/login", {"email": ann.email, "password": PASSWORD})
        assert login.status_code == 201
        assert ann.get(f"/assets/{asset}").json["id"] == asset
        assert ann.get("/timeline/buckets").json == [{"timeBucket": "2023-06-01", "count": 1}]
        assert ann.put(f"/assets/{asset}", {"description": "in the dark"}).status_code == 200
        assert house.nobody.get("/server/ping").json == {"res": "pong"}
        assert time.monotonic() - begun_at < 20
    time.sleep(0.06)
    assert ann.get(f"/assets/{asset}/original").data == content
    assert ann.get(f"/assets/{asset}").json["exifInfo"]["description"] == "in the dark"
    assert ann.upload(photo()).status_code == 201
    assert ann.get("/assets/statistics").json["total"] == 2


def test_jobs_wait_and_then_do_their_work(house: Server, ann: Caller, proxy: FaultProxy) -> None:
    queue = house.runtime.queue
    queue.is_running = True
    try:
        asset = ann.asset()
    finally:
        queue.is_running = False
        queue._queues.clear()

    def run_all() -> None:
        with house.context():
            JobRow.update(run_at=now()).execute()
        for name in sorted({job.queue for job in house.runtime.jobs.values()}):
            queue.wake(name)

    with refused(house, proxy):
        for _ in range(5):
            run_all()
        with house.context():
            rows = list(JobRow.select())
            assert any(asset in str(row.payload) for row in rows)
            assert {(row.state, row.attempts) for row in rows} == {("waiting", 0)}
    time.sleep(0.06)
    run_all()
    assert ann.get(f"/assets/{asset}/thumbnail").status_code == 200
    with house.context():
        assert [row.name for row in JobRow.select() if asset in str(row.payload)] == []


def test_a_download_that_is_cut_is_seen_to_be_cut(house: Server, ann: Caller, proxy: FaultProxy) -> None:
    """Neither ends as if it were whole: the server breaks the connection off, which the test client hears as an error."""
    big = photo() + os.urandom(400_000)
    first, second = ann.asset(photo()), ann.asset(big)
    whole = ann.post("/download/archive", {"assetIds": [first, second]}).data
    assert len(whole) > len(big)
    # Some of the photo comes, not all of it.
    proxy.cut_after = 300_000
    for ask in (lambda: ann.get(f"/assets/{second}/original"),
                lambda: ann.post("/download/archive", {"assetIds": [first, second]})):
        proxy.cut()
        with pytest.raises(Exception, match="originals/|IncompleteRead|early"):
            ask()
    proxy.heal()
    assert ann.get(f"/assets/{second}/original").data == big


def test_slow_is_not_away(ann: Caller, proxy: FaultProxy) -> None:
    content = photo()
    proxy.latency = 0.05
    asset = ann.asset(content)
    assert ann.get(f"/assets/{asset}/original").data == content


def test_who_says_nothing_is_not_asked_by_everybody(house: Server, ann: Caller, proxy: FaultProxy,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    asset = ann.asset()
    monkeypatch.setattr(breaker, "PAUSE_SECONDS", 60)
    with silent(house, proxy):
        for _ in range(breaker.MOST_FAILURES):
            assert ann.get(f"/assets/{asset}/original").status_code == 503
        before = proxy.connections
        for _ in range(20):
            assert ann.get(f"/assets/{asset}/original").status_code == 503
        assert proxy.connections == before
    inner = house.runtime.storage._storage
    inner._breaker._next_try_at = 0
    for _ in range(2):
        assert ann.get(f"/assets/{asset}/original").status_code == 200
