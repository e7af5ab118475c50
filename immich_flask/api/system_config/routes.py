"""Routes of `/api/system-config`; the administrator's settings page reads and writes the whole object."""

from __future__ import annotations

from immich_flask.api.system_config.schemas import SystemConfig, SystemConfigTemplateStorageOption
from immich_flask.contracts.permissions import Permission
from immich_flask.core import storage_template
from immich_flask.core.settings import system_config, update_system_config
from immich_flask.core.system_config import DEFAULTS
from immich_flask.infra.http.blueprint import Blueprint

bp = Blueprint("system-config", __name__, url_prefix="/system-config", tag="System config")


@bp.operation("GET", "", "getConfig", permission=Permission.SYSTEM_CONFIG_READ, admin=True, answer=SystemConfig)
def get_config() -> dict:
    return system_config(fresh=True)


@bp.operation("PUT", "", "updateConfig", permission=Permission.SYSTEM_CONFIG_UPDATE, admin=True, body=SystemConfig,
              answer=SystemConfig)
def update_config(body: dict) -> dict:
    storage_template.check(body["storageTemplate"]["template"])
    return update_system_config(body)


@bp.operation("GET", "/defaults", "getConfigDefaults", permission=Permission.SYSTEM_CONFIG_READ, admin=True,
              answer=SystemConfig)
def get_config_defaults() -> dict:
    return DEFAULTS


@bp.operation("GET", "/storage-template-options", "getStorageTemplateOptions",
              permission=Permission.SYSTEM_CONFIG_READ, admin=True, answer=SystemConfigTemplateStorageOption)
def get_storage_template_options() -> dict:
    return storage_template.OPTIONS
