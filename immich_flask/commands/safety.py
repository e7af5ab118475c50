"""`backup`, `restore`, `check`: what an operator does so that nothing is lost, and when something was."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from immich_flask.commands.shared import Place, application, bare_application, config_options
from immich_flask.contracts.errors import BadRequest

if TYPE_CHECKING:
    from immich_flask.core.assets.integrity import Finding
    from immich_flask.core.backup.objects import Copied

OBJECTS = "objects"

SHOWN = 20
"""Keys that are named; of the others only the number is."""


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--objects", is_flag=True, help="Copy the photos, too, into FOLDER/objects: those that are not there yet.")
@config_options
@click.pass_obj
def backup(place: Place, folder: Path | None, objects: bool) -> None:
    """Make a backup of the database, which may be in use. Into FOLDER, or without one into the storage, beside those
    that the server makes by itself. It holds a list of all objects in the storage with their checksums.

    \b
    Examples:
      immich-flask backup
      immich-flask backup /mnt/backups --objects
    """
    from immich_flask.core.backup.kept import keep
    from immich_flask.core.backup.making import make_backup
    from immich_flask.core.backup.objects import copy_objects
    from immich_flask.core.backup.restoring import expected_objects
    from immich_flask.core.runtime import runtime
    from immich_flask.infra.storage.local import LocalStorage

    if folder is None and objects:
        raise click.UsageError("name a folder for the objects")
    with application(place):
        if folder is None:
            click.echo(f"{keep(runtime.plugins)} is in the storage")
            return
        folder.mkdir(parents=True, exist_ok=True)
        path = make_backup(folder, runtime.plugins)
        click.echo(path)
        if objects:
            with _counter("objects") as count:
                copied = copy_objects(expected_objects(path), runtime.storage, LocalStorage(folder / OBJECTS),
                                      refresh=True, progress=lambda _: count(1))
            _tell(copied)


@click.command()
@click.argument("source", metavar="BACKUP")
@click.option("--objects", is_flag=True, help="Then copy what the storage lacks from the folder `objects` beside BACKUP.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_options
@click.pass_obj
def restore(place: Place, source: str, objects: bool, yes: bool) -> None:
    """Replace the whole database by BACKUP: a file, a folder (its newest one), or the name of one in the storage. Stop
    the server first.

    \b
    Examples:
      immich-flask restore /mnt/backups --objects
      immich-flask restore immich-db-backup-20240503T020000-v3.1.0-sqlite.tar.gz
    """
    from immich_flask.core.backup.kept import fetch
    from immich_flask.core.backup.objects import copy_objects
    from immich_flask.core.backup.restoring import expected_objects, restore_backup
    from immich_flask.core.runtime import runtime
    from immich_flask.infra.storage.local import LocalStorage

    with bare_application(place), TemporaryDirectory(prefix="immich-flask-") as scratch:
        path = _newest(Path(source)) or fetch(source, Path(scratch))
        if not yes and not click.confirm(f"Replace everything in the database by {path.name}?", err=True):
            raise BadRequest("nothing was changed")
        restore_backup(path, runtime.config, runtime.plugins, click.echo)
        click.echo("the database is that of the backup")
        if objects:
            folder = path.parent / OBJECTS
            if not folder.is_dir():
                raise BadRequest(f"there is no folder {folder}")
            runtime.storage.check()
            with _counter("objects") as count:
                copied = copy_objects(expected_objects(path), LocalStorage(folder), runtime.storage, refresh=False,
                                      progress=lambda _: count(1))
            _tell(copied)
        click.echo("see what the storage lacks: immich-flask check")


@click.command()
@click.option("--checksums", is_flag=True, help="Read every original, and compare it with its checksum. Takes long.")
@click.option("--delete-untracked", is_flag=True, help="Delete the objects that belong to no row.")
@click.option("--forget-missing", is_flag=True, help="Have missing thumbnails made again, and put assets whose original "
                                                     "is missing into the trash.")
@config_options
@click.pass_obj
def check(place: Place, checksums: bool, delete_untracked: bool, forget_missing: bool) -> None:
    """Compare the database with the storage: rows without bytes, bytes without rows, wrong sizes; with --checksums also
    damaged originals. Changes nothing, unless told to. Exits with 1 when something is wrong and was not mended.

    \b
    Examples:
      immich-flask check
      immich-flask check --checksums
      immich-flask check --delete-untracked
    """
    from immich_flask.core.assets import integrity
    from immich_flask.core.assets.integrity import Wrong

    with application(place):
        found: dict[Wrong, list[Finding]] = {wrong: [] for wrong in Wrong}
        looks = [("rows", integrity.find_missing), ("objects", integrity.find_untracked)]
        looks += [("originals", integrity.find_damaged)] if checksums else []
        for what, look in looks:
            with _counter(what) as count:
                for finding in look(count):
                    found[finding.wrong].append(finding)
        for wrong, title in ((Wrong.MISSING, "without bytes"), (Wrong.CHECKSUM, "damaged"),
                             (Wrong.UNTRACKED, "belonging to nothing")):
            _name(title, [f"{one.key}{f' ({one.detail})' if one.detail else ''}" for one in found[wrong]])
        left = len(found[Wrong.CHECKSUM])
        if delete_untracked and found[Wrong.UNTRACKED]:
            gone = integrity.delete_untracked(one.key for one in found[Wrong.UNTRACKED])
            click.echo(f"deleted {len(gone)} objects")
        else:
            left += len(found[Wrong.UNTRACKED])
        if forget_missing and found[Wrong.MISSING]:
            files, assets = integrity.forget_missing(one.stored for one in found[Wrong.MISSING])
            click.echo(f"forgot {files} files, put {assets} assets into the trash")
        else:
            left += len(found[Wrong.MISSING])
    sys.exit(1 if left else 0)


def _newest(source: Path) -> Path | None:
    """The backup at a path; None when there is nothing at it."""
    from immich_flask.core.backup.archive import OWN_NAME

    if source.is_dir():
        found = sorted((path for path in source.iterdir() if OWN_NAME.fullmatch(path.name)), key=lambda path: path.name)
        if not found:
            raise BadRequest(f"there is no backup in {source}")
        return found[-1]
    return source if source.is_file() else None


def _name(title: str, things: list[str]) -> None:
    click.echo(f"{len(things)} {title}")
    for thing in things[:SHOWN]:
        click.echo(f"  {thing}")
    if len(things) > SHOWN:
        click.echo(f"  and {len(things) - SHOWN} more")


def _tell(copied: Copied) -> None:
    click.echo(f"{copied.copied} objects copied ({copied.bytes} bytes), {copied.kept} were there")
    if copied.missing or copied.damaged:
        _name("missing", copied.missing)
        _name("damaged, and not copied", copied.damaged)
        sys.exit(1)


@contextmanager
def _counter(what: str) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how far something got."""
    done, shown_at = 0, time.monotonic()
    shows = sys.stderr.isatty()

    def count(more: int) -> None:
        nonlocal done, shown_at
        done += more
        if shows and time.monotonic() - shown_at > 0.2:
            shown_at = time.monotonic()
            click.echo(f"\r{done} {what}", nl=False, err=True)

    yield count
    if shows:
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(f"looked at {done} {what}")
