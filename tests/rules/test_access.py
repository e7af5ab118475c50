"""Every route asks of its callers what the same operation of Immich asks: a login, a permission, an administrator."""

from __future__ import annotations

import re
from collections.abc import Callable

from immich_flask.testing.callers import Server
from tests.wire.facts import TWINS, Operation, operations

NO_PERMISSION = {"getMyApiKey", "validateAccessToken", "getWorkflowTriggers"}
"""Any API key will do; the wire has no word for that, and names no permission where `all` is needed either."""

def asked(operation: Operation) -> dict:
    permission = operation.permission or (None if operation.id in NO_PERMISSION else "all")
    return {
        "login": operation.login,
        "permission": permission if operation.login else None,
        "admin": operation.admin,
        "shared_link": operation.shared_link,
    }


def test_what_routes_ask_of_callers(make_server: Callable[..., Server]) -> None:
    app = make_server().app
    rules = {(method, re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule)): app.view_functions[rule.endpoint].access
             for rule in app.url_map.iter_rules() for method in rule.methods
             if hasattr(app.view_functions[rule.endpoint], "access")}
    wrong, seen = [], 0
    for operation in operations():
        methods = [operation.method, *(["PATCH"] if operation.method == "PUT" and operation.path in TWINS else [])]
        for method in methods:
            access = rules.get((method, f"/api{operation.path}"))
            if access is None:
                continue
            seen += 1
            is_asked = {"login": access.login, "permission": access.permission if access.login else None,
                        "admin": access.admin, "shared_link": access.shared_link}
            if is_asked != asked(operation):
                wrong.append(f"{method} {operation.path} asks {is_asked}, the wire {asked(operation)}")
    assert wrong == []
    assert seen > 20
