"""No hook without documentation, nor without a shipped plugin that uses it; nothing that plugins rely on goes."""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import orjson
import pytest

from immich_flask.contracts import events, hookspecs, plugin
from immich_flask.contracts.deprecation import deprecated, deprecations
from immich_flask.contracts.hookspecs import hookspec, is_asked_at_start
from tests.rules.source import ROOT, Module, modules, parse

Specs = dict[str, Callable[..., Any]]

API = Path(__file__).with_name("plugin_api.json")
"""What plugins may rely on in this major version of the plugin API. It only grows."""


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def specs(module: Any = hookspecs) -> Specs:
    return {name: function for name, function in vars(module).items() if hasattr(function, f"{hookspecs.PROJECT}_spec")}


def undocumented(found: Specs, page: str) -> list[str]:
    """Hooks that the page does not have with their exact arguments, or that do not say when they are called."""
    documented = dict(re.findall(r"^### `(\w+)\((.*?)\)`$", page, re.MULTILINE))
    wrong = []
    for name, spec in found.items():
        doc = inspect.getdoc(spec) or ""
        if documented.get(name) != ", ".join(inspect.signature(spec).parameters):
            wrong.append(f"{name} is not in docs/hooks.md with its arguments: python docs/reference.py")
        if not doc:
            wrong.append(f"{name} has no docstring")
        elif not is_asked_at_start(name) and not re.search(r"^Called: .*transaction|^Called: .*connection", doc,
                                                           re.MULTILINE | re.DOTALL):
            wrong.append(f"the docstring of {name} does not end by saying when it is called, and whether in a "
                         f"transaction (`Called: ...`)")
    return wrong


def unused(found: Specs, sources: Iterable[Module]) -> list[str]:
    implemented = {node.name for module in sources if re.fullmatch(r"plugins\.\w+\.hooks", module.name)
                   for node in module.tree.body if hasattr(node, "name")}
    return sorted(set(found) - implemented)


def overdue(found: Specs, version: str) -> list[str]:
    """What is deprecated and should be gone by this version of the plugin API, or is to go with a minor one."""
    def number(text: str) -> tuple[int, ...]:
        return tuple(map(int, text.split(".")))

    return [f"{name}: {each}" for name, spec in found.items() for each in deprecations(spec)
            if number(each.removed_in) <= number(version) or number(each.removed_in)[1] != 0
            or number(each.since) > number(version)]


def surface() -> dict[str, dict[str, list[str]]]:
    """What plugins rely on by name: hooks and their arguments, records and events and their fields."""
    def fields_of(module: ModuleType) -> dict[str, list[str]]:
        return {name: [field.name for field in dataclasses.fields(each)] for name, each in vars(module).items()
                if isinstance(each, type) and dataclasses.is_dataclass(each) and each.__module__ == module.__name__}

    return {"hooks": {name: list(inspect.signature(spec).parameters) for name, spec in specs().items()},
            "records": fields_of(plugin), "events": fields_of(events)}


def broken_promises(promised: dict, kept: dict) -> list[str]:
    """What is promised and not there: a name, or one of its arguments or fields in its place."""
    return [f"{kind}: {name}({', '.join(parts)}) is now {kept[kind].get(name)}"
            for kind, names in promised.items() for name, parts in names.items()
            if kept[kind].get(name, [])[:len(parts)] != parts and not (
                kind == "hooks" and set(parts) <= set(kept[kind].get(name, [])))]


def test_every_hook_is_documented() -> None:
    assert undocumented(specs(), (ROOT / "docs" / "hooks.md").read_text("utf-8")) == []


def test_what_is_generated_is_up_to_date(reference: ModuleType) -> None:
    page = reference.PAGE.read_text("utf-8")
    assert page == reference.rendered(page), "run: python docs/reference.py"


def test_examples_are_there(reference: ModuleType) -> None:
    assert [name for name, shown in reference.EXAMPLES.items() if shown not in reference.implementations(name)] == []


def test_every_hook_is_used_by_a_shipped_plugin() -> None:
    assert unused(specs(), modules()) == []


def test_nothing_outlives_its_deprecation() -> None:
    assert overdue(specs(), plugin.API_VERSION) == []


def test_what_was_promised_is_kept() -> None:
    """Additions make a new minor version; anything else a new major one, and a new file."""
    promised = orjson.loads(API.read_bytes())
    assert promised.pop("major") == int(plugin.API_VERSION.partition(".")[0])
    assert broken_promises(promised, surface()) == []


class TestTheRulesNotice:
    def test_what_is_not_documented(self, reference: ModuleType) -> None:
        @hookspec
        def develop(film: str) -> None:
            """Develop a film.

            Called: by hand, in a transaction."""

        @hookspec
        def enlarge(film: str) -> None:
            """Make it larger."""

        @hookspec
        def fix(film: str) -> None: ...

        found = specs(SimpleNamespace(develop=develop, enlarge=enlarge, fix=fix))
        assert undocumented(found, "### `develop(film)`\n### `enlarge(film)`\n### `fix(film)`") == [
            "the docstring of enlarge does not end by saying when it is called, and whether in a transaction "
            "(`Called: ...`)", "fix has no docstring"]
        assert len(undocumented({"develop": develop}, "### `develop(films)`")) == 1
        assert len(undocumented({"develop": develop}, "")) == 1
        page = reference.PAGE.read_text("utf-8")
        assert reference.rendered(page.replace("- Used by ", "- Used by nobody, ")) == page

    def test_what_nobody_uses(self, tmp_path: Path) -> None:
        path = tmp_path / "plugins" / "dark" / "hooks.py"
        path.parent.mkdir(parents=True)
        path.write_text("def develop(film): ...")
        source = parse(path, tmp_path)
        assert unused({"develop": print}, [source]) == []
        assert unused({"develop": print, "fix": print}, [source]) == ["fix"]

    def test_what_should_be_gone(self) -> None:
        @deprecated(since="1.2", removed_in="2.0", instead="develop")
        @hookspec
        def bathe(film: str) -> None:
            """Old."""

        assert overdue({"bathe": bathe}, "1.9") == []
        assert len(overdue({"bathe": bathe}, "2.0")) == 1
        assert len(overdue({"bathe": bathe}, "1.1")) == 1, "not yet deprecated"

    def test_what_was_promised(self) -> None:
        promised = {"hooks": {"a": ["x", "y"]}, "records": {"B": ["x"]}, "events": {}}
        assert broken_promises(promised, {"hooks": {"a": ["y", "x", "z"]}, "records": {"B": ["x", "y"]}}) == []
        assert len(broken_promises(promised, {"hooks": {"a": ["x"]}, "records": {"B": ["y", "x"]}})) == 2
        assert len(broken_promises(promised, {"hooks": {}, "records": {}})) == 2
