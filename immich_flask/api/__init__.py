"""Floor 3: the core's own routes and their schemas."""

from __future__ import annotations

from immich_flask.infra.http.blueprint import Blueprint


def blueprints() -> list[Blueprint]:
    """The core's blueprints, in the order of the OpenAPI description."""
    from immich_flask.api.admin_users import bp as admin_users
    from immich_flask.api.api_keys import bp as api_keys
    from immich_flask.api.assets import bp as assets
    from immich_flask.api.auth import bp as auth
    from immich_flask.api.queues import bp as queues
    from immich_flask.api.queues import jobs_bp as jobs
    from immich_flask.api.server import bp as server
    from immich_flask.api.sessions import bp as sessions
    from immich_flask.api.system_config import bp as system_config
    from immich_flask.api.system_metadata import bp as system_metadata
    from immich_flask.api.users import bp as users

    return [api_keys, assets, auth, queues, jobs, server, sessions, system_config, system_metadata, users, admin_users]
