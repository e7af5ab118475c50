"""Routes of `/api/timeline`."""

from __future__ import annotations

from immich_flask.contracts.auth import Auth
from immich_flask.contracts.permissions import Permission
from immich_flask.infra.http.answers import Body
from immich_flask.infra.http.blueprint import Blueprint
from plugins.timeline import service
from plugins.timeline.schemas import TimeBucket, TimeBucketAsset, TimeBucketAssetResponse, TimeBucketsResponse

bp = Blueprint("timeline", __name__, url_prefix="/timeline", tag="Timeline")


@bp.operation("GET", "/buckets", "getTimeBuckets", permission=Permission.ASSET_READ, shared_link=True,
              query=TimeBucket, answer=TimeBucketsResponse(many=True))
def get_time_buckets(auth: Auth, query: dict) -> Body:
    return service.buckets(auth, query)


@bp.operation("GET", "/bucket", "getTimeBucket", permission=Permission.ASSET_READ, shared_link=True,
              query=TimeBucketAsset, answer=TimeBucketAssetResponse)
def get_time_bucket(auth: Auth, query: dict) -> Body:
    return service.bucket(auth, query)
