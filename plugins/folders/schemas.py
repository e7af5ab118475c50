"""What `/api/view/folder` takes."""

from __future__ import annotations

from immich_flask.infra.http.schemas import Schema, StrictStr


class FolderQuery(Schema):
    path = StrictStr(required=True)
