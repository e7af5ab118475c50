"""Who may listen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from immich_flask.core.models import ApiKey, Session, User
from immich_flask.infra.fields import now
from immich_flask.testing import Server
from plugins.realtime.callers import Caller, gone
from tests.plugins.realtime.clients import Account, Client, Node

REFUSED = [("(connect)", []), ("error", ["unauthorized"]), ("(disconnect)", ["io server disconnect"])]


def credentials(account: Account, kind: str) -> dict:
    def key(*permissions: str) -> str:
        return account.call("POST", "/api-keys", {"name": kind, "permissions": permissions})["secret"]

    def link(**more: str) -> dict:
        return account.call("POST", "/shared-links", {"type": "INDIVIDUAL", "assetIds": [account.upload()], **more})

    match kind:
        case "token": return {"extraHeaders": account.headers}
        case "session header": return {"extraHeaders": {"x-immich-session-token": account.token}}
        case "cookie": return {"extraHeaders": {"Cookie": f"immich_access_token={account.token}"}}
        case "query": return {"query": {"sessionKey": account.token}}
        case "key": return {"extraHeaders": {"x-api-key": key("all")}}
        case "key in the query": return {"query": {"apiKey": key("all")}}
        case "nobody": return {}
        case "wrong token": return {"extraHeaders": {"Authorization": "Bearer wrong"}}
        case "poor key": return {"extraHeaders": {"x-api-key": key("asset.read", "album.read")}}
        case "link": return {"extraHeaders": {"x-immich-share-key": link()["key"]}}
        case "link, logged in": return {"extraHeaders": account.headers, "query": {"key": link()["key"]}}


@pytest.mark.parametrize("kind", ["token", "session header", "cookie", "query", "key", "key in the query"])
def test_who_may_listen(account: Account, node: Node, kind: str) -> None:
    client = node.open(account.served.url, **credentials(account, kind))
    assert client.wait("on_server_version") == [account.call("GET", "/server/version")]
    asset = account.upload()
    assert client.wait("on_upload_success")[0]["id"] == asset
    client.close()


@pytest.mark.parametrize("kind", ["nobody", "wrong token", "poor key", "link", "link, logged in"])
def test_who_may_not(account: Account, node: Node, kind: str) -> None:
    client: Client = node.open(account.served.url, **credentials(account, kind))
    client.wait("(disconnect)")
    assert [(name, arguments) for name, arguments, _ in client.heard] == REFUSED


def test_an_api_key_is_no_session(account: Account, node: Node) -> None:
    """It hears what its user hears, whatever becomes of the sessions."""
    client = node.open(account.served.url, **credentials(account, "key"))
    client.wait("on_server_version")
    account.call("POST", "/auth/logout")
    account.headers = {"Authorization": f"Bearer {account.login()}"}
    asset = account.upload()
    assert client.wait("on_upload_success")[0]["id"] == asset
    assert "on_session_delete" not in client.names()
    client.close()


def test_who_may_not_any_more(server: Server) -> None:
    """Whatever took the right away: it is looked for now and then."""
    staying, expired, deleted, leaving = (server.user() for _ in range(4))
    leaving_too = server.session_of(leaving)
    with server.context():
        keys = [ApiKey.create(user=staying.id, name="x", key=f"{staying.id}{number}", permissions=["all"]).id
                for number in range(3)]
        callers = [Caller(user.id, user.session_id, None) for user in (staying, expired, deleted, leaving, leaving_too)]
        callers += [Caller(staying.id, None, key) for key in keys]
        assert list(gone(callers)) == []
        Session.update(expires_at=now() - timedelta(seconds=1)).where(Session.id == expired.session_id).execute()
        Session.delete().where(Session.id == deleted.session_id).execute()
        User.update(deleted_at=now()).where(User.id == leaving.id).execute()
        ApiKey.update(permissions=["asset.read"]).where(ApiKey.id == keys[0]).execute()
        ApiKey.delete().where(ApiKey.id == keys[1]).execute()
        assert set(gone(callers)) == {
            *((user.session_id, True) for user in (expired, deleted, leaving, leaving_too)),
            *((key, False) for key in keys[:2])}
