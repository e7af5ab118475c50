"""The world of the visibility table: one for all tests about it, none of which changes anything for good."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Server
from tests.matrix.world import World


@pytest.fixture(scope="session")
def world(make_server: Callable[..., Server]) -> World:
    return World(make_server())
