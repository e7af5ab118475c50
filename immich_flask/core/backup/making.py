"""Making a backup, while everybody goes on working."""

from __future__ import annotations

import base64
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import cysqlite
import orjson

from immich_flask.core.assets.stored import all_keys
from immich_flask.core.backup import tables
from immich_flask.core.backup.archive import DATABASE, OBJECTS, Meta, Writer, file_name, write
from immich_flask.core.plugins import Plugins
from immich_flask.core.schema import applied_migrations
from immich_flask.infra.db import batches, db, is_sqlite, snapshot
from immich_flask.infra.fields import iso, now

SQLITE_FILE = "immich.db"

SCRATCH = ".backup-"
"""How the folders begin in which a backup is put together."""

INTERRUPTED = timedelta(days=1)
"""How old one gets before whoever made it counts as killed."""


def make_backup(folder: Path, plugins: Plugins) -> Path:
    """Write a backup into `folder`, and return the file. With a connection, outside of any transaction.

    Needs room for a copy of the database, beside the backup, while it is made. OSError when there is none.
    """
    engine, moment = "sqlite" if is_sqlite() else "postgres", now()
    path = folder / file_name(engine, moment)
    with scratch_in(folder) as scratch:
        # Under its name when it is whole: who copies the folder shall not find half of one.
        unfinished = scratch / path.name
        with write(unfinished) as archive:
            (_sqlite if is_sqlite() else _postgres)(archive, scratch, plugins, iso(moment))
        unfinished.replace(path)
    return path


@contextmanager
def scratch_in(folder: Path) -> Iterator[Path]:
    """A folder within it for a while. What killed runs have left there goes, each as large as the database."""
    for left in folder.glob(f"{SCRATCH}*"):
        # Another may do the same.
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - INTERRUPTED.total_seconds():
                shutil.rmtree(left)
    with TemporaryDirectory(dir=folder, prefix=SCRATCH) as scratch:
        yield Path(scratch)


def _sqlite(archive: Writer, scratch: Path, plugins: Plugins, moment: str) -> None:
    copy = scratch / SQLITE_FILE
    db.execute_sql("VACUUM INTO ?", (str(copy),))
    archive.add_meta(Meta("sqlite", moment, applied_migrations(plugins), sorted(db.get_tables())))
    with copy.open("rb") as file:
        archive.add(DATABASE + SQLITE_FILE, file)
    # From the copy, so that both are of one moment.
    with closing(cysqlite.connect(copy)) as connection:
        text, parameters = all_keys().sql()
        _add_objects(archive, scratch, connection.execute(text, parameters))


def _postgres(archive: Writer, scratch: Path, plugins: Plugins, moment: str) -> None:
    with snapshot():
        columns = tables.tables(db.obj)
        archive.add_meta(Meta("postgres", moment, applied_migrations(plugins), list(columns)))
        for table, names in columns.items():
            with TemporaryFile(dir=scratch) as file:
                tables.copy_out(db.obj, table, names, file)
                archive.add(DATABASE + table, file)
        _add_objects(archive, scratch, (row for rows in batches(*all_keys().sql(), size=1000) for row in rows))


def _add_objects(archive: Writer, scratch: Path, rows: Iterable[tuple]) -> None:
    """The manifest: what the database expects in the storage. `sha1` in hex, null where it is not kept."""
    with TemporaryFile(dir=scratch) as file:
        for key, size, checksum in rows:
            sha1 = base64.b64decode(checksum).hex() if checksum else None
            file.write(orjson.dumps({"key": key, "size": size, "sha1": sha1}, option=orjson.OPT_APPEND_NEWLINE))
        archive.add(OBJECTS, file)
