"""What the plugin adds."""

from __future__ import annotations

from typing import Any

import click
from flask import Blueprint

from immich_flask.contracts.enums import JobName, QueueName
from immich_flask.contracts.events import AssetCreated, AssetsUpdated
from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import AssetFilter, Features, Job, Listener, Setting
from immich_flask.infra.http.schemas import UUIDv4
from immich_flask_favorites_digest import digests, jobs, marks, settings
from immich_flask_favorites_digest.commands import favorites_digest
from immich_flask_favorites_digest.models import Digest, DigestAsset, FavoriteMark
from immich_flask_favorites_digest.routes import bp


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [bp]


@hookimpl
def register_models() -> list[type]:
    return [FavoriteMark, Digest, DigestAsset]


@hookimpl
def register_settings() -> list[Setting]:
    return settings.SETTINGS


@hookimpl
def register_jobs() -> list[Job]:
    return [
        Job(jobs.ALL, QueueName.NOTIFICATIONS, jobs.make_all, cron=settings.schedule,
            shown_as=JobName.NOTIFY_ALBUM_UPDATE),
        Job(jobs.ONE, QueueName.NOTIFICATIONS, jobs.make_one, shown_as=JobName.NOTIFY_ALBUM_UPDATE),
        Job(jobs.MAIL, QueueName.NOTIFICATIONS, jobs.send_mail, shown_as=JobName.SEND_MAIL),
    ]


@hookimpl
def register_listeners() -> list[Listener]:
    return [Listener(AssetsUpdated, "inside", marks.on_updated), Listener(AssetCreated, "inside", marks.on_created)]


@hookimpl
def register_asset_filters() -> list[AssetFilter]:
    return [AssetFilter("favoritesDigestId", digests.in_digest, value=UUIDv4)]


@hookimpl
def register_commands() -> list[click.Command]:
    return [favorites_digest]


@hookimpl
def server_features(config: Any) -> Features:
    """With the flag, clients let users say whether they want mail."""
    return Features({"email": True}) if settings.sends_mail(config) else Features()
