"""The names of places, without a network."""

from __future__ import annotations

import fcntl
import threading
from contextlib import closing
from pathlib import Path

import cysqlite
import pytest

from plugins.map import places as module
from plugins.map.countries import country_at
from plugins.map.places import Address, Places


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(tmp_path_factory.mktemp("places"))


@pytest.mark.parametrize(("latitude", "longitude", "city", "state", "country"), [
    (48.85341, 2.3488, "Paris", "Île-de-France", "France"),
    (48.8566, 2.3522, "Paris", "Île-de-France", "France"),
    (35.6895, 139.69171, "Tokyo", "Tokyo", "Japan"),
    (52.52437, 13.41053, "Berlin", "State of Berlin", "Germany"),
    (1.3146631, 103.8454093, "Novena", None, "Singapore"),
    (5.55602, -0.1969, "Accra", "Greater Accra", "Ghana"),
    (37.5442706, -4.7277528, "Montalbán de Córdoba", "Andalusia", "Spain"),
    (23.13302, -82.38304, "Havana", "Havana", "Cuba"),
    (41.69411, 44.83368, "Tbilisi", "Tbilisi", "Georgia"),
    (31.22222, 121.45806, "Shanghai", "Shanghai", "People's Republic of China"),
    (40.71427, -74.00597, "New York City", "New York", "United States of America"),
    (47.04057, 9.06804, "Glarus", "Glarus", "Switzerland"),
    (32.77152, -89.11673, "Philadelphia", "Mississippi", "United States of America"),
    (31.63416, -7.99994, "Marrakesh", "Marrakesh-Safi", "Morocco"),
    (38.5237354, -78.4886194, "Stanley", "Virginia", "United States of America"),
    (59.93863, 30.31413, "Saint Petersburg", "St.-Petersburg", "Russian Federation"),
    (-33.858977, 151.278491, "Vaucluse", "New South Wales", "Australia"),
    (-37.765732, 144.752453, "Ravenhall", "Victoria", "Australia"),
    (-31.894346, 115.757617, "Scarborough", "Western Australia", "Australia"),
    (39.115, -108.400968, "Palisade", "Colorado", "United States of America"),
    (41.2203, -96.071625, "Ralston", "Nebraska", "United States of America"),
    # Far from every town: the country alone; on the sea nothing.
    (38.9711, -109.7137, None, None, "United States of America"),
    (45, 68, None, None, "Kazakhstan"),
    (-80, 10, None, None, "Antarctica"),
    (-45.5, -130.25, None, None, None),
    (0, 0, None, None, None),
    (90, 0, None, None, None),
    # Where degrees of longitude are short, and on both sides of the date line.
    (69.6489, 18.9551, "Tromsø", "Troms", "Norway"),
    (-16.8, 179.99, None, None, "Fiji"),
])
def test_addresses(places: Places, latitude: float, longitude: float, city: str | None, state: str | None,
                   country: str | None) -> None:
    assert places.address(latitude, longitude) == Address(city, state, country)


@pytest.mark.parametrize(("town", "here", "near"), [
    ((-16.8, 179.95), (-16.8, -179.95), True),
    ((-16.8, -179.95), (-16.8, 179.95), True),
    ((-16.8, 179.5), (-16.8, -179.5), False),
    # 24 km to the east: 1.7 degrees here, 0.2 at the equator.
    ((83, 0), (83, 1.7), True),
    ((0, 0), (0, 1.7), False),
    ((0, 0), (0, 0.22), True),
    ((0, 0), (0, 0.23), False),
    ((10, 10), (10.22, 10), True),
    ((10, 10), (10.23, 10), False),
])
def test_how_near_is_near(town: tuple, here: tuple, near: bool) -> None:
    with closing(cysqlite.connect(":memory:")) as database:
        database.executescript(module._SCHEMA)
        database.execute("INSERT INTO place VALUES (0, ?, ?, 'Town', NULL, NULL, 'XX', 1)", town)
        assert (module._nearest(database, *here) == Address("Town")) is near


@pytest.mark.parametrize(("asked", "first"), [
    ("Paris", ("Paris", "Île-de-France")),
    ("PARÍS", ("Paris", "Île-de-France")),
    ("paris texas", ("Paris", "Texas")),
    ("texas paris", ("Paris", "Texas")),
    ("sao paulo", ("São Paulo", "São Paulo")),
    ("new york", ("New York City", "New York")),
    ("tokyo", ("Tokyo", "Tokyo")),
    ("frankfurt", ("Frankfurt am Main", "Hesse")),
    ("San Fran", ("San Francisco", "California")),
])
def test_names(places: Places, asked: str, first: tuple[str, str]) -> None:
    found = places.named(asked, 20)
    assert (found[0].name, found[0].state) == first
    assert len(found) <= 20


@pytest.mark.parametrize("asked", ["", "  ", "zzqqxxkkvv", "Texas Île-de-France", "%", "_", "\u0301"])
def test_names_of_nothing(places: Places, asked: str) -> None:
    assert places.named(asked, 20) == []


def test_made_once_however_many_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, fills = [], []
    fill = module._fill
    monkeypatch.setattr(module, "_fill", lambda database: (fills.append(1), fill(database)))
    places = Places(tmp_path / "not yet there")
    (tmp_path / "places-0-0.sqlite").touch()
    threads = [threading.Thread(target=lambda: found.append(places.address(48.85, 2.35).city)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Paris"] * 3
    assert list(places.path.parent.iterdir()) == [places.path]
    assert fills == [1]


def test_who_cannot_wait_does_not(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with places.path.with_suffix(".making").open("wb") as another:
        fcntl.flock(another, fcntl.LOCK_EX)
        assert not places.make(wait=False)
    assert places.make(wait=False) and places.ready


def test_other_versions_are_removed(tmp_path: Path) -> None:
    old = tmp_path / "places-0.9-0.sqlite"
    old.touch()
    Places(tmp_path).make()
    assert not old.exists()


def test_countries() -> None:
    assert [country_at(*position) for position in ((59.9, 10.75), (42.6, 21.0), (24, -14), (-20.5, -100.25))] == [
        "NO", "RS", "EH", None]
