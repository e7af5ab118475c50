"""Digests by mail, on a server of their own: the administrator sets up where it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from immich_flask.core.models import JobRow
from immich_flask.testing import Caller, Server
from immich_flask_favorites_digest.jobs import ALL
from smtp_mailbox import Mailbox

AT = "/favorites-digests"


def mark(user: Caller, asset: str) -> None:
    assert user.put("/assets", {"ids": [asset], "isFavorite": True}).status_code == 204


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Server]) -> Server:
    server = make_server()
    server.admin = server.user("admin", is_admin=True)
    return server


@pytest.fixture
def mailbox(server: Server) -> Iterator[Mailbox]:
    """What the administrator sets up."""
    with Mailbox() as box:
        config = server.admin.get("/system-config").json
        config["notifications"]["smtp"] = {
            "enabled": True, "from": "photos@test.example", "replyTo": "",
            "transport": {"host": "127.0.0.1", "port": box.port, "username": "", "password": "", "secure": False,
                          "ignoreCert": False}}
        assert server.admin.put("/system-config", config).status_code == 200
        yield box


def test_who_wants_it_gets_it(server: Server, user: Caller, other: Caller, mailbox: Mailbox) -> None:
    assert server.nobody.get("/server/features").json["email"] is True
    other.put("/users/me/preferences", {"emailNotifications": {"enabled": False}})
    mark(user, user.asset())
    mark(other, other.asset())
    server.run_job(ALL)
    message, = mailbox.messages
    assert f"To: user <{user.email}>\n" in message
    assert "Subject: 1 new favourite\n" in message
    assert len(other.get(AT).json) == 1


def test_what_cannot_be_sent_is_tried_again(server: Server, user: Caller, mailbox: Mailbox) -> None:
    mailbox.refuse = True
    mark(user, user.asset())
    server.run_job(ALL)
    assert mailbox.messages == []
    assert len(user.get(AT).json) == 1, "there is the digest all the same"
    with server.context():
        row = JobRow.get(JobRow.name == "FavoritesDigestMail")
        assert (row.state, row.attempts) == ("failed", 4)
        assert "not here" in row.error


def test_not_where_the_operator_does_not_want_it(make_server: Callable[..., Server]) -> None:
    quiet = make_server(**{"plugin.favorites_digest.mail": False})
    assert quiet.nobody.get("/server/features").json["email"] is False
