"""Countries: their names as Immich's clients know them, and which one a position lies in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

OTHERWISE = {
    "AX": "Åland Islands",
    "BL": "Saint Barthélemy",
    "BQ": "Bonaire, Sint Eustatius and Saba",
    "CD": "Democratic Republic of the Congo",
    "CG": "Republic of the Congo",
    "CN": "People's Republic of China",
    "CW": "Curaçao",
    "GM": "Republic of The Gambia",
    "IR": "Islamic Republic of Iran",
    "KP": "North Korea",
    "KR": "South Korea",
    "LY": "Libya",
    "MF": "Saint Martin (French part)",
    "MK": "The Republic of North Macedonia",
    "PS": "State of Palestine",
    "SX": "Sint Maarten (Dutch part)",
    "SZ": "Eswatini",
    "TR": "Türkiye",
    "TW": "Taiwan, Province of China",
    "TZ": "United Republic of Tanzania",
    "US": "United States of America",
}
"""What Immich calls a country, by ISO code, where the data of places has another name. Libraries that come from there
are searched by these."""


def country_at(latitude: float, longitude: float) -> str | None:
    """The ISO code of the country, known by the time zone of the position; None on the open sea."""
    from tzfpy import get_tz

    return _countries_of_zones().get(get_tz(longitude, latitude))


@cache
def _countries_of_zones() -> dict[str, str]:
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {zone: code for code, _, zone, *_ in rows}
