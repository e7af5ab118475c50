"""An empty storage of each kind; the S3 one in a bucket of its own on a real server."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from immich_flask.infra.storage.base import Storage
from immich_flask.infra.storage.local import LocalStorage
from immich_flask.infra.storage.s3 import S3Storage
from immich_flask.testing.servers import S3Server

PART = 5 * 1024 * 1024
"""The smallest part that S3 allows keeps the tests short."""


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="session")
def make_s3(s3_server: S3Server) -> Callable[..., S3Storage]:
    """`make_s3()`: a storage in a new bucket; arguments replace those of the constructor."""
    numbers = itertools.count()

    def make(**changes: Any) -> S3Storage:
        bucket = changes.pop("bucket", None) or s3_server.create_bucket(f"storage{next(numbers)}")
        return S3Storage(**{
            "endpoint": s3_server.url, "bucket": bucket, "access_key": s3_server.access_key,
            "secret_key": s3_server.secret_key, "region": s3_server.region, "part_size": PART, **changes,
        })

    return make


@pytest.fixture(params=["local", "s3", "s3 with prefix"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "photos")
    make_s3 = request.getfixturevalue("make_s3")
    return make_s3(prefix="family/photos") if request.param == "s3 with prefix" else make_s3()


@pytest.fixture
def leftovers(request: pytest.FixtureRequest, storage: Storage) -> Callable[[], list[Path]]:
    """The files on disk: the S3 server keeps its objects, and the parts of uploads that go on, in files as well."""
    if isinstance(storage, LocalStorage):
        folder = storage.root
    else:
        folder = request.getfixturevalue("s3_server").root / storage.bucket
    return lambda: [path for path in folder.rglob("*") if path.is_file()]
