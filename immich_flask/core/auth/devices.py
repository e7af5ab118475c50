"""What a request says about the device it comes from (server/src/utils/request.ts)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Request

_APP = re.compile(r"^immich-(?:android|ios|unknown)/(.+)$|^Immich_(?:Android|iOS|Unknown)_(.+)$")


@dataclass(frozen=True, slots=True)
class Device:
    """Shown in the list of sessions; empty text where nothing is known."""

    type: str
    os: str


def app_version_of(request: Request) -> str | None:
    """The version of the mobile app, which its user agent carries."""
    match = _APP.match(request.headers.get("User-Agent", ""))
    return (match[1] or match[2]) if match else None


def device_of(request: Request) -> Device:
    return Device(request.headers.get("devicemodel", ""), request.headers.get("devicetype", ""))
