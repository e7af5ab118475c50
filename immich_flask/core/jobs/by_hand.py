"""What an administrator starts by hand: the work of a whole queue, or a single clean-up.

Which job stands behind which command is a fact of Immich (server/src/services/queue.service.ts and job.service.ts).
"""

from __future__ import annotations

from typing import Any

from immich_flask.contracts.enums import JobName, ManualJobName, QueueName
from immich_flask.contracts.errors import BadRequest
from immich_flask.core.jobs.enqueue import enqueue
from immich_flask.core.jobs.queues import find_queue
from immich_flask.core.runtime import runtime

WITH_FORCE = {
    QueueName.THUMBNAIL_GENERATION: JobName.ASSET_GENERATE_THUMBNAILS_QUEUE_ALL,
    QueueName.METADATA_EXTRACTION: JobName.ASSET_EXTRACT_METADATA_QUEUE_ALL,
    QueueName.VIDEO_CONVERSION: JobName.ASSET_ENCODE_VIDEO_QUEUE_ALL,
    QueueName.FACE_DETECTION: JobName.ASSET_DETECT_FACES_QUEUE_ALL,
    QueueName.FACIAL_RECOGNITION: JobName.FACIAL_RECOGNITION_QUEUE_ALL,
    QueueName.SMART_SEARCH: JobName.SMART_SEARCH_QUEUE_ALL,
    QueueName.DUPLICATE_DETECTION: JobName.ASSET_DETECT_DUPLICATES_QUEUE_ALL,
    QueueName.SIDECAR: JobName.SIDECAR_QUEUE_ALL,
    QueueName.LIBRARY: JobName.LIBRARY_SCAN_QUEUE_ALL,
    QueueName.BACKUP_DATABASE: JobName.DATABASE_BACKUP,
    QueueName.OCR: JobName.OCR_QUEUE_ALL,
}
"""Jobs that queue the work of their queue: what is missing, or with `force` everything anew."""

WITHOUT_FORCE = {
    QueueName.STORAGE_TEMPLATE_MIGRATION: JobName.STORAGE_TEMPLATE_MIGRATION,
    QueueName.MIGRATION: JobName.FILE_MIGRATION_QUEUE_ALL,
}

MANUAL: dict[ManualJobName, tuple[JobName, dict[str, Any]]] = {
    ManualJobName.PERSON_CLEANUP: (JobName.PERSON_CLEANUP, {}),
    ManualJobName.TAG_CLEANUP: (JobName.TAG_CLEANUP, {}),
    ManualJobName.USER_CLEANUP: (JobName.USER_DELETE_CHECK, {}),
    ManualJobName.MEMORY_CLEANUP: (JobName.MEMORY_CLEANUP, {}),
    ManualJobName.MEMORY_CREATE: (JobName.MEMORY_GENERATE, {}),
    ManualJobName.BACKUP_DATABASE: (JobName.DATABASE_BACKUP, {}),
}

for _kind, _job, _report in (
    ("missing-files", JobName.INTEGRITY_MISSING_FILES_QUEUE_ALL, "missing_file"),
    ("untracked-files", JobName.INTEGRITY_UNTRACKED_FILES_QUEUE_ALL, "untracked_file"),
    ("checksum-mismatch", JobName.INTEGRITY_CHECKSUM_FILES, "checksum_mismatch"),
):
    MANUAL |= {
        ManualJobName(f"integrity-{_kind}"): (_job, {}),
        ManualJobName(f"integrity-{_kind}-refresh"): (_job, {"refresh_only": True}),
        ManualJobName(f"integrity-{_kind}-delete-all"): (JobName.INTEGRITY_DELETE_REPORT_TYPE, {"type": _report}),
    }


def start_queue(queue: QueueName, *, force: bool) -> None:
    """Queue the work of a whole queue. BadRequest when it is at it, or when no enabled plugin does such work."""
    if find_queue(queue).counts.active:
        raise BadRequest("Job is already running")
    if (name := WITH_FORCE.get(queue)) in runtime.jobs:
        enqueue(name, force=force)
    elif (name := WITHOUT_FORCE.get(queue)) in runtime.jobs:
        enqueue(name)
    else:
        raise BadRequest(f"Invalid job name: {queue}")


def start_job(name: ManualJobName) -> None:
    """Queue a single job. BadRequest when no enabled plugin has it."""
    job, payload = MANUAL[name]
    if job not in runtime.jobs:
        raise BadRequest(f"Invalid job name: {name}")
    enqueue(job, unless_waiting=True, **payload)
