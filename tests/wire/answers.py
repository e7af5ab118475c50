"""Hold our answers against the wire: the schema of the operation and status, or the one shape of errors."""

from __future__ import annotations

import gzip
import json
import math
from copy import deepcopy
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator
from werkzeug.test import TestResponse

from tests.wire.facts import FACTS, Operation, match

UUID_V4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

# Types of the sync stream's lines whose schema is not named Sync + type.
SYNC_SCHEMAS = {
    "PartnerAssetV2": "SyncAssetV2",
    "PartnerAssetBackfillV2": "SyncAssetV2",
    "AlbumAssetCreateV2": "SyncAssetV2",
    "AlbumAssetUpdateV2": "SyncAssetV2",
    "AlbumAssetBackfillV2": "SyncAssetV2",
    "PartnerAssetExifV1": "SyncAssetExifV1",
    "PartnerAssetExifBackfillV1": "SyncAssetExifV1",
    "AlbumAssetExifCreateV1": "SyncAssetExifV1",
    "AlbumAssetExifUpdateV1": "SyncAssetExifV1",
    "AlbumAssetExifBackfillV1": "SyncAssetExifV1",
    "PartnerAssetDeleteV1": "SyncAssetDeleteV1",
    "PartnerStackV1": "SyncStackV1",
    "PartnerStackBackfillV1": "SyncStackV1",
    "PartnerStackDeleteV1": "SyncStackDeleteV1",
    "AlbumUserBackfillV1": "SyncAlbumUserV1",
    "AlbumToAssetBackfillV1": "SyncAlbumToAssetV1",
    "MemoryToAssetV1": "SyncMemoryAssetV1",
    "MemoryToAssetDeleteV1": "SyncMemoryAssetDeleteV1",
}

# Where the real server does not keep to its own description.
ALSO_ANSWERS = {
    # A second like of the same thing is the first one.
    "createActivity": {200: {"$ref": "#/components/schemas/ActivityResponseDto"}},
    # `includeNull` appends null.
    "getSearchSuggestions": {200: {"type": "array", "items": {"type": "string", "nullable": True}}},
}
# What is left of an asset that a link without metadata shows.
REDUCED_ASSET = ["id", "type", "thumbhash", "localDateTime", "duration", "width", "height", "hasMetadata"]

ERROR = {
    "type": "object",
    "required": ["message"],
    "additionalProperties": False,
    "properties": {
        "message": {"type": "string", "minLength": 1},
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["code", "path", "message"],
                "properties": {
                    "code": {"type": "string"},
                    "path": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "message": {"type": "string", "minLength": 1},
                },
            },
        },
    },
}

MOST_LINES = 20


def check_answer(
    method: str, path: str, status: int, content_type: str, body: bytes, *, strict_extra: bool = False
) -> list[str]:
    """What an official client could stumble over in an answer; `[]` if nothing.

    `path` is that of the URL; answers to HEAD, or to what is not below `/api`, are not looked at. `strict_extra` also
    reports fields that the wire does not know.
    """
    if method == "HEAD" or not path.startswith("/api/") or path.startswith("/api/socket.io"):
        return []
    if status >= 400:
        return _check_error(status, content_type, body)
    operation = match(method, path)
    if operation is None or 300 <= status < 400:
        return []
    if status == 206 and 200 in operation.statuses and _schema_of(operation, 200) is None:
        return []
    if status not in (*operation.statuses, *ALSO_ANSWERS.get(operation.id, ())):
        return [f"{operation} answers {operation.statuses}, not {status}"]
    if operation.path == "/sync/stream":
        return _check_lines(body, strict_extra)
    if status == 204:
        return ["204 has no body"] if body else []
    if _schema_of(operation, status) is None:
        return []
    if _media(content_type) != "application/json":
        return [f"{operation} answers application/json, not {content_type or 'nothing'}"]
    return _check_json(_validator(operation, status, strict_extra), body)


def assert_wire(response: TestResponse, method: str, path: str, *, strict_extra: bool = False) -> None:
    """AssertionError with a line per difference, if the answer is not what the wire knows.

    The body is read only where there is something to hold it against, so that downloads stay unread.
    """
    operation = match(method, path)
    read = response.status_code >= 400 or _media(response.content_type) in (
        "application/json",
        "application/jsonlines+json",
    )
    body = response.get_data() if read or response.status_code == 204 else b""
    if response.content_encoding == "gzip" and body:
        body = gzip.decompress(body)
    lines = check_answer(
        method, path, response.status_code, response.content_type or "", body, strict_extra=strict_extra
    )
    if lines:
        raise AssertionError(
            "\n  ".join([f"{method} {path} ({operation.id if operation else '-'}), {response.status}:", *lines])
        )


def _check_error(status: int, content_type: str, body: bytes) -> list[str]:
    if status == 500:
        return [f"500: {body[:200].decode(errors='replace')}"]
    # The stream of sync keeps its type when it refuses.
    if _media(content_type) not in ("application/json", "application/jsonlines+json"):
        return [f"an error is application/json, not {content_type or 'nothing'}"]
    return _check_json(_error_validator(), body)


