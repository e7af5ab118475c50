"""SQL comes from the source alone, values by parameters; and who speaks to other servers is known."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.rules.source import Module, modules, parse

RUNS_SQL = ("execute_sql", "execute", "SQL", "raw", "executemany", "executescript")

MAY_COMPOSE = {
    "immich_flask.infra.db": "the name of a channel",
    "immich_flask.infra.horizon": "names of columns of ours",
    "immich_flask.infra.parts": "names of tables, triggers and functions, as the database has them",
    "immich_flask.infra.sql": "statements that Peewee has written",
    "immich_flask.infra.tally": "names of tables and columns of models, and what migrations say about rows",
    "immich_flask.infra.tracking": "names of tables and columns of models",
    "immich_flask.core.assets.media": "types of files, an enumeration",
    "immich_flask.core.backup.tables": "names of tables and columns, as the database has them, quoted",
    "immich_flask.core.jobs.runs": "names of queues, an enumeration",
    "immich_flask.core.models.asset": "names of columns of the model",
    "immich_flask.core.purge": "names of tables that migrations made",
    "plugins.map.places": "as many of the same condition as there are words",
    "plugins.search.index": "names of columns of the model",
    "plugins.shared_links.access": "roles, an enumeration",
}
"""Where statements are put together, and what of. None of it comes from a request."""

SPEAKS = {
    "immich_flask.infra.storage.s3": "the bucket of the configuration",
    "plugins.importer.remote": "the Immich that the operator names on the command line",
    "plugins.web.sources.registry": "the registry that the operator names on the command line",
}
"""Who opens connections to other servers, and to which. None is named by a request."""

CLIENTS = ("urllib3", "requests", "httpx", "aiohttp", "urllib.request", "http.client", "ftplib", "smtplib", "minio")


def composed(module: Module) -> list[str]:
    """Calls that run SQL which is put together where it is run."""
    return [f"{module.name}:{node.lineno} puts SQL together" for node in ast.walk(module.tree)
            if isinstance(node, ast.Call) and _name(node.func) in RUNS_SQL and node.args and _is_composed(node.args[0])]


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_composed(text: ast.expr) -> bool:
    if isinstance(text, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) and not _is_member(part.value) for part in text.values)
    if isinstance(text, ast.BinOp):
        return isinstance(text.op, (ast.Add, ast.Mod))
    return isinstance(text, ast.Call) and _name(text.func) in ("format", "replace", "join", "format_map") \
        and not _is_constant(text)


def _is_member(value: ast.expr) -> bool:
    """`AssetFileType.SIDECAR`"""
    return isinstance(value, ast.Attribute) and value.attr.isupper()


def _is_constant(call: ast.Call) -> bool:
    """`TEXT.replace("a", "b")`"""
    return isinstance(call.func, ast.Attribute) and isinstance(call.func.value, (ast.Constant, ast.Name)) and all(
        isinstance(each, ast.Constant) for each in call.args)


def speaking(module: Module) -> list[str]:
    return [f"{module.name} imports {name}" for name in sorted(module.imports) if name in CLIENTS]


def _is_migration(module: Module) -> bool:
    return ".migrations." in module.name


def test_no_request_gets_into_sql() -> None:
    found = {module.name: composed(module) for module in modules() if not _is_migration(module)}
    assert [each for name, calls in found.items() if name not in MAY_COMPOSE for each in calls] == []
    assert [name for name in MAY_COMPOSE if not found.get(name)] == [], "no longer needed"


def test_who_speaks_to_other_servers() -> None:
    found = {module.name: speaking(module) for module in modules() if ".testing." not in module.name}
    assert [each for name, imports in found.items() if name not in SPEAKS for each in imports] == []
    assert [name for name in SPEAKS if not found.get(name)] == [], "no longer needed"


def test_the_rules_notice(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('import requests\ndb.execute_sql(f"SELECT {x}")\ndb.execute_sql("SELECT %s" % x)\n'
                    'SQL("a" + x)\nc.execute("SELECT {}".format(x))\ndb.execute_sql("SELECT ?", (x,))\n'
                    'SQL(f"a{Kind.ONE}")\ndb.execute_sql(A.replace("%", "%%"))\n')
    module = parse(path, tmp_path)
    assert [each.split()[0] for each in composed(module)] == ["a:2", "a:3", "a:4", "a:5"]
    assert speaking(module) == ["a imports requests"]
