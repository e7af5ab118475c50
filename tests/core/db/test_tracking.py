"""Change tracking by triggers: no write path escapes, ids go up in time, the deleted leave tombstones."""

from __future__ import annotations

import time
from uuid import UUID

from immich_flask.core.models import Tombstone, User, UserMetadata
from immich_flask.infra.db import atomic, db, is_sqlite
from immich_flask.testing import Caller, Server


def tracked(user: Caller) -> tuple[str, object]:
    row = User.get_by_id(user.id)
    return row.update_id, row.updated_at


def test_every_kind_of_write_renews_the_row(server: Server, user: Caller) -> None:
    with server.context():
        seen = [tracked(user)]
        time.sleep(0.002)
        User.update(name="bulk").where(User.id == user.id).execute()
        seen.append(tracked(user))
        time.sleep(0.002)
        row = User.get_by_id(user.id)
        row.name = "instance"
        row.save()
        seen.append(tracked(user))
        time.sleep(0.002)
        place = "?" if is_sqlite() else "%s"
        db.execute_sql(f'UPDATE "user" SET name = \'raw\' WHERE id = {place}', (user.id,))
        seen.append(tracked(user))
    assert seen == sorted(seen)
    assert len(set(seen)) == 4
    assert all(UUID(update_id).version == 7 for update_id, _ in seen)


def test_ids_of_many_quick_writes_never_repeat_and_always_rise(server: Server, user: Caller) -> None:
    with server.context():
        ids = []
        for number in range(200):
            User.update(name=str(number)).where(User.id == user.id).execute()
            ids.append(tracked(user)[0])
    assert ids == sorted(set(ids))


def test_the_time_in_an_id_is_now(server: Server, user: Caller) -> None:
    with server.context():
        milliseconds = UUID(tracked(user)[0]).int >> 80
    assert abs(milliseconds / 1000 - time.time()) < 60


def test_cascades_leave_tombstones_with_what_was_asked_for(server: Server) -> None:
    gone = server.user("gone")
    with server.context():
        UserMetadata.create(user=gone.id, key="license", value={"a": [1]})
        with atomic():
            User.delete().where(User.id == gone.id).execute()
        rows = {row.table_name: row for row in Tombstone.select().where(
            (Tombstone.owner_id == gone.id) | (Tombstone.table_name == "user")) if gone.id in str(row.row)}
    assert rows["user"].row == {"id": gone.id} and rows["user"].owner_id is None
    assert rows["user_metadata"].row == {"user_id": gone.id, "key": "license"}
    assert rows["user_metadata"].owner_id == gone.id
    assert UUID(rows["user"].id).version == 7
