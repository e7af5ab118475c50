"""The tools that hold our answers and our description against the wire find what they are there to find."""

from __future__ import annotations

import gzip
import json
from copy import deepcopy

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response

from immich_flask.infra.http.schemas import List, Nested, QueryBool, Schema, StrictInteger, StrictStr, UUIDv4
from tests.wire.answers import SYNC_SCHEMAS, sync_validator
from tests.wire.spec import (
    FACTS,
    TWINS,
    assert_wire,
    check_answer,
    compare_specs,
    match,
    missing_operations,
    operations,
)
from tests.wire.trim import trim

ID = "3fe388e4-2078-44d7-b36c-39d9dee3a657"
NOW = "2024-05-03T14:02:11.123Z"
JSON = "application/json; charset=utf-8"
TAG = {"id": ID, "name": "b", "value": "a/b", "createdAt": NOW, "updatedAt": NOW}


def answer(method: str, path: str, status: int, value: object, **kwargs) -> list[str]:
    return check_answer(method, f"/api{path}", status, JSON, json.dumps(value).encode(), **kwargs)


class TestMatch:
    def test_every_operation_is_found_by_its_path(self):
        for operation in operations():
            assert match(operation.method, "/api" + operation.path) == operation

    def test_fixed_text_wins_over_a_parameter(self):
        assert match("GET", "/api/albums/statistics").id == "getAlbumStatistics"
        assert match("GET", f"/api/albums/{ID}?key=x").id == "getAlbumInfo"
        assert match("GET", "/api/api-keys/me").id == match("GET", "/api-keys/me").id == "getMyApiKey"

    def test_hidden_twins(self):
        assert all(match("PATCH", path) is match("PUT", path) is not None for path in TWINS)
        assert match("PATCH", f"/api/albums/{ID}").method == "PATCH"
        assert match("PATCH", f"/api/albums/{ID}/assets") is None
        assert match("PATCH", "/api/server/ping") is None

    def test_unknown(self):
        assert match("GET", "/api/nothing") is None
        assert match("POST", "/api/server/ping") is None
        assert match("GET", "/api/albums/statistics/more/and/more") is None

    def test_facts(self):
        operation = match("HEAD", f"/api/assets/{ID}")
        assert (operation.method, operation.permission, operation.statuses) == ("GET", "asset.read", [200])


