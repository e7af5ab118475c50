"""How accounts go: first out of sight, and restorable; after a delay, or when it was asked for, for good."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import JobName, UserStatus
from immich_flask.contracts.errors import BadRequest, Forbidden
from immich_flask.contracts.events import UserDeleted, UserRestored, UserTrashed
from immich_flask.core.assets.owner import delete_assets_of
from immich_flask.core.assets.stored import all_folders
from immich_flask.core.events import emit
from immich_flask.core.jobs import enqueue, enqueue_many
from immich_flask.core.models import User
from immich_flask.core.runtime import runtime
from immich_flask.core.settings import setting
from immich_flask.core.users.accounts import find_user
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now

REMOVE_FILES = "UserFilesDelete"

log = logging.getLogger(__name__)


def trash_user(auth: Auth, user_id: str, *, force: bool = False) -> User:
    """Soft-delete an account; with `force` a job removes it at once, else one does after the configured delay.

    Its credentials stay, and are refused until it is restored. Raises Forbidden for the caller's own account,
    BadRequest when there is no such account.
    """
    with atomic():
        find_user(user_id)
        if user_id == auth.user_id:
            raise Forbidden("Cannot delete your own account")
        status = UserStatus.REMOVING if force else UserStatus.DELETED
        User.update(status=status, deleted_at=now()).where(User.id == user_id).execute()
        emit(UserTrashed(user_id))
        if force:
            enqueue(JobName.USER_DELETE, id=user_id)
        return find_user(user_id, with_deleted=True)


def restore_user(user_id: str) -> User:
    """Undo `trash_user`; nothing happens to an account that is not soft-deleted.

    Raises BadRequest when there is no such account, or its removal has begun.
    """
    with atomic():
        user = find_user(user_id, with_deleted=True)
        if user.deleted_at is None:
            return user
        if not (User.update(status=UserStatus.ACTIVE, deleted_at=None)
                .where(User.id == user_id, User.status != UserStatus.REMOVING).execute()):
            raise BadRequest("The account is being removed")
        emit(UserRestored(user_id))
        return find_user(user_id)


def remove_due_users() -> None:
    """Job `UserDeleteCheck`: queue the removal of the accounts whose delay is over."""
    due = User.select(User.id).where(User.deleted_at < _over()).tuples()
    enqueue_many(JobName.USER_DELETE, ({"id": user_id} for user_id, in due), unless_waiting=True)


def remove_user(id: str) -> None:
    """Job `UserDelete`: remove an account and all it owned, unless it was restored meanwhile.

    Its assets go first, some at a time: with a large library one transaction would hold up everybody who writes.
    """
    due = (User.status == UserStatus.REMOVING) | (User.deleted_at < _over())
    # From here on it cannot be restored any more.
    if not User.update(status=UserStatus.REMOVING).where(User.id == id, due).execute():
        log.warning("the account %s is not to be removed now", id)
        return
    delete_assets_of(id)
    with atomic():
        User.delete().where(User.id == id).execute()
        emit(UserDeleted(id))
        enqueue(REMOVE_FILES, id=id)
    log.info("the account %s was removed", id)


def remove_files(id: str) -> None:
    """Job `UserFilesDelete`: remove every object that is kept for an account."""
    for folder in all_folders():
        runtime.storage.delete([info.key for info in runtime.storage.list(f"{folder}/{id}/")])


def _over() -> datetime:
    """The moment before which an account must have been deleted for its delay to be over."""
    return now() - timedelta(days=setting("user.deleteDelay"))
