"""Every operation, by every kind of caller, with right and spoilt requests: no 5xx, no status that is not described,
no JSON of another shape.

    python -m tests.fuzz.api [--requests 50000] [--seed 1] [--backend sqlite|postgres]

Requests are made from our own OpenAPI description; ids are mostly of things that are there, and the caller's. About
half are meant to be right; the others have something spoilt in path, query, headers or body. What was found is printed
at once, with what repeats it; the exit status says whether anything was. The same seed makes the same requests, as far
as the clock and the ids that the server makes allow.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from werkzeug.test import TestResponse

from immich_flask.testing import Caller, Server, photo
from immich_flask.testing.fixtures import Backend
from tests.fuzz.values import GARBAGE, HOSTILE, Values
from tests.fuzz.world import World
from tests.wire.spec import assert_wire

METHODS = ("get", "post", "put", "patch", "delete")

ERRORS = frozenset({400, 401, 403, 404, 413, 415, 416, 429})
"""Statuses of what the description calls "default": an error in the one shape that all have."""

READING = frozenset({200, 206, 302, 304, 307})
"""Of GET: parts of files, what the client has already, and the way to where it is."""

SELDOM = re.compile(r"^(DELETE|POST) /(admin/users|auth/logout|sessions|trash/empty|auth/change-password|users/profile)"
                    r"|^(PUT|POST) /(jobs|admin/auth|admin/database)|^PUT /system-config")
"""What ends callers and things, or takes long: every so often is enough."""

LOOK_EVERY = 250

ADDED: dict[str, dict[str, Callable[[Caller, Any], Any]]] = {
    "POST /auth/login": {"email": lambda caller, ids: caller.email or "x@test.example"},
    "POST /shared-links/login": {"password": lambda caller, ids: "x"},
    "POST /faces": {"imageWidth": lambda caller, ids: 8, "imageHeight": lambda caller, ids: 8,
                    "x": lambda caller, ids: 1, "y": lambda caller, ids: 1, "width": lambda caller, ids: 3,
                    "height": lambda caller, ids: 3, "personId": lambda caller, ids: ids("personId"),
                    "assetId": lambda caller, ids: ids("assetId")},
    "PUT /assets/{id}/edits": {"edits": lambda caller, ids: [{"action": "rotate", "parameters": {"angle": 90}}]},
    "POST /activities": {"type": lambda caller, ids: "like", "albumId": lambda caller, ids: ids("albumId")},
}
"""What the description cannot say: values that must fit together, or be the caller's."""

