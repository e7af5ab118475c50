"""A server with albums and what they meet: timeline, trash, partners, phones, and links of a plugin for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from immich_flask.app import create_app
from immich_flask.contracts.auth import AuthSharedLink
from immich_flask.core.models import Asset, AssetExif, User
from immich_flask.core.plugins import Found, Plugins, find_plugins
from immich_flask.core.users.removal import remove_user
from immich_flask.infra.config import load_config
from immich_flask.infra.db import db, is_sqlite
from immich_flask.infra.fields import now
from immich_flask.testing import Caller, Server
from tests.plugins.albums import linking
from tests.plugins.albums.linking import hooks

BUILT_IN = ("activities", "albums", "partners", "sync", "timeline", "trash")


def some_plugins(*left_out: str) -> Plugins:
    found = {name: plugin for name, plugin in find_plugins().items() if name in BUILT_IN and name not in left_out}
    if "albums" in found:
        found["linking"] = Found(linking.META, linking.__name__)
    return Plugins(load_config(environ={}), found)


@pytest.fixture(scope="session")
def server(make_server: Callable[..., Server]) -> Server:
    server = make_server(some_plugins())
    server.admin = server.user("admin", is_admin=True)
    return server


@pytest.fixture(autouse=True)
def known() -> Iterator[hooks.Known]:
    """The links there are, and what was heard, in this test."""
    hooks.KNOWN.__init__()
    yield hooks.KNOWN
    hooks.KNOWN.__init__()


@pytest.fixture
def link(server: Server, known: hooks.Known) -> Callable[..., Caller]:
    """`link(owner, album_id, show_metadata=False)`: one who comes by a link to the album."""

    def make(owner: Caller, album_id: str | None, **options: Any) -> Caller:
        allowed = {"allow_upload": False, "allow_download": True, "show_metadata": True, **options}
        made = AuthSharedLink(id=str(uuid4()), user_id=owner.id, album_id=album_id, password=None, expires_at=None,
                              **allowed)
        known.links[made.id] = made
        return Caller(server, {hooks.LINK_HEADER: made.id}, id=made.id)

    return make


@pytest.fixture
def without(server: Server) -> Server:
    """The same database and storage, with albums switched off."""
    app = create_app(server.runtime.config, plugins=some_plugins("albums", "activities"))
    bare = Server(app, server.checks)
    bare.database = server.database
    server.activate()
    return bare


def make_album(owner: Caller, *assets: str, editors: tuple[Caller, ...] = (), viewers: tuple[Caller, ...] = (),
               **body: Any) -> str:
    """An album with these assets and members; its id."""
    users = [{"userId": user.id, "role": role} for role, some in (("editor", editors), ("viewer", viewers))
             for user in some]
    made = owner.post("/albums", {"albumName": "Trip", "assetIds": list(assets), "albumUsers": users, **body})
    assert made.status_code == 201, made.text
    return made.json["id"]


MANY = 1000


def bare_assets(server: Server, owner: Caller, count: int = 1, **columns: Any) -> list[str]:
    """Assets without files, for tests of many."""
    ids = [str(uuid4()) for _ in range(count)]
    moment = now()
    with server.context():
        for start in range(0, count, 500):
            Asset.insert_many([{
                "id": id, "owner": owner.id, "type": "IMAGE", "checksum": id, "original_file_name": "a.jpg",
                "original_path": f"/{id}.jpg", "storage_key": id, "file_created_at": moment, "file_modified_at": moment,
                "local_date_time": moment, **columns} for id in ids[start:start + 500]]).execute()
            AssetExif.insert_many([{"asset": id} for id in ids[start:start + 500]]).execute()
        if count >= MANY and not is_sqlite():
            # PostgreSQL does so by itself within a minute. Before, it takes every asset for part of some live photo.
            db.execute_sql("ANALYZE asset")
    return ids


def suspend(server: Server, user: Caller) -> None:
    assert server.admin.delete(f"/admin/users/{user.id}", {}).status_code == 200


def restore(server: Server, user: Caller) -> None:
    assert server.admin.post(f"/admin/users/{user.id}/restore").status_code == 200


def remove(server: Server, user: Caller) -> None:
    """Remove an account for good, as the job does that it is queued for."""
    with server.context():
        User.update(status="removing", deleted_at=now()).where(User.id == user.id).execute()
        remove_user(user.id)


def as_seen_by(server: Server, caller: Caller) -> Caller:
    return Caller(server, caller.headers, id=caller.id, email=caller.email, session_id=caller.session_id)


def said(response: Any) -> tuple[int, str]:
    """Status and message of a refusal."""
    return response.status_code, response.json["message"]


NO_SUCH = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"
