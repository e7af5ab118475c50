"""The same answers through a real gunicorn: files by `sendfile`, ranges too, and everything closed in the end."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from immich_flask.infra.storage.local import LocalStorage
from immich_flask.infra.storage.s3 import S3Storage
from immich_flask.testing.servers import S3Server, TiedProcess

BYTES = bytes(range(256)) * 4

SERVED = """
import os, sys
from flask import Flask, Response
import gunicorn.http.wsgi
from immich_flask.infra.http.delivery import send_object
from immich_flask.infra.storage.local import LocalStorage
from immich_flask.infra.storage.s3 import S3Storage

by_kernel = gunicorn.http.wsgi.Response.sendfile

def note(self, respiter):
    done = by_kernel(self, respiter)
    print("sendfile", done, self.response_length, flush=True)
    return done

gunicorn.http.wsgi.Response.sendfile = note
app = Flask(__name__)
local = LocalStorage(os.environ["FOLDER"])
s3 = S3Storage(endpoint=os.environ["ENDPOINT"], bucket="served", region="us-east-1",
               access_key=os.environ["ACCESS"], secret_key=os.environ["SECRET"])

@app.get("/<kind>/<key>")
def serve(kind, key):
    response = send_object(local if kind == "local" else s3, key, mimetype="video/mp4")
    response.call_on_close(lambda: print("closed", kind, key, flush=True))
    return response
"""


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Callable[[], str]]]:
    """A real gunicorn. Yields its URL, and what the served app printed since the last time."""
    home = tmp_path_factory.mktemp("gunicorn")
    (home / "served.py").write_text(SERVED)
    log = home / "log"
    with S3Server() as server:
        s3 = S3Storage(endpoint=server.url, bucket=server.create_bucket("served"), access_key=server.access_key,
                       secret_key=server.secret_key, region=server.region)
        for storage in (LocalStorage(home / "photos"), s3):
            storage.put("film", [BYTES * 1024] * 40)
            storage.put("small", [BYTES])
        environ = {**os.environ, "PYTHONPATH": f"{home}:{Path(__file__).parents[2]}", "HOME": str(home),
                   "XDG_RUNTIME_DIR": str(home), "FOLDER": str(home / "photos"), "ENDPOINT": server.url,
                   "ACCESS": server.access_key, "SECRET": server.secret_key}
        command = [sys.executable, "-m", "gunicorn", "served:app", "--bind", "127.0.0.1:0", "--threads", "4"]
        process = TiedProcess(command, log=log, cwd=home, env=environ)
        found: list[str] = []

        def listening() -> bool:
            found[:] = re.findall(r"Listening at: (http://[0-9.:]+)", log.read_text())
            return bool(found) and "Booting worker" in log.read_text()

        process.wait_until(listening, "gunicorn")
        seen = len(log.read_text())

        def news() -> str:
            nonlocal seen
            text = log.read_text()
            seen, fresh = len(text), text[seen:]
            return fresh

        yield found[0], news
        process.stop()


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_through_gunicorn(gunicorn: tuple[str, Callable[[], str]], kind: str) -> None:
    url, news = gunicorn
    news()
    with requests.Session() as session:
        # One connection: a wrong length of one answer would spoil the next.
        whole = session.get(f"{url}/{kind}/small", timeout=10)
        assert (whole.status_code, whole.content) == (200, BYTES)
        part = session.get(f"{url}/{kind}/small", headers={"Range": "bytes=100-299"}, timeout=10)
        assert (part.status_code, part.content) == (206, BYTES[100:300])
        assert part.headers["Content-Range"] == "bytes 100-299/1024"
        assert session.head(f"{url}/{kind}/small", timeout=10).headers["Content-Length"] == "1024"
        again = session.get(f"{url}/{kind}/small", headers={"If-None-Match": whole.headers["ETag"]}, timeout=10)
        assert (again.status_code, again.content) == (304, b"")
        beyond = session.get(f"{url}/{kind}/small", headers={"Range": "bytes=1024-"}, timeout=10)
        assert beyond.status_code == 416
        tail = session.get(f"{url}/{kind}/small", headers={"Range": "bytes=-24"}, timeout=10)
        assert tail.content == BYTES[-24:]
        film = session.get(f"{url}/{kind}/film", timeout=30)
        assert film.content == BYTES * 40960
        middle = session.get(f"{url}/{kind}/film", headers={"Range": "bytes=20000000-39999999"}, timeout=30)
        assert middle.content == (BYTES * 40960)[20_000_000:40_000_000]
    sent = re.findall(r"sendfile (\w+) (\d+)", news())
    lengths = ["1024", "200", "24", str(1024 * 40960), "20000000"]
    assert sent == ([("True", length) for length in lengths] if kind == "local" else [])


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_a_client_that_leaves(gunicorn: tuple[str, Callable[[], str]], kind: str) -> None:
    url, news = gunicorn
    news()
    with requests.get(f"{url}/{kind}/film", stream=True, timeout=10) as answer:
        assert answer.raw.read(10) == BYTES[:10]
    deadline = time.monotonic() + 10
    told = ""
    while f"closed {kind} film" not in told and time.monotonic() < deadline:
        told += news()
        time.sleep(0.02)
    assert f"closed {kind} film" in told
    assert requests.get(f"{url}/{kind}/small", timeout=10).content == BYTES
