"""People whom files name: regions of the Metadata Working Group in XMP."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from immich_flask.core.settings import set_system_metadata
from immich_flask.testing import Caller, Server
from plugins.media.metadata import read_metadata
from tests.plugins.media import files
from tests.plugins.people.conftest import faces, listed, made

SPACES = ('xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
          'xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" '
          'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"')


def regions(*named: tuple[str, float, float, float, float], width: int = 640, height: int = 480) -> bytes:
    items = "".join(
        f'<rdf:li><rdf:Description mwg-rs:Name="{name}" mwg-rs:Type="Face">'
        f'<mwg-rs:Area stArea:x="{x}" stArea:y="{y}" stArea:w="{w}" stArea:h="{h}" stArea:unit="normalized"/>'
        "</rdf:Description></rdf:li>" for name, x, y, w, h in named)
    inner = (f'<mwg-rs:Regions {SPACES} rdf:parseType="Resource">'
             f'<mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>'
             f"<mwg-rs:RegionList><rdf:Bag>{items}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>")
    return files.xmp(inner=inner)


@pytest.fixture(scope="session")
def importing(make_server: Callable[..., Server]) -> Server:
    """One whose administrator wants people from files."""
    server = make_server()
    with server.context():
        set_system_metadata("system-config", {"metadata": {"faces": {"import": True}}})
    return server


EVE, MAX = ("Eve", 0.5, 0.25, 0.2, 0.1), ("Max", 0.1, 0.1, 0.1, 0.1)


def photo(*named: tuple) -> bytes:
    return files.jpeg(packet=regions(*named))


def test_regions_of_a_file(tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.jpg", photo(EVE, ("", 0.5, 0.5, 0.1, 0.1), MAX))
    eve, max_ = read_metadata(path, filename="a.jpg").regions
    assert (eve.name, eve.width, eve.height) == ("Eve", 640, 480)
    assert eve.box == pytest.approx((0.4, 0.2, 0.6, 0.3))
    assert max_.name == "Max"


@pytest.mark.parametrize(("orientation", "box"), [
    (1, (0.4, 0.2, 0.6, 0.3)), (2, (0.4, 0.2, 0.6, 0.3)), (3, (0.4, 0.7, 0.6, 0.8)), (4, (0.4, 0.7, 0.6, 0.8)),
    (5, (0.2, 0.4, 0.3, 0.6)), (6, (0.7, 0.4, 0.8, 0.6)), (7, (0.7, 0.4, 0.8, 0.6)), (8, (0.2, 0.4, 0.3, 0.6)),
])
def test_regions_of_a_turned_picture(tmp_path: Path, orientation: int, box: tuple) -> None:
    exif = files.exif(Orientation=orientation)
    path = files.written(tmp_path, "a.jpg", files.jpeg(packet=regions(EVE), exif=exif))
    region, = read_metadata(path, filename="a.jpg").regions
    assert region.box == pytest.approx(box)
    assert (region.width, region.height) == ((640, 480) if orientation < 5 else (480, 640))


@pytest.mark.parametrize("packet", [
    regions(EVE, width=0), regions(("Eve", 0.5, 0.5, "nan", 0.1)), regions(("Eve", 99, 0.5, 0.1, 0.1)),
    regions(("Eve", "x", 0.5, 0.1, 0.1)), regions(("Eve", 0.5, 0.5, -0.1, 0.1)), regions(),
])
def test_what_is_no_region(tmp_path: Path, packet: bytes) -> None:
    path = files.written(tmp_path, "a.jpg", files.jpeg(packet=packet))
    assert read_metadata(path, filename="a.jpg").regions == ()


def test_they_are_left_alone_unless_wanted(user: Caller) -> None:
    asset = user.asset(photo(EVE))
    assert faces(user, asset) == []
    assert listed(user) == []


def test_people_come_with_their_pictures(importing: Server) -> None:
    user = importing.user()
    known = made(user, "eve")
    assert importing.nobody.get("/server/features").json["importFaces"] is True
    asset = user.asset(photo(EVE, MAX, ("MAX", 0.8, 0.8, 0.1, 0.1)))
    found = faces(user, asset)
    assert [(face["person"]["name"], face["sourceType"]) for face in found] == [
        ("Max", "exif"), ("eve", "exif"), ("Max", "exif")]
    assert found[1]["person"]["id"] == known
    assert [found[1][f"boundingBox{corner}"] for corner in ("X1", "Y1", "X2", "Y2")] == [256, 96, 384, 144]
    assert user.get(f"/people/{known}/thumbnail").status_code == 200
    second = user.asset(photo(MAX))
    assert faces(user, second)[0]["person"]["id"] == found[0]["person"]["id"]


def test_what_a_user_did_outranks_the_file(importing: Server) -> None:
    user = importing.user()
    asset = user.asset(photo(EVE, MAX))
    max_face, eve_face = faces(user, asset)
    zoe = made(user, "Zoe")
    user.put(f"/faces/{zoe}", {"id": eve_face["id"]})
    user.delete(f"/faces/{max_face['id']}", {"force": False})
    before = faces(user, asset)
    user.post("/assets/jobs", {"assetIds": [asset], "name": "refresh-metadata"})
    assert faces(user, asset) == [{**face, "person": {**face["person"], "thumbnailPath": new["person"]["thumbnailPath"],
                                                      "updatedAt": new["person"]["updatedAt"]}}
                                  for face, new in zip(before, faces(user, asset), strict=True)]


def test_what_a_sidecar_says_now(importing: Server) -> None:
    """It replaces what the file said; who is named no more is there no more."""
    user = importing.user()
    plain, named = user.asset(), user.asset(sidecarData=_sidecar(EVE))
    assert [face["person"]["name"] for face in faces(user, named)] == ["Eve"]
    eve = faces(user, named)[0]["person"]["id"]
    user.put("/assets/copy", {"sourceId": _with_sidecar(user, MAX), "targetId": named, "sidecar": True})
    user.post("/assets/jobs", {"assetIds": [named], "name": "refresh-metadata"})
    assert [face["person"]["name"] for face in faces(user, named)] == ["Max"]
    assert user.get(f"/people/{eve}").json["thumbnailPath"] == ""
    assert faces(user, plain) == []


def _sidecar(*named: tuple) -> tuple:
    return io.BytesIO(regions(*named)), "photo.jpg.xmp"


def _with_sidecar(user: Caller, *named: tuple) -> str:
    return user.asset(sidecarData=_sidecar(*named))
