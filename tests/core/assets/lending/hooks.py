"""Grants, links, events and answer fields, all held in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Request

from immich_flask.contracts import events
from immich_flask.contracts.auth import Auth, AuthSharedLink, AuthUser
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import AssetGrant, Features, Listener, ResponseField
from immich_flask.core.models import User
from immich_flask.infra.db import many

LINK_HEADER = "x-test-link"


@dataclass
class Lent:
    """`assets` by user or link id; `links` by key; `heard` are the events of phase `after`, `tags` by asset id.
    `veto` is raised by whoever hears anything inside the transaction."""

    assets: dict[str, set[str]] = field(default_factory=dict)
    links: dict[str, AuthSharedLink] = field(default_factory=dict)
    heard: list[events.Event] = field(default_factory=list)
    tags: dict[str, list[dict]] = field(default_factory=dict)
    veto: Exception | None = None
    asked: int = 0


LENT = Lent()

HEARD = (events.AssetCreated, events.DuplicateUploaded, events.AssetCopied, events.AssetsUpdated, events.AssetHidden,
         events.AssetsLocked, events.AssetsTrashed, events.AssetsRestored, events.AssetsDeleted)


@hookimpl
def asset_access_rules(auth: Auth, permission: str) -> Iterable[AssetGrant]:
    who = auth.shared_link.id if auth.shared_link else auth.user_id
    if auth.shared_link and permission == "asset.download" and not auth.shared_link.allow_download:
        return []
    return [AssetGrant("lent", many(LENT.assets[who]))] if who in LENT.assets else []


@hookimpl
def authenticate(request: Request) -> Auth | None:
    link = LENT.links.get(request.headers.get(LINK_HEADER, ""))
    if link is None:
        return None
    row = User.get_by_id(link.user_id)
    return Auth(AuthUser(row.id, row.email, row.name, row.is_admin, row.quota_size_in_bytes, row.quota_usage_in_bytes),
                shared_link=link)


@hookimpl
def server_features(config: Any) -> Features:
    """Without a trash deleting would be for good, and these tests are about both."""
    return Features({"trash": config["trash"]["enabled"]})


@hookimpl
def register_listeners() -> Iterable[Listener]:
    return [Listener(event, phase, run) for event in HEARD for phase, run in (("inside", _inside), ("after", _after))]


def _inside(event: Any) -> None:
    if LENT.veto is not None:
        raise LENT.veto


def _after(event: events.Event) -> None:
    LENT.heard.append(event)


@hookimpl
def response_fields(kind: str, ids: list[str], auth: Auth) -> Iterable[ResponseField]:
    LENT.asked += 1
    return [ResponseField("tags", {asset_id: LENT.tags[asset_id] for asset_id in ids if asset_id in LENT.tags}, [])]
