"""A server with no plugin but the one that lends: what happens to assets here is the core's doing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from immich_flask.contracts.auth import AuthSharedLink
from immich_flask.core.plugins import Found, Plugins
from immich_flask.infra.config import load_config
from immich_flask.testing import Caller, Server
from tests.core.assets import lending
from tests.core.assets.lending import hooks

FOUND = {"lending": Found(lending.META, lending.__name__)}


@pytest.fixture(scope="session")
def server(make_server: Callable[..., Server]) -> Server:
    server = make_server(Plugins(load_config(environ={}), FOUND))
    server.admin = server.user("admin", is_admin=True)
    return server


@pytest.fixture
def lent() -> Iterator[hooks.Lent]:
    """What is lent, and what was heard, in this test."""
    hooks.LENT.__init__()
    yield hooks.LENT
    hooks.LENT.__init__()


@pytest.fixture
def link(server: Server, lent: hooks.Lent) -> Callable[..., Caller]:
    """`link(owner, asset_id, allow_upload=True)`: a shared link of the owner's that shows these assets."""

    def make(owner: Caller, *assets: str, **options: Any) -> Caller:
        allowed = {"allow_upload": False, "allow_download": True, "show_metadata": True, **options}
        made = AuthSharedLink(id=str(uuid4()), user_id=owner.id, album_id=None, password=None, expires_at=None, **allowed)
        lent.links[made.id] = made
        lent.assets[made.id] = set(assets)
        return Caller(server, {hooks.LINK_HEADER: made.id}, id=made.id)

    return make


@pytest.fixture
def stored(server: Server) -> Callable[[Caller], set[str]]:
    """`stored(user)`: the keys of all objects of a user."""

    def keys(user: Caller) -> set[str]:
        return {found.key for found in server.runtime.storage.list() if f"/{user.id}/" in found.key}

    return keys


@pytest.fixture
def usage(server: Server) -> Callable[[Caller], int]:
    """`usage(user)`: the bytes on his account."""
    from immich_flask.core.models import User

    def of(user: Caller) -> int:
        with server.context():
            return User.get_by_id(user.id).quota_usage_in_bytes

    return of
