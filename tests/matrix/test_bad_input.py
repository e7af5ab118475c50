"""Whatever anybody sends to any operation, the answer is the operation's or a clear 4xx, never a 5xx.

Bodies and queries are made from our own OpenAPI description: each value in turn is of a wrong type, empty, huge or
hostile. There is much that can be wrong, and much that looks alike inside: each value gets a few of the bad ones, the
next value the next ones, so that all meet all kinds. Every JSON answer is held against the wire as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any

import pytest

from immich_flask.testing import Caller, Server

SOME_ID = "6f1d2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"

GARBAGE = (
    None, True, 0, -1, 2**53, 1.5, "", "x", "\0", "\ud800", "' OR 1=1 --", "../../etc/passwd", "x" * 5000, [], [None],
    {}, [[]], SOME_ID, "2024-13-45", "9999-12-31T23:59:59.999Z", "0001-01-01",
)

AT_A_TIME = 5
"""How many kinds of garbage each value of a body gets, and each parameter."""

QUERY_GARBAGE = ("", "x", "-1", "1e999", "true", "%00", "x" * 3000, SOME_ID, "0001-01-01", "٣")

BODIES = (b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"[" * 5000, b'{"a": 1, "a": 2}')


def operations(server: Server) -> Iterator[tuple[str, str, dict]]:
    spec = server.nobody.get("/openapi.json").json
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), path.removeprefix("/api"), {**operation, "components": spec["components"]}


def resolved(schema: dict, components: dict) -> dict:
    while "$ref" in schema:
        schema = components["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def sample(schema: dict, components: dict, depth: int = 0) -> Any:
    """A value of the right kind."""
    schema = resolved(schema, components)
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            return sample(schema[key][0], components, depth)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object" and depth < 3:
        return {name: sample(value, components, depth + 1) for name, value in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema.get("items", {}), components, depth + 1)]
    return {"boolean": True, "integer": 1, "number": 1}.get(kind, SOME_ID if schema.get("format") == "uuid" else "x")


def some(garbage: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """`AT_A_TIME` of them, then the next ones, without end."""
    turn = cycle(garbage)
    while True:
        yield tuple(islice(turn, AT_A_TIME))


def bodies(operation: dict, garbage: Iterator[tuple[Any, ...]]) -> Iterator[Any]:
    """JSON bodies with one bad value each."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return
    components = operation["components"]
    schema = resolved(content["application/json"]["schema"], components)
    good = sample(schema, components)
    yield {}
    for name in schema.get("properties", {}):
        for value in next(garbage):
            yield {**good, name: value}
        yield {key: value for key, value in good.items() if key != name}


class Attacker:
    """An administrator, replaced when what was sent has signed him out or deleted him."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.caller = server.user(is_admin=True)

    def send(self, method: str, path: str, **options: Any) -> list[str]:
        response = self.caller.open(method, path, **options)
        if response.status_code == 401:
            self.caller = self.server.user(is_admin=True)
            response = self.caller.open(method, path, **options)
        if response.status_code < 500:
            return []
        return [f"{method} {path} {options}: {response.status_code} {response.text[:200]}"]


@pytest.fixture(scope="module")
def victim(make_server: Any) -> Server:
    """A server of its own: what is sent may well be valid, and change things."""
    server = make_server()
    server.admin = server.user("admin", is_admin=True)
    return server


def test_bad_bodies(victim: Server) -> None:
    failed, garbage, raw_bodies = [], some(GARBAGE), some(BODIES)
    for method, path, operation in operations(victim):
        where = re.sub("{[^}]+}", SOME_ID, path)
        caller = Attacker(victim)
        for raw in (*next(raw_bodies), *(json.dumps(body).encode() for body in bodies(operation, garbage))):
            failed += caller.send(method, where, data=raw, content_type="application/json")
        failed += caller.send(method, where, data=b"x=1", content_type="application/x-www-form-urlencoded")
    assert failed == []


def test_bad_queries_and_paths(victim: Server) -> None:
    failed, garbage = [], some(QUERY_GARBAGE)
    for method, path, operation in operations(victim):
        where = re.sub("{[^}]+}", SOME_ID, path)
        required = {parameter["name"]: SOME_ID for parameter in operation.get("parameters", ())
                    if parameter["in"] == "query" and parameter.get("required")}
        caller = Attacker(victim)
        for parameter in operation.get("parameters", ()):
            for value in next(garbage):
                if parameter["in"] == "query":
                    for values in (value, [value, value]):
                        failed += caller.send(method, where, query={**required, parameter["name"]: values})
                elif value:
                    bad = path.replace("{" + parameter["name"] + "}", value[:200])
                    failed += caller.send(method, re.sub("{[^}]+}", SOME_ID, bad), query=required)
    assert failed == []


def test_nobody_gets_anywhere(victim: Server) -> None:
    """Without a credential every operation is 401, except those that are open to all."""
    unexpected = []
    for method, path, operation in operations(victim):
        response = victim.nobody.open(method, re.sub("{[^}]+}", SOME_ID, path))
        is_open = not operation.get("security")
        if response.status_code >= 500 or (response.status_code != 401 and not is_open):
            unexpected.append(f"{method} {path}: {response.status_code}")
    assert unexpected == []


def test_every_kind_of_caller(victim: Server) -> None:
    """What is right for one caller is no reason to stumble over another: keys have no session, links no account."""
    user = victim.user()
    ids = {"assets": user.asset(), "users": user.id, "partners": victim.user().id, "sessions": user.session_id}
    ids["albums"] = user.post("/albums", {"albumName": "x", "assetIds": [ids["assets"]]}).json["id"]
    link = user.post("/shared-links", {"type": "INDIVIDUAL", "assetIds": [ids["assets"]], "password": "x"}).json
    ids["shared-links"] = link["id"]
    to_album = user.post("/shared-links", {"type": "ALBUM", "albumId": ids["albums"]}).json
    callers = {
        "nobody": victim.nobody, "user": user, "elevated": user.elevated(), "somebody else": victim.user(),
        "key": user.api_key("all"), "poor key": user.api_key("userLicense.read"),
        "administrator's key": victim.user(is_admin=True).api_key("all"),
        "link": Caller(victim, {}, query={"key": link["key"]}),
        "link to an album": Caller(victim, {}, query={"key": to_album["key"]}),
        "nonsense": Caller(victim, {"Authorization": "Bearer \xff", "Cookie": "immich_access_token=\xff;;="},
                           query={"key": "\0"}),
    }
    failed = []
    # What ends things comes last, and what ends the caller very last.
    for method, path, operation in sorted(operations(victim), key=lambda each: (
            each[0] == "DELETE", "session" in each[1] or "logout" in each[1])):
        where = re.sub("{[^}]+}", ids.get(path.split("/")[1], SOME_ID), path)
        components = operation["components"]
        query = {parameter["name"]: sample(parameter["schema"], components)
                 for parameter in operation.get("parameters", ())
                 if parameter["in"] == "query" and parameter["name"] not in ("key", "slug")}
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        body = sample(content["schema"], components) if content else None
        for name, caller in callers.items():
            for options in ({"body": body}, {"body": body, "query": query}):
                response = caller.open(method, where, **options)
                if response.status_code >= 500:
                    failed.append(f"{name}: {method} {where} {options}: {response.status_code} {response.text[:200]}")
    assert failed == []
