"""Routes: one decorator says everything about an operation of the wire, and documents it in our OpenAPI description.

    bp = Blueprint("albums", __name__, url_prefix="/albums", tag="Albums")

    @bp.operation("PATCH", "/{id}", "updateAlbumInfo", permission=Permission.ALBUM_UPDATE,
                  body=UpdateAlbum, answer=AlbumResponse)
    def update_album(auth, id, body):
        return service.update(auth, id, body)

The function gets what it names: `auth` (the caller), the ids of the path, `query`, `body`. What it returns is written
as JSON with the operation's status; `(value, status)` overrides the status, a `Response` goes out as it is.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any

import flask_smorest
import orjson
from flask import Response, current_app, g, request
from marshmallow import Schema, ValidationError, fields, missing

from immich_flask.contracts.errors import BadRequest, PayloadTooLarge, ValidationFailed
from immich_flask.infra.db import without_connection
from immich_flask.infra.http.answers import json_response
from immich_flask.infra.http.schemas import QueryInteger, QueryNumber, UUIDv4, wire_errors
from immich_flask.infra.http.threads import SMALL_BODY

_PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call an operation. `permission`: what an API key must hold; `all` when the wire names none, None when
    any key will do. `login`: False for everybody. `shared_link`: open to links too. `admin`: administrators only.
    `database`: False for what is answered without one, even while it is away."""

    permission: str | None = "all"
    login: bool = True
    shared_link: bool = False
    admin: bool = False
    database: bool = True


class _Arguments:
    """Reads query and body; stands where flask-smorest would use webargs, and reports errors in the wire's shape."""

    DEFAULT_VALIDATION_STATUS = 400

    def use_args(self, schema: type[Schema], *, location: str) -> Callable:
        read, name = {"query": (_query, "query"), "json": (json_body, "body"), "form": (_form, "body")}[location]
        loader = schema()

        def decorator(view: Callable) -> Callable:
            @wraps(view)
            def with_arguments(**kwargs: Any) -> Any:
                try:
                    kwargs[name] = loader.load(read())
                except ValidationError as error:
                    raise ValidationFailed(wire_errors(error.messages)) from error
                return view(**kwargs)

            return with_arguments

        return decorator


def _query() -> Any:
    return request.args


def _form() -> Any:
    return request.form


def json_body() -> Any:
    """The parsed body of the current request; `marshmallow.missing` when there is none, or it is not JSON.

    Raises PayloadTooLarge, and BadRequest for what is malformed.
    """
    limit = current_app.config["MAX_BODY_BYTES"]
    if (request.content_length or 0) > limit:
        raise PayloadTooLarge()
    if request.mimetype != "application/json":
        return missing
    # What is longer may come slowly, also from somebody who is nobody yet.
    may_wait = (request.content_length or 0) > SMALL_BODY or "Transfer-Encoding" in request.headers
    with without_connection() if may_wait else nullcontext():
        data = request.stream.read(limit + 1)
    if len(data) > limit:
        raise PayloadTooLarge()
    if not data:
        return missing
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"Malformed JSON: {error}") from error


