"""Removing bytes that belong to no row, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from immich_flask.contracts.enums import AssetFileType
from immich_flask.core.assets import keys, sweep
from immich_flask.core.models import AssetFile, User
from immich_flask.core.plugins import Plugins
from immich_flask.core.settings import set_system_metadata
from immich_flask.infra.config import load_config
from immich_flask.infra.fields import iso, now
from immich_flask.testing import Server
from tests.core.assets.conftest import FOUND


@pytest.fixture
def house(make_server: Callable[..., Server]) -> Server:
    """A server of its own: others' uploads would count as strange, or not, as it happens."""
    return make_server(Plugins(load_config(environ={}), FOUND))


@pytest.fixture
def grown_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "OLDER_THAN", timedelta(seconds=-5))


def stored(house: Server) -> set[str]:
    return {found.key for found in house.runtime.storage.list()}


@pytest.mark.usefixtures("grown_old")
def test_only_what_belongs_to_no_row(house: Server) -> None:
    user = house.user()
    asset_id = user.asset()
    storage = house.runtime.storage
    preview = keys.derived_key(AssetFileType.PREVIEW, user.id, asset_id, ".jpeg")
    profile = f"{keys.PROFILE}/{user.id}/{uuid4()}.webp"
    with house.context():
        AssetFile.create(asset=asset_id, type="preview", storage_key=preview, size_in_byte=1)
        User.update(profile_image_key=profile).where(User.id == user.id).execute()
        known = {*stored(house), preview, profile}
        foreign = {"originals/readme.txt", f"person/{user.id}/{asset_id}.jpeg", "notes.txt"}
        orphans = {
            keys.original_key(user.id, str(uuid4()), "a.jpg"), keys.original_key(user.id, asset_id, "other.jpg"),
            keys.motion_key(user.id, str(uuid4())), f"{keys.PROFILE}/{user.id}/{uuid4()}.webp",
            *(keys.derived_key(kind, user.id, asset_id, ".x", edit="1a2b") for kind in keys.DERIVED)}
        for key in {preview, profile} | foreign | orphans:
            storage.put(key, [b"x"])
        assert sweep.sweep() == len(orphans)
        assert stored(house) == known | foreign
        assert sweep.sweep() == 0


def test_what_is_young_may_still_get_its_row(house: Server) -> None:
    with house.context():
        house.runtime.storage.put(keys.original_key(str(uuid4()), str(uuid4()), "a.jpg"), [b"x"])
        assert sweep.sweep() == 0
    assert len(stored(house)) == 1


@pytest.mark.usefixtures("grown_old")
def test_a_database_that_knows_nothing_is_not_believed(house: Server, monkeypatch: pytest.MonkeyPatch,
                                                       caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(sweep, "SUSPICIOUS", 3)
    with house.context():
        for _ in range(4):
            house.runtime.storage.put(keys.original_key(str(uuid4()), str(uuid4()), "a.jpg"), [b"x"])
        assert sweep.sweep() == 0
    assert len(stored(house)) == 4
    assert "is this the right database?" in caplog.text


@pytest.mark.usefixtures("grown_old")
def test_one_run_has_an_end_and_the_next_goes_on(house: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(sweep, "CHUNK", 2)
    with house.context():
        for _ in range(5):
            house.runtime.storage.put(keys.original_key(str(uuid4()), str(uuid4()), "a.jpg"), [b"x"])
        assert [sweep.sweep() for _ in range(3)] == [3, 2, 0]
    assert stored(house) == set()


@pytest.mark.usefixtures("grown_old")
def test_photos_that_a_restored_database_cannot_know_stay(house: Server) -> None:
    user = house.user()
    original, preview = (keys.original_key(user.id, str(uuid4()), "a.jpg"),
                         keys.derived_key(AssetFileType.PREVIEW, user.id, str(uuid4()), ".jpeg"))
    with house.context():
        for key in (original, preview):
            house.runtime.storage.put(key, [b"x"])
        moment = now()
        span = {"from": iso(moment - timedelta(hours=1)), "until": iso(moment + timedelta(hours=1))}
        set_system_metadata(sweep.RESTORED, [span])
        assert sweep.sweep() == 1
        assert stored(house) == {original}
        set_system_metadata(sweep.RESTORED, [{**span, "until": span["from"]}])
        assert sweep.sweep() == 1
