"""Narrowing, scoping and widening a list of assets by the wire's parameters, most of which plugins own.

The core knows every such parameter of the wire, so that one whose plugin is switched off is refused and never ignored:
an ignored `albumId` would answer with the whole library. The exceptions are switches that only add or fold what a
missing feature has none of (`withPartners` where nobody has partners); official clients send those with every call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.errors import BadRequest, NoAccess, Unauthorized
from immich_flask.core.assets.visible import any_of, open_to_others, own
from immich_flask.core.models import Asset
from immich_flask.core.runtime import runtime

PLUGIN_PARAMETERS = ("albumId", "albumIds", "isNotInAlbum", "personId", "personIds", "tagId", "tagIds", "ocr")
"""Parameters that mean nothing without their plugin, and are refused then."""

PLUGIN_SWITCHES = ("withPartners", "withSharedAlbums", "withStacked", "withoutStacked")
"""Switches that change nothing where their plugin is off. `withoutStacked` is what search means by `withStacked=false`;
its `withStacked=true` asks for nothing, while in the timeline that folds stacks into one asset each."""

EVERY_PARTNER = "every"
"""The value of `withPartners` that means those too who are not mixed into the timeline."""


def plugin_conditions(auth: Auth, parameters: Mapping[str, Any], *, permission: str) -> list:
    """Peewee conditions, to be joined by AND, for whose assets are asked for and for the plugins' parameters.

    `parameters` may hold more than that. What is absent is not asked for, nor is what is None, except where a filter
    takes that (`tagIds: null`). `userId` limits to one owner: the caller, or somebody whose assets a plugin grants him.
    Raises NoAccess(`permission`) for anybody else's, and BadRequest for a parameter whose plugin is off.
    """
    registered = runtime.plugins.asset_filters
    given = {name: value for name, value in parameters.items()
             if value is not None or name in registered and registered[name].takes_null}
    narrow, scope, wider = [], [], []
    for name in PLUGIN_PARAMETERS + PLUGIN_SWITCHES:
        if name not in given or name in PLUGIN_SWITCHES and not given[name]:
            continue
        if name in registered:
            {"narrow": narrow, "scope": scope, "widen": wider}[registered[name].effect].append(
                registered[name].where(given[name], auth))
        elif name in PLUGIN_PARAMETERS:
            raise BadRequest(f"{name} cannot be used: its feature is switched off on this server")
    owner = given.get("userId")
    if scope and owner is None:
        return [*scope, _not_withheld(auth), *narrow]
    if auth.shared_link is not None:
        # A link stands for what it shows, not for its owner.
        raise NoAccess(permission)
    mine = Asset.owner == auth.user_id if owner in (None, auth.user_id) else _of(owner, auth, permission)
    return [any_of([mine, *wider]), *scope, _not_withheld(auth), *narrow]


def _of(owner: str, auth: Auth, permission: str) -> Any:
    registered = runtime.plugins.asset_filters.get("userId")
    if registered is None:
        raise NoAccess(permission)
    return registered.where(owner, auth)


def _not_withheld(auth: Auth) -> Any:
    """Trash and locked folder are for the owner alone, and for nobody who comes by a link."""
    return open_to_others() if auth.shared_link is not None else open_to_others() | own(auth, "asset.read")


def require_elevated(auth: Auth) -> None:
    """The locked folder is asked for by name: say why it stays shut."""
    if not auth.elevated:
        raise Unauthorized("Elevated permission is required")
