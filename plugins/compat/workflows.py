"""Workflows: none can be made, as nothing would run them."""

from __future__ import annotations

from functools import partial

from immich_flask.contracts.errors import NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.core.workflows import (
    TRIGGERS,
    WorkflowCreate,
    WorkflowResponse,
    WorkflowSearch,
    WorkflowShareResponse,
    WorkflowTriggerResponse,
    WorkflowUpdate,
)
from immich_flask.infra.http.blueprint import Blueprint
from plugins.compat.answers import always, never, not_built

bp = Blueprint("compat_workflows", __name__, url_prefix="/workflows", tag="Workflows")

always(bp, "GET", "", "searchWorkflows", [], permission=Permission.WORKFLOW_READ, query=WorkflowSearch,
       answer=WorkflowResponse(many=True))
always(bp, "GET", "/triggers", "getWorkflowTriggers", TRIGGERS, permission=None,
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
