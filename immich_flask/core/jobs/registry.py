"""The core's own jobs, and all jobs of an app."""

from __future__ import annotations

from functools import partial

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.plugin import Job
from immich_flask.core.assets import objects, owner, sweep
from immich_flask.core.auth import sessions
from immich_flask.core.jobs.cron import check_cron
from immich_flask.core.jobs.nightly import nightly
from immich_flask.core.plugins import Plugins
from immich_flask.core.users import removal

BACKGROUND = QueueName.BACKGROUND_TASK

CLEANUP = partial(nightly, "databaseCleanup")

CORE_JOBS = [
    Job(JobName.FILE_DELETE, BACKGROUND, objects.delete_objects),
    Job(sweep.SWEEP, BACKGROUND, sweep.sweep, cron=nightly, shown_as=JobName.FILE_DELETE),
    Job(JobName.SESSION_CLEANUP, BACKGROUND, sessions.remove_stale_sessions, cron=CLEANUP),
    Job(JobName.USER_DELETE, BACKGROUND, removal.remove_user),
    Job(JobName.USER_DELETE_CHECK, BACKGROUND, removal.remove_due_users, cron=CLEANUP),
    Job(JobName.USER_SYNC_USAGE, BACKGROUND, owner.recount_usage, cron=partial(nightly, "syncQuotaUsage")),
    Job(removal.REMOVE_FILES, BACKGROUND, removal.remove_files, shown_as=JobName.USER_DELETE),
]
"""Import a service's function here and add `Job(name, queue, function)`."""


def all_jobs(plugins: Plugins) -> dict[str, Job]:
    """The core's and the enabled plugins' jobs by name. ConfigError when a name is taken or a cron line makes no sense.
    """
    jobs: dict[str, Job] = {}
    for job in [*CORE_JOBS, *plugins.jobs.values()]:
        if job.name in jobs:
            name = plugins.owner("job", job.name)
            raise ConfigError(f"plugin {name} registers the job {job.name}, which the core has; disable {name}")
        if isinstance(job.cron, str):
            check_cron(job)
        jobs[job.name] = job
    return jobs
