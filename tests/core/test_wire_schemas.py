from __future__ import annotations

import warnings
from datetime import UTC, datetime
from enum import StrEnum

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import ValidationError, fields, missing, validates_schema
from werkzeug.datastructures import ImmutableMultiDict

from immich_flask.infra.http.schemas import (
    Checksum,
    Date,
    DateTime,
    Email,
    Enum,
    Issue,
    List,
    Nested,
    QueryBool,
    QueryInteger,
    QueryList,
    Record,
    Schema,
    StrictBool,
    StrictInteger,
    StrictNumber,
    StrictStr,
    UUIDv4,
    wire_errors,
)

ID = "3fe388e4-2078-44d7-b36c-39d9dee3a657"


class Role(StrEnum):
    EDITOR = "editor"
    VIEWER = "viewer"


class Member(Schema):
    userId = UUIDv4(required=True)
    role = Enum(Role, required=True)


class Album(Schema):
    albumName = StrictStr(required=True)
    description = StrictStr()
    assetIds = List(UUIDv4())
    albumUsers = List(Nested(Member), min_length=1)
    data = Record()

    @validates_schema
    def described(self, data, **kwargs):
        if data["albumName"] == data.get("description"):
            raise ValidationError(Issue("description repeats the name"))


def refused(field: fields.Field, value: object) -> dict:
    """The one issue that `field` has with `value`."""
    with pytest.raises(ValidationError) as error:
        field.deserialize(value)
    [issue] = wire_errors(error.value.messages)
    assert issue["path"] == []
    return issue


def paths(schema: Schema, data: object) -> list[list]:
    with pytest.raises(ValidationError) as error:
        schema.load(data)
    return [issue["path"] for issue in wire_errors(error.value.messages)]


class TestSchema:
    def test_unknown_fields_are_dropped_and_absent_ones_stay_absent(self):
        assert Album().load({"albumName": "A", "secret": 1}) == {"albumName": "A"}

    def test_issues_come_in_the_order_of_the_schema_whatever_the_order_of_the_data(self):
        data = {"data": 1, "albumUsers": [{"role": "boss"}], "assetIds": [ID, "x", 5]}
        assert paths(Album(), data) == [
            ["albumName"],
            ["assetIds", 1],
            ["assetIds", 2],
            ["albumUsers", 0, "userId"],
            ["albumUsers", 0, "role"],
            ["data"],
        ]

    def test_a_rule_over_several_fields_has_no_path_and_waits_for_good_fields(self):
        assert paths(Album(), {"albumName": "A", "description": "A"}) == [[]]
        assert paths(Album(), {"albumName": "A", "description": 5}) == [["description"]]

    @pytest.mark.parametrize(("body", "kind"), [(missing, "undefined"), (None, "null"), ([], "array"), ("x", "string")])
    def test_what_is_no_object_is_refused_as_a_whole(self, body, kind):
        with pytest.raises(ValidationError) as error:
            Album().load(body)
        assert wire_errors(error.value.messages) == [
            {
                "code": "invalid_type",
                "expected": "object",
                "path": [],
                "message": f"Invalid input: expected object, received {kind}",
            }
        ]

    def test_the_same_within_a_list(self):
        assert paths(Album(), {"albumName": "A", "albumUsers": [5]}) == [["albumUsers", 0]]

    def test_null_is_not_absent(self):
        assert paths(Album(), {"albumName": None, "description": None}) == [["albumName"], ["description"]]
        nullable = Schema.from_dict({"color": StrictStr(required=True, allow_none=True)})()
        assert nullable.load({"color": None}) == {"color": None}
        assert paths(nullable, {}) == [["color"]]

    def test_a_query_key_given_twice_is_no_single_value(self):
        query = Schema.from_dict({"albumId": UUIDv4(), "isFavorite": QueryBool(load_default=False)})()
        assert query.load(ImmutableMultiDict([("albumId", ID)])) == {"albumId": ID, "isFavorite": False}
        assert paths(query, ImmutableMultiDict([("albumId", ID), ("albumId", ID)])) == [["albumId"]]

    def test_issues_without_a_code_are_custom(self):
        assert wire_errors({"a": ["no good"]}) == [{"code": "custom", "path": ["a"], "message": "no good"}]
        assert wire_errors("no good") == [{"code": "custom", "path": [], "message": "no good"}]


