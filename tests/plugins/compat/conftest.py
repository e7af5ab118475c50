"""A server without the plugins whose absence compat has something to say about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_flask.testing import Server

BUILT_NEVERTHELESS = ["libraries", "people", "workflows"]


@pytest.fixture(scope="session")
def server(make_server: Callable[..., Server]) -> Server:
    server = make_server(**{"plugins.disabled": BUILT_NEVERTHELESS})
    server.admin = server.user("admin", is_admin=True)
    return server
