"""Values for a schema of our OpenAPI description: right ones, with ids of what is there, and wrong ones."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable
from typing import Any

IdSource = Callable[[str], str | None]
"""An id for what a parameter or field of this name means ("albumId"), or None: then any."""

TEXTS = ("x", "Summer", "Zoë & Jürgen", "家族", "a b", "#fa8231", "%_", "a/b", "IMG_0001.jpg", "1.2.3", "**/*.tif", "")

HOSTILE = (
    "\0", "a\0b", "\r\nSet-Cookie: a=b", "' OR 1=1 --", '"; DROP TABLE asset; --', "../../etc/passwd", "..\\..\\x",
    "%00", "${7*7}", "{{7*7}}", "<svg onload=alert(1)>", "x" * 5000, "\u202e", "\ufeff", "🏔" * 300, "٣", "-", "/", "//",
    "\x7f", "NaN", "1e999", "0x10", "true", "null", "undefined", "[]", "{}", "Bearer x", "a" * 64,
)

GARBAGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 2**31, 2**53, 2**63, -(2**63), 1e308, [], [None], [[]], {}, {"": {}},
    [{}], [0] * 300, *HOSTILE)

INSTANTS = ("2023-06-15T10:00:00.000Z", "1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z", "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999Z", "2023-06-15T10:00:00+14:00")

PASSWORD = "Sesame-Open-1"

BY_NAME: dict[str, tuple[Any, ...]] = {
    "password": (PASSWORD,), "newPassword": (PASSWORD,), "pinCode": ("123456",), "newPinCode": ("123456",),
    "color": ("#fa8231", "#000"), "timeZone": ("Europe/Berlin", "UTC+2"), "key": ("mobile-app",),
    "latitude": (52.5, -90, 0), "longitude": (13.4, 180, 0), "lat": (52.5, 0), "lon": (13.4, 0),
    "timeBucket": ("2023-06-01", "2023-06-15"), "page": (1, 2), "size": (1, 20), "rating": (1, 5, None),
}


class Values:
    """Reproducible: the same seed, schemas and ids give the same values."""

    def __init__(self, rnd: random.Random, components: dict) -> None:
        self.rnd, self.schemas = rnd, components.get("schemas", {})

    def right(self, schema: dict, name: str, ids: IdSource, depth: int = 0) -> Any:
        """A value that the schema allows; optional fields are there or not."""
        schema = self._resolved(schema)
        if "enum" in schema:
            return self.rnd.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "array":
            few = self.rnd.choice((0, 1, 1, 2, 3)) if depth < 4 else 0
            item, single = schema.get("items", {}), re.sub(r"s$", "", name)
            return [self.right(item, single, ids, depth + 1) for _ in range(max(few, schema.get("minItems", 0)))]
        if kind == "object" or "properties" in schema:
            return self._object(schema, ids, depth)
        if schema.get("nullable") and self.rnd.random() < 0.1:
            return None
        if name in BY_NAME and schema.get("format") != "uuid":
            return self.rnd.choice(BY_NAME[name])
        if kind == "boolean":
            return self.rnd.random() < 0.5
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", 0), schema.get("maximum", 1000)
            value = self.rnd.choice((low, min(low + 1, high), high, self.rnd.uniform(low, high)))
            return int(value) if kind == "integer" else value
        return self._text(schema, name, ids)

    def spoilt(self, value: Any) -> Any:
        """The value with something in it replaced, added or taken away."""
        if isinstance(value, dict) and value and self.rnd.random() < 0.9:
            key = self.rnd.choice(list(value))
            changed = dict(value)
            how = self.rnd.random()
            if how < 0.15:
                del changed[key]
            elif how < 0.25:
                changed[self.rnd.choice(HOSTILE)] = self.rnd.choice(GARBAGE)
            else:
                changed[key] = self.spoilt(value[key])
            return changed
        if isinstance(value, list) and value and self.rnd.random() < 0.7:
            index = self.rnd.randrange(len(value))
            return [*value[:index], self.spoilt(value[index]), *value[index:]]
        return self.rnd.choice(GARBAGE)

    def query_text(self, value: Any) -> Any:
        """The value as it stands in an address."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list):
            return [self.query_text(each) for each in value]
        return "" if value is None else str(value)

    def _object(self, schema: dict, ids: IdSource, depth: int) -> dict:
        if depth > 5:
            return {}
        required = schema.get("required", ())
        often = self.rnd.choice((0.1, 0.3, 0.9))
        made = {name: self.right(each, name, ids, depth + 1) for name, each in schema.get("properties", {}).items()
                if not each.get("readOnly") and (name in required or self.rnd.random() < often)}
        if not schema.get("properties"):
            made |= {"iCloudId": "x", "year": 2020}
        return made

    def _text(self, schema: dict, name: str, ids: IdSource) -> str:
        form = schema.get("format")
        if form == "uuid":
            return ids(name) or str(uuid.UUID(int=self.rnd.getrandbits(128), version=4))
        if form == "date-time":
            return self.rnd.choice(INSTANTS)
        if form == "date":
            return self.rnd.choice(INSTANTS)[:10]
        if form == "email" or name == "email":
            return f"fuzz-{self.rnd.randrange(10**9)}@test.example"
        text = self.rnd.choice(TEXTS) or ("x" if schema.get("minLength") else "")
        return ids(name) or text if name.endswith("Id") or name.endswith("Ids") or name == "id" else text

    def _resolved(self, schema: dict) -> dict:
        while True:
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"].rpartition("/")[2]]
            elif choice := next((schema[key] for key in ("allOf", "anyOf", "oneOf") if key in schema), None):
                schema = {**{key: value for key, value in schema.items() if key not in ("allOf", "anyOf", "oneOf")},
                          **self._resolved(self.rnd.choice(choice))}
            else:
                return schema