RAW_BODIES = (b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"[" * 5000, b'{"a": 1, "a": 2}', b"\x1f\x8b\x08\0", b"x=1")
CONTENT_TYPES = ("application/json", "application/json; charset=utf-16", "text/plain", "multipart/form-data",
                 "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "", "\xff")
HEADERS = {"If-None-Match": ("*", '"x"', '"' * 40), "Range": ("bytes=0-1", "bytes=-1", "bytes=5-2", "bytes=99999999-", "x"),
           "Accept-Encoding": ("gzip", "br;q=x", "*"), "If-Modified-Since": ("never", "Thu, 01 Jan 1970 00:00:00 GMT"),
           "X-Immich-Checksum": ("x", "A" * 28), "User-Agent": ("\xff", "Immich_Android_3.1.0"), "Accept": ("*/*", ";;"),
           "Content-Encoding": ("gzip", "x"), "X-Immich-Share-Slug": ("x", "\xff"), "If-Range": ("x", '"x"')}


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    spec: dict = field(repr=False, compare=False)

    @property
    def usual(self) -> tuple[str, ...]:
        """Kinds of callers who mostly ask for this."""
        if self.spec.get("x-immich-admin-only"):
            return "admin", "admin's key"
        if self.path in ("/shared-links/me", "/shared-links/login"):
            return "link", "link to an album", "link with password"
        return "user", "user", "elevated", "key"

    @property
    def body(self) -> dict | None:
        content = self.spec.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")

    @property
    def is_upload(self) -> bool:
        return "multipart/form-data" in self.spec.get("requestBody", {}).get("content", {})

    @property
    def statuses(self) -> frozenset[int]:
        own = {int(status) for status in self.spec["responses"] if status.isdigit()}
        return ERRORS | own | (READING if self.method == "GET" else set())

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Fuzzer:
    """`run(n)` sends n requests; `failures` are lines, `seen` counts statuses by operation."""

    def __init__(self, server: Server, seed: int, report: Callable[[str], None] = lambda line: None) -> None:
        server.checks = ()
        self.server, self.report = server, report
        self.rnd = random.Random(seed)
        server.admin = server.user("admin", is_admin=True)
        spec = server.nobody.get("/openapi.json").json
        self.values = Values(self.rnd, spec["components"])
        self.operations = [Operation(method.upper(), path.removeprefix("/api"), item[method])
                           for path, item in spec["paths"].items() for method in METHODS if method in item]
        self.weights = [0.1 if SELDOM.search(str(operation)) else 1 for operation in self.operations]
        self.world = World(server, self.rnd)
        self.seen: dict[str, Counter] = defaultdict(Counter)
        self.meant: dict[bool, Counter] = defaultdict(Counter)
        self.failures: list[str] = []
        self.sent = 0

    def run(self, requests: int) -> None:
        for _ in range(requests):
            if self.sent % LOOK_EVERY == 0:
                self.world.look()
                self.world.unlock()
            self.send()

    def send(self) -> None:
        operation = self.rnd.choices(self.operations, self.weights)[0]
        kind = self.rnd.choice(operation.usual) if self.rnd.random() < 0.8 else self.rnd.choice(self.world.kinds)
        caller = self.world.callers[kind]
        spoil = self.rnd.random() < 0.4
        path, options = self._request(operation, caller, spoil)
        self.sent += 1
        try:
            response = caller.open(operation.method, path, **options)
        except Exception as error:
            # The test client itself refuses what no client can send; the server's own errors are answers.
            if not _is_of_the_client(error):
                raise
            return
        self.seen[str(operation)][response.status_code] += 1
        self.meant[not spoil][response.status_code // 100] += 1
        if wrong := self._wrong(operation, path, response):
            line = f"{kind}: {operation.method} {path} {_short(options)}\n    {response.status_code} {wrong}"
            self.failures.append(line)
            self.report(line)
        if response.status_code == 401 and kind not in ("nobody", "nonsense") and not self.world.is_in(caller):
            self.world.replace(kind)

    def _wrong(self, operation: Operation, path: str, response: TestResponse) -> str:
        if response.status_code not in operation.statuses:
            return f"is not described: {response.text[:300]}"
        try:
            assert_wire(response, operation.method, f"/api{path}")
        except AssertionError as error:
            return str(error)[:600]
        return ""

    def _request(self, operation: Operation, caller: Caller, spoil: bool) -> tuple[str, dict]:
        """Path and options for `Caller.open`."""
        ids = self.world.ids_for(caller, operation.path)
        path, query = operation.path, {}
        for parameter in operation.spec.get("parameters", ()):
            name, schema = parameter["name"], parameter.get("schema", {})
            if parameter["in"] == "path":
                value = self.values.query_text(self.values.right(schema, name, ids.in_path))
                path = path.replace("{" + name + "}", quote(value, safe="") or "x")
            elif parameter["in"] == "query" and name not in ("key", "slug"):
                if parameter.get("required") or self.rnd.random() < 0.25:
                    query[name] = self.values.query_text(self.values.right(schema, name, ids))
        options: dict[str, Any] = {"query": query}
        if operation.is_upload:
            options |= self._upload(operation)
        elif operation.body is not None:
            options["body"] = self._body(operation, caller, path, ids)
        if spoil:
            path = self._spoil(operation, path, options)
        return path, options

    def _body(self, operation: Operation, caller: Caller, path: str, ids: Any) -> Any:
        """A right one; sometimes what the server itself says is there, changed a little."""
        made = self.values.right(operation.body, "", ids)
        if str(operation) in ADDED and isinstance(made, dict):
            made |= {name: value(caller, ids) for name, value in ADDED[str(operation)].items()}
        if operation.method in ("PUT", "PATCH") and self.rnd.random() < 0.4:
            now = caller.open("GET", path)
            if now.status_code == 200 and isinstance(now.json, dict) and isinstance(made, dict):
                return {**made, **{key: value for key, value in now.json.items() if key in made}}
        return made

    def _upload(self, operation: Operation) -> dict:
        name = self.rnd.choice(("a.jpg", "a.png", "a.JPG", "x.mp4", "Zoë.heic", "a.svg", "a.txt", *HOSTILE[:6]))
        content = self.rnd.choice((photo(8, 8), photo(8, 8, fmt="PNG"), photo(8, 8)[:100], b"<svg/>", b"x", b""))
        part = "file" if "profile" in operation.path or "admin" in operation.path else "assetData"
        form: dict[str, Any] = {part: (io.BytesIO(content), name)}
        if part == "assetData":
            form |= {"fileCreatedAt": "2023-06-15T10:00:00.000Z", "fileModifiedAt": "2023-06-15T10:00:00.000Z",
                     "filename": name}
        if self.rnd.random() < 0.3:
            form[self.rnd.choice(("visibility", "isFavorite", "metadata", "duration", "livePhotoVideoId", "x"))] = (
                self.rnd.choice(("true", "locked", "[]", "[{}]", "-1", "x" * 3000)))
        return {"data": form, "content_type": "multipart/form-data"}

    def _spoil(self, operation: Operation, path: str, options: dict) -> str:
        """Spoil something of the request; returns the path."""
        how = self.rnd.choices(("body", "query", "path", "raw", "headers", "form"), (6, 3, 2, 1, 1, 1))[0]
        if how == "body" and "body" in options:
            options["body"] = self.values.spoilt(options["body"])
        elif how == "query" or how == "body":
            names = [each["name"] for each in operation.spec.get("parameters", ()) if each["in"] == "query"]
            name = self.rnd.choice([*names, *(("key", "slug") if self.rnd.random() < 0.2 else ()), "x"])
            value = self.rnd.choice((*HOSTILE, *(str(each) for each in GARBAGE)))
            options["query"][name] = self.rnd.choice((value, [value, value]))
        elif how == "path" and "{" in operation.path:
            bad = quote(self.rnd.choice(HOSTILE)[:300], safe="/" if self.rnd.random() < 0.3 else "") or "x"
            path = re.sub(r"{\w+}", lambda found: bad if self.rnd.random() < 0.7 else "x", operation.path)
        elif how == "raw":
            options.pop("body", None)
            options |= {"data": self.rnd.choice(RAW_BODIES), "content_type": self.rnd.choice(CONTENT_TYPES)}
        elif how == "form" and isinstance(options.get("data"), dict):
            name = self.rnd.choice(list(options["data"]))
            options["data"][name] = self.rnd.choice(HOSTILE)
        else:
            options["headers"] = {name: self.rnd.choice(HEADERS[name])
                                  for name in self.rnd.sample(list(HEADERS), self.rnd.randrange(1, 4))}
        return path

    def summary(self) -> str:
        total = Counter()
        for counts in self.seen.values():
            total.update(counts)
        answered = sum(total.values())
        well = sum(count for status, count in total.items() if status < 400)
        meant = self.meant[True]
        never = sorted(name for name in map(str, self.operations) if not any(
            status < 400 for status in self.seen.get(name, ())))
        lines = [
            f"{self.sent} requests to {len(self.seen)} of {len(self.operations)} operations, {answered} answered: "
            f"{well} ({100 * well // max(answered, 1)} %) with success; of those meant to be right "
            f"{100 * (meant[2] + meant[3]) // max(sum(meant.values()), 1)} %",
            "statuses: " + ", ".join(f"{status}: {count}" for status, count in sorted(total.items())),
            f"{len(never)} operations never succeeded: {', '.join(never)}" if never else "every operation succeeded",
            f"{len(self.failures)} failures",
        ]
        return "\n".join(lines)


def _is_of_the_client(error: Exception) -> bool:
    """Whether Werkzeug's test client or the JSON writer could not make a request of this."""
    trace, names = error.__traceback__, set()
    while trace:
        names.add(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return isinstance(error, (ValueError, TypeError, UnicodeError)) and not any(
        name.endswith("werkzeug/test.py") and "run_wsgi_app" in name for name in names) and not any(
        name.endswith("flask/app.py") for name in names)


def _short(options: dict) -> str:
    return json.dumps(options, default=lambda each: repr(each)[:60])[:1500]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    with Backend.temporary(options.backend) as backend:
        fuzzer = Fuzzer(backend.server(), options.seed, report=lambda line: print(line, flush=True))
        began = time.monotonic()
        while fuzzer.sent < options.requests:
            fuzzer.run(min(2500, options.requests - fuzzer.sent))
            print(f"{fuzzer.sent} requests in {time.monotonic() - began:.0f} s, {len(fuzzer.failures)} failures",
                  flush=True)
        print(fuzzer.summary())
    return bool(fuzzer.failures)


if __name__ == "__main__":
    sys.exit(main())
