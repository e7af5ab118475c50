"""Immich's plugins, which give workflows their steps: none is installed. (Plugins of this server are something else.)"""

from __future__ import annotations

from functools import partial

from marshmallow import fields

from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.workflows import WorkflowStep, WorkflowTrigger, WorkflowType
from immich_flask.infra.http.blueprint import Blueprint
from immich_flask.infra.http.schemas import Enum, QueryBool, Schema, StrictStr, UUIDv4
from plugins.compat.answers import always, never


class PluginSearch(Schema):
    id = UUIDv4()
    enabled = QueryBool()
    name = StrictStr()
    version = StrictStr()
    title = StrictStr()
    description = StrictStr()


class PluginMethodSearch(Schema):
    id = UUIDv4()
    enabled = QueryBool()
    name = StrictStr()
    title = StrictStr()
    description = StrictStr()
    type = Enum(WorkflowType)
    trigger = Enum(WorkflowTrigger)
    pluginName = StrictStr()
    pluginVersion = StrictStr()


class PluginMethodResponse(Schema):
    key = fields.String(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    types = fields.List(Enum(WorkflowType), required=True)
    uiHints = fields.List(fields.String(), required=True)
    schema = fields.Dict()
    hostFunctions = fields.Boolean(required=True)


class PluginResponse(Schema):
    id = UUIDv4(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    author = fields.String(required=True)
    version = fields.String(required=True)
    createdAt = fields.String(required=True)
    updatedAt = fields.String(required=True)
    methods = fields.List(fields.Nested(PluginMethodResponse), required=True)


class PluginTemplateResponse(Schema):
    key = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    trigger = Enum(WorkflowTrigger, required=True)
    steps = fields.List(fields.Nested(WorkflowStep), required=True)
    uiHints = fields.List(fields.String(), required=True)


bp = Blueprint("compat_plugins", __name__, url_prefix="/plugins", tag="Plugins")

always(bp, "GET", "", "searchPlugins", [], permission=Permission.PLUGIN_READ, query=PluginSearch,
       answer=PluginResponse(many=True))
always(bp, "GET", "/methods", "searchPluginMethods", [], permission=Permission.PLUGIN_READ, query=PluginMethodSearch,
       answer=PluginMethodResponse(many=True))
always(bp, "GET", "/templates", "searchPluginTemplates", [], permission=Permission.PLUGIN_READ,
       answer=PluginTemplateResponse(many=True))
never(bp, "GET", "/{id}", "getPlugin", partial(BadRequest, "Plugin not found"), permission=Permission.PLUGIN_READ,
      answer=PluginResponse)
