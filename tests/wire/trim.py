"""Extract from Immich's published OpenAPI description the facts that the tests need.

    python tests/wire/trim.py SPEC > tests/wire/immich-3.1.0.json

What stays is what can be held against an answer or against our own description: paths, operations and who may call
them, parameters, bodies, statuses and the structure of the schemas. Prose, examples, history and what restates a format go.
"""

from __future__ import annotations

import json
import sys
from typing import Any

SCHEMA_WORDS = (
    "$ref", "type", "format", "pattern", "enum", "nullable", "properties", "required", "items", "additionalProperties",
    "allOf", "anyOf", "minItems", "maxItems", "minLength", "minimum", "maximum", "exclusiveMinimum",
)
ACCESS_WORDS = ("security", "x-immich-permission", "x-immich-admin-only")
METHODS = ("get", "post", "put", "patch", "delete")


def trim(document: dict) -> dict:
    """The facts of an OpenAPI 3.0 document, in the same layout."""
    return {
        "openapi": document["openapi"],
        "info": {"title": document["info"]["title"], "version": document["info"]["version"]},
        "paths": {
            path: {method: _operation(operations[method]) for method in METHODS if method in operations}
            for path, operations in sorted(document["paths"].items())
        },
        "components": {
            "schemas": {name: _schema(schema) for name, schema in sorted(document["components"]["schemas"].items())}
        },
    }


def _operation(operation: dict) -> dict:
    facts = {"operationId": operation["operationId"], "tags": operation["tags"]}
    facts |= {word: operation[word] for word in ACCESS_WORDS if operation.get(word)}
    if operation.get("parameters"):
        facts["parameters"] = [
            {"name": each["name"], "in": each["in"], "required": each["required"], "schema": _schema(each["schema"])}
            for each in operation["parameters"]
        ]
    if body := operation.get("requestBody"):
        facts["requestBody"] = {"required": body.get("required", False), "content": _content(body["content"])}
    facts["responses"] = {
        status: {"content": _content(answer["content"])} if "content" in answer else {}
        for status, answer in operation["responses"].items()
    }
    return facts


def _content(content: dict) -> dict:
    return {media: {"schema": _schema(each["schema"])} for media, each in content.items()}


def _schema(schema: Any) -> dict:
    facts = {word: schema[word] for word in SCHEMA_WORDS if word in schema}
    # The pattern of an id of version 4 goes, that of a version 7 stays.
    if facts.get("format") in ("date-time", "date", "uuid") and "-7[" not in facts.get("pattern", ""):
        facts.pop("pattern", None)
    for word in ("items", "additionalProperties"):
        if isinstance(facts.get(word), dict):
            facts[word] = _schema(facts[word])
    for word in ("allOf", "anyOf"):
        if word in facts:
            facts[word] = [_schema(each) for each in facts[word]]
    if "properties" in facts:
        facts["properties"] = {name: _schema(each) for name, each in facts["properties"].items()}
    return facts


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as spec:
        print(json.dumps(trim(json.load(spec)), ensure_ascii=False, separators=(",", ":")))
