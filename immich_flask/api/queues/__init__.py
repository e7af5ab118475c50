"""Background work: what waits, runs and has failed, and how it is paused and started (`/api/queues`, `/api/jobs`)."""

from immich_flask.api.queues.routes import bp, jobs_bp

__all__ = ["bp", "jobs_bp"]
