"""Callers who come by a link, the field that tells of links, and listeners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flask import Request

from immich_flask.contracts.auth import Auth, AuthSharedLink, AuthUser
from immich_flask.contracts.events import Event
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import Listener, ResponseField
from immich_flask.core.models import User
from plugins.albums.api import AlbumInvited, AlbumUpdated

LINK_HEADER = "x-test-link"


@dataclass
class Known:
    """`links` by the key that callers send; `heard` are the events of phase `after`; `veto` is raised by whoever hears
    one inside the transaction; `asked` counts the questions for fields of albums."""

    links: dict[str, AuthSharedLink] = field(default_factory=dict)
    heard: list[Event] = field(default_factory=list)
    veto: Exception | None = None
    asked: int = 0


KNOWN = Known()


@hookimpl
def authenticate(request: Request) -> Auth | None:
    link = KNOWN.links.get(request.headers.get(LINK_HEADER, ""))
    if link is None:
        return None
    row = User.get_by_id(link.user_id)
    return Auth(AuthUser(row.id, row.email, row.name, row.is_admin, row.quota_size_in_bytes, row.quota_usage_in_bytes),
                shared_link=link)


@hookimpl
def response_fields(kind: str, ids: list[str], auth: Auth) -> Iterable[ResponseField]:
    if kind != "album":
        return []
    KNOWN.asked += 1
    linked = {link.album_id for link in KNOWN.links.values()}
    return [ResponseField("hasSharedLink", {album_id: album_id in linked for album_id in ids}, False)]


@hookimpl
def register_listeners() -> Iterable[Listener]:
    return [Listener(event, phase, run) for event in (AlbumInvited, AlbumUpdated)
            for phase, run in (("inside", _inside), ("after", _after))]


def _inside(event: Event) -> None:
    if KNOWN.veto is not None:
        raise KNOWN.veto


def _after(event: Event) -> None:
    KNOWN.heard.append(event)
