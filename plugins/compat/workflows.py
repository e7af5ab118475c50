"""Workflows: none can be made, as nothing would run them."""

from __future__ import annotations

from enum import StrEnum
from functools import partial

from marshmallow import fields

from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Enum, List, Nested, QueryBool, Record, Schema, StrictBool, StrictStr, UUIDv4
from plugins.compat.answers import always, never, not_built


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


bp = Blueprint("compat_workflows", __name__, url_prefix="/workflows", tag="Workflows")

always(bp, "GET", "", "searchWorkflows", [], permission=Permission.WORKFLOW_READ, query=WorkflowSearch,
       answer=WorkflowResponse(many=True))
# Words of the wire, which the pages of the web client look up.
always(bp, "GET", "/triggers", "getWorkflowTriggers",
       [{"trigger": trigger, "types": list(WorkflowType)} for trigger in WorkflowTrigger], permission=None,
       answer=WorkflowTriggerResponse(many=True))
never(bp, "POST", "", "createWorkflow", not_built("Workflows"), permission=Permission.WORKFLOW_CREATE,
      body=WorkflowCreate, answer=WorkflowResponse, status=201)
never(bp, "GET", "/{id}", "getWorkflow", partial(NoAccess, Permission.WORKFLOW_READ),
      permission=Permission.WORKFLOW_READ, answer=WorkflowResponse)
never(bp, "GET", "/{id}/share", "getWorkflowForShare", partial(NoAccess, Permission.WORKFLOW_READ),
      permission=Permission.WORKFLOW_READ, answer=WorkflowShareResponse)
never(bp, "PUT", "/{id}", "updateWorkflow", partial(NoAccess, Permission.WORKFLOW_UPDATE), twin="PATCH",
      permission=Permission.WORKFLOW_UPDATE, body=WorkflowUpdate, answer=WorkflowResponse)
never(bp, "DELETE", "/{id}", "deleteWorkflow", partial(NoAccess, Permission.WORKFLOW_DELETE),
      permission=Permission.WORKFLOW_DELETE, status=204)