class TestAnswers:
    def test_a_good_one(self):
        assert answer("GET", f"/tags/{ID}", 200, TAG) == []

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"name": None}, "name: "),
            ({"name": 5}, "name: "),
            ({"id": ID.upper()}, "id: "),
            ({"id": "3fe388e4-2078-14d7-b36c-39d9dee3a657"}, "id: "),
            ({"createdAt": "2024-05-03"}, "createdAt: "),
            ({"createdAt": "2024-05-03T14:02:11"}, "createdAt: "),
        ],
    )
    def test_bad_values(self, change, text):
        lines = answer("GET", f"/tags/{ID}", 200, {**TAG, **change})
        assert len(lines) == 1
        assert lines[0].startswith(text)

    def test_missing_field(self):
        [line] = answer("GET", "/tags", 200, [TAG, {key: TAG[key] for key in TAG if key != "value"}])
        assert line == '[1]: "value" is a required property'

    def test_unknown_enum_value(self):
        user = {
            "id": ID, "name": "", "email": "a@b", "profileImagePath": "", "avatarColor": "blue",
            "profileChangedAt": NOW,
        }
        assert answer("GET", "/users", 200, [user]) == []
        assert len(answer("GET", "/users", 200, [{**user, "avatarColor": "black"}])) == 1
        assert len(answer("GET", "/users", 200, [{**user, "email": "a b"}])) == 1

    def test_null_where_the_wire_has_it(self):
        face = {
            "id": ID, "imageHeight": 1, "imageWidth": 1, "boundingBoxX1": 0, "boundingBoxX2": 1, "boundingBoxY1": 0,
            "boundingBoxY2": 1, "person": None,
        }
        assert answer("GET", "/faces", 200, [face]) == []
        assert len(answer("GET", "/faces", 200, [{**face, "person": {}}])) == 1
        marker = {"id": ID, "lat": 5.0, "lon": 7, "city": None, "state": None, "country": None}
        assert answer("GET", "/map/markers", 200, [marker]) == []

    def test_a_whole_float_is_no_integer(self):
        assert answer("GET", "/albums/statistics", 200, {"owned": 1, "shared": 0, "notShared": 1}) == []
        assert len(answer("GET", "/albums/statistics", 200, {"owned": 1.0, "shared": 0, "notShared": 1})) == 1

    def test_unknown_fields_only_when_asked(self):
        assert answer("GET", f"/tags/{ID}", 200, {**TAG, "extra": 1}) == []
        assert len(answer("GET", f"/tags/{ID}", 200, {**TAG, "extra": 1}, strict_extra=True)) == 1

    def test_status(self):
        assert answer("POST", "/tags", 201, TAG) == []
        assert answer("POST", "/tags", 200, TAG) == ["POST /tags answers [201], not 200"]
        assert check_answer("DELETE", f"/api/tags/{ID}", 204, "", b"") == []
        assert check_answer("DELETE", f"/api/tags/{ID}", 204, "", b"{}") == ["204 has no body"]

    def test_not_json(self):
        assert len(check_answer("GET", "/api/tags", 200, "text/html", b"<html>")) == 1
        assert len(check_answer("GET", "/api/tags", 200, JSON, b"")) == 1
        assert len(check_answer("GET", "/api/map/markers", 200, JSON, b'[{"lat": NaN}]')) == 1

    def test_files_redirects_and_what_is_not_the_api_are_left_alone(self):
        original = f"/api/assets/{ID}/original"
        assert check_answer("GET", original, 200, "image/jpeg", b"\xff") == []
        assert check_answer("GET", original, 206, "image/jpeg", b"\xff") == []
        assert check_answer("GET", original, 304, "", b"") == []
        assert check_answer("GET", f"/api/assets/{ID}/thumbnail", 302, "text/html", b"") == []
        assert check_answer("HEAD", "/api/tags", 200, JSON, b"") == []
        assert check_answer("GET", "/custom.css", 200, "text/css", b"") == []

    def test_errors_have_one_shape(self):
        assert answer("GET", f"/tags/{ID}", 400, {"message": "Not found or no tag.read access"}) == []
        assert answer("GET", "/nothing", 404, {"message": "Cannot GET /api/nothing"}) == []
        issue = {"code": "invalid_type", "path": ["ids", 0], "message": "Invalid input", "expected": "string"}
        assert answer("PUT", "/tags", 400, {"message": "Validation failed", "errors": [issue]}) == []
        for wrong in (
            {"error": "x"},
            {"message": None},
            {"message": "x", "statusCode": 400},
            {"message": "x", "errors": {"json": {}}},
            {"message": "x", "errors": [{"path": "ids", "message": "x", "code": "custom"}]},
        ):
            assert answer("GET", "/tags", 400, wrong), wrong
        assert len(check_answer("GET", "/api/tags", 400, "text/html", b"<p>Bad Request")) == 1
        assert len(answer("GET", "/tags", 500, {"message": "Internal server error"})) == 1

    def test_where_the_real_server_departs_from_its_description(self):
        reduced = {
            "id": ID, "type": "IMAGE", "originalMimeType": "image/jpeg", "thumbhash": None, "localDateTime": NOW,
            "duration": None, "livePhotoVideoId": None, "hasMetadata": False, "width": 640, "height": 480,
        }
        assert answer("GET", f"/assets/{ID}", 200, reduced) == []
        assert len(answer("GET", f"/assets/{ID}", 200, {**reduced, "hasMetadata": True})) > 1
        assert answer("GET", "/search/suggestions", 200, ["Berlin", None]) == []
        assert answer("POST", "/activities", 200, {}) != ["POST /activities answers [201], not 200"]

    def test_lines_of_the_sync_stream(self):
        def stream(*lines: dict, end: str = "\n") -> list[str]:
            body = "\n".join(json.dumps(line) for line in lines) + end
            return check_answer("POST", "/api/sync/stream", 200, "application/jsonlines+json", body.encode())

        done = {"type": "SyncCompleteV1", "data": {}, "ack": "SyncCompleteV1|x"}
        stack = {"type": "PartnerStackDeleteV1", "data": {"stackId": ID}, "ack": "a"}
        assert stream(stack, done) == []
        assert len(stream(done, end="")) == 1
        assert len(stream({**stack, "data": {}})) == 1
        assert len(stream({**stack, "type": "PartnerStackDeleteV9"})) == 1
        assert len(stream({"type": "StackDeleteV1", "data": {"stackId": ID}})) == 1

    def test_every_line_type_has_a_schema(self):
        types = FACTS["components"]["schemas"]["SyncEntityType"]["enum"]
        assert set(SYNC_SCHEMAS) <= set(types)
        legacy = {"PartnerAssetV1", "PartnerAssetBackfillV1"} | {
            f"AlbumAsset{change}V1" for change in ("Create", "Update", "Backfill")
        }
        for each in set(types) - legacy:
            assert sync_validator(each, False).is_valid({"type": each, "ack": "", "data": []}) is False

    def test_assert_wire(self):
        app = Flask(__name__)
        app.add_url_rule("/api/tags", view_func=lambda: Response(
            gzip.compress(json.dumps([TAG]).encode()), content_type=JSON, headers={"Content-Encoding": "gzip"}))
        app.add_url_rule("/api/tags/<id>", "tag", lambda id: {"id": id})
        client = app.test_client()
        assert_wire(client.get("/api/tags"), "GET", "/api/tags")
        with pytest.raises(AssertionError, match="getTagById") as error:
            assert_wire(client.get(f"/api/tags/{ID}"), "GET", f"/api/tags/{ID}")
        assert '"name" is a required property' in str(error.value)
        with pytest.raises(AssertionError, match="404"):
            assert_wire(client.get("/api/nothing"), "GET", "/api/nothing")

    def test_downloads_stay_unread(self):
        read = []

        def chunks():
            for number in range(3):
                read.append(number)
                yield b"x"

        app = Flask(__name__)
        app.add_url_rule("/api/assets/<id>/original", "original", lambda id: Response(chunks(), mimetype="image/jpeg"))
        response = app.test_client().get(f"/api/assets/{ID}/original")
        before = list(read)
        assert_wire(response, "GET", f"/api/assets/{ID}/original")
        assert read == before != [0, 1, 2]