class TestLists:
    def test_a_short_list_of_bad_items_has_both_issues(self):
        field = List(UUIDv4(), min_length=2)
        assert field.deserialize([ID, ID]) == [ID, ID]
        assert refused(field, [ID])["message"] == "Too small: expected array to have >=2 items"
        with pytest.raises(ValidationError) as error:
            field.deserialize(["x"])
        issues = wire_errors(error.value.messages)
        assert [(issue["path"], issue["code"]) for issue in issues] == [([0], "invalid_format"), ([], "too_small")]

    def test_takes_arrays_only(self):
        for value in ("x", {"0": "x"}, None, {1}):
            assert refused(List(StrictStr()), value)["code"] == "invalid_type"
        assert refused(List(StrictStr(), max_length=1), ["a", "b"])["message"].endswith("to have <=1 items")

    def test_of_a_query(self):
        strict = Schema.from_dict({"status": QueryList(Enum(Role))})()
        lenient = Schema.from_dict({"status": QueryList(Enum(Role), single=True)})()
        once, twice = (ImmutableMultiDict([("status", "viewer")] * times) for times in (1, 2))
        assert strict.load(twice) == lenient.load(twice) == {"status": [Role.VIEWER, Role.VIEWER]}
        assert lenient.load(once) == {"status": [Role.VIEWER]}
        assert paths(strict, once) == [["status"]]
        assert paths(lenient, ImmutableMultiDict([("status", "x")])) == [["status", 0]]


class Everything(Schema):
    id = UUIDv4(required=True)
    email = Email()
    takenAt = DateTime(allow_none=True, load_default=datetime(2024, 1, 1, tzinfo=UTC))
    birthDate = Date()
    isFavorite = StrictBool()
    withDeleted = QueryBool(load_default=False)
    role = Enum(Role, load_default=Role.EDITOR)
    page = QueryInteger(min=1)
    size = StrictInteger(max=1000)
    latitude = StrictNumber(min=-90, max=90)
    checksum = Checksum()
    pinCode = StrictStr(pattern=r"^\d{6}$", min_length=6)
    ids = List(UUIDv4(), min_length=2)
    status = QueryList(Enum(Role))
    member = Nested(Member)
    data = Record()


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_the_fields_document_themselves(version):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spec = APISpec("wire", "1", version, plugins=[MarshmallowPlugin()])
        spec.components.schema("Everything", schema=Everything)
    document = spec.to_dict()["components"]["schemas"]["Everything"]
    assert document["required"] == ["id"]
    properties = document["properties"]
    nullable = {"type": "string", "nullable": True} if version == "3.0.3" else {"type": ["string", "null"]}
    assert properties["takenAt"] == {"format": "date-time", "default": "2024-01-01T00:00:00.000Z", **nullable}
    assert properties["role"] == {"type": "string", "enum": ["editor", "viewer"], "default": "editor"}
    assert properties["page"] == {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
    assert properties["latitude"] == {"type": "number", "minimum": -90.0, "maximum": 90.0}
    assert properties["ids"] == {"type": "array", "minItems": 2, "items": {"type": "string", "format": "uuid"}}
    assert properties["pinCode"] == {"type": "string", "minLength": 6, "pattern": r"^\d{6}$"}
    assert properties["member"] == {"$ref": "#/components/schemas/Member"}
    assert properties["data"]["type"] == "object"
    for name, kind in {
        "id": {"type": "string", "format": "uuid"},
        "email": {"type": "string", "format": "email"},
        "birthDate": {"type": "string", "format": "date"},
        "isFavorite": {"type": "boolean"},
        "withDeleted": {"type": "boolean", "default": False},
        "checksum": {"type": "string"},
    }.items():
        assert properties[name] == kind
