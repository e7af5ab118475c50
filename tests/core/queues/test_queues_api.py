"""`/api/queues` and `/api/jobs`: what the administrator sees of background work is what there is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from immich_flask.api.queues.routes import OTHER_JOB
from immich_flask.contracts.enums import JobName, ManualJobName, QueueName
from immich_flask.contracts.plugin import Job
from immich_flask.core.jobs.by_hand import MANUAL, WITH_FORCE, WITHOUT_FORCE
from immich_flask.core.models import JobRow, QueueState
from immich_flask.infra.fields import now

NAMES = [str(name) for name in QueueName]
NOTHING = {"active": 0, "completed": 0, "failed": 0, "delayed": 0, "waiting": 0, "paused": 0}


@pytest.fixture
def calm(server):
    """No jobs, nothing paused; before and after."""
    def clear() -> None:
        with server.context():
            JobRow.delete().execute()
            QueueState.delete().execute()

    clear()
    yield server
    clear()


@pytest.fixture
def ran(calm, monkeypatch):
    """What these three jobs were called with."""
    calls = []
    for job in (Job("OcrQueueAll", "ocr", lambda **payload: calls.append(("OcrQueueAll", payload))),
                Job("FileMigrationQueueAll", "migration", lambda **payload: calls.append(("migrate", payload))),
                Job("UserDeleteCheck", "backgroundTask", lambda **payload: calls.append(("users", payload)))):
        monkeypatch.setitem(calm.runtime.jobs, job.name, job)
    return calls


def put_rows(server, **counts: int) -> None:
    """Rows of the queue `ocr` in these states."""
    with server.context():
        for state, count in counts.items():
            for _ in range(count):
                JobRow.create(queue="ocr", name="OcrQueueAll", payload={"force": True}, fingerprint="x",
                              state="waiting" if state == "delayed" else state,
                              run_at=now() + timedelta(hours=1 if state == "delayed" else 0))


def test_all_queues_are_there_and_calm(calm, queries):
    with queries() as sql:
        queues = calm.admin.get("/queues").json
    assert len(sql) == 3  # the session, what is paused, the counts
    assert queues == [{"name": name, "isPaused": False, "statistics": NOTHING} for name in NAMES]
    legacy = calm.admin.get("/jobs").json
    assert legacy == {name: {"jobCounts": NOTHING, "queueStatus": {"isActive": False, "isPaused": False}}
                      for name in NAMES}


def test_counts_are_those_of_the_table(ran, server):
    put_rows(server, waiting=3, active=1, failed=2, delayed=4)
    queue = server.admin.get("/queues/ocr").json
    assert queue["statistics"] == {**NOTHING, "waiting": 3, "active": 1, "failed": 2, "delayed": 4}
    assert server.admin.get("/jobs").json["ocr"] == {
        "jobCounts": queue["statistics"], "queueStatus": {"isActive": True, "isPaused": False}}
    jobs = server.admin.get("/queues/ocr/jobs").json
    assert len(jobs) == 10
    assert {(job["name"], str(job["data"])) for job in jobs} == {("OcrQueueAll", "{'force': True}")}
    assert abs(jobs[0]["timestamp"] / 1000 - now().timestamp()) < 60
    assert len(server.admin.get("/queues/ocr/jobs", status=["failed", "active"]).json) == 3
    assert server.admin.get("/queues/ocr/jobs", status=["failed", "lost"]).json["errors"][0]["path"] == ["status", 1]


def test_pause_and_resume(ran, server):
    put_rows(server, waiting=1)
    paused = server.admin.put("/queues/ocr", {"isPaused": True}).json
    assert (paused["isPaused"], paused["statistics"]["paused"], paused["statistics"]["waiting"]) == (True, 1, 0)
    assert [queue["name"] for queue in server.admin.get("/queues").json if queue["isPaused"]] == ["ocr"]
    assert server.admin.put("/queues/ocr", {}).json["isPaused"] is True
    assert server.admin.put("/queues/ocr", {"isPaused": "yes"}).status_code == 400
    assert ran == []
    assert server.admin.put("/queues/ocr", {"isPaused": False}).json["isPaused"] is False
    assert ran == [("OcrQueueAll", {"force": True})]


def test_background_work_pauses_by_the_older_command_only(calm):
    refused = {"message": "The BackgroundTask queue cannot be paused"}
    assert calm.admin.put("/queues/backgroundTask", {"isPaused": True}).json == refused
    for command, paused in (("pause", True), ("resume", False)):
        answer = calm.admin.put("/jobs/backgroundTask", {"command": command})
        assert (answer.status_code, answer.json["queueStatus"]["isPaused"]) == (200, paused)
    assert calm.admin.put("/queues/backgroundTask", {"isPaused": False}).status_code == 200


def test_empty_and_clear_failed(ran, server):
    put_rows(server, waiting=3, failed=2, delayed=1)
    assert server.admin.delete("/queues/ocr/jobs", {}).status_code == 204
    assert server.admin.get("/queues/ocr").json["statistics"] == {**NOTHING, "failed": 2, "delayed": 1}
    assert server.admin.delete("/queues/ocr/jobs", {"failed": "yes"}).status_code == 400
    assert server.admin.delete("/queues/ocr/jobs", {"failed": True}).status_code == 204
    assert server.admin.get("/queues/ocr").json["statistics"] == {**NOTHING, "delayed": 1}

    put_rows(server, waiting=1, failed=1)
    after = server.admin.put("/jobs/ocr", {"command": "empty"}).json["jobCounts"]
    assert after == {**NOTHING, "failed": 1, "delayed": 1}
    after = server.admin.put("/jobs/ocr", {"command": "clear-failed"}).json["jobCounts"]
    assert after == {**NOTHING, "delayed": 1}


def test_start(ran, server):
    start = {"command": "start"}
    assert server.admin.put("/jobs/ocr", start).status_code == 200
    assert server.admin.put("/jobs/ocr", {**start, "force": True}).status_code == 200
    assert server.admin.put("/jobs/migration", start).status_code == 200
    assert ran == [("OcrQueueAll", {"force": False}), ("OcrQueueAll", {"force": True}), ("migrate", {})]
    put_rows(server, active=1)
    assert server.admin.put("/jobs/ocr", start).json == {"message": "Job is already running"}
    assert len(ran) == 3


def test_what_cannot_be_started(calm, monkeypatch):
    for queue in ("search", "smartSearch", "notifications"):
        answer = calm.admin.put(f"/jobs/{queue}", {"command": "start", "force": False})
        assert (answer.status_code, answer.json) == (400, {"message": f"Invalid job name: {queue}"})
    monkeypatch.delitem(calm.runtime.jobs, "DatabaseBackup")
    assert calm.admin.post("/jobs", {"name": "backup-database"}).json == {
        "message": "Invalid job name: backup-database"}


def test_a_job_by_name(ran, server):
    assert server.admin.post("/jobs", {"name": "user-cleanup"}).status_code == 204
    assert ran == [("users", {})]


def test_clients_see_no_name_of_a_job_that_they_do_not_know(calm):
    """The SDK's and the app's code stop at another; here every job that there is waits in its queue."""
    with calm.context():
        for job in [*calm.runtime.jobs.values(), Job("LongGone", "backgroundTask", lambda: None)]:
            JobRow.create(queue=job.queue, name=job.name, payload={"id": "x"}, fingerprint="x", state="failed")
    shown = [job for queue in NAMES for job in calm.admin.get(f"/queues/{queue}/jobs").json]
    assert len(shown) == len(calm.runtime.jobs) + 1
    assert {job["name"] for job in shown} <= set(JobName)
    renamed = {job["data"]["jobName"]: job["name"] for job in shown if job["data"] != {"id": "x"}}
    assert renamed.pop("LongGone") == OTHER_JOB
    assert renamed["FileSweep"] == "FileDelete"
    # Each of ours says which it resembles.
    assert {name: calm.runtime.jobs[name].shown_as for name in renamed} == renamed


def test_every_name_has_its_job():
    assert set(MANUAL) == set(ManualJobName)
    assert not set(WITH_FORCE) & set(WITHOUT_FORCE)
    assert set(WITH_FORCE) | set(WITHOUT_FORCE) < set(QueueName)


@pytest.mark.parametrize(("method", "path", "body", "issue"), [
    ("GET", "/queues/laundry", None, ["name"]), ("GET", "/queues/laundry/jobs", None, ["name"]),
    ("PUT", "/jobs/laundry", {"command": "empty"}, ["name"]), ("PUT", "/jobs/ocr", {"command": "dance"}, ["command"]),
    ("PUT", "/jobs/ocr", {}, ["command"]), ("PUT", "/jobs/ocr", {"command": "empty", "force": "yes"}, ["force"]),
    ("POST", "/jobs", {"name": "laundry"}, ["name"]), ("POST", "/jobs", {}, ["name"]),
])
def test_bad_requests(calm, method, path, body, issue):
    answer = calm.admin.open(method, path, body)
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json["errors"]] == [issue]


@pytest.mark.parametrize(("method", "path", "body", "permission"), [
    ("GET", "/queues", None, "queue.read"), ("GET", "/queues/ocr", None, "queue.read"),
    ("PUT", "/queues/ocr", {}, "queue.update"), ("GET", "/queues/ocr/jobs", None, "queueJob.read"),
    ("DELETE", "/queues/ocr/jobs", {}, "queueJob.delete"), ("GET", "/jobs", None, "job.read"),
    ("POST", "/jobs", {"name": "user-cleanup"}, "job.create"), ("PUT", "/jobs/ocr", {"command": "empty"}, "job.create"),
])
def test_who_may(ran, server, user, method, path, body, permission):
    assert server.nobody.open(method, path, body).status_code == 401
    assert user.open(method, path, body).json == {"message": "Forbidden"}
    refused = server.admin.api_key("user.read").open(method, path, body)
    assert (refused.status_code, refused.json) == (403, {"message": f"Missing required permission: {permission}"})
    assert server.admin.api_key(permission).open(method, path, body).status_code < 300
