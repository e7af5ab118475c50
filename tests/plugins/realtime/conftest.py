"""A Node for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.realtime.clients import Account, Client, Node
from tests.serving import Served


@pytest.fixture(scope="session")
def node(npm_packages: Path) -> Iterator[Node]:
    node = Node(npm_packages)
    yield node
    node.close()


@pytest.fixture
def account(served: Served) -> Account:
    return Account(served)


@pytest.fixture
def client(account: Account, node: Node) -> Iterator[Client]:
    """Of the account."""
    client = account.client(node)
    yield client
    client.close()


@pytest.fixture
def stranger(served: Served, node: Node) -> Iterator[Client]:
    """Of another account."""
    client = Account(served).client(node)
    yield client
    client.close()
