"""The OpenAPI description of the API, built when somebody first asks for it, and a page to browse it by.

`/api/openapi.json` describes what this server really serves: the operations of the core and of the enabled plugins.
`/api/docs` is Swagger UI from an installed package; nothing is loaded from elsewhere.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from importlib.util import find_spec
from itertools import chain, count
from pathlib import Path
from threading import Lock
from typing import Any

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import make_schema_key, resolve_schema_instance
from flask import Flask, Response, send_from_directory
from marshmallow import INCLUDE, Schema, fields
from werkzeug.exceptions import NotFound

from immich_flask import WIRE_VERSION
from immich_flask.core.auth.authenticate import ACCESS_COOKIE
from immich_flask.infra.http.answers import json_bytes, json_response
from immich_flask.infra.http.blueprint import Blueprint

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The access token that a login answers with."},
    "cookie": {"type": "apiKey", "in": "cookie", "name": ACCESS_COOKIE},
    "api_key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}

SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")

DOCS_POLICY = ("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
               "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")

DOCS_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Immich API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
"""

DOCS_SCRIPT = """SwaggerUIBundle({
  url: new URL("openapi.json", document.baseURI).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
});
"""


class Issue(Schema):
    """One bad value of a request, as Immich's validator reports it; most codes come with more (`expected`, `format`)."""

    class Meta:
        unknown = INCLUDE

    code = fields.String(required=True)
    path = fields.List(fields.Raw(), required=True)
    message = fields.String(required=True)


class Error(Schema):
    """The one shape of all errors; `errors` only when the validation failed."""

    message = fields.String(required=True)
    errors = fields.List(fields.Nested(Issue))


class Api(flask_smorest.Api):
    """flask-smorest, except that it describes when asked, and leaves errors to `infra.http.errors`."""

    ERROR_SCHEMA = Error

    def __init__(self, app: Flask) -> None:
        self._blueprints: list[Blueprint] = []
        self._lock = Lock()
        self._document: bytes | None = None
        app.config.update(API_TITLE="Immich", API_VERSION=".".join(map(str, WIRE_VERSION)), OPENAPI_VERSION="3.0.3",
                          OPENAPI_URL_PREFIX=None)
        super().__init__(app, spec_kwargs={
            "info": {"description": "The API of this photo server, in the words of Immich's."},
            "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=partial(_schema_name, {})),
        })
        app.add_url_rule("/api/openapi.json", "openapi_json", self._openapi_json)
        app.add_url_rule("/api/docs", "api_docs", _docs_page)
        app.add_url_rule("/api/docs/<path:name>", "api_docs_file", _docs_file)

    def register_blueprint(self, blueprint: Blueprint, *, parameters: Any = None, **options: Any) -> None:
        """Serve the blueprint below `/api`; it is described later."""
        self._app.register_blueprint(blueprint, url_prefix="/api" + (blueprint.url_prefix or ""), **options)
        self._blueprints.append(blueprint)

    def document(self) -> bytes:
        """The description as JSON. The first call takes a moment."""
        with self._lock:
            if self._document is None:
                self._document = json_bytes(self._describe())
            return self._document

    def _describe(self) -> dict:
        for name, scheme in SECURITY.items():
            self.spec.components.security_scheme(name, scheme)
        tags: dict[str, str] = {}
        for blueprint in self._blueprints:
            package = sys.modules[blueprint.import_name.rpartition(".")[0]]
            tags.setdefault(blueprint.tag, (package.__doc__ or "").strip().partition("\n")[0])
            blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
        for tag, description in sorted(tags.items()):
            self.spec.tag({"name": tag, "description": description})
        document = self.spec.to_dict()
        for path in document["paths"].values():
            for method in path.keys() - {"parameters"}:
                path[method].setdefault("summary", _in_words(path[method]["operationId"]))
        return document

    def _openapi_json(self) -> Response:
        return json_response(self.document())

    def _register_error_handlers(self) -> None:
        """Ours are the only ones."""

    def _register_etag_headers(self) -> None:
        """Every answer has an ETag; it is no part of an operation."""

    def _register_pagination_header(self) -> None:
        """The wire's pages are in its bodies."""


def _schema_name(taken: dict[str, Any], schema: Any) -> str:
    """The class's name; with its plugin's in front where another plugin has a class of this name already, and with a
    number where a class is used in several shapes."""
    instance = resolve_schema_instance(schema)
    key, name = make_schema_key(instance), type(instance).__name__
    owner = type(instance).__module__.split(".")[-2:][0].title().replace("_", "")
    candidates = chain([name, owner + name], (f"{name}{number}" for number in count(2)))
    return next(candidate for candidate in candidates if taken.setdefault(candidate, key) == key)


def _in_words(operation_id: str) -> str:
    """`getServerConfig`: Get server config"""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: " " + match[0].lower(), operation_id).capitalize()


def _docs_page() -> Response:
    return _static(Response(DOCS_PAGE, mimetype="text/html"))


def _docs_file(name: str) -> Response:
    if name == "start.js":
        return _static(Response(DOCS_SCRIPT, mimetype="text/javascript"))
    package = find_spec("flask_swagger_ui")
    if name not in SWAGGER_FILES or package is None:
        raise NotFound()
    return _static(send_from_directory(Path(package.origin).parent / "dist", name, max_age=86400))


def _static(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response
