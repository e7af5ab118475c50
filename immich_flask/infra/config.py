"""The operator's configuration: `config/default.toml`, a file, the environment; later ones win.

`default.toml` holds every key, so the type of a value there is the type that is accepted everywhere. What a running
server lets its administrator change (trash days, thumbnail sizes) is not here but in the database.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.paths import shipped

PREFIX = "IMMICH_FLASK_"
OTHER_VARIABLES = {"CONFIG"}
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    web_processes: int
    threads: int
    trusted_proxies: list
    max_body_mb: int
    max_upload_gb: int


@dataclass(frozen=True, slots=True)
class Database:
    url: str
    pool_size: int
    busy_timeout_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str
    path_style: bool
    secure: bool
    prefix: str
    create_bucket: bool
    presigned_redirects: bool


@dataclass(frozen=True, slots=True)
class Storage:
    backend: str
    path: str
    s3: S3


@dataclass(frozen=True, slots=True)
class Queue:
    url: str
    workers: int


@dataclass(frozen=True, slots=True)
class AuthLimits:
    session_days: int
    failed_attempts: int
    failed_attempts_anywhere: int
    bcrypt_rounds: int


@dataclass(frozen=True, slots=True)
class Web:
    root: str
    external_domain: str


@dataclass(frozen=True, slots=True)
class Plugins:
    disabled: list


@dataclass(frozen=True, slots=True)
class Logging:
    level: str
    json: bool


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. `plugin` holds the tables `[plugin.<name>]`, checked when the plugins are known."""

    data_dir: str
    server: Server
    database: Database
    storage: Storage
    queue: Queue
    auth: AuthLimits
    web: Web
    plugins: Plugins
    logging: Logging
    plugin: dict

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir).expanduser().resolve()

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data_path / 'immich.db'}"

    @property
    def queue_url(self) -> str:
        if self.queue.url:
            return self.queue.url
        return self.database.url if is_postgres(self.database.url) else f"sqlite:///{self.data_path / 'queue.db'}"

    @property
    def storage_path(self) -> Path:
        return Path(self.storage.path).expanduser().resolve() if self.storage.path else self.data_path / "photos"


def is_postgres(url: str) -> bool:
    return url.startswith(("postgresql://", "postgres://"))


def load_config(path: str | Path | None = None, *, overrides: Mapping[str, Any] | None = None,
                environ: Mapping[str, str] | None = None) -> Config:
    """Read the configuration. `overrides` ({"server.port": 1}) win over everything; they are the command line's.

    Raises ConfigError naming the key, where it was read, and what is accepted.
    """
    environ = os.environ if environ is None else environ
    values = default_values()
    path = path or environ.get(PREFIX + "CONFIG")
    if path:
        _merge(values, _read(Path(path)), str(path))
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX) and (key := variable[len(PREFIX):]) not in OTHER_VARIABLES:
            _assign(values, key.lower().split("__"), _from_text(text), variable)
    for key, value in (overrides or {}).items():
        _assign(values, key.split("."), value, "the command line")
    config = _build(Config, values)
    _check(config)
    return config


def default_values() -> dict:
    """The parsed `default.toml`, with the (empty) table of the plugins' settings."""
    return {**_read(shipped("config") / "default.toml"), "plugin": {}}


def _read(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the configuration file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _merge(values: dict, new: dict, source: str, at: tuple[str, ...] = ()) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and at[:1] != ("plugin",):
            if not isinstance(values.get(key), dict):
                raise ConfigError(f"{source}: unknown table [{'.'.join((*at, key))}]")
            _merge(values[key], value, source, (*at, key))
        else:
            _assign_at(values, key, value, source, at)


def _assign(values: dict, keys: list[str], value: Any, source: str) -> None:
    for depth, key in enumerate(keys[:-1]):
        if keys[0] == "plugin" and depth:
            values.setdefault(key, {})
        if not isinstance(values.get(key), dict):
            raise ConfigError(f"{source}: there is no table [{'.'.join(keys[:depth + 1])}] in the configuration")
        values = values[key]
    _assign_at(values, keys[-1], value, source, tuple(keys[:-1]))


def _assign_at(values: dict, key: str, value: Any, source: str, at: tuple[str, ...]) -> None:
    name = ".".join((*at, key))
    if at[:1] == ("plugin",):
        values[key] = value
        return
    if key not in values or isinstance(values[key], dict):
        raise ConfigError(f"{source}: unknown key {name}; config/default.toml lists all of them")
    values[key] = _as_type_of(values[key], value, name, source)


def _as_type_of(default: Any, value: Any, name: str, source: str) -> Any:
    if isinstance(default, str) and not isinstance(value, (str, list, dict)):
        value = str(value)
    if isinstance(default, list) and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if type(value) is not type(default):
        wanted = {bool: "true or false", int: "a whole number", str: "text", list: "a list"}[type(default)]
        raise ConfigError(f"{source}: {name} must be {wanted}, not {value!r}")
    return value


def _from_text(text: str) -> Any:
    """An environment variable holds a TOML value, or else plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _build(cls: type, values: dict) -> Any:
    hints = get_type_hints(cls)
    return cls(**{f.name: _build(hints[f.name], values[f.name]) if is_dataclass(hints[f.name]) else values[f.name]
                  for f in fields(cls)})


def _check(config: Config) -> None:
    def need(condition: Any, message: str) -> None:
        if not condition:
            raise ConfigError(message)

    need(0 < config.server.port < 65536, f"server.port must be between 1 and 65535, not {config.server.port}")
    for name in ("web_processes", "threads", "max_body_mb", "max_upload_gb"):
        need(getattr(config.server, name) > 0, f"server.{name} must be at least 1")
    need(config.queue.workers > 0, "queue.workers must be at least 1")
    need(config.database.pool_size > 0, "database.pool_size must be at least 1")
    for name in ("session_days", "failed_attempts"):
        need(getattr(config.auth, name) > 0, f"auth.{name} must be at least 1")
    need(config.auth.failed_attempts_anywhere >= 0, "auth.failed_attempts_anywhere must not be negative")
    need(4 <= config.auth.bcrypt_rounds <= 16, "auth.bcrypt_rounds must be between 4 and 16")
    url = config.database.url
    need(not url or is_postgres(url) or url.startswith("sqlite:///"),
         "database.url must begin with sqlite:/// or postgresql://")
    queue = config.queue.url
    # "immediate:" runs jobs at once in the process that asks for them; for tests.
    need(not queue or is_postgres(queue) or queue.startswith(("sqlite:///", "redis://", "rediss://", "immediate:")),
         "queue.url must begin with sqlite:///, postgresql:// or redis://")
    need(config.storage.backend in ("local", "s3"), f"storage.backend must be local or s3, not {config.storage.backend}")
    if config.storage.backend == "s3":
        for name in ("endpoint", "bucket", "access_key", "secret_key"):
            need(getattr(config.storage.s3, name), f"storage.s3.{name} must be set when storage.backend is s3")
    need(config.logging.level in LOG_LEVELS, f"logging.level must be one of {', '.join(LOG_LEVELS)}")
    need(not config.web.root or (Path(config.web.root) / "index.html").is_file(),
         f"web.root is {config.web.root}, but there is no index.html in it")
