"""What reads, operation by operation: how to ask, and who may learn of which asset from the answer.

`READINGS` has a row for each operation that can tell something of an asset. A row has a rule and questions. The rule
says of one asset who may find it; links are taken off where the operation is not open to them. A question about one
asset (`of`) is put about each of them, a question about everything (`over`) once per caller. Whatever was asked, all of
the answer is searched for ids, checksums, names, dates, places and bytes of all assets. `at_most`: the rule bounds what
is told, which may be less (the picture on an album's cover).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from tests.matrix.world import (
    ALBUM_LINKS, ASSET_LINKS, MEMBERS, MONTH, NO_METADATA, OWNERS, Asked, World,
)

Rule = Callable[[Asked], set[str]]

Request = tuple[str, str, dict[str, Any]]
"""Method, path and what `Caller.open` takes beside them."""


@dataclass(frozen=True)
class Reading:
    rule: Rule
    of: Callable[[Asked], Iterable[Request]] | None = None
    over: Callable[[World], Iterable[Request]] | None = None
    tells: Callable[[TestResponse], bool] | None = None
    part: Callable[[TestResponse], bytes] = lambda response: response.data
    at_most: bool = False
    of_films: bool = False


def get(path: str, /, **query: Any) -> Request:
    return "GET", path, {"query": query}


def post(path: str, body: dict, /, **query: Any) -> Request:
    return "POST", path, {"body": body, "query": query}


def passed(response: TestResponse) -> bool:
    """The caller got as far as to the asset, whether or not it has what was asked for."""
    return response.status_code in (200, 404)


# Rules. What an asset's owners, borrowers and readers are is in `world`.

def reads(asset: Asked) -> set[str]:
    return asset.readers()


def downloads(asset: Asked) -> set[str]:
    return asset.downloaders()


def downloads_live(asset: Asked) -> set[str]:
    return asset.downloaders() if asset.live else set()


def lists(asset: Asked) -> set[str]:
    """A list has what one may read, but for what is about to be removed, and for films that are there by their stills."""
    if asset.condition == "deleted":
        return set()
    return asset.owners() | asset.lenders() if asset.is_film else asset.readers()


def lists_by_album(asset: Asked) -> set[str]:
    """The same for lists that show a link's album, but not its assets where it is about these."""
    return lists(asset) - ASSET_LINKS - {"link of gone"}


def finds(asset: Asked) -> set[str]:
    """Searches go through one's own and through what partners show in one's timeline; and through albums by id."""
    return lists_by_album(asset) - {"partner aside"}


def finds_in_libraries(asset: Asked) -> set[str]:
    """The same without naming an album."""
    return finds(asset) & (asset.owners() | asset.lenders())


def finds_in_timeline(asset: Asked) -> set[str]:
    shown = asset.owners() | asset.lenders()
    return shown - {"partner aside"} if asset.shows_in("timeline") else set()


def own_in_timeline(asset: Asked) -> set[str]:
    return asset.owners() if asset.shows_in("timeline") else set()


def counted(response: TestResponse) -> bytes:
    """The days of a heatmap on which there is anything."""
    series = response.json.get("series", ()) if response.status_code == 200 else ()
    return " ".join(day["date"] for day in series if day["count"]).encode()


def upserts(response: TestResponse) -> bytes:
    """The lines of a sync stream that give something; those that take away name an id, and nothing else."""
    return b"\n".join(line for line in response.data.splitlines() if b'DeleteV1","data"' not in line)


def own_live(asset: Asked) -> set[str]:
    return asset.owners() if asset.live else set()


def uploaded(asset: Asked) -> set[str]:
    """Who would upload it again is told that it is here, the locked as well; or his phone would try for ever."""
    return OWNERS[asset.whose]


def synced(asset: Asked) -> set[str]:
    """The mobile app keeps all that is its owner's, and guards the locked folder itself."""
    return OWNERS[asset.whose] | (lists(asset) if asset.live else asset.readers())


def on_links(asset: Asked) -> set[str]:
    """Makers of links see what these show; guests, once they have given the password."""
    makers = {"owner", "owner elevated"}
    return (asset.readers() & (ASSET_LINKS | ALBUM_LINKS | {"link of gone"} | makers)) - {"link, no password"}


def in_album(asset: Asked) -> set[str]:
    return asset.readers() & (MEMBERS | ALBUM_LINKS) if asset.place == "album" and asset.live else set()


