"""What lies outside `/api`, the headers that every answer carries, and the line that every request leaves in the log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from immich_flask.api import root
from immich_flask.contracts.plugin import HealthCheck
from immich_flask.core import health
from immich_flask.core.models import JobRow
from immich_flask.infra.config import load_config
from immich_flask.infra.fields import now
from immich_flask.infra.log import setup_logging
from immich_flask.infra.storage.base import StorageUnavailable


@pytest.fixture
def get(server):
    def ask(path: str, **headers: str):
        server.activate()
        return server.app.test_client().get(path, headers=headers)

    return ask


@pytest.fixture
def fresh_health(monkeypatch):
    monkeypatch.setattr(root, "HEALTH_SECONDS", -1)


class TestRoot:
    def test_where_the_api_is(self, get):
        answer = get("/.well-known/immich")
        assert (answer.status_code, answer.json) == (200, {"api": {"endpoint": "/api"}})

    def test_the_style_sheet(self, get):
        answer = get("/custom.css")
        assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/css", "")

    def test_a_slash_at_the_end_changes_nothing(self, get):
        assert get("/api/server/ping/").json == {"res": "pong"}
        assert get("/api/albums/").status_code == 401
        assert get("/api/server/ping//x").status_code == 404

    def test_headers(self, get):
        answer = get("/api/server/ping")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert len(answer.headers["X-Correlation-ID"]) == 16
        assert get("/api/server/ping").headers["X-Correlation-ID"] != answer.headers["X-Correlation-ID"]
        for path in ("/api/nothing", "/api/server/about", "/custom.css"):
            assert get(path).headers["X-Content-Type-Options"] == "nosniff"
            assert get(path).headers["X-Correlation-ID"]


class TestHealth:
    PARTS = {"database": "ok", "storage": "ok", "queue": "ok"}

    def test_well(self, get, fresh_health):
        answer = get("/healthz")
        assert (answer.status_code, answer.json["status"]) == (200, "ok")
        assert answer.json["checks"] == {**answer.json["checks"], **self.PARTS}
        assert answer.headers["Cache-Control"] == "no-store"

    def test_asked_often_looked_once(self, get, monkeypatch):
        monkeypatch.setattr(root, "HEALTH_SECONDS", 60)
        asked = []
        monkeypatch.setattr(root, "check_health", lambda: (asked.append(1), {"database": True})[1])
        for _ in range(5):
            get("/healthz")
        assert len(asked) <= 1

    def test_a_storage_that_is_away(self, get, server, fresh_health, monkeypatch, caplog):
        def away() -> None:
            raise StorageUnavailable("bucket photos on s3.secret.example")

        monkeypatch.setattr(server.runtime.storage, "reach", away)
        answer = get("/healthz")
        assert (answer.status_code, answer.json["status"]) == (503, "failing")
        assert answer.json["checks"]["storage"] == "failing"
        assert answer.json["checks"]["database"] == "ok"
        assert "secret" not in answer.text
        assert "s3.secret.example" in caplog.text

    def test_a_database_that_is_away(self, get, fresh_health, monkeypatch):
        monkeypatch.setattr(health, "connected", lambda: (_ for _ in ()).throw(OSError("gone")))
        answer = get("/healthz")
        assert (answer.status_code, answer.json["checks"]["database"]) == (503, "failing")

    def test_work_that_nobody_does(self, get, server, fresh_health):
        name, job = next(iter(server.runtime.jobs.items()))
        with server.context():
            JobRow.create(queue=job.queue, name=name, payload={}, fingerprint="x",
                          run_at=now() - timedelta(minutes=11))
        try:
            assert get("/healthz").json["checks"]["queue"] == "failing"
            with server.context():
                JobRow.create(queue=job.queue, name=name, payload={}, fingerprint="y", state="active", alive_at=now())
            assert get("/healthz").json["checks"]["queue"] == "ok"
        finally:
            with server.context():
                JobRow.delete().where(JobRow.fingerprint.in_(["x", "y"])).execute()

    def test_plugins_have_their_say(self, server, monkeypatch):
        checks = {"moon": lambda: "is not full", "sun": lambda: None}
        monkeypatch.setitem(vars(server.runtime.plugins), "health_checks",
                            {name: HealthCheck(name, run) for name, run in checks.items()})
        with server.context():
            parts = health.check_health()
        assert (parts["moon"], parts["sun"]) == (False, True)


@pytest.fixture
def log_as(monkeypatch) -> Iterator:
    """`log_as(json=True)` installs the program's logging and gives what is written to standard error."""
    root_logger = logging.getLogger()
    before, level = list(root_logger.handlers), root_logger.level

    def install(*, json: bool, level: str = "info") -> io.StringIO:
        out = io.StringIO()
        monkeypatch.setattr("sys.stderr", out)
        setup_logging(load_config(overrides={"logging.json": json, "logging.level": level}, environ={}))
        return out

    yield install
    root_logger.handlers = before
    root_logger.setLevel(level)


