"""Hold our generated OpenAPI description (3.0 or 3.1) against the wire."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tests.wire.facts import FACTS, METHODS, TWINS, Operation, operations


def compare_specs(ours: dict, extensions: Collection[str] = ()) -> list[str]:
    """A readable line per difference between the operations of `ours` and those of the wire.

    Compared: operation id, parameters (name, place, required, type), request bodies (media types, properties, required,
    type, enum, null), success statuses, and the fields that a JSON answer must have (type, enum), all the way down.
    What our answers have beyond the wire's is no difference. `extensions`: `"METHOD /path"` of operations that are ours
    alone.
    """
    known = {(each.method, _shape(each.path)): each for each in operations()}
    lines = []
    for method, path, operation in _described(ours):
        name = f"{method} {path}"
        if name in extensions:
            continue
        wanted = known.get(("PUT" if method == "PATCH" and path in TWINS else method, _shape(path)))
        wanted = known.get((method, _shape(path)), wanted)
        if wanted is None:
            lines.append(f"{name}: unknown to the wire")
        else:
            lines += [f"{name}: {text}" for text in _Comparison(wanted, ours, operation).lines()]
    return lines


def missing_operations(ours: dict) -> list[str]:
    """The operations of the wire that `ours` does not describe, as `"METHOD /path"`."""
    have = {(method, _shape(path)) for method, path, _ in _described(ours)}
    return [str(each) for each in operations() if (each.method, _shape(each.path)) not in have]


def _described(document: dict) -> Iterator[tuple[str, str, dict]]:
    """Method, path without `/api`, and Operation Object with the parameters of its path."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                yield method.upper(), re.sub("^/api(?=/)", "", path), {**item[method], "parameters": parameters}


