"""Narrowing, scoping and widening a list of assets by the wire's parameters, most of which plugins own.

The core knows every such parameter of the wire, so that one whose plugin is switched off is refused and never ignored:
an ignored `albumId` would answer with the whole library. The exceptions are switches that only add or fold what a
missing feature has none of (`withPartners` where nobody has partners); official clients send those with every call.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

from marshmallow import ValidationError

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.enums import AssetVisibility
from immich_flask.contracts.errors import BadRequest, NoAccess, Unauthorized
from immich_flask.core.assets.visible import any_of, open_to_others, own
from immich_flask.core.models import Asset
from immich_flask.core.runtime import runtime
from immich_flask.infra.blame import blaming
from immich_flask.infra.http.schemas import Schema, plain

PLUGIN_PARAMETERS = ("albumId", "albumIds", "isNotInAlbum", "personId", "personIds", "tagId", "tagIds", "ocr")
"""Parameters that mean nothing without their plugin, and are refused then."""

PLUGIN_SWITCHES = ("withPartners", "withSharedAlbums", "withStacked", "withoutStacked", "withoutHiddenPeople")
"""Switches that change nothing where their plugin is off. `withoutStacked` is what search means by `withStacked=false`;
its `withStacked=true` asks for nothing, while in the timeline that folds stacks into one asset each. No client says
`withoutHiddenPeople`: memories are made so."""

EVERY_PARTNER = "every"
"""The value of `withPartners` that means those too who are not mixed into the timeline."""


WIRE_FILTERS = (*PLUGIN_PARAMETERS, *PLUGIN_SWITCHES, "userId")
"""The asset filters that clients know. Plugins may register others that read their own values (`AssetFilter.value`)."""


class Narrowed(Schema):
    """Base of the schemas of calls that plugins' filters narrow: they take those that are not the wire's, too."""

    @classmethod
    def names(cls) -> set[str]:
        """The parameters that the wire has, with those of the classes below this one."""
        return set(cls._declared_fields).union(*(below.names() for below in cls.__subclasses__()))

    def load(self, data: Any, **options: Any) -> Any:
        data = plain(data)
        loaded = super().load(data, **options)
        if isinstance(data, Mapping):
            issues = {}
            for name, read in _readers().items():
                if name in data:
                    try:
                        loaded[name] = read.deserialize(data[name], name, data)
                    except ValidationError as error:
                        issues[name] = error.messages
            if issues:
                raise ValidationError(issues)
        return loaded


def _readers() -> dict[str, Any]:
    return {name: item.value() for name, item in runtime.plugins.asset_filters.items() if item.value}


def own_filters(query: Mapping[str, Any]) -> dict[str, Any]:
    """Of the parameters of a call those that plugins brought and the wire does not know."""
    return {name: query[name] for name, item in runtime.plugins.asset_filters.items() if item.value and name in query}


def plugin_conditions(auth: Auth, parameters: Mapping[str, Any], *, permission: str,
                      visibility: Sequence[AssetVisibility] | None = None) -> list:
    """Peewee conditions, to be joined by AND, for whose assets are asked for and for the plugins' parameters.

    `parameters` may hold more than that. What is absent is not asked for, nor is what is None, except where a filter
    takes that (`tagIds: null`). `userId` limits to one owner: the caller, or somebody whose assets a plugin grants him.
    `visibility` limits to assets that have one of these. Raises NoAccess(`permission`) for the assets of anybody else,
    and BadRequest for a parameter whose plugin is off.
    """
    return either(plugin_parts(auth, parameters, permission=permission, visibility=visibility))


def plugin_parts(auth: Auth, parameters: Mapping[str, Any], *, permission: str,
                 visibility: Sequence[AssetVisibility] | None = None) -> list[list]:
    """The same in parts of which one must hold, as far as possible a part for each owner; an asset may be in several.

    For lists in an order: each part can walk along an index of the owner's assets, all at once must be sorted.
    """
    registered = runtime.plugins.asset_filters
    narrow, scope, wider = [], [], []
    for name, value in _asked(parameters):
        if name in registered:
            {"narrow": narrow, "scope": scope, "widen": wider}[registered[name].effect].append(
                _condition(name, value, auth))
        elif name in PLUGIN_PARAMETERS:
            raise BadRequest(f"{name} cannot be used: its feature is switched off on this server")
    if visibility is not None:
        narrow.insert(0, Asset.visibility.in_(visibility) if len(visibility) > 1 else Asset.visibility == visibility[0])
    owner = parameters.get("userId")
    if scope and owner is None:
        return [[*scope, _not_withheld(auth), *narrow]]
    if auth.shared_link is not None:
        # A link stands for what it shows, not for its owner.
        raise NoAccess(permission)
    # What is neither locked nor a moving part needs no further look; that is quicker than one for each of many assets.
    plain = visibility is not None and not {AssetVisibility.LOCKED, AssetVisibility.HIDDEN}.intersection(visibility)
    open_to_all = Asset.deleted_at.is_null() if plain else open_to_others()
    if owner not in (None, auth.user_id):
        mine = _of(owner, auth, permission) & open_to_all
    else:
        mine = Asset.owner == auth.user_id if plain else own(auth, "asset.read")
    others = [condition & open_to_all for conditions in wider for condition in conditions]
    return [[whose, *scope, *narrow] for whose in (mine, *others)]


class Libraries(NamedTuple):
    """What the parameters of a list ask for, as it can be said of libraries as a whole: all that belongs to the user
    `own`, the caller, unless that is None, and what the timelines of these `others` show; but for what fulfils one of
    the conditions `left_out`."""

    own: str | None
    others: tuple[str, ...]
    left_out: list


def whole_libraries(auth: Auth, parameters: Mapping[str, Any]) -> Libraries | None:
    """The same as `plugin_parts` for whoever keeps counts of libraries, of assets that are neither hidden nor, unless the
    caller may see them, locked. None when something else narrows the list. May raise what `plugin_parts` raises."""
    if auth.shared_link is not None:
        return None
    registered, others, left_out = runtime.plugins.asset_filters, [], []
    for name, value in _asked(parameters):
        item = registered.get(name)
        if item is None and name in PLUGIN_PARAMETERS:
            return None
        if item is not None and item.effect == "widen" and item.owners:
            others += _told(name, item.owners, value, auth)
        elif item is not None and item.effect == "narrow" and item.leaves_out:
            left_out.append(_told(name, item.leaves_out, value, auth))
        elif item is not None:
            return None
    owner = parameters.get("userId")
    if owner not in (None, auth.user_id):
        if (shares := registered.get("userId")) is None or shares.owners is None:
            return None
        others += _told("userId", shares.owners, owner, auth)
    # Once each: who is asked for by name may be among the partners as well.
    own = auth.user_id if owner in (None, auth.user_id) else None
    return Libraries(own, tuple(dict.fromkeys(others)), left_out)


def switched_on(auth: Auth, *names: str) -> list:
    """The conditions of these switches, as far as somebody serves them, to be joined by AND."""
    registered = runtime.plugins.asset_filters
    return [registered[name].where(True, auth) for name in names if name in registered]


def parts_key(auth: Auth, parameters: Mapping[str, Any]) -> Hashable | None:
    """What the conditions of `plugin_parts` depend on, but for its `visibility`: queries with equal keys are the same
    (`infra.sql.Texts`). None when the plugins have to be asked each time, as they check whether the caller may ask, or
    have no key of their own; so it is for shared links."""
    if auth.shared_link is not None or parameters.get("userId") not in (None, auth.user_id):
        return None
    registered, keys = runtime.plugins.asset_filters, []
    for name, value in _asked(parameters):
        if name in registered and registered[name].key is not None:
            keys.append((name, registered[name].key(value, auth)))
        elif name in registered or name in PLUGIN_PARAMETERS:
            return None
    return auth.user_id, auth.elevated, tuple(keys), frozenset(registered)


def _asked(parameters: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The parameters that ask plugins for something, whether or not these are there."""
    registered = runtime.plugins.asset_filters
    others = [name for name in registered if name not in WIRE_FILTERS]
    return [(name, parameters[name]) for name in (*PLUGIN_PARAMETERS, *PLUGIN_SWITCHES, *others)
            if name in parameters and (parameters[name] or name not in PLUGIN_SWITCHES)
            and (parameters[name] is not None or name in registered and registered[name].takes_null)]


def either(parts: Sequence[list]) -> list:
    """The conditions of parts of which one must hold, to be joined by AND."""
    return parts[0] if len(parts) == 1 else [any_of([reduce(and_, part) for part in parts])]


def _of(owner: str, auth: Auth, permission: str) -> Any:
    registered = runtime.plugins.asset_filters.get("userId")
    if registered is None:
        raise NoAccess(permission)
    return _condition("userId", owner, auth)


def _condition(name: str, value: Any, auth: Auth) -> Any:
    return _told(name, runtime.plugins.asset_filters[name].where, value, auth)


def _told(name: str, function: Callable[[Any, Any], Any], value: Any, auth: Auth) -> Any:
    """What a function of the filter `name` says."""
    with blaming(runtime.plugins.owner("asset filter", name)):
        return function(value, auth)


def _not_withheld(auth: Auth) -> Any:
    """Trash and locked folder are for the owner alone, and for nobody who comes by a link."""
    return open_to_others() if auth.shared_link is not None else open_to_others() | own(auth, "asset.read")


def require_elevated(auth: Auth) -> None:
    """The locked folder is asked for by name: say why it stays shut."""
    if not auth.elevated:
        raise Unauthorized("Elevated permission is required")
