"""What of rows and bytes does not belong together, as administrators see it and deal with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from immich_flask.core import settings
from immich_flask.core.assets import integrity
from immich_flask.core.models import Asset, User
from immich_flask.testing import Caller, Server
from plugins.integrity import jobs
from plugins.integrity.models import IntegrityReport

PATH = "/admin/integrity"
NOTHING = {"checksum_mismatch": 0, "missing_file": 0, "untracked_file": 0}
NONE = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def house(make_server: Callable[..., Server]) -> Server:
    """A server of its own: what others lose would be reported, too."""
    server = make_server()
    server.admin = server.user("ann", is_admin=True)
    return server


@pytest.fixture
def admin(house: Server, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """Without any report, nor anything to be reported; what is untracked is old enough."""
    for function in (integrity.find_untracked, integrity.delete_untracked):
        monkeypatch.setattr(function, "__kwdefaults__", {"young": timedelta(seconds=-5)})
    with house.context():
        IntegrityReport.delete().execute()
        settings.forget_system_metadata(jobs.CHECKPOINT)
        Asset.delete().execute()
        User.update(profile_image_key="").execute()
        house.runtime.storage.delete([info.key for info in house.runtime.storage.list()])
    return house.admin


def key_of(house: Server, asset_id: str) -> str:
    with house.context():
        return Asset.get_by_id(asset_id).storage_key


def look(admin: Caller, *kinds: str, suffix: str = "") -> dict:
    """The summary after these checks."""
    for kind in kinds:
        assert admin.post("/jobs", {"name": f"integrity-{kind}{suffix}"}).status_code == 204
    return admin.get(f"{PATH}/summary").json


def report(admin: Caller, kind: str, **query: object) -> dict:
    return admin.get(f"{PATH}/report", type=kind, **query).json


def test_all_is_well(admin: Caller) -> None:
    admin.asset()
    assert look(admin, "missing-files", "untracked-files", "checksum-mismatch") == NOTHING
    assert report(admin, "missing_file") == {"items": []}


def test_a_missing_original(admin: Caller, house: Server) -> None:
    lost, _ = admin.asset(), admin.asset()
    key = key_of(house, lost)
    house.runtime.storage.delete([key])
    assert look(admin, "missing-files", "untracked-files", "checksum-mismatch") == {**NOTHING, "missing_file": 1}
    item, = report(admin, "missing_file")["items"]
    assert (item["path"], item["type"], item["assetId"], item["fileAssetId"]) == (key, "missing_file", lost, None)
    assert item["createdAt"].endswith("Z")
    # Twice is no more than once.
    assert look(admin, "missing-files")["missing_file"] == 1
    assert admin.get(f"{PATH}/report/{item['id']}/file").status_code == 404
    assert admin.delete(f"{PATH}/report/{item['id']}").status_code == 200
    assert admin.get(f"{PATH}/summary").json == NOTHING
    assert admin.get(f"/assets/{lost}").json["isTrashed"] is True
    assert look(admin, "missing-files") == NOTHING
    assert admin.delete(f"{PATH}/report/{item['id']}").status_code == 404


def test_one_that_turns_up_again(admin: Caller, house: Server) -> None:
    asset = admin.asset()
    key = key_of(house, asset)
    with house.runtime.storage.open(key) as stream:
        content = stream.read()
    house.runtime.storage.delete([key])
    assert look(admin, "missing-files")["missing_file"] == 1
    item, = report(admin, "missing_file")["items"]
    house.runtime.storage.put(key, [content])
    # Nothing is done to what is right by now.
    assert admin.delete(f"{PATH}/report/{item['id']}").status_code == 200
    assert admin.get(f"/assets/{asset}").json["isTrashed"] is False

    house.runtime.storage.delete([key])
    assert look(admin, "missing-files")["missing_file"] == 1
    house.runtime.storage.put(key, [content])
    assert look(admin, "missing-files", suffix="-refresh") == NOTHING


def test_missing_thumbnails_are_made_again(admin: Caller, house: Server) -> None:
    asset = admin.asset()
    storage = house.runtime.storage
    keys = [info.key for info in storage.list() if info.key.startswith(("thumbnails/", "previews/"))]
    assert len(keys) == 2
    storage.delete(keys)
    assert look(admin, "missing-files")["missing_file"] == 2
    assert look(admin, "missing-files", suffix="-delete-all") == NOTHING
    assert all(storage.exists(key) for key in keys)
    assert admin.get(f"/assets/{asset}/thumbnail").status_code == 200


def test_a_missing_profile_image(admin: Caller, house: Server) -> None:
    with house.context():
        User.update(profile_image_key=f"profile/{admin.id}/{NONE}.webp").where(User.id == admin.id).execute()
    assert look(admin, "missing-files")["missing_file"] == 1
    look(admin, "missing-files", suffix="-delete-all")
    assert admin.get("/users/me").json["profileImagePath"] == ""


def test_what_belongs_to_nothing(admin: Caller, house: Server) -> None:
    storage = house.runtime.storage
    admin.asset()
    orphans = [f"originals/{admin.id}/00000000-0000-4000-8000-00000000000{digit}/a \"b\".jpg" for digit in range(3)]
    for key in orphans:
        storage.put(key, [b"x"])
    storage.put("originals/notes.txt", [b"not of our making"])
    assert look(admin, "missing-files", "untracked-files") == {**NOTHING, "untracked_file": 3}
    first = report(admin, "untracked_file", limit=2)
    second = report(admin, "untracked_file", limit=2, cursor=first["nextCursor"])
    assert "nextCursor" not in second
    items = first["items"] + second["items"]
    assert sorted(item["path"] for item in items) == orphans

    table = admin.get(f"{PATH}/report/untracked_file/csv")
    assert (table.status_code, table.mimetype) == (200, "text/csv")
    assert table.headers["Cache-Control"] == "private, no-cache, no-transform"
    assert re.fullmatch(r'attachment; filename="\d{13}-untracked_file\.csv"', table.headers["Content-Disposition"])
    lines = table.text.splitlines()
    assert lines[0] == "id,type,assetId,fileAssetId,path"
    quoted = items[0]["path"].replace('"', '""')
    assert f'{items[0]["id"]},untracked_file,null,null,"{quoted}"' in lines

    file = admin.get(f"{PATH}/report/{items[0]['id']}/file")
    assert (file.status_code, file.data, file.mimetype) == (200, b"x", "application/octet-stream")
    assert file.headers["Content-Disposition"].startswith("attachment;")

    storage.delete([items[1]["path"]])
    assert look(admin, "untracked-files", suffix="-refresh")["untracked_file"] == 2
    assert admin.delete(f"{PATH}/report/{items[0]['id']}").status_code == 200
    assert not storage.exists(items[0]["path"])
    assert look(admin, "untracked-files", suffix="-delete-all") == NOTHING
    assert not storage.exists(items[2]["path"])
    assert storage.exists("originals/notes.txt")


def test_what_is_young_is_left_alone(admin: Caller, house: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity.find_untracked, "__kwdefaults__", {"young": integrity.YOUNG})
    house.runtime.storage.put(f"originals/{admin.id}/00000000-0000-4000-8000-000000000000/a.jpg", [b"x"])
    assert look(admin, "untracked-files") == NOTHING


def test_damaged_originals(admin: Caller, house: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run reads a part, and the next goes on."""
    config = settings.system_config()
    limits = {**config["integrityChecks"]["checksumFiles"], "percentageLimit": 0.2}
    monkeypatch.setitem(config["integrityChecks"], "checksumFiles", limits)
    monkeypatch.setattr(settings, "FRESH_SECONDS", 1000)
    assets = sorted(admin.asset() for _ in range(5))
    for asset in (assets[0], assets[4]):
        key = key_of(house, asset)
        with house.runtime.storage.open(key) as stream:
            content = stream.read()
        house.runtime.storage.put(key, [bytes(len(content))])
    assert [look(admin, "checksum-mismatch")["checksum_mismatch"] for _ in range(3)] == [1, 1, 2]
    with house.context():
        # Through; the next run begins anew.
        assert settings.system_metadata(jobs.CHECKPOINT) == {"after": None}
    items = report(admin, "checksum_mismatch")["items"]
    assert {item["path"] for item in items} == {key_of(house, assets[0]), key_of(house, assets[4])}
    assert set(admin.get(f"{PATH}/report/{items[0]['id']}/file").data) == {0}
    assert look(admin, "checksum-mismatch", suffix="-refresh")["checksum_mismatch"] == 2
    assert look(admin, "checksum-mismatch", suffix="-delete-all") == NOTHING
    assert [admin.get(f"/assets/{asset}").json["isTrashed"] for asset in assets] == [True, False, False, False, True]