def _shape(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


@dataclass
class _Comparison:
    """One operation of ours against that of the wire."""

    wire: Operation
    document: dict
    operation: dict

    def lines(self) -> Iterator[str]:
        if self.operation.get("operationId") != self.wire.id:
            yield f"operationId is {self.operation.get('operationId')}, not {self.wire.id}"
        yield from self._parameters()
        yield from self._body()
        yield from self._responses()

    def _parameters(self) -> Iterator[str]:
        theirs = {(each["in"], each["name"]): each for each in self.wire.spec.get("parameters", [])}
        ours = {(each["in"], each["name"]): each for each in map(self._parameter, self.operation["parameters"])}
        for key, wanted in theirs.items():
            label = f"{key[0]} parameter {key[1]}"
            if key not in ours:
                yield f"{label} is missing"
                continue
            if wanted["required"] != ours[key].get("required", False):
                yield f"{label} is {'required' if wanted['required'] else 'optional'} on the wire"
            yield from self._kind(
                label, _flat(wanted["schema"], FACTS), _flat(ours[key].get("schema", {}), self.document), asking=True
            )
        for key in ours.keys() - theirs.keys():
            yield f"{key[0]} parameter {key[1]} is unknown to the wire"

    def _parameter(self, parameter: dict) -> dict:
        if "$ref" in parameter:
            return self.document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        return parameter

    def _body(self) -> Iterator[str]:
        theirs = self.wire.spec.get("requestBody", {}).get("content", {})
        ours = self.operation.get("requestBody", {}).get("content", {})
        for media in theirs.keys() - ours.keys():
            yield f"request body {media} is missing"
        for media in ours.keys() - theirs.keys():
            yield f"request body {media} is unknown to the wire"
        for media in theirs.keys() & ours.keys():
            yield from self._schema("request", theirs[media]["schema"], ours[media].get("schema", {}), asking=True)

    def _responses(self) -> Iterator[str]:
        theirs = {int(status): each for status, each in self.wire.spec["responses"].items() if status < "300"}
        answers = self.operation.get("responses", {})
        ours = {int(status): each for status, each in answers.items() if str(status).isdigit() and int(status) < 300}
        if theirs.keys() != ours.keys():
            yield f"answers {sorted(ours)}, not {sorted(theirs)}"
        for status in theirs.keys() & ours.keys():
            wanted = theirs[status].get("content", {}).get("application/json")
            got = self._response(ours[status]).get("content", {}).get("application/json")
            if wanted and got:
                yield from self._schema(f"answer {status}", wanted["schema"], got.get("schema", {}), asking=False)
            elif wanted:
                yield f"answer {status} is not described"
            elif got:
                yield f"answer {status} is described, but has no JSON on the wire"

    def _response(self, response: dict) -> dict:
        if "$ref" in response:
            return self.document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        return response

    def _schema(
        self, label: str, theirs: dict, ours: dict, *, asking: bool, above: tuple[str, ...] = ()
    ) -> Iterator[str]:
        """`asking`: of a request, where both sides must agree; else of an answer, where ours may hold more."""
        wanted, got = _flat(theirs, FACTS), _flat(ours, self.document)
        name = theirs.get("$ref", "")
        if "anyOf" in wanted or "anyOf" in got or name in above:
            return
        above = (*above, name) if name else above
        yield from self._kind(label, wanted, got, asking=asking)
        if "items" in wanted:
            yield from self._schema(f"{label}[]", wanted["items"], got.get("items", {}), asking=asking, above=above)
        for key, schema in wanted.get("properties", {}).items():
            must = key in wanted.get("required", ())
            if key not in got.get("properties", {}):
                if must or asking:
                    yield f"{label}.{key} is missing"
                continue
            stated = key in got.get("required", ())
            if must and not stated or asking and stated and not must:
                yield f"{label}.{key} is {'required' if must else 'optional'} on the wire"
            yield from self._schema(f"{label}.{key}", schema, got["properties"][key], asking=asking, above=above)
        if asking and "properties" in wanted:
            for key in got.get("properties", {}).keys() - wanted["properties"].keys():
                yield f"{label}.{key} is unknown to the wire"

    def _kind(self, label: str, wanted: dict, got: dict, *, asking: bool) -> Iterator[str]:
        kinds = wanted.get("type"), got.get("type")
        if None not in kinds and kinds[0] != kinds[1] and (asking or kinds != ("number", "integer")):
            yield f"{label} is {kinds[1]}, not {kinds[0]}"
        if asking and None not in kinds and wanted.get("nullable", False) != got.get("nullable", False):
            yield f"{label} may {'' if wanted.get('nullable') else 'not '}be null on the wire"
        if "enum" in wanted and "enum" in got:
            theirs, ours = set(wanted["enum"]), set(got["enum"])
            if ours - theirs:
                yield f"{label}: {sorted(ours - theirs)} unknown to the wire"
            if asking and theirs - ours:
                yield f"{label}: {sorted(theirs - ours)} missing"


def _flat(schema: dict, document: dict) -> dict:
    """`schema` with references and compositions resolved, one level deep, and null told by `nullable`.

    `anyOf` stays only where there are several kinds of values.
    """
    flat = {word: value for word, value in schema.items() if word not in ("$ref", "allOf", "anyOf", "oneOf")}
    if isinstance(flat.get("type"), list):
        kinds = [kind for kind in flat["type"] if kind != "null"]
        flat["nullable"] = len(kinds) < len(flat["type"])
        flat["type"] = kinds[0] if len(kinds) == 1 else None
    if None in flat.get("enum", ()):
        flat["enum"] = [value for value in flat["enum"] if value is not None]
    parts = [*schema.get("allOf", [])]
    if "$ref" in schema:
        parts.append(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    choices = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    values = [each for each in choices if not _is_null(each)]
    if len(values) < len(choices):
        flat["nullable"] = True
    if len(values) == 1:
        parts += values
    elif values:
        flat["anyOf"] = values
    for part in (_flat(each, document) for each in parts):
        flat = {
            **part,
            **flat,
            "properties": {**part.get("properties", {}), **flat.get("properties", {})},
            "required": [*part.get("required", []), *flat.get("required", [])],
        }
    return flat


def _is_null(schema: dict) -> bool:
    """Null as 3.1 writes it, or as apispec writes it for 3.0."""
    return schema in ({"type": "null"}, {"type": "object", "nullable": True})
