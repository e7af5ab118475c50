"""Showing stacks as one asset each, or not at all."""

from __future__ import annotations

from typing import Any

from peewee import SQL, fn

from immich_flask.contracts.auth import Auth
from immich_flask.core.models import Asset
from plugins.stacks.models import Stack


def folded(_wanted: bool, _auth: Auth) -> Any:
    """The filter `withStacked` of the timeline: the primaries of stacks, and what is in none."""
    return Asset.stack_id.is_null() | _is_primary()


def folded_away(_wanted: bool, _auth: Auth) -> Any:
    """What that leaves out."""
    return Asset.stack_id.is_null(False) & ~_is_primary()


def _is_primary() -> Any:
    return fn.EXISTS(Stack.select(SQL("1")).where(Stack.id == Asset.stack_id, Stack.primary_asset_id == Asset.id))


def unstacked(_wanted: bool, _auth: Auth) -> Any:
    """The filter `withoutStacked`: what is in no stack."""
    return Asset.stack_id.is_null()


def stacked(_wanted: bool, _auth: Auth) -> Any:
    """What that leaves out."""
    return Asset.stack_id.is_null(False)


def the_same_for_all(_wanted: bool, _auth: Auth) -> None:
    """Neither filter depends on anything."""
