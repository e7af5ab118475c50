"""Two web servers and three workers on one PostgreSQL and one S3, behind a round-robin without sticky sessions.

    python -m tests.reliability.scale [--contract PROGRAM] [--throughput]

Sessions, settings and events reach all of them, and periodic jobs run once. `--contract PROGRAM`: also
`python PROGRAM check URL`, which drives a server that nobody has signed up to, and whose exit status counts.
`--throughput`: what one and two web servers, and one to three workers, do per second.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import requests
import socketio
from PIL import Image

from immich_flask.core.jobs.cron import last_tick
from immich_flask.core.models import JobRow, JobTick
from immich_flask.core.runtime import runtime_of
from immich_flask.core.settings import FRESH_SECONDS
from immich_flask.infra.db import connected, db
from immich_flask.infra.fields import now
from immich_flask.testing import photo
from immich_flask.testing.fixtures import Backend
from tests.core.programs import wait_until
from tests.reliability.cluster import Cluster, cluster
from tests.serving import PASSWORD

MOMENT = "2023-06-15T10:00:00.000Z"

EVENTS = ("on_upload_success", "on_asset_trash")
"""The first is told by a worker, the second by a web server."""


class User:
    """One who is logged in by way of the proxy."""

    def __init__(self, place: Cluster) -> None:
        self.place = place
        who = {"email": "ann@test.example", "password": PASSWORD, "name": "Ann"}
        requests.post(f"{place.url}/auth/admin-sign-up", json=who, timeout=60).raise_for_status()
        token = requests.post(f"{place.url}/auth/login", json=who, timeout=60).json()["accessToken"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, base: str = "", **options: object) -> requests.Response:
        answer = requests.request(method, f"{base or self.place.url}{path}", headers=self.headers, timeout=60, **options)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer

    def upload(self, content: bytes | None = None) -> str:
        return self.call("POST", "/assets", data={"fileCreatedAt": MOMENT, "fileModifiedAt": MOMENT},
                         files={"assetData": ("a.jpg", content or photo())}).json()["id"]

    def height(self, asset: str) -> int:
        """Of its thumbnail, once there is one."""
        def made() -> bytes:
            answer = requests.get(f"{self.place.url}/assets/{asset}/thumbnail", headers=self.headers, timeout=60)
            return answer.content if answer.ok else b""

        return Image.open(io.BytesIO(wait_until(made, "the thumbnail", 120))).height


def look_at_sessions(user: User) -> None:
    """Who logged in at one is known to the other, and who logs out is known to none."""
    for base in user.place.direct * 2:
        assert user.call("GET", "/users/me", base).json()["email"] == "ann@test.example"
    who = {"email": "ann@test.example", "password": PASSWORD}
    first, second = user.place.direct
    token = {"Authorization": f"Bearer {requests.post(f'{first}/auth/login', json=who, timeout=60).json()['accessToken']}"}
    assert requests.get(f"{second}/users/me", headers=token, timeout=60).ok
    requests.post(f"{second}/auth/logout", headers=token, timeout=60).raise_for_status()
    assert requests.get(f"{first}/users/me", headers=token, timeout=60).status_code == 401


def look_at_settings(user: User) -> None:
    """What is changed at one acts in the other and in every worker after a second."""
    settings = user.call("GET", "/system-config").json()
    assert user.height(user.upload(photo(600, 400))) == 250
    settings["server"]["loginPageMessage"] = "hello"
    settings["image"]["thumbnail"]["size"] = 100
    user.call("PUT", "/system-config", json=settings)
    for base in user.place.direct:
        # Whoever is shown them to change them does not wait that second.
        assert user.call("GET", "/system-config", base).json() == settings
    time.sleep(FRESH_SECONDS)
    for base in user.place.direct:
        assert requests.get(f"{base}/server/config", timeout=60).json()["loginPageMessage"] == "hello"
    uploaded = [user.upload(photo(600, 400)) for _ in range(9)]
    assert {user.height(asset) for asset in uploaded} == {100}


def look_at_events(user: User) -> None:
    """Whoever is connected to either hears what happens in the other and in the workers, once."""
    asyncio.run(_hear(user))


async def _hear(user: User) -> None:
    heard: list[list[tuple[str, object]]] = []
    clients = []
    for base in user.place.direct:
        client, mine = socketio.AsyncClient(reconnection=False), []
        for name in EVENTS:
            client.on(name, lambda *said, name=name, mine=mine: mine.append((name, said[0])))
        await client.connect(base.removesuffix("/api"), headers=user.headers, transports=["websocket"],
                             socketio_path="/api/socket.io", wait_timeout=30)
        clients.append(client)
        heard.append(mine)

    async def wait(count: int) -> None:
        deadline = time.monotonic() + 60
        while any(len(mine) < count for mine in heard):
            assert time.monotonic() < deadline, heard
            await asyncio.sleep(0.05)

    for number in range(4):
        asset = await asyncio.to_thread(user.upload)
        await wait(2 * number + 1)
        await asyncio.to_thread(user.call, "DELETE", "/assets", json={"ids": [asset]})
        await wait(2 * number + 2)
    await asyncio.sleep(0.5)
    for mine in heard:
        assert [name for name, _ in mine] == list(EVENTS) * 4, mine
    for client in clients:
        await client.disconnect()


def look_at_periodic_jobs(place: Cluster) -> dict[str, int]:
    """All that is due once is queued once, by three workers that start at the same moment; how often each was."""
    place.end(place.workers)
    with place.app.app_context(), connected():
        db.execute_sql("CREATE TABLE seen (name text)")
        db.execute_sql("CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS "
                       "$$BEGIN INSERT INTO seen VALUES (NEW.name); RETURN NEW; END$$")
        db.execute_sql("CREATE TRIGGER seen AFTER INSERT ON job FOR EACH ROW EXECUTE FUNCTION see()")
        due = []
        moment = now()
        for job in runtime_of(place.app).jobs.values():
            cron = job.cron() if callable(job.cron) else job.cron
            tick = cron and last_tick(cron, moment - timedelta(days=1), moment)
            if tick:
                JobTick.insert(name=job.name, last_at=tick - timedelta(days=1)).on_conflict(
                    conflict_target=[JobTick.name], preserve=[JobTick.last_at]).execute()
                due.append(job.name)
        assert due
    for _ in range(3):
        place.add_worker()
    place.wait()

    def counts() -> dict[str, int]:
        with place.app.app_context(), connected():
            return dict(db.execute_sql("SELECT name, count(*) FROM seen GROUP BY name").fetchall())

    wait_until(lambda: set(due) <= set(counts()), "the periodic jobs", 60)
    # Three more heartbeats of each.
    time.sleep(12)
    with place.app.app_context(), connected():
        wait_until(lambda: not JobRow.select().where(JobRow.state == "active").exists(), "their end", 60)
    found = {name: counts()[name] for name in due}
    assert set(found.values()) == {1}, found
    return found


def throughput(place: Cluster, user: User, seconds: float = 10) -> None:
    """What more processes give. Whoever asks takes part of the machine, too, so the ceiling is low on a small one."""
    asset = user.upload(photo(800, 600))
    user.height(asset)

    def rate(bases: list[str]) -> float:
        deadline = time.monotonic() + seconds

        def ask(number: int) -> int:
            done = 0
            while time.monotonic() < deadline:
                user.call("GET", ("/timeline/buckets", f"/assets/{asset}", f"/assets/{asset}/thumbnail")[done % 3],
                          bases[(number + done) % len(bases)])
                done += 1
            return done

        with ThreadPoolExecutor(8) as pool:
            return sum(pool.map(ask, range(8))) / seconds

    for count in (1, 2):
        print(f"{count} web server(s): {rate(place.direct[:count]):.0f} requests per second", flush=True)
    place.end(place.workers)
    for count in (1, 2, 3):
        for number in range(60):
            user.upload(photo(2000, 1500, seed=count * 1000 + number))
        for _ in range(count):
            place.add_worker()
        place.wait()
        begun_at = time.monotonic()
        with place.app.app_context(), connected():
            wait_until(lambda: not JobRow.select().where(JobRow.state != "failed", JobRow.run_at <= now()).exists(),
                       "the jobs", 600)
        print(f"{count} worker(s): {60 / (time.monotonic() - begun_at):.1f} photos per second", flush=True)
        place.end(place.workers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--contract", type=Path, help="a program that is called with `check URL`")
    parser.add_argument("--throughput", action="store_true")
    options = parser.parse_args()
    status = 0
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        backend = Backend("postgres", Path(folder))
        try:
            if options.contract:
                with cluster(backend, Path(folder)) as place:
                    status = subprocess.run([sys.executable, str(options.contract), "check", place.proxy.url],
                                            check=False).returncode
                    print(f"the contract ended with status {status}", flush=True)
            with cluster(backend, Path(folder)) as place:
                user = User(place)
                for look in (look_at_sessions, look_at_settings, look_at_events):
                    look(user)
                    print(f"{look.__name__.removeprefix('look_at_')}: right", flush=True)
                print(f"periodic jobs, each once: {', '.join(look_at_periodic_jobs(place))}", flush=True)
                if options.throughput:
                    throughput(place, user)
        finally:
            backend.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
