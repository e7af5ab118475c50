"""No hook without documentation, nor without a shipped plugin that uses it."""

from __future__ import annotations

import inspect
import re

from immich_flask.contracts import hookspecs
from immich_flask.contracts.hookspecs import PROJECT
from tests.rules.source import ROOT, modules


def specs() -> dict[str, object]:
    return {name: function for name, function in vars(hookspecs).items() if hasattr(function, f"{PROJECT}_spec")}


def test_every_hook_is_documented_with_its_exact_arguments() -> None:
    text = (ROOT / "docs" / "hooks.md").read_text("utf-8")
    documented = dict(re.findall(r"^### `(\w+)\((.*?)\)`$", text, re.MULTILINE))
    assert documented == {name: ", ".join(inspect.signature(spec).parameters) for name, spec in specs().items()}


def test_every_hook_says_what_it_is_for() -> None:
    assert [name for name, spec in specs().items() if not inspect.getdoc(spec)] == []


def test_every_hook_is_used_by_a_shipped_plugin() -> None:
    implemented = {node.name for module in modules() if re.fullmatch(r"plugins\.\w+\.hooks", module.name)
                   for node in module.tree.body if hasattr(node, "name")}
    assert sorted(set(specs()) - implemented) == []
