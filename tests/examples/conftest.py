"""The plugin that is shipped as an example: its own tests, on a server of this test run; and installed as a wheel."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from immich_flask.core.plugins import Found, Plugins, find_plugins
from immich_flask.infra.config import load_config
from immich_flask.testing import Server

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "immich-flask-favorites-digest"

sys.path += [str(EXAMPLE), str(EXAMPLE / "tests")]
pytest.register_assert_rewrite("test_favorites_digest", "test_digest_mail")


@pytest.fixture(scope="session")
def make_server(make_server: Callable[..., Server]) -> Callable[..., Server]:
    """Servers that have the plugin, as if it were installed."""
    import immich_flask_favorites_digest as package

    found = {**find_plugins(), package.META.name: Found(package.META, package.__name__)}

    def make(**overrides: object) -> Server:
        return make_server(Plugins(load_config(overrides=overrides, environ={}), found), **overrides)

    return make


@pytest.fixture(scope="session")
def server(make_server: Callable[..., Server]) -> Server:
    server = make_server()
    server.admin = server.user("admin", is_admin=True)
    return server
