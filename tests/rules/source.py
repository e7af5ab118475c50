"""The project's own source, as the rule tests read it: modules, and what each imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One file. `imports` are absolute module names, with imported names appended (`a.b` and `a.b.name`)."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def imports(self) -> frozenset[str]:
        return frozenset(_imports(self.tree))


@cache
def modules() -> tuple[Module, ...]:
    """All modules of the server and of the built-in plugins."""
    return tuple(parse(path, ROOT) for top in ("immich_flask", "plugins")
                 for path in sorted((ROOT / top).rglob("*.py")))


def parse(path: Path, root: Path) -> Module:
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    return Module(name, path, ast.parse(path.read_text("utf-8"), str(path)))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield f"relative import in line {node.lineno}"
            else:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
