"""`immich-flask serve`: web server and job workers in one tree of processes.

Everything is imported and checked once, in the process at the top; the others are forks of it and share its memory.
Connections are opened after forking only.
"""

from __future__ import annotations

import gc
import logging
import os
from functools import partial

from flask import Flask

from immich_flask.app import create_app
from immich_flask.contracts.errors import ConfigError
from immich_flask.core.plugins import Plugins
from immich_flask.core.schema import migrate_all, require_migrated
from immich_flask.infra.config import Config
from immich_flask.infra.db import db
from immich_flask.infra.http.server import listen, run_web
from immich_flask.infra.log import setup_logging
from immich_flask.infra.memory import share_one_heap
from immich_flask.infra.processes import GRACE_SECONDS, Supervisor
from immich_flask.infra.storage import open_storage
from immich_flask.infra.storage.base import StorageError
from immich_flask.worker import workers_of

log = logging.getLogger(__name__)


def serve(config: Config) -> int:
    """Run until SIGTERM or Ctrl-C; returns the exit status. ConfigError when it cannot start."""
    setup_logging(config)
    plugins = Plugins(config)
    app = create_app(config, plugins=plugins)
    # First: a second server on the same data, started by mistake, shall change nothing.
    try:
        listener = listen(config)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        raise ConfigError(f"cannot listen on {_address(config)}: {reason}; choose another --host or --port") from error
    migrate_all(config, plugins, log.info)
    check_storage(config)
    _before_forking()
    web = partial(
        run_web, app, listener, config, graceful_seconds=GRACE_SECONDS - 5,
        when_ready=partial(print, f"immich-flask is listening on http://{_address(config)}", flush=True))
    return Supervisor({"web server": web, **workers_of(app)}).run()


def run_worker(config: Config) -> int:
    """Run job workers only, until SIGTERM or Ctrl-C; returns the exit status. ConfigError when they cannot start."""
    setup_logging(config)
    plugins = Plugins(config)
    app: Flask = create_app(config, plugins=plugins)
    require_migrated(plugins)
    check_storage(config)
    _before_forking()
    log.info("running jobs in %s processes", config.queue.workers)
    return Supervisor(workers_of(app)).run()


def check_storage(config: Config) -> None:
    """Raise ConfigError unless the storage takes and gives bytes."""
    # One of its own: the app's must not have connections when it is forked.
    try:
        open_storage(config).check()
    except StorageError as error:
        raise ConfigError(str(error)) from error


def _before_forking() -> None:
    db.obj.close_all()
    share_one_heap()
    # What is there now is shared by all processes for as long as nobody touches it, which the collector would.
    gc.collect()
    gc.freeze()
    gc.enable()


def _address(config: Config) -> str:
    host = config.server.host
    return f"[{host}]:{config.server.port}" if ":" in host else f"{host}:{config.server.port}"
