from __future__ import annotations

import base64
import hashlib
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest
from marshmallow import ValidationError, fields, missing

from immich_flask.infra.http.schemas import (
    Checksum,
    Date,
    DateTime,
    Email,
    Enum,
    QueryBool,
    QueryInteger,
    QueryNumber,
    Record,
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


def refused(field: fields.Field, value: object) -> dict:
    """The one issue that `field` has with `value`."""
    with pytest.raises(ValidationError) as error:
        field.deserialize(value)
    [issue] = wire_errors(error.value.messages)
    assert issue["path"] == []
    return issue


class TestText:
    def test_takes_text_only(self):
        assert StrictStr().deserialize("ä") == "ä"
        assert refused(StrictStr(), 5) == {
            "code": "invalid_type",
            "expected": "string",
            "path": [],
            "message": "Invalid input: expected string, received number",
        }
        assert refused(StrictStr(), True)["message"] == "Invalid input: expected string, received boolean"
        assert refused(StrictStr(required=True), missing)["message"].endswith("received undefined")

    @pytest.mark.parametrize("text", ["a\0b", "\ud83d"])
    def test_refuses_what_a_database_cannot_store(self, text):
        assert refused(StrictStr(), text)["code"] == "custom"
        assert refused(Record(), {"a": [{"b": text}]})["code"] == "custom"
        assert refused(Record(), {text: 1})["code"] == "custom"

    def test_length(self):
        assert refused(StrictStr(min_length=1), "") == {
            "code": "too_small",
            "origin": "string",
            "minimum": 1,
            "inclusive": True,
            "path": [],
            "message": "Too small: expected string to have >=1 characters",
        }
        assert refused(StrictStr(max_length=2), "abc")["message"] == "Too big: expected string to have <=2 characters"

    @pytest.mark.parametrize("pin", ["12345", "1234567", "123456\n", "١٢٣٤٥٦"])
    def test_patterns_mean_what_they_mean_in_javascript(self, pin):
        field = StrictStr(pattern=r"^\d{6}$")
        assert field.deserialize("123456") == "123456"
        assert refused(field, pin)["message"] == r"Invalid string: must match pattern /^\d{6}$/"

    def test_record_takes_objects_only(self):
        assert Record().deserialize({"a": [1, None]}) == {"a": [1, None]}
        assert refused(Record(), None)["message"] == "Invalid input: expected record, received null"
        assert refused(Record(), [])["message"] == "Invalid input: expected record, received array"


class TestUuid:
    def test_stays_text(self):
        assert UUIDv4().deserialize(ID) == ID

    @pytest.mark.parametrize(
        "text",
        ["", "x", ID.upper(), ID + "\n", "{" + ID + "}", ID.replace("-", ""), "3fe388e4-2078-14d7-b36c-39d9dee3a657"],
    )
    def test_refuses_other_forms_and_versions(self, text):
        issue = refused(UUIDv4(), text)
        assert (issue["code"], issue["format"], issue["message"]) == ("invalid_format", "uuid", "Invalid UUID")

    def test_any_case(self):
        assert UUIDv4(any_case=True).deserialize(ID.upper()) == ID

    def test_takes_text_only(self):
        assert refused(UUIDv4(), 5)["code"] == "invalid_type"


class TestEmail:
    @pytest.mark.parametrize("text", ["Me@Example.COM", "me@host", "a+b@x-y.z"])
    def test_is_put_in_lower_case(self, text):
        assert Email().deserialize(text) == text.lower()

    @pytest.mark.parametrize("text", ["", "me", "@host", " me@host", "me@host\n", "me@-host", "me@ho st"])
    def test_refuses(self, text):
        issue = refused(Email(), text)
        assert (issue["code"], issue["message"]) == (
            "invalid_format",
            "Invalid input: expected email, received string",
        )

    def test_types_are_named_as_typeof_does(self):
        assert refused(Email(), None)["message"] == "Invalid input: expected email, received object"
        assert refused(Email(required=True), missing)["message"] == "Invalid input: expected email, received undefined"


class TestDates:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2017-02-01T12:00:00.000Z", datetime(2017, 2, 1, 12, tzinfo=UTC)),
            ("2017-02-01T12:00Z", datetime(2017, 2, 1, 12, tzinfo=UTC)),
            ("2017-02-01T12:00:00+05:30", datetime(2017, 2, 1, 6, 30, tzinfo=UTC)),
            ("2017-02-01T12:00:00.1239999-01:00", datetime(2017, 2, 1, 13, 0, 0, 123000, tzinfo=UTC)),
        ],
    )
    def test_instants_are_utc_to_the_millisecond(self, text, moment):
        got = DateTime().deserialize(text)
        assert got == moment
        assert got.utcoffset() == timedelta(0)

    def test_the_offset_can_be_kept(self):
        got = DateTime(keep_offset=True).deserialize("2017-02-01T12:00:00+05:30")
        assert (got.hour, got.utcoffset()) == (12, timedelta(hours=5, minutes=30))

    @pytest.mark.parametrize(
        "value",
        [
            "2017",
            "2017-02-01",
            "2017-02-01T12:00:00",
            "2017-02-30T00:00:00.000Z",
            "2017-02-01 12:00:00Z",
            "2017-02-01T12:00:00z",
            "2017-02-01T24:00:00Z",
            "2017-02-01T12:00:00+0100",
            "2017-02-01T12:00:00Z\n",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "yesterday",
            5,
            None,
        ],
    )
    def test_no_instants(self, value):
        assert refused(DateTime(), value)["message"].startswith("Invalid input: expected ISO 8601 datetime string")

    def test_days(self):
        assert Date().deserialize("2024-02-29") == date(2024, 2, 29)

    @pytest.mark.parametrize("value", ["2023-02-29", "20240229", "2024-02-29T00:00:00Z", "2024-W01-1", "0000-01-01", 5])
    def test_no_days(self, value):
        assert refused(Date(), value)["message"].startswith("Invalid input: expected ISO date string (YYYY-MM-DD)")


