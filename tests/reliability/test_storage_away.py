"""S3 refuses, hangs, cuts: what needs bytes says so and recovers by itself, the rest goes on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from immich_flask.core.models import JobRow
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server, photo
from immich_flask.testing.callers import PASSWORD
from immich_flask.testing.servers import S3Server
from tests.reliability.proxy import FaultProxy


@pytest.fixture(scope="module")
def network() -> Iterator[tuple[FaultProxy, S3Server]]:
    with S3Server() as s3:
        host, _, port = s3.endpoint.rpartition(":")
        with FaultProxy((host, int(port))) as proxy:
            yield proxy, s3


@pytest.fixture(scope="module")
def house(make_server: Callable[..., Server], network: tuple[FaultProxy, S3Server]) -> Server:
    """A server on the database under test, whose bucket is behind the proxy."""
    proxy, s3 = network
    server = make_server(**{
        "storage.backend": "s3", "storage.s3.endpoint": proxy.url, "storage.s3.bucket": "photos",
        "storage.s3.access_key": s3.access_key, "storage.s3.secret_key": s3.secret_key,
        "storage.s3.create_bucket": True, "storage.s3.region": s3.region})
    # Not as patient as with people, for tests.
    storage = server.runtime.storage
    inner = getattr(storage, "_inner", storage)
    inner._timeout.read_timeout if hasattr(inner, "_timeout") else None
    return server


@pytest.fixture
def proxy(network: tuple[FaultProxy, S3Server]) -> Iterator[FaultProxy]:
    proxy, _ = network
    yield proxy
    proxy.heal()
