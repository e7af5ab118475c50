"""Random choice, counts, large files, suggestions, explore, cities, names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.core.plugins import find_plugins
from immich_flask.testing import Caller, Server


def test_random(user: Caller, made: Callable) -> None:
    assert user.post("/search/random", {}).json == []
    ids = {made(user, f"{at}", is_favorite=at < 2) for at in range(8)}
    found = user.post("/search/random", {"withExif": True}).json
    assert {asset["id"] for asset in found} == ids
    assert all(asset["exifInfo"] for asset in found)
    assert len(user.post("/search/random", {"size": 3}).json) == 3
    assert len(user.post("/search/random", {"isFavorite": True}).json) == 2
    orders = {tuple(asset["id"] for asset in user.post("/search/random", {}).json) for _ in range(10)}
    assert len(orders) > 1
    assert user.post("/search/random", {"size": 0}).json["errors"][0]["path"] == ["size"]


def test_statistics(user: Caller, made: Callable) -> None:
    assert user.post("/search/statistics", {}).json == {"total": 0}
    made(user, "a", is_favorite=True, exif={"description": "a cat"})
    made(user, "b", visibility="archive")
    made(user, "c", deleted_at="2022-01-01T00:00:00.000Z", status="trashed")
    for body, total in (({}, 2), ({"isFavorite": True}, 1), ({"visibility": "archive"}, 1), ({"description": "CAT"}, 1),
                        ({"trashedAfter": "2021-01-01T00:00:00Z"}, 1), ({"description": "dog"}, 0), ({"size": 1}, 2)):
        assert user.post("/search/statistics", body).json == {"total": total}, body


def test_large_assets(user: Caller, made: Callable) -> None:
    for name, size in (("small", 5_000), ("large", 50_000), ("middle", 20_000)):
        made(user, name, exif={"file_size_in_byte": size, "make": "Acme" if name == "middle" else None})

    def found(body: dict | None = None, **query: object) -> list[str]:
        response = user.post("/search/large-assets", body, **query)
        assert response.status_code == 200, response.text
        assert all(asset["exifInfo"]["fileSizeInByte"] for asset in response.json)
        return [asset["originalFileName"].removesuffix(".jpg") for asset in response.json]

    assert found() == found({"size": 0}) == ["large", "middle", "small"]
    assert found(minFileSize="5000") == ["large", "middle"]
    assert found(minFileSize="50000") == []
    assert found(size="1") == ["large"]
    assert found(make="Acme", isFavorite="false", type="IMAGE") == ["middle"]
    for query in ({"minFileSize": "-1"}, {"minFileSize": "big"}, {"size": "0"}, {"isFavorite": "maybe"}):
        assert user.post("/search/large-assets", **query).json["errors"][0]["path"] == list(query)


def test_suggestions(user: Caller, made: Callable) -> None:
    def suggested(kind: str, **query: str) -> list:
        response = user.get("/search/suggestions", type=kind, **query)
        assert response.status_code == 200, response.text
        return response.json

    assert suggested("camera-make") == []
    assert suggested("camera-make", includeNull="true") == [None]
    for at, (make, model, lens, city, state, country) in enumerate((
            ("acme", "One", "A", "Oslo", "Oslo", "Norway"), ("Bolt", "Two", "B", "Évora", "Évora", "Portugal"),
            ("acme", "Three", "B", "Faro", "Faro", "Portugal"), (None, None, None, None, None, None),
            ("", "", "", "", "", ""))):
        made(user, f"{at}", exif={"make": make, "model": model, "lens_model": lens, "city": city, "state": state,
                                  "country": country})
    made(user, "archived", visibility="archive", exif={"make": "Hidden"})
    made(user, "binned", deleted_at="2022-01-01T00:00:00.000Z", exif={"make": "Hidden"})
    assert suggested("camera-make") == suggested("camera-make", includeNull="false") == ["acme", "Bolt"]
    assert suggested("camera-model", includeNull="true") == ["One", "Three", "Two", None]
    assert suggested("camera-model", make="acme") == ["One", "Three"]
    assert suggested("camera-model", make="acme", lensModel="B") == ["Three"]
    assert suggested("camera-lens-model", model="Two") == ["B"]
    assert suggested("camera-make", model="Two", country="ignored") == ["Bolt"]
    assert suggested("country") == ["Norway", "Portugal"]
    assert suggested("state", country="Portugal") == ["Évora", "Faro"]
    assert suggested("city") == ["Évora", "Faro", "Oslo"]
    assert suggested("city", country="Portugal", state="Faro") == ["Faro"]
    assert suggested("city", country="Nowhere", includeNull="true") == [None]
    for query in ({}, {"type": "colour"}):
        assert user.get("/search/suggestions", **query).json["errors"][0]["path"] == ["type"]
    assert user.get("/search/suggestions", type="city", includeNull="1").json["errors"][0]["path"] == ["includeNull"]


def test_cities_and_explore(user: Caller, made: Callable) -> None:
    assert user.get("/search/cities").json == []
    assert user.get("/search/explore").json == [
        {"fieldName": "exifInfo.city", "items": []}, {"fieldName": "createdAt", "items": []}]
    for city, count in (("Oslo", 5), ("Rome", 4), ("Bern", 6)):
        for at in range(count):
            made(user, f"{city}{at}", exif={"city": city}, is_favorite=True)
    made(user, "film", type="VIDEO", exif={"city": "Film"})
    made(user, "hidden", visibility="archive", exif={"city": "Archive"})
    cities = user.get("/search/cities").json
    assert [asset["exifInfo"]["city"] for asset in cities] == ["Bern", "Oslo", "Rome"]
    explored, recent = user.get("/search/explore").json
    assert [item["value"] for item in explored["items"]] == ["Bern", "Oslo"]
    assert [item["data"]["exifInfo"]["city"] for item in explored["items"]] == ["Bern", "Oslo"]
    assert len(recent["items"]) == 12
    values = [item["value"] for item in recent["items"]]
    assert values == sorted(values, reverse=True) == [item["data"]["createdAt"] for item in recent["items"]]
    assert (recent["items"][0]["data"]["tags"], recent["items"][0]["data"]["people"]) == ([], [])


def test_explore_shows_twelve_cities(user: Caller, made: Callable, server: Server) -> None:
    from tests.benchmarks.seed import seed_assets

    with server.context():
        seed_assets(user.id, 2000)
    explored, _ = user.get("/search/explore").json
    assert len(explored["items"]) == 12


@pytest.mark.parametrize(("path", "bad"), [
    ("places", {}), ("person", {}), ("person", {"name": "x", "withHidden": "?"})])
def test_bad_names(user: Caller, path: str, bad: dict) -> None:
    response = user.get(f"/search/{path}", **bad)
    assert response.json["errors"][0]["path"] == ["withHidden" if bad else "name"]


def test_nobody_knows_names_where_those_plugins_are_off(make_server: Callable) -> None:
    server = make_server(**{"plugins.disabled": sorted(find_plugins().keys() - {"search"})})
    user = server.user()
    assert user.get("/search/places", name="Paris").json == []
    assert user.get("/search/person", name="Max", withHidden="true").json == []


def test_smart_search_is_off(server: Server, user: Caller) -> None:
    for body in ({}, {"query": "a beach"}, {"queryAssetId": "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"}):
        refused = user.post("/search/smart", body)
        assert (refused.status_code, refused.json["message"]) == (400, "Smart search is not enabled")
    assert user.post("/search/smart", {"query": "a", "size": 0}).json["errors"][0]["path"] == ["size"]
    features = server.nobody.get("/server/features").json
    assert (features["search"], features["smartSearch"]) == (True, False)


def test_switched_off_and_on_again(make_server: Callable) -> None:
    server = make_server(**{"plugins.disabled": ["search"]})
    user = server.user()
    assert user.post("/search/metadata", {}).status_code == 404
    assert server.nobody.get("/server/features").json["search"] is False
