"""Where a build of the web app can come from: a folder, an archive, a saved image, an image in a registry.

    source = open_source("registry.example.org/immich-app/immich-server:v3.1.0")
    version = source.unpack(Unpacker(folder), progress)

Each writes what it finds through an `Unpacker`, which refuses what would leave its folder or fill the disk.
"""

from __future__ import annotations

from pathlib import Path

from plugins.web.sources.base import Progress, Source, SourceError
from plugins.web.sources.files import ArchiveSource, FolderSource
from plugins.web.sources.image import ImageSource
from plugins.web.sources.reference import Reference
from plugins.web.sources.registry import Registry
from plugins.web.sources.saved import is_saved_image, open_saved
from plugins.web.sources.unpack import Unpacker

__all__ = ["Progress", "Source", "SourceError", "Unpacker", "open_source"]


def open_source(text: str, *, path: str = "build/www", login: tuple[str, str] | None = None) -> Source:
    """The source that `text` names: what is there on the disk, else an image reference.

    `path` is where images have the build. `login` is a name and a password for the registry. SourceError when it can
    be neither.
    """
    place = Path(text).expanduser()
    if place.exists():
        if is_saved_image(place):
            return ImageSource(open_saved(place), path)
        return FolderSource(place) if place.is_dir() else ArchiveSource(place)
    if text.startswith((".", "/", "~")):
        raise SourceError(f"{text}: no such file or folder")
    return ImageSource(Registry(Reference.parse(text), login), path)
