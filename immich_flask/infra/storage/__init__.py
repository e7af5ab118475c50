"""Where bytes live: a folder or an S3 bucket, behind the one protocol of `base.Storage`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.storage.base import Storage

if TYPE_CHECKING:
    from immich_flask.infra.config import Config


def open_storage(config: Config) -> Storage:
    """The storage that `[storage]` of the configuration describes. Touches neither disk nor network; `check()` does.

    Raises ConfigError for what can never work, like an endpoint that is no address.
    """
    if config.storage.backend == "local":
        from immich_flask.infra.storage.local import LocalStorage

        return LocalStorage(config.storage_path)

    # Only here: the client costs time to import and memory to hold.
    from immich_flask.infra.storage.s3 import S3Storage

    try:
        return S3Storage(**asdict(config.storage.s3))
    except ValueError as error:
        raise ConfigError(f"[storage.s3] cannot be used: {error}") from error