def sent(answer: TestResponse) -> TestResponse:
    """The line is written when the last byte is out, which a web server tells by closing the answer."""
    answer.close()
    return answer


class TestLog:
    def test_a_line_per_request(self, log_as, user):
        out = log_as(json=False)
        answer = sent(user.get("/server/about"))
        line = out.getvalue().splitlines()[-1]
        assert "INFO immich_flask.access: GET /api/server/about 200 " in line
        assert f"user={user.id} ({answer.headers['X-Correlation-ID']})" in line

    def test_one_object_per_line(self, log_as, user, server):
        out = log_as(json=True)
        answer = sent(user.get("/server/about"))
        entry = json.loads(out.getvalue().splitlines()[-1])
        assert {key: entry[key] for key in ("level", "method", "path", "status", "user", "request")} == {
            "level": "info", "method": "GET", "path": "/api/server/about", "status": 200, "user": user.id,
            "request": answer.headers["X-Correlation-ID"]}
        assert entry["ms"] >= 0

    @pytest.mark.parametrize("as_json", [True, False])
    def test_no_secrets_and_no_lines_of_others(self, log_as, user, server, as_json):
        out = log_as(json=as_json)
        sent(user.get("/server/about", sessionKey="hidden-key", key="hidden-key", apiKey="hidden-key"))
        sent(server.nobody.get("/server/hidden-key/%0aforged"))
        sent(server.nobody.get("/albums/hidden-key"))
        assert "hidden-key" not in out.getvalue()
        assert user.token not in out.getvalue()
        assert len(out.getvalue().splitlines()) == 3

    def test_what_a_request_logs_carries_its_id(self, log_as, server, monkeypatch):
        def fail() -> dict:
            raise ZeroDivisionError("inside")

        monkeypatch.setitem(server.app.view_functions, "server.pingServer", fail)
        out = log_as(json=True, level="error")
        server.activate()
        answer = server.app.test_client().get("/api/server/ping")
        assert (answer.status_code, answer.json) == (500, {"message": "Failed to ping server"})
        entry = json.loads(out.getvalue().splitlines()[0])
        assert entry["request"] == answer.headers["X-Correlation-ID"]
        assert "ZeroDivisionError: inside" in entry["error"]

    def test_level(self, log_as, user):
        out = log_as(json=False, level="warning")
        sent(user.get("/server/about"))
        assert out.getvalue() == ""

    def test_set_up_twice(self, log_as, user):
        log_as(json=False)
        out = log_as(json=False)
        sent(user.get("/server/about"))
        assert len(out.getvalue().splitlines()) == 1

    def test_text_from_outside_begins_no_line(self, log_as):
        out = log_as(json=False)
        logging.getLogger("test").info("name %s", "a\nb\r\nc")
        assert out.getvalue().splitlines() == [out.getvalue().rstrip("\n")]
        assert "a\\nb\\r\\nc" in out.getvalue()
