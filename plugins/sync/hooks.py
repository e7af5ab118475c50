"""What the sync plugin adds."""

from __future__ import annotations

from immich_flask.contracts.hookspecs import hookimpl
from immich_flask.contracts.plugin import SyncType
from plugins.sync.core_types import core_types


@hookimpl
def register_sync_types() -> list[SyncType]:
    """Those of the core enter like everybody's."""
    return core_types()
