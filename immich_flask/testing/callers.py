"""A server under test, and those who call it."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
from flask import Flask
from PIL import Image
from urllib3.filepost import encode_multipart_formdata
from werkzeug.test import TestResponse

from immich_flask.core.auth.secrets import digest, hash_password, new_token
from immich_flask.core.models import ApiKey, Session, User
from immich_flask.core.runtime import Runtime, runtime_of
from immich_flask.infra.db import connected, db, is_sqlite
from immich_flask.infra.fields import now

PASSWORD = "Sesame-Open-1"

AnswerCheck = Callable[[TestResponse, str, str], None]
"""Called with every JSON answer, the method and the path; raises AssertionError when the wire does not know it so."""

_serial = itertools.count(1)


def photo(width: int = 64, height: int = 48, *, fmt: str = "JPEG", exif: Image.Exif | None = None,
          seed: int | None = None) -> bytes:
    """A small picture with content of its own; the same seed gives the same bytes."""
    rnd = random.Random(next(_serial) if seed is None else seed)
    image = Image.new("RGB", (4, 3))
    image.putdata([(rnd.randrange(256), rnd.randrange(256), rnd.randrange(256)) for _ in range(12)])
    out = io.BytesIO()
    image.resize((width, height)).save(out, fmt, **({"exif": exif} if exif is not None else {}))
    return out.getvalue()


class Server:
    """An app with its database and storage. `admin` is the first user, `nobody` has no credential."""

    def __init__(self, app: Flask, checks: tuple[AnswerCheck, ...] = ()) -> None:
        self.app = app
        self.database = db.obj
        self.checks = checks
        self.nobody = Caller(self, {})

    @property
    def runtime(self) -> Runtime:
        return runtime_of(self.app)

    def activate(self) -> None:
        """Bind the models to this server's database; several servers may live in one test process."""
        if db.obj is not self.database:
            if not is_sqlite():
                # PostgreSQL has few connections, and a database that nobody keeps would leave its own open.
                db.obj.close_idle()
            db.initialize(self.database)

    @contextmanager
    def context(self) -> Iterator[None]:
        """An app context with a database connection, as jobs and services run in."""
        self.activate()
        with self.app.app_context(), connected():
            yield

    def run_job(self, name: str, **payload: Any) -> None:
        """Run a job now, as a worker would, except that what it raises is raised. Those that it queues run, too."""
        with self.context():
            self.runtime.jobs[name].run(**payload)

    def user(self, name: str = "user", *, is_admin: bool = False, **columns: Any) -> Caller:
        """A new account with a session of its own, made without any route."""
        with self.context():
            columns.setdefault("email", f"{name}-{next(_serial)}-{new_token()[:6].lower()}@test.example")
            row = User.create(name=name, password=hash_password(PASSWORD), is_admin=is_admin,
                              should_change_password=False, **columns)
            return self.session_of(row)

    def session_of(self, user: User | Caller) -> Caller:
        """Another login of the same account."""
        user_id = user.id
        with self.context():
            email = User.get_by_id(user_id).email
            token = new_token()
            session = Session.create(user=user_id, token=digest(token), device_type="test", device_os="")
        return Caller(self, {"Authorization": f"Bearer {token}"}, id=user_id, email=email, token=token,
                      session_id=session.id)


