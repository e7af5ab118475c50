"""Workflows are their owner's alone (server/src/services/workflow.service.ts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest, NoAccess
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.db import atomic
from immich_flask.infra.fields import now, wire
from plugins.workflows.models import Workflow

FIELDS = ("trigger", "name", "description", "enabled")

COLUMNS = (Workflow.id, Workflow.enabled, Workflow.trigger, Workflow.name, Workflow.description,
           wire(Workflow.created_at), wire(Workflow.updated_at))


def workflows(auth: Auth, query: Mapping[str, Any]) -> list[dict]:
    """The caller's, newest first; by `id`, `trigger`, `enabled`. Names and descriptions are accepted and not looked at,
    as on the real server."""
    wanted = [getattr(Workflow, name) == query[name] for name in ("id", "trigger", "enabled") if name in query]
    found = (Workflow.select(*COLUMNS).where(Workflow.owner == auth.user_id, *wanted)
             .order_by(Workflow.created_at.desc(), Workflow.id))
    return [_answer(*row) for row in found.tuples()]


def workflow(auth: Auth, workflow_id: str) -> dict:
    """One of the caller's. Raises NoAccess(workflow.read)."""
    found = workflows(auth, {"id": workflow_id})
    if not found:
        raise NoAccess(Permission.WORKFLOW_READ)
    return found[0]


def shared(auth: Auth, workflow_id: str) -> dict:
    """What of a workflow can be given to somebody else. Raises NoAccess(workflow.read)."""
    found = workflow(auth, workflow_id)
    return {name: found[name] for name in ("trigger", "name", "description", "steps")}


def create(auth: Auth, values: Mapping[str, Any]) -> dict:
    """Raises BadRequest for any step: nobody knows it."""
    _refuse_steps(values)
    with atomic():
        made = Workflow.create(owner=auth.user_id, **_columns(values))
        return workflow(auth, made.id)


def update(auth: Auth, workflow_id: str, changes: Mapping[str, Any]) -> dict:
    """Change one; what is absent stays. Raises NoAccess(workflow.update), and BadRequest for any step."""
    with atomic():
        mine = (Workflow.id == workflow_id) & (Workflow.owner == auth.user_id)
        if not Workflow.select().where(mine).exists():
            raise NoAccess(Permission.WORKFLOW_UPDATE)
        _refuse_steps(changes)
        if columns := _columns(changes):
            Workflow.update(**columns, updated_at=now()).where(mine).execute()
        return workflow(auth, workflow_id)


def delete(auth: Auth, workflow_id: str) -> None:
    """Raises NoAccess(workflow.delete)."""
    with atomic():
        if not Workflow.delete().where(Workflow.id == workflow_id, Workflow.owner == auth.user_id).execute():
            raise NoAccess(Permission.WORKFLOW_DELETE)


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in FIELDS if name in values}


def _refuse_steps(values: Mapping[str, Any]) -> None:
    for step in values.get("steps", ()):
        raise BadRequest(f"Unknown method {step['method']}")


def _answer(workflow_id: str, enabled: bool, trigger: str, name: str | None, description: str | None, created_at: str,
            updated_at: str) -> dict:
    return {"id": workflow_id, "enabled": bool(enabled), "trigger": trigger, "name": name, "description": description,
            "createdAt": created_at, "updatedAt": updated_at, "steps": []}
