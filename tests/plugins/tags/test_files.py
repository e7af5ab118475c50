"""Tags that files bring along, and who has the last word."""

from __future__ import annotations

import io

import pytest

from immich_flask.contracts.events import AssetMetadataExtracted
from immich_flask.core.assets.update import remember_as_edited
from immich_flask.core.events import emit
from immich_flask.core.models import Asset, AssetExif
from immich_flask.infra.db import atomic
from immich_flask.testing import Caller, Server, photo
from plugins.tags import jobs
from plugins.tags.files import MAX_PER_FILE
from plugins.tags.models import Tag
from tests.plugins.tags.test_tagging import tags_of
from tests.plugins.tags.test_tags import make


def sidecar(*paths: str) -> bytes:
    items = "".join(f"<rdf:li>{path}</rdf:li>" for path in paths)
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:digiKam="http://www.digikam.org/ns/1.0/"><digiKam:TagsList><rdf:Seq>{items}</rdf:Seq>
</digiKam:TagsList></rdf:Description></rdf:RDF></x:xmpmeta>""".encode()


def uploaded(caller: Caller, *paths: str) -> str:
    """An asset with a sidecar that names these tags."""
    return caller.asset(sidecarData=(io.BytesIO(sidecar(*paths)), "photo.xmp"))


def read_again(caller: Caller, asset_id: str) -> None:
    assert caller.post("/assets/jobs", {"assetIds": [asset_id], "name": "refresh-metadata"}).status_code == 204


def extracted(server: Server, asset_id: str, tags: list[str] | None) -> None:
    """As the extraction does it, with this result."""
    with server.context(), atomic():
        owner_id, = Asset.select(Asset.owner).where(Asset.id == asset_id).tuples().get()
        AssetExif.update(tags=tags).where(AssetExif.asset == asset_id).execute()
        emit(AssetMetadataExtracted(asset_id, owner_id))


def test_an_upload_brings_its_tags(user: Caller) -> None:
    asset = uploaded(user, "places/lake", "flat")
    assert tags_of(user, asset) == ["flat", "places/lake"]
    assert [tag["value"] for tag in user.get("/tags").json] == ["flat", "places", "places/lake"]
    second = uploaded(user, "flat")
    assert user.get(f"/assets/{second}").json["tags"] == [
        tag for tag in user.get("/tags").json if tag["value"] == "flat"]


def test_reading_again_replaces_what_the_file_said_before(server: Server, user: Caller) -> None:
    asset = user.asset()
    for said in (["a", "b/c"], ["b/c", "d"], None, ["a"]):
        extracted(server, asset, said)
        assert tags_of(user, asset) == (said or [])


@pytest.mark.parametrize("change", ["tag", "bulk", "untag", "delete"])
def test_what_the_user_said_is_not_lost(user: Caller, change: str) -> None:
    asset = uploaded(user, "file", "gone")
    tags = make(user, "mine")
    expected = ["file", "gone", "mine"] if change in ("tag", "bulk") else ["file"]
    if change == "tag":
        user.put(f"/tags/{tags['mine']}/assets", {"ids": [asset]})
    elif change == "bulk":
        user.put("/tags/assets", {"tagIds": [tags["mine"]], "assetIds": [asset]})
    elif change == "untag":
        user.delete(f"/tags/{tags['gone']}/assets", {"ids": [asset]})
    else:
        user.delete(f"/tags/{tags['gone']}")
    assert tags_of(user, asset) == expected
    read_again(user, asset)
    assert tags_of(user, asset) == expected


def test_other_edits_leave_the_files_tags_alone(user: Caller) -> None:
    asset = uploaded(user, "file")
    user.put(f"/assets/{asset}", {"description": "mine"})
    read_again(user, asset)
    assert tags_of(user, asset) == ["file"]


def test_a_partners_tag_outlives_the_owners_extraction(server: Server, user: Caller, other: Caller) -> None:
    asset = uploaded(user, "file")
    user.post("/partners", {"sharedWithId": other.id})
    tag = make(other, "borrowed")["borrowed"]
    other.put(f"/tags/{tag}/assets", {"ids": [asset]})
    read_again(user, asset)
    assert (tags_of(user, asset), tags_of(other, asset)) == (["file"], ["borrowed", "file"])


def test_odd_tags_do_no_harm(server: Server, user: Caller) -> None:
    asset = user.asset()
    extracted(server, asset, ["", "//", "/a//b/", "a/b", "x" * 501, "/".join("y" * 31), "💙"])
    assert tags_of(user, asset) == ["a/b", "💙"]
    extracted(server, asset, ["/".join([str(number)] * 30) for number in range(1000)])
    assert len(tags_of(user, asset)) == MAX_PER_FILE


def test_the_clean_up_removes_what_nothing_carries(server: Server, user: Caller, other: Caller) -> None:
    asset = user.asset()
    tags = make(user, "a/b/c", "a/d", "e/f", "g")
    user.put("/tags/assets", {"tagIds": [tags["a/b"], tags["g"]], "assetIds": [asset]})
    make(other, "unused")
    with server.context():
        # Not by itself: somebody may have made it for later.
        jobs.catch_up()
    assert [tag["value"] for tag in other.get("/tags").json] == ["unused"]
    assert server.runtime.jobs["TagCleanup"].cron is None
    with server.context():
        jobs.clean_up()
    assert [tag["value"] for tag in user.get("/tags").json] == ["a", "a/b", "g"]
    assert other.get("/tags").json == []
    user.delete("/assets", {"ids": [asset], "force": True})
    assert server.admin.post("/jobs", {"name": "tag-cleanup"}).status_code == 204
    assert user.get("/tags").json == []


def test_the_nightly_job_makes_up_for_what_was_read_meanwhile(server: Server, user: Caller) -> None:
    """While this plugin was disabled nobody listened."""
    missed, emptied = user.asset(), user.asset(photo())
    with server.context():
        AssetExif.update(tags=["late/tag"]).where(AssetExif.asset == missed).execute()
        AssetExif.update(tags=["late/tag"]).where(AssetExif.asset == emptied).execute()
        remember_as_edited([emptied], {"tags"})
        jobs.catch_up()
        assert Tag.select().where(Tag.user == user.id).count() == 2
    assert (tags_of(user, missed), tags_of(user, emptied)) == (["late/tag"], [])
