"""The settings that change while the server runs: what is stored, who sees it when."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import pytest

from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.events import ConfigUpdated
from immich_flask.core import settings
from immich_flask.core.models import SystemMetadata
from immich_flask.core.settings import (
    forget_system_metadata,
    set_system_metadata,
    setting,
    system_config,
    system_metadata,
    update_system_config,
)
from immich_flask.core.system_config import DEFAULTS
from immich_flask.infra.db import atomic


@pytest.fixture
def place(server):
    """The shared server's context; afterwards its configuration is the default again."""
    with server.context():
        settings._copies.clear()
        yield server
        forget_system_metadata(settings.CONFIG_KEY)
        settings._copies.clear()


def changed(**paths) -> dict:
    config = deepcopy(DEFAULTS)
    for path, value in paths.items():
        section, _, key = path.partition("__")
        config[section][key] = value
    return config


def test_defaults(place):
    assert system_config() == DEFAULTS
    assert setting("image.preview.size") == 1440
    with pytest.raises(KeyError):
        setting("image.preview.colour")


def test_only_differences_are_stored(place):
    update_system_config(changed(trash__days=5, server__publicUsers=False))
    assert system_metadata("system-config") == {"trash": {"days": 5}, "server": {"publicUsers": False}}
    assert (setting("trash.days"), setting("trash.enabled"), setting("server.publicUsers")) == (5, True, False)
    update_system_config(changed())
    assert system_metadata("system-config") == {}


def test_what_falls_back_to_the_default(place):
    update_system_config(changed(oauth__buttonText="", storageTemplate__template=""))
    assert setting("oauth.buttonText") == "Login with OAuth"
    assert setting("storageTemplate.template") == DEFAULTS["storageTemplate"]["template"]
    assert system_metadata("system-config") == {}


def test_what_no_longer_exists_is_left_out(place):
    set_system_metadata("system-config", {"trash": {"days": 7, "colour": "red"}, "moon": {"phase": 1}})
    assert system_config() == changed(trash__days=7)


def test_normalized(place):
    new = changed(server__externalDomain="https://photos.example:8443/some/path", ffmpeg__targetVideoCodec="hevc")
    saved = update_system_config(new)
    assert saved["server"]["externalDomain"] == "https://photos.example:8443"
    assert saved["ffmpeg"]["acceptedVideoCodecs"] == ["h264", "hevc"]
    assert DEFAULTS["ffmpeg"]["acceptedVideoCodecs"] == ["h264"]


def test_a_copy_is_kept_for_a_second(place, monkeypatch):
    assert (setting("trash.days"), settings.FRESH_SECONDS) == (30, 1)
    # As another process would do it.
    set_system_metadata("system-config", {"trash": {"days": 9}})
    monkeypatch.setattr(settings, "FRESH_SECONDS", 3600)
    assert setting("trash.days") == 30
    monkeypatch.setattr(settings, "FRESH_SECONDS", 0)
    assert setting("trash.days") == 9


def test_who_is_to_change_them_is_shown_what_another_process_has_saved(place, monkeypatch):
    monkeypatch.setattr(settings, "FRESH_SECONDS", 3600)
    assert setting("trash.days") == 30
    set_system_metadata("system-config", {"trash": {"days": 9}})
    assert system_config(fresh=True)["trash"]["days"] == 9
    assert setting("trash.days") == 9


def test_one_who_saves_sees_it_at_once(place):
    assert setting("trash.days") == 30
    update_system_config(changed(trash__days=2))
    assert setting("trash.days") == 2


def test_nothing_is_left_of_a_rollback(place):
    with pytest.raises(ZeroDivisionError), atomic():
        update_system_config(changed(trash__days=2))
        raise ZeroDivisionError
    assert system_metadata("system-config") is None
    settings._copies.clear()
    assert setting("trash.days") == 30


def test_listeners_hear_of_it_and_may_veto(place, monkeypatch):
    @dataclass
    class Listener:
        heard: int = 0

        def run(self, event):
            assert event == ConfigUpdated()
            self.heard += 1
            if system_metadata("system-config").get("trash") == {"days": 3}:
                raise BadRequest("not three")

    listener = Listener()
    monkeypatch.setitem(place.runtime.plugins.listeners, (ConfigUpdated, "inside"), [("test", listener)])
    update_system_config(changed(trash__days=4))
    with pytest.raises(BadRequest):
        update_system_config(changed(trash__days=3))
    assert (listener.heard, system_metadata("system-config")) == (2, {"trash": {"days": 4}})


def test_system_metadata(place):
    assert system_metadata("test") is None
    assert system_metadata("test", 5) == 5
    set_system_metadata("test", {"a": [1, None, "x"]})
    first = SystemMetadata.get_by_id("test").updated_at
    set_system_metadata("test", [])
    assert system_metadata("test") == []
    assert SystemMetadata.get_by_id("test").updated_at >= first
    forget_system_metadata("test")
    assert system_metadata("test") is None
