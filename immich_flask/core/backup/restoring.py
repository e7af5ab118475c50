"""Putting a backup back: the whole content of a database is replaced by that of the backup, or stays as it was.

It is done in one transaction, so that even a server that runs meanwhile, by mistake, sees the one state or the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, NamedTuple

import cysqlite
import orjson
import peewee

from immich_flask.contracts.errors import BadRequest
from immich_flask.core.assets.sweep import RESTORED
from immich_flask.core.backup import archive, tables
from immich_flask.core.backup.archive import DATABASE, OBJECTS, Meta, Reader
from immich_flask.core.backup.making import SQLITE_FILE
from immich_flask.core.models import CORE_TABLES, Session
from immich_flask.core.plugins import Plugins
from immich_flask.core.schema import all_models, migrate_all
from immich_flask.core.settings import set_system_metadata, system_metadata
from immich_flask.infra import migrations, parts
from immich_flask.infra.config import Config
from immich_flask.infra.db import atomic, connected, db, is_sqlite
from immich_flask.infra.private import make_private_folder
from immich_flask.infra.fields import iso, now
from immich_flask.infra.storage.base import CHUNK

class Expected(NamedTuple):
    """A line of the manifest."""

    key: str
    size: int | None
    sha1: str | None


def restore_backup(path: Path, config: Config, plugins: Plugins, report: Callable[[str], None] = lambda line: None) -> Meta:
    """Replace the database by the backup at `path`, then bring it up to date. In an app context, without a connection.

    Phones get everything anew: what they acknowledged may not have happened. Raises BadRequest when the file is no
    backup, is damaged, or does not fit; the database is unchanged then.
    """
    make_private_folder(config.data_path)
    with archive.read(path) as backup, connected():
        _check(backup.meta, plugins)
        report(f"the backup of {backup.meta.created_at}, made by version {backup.meta.program}")
        if is_sqlite():
            _sqlite(backup, config)
        else:
            _postgres(backup, plugins, report)
    # What the backup's version did not have yet.
    migrate_all(config, plugins, report)
    with connected(), atomic():
        Session.update(is_pending_sync_reset=True).execute()
        spans = system_metadata(RESTORED, [])
        set_system_metadata(RESTORED, [*spans, {"from": backup.meta.created_at, "until": iso(now())}])
    return backup.meta


def expected_objects(path: Path) -> Iterator[Expected]:
    """The manifest of the backup at `path`."""
    with archive.read(path) as backup:
        for _, file in backup.members(OBJECTS):
            for line in file:
                yield Expected(**orjson.loads(line))


def _check(meta: Meta, plugins: Plugins) -> None:
    engine = "sqlite" if is_sqlite() else "postgres"
    if meta.engine != engine:
        raise BadRequest(f"the backup is one of {meta.engine}, the configured database is {engine}")
    for source, names in meta.migrations.items():
        if source != "core" and source not in plugins.found:
            raise BadRequest(f"the backup has tables of the plugin {source}, which is not installed: install it first")
        have = {migration.name for migration in _source(source, plugins).runner(db.obj).migrations()}
        if missing := [name for name in names if name not in have]:
            raise BadRequest(f"the backup was made by a newer version ({meta.program}), which had {source}/{missing[0]}")


def _source(name: str, plugins: Plugins) -> migrations.Source:
    return migrations.core_source() if name == "core" else migrations.Source(name, plugins.found[name].migrations)


def _sqlite(backup: Reader, config: Config) -> None:
    with TemporaryDirectory(dir=config.data_path, prefix=".restore-") as scratch:
        copy = Path(scratch) / SQLITE_FILE
        with copy.open("wb") as out:
            shutil.copyfileobj(_only(backup.members(DATABASE), SQLITE_FILE), out, CHUNK)
        with closing(cysqlite.connect(copy, timeout=config.database.busy_timeout_ms / 1000)) as source:
            _check_sqlite(source)
            # SQLite writes all of it in one transaction, waiting for others as any writer does.
            source.backup(db.connection())


def _check_sqlite(connection: cysqlite.Connection) -> None:
    try:
        (answer,), *_ = connection.execute("PRAGMA integrity_check(1)").fetchall()
    except cysqlite.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        raise BadRequest(f"the database in the backup is damaged: {answer}")


def _postgres(backup: Reader, plugins: Plugins, report: Callable[[str], None]) -> None:
    meta, database = backup.meta, db.obj
    ours = {*meta.tables, *CORE_TABLES, *parts.tables_of_plugins(),
            *(model._meta.table_name for model in all_models(plugins))}
    if strange := [name for name in tables.tables(database) if name not in ours and not name.startswith(parts.HISTORY)]:
        raise BadRequest(f"the database has tables that are not of this program ({', '.join(strange)}): "
                         "name one of its own in database.url")
    with migrations.exclusive(database), _whole(), atomic():
        tables.drop_everything(database)
        parts.prepare()
        for source in ["core", *(name for name in plugins.in_order(meta.migrations) if name != "core")]:
            _source(source, plugins).runner(database).up(meta.migrations[source][-1])
        made = tables.tables(database)
        wanted = {name for name in meta.tables if name in made}
        # A plugin that was uninstalled before the backup was made may have left some.
        for name in sorted(set(meta.tables) - wanted):
            report(f"the table {name} is left out: it is of no plugin that is installed")
        with tables.Unguarded(database, wanted):
            # Migrations have filled some already.
            tables.truncate(database, wanted)
            filled = set()
            for table, file in backup.members(DATABASE):
                if table in wanted:
                    tables.copy_in(database, table, file)
                    filled.add(table)
            if lacking := wanted - filled:
                raise BadRequest(f"the backup lacks the table {min(lacking)}")


@contextmanager
def _whole() -> Iterator[None]:
    """What refers to nothing shows when all is there."""
    try:
        yield
    except peewee.IntegrityError as error:
        raise BadRequest(f"the database in the backup is damaged: {str(error).splitlines()[0]}") from error


def _only(members: Iterator[tuple[str, IO[bytes]]], name: str) -> IO[bytes]:
    found: Any = next((file for member, file in members if member == name), None)
    if found is None:
        raise BadRequest("the backup has no database in it")
    return found
