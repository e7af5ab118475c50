"""Things that are done in one place only."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.rules.source import Module, modules

READS_ASSETS = ("immich_flask.core.assets",)
"""Where `Asset.select` may stand: the modules that own visibility, and what works on assets for nobody in particular."""


def calls(module: Module, name: str) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield f"{module.name}:{node.lineno}"


@pytest.mark.parametrize(("call", "homes", "instead"), [
    ("Asset.select", READS_ASSETS, "immich_flask.core.assets.visible"),
    ("db.atomic", ("immich_flask.infra.db",), "immich_flask.infra.db.atomic"),
    ("db.after_commit", (), "immich_flask.infra.db.after_commit"),
    ("json.dumps", (), "immich_flask.infra.http.answers.json_bytes"),
])
def test_done_in_one_place(call: str, homes: tuple[str, ...], instead: str) -> None:
    found = [place for module in modules() if not module.name.startswith(homes or "-") for place in calls(module, call)]
    assert found == [], f"use {instead}"


def test_modules_can_be_read_in_one_sitting() -> None:
    long = {module.name: lines for module in modules()
            if (lines := len(module.path.read_text("utf-8").splitlines())) > 400}
    assert long == {}
