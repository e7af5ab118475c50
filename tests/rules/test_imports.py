"""The import rule: a module imports from its own floor or below; a plugin from floors 0 to 2, itself, and the `api` of
the plugins it requires; the core never names a plugin."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

from tests.rules.source import ROOT, Module, modules, parse

FLOORS = {"contracts": 0, "infra": 1, "core": 2, "api": 3}
TOP = 4
PACKAGE = "immich_flask"


def floor(module: str) -> int:
    parts = module.split(".")
    return FLOORS.get(parts[1], TOP) if len(parts) > 1 else 0


def offences(module: Module) -> list[str]:
    return [f"{module.name} imports {name}" for name in sorted(module.imports) if not _allowed(module.name, name)]


def _allowed(importer: str, imported: str) -> bool:
    if imported.startswith("relative import"):
        return False
    mine, theirs = importer.split("."), imported.split(".")
    if mine[0] == PACKAGE:
        if theirs[0] == "plugins":
            return False
        # `from immich_flask import __version__`: the package itself is on the ground
        return theirs[0] != PACKAGE or len(theirs) < 3 and not _is_module(imported) or floor(imported) <= floor(importer)
    if theirs[0] == PACKAGE:
        return floor(imported) <= 2 or len(theirs) < 3 and not _is_module(imported)
    if theirs[0] == "plugins" and len(theirs) > 1:
        return theirs[1] == mine[1] or (theirs[2:3] == ["api"] and theirs[1] in _requires(mine[1]))
    return True


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def _requires(plugin: str) -> tuple[str, ...]:
    return importlib.import_module(f"plugins.{plugin}").META.requires


def test_every_module_imports_from_its_own_floor_or_below() -> None:
    assert [offence for module in modules() for offence in offences(module)] == []


NAMING = ("is_enabled", "found", "settings", "owner", "get_plugin")
"""Where names of plugins are looked up. Elsewhere the same words are the wire's (`tags`, `map`, `trash`)."""


def named(module: Module, names: frozenset[str]) -> list[str]:
    """Where a module of the core names a plugin, though not by an import: a name in the core is a feature that cannot
    be switched off."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            top, _, below = node.value.partition(".")
            if top == "plugins" and below.partition(".")[0] in names:
                found.append(node)
        elif isinstance(node, ast.Call) and _last_name(node.func) in (*NAMING, "get"):
            if _last_name(node.func) in NAMING or _last_name(getattr(node.func, "value", None)) in NAMING:
                found += [each for each in node.args if isinstance(each, ast.Constant) and each.value in names]
        elif isinstance(node, ast.Subscript) and _last_name(node.value) in NAMING:
            found += [each for each in ast.walk(node.slice) if isinstance(each, ast.Constant) and each.value in names]
        elif isinstance(node, ast.Compare) and any(_last_name(each) in NAMING or "plugin" in ast.unparse(each)
                                                   for each in (node.left, *node.comparators)):
            found += [each for each in (node.left, *node.comparators)
                      if isinstance(each, ast.Constant) and each.value in names]
    return [f"{module.name}:{node.lineno} names the plugin {node.value}" for node in found]


def _last_name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return getattr(node, "attr", "") or getattr(node, "id", "")


def plugin_names() -> frozenset[str]:
    return frozenset(path.name for path in (ROOT / "plugins").iterdir() if (path / "hooks.py").exists())


def test_the_core_names_no_plugin() -> None:
    names = plugin_names()
    assert [place for module in modules() if floor(module.name) < TOP and module.name.startswith(PACKAGE)
            for place in named(module, names)] == []


def test_the_rule_notices(tmp_path: Path) -> None:
    cases = {
        "immich_flask/infra/a.py": "from immich_flask.core.models import Asset",
        "immich_flask/core/a.py": "import plugins.media",
        "immich_flask/core/b.py": "from immich_flask.api.server import bp",
        "immich_flask/contracts/a.py": "from immich_flask.infra import db",
        "immich_flask/core/c.py": "from . import models",
        "plugins/media/a.py": "from immich_flask.api import blueprints",
        "plugins/media/b.py": "from plugins.timeline import service",
        "plugins/activities/a.py": "from plugins.albums import service",
        "plugins/media/c.py": "from plugins.albums.api import Album",
        "plugins/media/d.py": "import plugins.albums.models",
        "plugins/media/e.py": "from ..albums import service",
        "immich_flask/api/a.py": "from plugins.albums.api import Album",
        "immich_flask/app.py": "from plugins.media import hooks",
    }
    for name, source in cases.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        assert offences(parse(path, tmp_path)), f"{name}: {source}"
    allowed = tmp_path / "plugins/activities/b.py"
    allowed.write_text("from plugins.albums.api import Album\nfrom plugins.activities import service")
    assert offences(parse(allowed, tmp_path)) == []


def test_the_rule_about_names_notices(tmp_path: Path) -> None:
    path = tmp_path / "immich_flask" / "core" / "a.py"
    path.parent.mkdir(parents=True)
    for source in ('plugins.is_enabled("map")', 'runtime.plugins.settings["media"]["x"]', 'plugins.found.get("media")',
                   'import_module("plugins.media.hooks")', 'plugins.owner("job", "x") == "media"',
                   'if plugin_name in ("x",) or plugin_name == "tags": pass', '"media" in plugins.found'):
        path.write_text(source)
        assert named(parse(path, tmp_path), plugin_names()), source
    for source in ('setting("map.enabled")', '{"tags": 1}["tags"]', 'config.plugins.disabled', '"plugins.disabled"',
                   'sections.get("tags")'):
        path.write_text(source)
        assert named(parse(path, tmp_path), plugin_names()) == [], source