class TestSwitches:
    def test_json(self):
        assert [StrictBool().deserialize(value) for value in (True, False)] == [True, False]
        for value in ("true", 1, 0, None, []):
            assert refused(StrictBool(), value)["message"].startswith("Invalid input: expected boolean")

    def test_query(self):
        assert [QueryBool().deserialize(value) for value in ("true", "false")] == [True, False]
        for value in ("True", "1", "", "yes"):
            assert refused(QueryBool(), value) == {
                "code": "invalid_value",
                "values": ["true", "false"],
                "expected": "stringbool",
                "path": [],
                "message": 'Invalid option: expected one of "true"|"false"',
            }

    def test_enum(self):
        assert Enum(Role).deserialize("viewer") is Role.VIEWER
        for value in ("VIEWER", "", 5, None, ["viewer"]):
            issue = refused(Enum(Role), value)
            assert issue["message"] == 'Invalid option: expected one of "editor"|"viewer"'
            assert issue["values"] == ["editor", "viewer"]


class TestNumbers:
    def test_json_integers(self):
        assert StrictInteger().deserialize(5.0) == 5
        assert isinstance(StrictInteger().deserialize(5.0), int)
        assert refused(StrictInteger(), "5")["message"] == "Invalid input: expected number, received string"
        assert refused(StrictInteger(), True)["message"] == "Invalid input: expected number, received boolean"
        assert refused(StrictInteger(), 1.5)["message"] == "Invalid input: expected int, received number"
        for value in (float("nan"), float("inf"), 10**400):
            assert refused(StrictInteger(), value)["code"] == "invalid_type"
        assert refused(StrictInteger(), 2**53) == {
            "code": "too_big",
            "origin": "int",
            "maximum": 2**53 - 1,
            "inclusive": True,
            "path": [],
            "message": "Too big: expected int to be <=9007199254740991",
        }

    def test_bounds(self):
        field = StrictInteger(min=1, max=1000)
        assert [field.deserialize(value) for value in (1, 1000)] == [1, 1000]
        assert refused(field, 0)["message"] == "Too small: expected number to be >=1"
        assert refused(field, 1001)["message"] == "Too big: expected number to be <=1000"
        assert refused(StrictNumber(min=-90, max=90), -90.5)["message"] == "Too small: expected number to be >=-90"

    def test_query_integers(self):
        field = QueryInteger(min=0)
        assert [field.deserialize(text) for text in ("0", "12", "1e3", "7.0")] == [0, 12, 1000, 7]
        assert refused(field, "1.5")["message"] == "Invalid input: expected int, received number"
        assert refused(field, "-1")["code"] == "too_small"
        for text in ("", "x", "0:01:00", "1_000", "0x10", "nan", "inf", "٣", "9" * 400, ["1", "2"]):
            assert refused(field, text)["message"] == "Invalid input: expected number, received NaN"

    def test_query_numbers(self):
        assert [QueryNumber().deserialize(text) for text in ("1e-5", "-12.25", ".5", "3.")] == [1e-5, -12.25, 0.5, 3.0]
        assert refused(QueryNumber(required=True), missing)["message"].endswith("expected number, received NaN")
        assert refused(QueryNumber(max=90), "91")["message"] == "Too big: expected number to be <=90"


class TestChecksum:
    def test_base64_and_hex_are_one(self):
        digest = hashlib.sha1(b"photo").digest()
        text = base64.b64encode(digest).decode()
        for given in (text, digest.hex(), digest.hex().upper()):
            assert Checksum().deserialize(given) == text

    @pytest.mark.parametrize("text", ["", "zzz", "0" * 28, "z" * 40, "0" * 41, " " * 40, "é" * 28])
    def test_nonsense_finds_nothing(self, text):
        got = Checksum().deserialize(text)
        assert got == "" or len(base64.b64decode(got)) == 20

    def test_takes_text_only(self):
        assert refused(Checksum(), 5)["code"] == "invalid_type"
