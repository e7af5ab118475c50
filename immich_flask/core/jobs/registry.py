"""The core's own jobs, and all jobs of an app."""

from __future__ import annotations

from immich_flask.contracts.errors import ConfigError
from immich_flask.contracts.plugin import Job
from immich_flask.core.jobs.cron import check_cron
from immich_flask.core.plugins import Plugins

CORE_JOBS: list[Job] = []
"""Import a service's function here and add `Job(name, queue, function)`."""


def all_jobs(plugins: Plugins) -> dict[str, Job]:
    """The core's and the enabled plugins' jobs by name. ConfigError when a name is taken or a cron line makes no sense.
    """
    jobs: dict[str, Job] = {}
    for job in [*CORE_JOBS, *plugins.jobs.values()]:
        if job.name in jobs:
            raise ConfigError(f"a plugin registers the job {job.name}, which the core has already; disable the plugin")
        if isinstance(job.cron, str):
            check_cron(job)
        jobs[job.name] = job
    return jobs
