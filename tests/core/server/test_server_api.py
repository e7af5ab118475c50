"""`/api/server`: what the server tells about itself, before and after login."""

from __future__ import annotations

import base64

import pytest
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from immich_flask import __version__
from immich_flask.contracts.plugin import Features
from immich_flask.core import licenses
from immich_flask.core.models import Asset, AssetExif, User, VersionHistory
from immich_flask.core.server import usage
from immich_flask.core.server.about import FLAGS
from immich_flask.core.server.versions import VERSION, remember_version
from immich_flask.core.settings import forget_system_metadata
from immich_flask.infra.fields import now


def asset(owner_id: str, size: int, **columns) -> str:
    """A row as the upload leaves it."""
    moment = now()
    row = Asset.create(**{
        "owner": owner_id, "type": "IMAGE", "checksum": f"{owner_id}{size}{columns}", "original_file_name": "a.jpg",
        "original_path": "/a.jpg", "storage_key": "a", "file_created_at": moment, "file_modified_at": moment,
        "local_date_time": moment, **columns,
    })
    AssetExif.create(asset=row.id, file_size_in_byte=size)
    return row.id


def test_before_login(server):
    ask = server.nobody.get
    assert ask("/server/ping").json == {"res": "pong"}
    assert ask("/server/version").json == {"major": 3, "minor": 1, "patch": 0, "prerelease": None}
    types = ask("/server/media-types").json
    assert (".jpg" in types["image"], ".mp4" in types["video"], types["sidecar"]) == (True, True, [".xmp"])
    config = ask("/server/config").json
    assert (config["trashDays"], config["userDeleteDelay"], config["isInitialized"]) == (30, 7, True)
    assert config["loginPageMessage"] == config["externalDomain"] == ""


def test_a_fresh_server_has_no_administrator(make_server):
    fresh = make_server()
    assert fresh.nobody.get("/server/config").json["isInitialized"] is False
    fresh.user()
    assert fresh.nobody.get("/server/config").json["isInitialized"] is False
    fresh.user(is_admin=True)
    assert fresh.nobody.get("/server/config").json["isInitialized"] is True


def test_the_operators_domain(make_server):
    fresh = make_server(**{"web.external_domain": "https://photos.example"})
    assert fresh.nobody.get("/server/config").json["externalDomain"] == "https://photos.example"


def test_features_are_false_unless_somebody_provides_them(server, monkeypatch):
    flags = server.nobody.get("/server/features").json
    assert set(flags) >= set(FLAGS)
    assert flags["passwordLogin"] is True
    assert not any(flags[name] for name in ("smartSearch", "facialRecognition", "ocr", "oauth", "email", "configFile"))
    asked = []

    def ask(_plugins, hook, config):
        asked.append(config["trash"]["days"])
        return [("one", Features({"trash": config["trash"]["enabled"], "nonsense": True}))]

    monkeypatch.setattr(type(server.runtime.plugins), "ask", ask)
    flags = server.nobody.get("/server/features").json
    assert (flags["trash"], flags["map"], asked) == (True, False, [30])
    assert "nonsense" not in flags


def test_version_history(server):
    with server.context():
        VersionHistory.delete().execute()
        remember_version()
        remember_version()
        VersionHistory.create(version="3.0.0", created_at="2020-01-01T00:00:00.000Z")
    history = server.nobody.get("/server/version-history").json
    assert [entry["version"] for entry in history] == [VERSION, "3.0.0"]
    assert set(history[0]) == {"id", "createdAt", "version"}


def test_about(server, user):
    about = user.get("/server/about").json
    assert about["version"] == "v3.1.0"
    assert about["licensed"] is False
    assert about["build"] == f"immich-flask {__version__}"
    links = user.get("/server/apk-links").json
    assert sorted(links) == ["arm64v8a", "armeabiv7a", "universal", "x86_64"]
    assert all("/v3.1.0/" in link and link.endswith(".apk") for link in links.values())
    assert user.get("/server/version-check").json == {"checkedAt": None, "releaseVersion": None}


