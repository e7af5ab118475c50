"""`immich-flask import`: from another server, from a folder."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app

from immich_flask.core.models import User
from plugins.importer.folder import FolderImport
from plugins.importer.immich import ImmichImport
from plugins.importer.local import Local, local_api
from plugins.importer.remote import PERMISSIONS, Remote, RemoteError
from plugins.importer.report import Report

user_option = click.option("--user", "email", required=True, metavar="EMAIL", help="The account here to import into.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what would be done.")
concurrency_option = click.option("--concurrency", type=click.IntRange(1, 32), default=4, show_default=True,
                                  help="How many files at once.")


@click.group("import")
def group() -> None:
    """Take over a library: from a running Immich, or from a folder."""


@group.command()
@click.option("--url", required=True, help="Address of the other server.")
@click.option("--api-key", "key", required=True, envvar="IMMICH_API_KEY",
              help="API key there, of the account to copy; or in the environment as IMMICH_API_KEY.")
@user_option
@dry_run_option
@concurrency_option
def immich(url: str, key: str, email: str, dry_run: bool, concurrency: int) -> None:
    """Copy what an account of another Immich server owns: originals, albums, favourites, archive, descriptions, dates
    and places, ratings, tags, stacks.

    Started again, it goes on where it stopped; what is copied is left alone from then on, whatever becomes of it here
    or there. Files that are here already are not copied, but take their place in albums, tags and stacks. Not copied:
    people, shared links, members of albums, what is in the trash or in the locked folder.

    \b
    Example:
      IMMICH_API_KEY=... immich-flask import immich --url https://photos.example.org --user ann@example.org
    """
    try:
        remote = Remote(url, key, connections=concurrency)
    except RemoteError as error:
        raise click.ClickException(str(error)) from error
    with _running(email, concurrency, dry_run) as (local, user, pool, report):
        try:
            ImmichImport(remote, local, user, pool, report, dry_run=dry_run).run()
        except RemoteError as error:
            hint = f"; the key needs {', '.join(PERMISSIONS)}" if error.status in (401, 403) else ""
            raise click.ClickException(f"{error}{hint}") from error
        finally:
            remote.close()


@group.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@user_option
@click.option("--albums/--no-albums", default=True, show_default=True, help="Make an album of each folder.")
@click.option("--hidden", is_flag=True, help="Hidden files and folders, too.")
@dry_run_option
@concurrency_option
def folder(path: Path, email: str, albums: bool, hidden: bool, dry_run: bool, concurrency: int) -> None:
    """Import the photos and videos below PATH, with their XMP files. Those that are here already are skipped.

    \b
    Example:
      immich-flask import folder ~/Pictures --user ann@example.org
    """
    with _running(email, concurrency, dry_run) as (local, _, pool, report):
        FolderImport(path, local, pool, report, dry_run=dry_run, albums=albums, hidden=hidden).run()


@contextmanager
def _running(email: str, concurrency: int, dry_run: bool) -> Iterator[tuple[Local, str, ThreadPoolExecutor, Report]]:
    """(this server, the account's id, threads to work in, a report that is said at the end)."""
    user = User.get_or_none(User.email == email.lower(), User.deleted_at.is_null())
    if user is None:
        raise click.ClickException(f"there is no account {email} here")
    app, report = current_app._get_current_object(), Report()
    with local_api(app, user) as local, ThreadPoolExecutor(concurrency) as pool:
        try:
            yield local, user.id, pool, report
        except KeyboardInterrupt:
            click.echo("Stopped; started again, it goes on from here.", err=True)
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            report.say(dry_run=dry_run)
    if report.counts["failed"]:
        raise click.exceptions.Exit(1)
