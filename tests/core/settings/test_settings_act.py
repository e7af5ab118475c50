"""What an administrator sets is what happens: over HTTP, for each setting that acts."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from immich_flask.contracts.enums import JobName
from immich_flask.core.models import Asset, User
from immich_flask.core.plugins import find_plugins
from immich_flask.core.system_config import DEFAULTS
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server
from immich_flask.testing.callers import PASSWORD, photo


@pytest.fixture(scope="module")
def house(make_server: Callable[..., Server]) -> Server:
    server = make_server()
    server.admin = server.user("ann", is_admin=True)
    return server


@contextmanager
def set_to(server: Server, **values: Any) -> Iterator[None]:
    """`trash__days=5` for a while, through the settings page."""
    config = deepcopy(DEFAULTS)
    for path, value in values.items():
        *above, last = path.split("__")
        target = config
        for key in above:
            target = target[key]
        target[last] = value
    assert server.admin.put("/system-config", config).status_code == 200
    try:
        yield
    finally:
        assert server.admin.put("/system-config", DEFAULTS).status_code == 200


def run(server: Server, name: str) -> None:
    with server.context():
        server.runtime.jobs[name].run()


def size_of(caller: Caller, asset: str, **query: str) -> tuple[str, tuple[int, int]]:
    answer = caller.get(f"/assets/{asset}/thumbnail", **query)
    image = Image.open(io.BytesIO(answer.data))
    return image.format, image.size


def test_trash_days(house):
    asset = house.admin.asset()
    house.admin.delete("/assets", {"ids": [asset]})
    with house.context():
        Asset.update(deleted_at=now() - timedelta(days=6)).where(Asset.id == asset).execute()
    run(house, JobName.ASSET_DELETE_CHECK)
    assert house.admin.get(f"/assets/{asset}").json["isTrashed"] is True
    with set_to(house, trash__days=5):
        assert house.nobody.get("/server/config").json["trashDays"] == 5
        run(house, JobName.ASSET_DELETE_CHECK)
    assert house.admin.get(f"/assets/{asset}").status_code == 400


def test_trash_switched_off(house):
    asset = house.admin.asset()
    with set_to(house, trash__enabled=False):
        assert house.nobody.get("/server/features").json["trash"] is False
        assert house.admin.delete("/assets", {"ids": [asset]}).status_code == 204
    assert house.admin.get(f"/assets/{asset}").status_code == 400


def test_pictures(house):
    content = photo(900, 600)
    before = house.admin.asset(content)
    assert size_of(house.admin, before) == ("WEBP", (375, 250))
    thumbnail = {"format": "jpeg", "quality": 10, "size": 100, "progressive": True}
    preview = {"format": "webp", "quality": 95, "size": 300, "progressive": False}
    with set_to(house, image__thumbnail=thumbnail, image__preview=preview):
        after = house.admin.asset(photo(900, 600))
        assert size_of(house.admin, after) == ("JPEG", (150, 100))
        assert size_of(house.admin, after, size="preview") == ("WEBP", (450, 300))
        assert Image.open(io.BytesIO(house.admin.get(f"/assets/{after}/thumbnail").data)).info["progressive"]
        # What there was stays, until it is asked for anew.
        assert size_of(house.admin, before) == ("WEBP", (375, 250))
        house.admin.post("/assets/jobs", {"name": "regenerate-thumbnail", "assetIds": [before]})
        assert size_of(house.admin, before) == ("JPEG", (150, 100))
        bad = len(house.admin.get(f"/assets/{before}/thumbnail").data)
    with set_to(house, image__thumbnail={**thumbnail, "quality": 95}):
        house.admin.post("/assets/jobs", {"name": "regenerate-thumbnail", "assetIds": [before]})
        assert len(house.admin.get(f"/assets/{before}/thumbnail").data) > bad


def test_nightly_tasks(house):
    """Every nightly job begins at the time that is set, and has the switch that the settings page shows for it."""
    jobs = house.runtime.jobs
    switches = {
        "databaseCleanup": ["AssetDeleteCheck", "UserDeleteCheck", "SessionCleanup", "MemoryCleanup",
                            "AuditTableCleanup", "NotificationsCleanup"],
        "generateMemories": ["MemoryGenerate"], "syncQuotaUsage": ["UserSyncUsage"],
        "missingThumbnails": ["AssetGenerateThumbnailsQueueAll"],
    }
    with house.context():
        # The scan of libraries has a time of its own, which happens to be the same.
        nightly = {name for name, job in jobs.items()
                   if callable(job.cron) and job.queue != "library" and job.cron() == "0 0 * * *"}
        assert {name for names in switches.values() for name in names} <= nightly
    with set_to(house, nightlyTasks__startTime="04:15"), house.context():
        assert {jobs[name].cron() for name in nightly} == {"15 4 * * *"}
    for switch, names in switches.items():
        with set_to(house, **{f"nightlyTasks__{switch}": False}), house.context():
            assert {name for name in nightly if jobs[name].cron() is None} >= set(names), switch
            assert all(jobs[name].cron() for other, those in switches.items() if other != switch for name in those)


def test_password_login(house):
    ann = {"email": house.admin.email, "password": PASSWORD}
    with set_to(house, passwordLogin__enabled=False):
        assert house.nobody.get("/server/features").json["passwordLogin"] is False
        assert house.nobody.post("/auth/login", ann).status_code == 401
        # Whoever is logged in stays so, or nobody could switch it on again.
        assert house.admin.get("/users/me").status_code == 200
    assert house.nobody.post("/auth/login", ann).status_code == 201


def test_what_clients_are_told(house):
    with set_to(house, server__loginPageMessage="Grandma's photos", server__externalDomain="https://photos.example",
                map__lightStyle="https://maps.example/light.json", map__darkStyle="https://maps.example/dark.json",
                user__deleteDelay=3, theme__customCss="a { color: red }"):
        told = house.nobody.get("/server/config").json
        assert told["loginPageMessage"] == "Grandma's photos"
        assert told["externalDomain"] == "https://photos.example"
        assert (told["mapLightStyleUrl"], told["mapDarkStyleUrl"]) == (
            "https://maps.example/light.json", "https://maps.example/dark.json")
        assert told["userDeleteDelay"] == 3
        assert house.app.test_client().get("/custom.css").text == "a { color: red }"


def test_public_users(house):
    bob = house.user("bob")
    assert {user["id"] for user in bob.get("/users").json} >= {bob.id, house.admin.id}
    with set_to(house, server__publicUsers=False):
        assert [user["id"] for user in bob.get("/users").json] == [bob.id]
        assert len(house.admin.get("/users").json) > 1


def test_the_delay_of_a_removal(house):
    bob = house.user("bob")
    house.admin.delete(f"/admin/users/{bob.id}", {})
    with house.context():
        User.update(deleted_at=now() - timedelta(days=2)).where(User.id == bob.id).execute()
    run(house, JobName.USER_DELETE_CHECK)
    assert house.admin.get(f"/admin/users/{bob.id}").status_code == 200
    with set_to(house, user__deleteDelay=1):
        run(house, JobName.USER_DELETE_CHECK)
    assert house.admin.get(f"/admin/users/{bob.id}").status_code == 400


def test_map_and_places(house):
    with set_to(house, map__enabled=False):
        flags = house.nobody.get("/server/features").json
        assert (flags["map"], flags["reverseGeocoding"]) == (False, True)
    with set_to(house, reverseGeocoding__enabled=False):
        flags = house.nobody.get("/server/features").json
        assert (flags["map"], flags["reverseGeocoding"]) == (True, False)


def test_the_size_of_profile_images(house):
    with set_to(house, image__thumbnail={"format": "jpeg", "quality": 80, "size": 20, "progressive": False}):
        house.admin.open("POST", "/users/profile-image", data={"file": (io.BytesIO(photo(90, 60)), "me.jpg")},
                         content_type="multipart/form-data")
        image = Image.open(io.BytesIO(house.admin.get(f"/users/{house.admin.id}/profile-image").data))
        assert (image.format, image.size) == ("JPEG", (30, 20))


def test_what_nobody_acts_on_promises_nothing(make_server):
    """With all of it switched on, and no plugin that would do it, every flag is down."""
    server = make_server(**{"plugins.disabled": sorted(set(find_plugins()) - {"compat"})})
    server.admin = server.user("ann", is_admin=True)
    config = deepcopy(DEFAULTS)
    config["machineLearning"]["enabled"] = config["metadata"]["faces"]["import"] = True
    config["oauth"] |= {"enabled": True, "autoLaunch": True, "issuerUrl": "https://id.example"}
    config["notifications"]["smtp"]["enabled"] = config["ffmpeg"]["realtime"]["enabled"] = True
    assert server.admin.put("/system-config", config).json["oauth"]["enabled"] is True
    flags = server.nobody.get("/server/features").json
    assert [name for name, is_up in flags.items() if is_up] == ["passwordLogin"]
    assert server.admin.get("/server/version-check").json == {"checkedAt": None, "releaseVersion": None}