def test_who_may(server, user):
    for path in ("about", "apk-links", "storage", "version-check", "statistics", "license"):
        assert server.nobody.get(f"/server/{path}").status_code == 401
    for path in ("statistics", "license"):
        assert user.get(f"/server/{path}").status_code == 403
    assert user.api_key("server.about").get("/server/about").status_code == 200
    refused = user.api_key("user.read").get("/server/about")
    assert refused.json == {"message": "Missing required permission: server.about"}
    assert user.api_key("all").get("/server/statistics").status_code == 403
    assert user.delete("/server/license").status_code == 403


def test_storage(server, user, backend):
    answer = user.get("/server/storage").json
    assert answer["diskUseRaw"] + answer["diskAvailableRaw"] <= answer["diskSizeRaw"]
    assert 0 <= answer["diskUsagePercentage"] <= 100
    if backend.kind == "postgres":
        server.user("collector", quota_usage_in_bytes=12345)
        assert user.get("/server/storage").json["diskUseRaw"] == answer["diskUseRaw"] + 12345
        assert answer["diskSize"] == "8.0 PiB"


@pytest.mark.parametrize(("size", "text"), [
    (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536 * 1024**2, "1.5 GiB"), (3 * 1024**6, "3072.0 PiB"),
])
def test_sizes_as_text(size, text):
    assert usage.human(size) == text


def test_statistics(server, queries):
    collector, idle = server.user("collector", quota_size_in_bytes=5_000_000), server.user("idle")
    with server.context():
        asset(collector.id, 1000)
        asset(collector.id, 2000, visibility="archive")
        asset(collector.id, 4000, visibility="locked")
        asset(collector.id, 8000, type="VIDEO")
        asset(collector.id, 16000, type="VIDEO", visibility="hidden")
        asset(collector.id, 32000, deleted_at=now(), status="trashed")
        asset(collector.id, 64000, library_id="b0d7ae5c-3c13-4d5b-8b73-6d8c4de4e9a1")
    with queries() as sql:
        answer = server.admin.get("/server/statistics").json
    assert len(sql) <= 2  # the session, and this
    by_user = {row["userId"]: row for row in answer["usageByUser"]}
    assert by_user[collector.id] == {
        "userId": collector.id, "userName": "collector", "photos": 4, "videos": 1, "usage": 31000,
        "usagePhotos": 7000, "usageVideos": 24000, "quotaSizeInBytes": 5_000_000,
    }
    assert by_user[idle.id]["usage"] == by_user[idle.id]["photos"] == 0
    assert by_user[idle.id]["quotaSizeInBytes"] is None
    for key in usage.TOTALS:
        assert answer[key] == sum(row[key] for row in answer["usageByUser"])
    with server.context():
        assert len(answer["usageByUser"]) == User.select().count()


def test_licence(server, monkeypatch):
    key = RSA.generate(1024)
    public = base64.b64encode(key.public_key().export_key("DER")).decode()
    monkeypatch.setitem(licenses.PUBLIC_KEYS, "server", public)
    name = "IMSV-6ECZ-91TE-WZRM-Q7AQ-MBN4-UW48-2CPT-71X9"
    signature = base64.b64encode(pkcs1_15.new(key).sign(SHA256.new(name.encode()))).decode()
    admin = server.admin
    with server.context():
        forget_system_metadata("license")

    assert (admin.get("/server/license").status_code, admin.get("/server/license").json) == (
        404, {"message": "Not Found"})
    wrong = admin.put("/server/license", {"licenseKey": name, "activationKey": "bm90IGEga2V5"})
    assert (wrong.status_code, wrong.json) == (400, {"message": "Invalid license key"})
    foreign = {"licenseKey": name.replace("IMSV", "IMCL"), "activationKey": signature}
    assert admin.put("/server/license", foreign).json == {"message": "Invalid license key"}
    for body in ({}, {"licenseKey": "abc", "activationKey": "abc"}):
        assert admin.put("/server/license", body).json["message"] == "Validation failed"
    assert admin.get("/server/license").status_code == 404

    right = admin.put("/server/license", {"licenseKey": name, "activationKey": signature})
    assert right.status_code == 200
    assert admin.get("/server/license").json == right.json
    assert admin.get("/server/about").json["licensed"] is True
    assert admin.delete("/server/license").status_code == 204
    assert admin.get("/server/about").json["licensed"] is False
