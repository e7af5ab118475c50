"""Editing pictures, over HTTP: what is refused, what is shown then, and undoing it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from immich_flask.contracts.events import AssetEdited
from immich_flask.contracts.plugin import Listener
from immich_flask.core.models import Asset, AssetExif, AssetFile, JobRow
from immich_flask.testing import Caller, Server
from tests.plugins.media import files
from tests.plugins.sync.replay import CORE, CORE_TYPES, Phone, Table

CROP_RIGHT_HALF = {"action": "crop", "parameters": {"x": 160, "y": 0, "width": 160, "height": 240}}


def turn(angle: float) -> dict:
    return {"action": "rotate", "parameters": {"angle": angle}}


def mirror(axis: str) -> dict:
    return {"action": "mirror", "parameters": {"axis": axis}}


def crop(x: int, y: int, width: int, height: int) -> dict:
    return {"action": "crop", "parameters": {"x": x, "y": y, "width": width, "height": height}}


@pytest.fixture
def asset(user: Caller) -> str:
    """Quarters in the colours of `files.CORNERS`, 320×240."""
    return user.asset(files.encoded(files.corners(), "JPEG", quality=95))


def edit(caller: Caller, asset: str, *edits: dict) -> Any:
    return caller.put(f"/assets/{asset}/edits", {"edits": list(edits)})


def shown(caller: Caller, asset: str, what: str = "thumbnail", **query: str) -> Image.Image:
    response = caller.get(f"/assets/{asset}/{what}", **query)
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.data))


def facts(caller: Caller, asset: str) -> tuple:
    answer = caller.get(f"/assets/{asset}").json
    return answer["width"], answer["height"], answer["isEdited"]


@pytest.mark.parametrize(("edits", "size", "quarters"), [
    ([turn(90)], (240, 320), ["bottom left", "top left", "bottom right", "top right"]),
    ([turn(180)], (320, 240), ["bottom right", "bottom left", "top right", "top left"]),
    ([turn(270)], (240, 320), ["top right", "bottom right", "top left", "bottom left"]),
    ([turn(0)], (320, 240), ["top left", "top right", "bottom left", "bottom right"]),
    ([mirror("horizontal")], (320, 240), ["top right", "top left", "bottom right", "bottom left"]),
    ([mirror("vertical")], (320, 240), ["bottom left", "bottom right", "top left", "top right"]),
    ([turn(90), mirror("horizontal")], (240, 320), ["top left", "bottom left", "top right", "bottom right"]),
    ([mirror("horizontal"), turn(90)], (240, 320), ["bottom right", "top right", "bottom left", "top left"]),
    ([mirror("vertical"), mirror("horizontal"), turn(180)], (320, 240),
     ["top left", "top right", "bottom left", "bottom right"]),
    ([CROP_RIGHT_HALF], (160, 240), ["top right", "top right", "bottom right", "bottom right"]),
    ([CROP_RIGHT_HALF, turn(90)], (240, 160), ["bottom right", "top right", "bottom right", "top right"]),
])
def test_steps_are_applied_in_their_order(user: Caller, asset: str, edits: list, size: tuple, quarters: list) -> None:
    response = edit(user, asset, *edits)
    assert response.status_code == 200, response.text
    assert [(item["action"], item["parameters"]) for item in response.json["edits"]] == [
        (item["action"], item["parameters"]) for item in edits]
    assert user.get(f"/assets/{asset}/edits").json == response.json
    assert facts(user, asset) == (*size, True)
    full = shown(user, asset, size="fullsize", edited="true")
    assert (full.format, full.size, files.quarters(full)) == ("JPEG", size, quarters)
    for kind in ("thumbnail", "preview"):
        assert files.quarters(shown(user, asset, size=kind, edited="true")) == quarters
    assert shown(user, asset, "original", edited="true").size == size


def test_a_turned_picture_is_cropped_as_it_is_displayed(user: Caller) -> None:
    asset = user.asset(files.encoded(files.corners(), "JPEG", exif=files.oriented(6)))
    assert facts(user, asset) == (240, 320, False)
    assert edit(user, asset, crop(0, 200, 240, 120)).status_code == 200
    full = shown(user, asset, size="fullsize", edited="true")
    assert (full.size, files.quarters(full)) == (
        (240, 120), ["bottom right", "top right", "bottom right", "top right"])
    # Its height as stored is 240 only.
    assert edit(user, asset, crop(0, 200, 250, 100)).json["message"] == "Crop parameters are out of bounds"


def test_the_original_stays_and_the_edit_can_be_undone(server: Server, user: Caller, asset: str) -> None:
    before, original = user.get(f"/assets/{asset}").json, user.get(f"/assets/{asset}/original").data
    edit(user, asset, turn(90))
    assert user.get(f"/assets/{asset}").json["thumbhash"] != before["thumbhash"]
    assert user.get(f"/assets/{asset}/original").data == original
    for query in ({}, {"edited": "false"}):
        assert shown(user, asset, size="preview", **query).size == (320, 240)
    edit(user, asset, CROP_RIGHT_HALF)
    assert facts(user, asset) == (160, 240, True)
    with server.context():
        keys = [key for key, in AssetFile.select(AssetFile.storage_key).where(
            AssetFile.asset == asset, AssetFile.is_edited).tuples()]
        everything = {info.key for info in server.runtime.storage.list() if asset in info.key}
    assert len(keys) == 3 and set(keys) == {key for key in everything if "_edited" in key}
    for _ in range(2):
        assert user.delete(f"/assets/{asset}/edits").status_code == 204
        after = user.get(f"/assets/{asset}").json
        assert {**after, "updatedAt": None} == {**before, "updatedAt": None}
        assert user.get(f"/assets/{asset}/edits").json == {"assetId": asset, "edits": []}
    assert not any(server.runtime.storage.exists(key) for key in keys)
    assert shown(user, asset, size="preview", edited="true").size == (320, 240)


def test_pictures_made_again_keep_the_edit(user: Caller, asset: str) -> None:
    edit(user, asset, CROP_RIGHT_HALF)
    before = user.get(f"/assets/{asset}").json
    for name in ("regenerate-thumbnail", "refresh-metadata"):
        assert user.post("/assets/jobs", {"assetIds": [asset], "name": name}).status_code == 204
        after = user.get(f"/assets/{asset}").json
        assert [after[key] for key in ("thumbhash", "width", "height", "isEdited")] == [
            before[key] for key in ("thumbhash", "width", "height", "isEdited")]
    assert shown(user, asset, size="preview", edited="true").size == (160, 240)


def test_what_is_gone_leaves_nothing(server: Server, user: Caller, asset: str) -> None:
    edit(user, asset, turn(90))
    user.delete("/assets", {"ids": [asset], "force": True})
    assert [info.key for info in server.runtime.storage.list() if asset in info.key] == []


@pytest.mark.parametrize(("edits", "message", "paths"), [
    ([crop(200, 0, 121, 10)], "Crop parameters are out of bounds", None),
    ([crop(0, 10, 1, 231)], "Crop parameters are out of bounds", None),
    ([turn(90), crop(0, 0, 10, 10)], "Crop action must be the first edit action", None),
    ([], "Validation failed", [["edits"]]),
    ([turn(45)], "Validation failed", [["edits", 0, "parameters"]]),
    ([turn(90), turn(180)], "Validation failed", [["edits"]]),
    ([mirror("vertical"), mirror("vertical")], "Validation failed", [["edits"]]),
    ([crop(0, 0, 0, 5)], "Validation failed", [["edits", 0, "parameters"]]),
    ([crop(-1, 0, 5, 5)], "Validation failed", [["edits", 0, "parameters"]]),
    ([crop(0.5, 0, 5, 5)], "Validation failed", [["edits", 0, "parameters"]]),
    ([crop(2**60, 0, 5, 5)], "Validation failed", [["edits", 0, "parameters"]]),
    ([{"action": "blur", "parameters": {}}], "Validation failed", [["edits", 0, "action"], ["edits", 0, "parameters"]]),
    ([{"action": "rotate", "parameters": {"axis": "vertical"}}], "Validation failed", [["edits", 0, "parameters"]]),
    ([{"action": "rotate"}], "Validation failed", [["edits", 0, "parameters"]]),
    ([{"action": "mirror", "parameters": {"axis": "diagonal"}}], "Validation failed", [["edits", 0, "parameters"]]),
    ([{"action": "mirror", "parameters": None}], "Validation failed", [["edits", 0, "parameters"]]),
    (["crop"], "Validation failed", [["edits", 0]]),
])
def test_what_makes_no_sense_changes_nothing(user: Caller, asset: str, edits: list, message: str, paths: Any) -> None:
    edit(user, asset, turn(90))
    before = user.get(f"/assets/{asset}/edits").json
    response = user.put(f"/assets/{asset}/edits", {"edits": edits})
    assert (response.status_code, response.json["message"]) == (400, message)
    assert [issue["path"] for issue in response.json.get("errors", [])] == (paths or [])
    assert user.get(f"/assets/{asset}/edits").json == before
    assert facts(user, asset) == (240, 320, True)


def test_refusals_speak_as_the_wire_does(user: Caller, asset: str) -> None:
    issue, = edit(user, asset, {"action": "rotate", "parameters": {"axis": "vertical"}}).json["errors"]
    assert issue == {"code": "custom", "path": ["edits", 0, "parameters"],
                     "message": "Invalid parameters for action 'rotate', expecting keys: angle"}
    issue, = edit(user, asset, turn(45)).json["errors"]
    assert issue["message"] == ("Invalid parameters for action, expected keys by action: "
                                "crop: [x, y, width, height]; rotate: [angle]; mirror: [axis]")
    assert issue["code"] == "invalid_union"
    assert issue["errors"][1] == [{"code": "custom", "path": ["angle"], "message":
                                   "Angle must be one of the following values: 0, 90, 180, 270"}]


def test_what_cannot_be_edited(server: Server, user: Caller, asset: str) -> None:
    def refusal(**columns: Any) -> str:
        with server.context():
            for model, key in ((Asset, Asset.id), (AssetExif, AssetExif.asset)):
                if some := {name: value for name, value in columns.items() if name in model._meta.fields}:
                    model.update(some).where(key == asset).execute()
        response = edit(user, asset, turn(90))
        assert response.status_code == 400
        return response.json["message"]

    still = user.asset()
    assert refusal(exif_image_width=None) == "Asset dimensions are not available for editing"
    assert refusal(original_file_name="a.SVG") == "Editing SVG images is not supported"
    assert refusal(original_file_name="a.gif") == "Editing GIF images is not supported"
    assert refusal(original_file_name="a.insp") == "Editing panorama images is not supported"
    assert refusal(original_file_name="a.jpg", projection_type="EQUIRECTANGULAR") == (
        "Editing panorama images is not supported")
    assert refusal(live_photo_video=still) == "Editing live photos is not supported"
    assert refusal(type="VIDEO") == "Only images can be edited"


def test_who_may(server: Server, user: Caller, other: Caller, asset: str) -> None:
    body, path = {"edits": [turn(90)]}, f"/assets/{asset}/edits"
    assert [call.status_code for call in (
        server.nobody.get(path), server.nobody.put(path, body), server.nobody.delete(path))] == [401] * 3
    for response, permission in ((other.get(path), "asset.read"), (other.put(path, body), "asset.edit.create"),
                                 (other.delete(path), "asset.edit.delete"), (server.admin.get(path), "asset.read")):
        assert (response.status_code, response.json["message"]) == (400, f"Not found or no {permission} access")
    for method, permission in (("GET", "get"), ("PUT", "create"), ("DELETE", "delete")):
        poor = user.api_key("asset.read", "asset.update").open(method, path, body if method == "PUT" else None)
        assert poor.status_code == 403
        assert poor.json["message"] == f"Missing required permission: asset.edit.{permission}"
        rich = user.api_key(f"asset.edit.{permission}").open(method, path, body if method == "PUT" else None)
        assert rich.status_code in (200, 204)
    user.post("/partners", {"sharedWithId": other.id})
    assert other.get(path).status_code == 200
    assert other.put(path, body).status_code == 400


def test_whoever_sees_the_picture_sees_the_edit(user: Caller, asset: str) -> None:
    edit(user, asset, CROP_RIGHT_HALF)
    link = user.link(asset)
    for caller in (user.member(user.album(asset)), user.partner()):
        assert caller.put(f"/assets/{asset}/edits", {"edits": [turn(90)]}).status_code == 400
        assert caller.get(f"/assets/{asset}").json["isEdited"] is True
        for size in ("thumbnail", "preview", "fullsize"):
            assert shown(caller, asset, size=size, edited="true").size == (160, 240)
        assert shown(caller, asset, size="preview").size == (320, 240)
    # Guests see nothing but the edit, and may neither ask for its steps nor for what was cut off.
    for query in ({}, {"edited": "false"}):
        assert shown(link, asset, size="preview", **query).size == (160, 240)
        assert shown(link, asset, "original", **query).size == (160, 240)
    assert link.get(f"/assets/{asset}/edits").status_code == 403


def test_a_full_size_of_the_edit_that_there_is_not(user: Caller, asset: str) -> None:
    response = user.get(f"/assets/{asset}/thumbnail", size="fullsize", edited="true")
    assert (response.status_code, response.location.rpartition("/")[2]) == (302, "thumbnail?size=preview&edited=true")
    assert shown(user, asset, "original", edited="true").size == (320, 240)


def test_what_is_in_the_trash_can_be_edited(user: Caller, asset: str) -> None:
    user.delete("/assets", {"ids": [asset]})
    assert edit(user, asset, turn(90)).status_code == 200
    assert facts(user, asset) == (240, 320, True)


@pytest.mark.parametrize(("format", "name"), [
    ("PNG", "a.png"), ("WEBP", "a.webp"), ("HEIF", "a.heic"), ("AVIF", "a.avif"), ("TIFF", "a.tif")])
def test_other_formats(user: Caller, format: str, name: str) -> None:
    asset = user.asset(files.encoded(files.corners(), format), name)
    assert edit(user, asset, CROP_RIGHT_HALF).status_code == 200
    for size in ("thumbnail", "preview", "fullsize"):
        assert shown(user, asset, size=size, edited="true").size == (160, 240)


def test_keys_that_nobody_knows_are_dropped(user: Caller, asset: str) -> None:
    odd = {"action": "mirror", "parameters": {"axis": "vertical", "z": 1}, "when": "now"}
    kept, = edit(user, asset, odd).json["edits"]
    assert {**kept, "id": None} == {"id": None, **mirror("vertical")}


def test_the_locked_folder_has_to_be_open(user: Caller, asset: str) -> None:
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    assert edit(user, asset, turn(90)).status_code == 400
    assert edit(user.elevated(), asset, turn(90)).status_code == 200


def test_listeners_hear_when_it_is_done(server: Server, user: Caller, asset: str) -> None:
    heard: list[AssetEdited] = []
    listeners = server.runtime.plugins.listeners
    before = listeners.get((AssetEdited, "after"), ())
    listeners[AssetEdited, "after"] = [*before, ("test", Listener(AssetEdited, "after", heard.append))]
    try:
        edits = edit(user, asset, CROP_RIGHT_HALF, turn(90)).json["edits"]
        user.delete(f"/assets/{asset}/edits")
        user.delete(f"/assets/{asset}/edits")
    finally:
        listeners[AssetEdited, "after"] = before
    assert [(event.asset_id, event.owner_id) for event in heard] == [(asset, user.id)] * 3
    assert heard[0].edits == tuple({**item, "assetId": asset, "sequence": place} for place, item in enumerate(edits))
    assert [event.edits for event in heard[1:]] == [(), ()]


def test_a_run_that_was_overtaken_takes_back_what_it_made(
        server: Server, user: Caller, asset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugins.media import edit_rendering

    render = edit_rendering._render

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(edit_rendering, "_render", render)
        with ThreadPoolExecutor() as meanwhile:
            assert meanwhile.submit(edit, user, asset, mirror("vertical")).result().status_code == 200
        return render(*arguments)

    monkeypatch.setattr(edit_rendering, "_render", overtaken)
    edit(user, asset, turn(90))
    assert facts(user, asset) == (320, 240, True)
    with server.context():
        rows = {key for key, in AssetFile.select(AssetFile.storage_key).where(AssetFile.is_edited).tuples()}
        kept = {info.key for info in server.runtime.storage.list() if asset in info.key and "_edited" in info.key}
    assert len(kept) == 3 and kept <= rows


def test_a_picture_that_cannot_be_decoded_is_shown_as_it_came(server: Server, user: Caller) -> None:
    whole = files.encoded(files.photo(), "JPEG")
    asset = user.asset(whole[:300], "broken.jpg")
    with server.context():
        AssetExif.update(exif_image_width=640, exif_image_height=480).where(AssetExif.asset == asset).execute()
    assert edit(user, asset, turn(90)).status_code == 200
    with server.context():
        job = JobRow.get(JobRow.name == "AssetEditThumbnailGeneration", JobRow.payload["id"] == asset)
    assert (job.state, job.attempts) == ("failed", 1)
    assert user.get(f"/assets/{asset}/original", edited="true").data == whole[:300]


def test_a_phone_keeps_the_edits(user: Caller, other: Caller, asset: str) -> None:
    edits = Table("edit", ("AssetEditV1",), parents={"assetId": "asset"}, deletes={"AssetEditDeleteV1": ("editId",)})
    phone = Phone(user, [*CORE_TYPES, "AssetEditsV1"], [*CORE, edits])
    stranger = Phone(other, [*CORE_TYPES, "AssetEditsV1"], [*CORE, edits])
    for steps in ([CROP_RIGHT_HALF, turn(90)], [mirror("vertical")], []):
        answer = edit(user, asset, *steps) if steps else user.delete(f"/assets/{asset}/edits")
        items = answer.json["edits"] if steps else []
        phone.settle()
        assert phone.rows("edit") == {
            (item["id"],): {**item, "assetId": asset, "sequence": place} for place, item in enumerate(items)}
        assert phone.rows("asset")[asset,]["isEdited"] is bool(steps)
    edit(user, asset, turn(90))
    user.delete("/assets", {"ids": [asset], "force": True})
    phone.settle()
    stranger.settle()
    assert phone.rows("edit") == phone.rows("asset") == stranger.rows("edit") == {}
