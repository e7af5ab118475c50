"""Writes the generated parts of docs/hooks.md: `python docs/reference.py`. A test says when that was forgotten.

What they say comes from the docstrings of `contracts.hookspecs`, `contracts.plugin` and `contracts.events`, and the
examples from the plugins that are shipped.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from immich_flask.contracts import events, hookspecs, plugin
from immich_flask.contracts.deprecation import deprecations

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "hooks.md"

EXAMPLES = {
    "register_blueprints": "tags", "register_models": "tags", "register_settings": "media", "register_jobs": "memories",
    "register_listeners": "tags", "register_asset_filters": "tags", "register_commands": "media",
    "register_sync_types": "memories", "response_fields": "tags", "preference_defaults": "folders",
    "server_features": "trash", "startup": "sync", "asset_access_rules": "partners",
}
"""Whose implementation is shown; of other hooks, the first plugin's that has one."""

AT_START = "once, when an app is built. There is no request and no database connection."
STOPS = "the server does not start, and says which plugin it was."
LEFT_OUT = ("the answer goes without what this plugin would add, and the log names it. An `ApiError` is the answer; "
            "within a transaction everything is passed on, and the request fails.")


def hooks() -> dict[str, Callable[..., Any]]:
    """The hook specifications by name, in the order of the file."""
    return {name: function for name, function in vars(hookspecs).items()
            if hasattr(function, f"{hookspecs.PROJECT}_spec")}


def implementations(hook: str) -> dict[str, str]:
    """Source of the hook's implementations by the names of the shipped plugins, without docstrings."""
    found = {}
    for path in sorted((ROOT / "plugins").glob("*/hooks.py")):
        text = path.read_text("utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name == hook:
                found[path.parent.name] = "@hookimpl\n" + _without_docstring(text, node)
    return found


def _without_docstring(text: str, node: ast.FunctionDef) -> str:
    lines = text.splitlines()
    kept = lines[node.lineno - 1:node.end_lineno]
    if ast.get_docstring(node) and len(node.body) > 1:
        first, last = node.body[0].lineno - node.lineno, node.body[0].end_lineno - node.lineno
        del kept[first:last + 1]
    return "\n".join(kept)


def hook_entry(name: str, spec: Callable[..., Any]) -> str:
    """One hook: arguments, what it is for, when it is called, what becomes of mistakes, who uses it and how."""
    text = inspect.getdoc(spec) or ""
    what, _, called = text.partition("\n\nCalled: ")
    at_start = hookspecs.is_asked_at_start(name)
    used = implementations(name)
    shown = EXAMPLES.get(name, next(iter(used), ""))
    parts = [f"### `{name}({', '.join(inspect.signature(spec).parameters)})`", _flat(what)]
    parts += [f"**{each.told_of(name)[0].upper()}{each.told_of(name)[1:]}.**" for each in deprecations(spec)]
    parts.append(f"- Returns `{_returns(spec)}`\n- Called {AT_START if at_start else _flat(called)}\n"
                 f"- If it raises: {STOPS if at_start else LEFT_OUT}\n- Used by {', '.join(used)}")
    if shown in used:
        parts.append(f"```python\n# plugins/{shown}/hooks.py\n{used[shown]}\n```")
    return "\n\n".join(parts)


def _returns(spec: Callable[..., Any]) -> str:
    return str(inspect.signature(spec).return_annotation).replace("records.", "")


def record_entry(record: type) -> str:
    """One of the records that hooks return."""
    doc = inspect.getdoc(record) or ""
    fields = ", ".join(_field(each) for each in dataclasses.fields(record))
    return f"### `{record.__name__}({fields})`\n\n{_paragraphs(doc)}"


def _field(each: dataclasses.Field) -> str:
    if each.default is not dataclasses.MISSING:
        return f"{each.name}={'...' if callable(each.default) else repr(each.default)}"
    return f"{each.name}={each.default_factory()!r}" if each.default_factory is not dataclasses.MISSING else each.name


def event_row(event: type) -> str:
    fields = ", ".join(f"`{each.name}`" for each in dataclasses.fields(event))
    doc = inspect.getdoc(event) or ""
    return f"| `{event.__name__}` | {fields} | {_flat('' if doc.startswith(event.__name__ + '(') else doc)} |"


def _records() -> Iterator[type]:
    yield from (each for each in vars(plugin).values()
                if dataclasses.is_dataclass(each) and each.__module__ == plugin.__name__)


def _events() -> Iterator[type]:
    yield from (each for each in vars(events).values()
                if isinstance(each, type) and issubclass(each, events.Event) and each is not events.Event)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(text: str) -> str:
    """A docstring as Markdown: a paragraph a line, `name: what it is` as items of a list."""
    lines = []
    for paragraph in re.split(r"\n\s*\n", text):
        for item in re.split(r"\n(?=\w[\w, ]*: )", paragraph):
            match = re.match(r"([a-z_, ]+): (.*)", item, re.DOTALL)
            lines.append(f"- `{match[1]}`: {_flat(match[2])}" if match else f"\n{_flat(item)}\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def generated() -> dict[str, str]:
    """The generated parts of the page by name."""
    return {
        "hooks": "\n\n".join(hook_entry(name, spec) for name, spec in hooks().items()),
        "records": "\n\n".join(record_entry(record) for record in _records()),
        "events": "| event | fields | what happened |\n|---|---|---|\n" + "\n".join(map(event_row, _events())),
    }


def rendered(page: str) -> str:
    """`page` with its generated parts as they should be."""
    for name, text in generated().items():
        part = re.compile(rf"(<!-- generated: {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        page = part.sub(lambda match: f"{match[1]}\n{text}\n{match[2]}", page)
    return page


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text("utf-8")), "utf-8")
