"""Change tracking by database triggers, which no write path escapes: bulk updates, cascades, raw SQL, disabled plugins.

A tracked table has the columns of `Tracked`: each insert and update gives the row a new `update_id`, a version-7 UUID,
and each update a new `updated_at`. Deleted rows leave a tombstone with the columns that were asked for. Migrations
install it, after the table: `tracking.install(db, "album", tombstone=("id",))`.

On SQLite the ids come from a clock that never gives the same microsecond twice, so their order is the order of the
commits (there is one writer). On PostgreSQL a row can become visible after a later id was already read. So that readers
know (`infra.horizon`), a transaction there holds a shared advisory lock, named after its start, from before its first
id until its commit is visible.
"""

from __future__ import annotations

import peewee
from peewee import JSONField

from immich_flask.infra.db import Model
from immich_flask.infra.fields import IdField, InstantField, now


class Tracked(Model):
    """Base of models with tracked tables. The triggers keep `update_id` and `updated_at`; Python never writes them."""

    created_at = InstantField(default=now)
    updated_at = InstantField(default=now)
    update_id = IdField(null=True, index=True)


class TrackedLink(Tracked):
    """A tracked table that links two others; `create_id` tells when the link was made, for readers that catch up."""

    create_id = IdField(null=True, index=True)


class Tombstone(Model):
    """A deleted row of a tracked table: the columns that `install` was told to keep, and whom it belonged to."""

    id = IdField(primary_key=True)
    table_name = peewee.TextField()
    owner_id = IdField(null=True)
    row = JSONField()
    deleted_at = InstantField()

    class Meta:
        indexes = ((("table_name", "owner_id", "id"), False), (("table_name", "id"), False))


_SQLITE_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
_SQLITE_MICROSECONDS = (
    "(CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000)"
)
_SQLITE_TICK = f"UPDATE tracking_clock SET last = max(last + 1, {_SQLITE_MICROSECONDS})"
# 48 bits of milliseconds, version 7, microseconds in the 12 bits after it, variant, random rest (RFC 9562, method 3)
_SQLITE_UUID7 = (
    "(SELECT substr(printf('%012x', last / 1000), 1, 8) || '-' || substr(printf('%012x', last / 1000), 9) || '-'"
    " || printf('%04x', 28672 + (last % 1000) * 4) || '-' || substr('89ab', 1 + abs(random() % 4), 1)"
    " || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))) FROM tracking_clock)"
)

WRITING = 0x517AC
"""The class of the advisory locks of writing transactions; any number that nobody else uses."""

# The name of the lock is the start of the transaction in milliseconds, modulo 2^32: the most that a name can hold.
_POSTGRES_SETUP = f"""
CREATE OR REPLACE FUNCTION tracking_begin() RETURNS void LANGUAGE sql VOLATILE AS $$
  SELECT pg_advisory_xact_lock_shared({WRITING},
    (mod(floor(extract(epoch FROM now()) * 1000)::bigint, 4294967296) - 2147483648)::integer)
$$;
""" + """
CREATE OR REPLACE FUNCTION tracking_uuid7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT (substr(h, 1, 8) || '-' || substr(h, 9) || '-' || to_hex(28672 + (us % 1000) * 4)
          || substr(gen_random_uuid()::text, 19))::uuid
  FROM (SELECT us, lpad(to_hex(us / 1000), 12, '0') AS h
        FROM (SELECT (extract(epoch FROM at) * 1000000)::bigint AS us) AS a) AS b
$$;
CREATE OR REPLACE FUNCTION tracking_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tracking_begin();
  NEW.update_id = tracking_uuid7(clock_timestamp());
  IF TG_OP = 'UPDATE' THEN
    NEW.updated_at = clock_timestamp();
  ELSIF TG_NARGS > 0 THEN
    NEW.create_id = NEW.update_id;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION tracking_bury() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  gone jsonb = to_jsonb(OLD);
BEGIN
  PERFORM tracking_begin();
  INSERT INTO tombstone (id, table_name, owner_id, row, deleted_at)
  SELECT tracking_uuid7(clock_timestamp()), TG_TABLE_NAME, (gone ->> TG_ARGV[0])::uuid,
         jsonb_object_agg(c, gone -> c), clock_timestamp()
  FROM unnest(TG_ARGV[1:]) AS c;
  RETURN OLD;
END $$;
"""