def test_each_run_reads_all_unless_told_otherwise(admin: Caller, house: Server) -> None:
    key = key_of(house, admin.asset())
    assert look(admin, "checksum-mismatch") == NOTHING
    house.runtime.storage.put(key, [b"damaged"])
    assert look(admin, "checksum-mismatch")["checksum_mismatch"] == 1


def test_reports_go_with_their_assets(admin: Caller, house: Server) -> None:
    asset = admin.asset()
    house.runtime.storage.delete([key_of(house, asset)])
    assert look(admin, "missing-files")["missing_file"] == 1
    admin.delete("/assets", {"ids": [asset], "force": True})
    assert admin.get(f"{PATH}/summary").json == NOTHING


@pytest.mark.parametrize("check", ["missingFiles", "untrackedFiles", "checksumFiles"])
def test_when(house: Server, monkeypatch: pytest.MonkeyPatch, check: str) -> None:
    with house.context():
        config = settings.system_config()
        assert jobs.when(check) == "0 03 * * *"
        monkeypatch.setitem(config["integrityChecks"], check, {"enabled": False, "cronExpression": "0 03 * * *"})
        monkeypatch.setattr(settings, "FRESH_SECONDS", 1000)
        assert jobs.when(check) is None


@pytest.mark.parametrize(("path", "where"), [
    ("/report", ["type"]), ("/report?type=rust", ["type"]), ("/report?type=missing_file&limit=0", ["limit"]),
    ("/report?type=missing_file&cursor=x", ["cursor"]), ("/report/rust/csv", ["type"]),
    ("/report/00000000-0000-4000-8000-000000000000/file", ["id"]),
])
def test_bad_values(house: Server, path: str, where: list) -> None:
    answer = house.admin.get(PATH + path)
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (400, where)


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/summary"), ("GET", "/report?type=missing_file"), ("GET", f"/report/{NONE}/file"),
    ("DELETE", f"/report/{NONE}"), ("GET", "/report/missing_file/csv"),
])
def test_who_may(house: Server, method: str, path: str) -> None:
    assert house.nobody.open(method, PATH + path).status_code == 401
    assert house.user().open(method, PATH + path).json == {"message": "Forbidden"}
    assert house.admin.api_key("user.read").open(method, PATH + path).json == {
        "message": "Missing required permission: maintenance"}
    assert house.admin.api_key("maintenance").open(method, PATH + path).status_code in (200, 404)