def on_map(asset: Asked) -> set[str]:
    """Archived ones on their owner's map alone."""
    members = in_album(asset) & MEMBERS
    if asset.shows_in("archive"):
        return asset.owners()
    return asset.owners() | asset.lenders() | members if asset.shows_in("timeline") else set()


def remembered(asset: Asked) -> set[str]:
    """Those in memories: the owner's, and the partner's of what was lent to him."""
    if asset.whose != "mine":
        return set()
    return own_in_timeline(asset) | (asset.lenders() & {"partner"} if asset.shows_in("timeline") else set())


VISIBILITIES = ("timeline", "archive", "hidden", "locked")


def timelines(path: str, **when: str) -> Callable[[World], Iterable[Request]]:
    def ask(world: World) -> Iterable[Request]:
        for whose in places(world):
            for what in ({}, {"isTrashed": "true"}, *({"visibility": value} for value in VISIBILITIES)):
                yield get(path, **when, **whose, **what)
        yield get(path, **when, visibility="timeline", withPartners="true", withStacked="true")
    return ask


def places(world: World) -> list[dict[str, str]]:
    users = [{"userId": world.users[name].id} for name in ("owner", "gone")]
    albums = [{"albumId": album} for album in (world.shared_album, world.gone_album)]
    return [{}, *users, *albums, {"tagId": world.tag}]


def searches(path: str, *, in_query: bool = False) -> Callable[[World], Iterable[Request]]:
    def ask(world: World) -> Iterable[Request]:
        albums = [{"albumIds": [album]} for album in (world.shared_album, world.gone_album)]
        # A query that names one album or tag is refused: the wire wants such keys repeated.
        for whose in ({}, *albums, {"tagIds": [world.tag]}) if not in_query else ({},):
            for what in ({}, {"withDeleted": True}, {"trashedAfter": "2000-01-01T00:00:00.000Z"},
                         *({"visibility": value} for value in VISIBILITIES)):
                body = {"size": 1000, "withExif": True, **whose, **what}
                if in_query:
                    query = {key: str(value).lower() if isinstance(value, bool) else value
                             for key, value in body.items()}
                    yield "POST", path, {"query": query}
                else:
                    yield post(path, body)
    return ask


def albums(*rest: str) -> Callable[[World], Iterable[Request]]:
    return lambda world: [get(f"/albums/{album}{part}") for album in (world.shared_album, world.gone_album)
                          for part in rest]


def sync(world: World) -> Iterable[Request]:
    types = ["AlbumsV2", "AlbumToAssetsV1", "AlbumAssetsV2", "AlbumAssetExifsV1", "AssetsV2", "AssetExifsV1",
             "AssetMetadataV1", "MemoriesV1", "MemoryToAssetsV1", "PartnersV1", "PartnerAssetsV2",
             "PartnerAssetExifsV1", "PartnerStacksV1", "StacksV1", "UsersV1"]
    return [post("/sync/stream", {"types": types, "reset": True})]


