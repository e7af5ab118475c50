"""Routes of `/api/queues`, and of the older `/api/jobs` that says the same in another shape."""

from __future__ import annotations

from typing import Any

from immich_flask.api.queues.schemas import (
    JobCreate,
    QueueCommandBody,
    QueueDelete,
    QueueJobResponse,
    QueueJobSearch,
    QueueResponse,
    QueueResponseLegacy,
    QueuesResponseLegacy,
    QueueUpdate,
)
from immich_flask.contracts.enums import JobName, QueueCommand, QueueJobStatus, QueueName
from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.jobs import queues
from immich_flask.core.jobs.by_hand import start_job, start_queue
from immich_flask.core.runtime import runtime
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Enum

bp = Blueprint("queues", __name__, url_prefix="/queues", tag="Queues")
jobs_bp = Blueprint("jobs", __name__, url_prefix="/jobs", tag="Jobs")

OTHER_JOB = JobName.FILE_MIGRATION_QUEUE_ALL
"""As what a job is shown that resembles none that clients know, or whose plugin is disabled."""

_NAMES = frozenset(JobName)

QUEUE = {"name": Enum(QueueName, required=True)}


@bp.operation("GET", "", "getQueues", permission=Permission.QUEUE_READ, admin=True, answer=QueueResponse(many=True))
def get_queues() -> list[dict]:
    return [_answer(queue) for queue in _of_the_wire()]


@bp.operation("GET", "/{name}", "getQueue", permission=Permission.QUEUE_READ, admin=True, path=QUEUE,
              answer=QueueResponse)
def get_queue(name: QueueName) -> dict:
    return _answer(queues.find_queue(name))


@bp.operation("PUT", "/{name}", "updateQueue", permission=Permission.QUEUE_UPDATE, admin=True, path=QUEUE,
              body=QueueUpdate, answer=QueueResponse)
def update_queue(name: QueueName, body: dict) -> dict:
    wanted = body.get("isPaused")
    if wanted is True:
        # It does what should not wait: deleting accounts, files, what was in the trash for long enough. The older
        # command pauses it all the same, as in the original.
        if name == QueueName.BACKGROUND_TASK:
            raise BadRequest("The BackgroundTask queue cannot be paused")
        queues.pause(name)
    elif wanted is False:
        queues.resume(name)
    return _answer(queues.find_queue(name))


@bp.operation("GET", "/{name}/jobs", "getQueueJobs", permission=Permission.QUEUE_JOB_READ, admin=True, path=QUEUE,
              query=QueueJobSearch, answer=QueueJobResponse(many=True))
def get_queue_jobs(name: QueueName, query: dict) -> list[dict]:
    return [_answer_job(job) for job in queues.list_jobs(name, query.get("status", QueueJobStatus))]


@bp.operation("DELETE", "/{name}/jobs", "emptyQueue", permission=Permission.QUEUE_JOB_DELETE, admin=True, path=QUEUE,
              body=QueueDelete, status=204)
def empty_queue(name: QueueName, body: dict) -> None:
    queues.empty(name)
    if body.get("failed"):
        queues.clear_failed(name)


@jobs_bp.operation("GET", "", "getQueuesLegacy", permission=Permission.JOB_READ, admin=True,
                   answer=QueuesResponseLegacy)
def get_queues_legacy() -> dict:
    return {queue.name: _answer_legacy(queue) for queue in _of_the_wire()}


@jobs_bp.operation("POST", "", "createJob", permission=Permission.JOB_CREATE, admin=True, body=JobCreate, status=204)
def create_job(body: dict) -> None:
    start_job(body["name"])


@jobs_bp.operation("PUT", "/{name}", "runQueueCommandLegacy", permission=Permission.JOB_CREATE, admin=True, path=QUEUE,
                   body=QueueCommandBody, answer=QueueResponseLegacy)
def run_queue_command(name: QueueName, body: dict) -> dict:
    commands: dict[QueueCommand, Any] = {
        QueueCommand.START: lambda queue: start_queue(queue, force=body.get("force", False)),
        QueueCommand.PAUSE: queues.pause,
        QueueCommand.RESUME: queues.resume,
        QueueCommand.EMPTY: queues.empty,
        QueueCommand.CLEAR_FAILED: queues.clear_failed,
    }
    commands[body["command"]](name)
    return _answer_legacy(queues.find_queue(name))


def _of_the_wire() -> list[queues.Queue]:
    """Without the queues that plugins added: clients know nineteen names and stumble over others."""
    known = set(QueueName)
    return [queue for queue in queues.all_queues() if queue.name in known]


def _answer(queue: queues.Queue) -> dict:
    return {"name": queue.name, "isPaused": queue.is_paused, "statistics": queue.counts.as_dict()}


def _answer_job(job: queues.QueuedJob) -> dict:
    """A job whose name the wire does not have is shown under another; its own then stands in the data."""
    name, data = job.name, job.payload
    if name not in _NAMES:
        known = runtime.jobs.get(name)
        name, data = (known and known.shown_as) or OTHER_JOB, {**data, "jobName": name}
    return {"id": job.id, "name": name, "data": data, "timestamp": round(job.created_at.timestamp() * 1000)}


def _answer_legacy(queue: queues.Queue) -> dict:
    return {
        "jobCounts": queue.counts.as_dict(),
        "queueStatus": {"isActive": queue.counts.active > 0, "isPaused": queue.is_paused},
    }
