"""The backups that are kept in the storage, under `backups/`: what the server makes by itself, and what was uploaded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from immich_flask.contracts.errors import BadRequest, NotFound
from immich_flask.core.backup import archive
from immich_flask.core.backup.archive import NAME, OWN_NAME
from immich_flask.core.backup.making import make_backup, scratch_in
from immich_flask.core.plugins import Plugins
from immich_flask.core.runtime import runtime
from immich_flask.infra.private import make_private_folder
from immich_flask.infra.storage.base import CHUNK, ObjectInfo, ObjectNotFound

FOLDER = "backups"

UPLOADED = "uploaded-"
"""What the names of uploaded ones begin with; they are never removed by themselves."""

CONTENT_TYPE = "application/gzip"


def keep(plugins: Plugins) -> str:
    """Make a backup and keep it; returns its name."""
    # Beside the database, where there is room for its like.
    make_private_folder(runtime.config.data_path)
    with scratch_in(runtime.config.data_path) as scratch:
        path = make_backup(scratch, plugins)
        _put(path.name, path)
    return path.name


def keep_uploaded(name: str, chunks: Iterable[bytes]) -> str:
    """Keep what somebody uploads as `name`; returns under which name. BadRequest for what is no backup of ours."""
    if not NAME.fullmatch(name):
        raise BadRequest("Invalid backup name!")
    with TemporaryDirectory(prefix="immich-flask-") as scratch:
        path = Path(scratch) / name
        with path.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        archive.check(path)
        _put(UPLOADED + name, path)
    return UPLOADED + name


def kept() -> list[ObjectInfo]:
    """All of them; uploaded ones first, then the newest."""
    found = [info for info in runtime.storage.list(f"{FOLDER}/") if NAME.fullmatch(name_of(info))]
    return sorted(found, key=lambda info: (name_of(info).startswith(UPLOADED), name_of(info)), reverse=True)


def remove(names: Iterable[str]) -> None:
    """Raises NotFound when there is none of a name; then none is removed."""
    wanted = {key_of(name) for name in names}
    if wanted - {info.key for info in kept()}:
        raise NotFound("Backup not found")
    runtime.storage.delete(wanted)


def remove_old(amount: int) -> int:
    """Leave the newest `amount` of those that the server made; returns how many were removed."""
    old = [info.key for info in kept() if OWN_NAME.fullmatch(name_of(info))][amount:]
    runtime.storage.delete(old)
    return len(old)


def fetch(name: str, folder: Path) -> Path:
    """A copy of the backup of this name in `folder`. BadRequest when there is none."""
    if not NAME.fullmatch(name):
        raise BadRequest(f"there is no file, and no backup in the storage, that is called {name}")
    path = folder / name
    try:
        with runtime.storage.open(key_of(name)) as stream, path.open("wb") as file:
            for chunk in stream:
                file.write(chunk)
    except ObjectNotFound as error:
        raise BadRequest(f"there is no file, and no backup in the storage, that is called {name}") from error
    return path


def key_of(name: str) -> str:
    return f"{FOLDER}/{name}"


def name_of(info: ObjectInfo) -> str:
    return info.key.removeprefix(f"{FOLDER}/")


def _put(name: str, path: Path) -> None:
    with path.open("rb") as file:
        runtime.storage.put(key_of(name), iter(lambda: file.read(CHUNK), b""), content_type=CONTENT_TYPE)
