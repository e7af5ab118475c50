"""The texts of assets as they are compared, and the note of which have changed since (docs/search.md)."""

from __future__ import annotations

from peewee import AutoField, ForeignKeyField, TextField

from immich_flask.core.models import Asset
from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField


class SearchText(Model):
    """The texts of one asset, `infra.texts.normalized`. Triggers keep an index of their trigrams, `search_index`, whose
    rows go by `id`."""

    id = AutoField()
    asset = ForeignKeyField(Asset, unique=True, on_delete="CASCADE")
    name = TextField()
    path = TextField()
    description = TextField()


class SearchStale(Model):
    """A note that texts of an asset were written; triggers make them. The asset may be gone."""

    id = AutoField()
    asset_id = IdField()
