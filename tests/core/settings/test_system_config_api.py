"""`/api/system-config`: read, validated and written as a whole."""

from __future__ import annotations

from copy import deepcopy

import pytest

from immich_flask.contracts.errors import BadRequest
from immich_flask.core import settings, storage_template
from immich_flask.core.system_config import DEFAULTS


@pytest.fixture
def admin(server):
    yield server.admin
    with server.context():
        settings.forget_system_metadata(settings.CONFIG_KEY)
        settings._copies.clear()


def with_value(path: str, value: object) -> dict:
    config = deepcopy(DEFAULTS)
    *above, last = path.split(".")
    target = config
    for key in above:
        target = target[key]
    target[last] = value
    return config


def test_read(admin):
    assert admin.get("/system-config").json == DEFAULTS
    assert admin.get("/system-config/defaults").json == DEFAULTS
    assert "{{y}}/{{MM}}/{{filename}}" in admin.get("/system-config/storage-template-options").json["presetOptions"]


def test_write(admin, server):
    answer = admin.put("/system-config", with_value("theme.customCss", "body { color: red }"))
    assert answer.status_code == 200
    assert answer.json == with_value("theme.customCss", "body { color: red }")
    assert admin.get("/system-config").json == answer.json
    assert server.app.test_client().get("/custom.css").text == "body { color: red }"
    assert admin.put("/system-config", DEFAULTS).json == DEFAULTS


@pytest.mark.parametrize(("path", "value"), [
    ("trash.days", 0), ("trash.enabled", "false"), ("ffmpeg.crf", "30"), ("image.preview.format", "webp"),
    ("oauth.defaultStorageQuota", 5), ("server.externalDomain", "https://photos.example"),
    ("nightlyTasks.startTime", "03:30"), ("library.scan.cronExpression", "*/5 1-3 * * 1,2"),
    ("ffmpeg.realtime.resolutions", [2160]), ("job.ocr.concurrency", 7.0), ("metadata.faces.import", True),
    ("notifications.smtp.from", "me@host"), ("integrityChecks.checksumFiles.percentageLimit", 0.5),
])
def test_taken(admin, path, value):
    answer = admin.put("/system-config", with_value(path, value))
    assert answer.status_code == 200, answer.text
    kept = answer.json
    for key in path.split("."):
        kept = kept[key]
    assert kept == {"false": False, "30": 30}.get(str(value), value)


@pytest.mark.parametrize(("path", "value"), [
    ("theme.customCss", None), ("theme.customCss", "\0"), ("trash.days", -1), ("trash.days", "30"),
    ("trash.days", 1.5), ("trash.days", True), ("trash.enabled", "maybe"), ("trash.enabled", 1),
    ("user.deleteDelay", 0), ("image.thumbnail.size", 0), ("image.preview.quality", 101),
    ("image.preview.format", "bmp"), ("image.preview.format", ["jpeg"]), ("job.search.concurrency", 0),
    ("nightlyTasks.startTime", "25:00"), ("nightlyTasks.startTime", "3:30"), ("nightlyTasks.startTime", "03:30:00"),
    ("library.scan.cronExpression", "often"), ("library.scan.cronExpression", "61 * * * *"),
    ("backup.database.keepLastAmount", 0), ("server.externalDomain", "nowhere"),
    ("server.externalDomain", "javascript:alert(1)"), ("server.externalDomain", "http://[::1"),
    ("map.lightStyle", "x"), ("map.darkStyle", ""), ("logging.level", "loud"), ("ffmpeg.crf", 52),
    ("ffmpeg.crf", "many"), ("ffmpeg.acceptedVideoCodecs.0", "x"), ("oauth.issuerUrl", "x"),
    ("machineLearning.urls", []), ("machineLearning.ocr.minDetectionScore", 0), ("ffmpeg.realtime.resolutions", [1]),
    ("ffmpeg.realtime.resolutions", ["480"]), ("oauth.defaultStorageQuota", -1), ("job", []), ("trash", None),
])
def test_refused(admin, path, value):
    *above, last = path.split(".")
    if last == "0":
        answer = admin.put("/system-config", with_value(".".join(above), [value]))
        wanted = [*above, 0]
    else:
        answer = admin.put("/system-config", with_value(path, value))
        wanted = path.split(".")
        wanted += [0] if isinstance(value, list) and value and path.endswith("resolutions") else []
    assert answer.status_code == 400
    assert answer.json["message"] == "Validation failed"
    assert [issue["path"] for issue in answer.json["errors"]] == [wanted]
    assert admin.get("/system-config").json == DEFAULTS


