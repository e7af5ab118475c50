"""What the wire says of workflows, here because more than one plugin answers for them."""

from __future__ import annotations

from enum import StrEnum

from marshmallow import fields

from immich_flask.infra.http.schemas import Enum, List, Nested, QueryBool, Record, Schema, StrictBool, StrictStr, UUIDv4


class WorkflowTrigger(StrEnum):
    ASSET_CREATE = "AssetCreate"
    ASSET_METADATA_EXTRACTION = "AssetMetadataExtraction"


class WorkflowType(StrEnum):
    ASSET_V1 = "AssetV1"


class WorkflowSearch(Schema):
    id = UUIDv4()
    trigger = Enum(WorkflowTrigger)
    name = StrictStr()
    description = StrictStr()
    enabled = QueryBool()


class WorkflowStep(Schema):
    method = StrictStr(required=True)
    config = Record(required=True, allow_none=True)
    enabled = StrictBool()


class WorkflowUpdate(Schema):
    trigger = Enum(WorkflowTrigger)
    name = StrictStr(allow_none=True)
    description = StrictStr(allow_none=True)
    enabled = StrictBool()
    steps = List(Nested(WorkflowStep))


class WorkflowCreate(WorkflowUpdate):
    trigger = Enum(WorkflowTrigger, required=True)


class WorkflowShareStep(WorkflowStep):
    pass


class WorkflowShareResponse(Schema):
    trigger = Enum(WorkflowTrigger, required=True)
    name = fields.String(required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True)
    steps = fields.List(fields.Nested(WorkflowShareStep), required=True)


class WorkflowResponse(Schema):
    id = UUIDv4(required=True)
    trigger = Enum(WorkflowTrigger, required=True)
    name = fields.String(required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True)
    createdAt = fields.String(required=True)
    updatedAt = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    steps = fields.List(fields.Nested(WorkflowStep), required=True)


class WorkflowTriggerResponse(Schema):
    trigger = Enum(WorkflowTrigger, required=True)
    types = fields.List(Enum(WorkflowType), required=True)


TRIGGERS = [{"trigger": trigger, "types": list(WorkflowType)} for trigger in WorkflowTrigger]
"""Words of the wire, which the pages of the web client look up."""
