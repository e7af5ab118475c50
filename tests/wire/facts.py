"""The operations of Immich 3.1.0, and which of them a request asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FACTS: dict = json.loads(Path(__file__).with_name("immich-3.1.0.json").read_text(encoding="utf-8"))

METHODS = ("get", "post", "put", "patch", "delete")

# PUT updates that upstream also answers as PATCH, hidden from its description (server/src/controllers).
TWINS = {
    "/admin/users/{id}",
    "/admin/users/{id}/preferences",
    "/api-keys/{id}",
    "/assets",
    "/assets/{id}",
    "/libraries/{id}",
    "/memories/{id}",
    "/people/{id}",
    "/sessions/{id}",
    "/stacks/{id}",
    "/tags/{id}",
    "/users/me",
    "/users/me/preferences",
    "/workflows/{id}",
}


@dataclass(frozen=True)
class Operation:
    """One method on one path of the wire. `path` is without `/api`; `spec` is the Operation Object."""

    method: str
    path: str
    spec: dict = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        return self.spec["operationId"]

    @property
    def permission(self) -> str | None:
        """What an API key must hold; None where the wire names nothing."""
        return self.spec.get("x-immich-permission")

    @property
    def login(self) -> bool:
        """Whether the caller must be known."""
        return "security" in self.spec

    @property
    def admin(self) -> bool:
        """Whether only administrators may."""
        return self.spec.get("x-immich-admin-only", False)

    @property
    def shared_link(self) -> bool:
        """Whether a shared link will do: then it takes one as a parameter."""
        names = {each["name"] for each in self.spec.get("parameters", ()) if each["in"] == "query"}
        return {"key", "slug"} <= names

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in self.spec["responses"]]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations() -> list[Operation]:
    """Every operation of the wire, in the order of the paths; the hidden twins are not among them."""
    return [
        Operation(method.upper(), path, spec)
        for path, methods in FACTS["paths"].items()
        for method, spec in methods.items()
    ]


def match(method: str, url_path: str) -> Operation | None:
    """The operation that a request asks for; None if the wire has none.

    `url_path` may begin with `/api` and end with a query. HEAD is taken for GET, a hidden PATCH for its PUT.
    """
    segments = url_path.partition("?")[0].strip("/").split("/")
    if segments[0] == "api":
        del segments[0]
    method = "GET" if method == "HEAD" else method
    found = _descend(_tree(), segments)
    if found is None:
        return None
    put = found.get("PUT")
    if method == "PATCH" and put is not None and put.path in TWINS:
        return put
    return found.get(method)


@cache
def _tree() -> dict:
    """Path segments as nested dicts; `{}` is any text, and `None` holds the operations of the path by method."""
    root: dict = {}
    for operation in operations():
        node = root
        for segment in operation.path.strip("/").split("/"):
            node = node.setdefault("{}" if segment.startswith("{") else segment, {})
        node.setdefault(None, {})[operation.method] = operation
    return root


def _descend(node: dict, segments: list[str]) -> dict[str, Operation] | None:
    """Fixed text wins over a parameter: `/albums/statistics` is not the album with that id."""
    if not segments:
        return node.get(None)
    head, *rest = segments
    for key in (head, "{}"):
        if key in node and (found := _descend(node[key], rest)) is not None:
            return found
    return None
