"""Faces: drawing, reassigning and removing them; where they are on edited pictures; the picture of whom they stand
for."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from PIL import Image

from immich_flask.contracts.enums import JobName
from immich_flask.contracts.events import PersonThumbnailReady
from immich_flask.contracts.plugin import Listener
from immich_flask.core.assets import sweep
from immich_flask.core.jobs import enqueue
from immich_flask.core.plugins import Plugins
from immich_flask.infra.config import load_config
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server
from plugins.people.boxes import Box, Size, edited, original
from plugins.people.models import Person
from tests.plugins.media import files
from tests.plugins.media.test_video import film
from tests.plugins.people.conftest import NONE, drawn, faces, made, refusal

@pytest.fixture
def asset(user: Caller) -> str:
    return user.asset()


def box(face: dict) -> tuple[int, ...]:
    return tuple(face[f"boundingBox{corner}"] for corner in ("X1", "Y1", "X2", "Y2"))


def thumbnail(caller: Caller, person: str) -> Image.Image | None:
    response = caller.get(f"/people/{person}/thumbnail")
    if response.status_code == 404:
        return None
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Cache-Control"] == "private, no-cache, no-transform"
    return Image.open(io.BytesIO(response.data))


def test_drawing_and_removing(user: Caller, asset: str) -> None:
    eve, max_ = made(user, "Eve"), made(user, "Max")
    right, left = drawn(user, asset, eve, 30), drawn(user, asset, max_, 2)
    both = faces(user, asset)
    assert [face["id"] for face in both] == [left, right]
    assert [face["person"]["name"] for face in both] == ["Max", "Eve"]
    assert box(both[1]) == (30, 10, 50, 34)
    assert (both[1]["imageWidth"], both[1]["imageHeight"], both[1]["sourceType"]) == (64, 48, "manual")
    assert user.put(f"/faces/{eve}", {"id": left}).json["id"] == eve
    assert {face["person"]["id"] for face in faces(user, asset)} == {eve}
    # Nothing is left that shows the other.
    assert user.get(f"/people/{max_}").json["thumbnailPath"] == ""
    assert user.delete(f"/faces/{left}", {"force": False}).status_code == 204
    assert [face["id"] for face in faces(user, asset)] == [right]
    assert refusal(user.put(f"/faces/{max_}", {"id": left})) == (400, "Not found or no person.create access")
    assert user.delete(f"/faces/{left}", {"force": True}).status_code == 204
    assert user.delete(f"/faces/{right}", {"force": True}).status_code == 204
    assert faces(user, asset) == []
    assert refusal(user.delete(f"/faces/{right}", {"force": True})) == (400, "Not found or no face.delete access")


@pytest.mark.parametrize(("values", "said"), [
    ({"width": 0}, "A face must have a width and a height"), ({"height": -5}, "A face must have a width and a height"),
    ({"imageWidth": 0}, "The size of the picture is out of range"),
    ({"imageHeight": 2**40}, "The size of the picture is out of range"),
    ({"x": 64}, "The face is not on the picture"), ({"y": -24}, "The face is not on the picture"),
    ({"width": 2**50}, "The face is out of range"), ({"x": 1.5}, "Validation failed"),
    ({"personId": NONE}, "Not found or no person.read access"),
    ({"assetId": NONE}, "Not found or no asset.update access"),
])
def test_what_is_no_face(user: Caller, asset: str, values: dict, said: str) -> None:
    body = {"assetId": asset, "personId": made(user), "imageWidth": 64, "imageHeight": 48, "x": 1, "y": 2, "width": 9,
            "height": 9, **values}
    assert refusal(user.post("/faces", body)) == (400, said)
    assert faces(user, asset) == []


def test_on_pictures_and_people_of_others(user: Caller, other: Caller, asset: str) -> None:
    theirs, his = other.asset(), made(other)
    body = {"imageWidth": 64, "imageHeight": 48, "x": 1, "y": 2, "width": 9, "height": 9}
    other.post("/partners", {"sharedWithId": user.id})
    assert refusal(user.post("/faces", {**body, "assetId": theirs, "personId": made(user)})) == (
        400, "Not found or no asset.update access")
    assert refusal(user.post("/faces", {**body, "assetId": asset, "personId": his})) == (
        400, "Not found or no person.read access")
    assert refusal(other.get("/faces", id=asset)) == (400, "Not found or no asset.read access")


def test_reassigning_many(user: Caller, asset: str) -> None:
    second = user.asset()
    eve, max_, zoe = made(user, "Eve"), made(user, "Max"), made(user, "Zoe")
    drawn(user, asset, eve, 1)
    drawn(user, second, eve, 2)
    drawn(user, asset, zoe, 3)
    pairs = [{"personId": eve, "assetId": asset}, {"personId": zoe, "assetId": second}]
    assert [person["id"] for person in user.put(f"/people/{max_}/reassign", {"data": pairs}).json] == [max_, max_]
    assert [face["person"]["name"] for face in faces(user, asset)] == ["Max", "Zoe"]
    assert [face["person"]["name"] for face in faces(user, second)] == ["Eve"]
    assert user.get(f"/people/{max_}/thumbnail").status_code == user.get(f"/people/{eve}/thumbnail").status_code == 200
    # One that may not be moved, and none is.
    user.delete("/assets", {"ids": [second]})
    pairs = [{"personId": zoe, "assetId": asset}, {"personId": eve, "assetId": second}]
    assert refusal(user.put(f"/people/{max_}/reassign", {"data": pairs})) == (
        400, "Not found or no person.create access")
    assert [face["person"]["name"] for face in faces(user, asset)] == ["Max", "Zoe"]


def test_the_picture_of_a_face(user: Caller) -> None:
    """Of the quarter on the upper right, which is not the colour of its neighbours; so is the square around it."""
    picture = files.corners(1200, 900)
    asset = user.asset(files.encoded(picture, "JPEG", quality=95))
    eve = made(user)
    drawn(user, asset, eve, imageWidth=400, imageHeight=300, x=280, y=50, width=60, height=60)
    shown = thumbnail(user, eve)
    assert shown.size == (198, 198)
    expected = picture.getpixel((930, 240))
    assert all(abs(a - b) < 12 for point in ((5, 5), (190, 190)) for a, b in zip(
        shown.convert("RGB").getpixel(point), expected, strict=True))
    # A larger one is brought down.
    drawn(user, asset, eve, imageWidth=400, imageHeight=300, x=10, y=10, width=200, height=200)
    other = user.asset(files.encoded(files.corners(1200, 900), "PNG"))
    drawn(user, other, eve, imageWidth=400, imageHeight=300, x=10, y=10, width=250, height=250)
    assert user.put(f"/people/{eve}", {"featureFaceAssetId": other}).status_code == 200
    assert thumbnail(user, eve).size == (250, 250)


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_face_on_a_turned_picture(user: Caller, orientation: int) -> None:
    asset = user.asset(files.encoded(files.corners(), "JPEG", exif=files.oriented(orientation)))
    about = user.get(f"/assets/{asset}").json
    eve = made(user)
    width, height = about["width"], about["height"]
    drawn(user, asset, eve, imageWidth=width, imageHeight=height, x=width // 8, y=height // 8, width=width // 8,
          height=height // 8)
    upright = Image.open(io.BytesIO(user.get(f"/assets/{asset}/thumbnail", size="preview").data)).convert("RGB")
    expected = upright.getpixel((upright.width * 3 // 16, upright.height * 3 // 16))
    shown = thumbnail(user, eve).convert("RGB")
    assert all(abs(a - b) < 16 for a, b in zip(shown.getpixel((shown.width // 2, shown.height // 2)), expected,
                                               strict=True))


def test_a_face_in_a_film(user: Caller) -> None:
    asset = user.asset(film(files.corners()), "film.mp4")
    eve = made(user)
    drawn(user, asset, eve)
    assert thumbnail(user, eve) is not None


def test_which_face_stands_for_somebody(user: Caller, asset: str) -> None:
    second, third = user.asset(), user.asset()
    eve = made(user)
    drawn(user, asset, eve)
    first = user.get(f"/people/{eve}").json["thumbnailPath"]
    drawn(user, second, eve)
    assert user.get(f"/people/{eve}").json["thumbnailPath"] == first
    user.put(f"/people/{eve}", {"featureFaceAssetId": second})
    chosen = user.get(f"/people/{eve}").json["thumbnailPath"]
    assert chosen not in ("", first)
    for refused in (third, NONE):
        assert user.put(f"/people/{eve}", {"featureFaceAssetId": refused, "name": "x"}).status_code == 400
    assert refusal(user.put(f"/people/{eve}", {"featureFaceAssetId": third})) == (
        400, "Invalid assetId for feature face or asset is offline")
    assert user.get(f"/people/{eve}").json["name"] == "Eve"
    # It goes with its picture, and another takes its place.
    user.delete("/assets", {"ids": [second], "force": True})
    assert user.get(f"/people/{eve}").json["thumbnailPath"] not in ("", chosen)
    user.delete("/assets", {"ids": [asset], "force": True})
    assert user.get(f"/people/{eve}").json["thumbnailPath"] == ""
    assert thumbnail(user, eve) is None


def test_nothing_of_the_locked_folder_is_shown(user: Caller, asset: str) -> None:
    eve = made(user)
    drawn(user, asset, eve)
    user.put("/assets", {"ids": [asset], "visibility": "locked"})
    assert thumbnail(user, eve) is None
    elevated = user.elevated()
    assert refusal(user.get("/faces", id=asset)) == (400, "Not found or no asset.read access")
    assert len(faces(elevated, asset)) == 1
    assert refusal(elevated.put(f"/people/{eve}", {"featureFaceAssetId": asset})) == (
        400, "Invalid assetId for feature face or asset is offline")
    face = faces(elevated, asset)[0]["id"]
    assert refusal(user.delete(f"/faces/{face}", {"force": True})) == (400, "Not found or no face.delete access")
    elevated.put("/assets", {"ids": [asset], "visibility": "timeline"})
    assert thumbnail(user, eve) is not None


def test_the_picture_is_made_anew_with_those_of_the_asset(server: Server, user: Caller, asset: str) -> None:
    eve = made(user)
    drawn(user, asset, eve)
    before = user.get(f"/people/{eve}").json["thumbnailPath"]
    heard: list[PersonThumbnailReady] = []
    told = server.runtime.plugins.listeners.setdefault((PersonThumbnailReady, "inside"), [])
    mine = ("test", Listener(PersonThumbnailReady, "inside", heard.append))
    told.append(mine)
    try:
        user.post("/assets/jobs", {"assetIds": [asset], "name": "regenerate-thumbnail"})
    finally:
        told.remove(mine)
    after = user.get(f"/people/{eve}").json["thumbnailPath"]
    assert after not in ("", before)
    assert PersonThumbnailReady(eve, user.id) in heard
    with server.context():
        assert not server.runtime.storage.exists(before)


def test_a_broken_picture_has_no_faces_to_show(user: Caller) -> None:
    asset = user.asset(b"no picture at all", "broken.jpg")
    eve = made(user)
    drawn(user, asset, eve)
    assert thumbnail(user, eve) is None


EDITS = {
    "crop": [{"action": "crop", "parameters": {"x": 50, "y": 50, "width": 150, "height": 150}}],
    "turn": [{"action": "rotate", "parameters": {"angle": 90}}],
    "mirror": [{"action": "mirror", "parameters": {"axis": "horizontal"}}],
    "all": [{"action": "crop", "parameters": {"x": 50, "y": 25, "width": 100, "height": 150}},
            {"action": "rotate", "parameters": {"angle": 270}},
            {"action": "mirror", "parameters": {"axis": "vertical"}}],
    "around": [{"action": "rotate", "parameters": {"angle": angle}} for angle in (90, 180, 270, 180)],
}


@pytest.mark.parametrize("steps", EDITS.values(), ids=EDITS.keys())
def test_boxes_there_and_back(steps: list[dict]) -> None:
    size, spot = Size(320, 240), Box(60, 70, 80, 110)
    placed, shown = edited(spot, steps, size)
    assert original(placed, steps, shown) == spot
    assert 0 <= placed.x1 < placed.x2 <= shown.width and 0 <= placed.y1 < placed.y2 <= shown.height


@pytest.mark.parametrize(("steps", "shown", "on_edited", "as_it_came"), [
    (EDITS["turn"], Size(100, 200), Box(25, 50, 35, 60), Box(50, 65, 60, 75)),
    ([{"action": "crop", "parameters": {"x": 50, "y": 0, "width": 150, "height": 200}}, *EDITS["turn"]],
     Size(200, 150), Box(50, 25, 60, 45), Box(75, 140, 95, 150)),
    ([*EDITS["turn"], *EDITS["mirror"]], Size(200, 150), Box(50, 25, 65, 45), Box(25, 50, 45, 65)),
])
def test_boxes_as_on_the_real_server(steps: list[dict], shown: Size, on_edited: Box, as_it_came: Box) -> None:
    """Numbers of server/test/medium/specs/services/person.service.spec.ts."""
    assert original(on_edited, steps, shown) == as_it_came


def test_faces_on_an_edited_picture(user: Caller) -> None:
    asset = user.asset(files.encoded(files.corners(), "JPEG"))
    eve, max_ = made(user), made(user, "Max")
    drawn(user, asset, eve, imageWidth=160, imageHeight=120, x=100, y=20, width=40, height=40)
    drawn(user, asset, max_, imageWidth=320, imageHeight=240, x=10, y=10, width=20, height=20)
    right_half = {"action": "crop", "parameters": {"x": 160, "y": 0, "width": 160, "height": 240}}
    turn = {"action": "rotate", "parameters": {"angle": 90}}
    assert user.put(f"/assets/{asset}/edits", {"edits": [right_half, turn]}).status_code == 200
    # What was cut off is not to be seen, nor found.
    face, = faces(user, asset)
    assert (box(face), face["imageWidth"], face["imageHeight"]) == ((120, 40, 200, 120), 240, 160)
    assert user.get(f"/people/{max_}/statistics").json == {"assets": 0}
    assert user.post("/search/statistics", {"personIds": [max_]}).json == {"total": 0}
    # Drawn on the picture as it is shown, in half its size.
    new = drawn(user, asset, eve, imageWidth=120, imageHeight=80, x=5, y=5, width=20, height=10)
    assert user.delete(f"/assets/{asset}/edits").status_code == 204
    places = {face["id"]: (box(face), face["imageWidth"]) for face in faces(user, asset)}
    assert places[new] == ((170, 190, 190, 230), 320)
    assert len(places) == 3


def test_of_duplicates_the_one_that_stays_shows_them_all(user: Caller, asset: str) -> None:
    copy = user.asset()
    eve, max_ = made(user), made(user, "Max")
    drawn(user, asset, eve, 1)
    drawn(user, copy, eve, 2)
    drawn(user, copy, max_, 30)
    user.put("/assets", {"ids": [asset, copy], "duplicateId": NONE})
    group, = user.get("/duplicates").json
    assert user.post("/duplicates/resolve", {"groups": [
        {"duplicateId": group["duplicateId"], "keepAssetIds": [asset], "trashAssetIds": [copy]}]}).json[0]["success"]
    assert [(face["boundingBoxX1"], face["person"]["id"]) for face in faces(user, asset)] == [(1, eve), (30, max_)]


def test_the_nightly_clean_up(server: Server, user: Caller, asset: str) -> None:
    nobody, unnamed, named = made(user, ""), made(user, ""), made(user, "Eve")
    young = made(user, "")
    drawn(user, asset, unnamed)
    with server.context():
        Person.update(created_at=now() - timedelta(days=2)).where(Person.id.in_([nobody, unnamed, named])).execute()
        # As it is after the asset of a picture went while the plugin was disabled.
        Person.update(thumbnail_asset_id=NONE).where(Person.id == unnamed).execute()
        old = Person.get_by_id(unnamed).thumbnail_key
        enqueue(JobName.PERSON_CLEANUP)
    assert user.get(f"/people/{nobody}").status_code == 400
    for kept in (unnamed, named, young):
        assert user.get(f"/people/{kept}").status_code == 200
    assert user.get(f"/people/{unnamed}").json["thumbnailPath"] not in ("", old)


def test_stored_pictures_are_swept(make_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    server = make_server(Plugins(load_config(environ={})))
    user = server.user()
    eve = made(user)
    drawn(user, user.asset(), eve)
    monkeypatch.setattr(sweep, "OLDER_THAN", timedelta(seconds=-5))
    orphan = f"people/{user.id}/{NONE}_1a2b.jpeg"
    with server.context():
        server.runtime.storage.put(orphan, [b"x"])
        assert sweep.sweep() == 1
        assert not server.runtime.storage.exists(orphan)
    assert thumbnail(user, eve) is not None


def test_recognition_is_off_and_says_so(server: Server, user: Caller) -> None:
    flags = server.nobody.get("/server/features").json
    assert (flags["facialRecognition"], flags["smartSearch"], flags["importFaces"]) == (False, False, False)
    for queue in ("faceDetection", "facialRecognition"):
        assert refusal(server.admin.put(f"/jobs/{queue}", {"command": "start", "force": False})) == (
            400, f"Invalid job name: {queue}")
    assert server.admin.post("/jobs", {"name": "person-cleanup"}).status_code == 204
