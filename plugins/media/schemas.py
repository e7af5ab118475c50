"""What `/api/assets/jobs` and `/api/assets/{id}/edits` take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load

from immich_flask.contracts.enums import AssetJobName
from immich_flask.infra.http.schemas import (
    Enum, Issue, List, Nested, Record, Schema, StrictInteger, StrictNumber, UUIDv4, wire_errors,
)
from plugins.media.models import AssetEditAction, MirrorAxis

ANGLES = (0, 90, 180, 270)


class AssetJobs(Schema):
    assetIds = List(UUIDv4(), required=True)
    name = Enum(AssetJobName, required=True)


class CropParameters(Schema):
    x = StrictInteger(required=True, min=0)
    y = StrictInteger(required=True, min=0)
    width = StrictInteger(required=True, min=1)
    height = StrictInteger(required=True, min=1)


def _right_angle(value: float) -> None:
    if value not in ANGLES:
        raise ValidationError(Issue(f"Angle must be one of the following values: {', '.join(map(str, ANGLES))}"))


class RotateParameters(Schema):
    angle = StrictNumber(required=True, validate=_right_angle)

    @post_load
    def _whole(self, data: dict, **_options: Any) -> dict:
        return {"angle": round(data["angle"])}


class MirrorParameters(Schema):
    axis = Enum(MirrorAxis, required=True)


PARAMETERS: dict[AssetEditAction, type[Schema]] = {
    AssetEditAction.CROP: CropParameters,
    AssetEditAction.ROTATE: RotateParameters,
    AssetEditAction.MIRROR: MirrorParameters,
}


def _keys(action: AssetEditAction) -> str:
    return ", ".join(PARAMETERS[action]().fields)


class EditParameters(Record):
    """Parameters that fit some action, as they came."""

    def refuse(self, value: Any) -> ValidationError:
        reasons = []
        for schema in PARAMETERS.values():
            try:
                schema().load(value)
            except ValidationError as error:
                reasons.append(wire_errors(error.messages))
        expected = "; ".join(f"{action}: [{_keys(action)}]" for action in PARAMETERS)
        return ValidationError(Issue(f"Invalid parameters for action, expected keys by action: {expected}",
                                     "invalid_union", errors=reasons))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict:
        if not any(_fits(value, schema) for schema in PARAMETERS.values()):
            raise self.refuse(value)
        return super()._deserialize(value, attr, data, **kwargs)


def _fits(value: Any, schema: type[Schema]) -> bool:
    return not schema().validate(value) if isinstance(value, dict) else False


class AssetEditActionItem(Schema):
    action = Enum(AssetEditAction, required=True)
    parameters = EditParameters(required=True)

    @post_load
    def _of_action(self, data: dict, **_options: Any) -> dict:
        action = data["action"]
        try:
            parameters = PARAMETERS[action]().load(data["parameters"])
        except ValidationError as error:
            text = f"Invalid parameters for action '{action}', expecting keys: {_keys(action)}"
            raise ValidationError({"parameters": [Issue(text)]}) from error
        return {"action": action, "parameters": parameters}


def _once(edits: list[dict]) -> None:
    """Each action once, except that a picture can be mirrored along both axes."""
    kinds = [(edit["action"], edit["parameters"].get("axis")) for edit in edits]
    if len(set(kinds)) < len(kinds):
        raise ValidationError(Issue("Duplicate edit actions are not allowed"))


class AssetEditsCreate(Schema):
    edits = List(Nested(AssetEditActionItem), required=True, min_length=1, validate=_once)


class AssetEditActionItemResponse(Schema):
    id = UUIDv4(required=True)
    action = Enum(AssetEditAction, required=True)
    parameters = fields.Dict(required=True)


class AssetEditsResponse(Schema):
    assetId = UUIDv4(required=True)
    edits = fields.List(fields.Nested(AssetEditActionItemResponse), required=True)