READINGS: dict[str, Reading] = {
    # One asset.
    "getAssetInfo": Reading(reads, of=lambda a: [get(f"/assets/{a.id}")]),
    "viewAsset": Reading(reads, of=lambda a: [get(f"/assets/{a.id}/thumbnail")]),
    "downloadAsset": Reading(downloads, of=lambda a: [get(f"/assets/{a.id}/original")]),
    "playAssetVideo": Reading(reads, of=lambda a: [get(f"/assets/{a.id}/video/playback")], of_films=True),
    "getAssetMetadata": Reading(reads, of=lambda a: [get(f"/assets/{a.id}/metadata")]),
    "getAssetMetadataByKey": Reading(reads, of=lambda a: [get(f"/assets/{a.id}/metadata/mobile-app")]),
    "getAssetEdits": Reading(reads, of=lambda a: [get(f"/assets/{a.id}/edits")], tells=passed),
    "getFaces": Reading(reads, of=lambda a: [get("/faces", id=a.id)], tells=passed),
    "downloadArchive": Reading(downloads, of=lambda a: [post("/download/archive", {"assetIds": [a.id]})]),
    "checkBulkUpload": Reading(uploaded, of=lambda a: [post("/assets/bulk-upload-check", {
        "assets": [{"id": "x", "checksum": a.checksum}]})], tells=lambda r: b"duplicate" in r.data),
    "searchAssetStatistics": Reading(
        lambda a: finds_in_libraries(a) if a.live else set(),
        of=lambda a: [post("/search/statistics", {"country": a.secret("country"), **more})
                      for more in ({}, {"visibility": a.visibility})],
        tells=lambda r: r.status_code == 200 and r.json["total"] > 0),
    # Many.
    "getDownloadInfo": Reading(
        downloads_live, of=lambda a: [post("/download/info", {"assetIds": [a.id]})],
        over=lambda w: [*(post("/download/info", {"userId": user.id}) for user in w.users.values()),
                        *(post("/download/info", {"albumId": album}) for album in (w.shared_album, w.gone_album))],
        tells=lambda r: r.status_code == 201 and r.json["totalSize"] > 0),
    "getTimeBuckets": Reading(lists_by_album, over=timelines("/timeline/buckets", orderBy="createdAt")),
    "getTimeBucket": Reading(lists_by_album, over=timelines("/timeline/bucket", timeBucket=f"{MONTH}-01")),
    "searchAssets": Reading(finds, over=searches("/search/metadata")),
    "searchRandom": Reading(finds, over=searches("/search/random")),
    "searchLargeAssets": Reading(finds_in_libraries, over=searches("/search/large-assets", in_query=True)),
    "searchSmart": Reading(finds, at_most=True, over=lambda w: [post("/search/smart", {"query": "secret"})]),
    "getSearchSuggestions": Reading(finds_in_timeline, over=lambda w: [
        get("/search/suggestions", type=kind) for kind in ("country", "city", "camera-make", "camera-model")]),
    "getExploreData": Reading(finds_in_timeline, at_most=True, over=lambda w: [get("/search/explore")]),
    "getAssetsByCity": Reading(finds_in_timeline, over=lambda w: [get("/search/cities")]),
    "getMapMarkers": Reading(on_map, over=lambda w: [
        get("/map/markers", **archived, **more) for archived in ({}, {"isArchived": "true"}, {"isArchived": "false"})
        for more in ({}, {"withPartners": "true"}, {"withSharedAlbums": "true"})]),
    "getAssetsByOriginalPath": Reading(own_in_timeline, at_most=True, over=lambda w: [
        get("/view/folder", path=asset.folder) for asset in w.assets.values() if asset.place == "plain"]),
    "getUniqueOriginalPaths": Reading(own_in_timeline, over=lambda w: [get("/view/folder/unique-paths")]),
    "getMyCalendarHeatmap": Reading(own_live, over=lambda w: [
        get("/users/me/calendar-heatmap", **{"from": f"{MONTH}-01", "to": f"{MONTH}-31"}, type="Taken")], part=counted),
    "getUserCalendarHeatmapAdmin": Reading(
        lambda a: own_live(a) | ({"admin"} if a.live and not a.locked and a.whose != "gone's" else set()),
        over=lambda w: [get(f"/admin/users/{user.id}/calendar-heatmap", **{"from": f"{MONTH}-01", "to": f"{MONTH}-31"},
                            type="Taken") for user in w.users.values()], part=counted),
    # Albums, links, and what else holds assets.
    "getAllAlbums": Reading(in_album, over=lambda w: [get("/albums")], at_most=True),
    "getAlbumInfo": Reading(in_album, over=albums(""), at_most=True),
    "getAlbumMapMarkers": Reading(
        lambda a: in_album(a) - NO_METADATA if a.shows_in("timeline", "archive") else set(),
        over=albums("/map-markers")),
    "getAllSharedLinks": Reading(on_links, at_most=True, over=lambda w: [get("/shared-links")]),
    "getMySharedLink": Reading(on_links, at_most=True, over=lambda w: [get("/shared-links/me")]),
    "getSharedLinkById": Reading(on_links, at_most=True, over=lambda w: [
        get(f"/shared-links/{link}") for link in w.links.values()]),
    "getActivities": Reading(in_album, at_most=True, over=lambda w: [get("/activities", albumId=w.shared_album)]),
    "searchMemories": Reading(remembered, over=lambda w: [get("/memories")]),
    "getMemory": Reading(remembered, over=lambda w: [
        get(f"/memories/{memory}") for memory in (w.memory, w.partners_memory)]),
    "searchStacks": Reading(own_live, at_most=True, over=lambda w: [get("/stacks")]),
    "getStack": Reading(own_live, at_most=True, over=lambda w: [get(f"/stacks/{w.stack}")]),
    "getAssetDuplicates": Reading(own_live, at_most=True, over=lambda w: [get("/duplicates")]),
    "getSyncStream": Reading(synced, over=sync, part=upserts),
}
"""By operationId."""