def _check_lines(body: bytes, strict_extra: bool) -> list[str]:
    if body and not body.endswith(b"\n"):
        return ["the last line of the stream does not end"]
    lines = []
    for number, line in enumerate(body.splitlines(), 1):
        try:
            value = _parse(line)
            validator = sync_validator(value["type"], strict_extra)
        except (ValueError, KeyError, TypeError) as error:
            lines.append(f"line {number}: {error!r} in {line[:200]!r}")
            continue
        lines += [f"line {number} ({value['type']}): {text}" for text in _differences(validator, value)]
    return lines[:MOST_LINES]


def _check_json(validator: Draft202012Validator, body: bytes) -> list[str]:
    try:
        value = _parse(body)
    except ValueError as error:
        return [f"not JSON: {error}: {body[:200]!r}"]
    return _differences(validator, value)


def _differences(validator: Draft202012Validator, value: Any) -> list[str]:
    if validator.is_valid(value):
        return []
    lines = []
    for error in validator.iter_errors(value):
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        lines.append(f"{where.removeprefix('.') or 'answer'}: {error.message[:300]}")
        if len(lines) == MOST_LINES:
            break
    return lines


def _parse(body: bytes) -> Any:
    return json.loads(body, parse_float=_float, parse_constant=_constant)


def _float(text: str) -> float:
    """`5.0` is no integer to the clients' parsers, but it is one to JSON Schema: nudge it off the whole number."""
    value = float(text)
    return math.nextafter(value, math.inf) if value.is_integer() else value


def _constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _media(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip()


def _schema_of(operation: Operation, status: int) -> dict | None:
    """The schema of a JSON answer; None where the wire has none."""
    if schema := ALSO_ANSWERS.get(operation.id, {}).get(status):
        return schema
    content = operation.spec["responses"][str(status)].get("content", {})
    return content["application/json"]["schema"] if "application/json" in content else None


@cache
def _schemas() -> dict[str, dict]:
    """The schemas of the facts, loosened where the real server departs from them."""
    schemas = deepcopy(FACTS["components"]["schemas"])
    # The album of a link has no users.
    del schemas["AlbumResponseDto"]["properties"]["albumUsers"]["minItems"]
    # An invitation carries JSON as text.
    del schemas["NotificationDto"]["properties"]["data"]["type"]
    # What has just been rejected says so in the answer to that.
    schemas["ExifResponseDto"]["properties"]["rating"]["minimum"] = -1
    schemas["TimeBucketAssetResponseDto"]["properties"]["status"] = {"type": "array", "items": {"type": "string"}}
    # A report is asked for by ids of version 7 alone.
    report = schemas["IntegrityReportResponseDto"]["properties"]["items"]["items"]["properties"]["id"]
    report["pattern"] = UUID_V4.replace("-4[", "-7[")
    asset = schemas["AssetResponseDto"]
    asset["if"] = {"properties": {"hasMetadata": {"const": False}}, "required": ["hasMetadata"]}
    asset["then"] = {"required": REDUCED_ASSET}
    asset["else"] = {"required": asset.pop("required")}
    return schemas


@cache
def _validator(operation: Operation, status: int, strict: bool) -> Draft202012Validator:
    return _compiled(_schema_of(operation, status), strict)


@cache
def sync_validator(kind: str, strict: bool) -> Draft202012Validator:
    name = SYNC_SCHEMAS.get(kind, f"Sync{kind}" if not kind.startswith("Sync") else kind)
    if name not in FACTS["components"]["schemas"] or kind not in _entity_types():
        raise ValueError(f"unknown type {kind}")
    line = {
        "type": "object",
        "required": ["type", "data", "ack"],
        "properties": {"type": {"type": "string"}, "ack": {"type": "string"}, "data": _reference(name)},
    }
    return _compiled(line, strict)


@cache
def _error_validator() -> Draft202012Validator:
    return Draft202012Validator(ERROR)


def _entity_types() -> list[str]:
    return FACTS["components"]["schemas"]["SyncEntityType"]["enum"]


def _reference(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def _compiled(schema: dict, strict: bool) -> Draft202012Validator:
    definitions: dict[str, dict] = {}
    root = _json_schema(schema, strict, definitions)
    return Draft202012Validator({**root, "$defs": definitions}, validate_formats=True)


def _json_schema(schema: dict, strict: bool, definitions: dict[str, dict]) -> dict:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12; what it refers to is added to `definitions`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = _json_schema(_schemas()[name], strict, definitions)
        return {"$ref": f"#/$defs/{name}"}
    wanted = {word: schema[word] for word in schema.keys() - {"nullable", "format", "$ref"}}
    for word in ("allOf", "anyOf"):
        if word in wanted:
            wanted[word] = [_json_schema(each, strict, definitions) for each in wanted[word]]
    if "items" in wanted:
        wanted["items"] = _json_schema(wanted["items"], strict, definitions)
    if "properties" in wanted:
        properties = wanted["properties"].items()
        wanted["properties"] = {name: _json_schema(each, strict, definitions) for name, each in properties}
        if strict:
            wanted.setdefault("additionalProperties", False)
    if schema.get("format") in ("date-time", "date"):
        wanted["format"] = schema["format"]
    elif schema.get("format") == "uuid":
        wanted.setdefault("pattern", UUID_V4)
    if not schema.get("nullable"):
        return wanted
    if "allOf" in wanted:
        return {"anyOf": [*wanted["allOf"], {"type": "null"}]}
    if "enum" in wanted:
        wanted["enum"] = [*wanted["enum"], None]
    return {**wanted, "type": [wanted["type"], "null"]}
