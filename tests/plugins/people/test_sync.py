"""What phones keep of people and faces."""

from __future__ import annotations

from immich_flask.core.models import Asset
from immich_flask.testing import Caller, Server
from plugins.people.models import AssetFace, Person
from tests.plugins.people.conftest import drawn, faces, made
from tests.plugins.sync.replay import CORE, CORE_TYPES, Phone, Table

PEOPLE = Table("person", ("PersonV1",), parents={"ownerId": "user"}, deletes={"PersonDeleteV1": ("personId",)})
FACES = Table("face", ("AssetFaceV2",), parents={"assetId": "asset"}, deletes={"AssetFaceDeleteV1": ("assetFaceId",)})


def phone_of(caller: Caller) -> Phone:
    return Phone(caller, [*CORE_TYPES, "PeopleV1", "AssetFacesV2"], [*CORE, PEOPLE, FACES])


def test_people_and_faces(server: Server, user: Caller, other: Caller) -> None:
    phone, stranger = phone_of(user), phone_of(other)
    asset = user.asset()
    eve = made(user, birthDate="1990-02-03", isFavorite=True, color="#fff")
    face = drawn(user, asset, eve, 7)
    phone.settle()
    row = dict(phone.rows("person")[eve,])
    assert row.pop("createdAt") and row.pop("updatedAt")
    assert row == {"id": eve, "ownerId": user.id, "name": "Eve", "birthDate": "1990-02-03T00:00:00.000Z",
                   "isHidden": False, "isFavorite": True, "color": "#fff", "faceAssetId": face}
    assert phone.rows("face")[face,] == {
        "id": face, "assetId": asset, "personId": eve, "imageWidth": 64, "imageHeight": 48, "boundingBoxX1": 7,
        "boundingBoxY1": 10, "boundingBoxX2": 27, "boundingBoxY2": 34, "sourceType": "manual", "isVisible": True,
        "deletedAt": None}
    user.delete(f"/faces/{face}", {"force": False})
    phone.settle()
    assert phone.rows("face")[face,]["deletedAt"] is not None
    second = drawn(user, asset, eve, 9)
    user.delete(f"/people/{eve}")
    phone.settle()
    assert phone.rows("person") == {}
    assert phone.rows("face")[second,]["personId"] is None
    user.delete(f"/faces/{second}", {"force": True})
    phone.settle()
    assert set(phone.rows("face")) == {(face,)}
    assert [found["id"] for found in faces(user, asset)] == []
    user.delete("/assets", {"ids": [asset], "force": True})
    phone.settle()
    assert phone.rows("face") == phone.rows("asset") == {}
    stranger.settle()
    assert stranger.rows("person") == stranger.rows("face") == {}


def test_what_goes_while_the_plugin_is_disabled(server: Server, user: Caller) -> None:
    """The database itself sees to it: here the rows are deleted without anybody's help."""
    phone = phone_of(user)
    asset, eve = user.asset(), made(user)
    drawn(user, asset, eve)
    phone.settle()
    with server.context():
        Asset.delete().where(Asset.id == asset).execute()
        assert Person.get_by_id(eve).feature_face_id is None
        assert not AssetFace.select().where(AssetFace.asset == asset).exists()
    phone.settle()
    assert phone.rows("person")[eve,]["faceAssetId"] is None