class Caller:
    """One who asks: `caller.get("/albums", isOwned="true")`, `caller.post("/albums", {"albumName": "x"})`.

    Paths are below `/api`. Keyword arguments are query parameters (a list repeats its key).
    """

    def __init__(self, server: Server, headers: dict[str, str], *, id: str | None = None, email: str | None = None,
                 token: str | None = None, session_id: str | None = None, query: dict[str, str] | None = None) -> None:
        self.server, self.headers, self.query = server, headers, query or {}
        self.id, self.email, self.token, self.session_id = id, email, token, session_id

    def get(self, path: str, /, *, headers: dict | None = None, **query: Any) -> TestResponse:
        return self.open("GET", path, query=query, headers=headers)

    def post(self, path: str, body: Any = None, /, *, headers: dict | None = None, **query: Any) -> TestResponse:
        return self.open("POST", path, body, query=query, headers=headers)

    def put(self, path: str, body: Any = None, /, *, headers: dict | None = None, **query: Any) -> TestResponse:
        return self.open("PUT", path, body, query=query, headers=headers)

    def patch(self, path: str, body: Any = None, /, *, headers: dict | None = None, **query: Any) -> TestResponse:
        return self.open("PATCH", path, body, query=query, headers=headers)

    def delete(self, path: str, body: Any = None, /, *, headers: dict | None = None, **query: Any) -> TestResponse:
        return self.open("DELETE", path, body, query=query, headers=headers)

    def open(self, method: str, path: str, body: Any = None, *, query: dict | None = None,
             headers: dict | None = None, **options: Any) -> TestResponse:
        """Any request; `options` go to Werkzeug's test client. Every JSON answer is checked against the wire."""
        self.server.activate()
        if body is not None:
            options |= {"data": orjson.dumps(body), "content_type": "application/json"}
        if options.get("content_type") == "multipart/form-data" and isinstance(options.get("data"), dict):
            options["data"], options["content_type"] = encode_multipart_formdata(list(_form(options["data"])))
        # Read to the end, so that files of answers are closed; a test of streaming says buffered=False.
        options.setdefault("buffered", True)
        url = path if path.startswith("/.") or path == "/" else f"/api{path}"
        response = self.server.app.test_client(use_cookies=False).open(
            url, method=method, query_string={**self.query, **(query or {})} or None,
            headers={**self.headers, **(headers or {})}, **options)
        if response.is_json:
            for check in self.server.checks:
                check(response, method, url)
        return response

    def upload(self, content: bytes | None = None, name: str = "photo.jpg", *, headers: dict | None = None,
               **fields: Any) -> TestResponse:
        """`POST /assets` of one file; a small picture of its own by default."""
        form = {"fileCreatedAt": "2023-06-15T10:00:00.000Z", "fileModifiedAt": "2023-06-15T10:00:00.000Z",
                "filename": name, **fields,
                "assetData": (io.BytesIO(photo() if content is None else content), name)}
        return self.open("POST", "/assets", headers=headers, data=form, content_type="multipart/form-data")

    def asset(self, content: bytes | None = None, name: str = "photo.jpg", **fields: Any) -> str:
        """Upload, and the new asset's id."""
        response = self.upload(content, name, **fields)
        assert response.status_code == 201, response.text
        return response.json["id"]

    def api_key(self, *permissions: str) -> Caller:
        """The same account by an API key with these permissions."""
        secret = new_token()
        with self.server.context():
            ApiKey.create(user=self.id, name="test", key=digest(secret), permissions=list(permissions))
        return Caller(self.server, {"x-api-key": secret}, id=self.id, email=self.email)

    def partner(self, name: str = "partner") -> Caller:
        """A new user to whom this one shows his library. Takes the plugin `partners`."""
        partner = self.server.user(name)
        self._made(self.post("/partners", {"sharedWithId": partner.id}))
        return partner

    def album(self, *assets: str, **fields: Any) -> str:
        """A new album of these assets; its id. Takes the plugin `albums`."""
        return self._made(self.post("/albums", {"albumName": "Album", "assetIds": list(assets), **fields}))["id"]

    def member(self, album_id: str, role: str = "viewer", name: str = "member") -> Caller:
        """A new user who is a member of this one's album. Takes the plugin `albums`."""
        member = self.server.user(name)
        users = [{"userId": member.id, "role": role}]
        self._made(self.put(f"/albums/{album_id}/users", {"albumUsers": users}), 200)
        return member

    def link(self, *assets: str, **terms: Any) -> Caller:
        """Whoever has the address of a new shared link of this one's to these assets, or to `albumId`; `terms` are
        those of `POST /shared-links`. Takes the plugin `shared_links`."""
        what = {"type": "ALBUM"} if "albumId" in terms else {"type": "INDIVIDUAL", "assetIds": list(assets)}
        made = self._made(self.post("/shared-links", {**what, **terms}))
        return Caller(self.server, {}, query={"key": made["key"]})

    @staticmethod
    def _made(response: TestResponse, status: int = 201) -> Any:
        assert response.status_code == status, response.text
        return response.json

    def elevated(self) -> Caller:
        """The same account in a session whose PIN was given."""
        caller = self.server.session_of(self)
        with self.server.context():
            (Session.update(pin_expires_at=now() + timedelta(minutes=15))
             .where(Session.id == caller.session_id).execute())
        return caller


def _form(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A form as Werkzeug's test client takes it, for an encoder that writes empty parts as all others do."""
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, (one[1], one[0].read()) if isinstance(one, tuple) else str(one)