class TagCreate(Schema):
    name = StrictStr(required=True)
    parentId = UUIDv4(allow_none=True)
    color = StrictStr(allow_none=True)


class Tag(Schema):
    id = UUIDv4(required=True)
    name = StrictStr(required=True)
    value = StrictStr(required=True)
    createdAt = StrictStr(required=True)
    updatedAt = StrictStr(required=True)


class CheckItem(Schema):
    id = StrictStr(required=True)
    checksum = StrictStr(required=True)


class Check(Schema):
    assets = List(Nested(CheckItem), required=True)


class AdminUsers(Schema):
    id = UUIDv4()
    withDeleted = QueryBool()


def described(version: str = "3.1.0") -> dict:
    """A description with three operations, made as ours is made."""
    spec = APISpec("ours", "1", version, plugins=[MarshmallowPlugin()])

    def body(schema: type[Schema]) -> dict:
        return {"content": {"application/json": {"schema": schema}}}

    spec.path("/api/tags", operations={
        "post": {"operationId": "createTag", "requestBody": body(TagCreate), "responses": {"201": body(Tag)}},
        "get": {"operationId": "getAllTags", "responses": {"200": {"content": {
            "application/json": {"schema": {"type": "array", "items": Tag}}}}}},
    })
    spec.path("/api/assets/bulk-upload-check", operations={"post": {
        "operationId": "checkBulkUpload", "requestBody": body(Check), "responses": {"200": {}}}})
    return json.loads(json.dumps(spec.to_dict()))


