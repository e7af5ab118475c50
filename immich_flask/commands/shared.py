"""What commands have in common: where the configuration is, an app to work in, questions."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from immich_flask.contracts.errors import ConfigError

if TYPE_CHECKING:
    from flask import Flask
    from immich_flask.infra.config import Config

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Place:
    """Where the configuration comes from; `ctx.obj` of every command. `overrides` are keys of the command line."""

    path: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str | None:
        """The configuration file in use."""
        return self.path or os.environ.get("IMMICH_FLASK_CONFIG") or None

    def load(self) -> Config:
        from immich_flask.infra.config import load_config

        return load_config(self.path, overrides=self.overrides)


def config_options(function: F) -> F:
    """`--config` and `--data-dir`, before or after the command's name."""

    def set_path(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.obj.path = value

    return click.option(
        "--config", "-c", metavar="FILE", callback=set_path, expose_value=False,
        help="Configuration file (TOML). Else the one that IMMICH_FLASK_CONFIG names.",
    )(override("--data-dir", "data_dir", metavar="DIR", help="Folder of the database, the queue and the photos.")
      (function))


def override(option: str, key: str, **attributes: Any) -> Callable[[F], F]:
    """An option that sets `key` of the configuration."""

    def set_key(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value is not None:
            ctx.obj.overrides[key] = value

    return click.option(option, callback=set_key, expose_value=False, **attributes)


@contextmanager
def application(place: Place) -> Iterator[Flask]:
    """An app context with a connection to a database that is up to date. ConfigError when there is none."""
    from immich_flask.core.runtime import runtime
    from immich_flask.core.schema import require_migrated
    from immich_flask.infra.db import connected

    with bare_application(place) as app:
        require_migrated(runtime.plugins)
        with connected():
            yield app


@contextmanager
def bare_application(place: Place) -> Iterator[Flask]:
    """An app context; whatever the database is, there or not."""
    from immich_flask.app import create_app
    from immich_flask.core.plugins import Plugins
    from immich_flask.core.runtime import runtime_of
    from immich_flask.infra.db import db

    config = place.load()
    app = create_app(config, plugins=Plugins(config))
    try:
        with app.app_context():
            yield app
    finally:
        runtime_of(app).queue.close()
        db.obj.close_all()


def in_app(command: click.Command) -> click.Command:
    """A plugin's command, run as its jobs are: in an app context with a database connection, if it needs one."""
    run, wrapped = command.invoke, copy.copy(command)

    def invoke(ctx: click.Context) -> Any:
        with application(ctx.obj) if getattr(command, "needs_database", True) else bare_application(ctx.obj):
            return run(ctx)

    wrapped.invoke = invoke
    return wrapped


def ask(what: str, *, secret: bool = False, default: str | None = None, on_stdout: bool = False) -> str:
    """A line from the terminal, or from whatever standard input is. The question goes to standard error, where it is in
    nobody's way, or to standard output for those who wait for it there."""
    # On a pipe nothing is shown anyway, and getpass would look for a terminal behind it.
    return click.prompt(what, hide_input=secret and sys.stdin.isatty(), default=default, show_default=False,
                        err=not on_stdout, confirmation_prompt=secret and sys.stdin.isatty())


def need_file(place: Place) -> str:
    if place.file is None:
        raise ConfigError("name the configuration file: --config FILE")
    return place.file


def rewrite_file(path: str, change: Callable[[Any], None], check: Callable[[Path], Any] = lambda new: None) -> None:
    """Change the configuration file by `change(its document)`, keeping what else is in it, comments too. Not, when
    `check(path of the new file)` raises. ConfigError when it cannot be read or written."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    file = Path(path)
    try:
        document = tomlkit.parse(file.read_text("utf-8"))
    except (OSError, TOMLKitError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    change(document)
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_text(tomlkit.dumps(document), "utf-8")
        new.chmod(file.stat().st_mode)
        check(new)
        new.replace(file)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error
    finally:
        new.unlink(missing_ok=True)