def prepare(database: peewee.Database) -> None:
    """Create what `install` relies on: the tombstones, and the clock or the functions. For the first core migration."""
    with database.bind_ctx([Tombstone]):
        database.create_tables([Tombstone])
    if isinstance(database, peewee.SqliteDatabase):
        database.execute_sql("CREATE TABLE tracking_clock (last INTEGER NOT NULL)")
        database.execute_sql("INSERT INTO tracking_clock (last) VALUES (0)")
    else:
        database.execute_sql(_POSTGRES_SETUP.replace("%", "%%"))


def install(database: peewee.Database, table: str, *, tombstone: tuple[str, ...] = (), owner: str | None = None,
            create_id: bool = False) -> None:
    """Track `table`. `tombstone`: columns kept of deleted rows (none: leave no tombstone); `owner`: the column with
    the id of the user the row belonged to; `create_id`: fill that column at insertion."""
    if isinstance(database, peewee.SqliteDatabase):
        _install_sqlite(database, table, tombstone, owner, create_id)
    else:
        _install_postgres(database, table, tombstone, owner, create_id)


def _install_sqlite(database: peewee.Database, table: str, tombstone: tuple[str, ...], owner: str | None,
                    create_id: bool) -> None:
    created = ", create_id = update_id" if create_id else ""
    database.execute_sql(f"""
        CREATE TRIGGER tracking_insert_{table} AFTER INSERT ON "{table}" BEGIN
          {_SQLITE_TICK};
          UPDATE "{table}" SET update_id = {_SQLITE_UUID7} WHERE rowid = NEW.rowid;
          {f'UPDATE "{table}" SET create_id = update_id WHERE rowid = NEW.rowid;' if created else ''}
        END""")
    # The touch itself changes update_id, so the condition also ends the recursion.
    database.execute_sql(f"""
        CREATE TRIGGER tracking_update_{table} AFTER UPDATE ON "{table}"
        WHEN NEW.update_id IS OLD.update_id {'AND NEW.create_id IS OLD.create_id' if create_id else ''} BEGIN
          {_SQLITE_TICK};
          UPDATE "{table}" SET update_id = {_SQLITE_UUID7}, updated_at = {_SQLITE_NOW} WHERE rowid = NEW.rowid;
        END""")
    if tombstone:
        kept = ", ".join(f"'{column}', OLD.\"{column}\"" for column in tombstone)
        database.execute_sql(f"""
            CREATE TRIGGER tracking_delete_{table} AFTER DELETE ON "{table}" BEGIN
              {_SQLITE_TICK};
              INSERT INTO tombstone (id, table_name, owner_id, row, deleted_at)
              VALUES ({_SQLITE_UUID7}, '{table}', {f'OLD."{owner}"' if owner else 'NULL'}, json_object({kept}),
                      {_SQLITE_NOW});
            END""")


def _install_postgres(database: peewee.Database, table: str, tombstone: tuple[str, ...], owner: str | None,
                      create_id: bool) -> None:
    database.execute_sql(f"""
        CREATE TRIGGER tracking_touch BEFORE INSERT OR UPDATE ON "{table}"
        FOR EACH ROW EXECUTE FUNCTION tracking_touch({"'create_id'" if create_id else ''})""")
    if tombstone:
        arguments = ", ".join(f"'{argument}'" for argument in (owner or "", *tombstone))
        database.execute_sql(f"""
            CREATE TRIGGER tracking_bury AFTER DELETE ON "{table}"
            FOR EACH ROW EXECUTE FUNCTION tracking_bury({arguments})""")


def follow(database: peewee.Database, name: str, event: str, condition: str, action: str) -> None:
    """A trigger for what must happen along with something, whoever writes and whatever is disabled: after `event`
    (`UPDATE ON asset`), for each row with `condition`, the statements of `action`. Both may say OLD and NEW, and are SQL
    that SQLite and PostgreSQL understand."""
    if isinstance(database, peewee.SqliteDatabase):
        database.execute_sql(f"CREATE TRIGGER {name} AFTER {event} WHEN {condition} BEGIN {action} END")
        return
    database.execute_sql(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                         f"$$ BEGIN {action} RETURN NULL; END $$")
    database.execute_sql(f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW WHEN ({condition}) "
                         f"EXECUTE FUNCTION {name}()")