def test_a_redirect_is_looked_at_only_when_it_is_used(admin):
    config = with_value("oauth.mobileRedirectUri", "nowhere")
    assert admin.put("/system-config", config).status_code == 200
    config["oauth"]["mobileOverrideEnabled"] = True
    answer = admin.put("/system-config", config)
    assert [issue["path"] for issue in answer.json["errors"]] == [["oauth"]]


def test_every_section_must_be_there_and_nothing_else_counts(admin):
    answer = admin.put("/system-config", {})
    assert [issue["path"] for issue in answer.json["errors"]] == [[section] for section in DEFAULTS]
    answer = admin.put("/system-config", {**DEFAULTS, "moon": {}, "theme": {"customCss": "", "colour": "red"}})
    assert answer.json == DEFAULTS


def test_a_bad_template_is_refused(admin):
    answer = admin.put("/system-config", with_value("storageTemplate.template", "{{nothing}}"))
    assert (answer.status_code, answer.json) == (400, {"message": "Invalid storage template"})


@pytest.mark.parametrize("template", [
    "", "plain", "{{ y }}/{{filename}}", *storage_template.PRESETS, "{{#unless album}}x{{/unless}}",
    "{{#if album}}{{#if make}}{{make}}{{/if}}{{album-endDate-dd}}{{/if}}",
])
def test_good_templates(template):
    storage_template.check(template)


@pytest.mark.parametrize("template", [
    "{{nothing}}", "{{y", "{{}}", "{{#if album}}", "{{/if}}", "{{else}}", "{{#if album}}{{/unless}}",
    "{{#if nothing}}{{/if}}", "{{#each album}}{{/each}}", "{{y}} {{ y y }}",
])
def test_bad_templates(template):
    with pytest.raises(BadRequest, match="Invalid storage template"):
        storage_template.check(template)


def test_who_may(server, admin, user):
    for path in ("", "/defaults", "/storage-template-options"):
        assert server.nobody.get(f"/system-config{path}").status_code == 401
        assert user.get(f"/system-config{path}").status_code == 403
        assert admin.api_key("systemConfig.read").get(f"/system-config{path}").status_code == 200
        answer = admin.api_key("systemConfig.update").get(f"/system-config{path}")
        assert answer.json == {"message": "Missing required permission: systemConfig.read"}
    assert user.put("/system-config", DEFAULTS).status_code == 403
    assert admin.api_key("systemConfig.read").put("/system-config", DEFAULTS).status_code == 403


def test_metadata(server, admin, user):
    for done in (True, False, True):
        assert admin.post("/system-metadata/admin-onboarding", {"isOnboarded": done}).status_code == 204
        assert admin.get("/system-metadata/admin-onboarding").json == {"isOnboarded": done}
        assert server.nobody.get("/server/config").json["isOnboarded"] is done
    assert admin.post("/system-metadata/admin-onboarding", {}).status_code == 400
    assert admin.post("/system-metadata/admin-onboarding", {"isOnboarded": "yes"}).status_code == 400
    assert admin.get("/system-metadata/version-check-state").json == {"checkedAt": None, "releaseVersion": None}
    assert set(admin.get("/system-metadata/reverse-geocoding-state").json) == {"lastUpdate", "lastImportFileName"}
    for name in ("admin-onboarding", "reverse-geocoding-state", "version-check-state"):
        assert user.get(f"/system-metadata/{name}").status_code == 403
