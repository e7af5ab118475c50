"""External libraries: no folder of the machine is shown as a library, so there is none to change or scan."""

from __future__ import annotations

from functools import partial

from immich_flask.contracts.errors import BadRequest
from immich_flask.contracts.permissions import Permission
from immich_flask.core.libraries import (
    CreateLibrary,
    LibraryResponse,
    LibraryStatsResponse,
    UpdateLibrary,
    ValidateLibrary,
    ValidateLibraryResponse,
)
from immich_flask.infra.http.blueprint import Blueprint
from plugins.compat.answers import always, never, not_built

bp = Blueprint("compat_libraries", __name__, url_prefix="/libraries", tag="Libraries")

none_such = partial(BadRequest, "Library not found")

always(bp, "GET", "", "getAllLibraries", [], admin=True, permission=Permission.LIBRARY_READ,
       answer=LibraryResponse(many=True))
never(bp, "POST", "", "createLibrary", not_built("External libraries"), admin=True,
      permission=Permission.LIBRARY_CREATE, body=CreateLibrary, answer=LibraryResponse, status=201)
never(bp, "GET", "/{id}", "getLibrary", none_such, admin=True, permission=Permission.LIBRARY_READ,
      answer=LibraryResponse)
never(bp, "PUT", "/{id}", "updateLibrary", none_such, admin=True, permission=Permission.LIBRARY_UPDATE,
      body=UpdateLibrary, answer=LibraryResponse, twin="PATCH")
never(bp, "DELETE", "/{id}", "deleteLibrary", none_such, admin=True, permission=Permission.LIBRARY_DELETE, status=204)
never(bp, "POST", "/{id}/scan", "scanLibrary", none_such, admin=True, permission=Permission.LIBRARY_UPDATE, status=204)
never(bp, "GET", "/{id}/statistics", "getLibraryStatistics", none_such, admin=True,
      permission=Permission.LIBRARY_STATISTICS, answer=LibraryStatsResponse)
# Upstream looks at the paths without asking whether there is such a library; here there is nothing to use them for.
never(bp, "POST", "/{id}/validate", "validate", none_such, admin=True, body=ValidateLibrary,
      answer=ValidateLibraryResponse)
