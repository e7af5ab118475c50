"""docs/plugins.md, word for word: its files make a plugin that is installed, tested and listed; its tables are true."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from immich_flask.testing import fixtures
from tests.examples.conftest import EXAMPLE
from tests.examples.environment import Environment, build_wheel

PAGE = EXAMPLE.parents[1] / "plugins.md"


def files() -> dict[str, str]:
    """The files of the page by their names."""
    blocks = re.findall(r"^```(?:python|toml)\n# (\S+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return dict(blocks)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "venv")


@pytest.mark.once
def test_following_it(environment: Environment, tmp_path: Path) -> None:
    project = tmp_path / "immich-flask-picture-of-day"
    for name, text in files().items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    environment.install(build_wheel(project, project / "dist"))
    environment.install(build_wheel(EXAMPLE, tmp_path / "dist"))
    # In the folder of its author, with nothing but what he has. Beside it some of the example's own.
    output = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", cwd=project)
    assert "4 passed" in output
    output = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "who_may",
                             str(EXAMPLE / "tests"), "-c", str(project / "pyproject.toml"), cwd=project)
    assert "1 passed" in output
    assert "picture_of_day    1.0       enabled\n" in environment.run("-m", "immich_flask.cli", "plugins", "list")


def test_what_may_be_imported_is_there() -> None:
    table = PAGE.read_text("utf-8").partition("### What you may import")[2].partition("###")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| (.*) \|$", table, re.MULTILINE)
    assert len(rows) > 15
    for name, what in rows:
        module = importlib.import_module(f"immich_flask.{name}")
        for each in re.findall(r"`(\w+)`", what):
            assert hasattr(module, each), f"{name} has no {each}"


def test_the_example_imports_nothing_else() -> None:
    table = PAGE.read_text("utf-8").partition("### What you may import")[2].partition("###")[0]
    allowed = {f"immich_flask.{name}" for name in re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)}
    sources = [path.read_text("utf-8") for path in EXAMPLE.rglob("*.py")] + list(files().values())
    imports = re.compile(r"^\s*from (immich_flask\.[\w.]+) import", re.MULTILINE)
    used = {name for source in sources for name in imports.findall(source)}
    assert sorted(name for name in used if not name.startswith("immich_flask.contracts.") and name not in allowed) == []


def test_fixtures_are_listed() -> None:
    section = PAGE.read_text("utf-8").partition("### Fixtures for tests")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", section, re.MULTILINE))))
    there = {name for name, value in vars(fixtures).items() if type(value).__name__ == "FixtureFunctionDefinition"}
    assert listed == there - {"backend"}
