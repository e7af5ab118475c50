"""That the visibility table finds holes: rules are broken on purpose, and it has to say so."""

from __future__ import annotations

from typing import Any

import pytest
from peewee import SQL

from immich_flask.core.assets import filters, trash, update, visible
from plugins.albums import access as albums
from plugins.partners import access as partners
from plugins.shared_links import access as links
from tests.matrix.test_visibility import wrong, wrongly_changed
from tests.matrix.world import World


def always(*_arguments: Any, **_named: Any) -> Any:
    return SQL("1 = 1")


READABLE = [
    ("trash and locked folder are open to others", visible, "open_to_others", always, "getAssetInfo", "viewer"),
    ("the same in lists", filters, "_not_withheld", always, "getTimeBucket", "viewer"),
    ("the locked folder is always open", visible, "_with_locked", lambda *_: True, "viewAsset", "owner"),
    ("moving parts go without their stills", visible, "_moving_part_of", lambda *_: SQL("1 = 0"), "getAssetInfo",
     "owner"),
    ("everybody is a partner", partners, "_lent", always, "getAssetInfo", "stranger"),
    ("partners see the archive", partners, "shown", always, "downloadAsset", "partner"),
    ("every album is everybody's", albums, "_in_albums_of", always, "getAssetInfo", "stranger"),
    ("links show all that is their maker's", links, "_on_link", always, "downloadAsset", "link"),
    ("links run for ever", links, "iso", lambda _moment: "1970", "getMySharedLink", "expired link"),
]


@pytest.mark.parametrize(("hole", "module", "name", "instead", "operation", "caller"), READABLE)
def test_what_is_told(world: World, monkeypatch: pytest.MonkeyPatch, hole: str, module: Any, name: str, instead: Any,
                      operation: str, caller: str) -> None:
    monkeypatch.setattr(module, name, instead)
    visible._reachable._texts.clear()
    try:
        assert wrong(world, operation, [caller]), hole
    finally:
        visible._reachable._texts.clear()


@pytest.mark.parametrize(("module", "operation"), [(update, "updateAssets"), (trash, "deleteAssets")])
def test_what_is_changed(world: World, monkeypatch: pytest.MonkeyPatch, module: Any, operation: str) -> None:
    monkeypatch.setattr(module, "require", lambda *_: None)
    assert wrongly_changed(world, operation, monkeypatch, ["stranger"])
