"""The app factory: configuration in, a WSGI application out."""

from __future__ import annotations

from flask import Flask, g, request

from immich_flask.api.openapi import Api
from immich_flask.api.root import init_root
from immich_flask.commands import COMMANDS
from immich_flask.core.auth.authenticate import authenticate
from immich_flask.core.jobs.immediate import ImmediateQueue
from immich_flask.core.jobs.registry import all_jobs
from immich_flask.core.plugin_claims import check_claims
from immich_flask.core.plugins import Plugins
from immich_flask.core.runtime import EXTENSION, Runtime, runtime_of
from immich_flask.infra.config import Config, load_config
from immich_flask.infra.db import connect_database, db
from immich_flask.infra.http.errors import init_errors
from immich_flask.infra.http.lean import App
from immich_flask.infra.http.proxy import TrustedProxies
from immich_flask.infra.http.requests import init_requests
from immich_flask.infra.queue import IMMEDIATE, open_wakeups
from immich_flask.infra.storage import open_storage
from immich_flask.infra.storage.outside import WithOutside


def create_app(config: Config | None = None, *, plugins: Plugins | None = None) -> Flask:
    """Build the application. Opens neither the database nor the storage; `immich_flask.core.health` does.

    Raises ConfigError with one line that says what to change.
    """
    config = config or load_config()
    plugins = plugins or Plugins(config)
    connect_database(config)
    app = App("immich_flask", static_folder=None)
    app.wsgi_app = TrustedProxies(app.wsgi_app, config.server.trusted_proxies)
    app.extensions[EXTENSION] = Runtime(
        config=config, plugins=plugins, storage=WithOutside(open_storage(config)), jobs=all_jobs(plugins),
        queue=ImmediateQueue(app) if config.queue_url == IMMEDIATE else open_wakeups(config))
    app.config.update(
        MAX_BODY_BYTES=config.server.max_body_mb * 1024 * 1024,
        MAX_CONTENT_LENGTH=config.server.max_upload_gb * 1024**3,
    )
    init_requests(app)
    _init_authentication(app)
    _init_routes(app)
    init_root(app)
    # After flask-smorest, which brings handlers of its own.
    init_errors(app)
    plugins.hook.check_config(config=config)
    plugins.hook.startup(app=app)
    return app


def _init_authentication(app: Flask) -> None:
    @app.before_request
    def open_database_and_identify() -> None:
        view = app.view_functions.get(request.endpoint)
        access = getattr(view, "access", None)
        if access is None:
            return
        if access.database:
            db.connect(reuse_if_open=True)
        # The request itself: looking it up each time that something is asked of it adds up.
        g.auth = authenticate(request._get_current_object(), access) if access.login else None

    @app.teardown_request
    def close_database(error: BaseException | None) -> None:
        if not db.is_closed():
            db.close()


def _init_routes(app: Flask) -> None:
    from immich_flask.api import blueprints

    # A slash at the end changes nothing, as by Immich's router; some clients put one.
    app.url_map.strict_slashes = False
    # An address with two is another one; a redirect would lead wherever the caller says this host is.
    app.url_map.merge_slashes = False
    api, plugins = Api(app), runtime_of(app).plugins
    check_claims(plugins, blueprints(), COMMANDS)
    for blueprint in [*blueprints(), *plugins.blueprints]:
        api.register_blueprint(blueprint)
    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = getattr(view, "served", view)
