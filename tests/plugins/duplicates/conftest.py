"""Groups of duplicates, made as clients make them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from immich_flask.testing import Caller

Grouped = Callable[..., str]


@pytest.fixture
def grouped() -> Grouped:
    """`grouped(user, a, b)`: the id of a new group of these assets."""

    def make(user: Caller, *assets: str) -> str:
        made = str(uuid4())
        assert user.put("/assets", {"ids": list(assets), "duplicateId": made}).status_code == 204
        return made

    return make
