"""Routes of `/api/workflows`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
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
from plugins.workflows import service

bp = Blueprint("workflows", __name__, url_prefix="/workflows", tag="Workflows")


@bp.operation("GET", "", "searchWorkflows", permission=Permission.WORKFLOW_READ, query=WorkflowSearch,
              answer=WorkflowResponse(many=True))
def search_workflows(auth: Auth, query: dict) -> list[dict]:
    return service.workflows(auth, query)


@bp.operation("POST", "", "createWorkflow", permission=Permission.WORKFLOW_CREATE, body=WorkflowCreate,
              answer=WorkflowResponse, status=201)
def create_workflow(auth: Auth, body: dict) -> dict:
    return service.create(auth, body)


@bp.operation("GET", "/triggers", "getWorkflowTriggers", permission=None, answer=WorkflowTriggerResponse(many=True))
def get_workflow_triggers() -> list[dict]:
    return TRIGGERS


@bp.operation("GET", "/{id}", "getWorkflow", permission=Permission.WORKFLOW_READ, answer=WorkflowResponse)
def get_workflow(auth: Auth, id: str) -> dict:
    return service.workflow(auth, id)


@bp.operation("GET", "/{id}/share", "getWorkflowForShare", permission=Permission.WORKFLOW_READ,
              answer=WorkflowShareResponse)
def get_workflow_for_share(auth: Auth, id: str) -> dict:
    return service.shared(auth, id)


@bp.operation("PUT", "/{id}", "updateWorkflow", permission=Permission.WORKFLOW_UPDATE, body=WorkflowUpdate,
              answer=WorkflowResponse, twin="PATCH")
def update_workflow(auth: Auth, id: str, body: dict) -> dict:
    return service.update(auth, id, body)


@bp.operation("DELETE", "/{id}", "deleteWorkflow", permission=Permission.WORKFLOW_DELETE, status=204)
def delete_workflow(auth: Auth, id: str) -> None:
    service.delete(auth, id)
