"""What the tests of searches share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immich_flask.core.models import Asset, AssetExif
from immich_flask.testing import Caller, Server
from plugins.search import index

Names = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def nothing_left_by_others(request: pytest.FixtureRequest) -> None:
    """A search works off so many notes and leaves the rest to a job, which runs half a minute later: not in tests."""
    if "server" in request.fixturenames:
        request.getfixturevalue("server").run_job(index.REFRESH)


@pytest.fixture
def names() -> Names:
    """`names(caller, city="Paris")`: the file names that a metadata search finds, in its order."""

    def ask(caller: Caller, **body: Any) -> list[str]:
        response = caller.post("/search/metadata", body)
        assert response.status_code == 200, response.text
        return [asset["originalFileName"] for asset in response.json["assets"]["items"]]

    return ask


@pytest.fixture
def made(server: Server) -> Callable[..., str]:
    """`made(caller, "a", exif={"city": "Paris"}, is_favorite=True)`: an asset with these columns, whatever its file
    says; its id. Names without an ending get `.jpg`."""

    def make(caller: Caller, name: str, *, exif: dict | None = None, **columns: Any) -> str:
        asset = caller.asset(name=name if "." in name else f"{name}.jpg")
        with server.context():
            if columns:
                Asset.update(columns).where(Asset.id == asset).execute()
            if exif:
                AssetExif.update(exif).where(AssetExif.asset == asset).execute()
        return asset

    return make