class TestCompare:
    @pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
    def test_what_marshmallow_schemas_make(self, version):
        assert compare_specs(described(version)) == ["POST /assets/bulk-upload-check: answer 200 is not described"]

    def test_the_facts_agree_with_themselves_and_are_whole(self):
        assert compare_specs(FACTS) == []
        assert missing_operations(FACTS) == []
        assert trim(FACTS) == FACTS

    def test_missing_operations(self):
        missing = missing_operations(described())
        assert len(missing) == len(operations()) - 3
        assert "GET /tags" not in missing
        assert "PUT /tags" in missing

    def test_operations_of_ours_alone(self):
        ours = described()
        ours["paths"]["/api/health"] = {"get": {"operationId": "health", "responses": {"200": {}}}}
        assert "GET /health: unknown to the wire" in compare_specs(ours)
        assert "GET /health: unknown to the wire" not in compare_specs(ours, ["GET /health"])

    def test_a_twin_is_held_against_its_put(self):
        ours = deepcopy(FACTS)
        path = "/memories/{id}"
        ours["paths"][path]["patch"] = ours["paths"][path]["put"]
        assert compare_specs(ours) == []
        ours["paths"]["/memories/{id}/assets"]["patch"] = ours["paths"]["/memories/{id}/assets"]["put"]
        assert compare_specs(ours) == ["PATCH /memories/{id}/assets: unknown to the wire"]

    def test_differences_of_a_request(self):
        ours = deepcopy(FACTS)
        schemas, paths = ours["components"]["schemas"], ours["paths"]
        del schemas["TagCreateDto"]["properties"]["color"]
        schemas["TagCreateDto"]["properties"]["colour"] = {"type": "string"}
        schemas["TagCreateDto"]["properties"]["name"] = {"type": "integer"}
        schemas["TagCreateDto"]["properties"]["parentId"].pop("nullable")
        schemas["TagCreateDto"]["required"] = ["parentId"]
        assert [line for line in compare_specs(ours) if line.startswith("POST /tags:")] == [
            "POST /tags: request.color is missing",
            "POST /tags: request.name is required on the wire",
            "POST /tags: request.name is integer, not string",
            "POST /tags: request.parentId is optional on the wire",
            "POST /tags: request.parentId may be null on the wire",
            "POST /tags: request.colour is unknown to the wire",
        ]
        content = paths["/sync/ack"]["post"]["requestBody"]["content"]
        content["text/plain"] = content.pop("application/json")
        assert [line for line in compare_specs(ours) if line.startswith("POST /sync/ack")] == [
            "POST /sync/ack: request body application/json is missing",
            "POST /sync/ack: request body text/plain is unknown to the wire",
        ]

    def test_differences_of_parameters(self):
        ours = deepcopy(FACTS)
        first, second = ours["paths"]["/admin/users"]["get"]["parameters"]
        first["name"], second["required"], second["schema"] = "ident", True, {"type": "string"}
        path = ours["paths"].pop("/tags/{id}")
        path["get"]["parameters"][0]["name"] = "tagId"
        ours["paths"]["/api/tags/{tagId}"] = {"get": path["get"]}
        assert compare_specs(ours) == [
            "GET /admin/users: query parameter id is missing",
            "GET /admin/users: query parameter withDeleted is optional on the wire",
            "GET /admin/users: query parameter withDeleted is string, not boolean",
            "GET /admin/users: query parameter ident is unknown to the wire",
            "GET /tags/{tagId}: path parameter id is missing",
            "GET /tags/{tagId}: path parameter tagId is unknown to the wire",
        ]

    def test_differences_of_an_answer(self):
        ours = deepcopy(FACTS)
        responses = ours["paths"]["/tags/{id}"]["get"]["responses"]
        responses["201"] = responses.pop("200")
        ours["paths"]["/server/ping"]["get"]["operationId"] = "ping"
        user = ours["components"]["schemas"]["UserResponseDto"]
        user["required"].remove("email")
        del user["properties"]["name"]
        user["properties"]["extra"] = {"type": "string"}
        user["properties"]["avatarColor"] = {"type": "string", "enum": ["blue", "black"]}
        lines = compare_specs(ours)
        assert "GET /tags/{id}: answers [201], not [200]" in lines
        assert "GET /server/ping: operationId is ping, not pingServer" in lines
        assert "GET /users: answer 200[].email is required on the wire" in lines
        assert "GET /users: answer 200[].name is missing" in lines
        assert "GET /users: answer 200[].avatarColor: ['black'] unknown to the wire" in lines
        assert "GET /albums: answer 200[].albumUsers[].user.name is missing" in lines
        assert not [line for line in lines if "extra" in line]

    def test_numbers(self):
        class Statistics(Schema):
            owned = StrictInteger(required=True)
            shared = StrictStr(required=True)
            notShared = StrictInteger(required=True)

        spec = APISpec("ours", "1", "3.1.0", plugins=[MarshmallowPlugin()])
        spec.path("/albums/statistics", operations={"get": {"operationId": "getAlbumStatistics", "responses": {
            "200": {"content": {"application/json": {"schema": Statistics}}}}}})
        assert compare_specs(spec.to_dict()) == ["GET /albums/statistics: answer 200.shared is string, not integer"]
