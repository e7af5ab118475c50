"""Sharing the timeline with a partner, and ending it (server/src/services/partner.service.ts)."""

from __future__ import annotations

from typing import Any

import peewee

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import PartnerDirection
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.contracts.events import LibraryShared
from immich_flask.core.events import emit
from immich_flask.core.models import User
from immich_flask.core.users import user_response
from immich_flask.core.users.answers import PUBLIC_COLUMNS
from immich_flask.infra.db import atomic
from plugins.partners.models import Partner


def partners(auth: Auth, direction: PartnerDirection) -> list[dict]:
    """Those the caller shares with (`shared-by`), or those who share with the caller (`shared-with`), oldest first."""
    if direction == PartnerDirection.SHARED_BY:
        return _answers(Partner.shared_with, Partner.shared_by == auth.user_id)
    return _answers(Partner.shared_by, Partner.shared_with == auth.user_id)


def create(auth: Auth, shared_with: str) -> dict:
    """Show the caller's timeline to another user; raises BadRequest when that is so already, or nobody has the id."""
    if shared_with == auth.user_id:
        raise BadRequest("Cannot share with yourself")
    if not User.select().where(User.id == shared_with, User.deleted_at.is_null()).exists():
        raise BadRequest("User not found")
    try:
        with atomic():
            Partner.create(shared_by=auth.user_id, shared_with=shared_with)
            emit(LibraryShared(auth.user_id, shared_with))
    except peewee.IntegrityError as error:
        raise BadRequest("Partner already exists") from error
    return _answers(Partner.shared_with, _pair(auth.user_id, shared_with))[0]


def update(auth: Auth, shared_by: str, in_timeline: bool) -> dict:
    """Mix the assets of one who shares with the caller into the caller's timeline, or take them out."""
    pair = _pair(shared_by, auth.user_id)
    with atomic():
        if not Partner.update(in_timeline=in_timeline).where(pair).execute():
            raise NoAccess("partner.update")
    return _answers(Partner.shared_by, pair)[0]


def remove(auth: Auth, shared_with: str) -> None:
    """Stop showing the caller's timeline to `shared_with`."""
    with atomic():
        if not Partner.delete().where(_pair(auth.user_id, shared_with)).execute():
            raise BadRequest("Partner not found")


def _pair(shared_by: str, shared_with: str) -> Any:
    return (Partner.shared_by == shared_by) & (Partner.shared_with == shared_with)


def _answers(who: peewee.ForeignKeyField, condition: Any) -> list[dict]:
    rows = (User.select(*PUBLIC_COLUMNS, Partner.in_timeline).join(Partner, on=who == User.id)
            .where(condition, User.deleted_at.is_null()).order_by(Partner.created_at, User.id).namedtuples())
    return [{**user_response(row), "inTimeline": bool(row.in_timeline)} for row in rows]
