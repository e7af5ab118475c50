"""`immich-flask web`: the official web app on this server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from immich_flask import WIRE_VERSION
from immich_flask.core.runtime import runtime
from plugins.web.installed import Builds, Busy, find_root, release_of
from plugins.web.sources import SourceError, Unpacker, open_source

WIRE = ".".join(map(str, WIRE_VERSION))


@click.group()
def web() -> None:
    """Install Immich's own web app, which this server can serve but does not bring along.

    It is kept in the folder `web` of the data folder. A running server shows it at once, on this machine.
    """


@web.command()
@click.argument("source")
@click.option("--path", default="build/www", show_default=True, metavar="FOLDER",
              help="Where in an image the web app is.")
@click.option("--login", metavar="NAME", help="Name for a registry that wants a login; the password is asked for.")
@click.option("--force", is_flag=True, help="Also when it is of another major version than this server speaks.")
def install(source: str, path: str, login: str | None, force: bool) -> None:
    """Install the web app from SOURCE.

    SOURCE is a folder, a tar or zip file of a build; an image of the official server saved by `docker save` or as an
    OCI layout; or a reference to such an image, of which only the layers that are needed are downloaded.

    \b
    Examples:
      immich-flask web install registry.example.org/immich-app/immich-server:v3.1.0
      immich-flask web install immich-server.tar
      immich-flask web install ~/immich/web/build
    """
    password = click.prompt(f"Password of {login}", hide_input=True, err=True) if login else ""
    builds = _builds()
    try:
        with builds.staging() as place:
            files = place / "www"
            files.mkdir()
            said = open_source(source, path=path, login=(login, password) if login else None).unpack(
                Unpacker(files), _progress)
            root = find_root(files)
            if root is None:
                raise SourceError(f"{source}: there is no (whole) build of the web app in it")
            release = release_of(root, said)
            _compare(release, force)
            builds.use(place, root, _named(source), release)
    except Busy as error:
        raise click.ClickException("another process is installing or removing a web app just now") from error
    except SourceError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Installed the web app{f' {release}' if release else ''} from {source}.")
    _say_if_unused()


@web.command()
def status() -> None:
    """Say which web app is served, and where it comes from. Ends with 1 when it is the small page of our own."""
    root = runtime.config.web.root
    if root:
        release = release_of(Path(root), None)
        click.echo(f"Served: web.root = {root}{f' (release {release})' if release else ''}")
        _warn(release)
    about = _builds().about()
    if about:
        click.echo(f"{'Installed, but not served' if root else 'Served'}: the web app {about.release or '(release unknown)'}"
                   f" from {about.source}, installed {about.installed_at}")
        _warn("" if root else about.release)
    if not root and not about:
        click.echo("No web app is installed; the server's own page is served. See `immich-flask web install --help`.")
        raise click.exceptions.Exit(1)


@web.command()
def remove() -> None:
    """Remove the installed web app; the server's own page takes its place."""
    try:
        done = _builds().remove()
    except Busy as error:
        raise click.ClickException("another process is installing or removing a web app just now") from error
    click.echo("Removed." if done else "There is none.")


def _builds() -> Builds:
    return Builds(runtime.config.data_path)


def _named(source: str) -> str:
    place = Path(source).expanduser()
    return str(place.resolve()) if place.exists() else source


def _compare(release: str, force: bool) -> None:
    if release and release.split(".")[0] != str(WIRE_VERSION[0]) and not force:
        raise click.ClickException(f"this is the web app of Immich {release}, and this server speaks {WIRE}: it would "
                                   "not work (--force installs it all the same)")
    _warn(release)


def _warn(release: str) -> None:
    if release and release != WIRE:
        click.echo(f"Note: it is of Immich {release}, and this server speaks {WIRE}; what differs between the two may "
                   "not work.", err=True)


def _say_if_unused() -> None:
    if root := runtime.config.web.root:
        click.echo(f"It is not served as long as the configuration says web.root = {root}.", err=True)


@contextmanager
def _progress(label: str, total: int) -> Iterator[Callable[[int], object]]:
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update