class Blueprint(flask_smorest.Blueprint):
    """Operations below `/api` + `url_prefix`. `tag` groups them in the OpenAPI description.

    `paths` is what they serve, with `{}` for any parameter, `operations` the same with the method in front;
    `permissions` is what they ask for, `owner` the plugin that registered them (empty: the core)."""

    ARGUMENTS_PARSER = _Arguments()

    def __init__(self, name: str, import_name: str, *, url_prefix: str = "", tag: str) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix)
        self.tag = tag
        self.owner = ""
        self.paths: set[str] = set()
        self.operations: set[tuple[str, str]] = set()
        self.permissions: set[str] = set()

    def operation(
        self, method: str, rule: str, operation_id: str, *,
        permission: str | None = "all", login: bool = True, admin: bool = False, shared_link: bool = False,
        database: bool = True, path: Mapping[str, fields.Field] | None = None,
        query: type[Schema] | None = None, body: type[Schema] | None = None, form: type[Schema] | None = None,
        answer: type[Schema] | Schema | dict | None = None, status: int = 200,
        also: tuple[int, ...] = (), content_type: str = "application/json", upload: type[Schema] | None = None,
        headers: Mapping[str, fields.Field] | None = None, twin: str | None = None,
    ) -> Callable:
        """Register a function for `method` on `rule` (`/{id}/assets`).

        permission, login, admin, shared_link, database: see `Access`.
        path: fields for path parameters that are no plain UUID of version 4. One with `slashes` in its metadata gets the
            rest of the path, for its pattern to refuse: a slash that was encoded is no other than a plain one here.
        query, body: schemas of what comes in; `body` is JSON. `form`: the same of an URL-encoded body. `upload`: schema
            of a multipart form, for documentation; the function reads it itself, as it does `headers`.
        answer: schema of what goes out, for documentation; `content_type` when it isn't JSON. `also`: other statuses of
            success, with the same answer.
        twin: another method on the same path, hidden from the description (`PATCH` beside a deprecated `PUT`).
        """
        names = _PARAMETER.findall(rule)
        parameters = {name: (path or {}).get(name) or UUIDv4(required=True) for name in names}
        access = Access(str(permission) if permission else None, login, shared_link, admin, database)

        def decorator(function: Callable) -> Callable:
            if inspect.iscoroutinefunction(function):
                raise TypeError(f"{operation_id} is a coroutine, which a WSGI server does not run: make it a plain function")
            wanted = inspect.signature(function).parameters.keys()

            @wraps(function)
            def view(**kwargs: Any) -> Any:
                if "auth" in wanted:
                    kwargs["auth"] = g.auth
                return function(**kwargs)

            # Innermost: of a bad body and a bad id, Immich names the body.
            view = _with_path(view, parameters)
            if body is not None:
                view = self.arguments(body, location="json")(view)
            if form is not None:
                view = self.arguments(form, location="form")(view)
            if query is not None:
                view = self.arguments(query, location="query")(view)
            view = _answered(view, status)
            # What flask-smorest wraps around it describes it; the calls go to it alone (`app`).
            view.access, view.served = access, view
            view = self._documented(view, operation_id, [
                *_path_doc(parameters), *_link_doc(access, query), *_header_doc(headers or {})], upload)
            for code in (status, *also):
                view = self._answering(view, code, answer, content_type)
            served = _PARAMETER.sub("{}", (self.url_prefix or "") + rule)
            self.paths.add(served)
            self.operations |= {(each, served) for each in (method, twin) if each}
            self.permissions |= {access.permission} - {None}
            flask_rule = _PARAMETER.sub(
                lambda found: f"<{'path:' if parameters[found[1]].metadata.get('slashes') else ''}{found[1]}>", rule)
            self.add_url_rule(flask_rule, operation_id, view, methods=[method], tags=[self.tag])
            if twin:
                self._hidden(flask_rule, f"{operation_id}_{twin.lower()}", view, twin)
            return function

        return decorator

    def _hidden(self, rule: str, endpoint: str, view: Callable, method: str) -> None:
        self.record(lambda state: state.add_url_rule(rule, endpoint, view, methods=[method]))

    def _documented(self, view: Callable, operation_id: str, parameters: list[dict],
                    upload: type[Schema] | None) -> Callable:
        described = self.doc(operationId=operation_id, **_security_doc(view.access))(view)
        # Where flask-smorest keeps what `arguments` was told; `doc` would replace the parameters of the query.
        documented = described._apidoc.setdefault("arguments", {}).setdefault("parameters", [])
        documented += parameters
        if upload is not None:
            documented.append({"in": "files", "required": True, "schema": upload, "content_type": "multipart/form-data"})
        return described

    def _answering(self, view: Callable, status: int, answer: Any, content_type: str) -> Callable:
        if answer is None and content_type != "application/json":
            answer = {"type": "string", "format": "binary"}
        return self.alt_response(status, schema=answer, content_type=content_type, success=True)(view)


def _empty() -> Response:
    response = Response(status=204)
    # Werkzeug's default would call the nothing HTML.
    del response.headers["Content-Type"]
    return response


def _security_doc(access: Access) -> dict:
    """What the credentials add to an operation's description, in the wire's words."""
    if not access.login:
        return {}
    doc: dict[str, Any] = {"security": [{"bearer": []}, {"cookie": []}, {"api_key": []}]}
    if access.permission:
        doc["x-immich-permission"] = access.permission
    if access.admin:
        doc["x-immich-admin-only"] = True
    return doc


def _path_doc(parameters: Mapping[str, fields.Field]) -> list[dict]:
    return [{"in": "path", "name": name, "required": True, "schema": _value_schema(field)}
            for name, field in parameters.items()]


def _link_doc(access: Access, query: type[Schema] | None) -> list[dict]:
    """The credentials of a shared link stand in the query."""
    described = query().fields if query else ()
    return [{"in": "query", "name": name, "required": False, "schema": {"type": "string"}}
            for name in ("key", "slug") if access.shared_link and name not in described]


def _header_doc(headers: Mapping[str, fields.Field]) -> list[dict]:
    return [{"in": "header", "name": name, "required": False, "schema": _value_schema(field)}
            for name, field in headers.items()]


def _value_schema(field: fields.Field) -> dict:
    if isinstance(field, UUIDv4):
        return {"type": "string", "format": "uuid"}
    if isinstance(field, fields.Enum):
        return {"type": "string", "enum": [member.value for member in field.enum]}
    if isinstance(field, QueryInteger):
        return {"type": "integer"}
    return {"type": "number" if isinstance(field, QueryNumber) else "string"}


def _with_path(view: Callable, parameters: Mapping[str, fields.Field]) -> Callable:
    """Give the view the parameters of the path as what they say. Raises ValidationFailed."""

    @wraps(view)
    def with_path(**kwargs: Any) -> Any:
        for name, field in parameters.items():
            try:
                kwargs[name] = field.deserialize(kwargs[name])
            except ValidationError as error:
                raise ValidationFailed(wire_errors({name: error.messages})) from error
        return view(**kwargs)

    return with_path


def _answered(view: Callable, status: int) -> Callable:
    """Make a response of what the view returns."""

    @wraps(view)
    def answered(**kwargs: Any) -> Response:
        value = view(**kwargs)
        if isinstance(value, Response):
            return value
        code = status
        if isinstance(value, tuple):
            value, code = value
        return _empty() if code == 204 else json_response(value, code)

    return answered
