"""Features, public configuration, licence."""

from __future__ import annotations

import logging

from immich_flask import __version__
from immich_flask.contracts.errors import BadRequest, NotFound
from immich_flask.core.licenses import is_signed
from immich_flask.core.models import User
from immich_flask.core.runtime import runtime
from immich_flask.core.server.versions import VERSION
from immich_flask.core.settings import (
    forget_system_metadata,
    set_system_metadata,
    setting,
    system_config,
    system_metadata,
)
from immich_flask.infra.fields import iso, now

log = logging.getLogger(__name__)

RELEASES = "https://github.com/immich-app/immich/releases"

FLAGS = (
    "smartSearch", "facialRecognition", "duplicateDetection", "map", "reverseGeocoding", "importFaces", "sidecar",
    "search", "trash", "oauth", "oauthAutoLaunch", "ocr", "passwordLogin", "configFile", "email",
    "realtimeTranscoding",
)
"""Every flag of the wire. Clients ask for a feature only when its flag is true; plugins raise theirs."""

_LICENSE_KEY = "license"
_ONBOARDING_KEY = "admin-onboarding"


def features() -> dict[str, bool]:
    """`GET /server/features`: false, unless the core or an enabled plugin says otherwise."""
    config = system_config()
    flags = dict.fromkeys(FLAGS, False) | {"passwordLogin": config["passwordLogin"]["enabled"]}
    for plugin, some in runtime.plugins.ask("server_features", config=config):
        if unknown := some.flags.keys() - flags.keys():
            log.error("plugin %s sets flags that clients do not know: %s", plugin, ", ".join(sorted(unknown)))
        flags |= {name: bool(value) for name, value in some.flags.items() if name in flags}
    return flags


def public_config() -> dict:
    """`GET /server/config`: what clients must know before anybody has logged in."""
    config = system_config()
    return {
        "loginPageMessage": config["server"]["loginPageMessage"],
        "trashDays": config["trash"]["days"],
        "userDeleteDelay": config["user"]["deleteDelay"],
        "oauthButtonText": config["oauth"]["buttonText"],
        "isInitialized": User.select().where(User.is_admin).exists(),
        "isOnboarded": is_onboarded(),
        "externalDomain": external_domain(),
        "publicUsers": config["server"]["publicUsers"],
        "mapDarkStyleUrl": config["map"]["darkStyle"],
        "mapLightStyleUrl": config["map"]["lightStyle"],
        "maintenanceMode": False,
        "minFaces": config["machineLearning"]["facialRecognition"]["minFaces"],
    }


def external_domain() -> str:
    """The public address for links: the administrator's choice, else the operator's (`web.external_domain`)."""
    return setting("server.externalDomain") or runtime.config.web.external_domain


def is_onboarded() -> bool:
    """Has the administrator been through the web client's first steps?"""
    return bool((system_metadata(_ONBOARDING_KEY) or {}).get("isOnboarded"))


def set_onboarded(value: bool) -> None:
    set_system_metadata(_ONBOARDING_KEY, {"isOnboarded": value})


def about() -> dict:
    """`GET /server/about`. The version is the wire's, by which clients judge us; the build says who we are."""
    return {
        "version": f"v{VERSION}",
        "versionUrl": f"{RELEASES}/tag/v{VERSION}",
        "licensed": system_metadata(_LICENSE_KEY) is not None,
        "build": f"immich-flask {__version__}",
    }


def apk_links() -> dict[str, str]:
    """Where the Android app of the wire's version is."""
    base = f"{RELEASES}/download/v{VERSION}/app"
    return {
        "arm64v8a": f"{base}-arm64-v8a-release.apk",
        "armeabiv7a": f"{base}-armeabi-v7a-release.apk",
        "universal": f"{base}-release.apk",
        "x86_64": f"{base}-x86_64-release.apk",
    }


def license() -> dict:
    """The server's licence; NotFound without one."""
    value = system_metadata(_LICENSE_KEY)
    if value is None:
        raise NotFound()
    return value


def set_license(license_key: str, activation_key: str) -> dict:
    """Register a server licence. BadRequest, unless it is one for servers and signed."""
    if not license_key.startswith("IMSV-") or not is_signed(license_key, activation_key, "server"):
        raise BadRequest("Invalid license key")
    value = {"licenseKey": license_key, "activationKey": activation_key, "activatedAt": iso(now())}
    set_system_metadata(_LICENSE_KEY, value)
    return value


def delete_license() -> None:
    forget_system_metadata(_LICENSE_KEY)
