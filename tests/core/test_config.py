"""The configuration: every key has a default, later sources win, bad values say what to change."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.config import Config, default_values, load_config
from immich_flask.infra.paths import shipped


def keys_of(cls: type, prefix: str = "") -> set[str]:
    hints = get_type_hints(cls)
    return {key for f in fields(cls) for key in (
        keys_of(hints[f.name], f"{prefix}{f.name}.") if is_dataclass(hints[f.name]) else {f"{prefix}{f.name}"})}


def flat(values: dict, prefix: str = "") -> set[str]:
    return {key for name, value in values.items() for key in (
        flat(value, f"{prefix}{name}.") if isinstance(value, dict) and value else {f"{prefix}{name}"})}


def test_the_default_file_holds_every_key() -> None:
    assert flat(default_values()) == keys_of(Config)


def test_every_key_has_a_comment() -> None:
    text = (shipped("config") / "default.toml").read_text("utf-8")
    assert [line for line in text.splitlines() if re.match(r"\w+ =", line) and not re.search(r" # \S", line)] == []


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('data_dir = "/file"\n[server]\nport = 1\nthreads = 3\n[plugin.map]\nzoom = 4\n')
    environ = {"IMMICH_FLASK_CONFIG": str(file), "IMMICH_FLASK_SERVER__PORT": "2",
               "IMMICH_FLASK_PLUGINS__DISABLED": "map, tags", "IMMICH_FLASK_PLUGIN__MAP__STYLE": "dark"}
    config = load_config(overrides={"server.port": 3}, environ=environ)
    assert (config.data_dir, config.server.port, config.server.threads) == ("/file", 3, 3)
    assert config.plugins.disabled == ["map", "tags"]
    assert config.plugin == {"map": {"zoom": 4, "style": "dark"}}


@pytest.mark.parametrize(("variable", "value", "said"), [
    ("SERVER__PORT", "many", "server.port must be a whole number"),
    ("SERVER__PORT", "70000", "server.port must be between"),
    ("SERVER__PROT", "1", "unknown key server.prot"),
    ("SERVRE__PORT", "1", "no table [servre]"),
    ("STORAGE__BACKEND", "tape", "storage.backend must be local or s3"),
    ("STORAGE__BACKEND", "s3", "storage.s3.endpoint must be set"),
    ("DATABASE__URL", "mysql://x", "database.url must begin with"),
    ("QUEUE__URL", "amqp://x", "queue.url must begin with"),
    ("AUTH__FAILED_ATTEMPTS", "0", "auth.failed_attempts must be at least 1"),
    ("AUTH__SESSION_DAYS", "-1", "auth.session_days must be at least 1"),
    ("LOGGING__LEVEL", "loud", "logging.level must be one of"),
    ("LOGGING__JSON", "maybe", "logging.json must be true or false"),
    ("WEB__ROOT", "/nowhere", "no index.html"),
    ("STORAGE__S3", "x", "unknown key storage.s3"),
])
def test_bad_values_say_what_to_change(variable: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as error:
        load_config(environ={f"IMMICH_FLASK_{variable}": value})
    assert "\n" not in str(error.value)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[server\n")
    with pytest.raises(ConfigError, match="broken.toml is not valid TOML"):
        load_config(broken, environ={})
    with pytest.raises(ConfigError, match="cannot read the configuration file"):
        load_config(tmp_path / "missing.toml", environ={})


def test_secrets_do_not_show() -> None:
    config = load_config(environ={"IMMICH_FLASK_STORAGE__S3__SECRET_KEY": "hush"})
    assert config.storage.s3.secret_key == "hush"
    assert "hush" not in repr(config)


@pytest.mark.parametrize("name", ["development.toml", "production.example.toml"])
def test_the_examples_can_be_loaded(name: str) -> None:
    assert load_config(shipped("config") / name, environ={}).data_dir != load_config(environ={}).data_dir
