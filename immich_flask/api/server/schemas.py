"""What `/api/server` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.core.server.about import FLAGS
from immich_flask.infra.http.schemas import DateTime, List, Nested, Schema, UUIDv4


class ServerPingResponse(Schema):
    res = fields.String(required=True)


class ServerAboutResponse(Schema):
    version = fields.String(required=True)
    versionUrl = fields.String(required=True)
    licensed = fields.Boolean(required=True)
    build = fields.String()


class ServerApkLinks(Schema):
    arm64v8a = fields.String(required=True)
    armeabiv7a = fields.String(required=True)
    universal = fields.String(required=True)
    x86_64 = fields.String(required=True)


class ServerConfig(Schema):
    oauthButtonText = fields.String(required=True)
    loginPageMessage = fields.String(required=True)
    trashDays = fields.Integer(required=True)
    userDeleteDelay = fields.Integer(required=True)
    isInitialized = fields.Boolean(required=True)
    isOnboarded = fields.Boolean(required=True)
    externalDomain = fields.String(required=True)
    publicUsers = fields.Boolean(required=True)
    mapDarkStyleUrl = fields.String(required=True)
    mapLightStyleUrl = fields.String(required=True)
    maintenanceMode = fields.Boolean(required=True)
    minFaces = fields.Integer(required=True)


ServerFeatures = Schema.from_dict({flag: fields.Boolean(required=True) for flag in FLAGS}, name="ServerFeatures")


class ServerMediaTypesResponse(Schema):
    video = List(fields.String(), required=True)
    image = List(fields.String(), required=True)
    sidecar = List(fields.String(), required=True)


class ServerStorageResponse(Schema):
    diskSize = fields.String(required=True)
    diskUse = fields.String(required=True)
    diskAvailable = fields.String(required=True)
    diskSizeRaw = fields.Integer(required=True)
    diskUseRaw = fields.Integer(required=True)
    diskAvailableRaw = fields.Integer(required=True)
    diskUsagePercentage = fields.Float(required=True)


class UsageByUser(Schema):
    userId = UUIDv4(required=True)
    userName = fields.String(required=True)
    photos = fields.Integer(required=True)
    videos = fields.Integer(required=True)
    usage = fields.Integer(required=True)
    usagePhotos = fields.Integer(required=True)
    usageVideos = fields.Integer(required=True)
    quotaSizeInBytes = fields.Integer(required=True, allow_none=True)


class ServerStatsResponse(Schema):
    photos = fields.Integer(required=True)
    videos = fields.Integer(required=True)
    usage = fields.Integer(required=True)
    usagePhotos = fields.Integer(required=True)
    usageVideos = fields.Integer(required=True)
    usageByUser = List(Nested(UsageByUser), required=True)


class ServerVersionResponse(Schema):
    major = fields.Integer(required=True)
    minor = fields.Integer(required=True)
    patch = fields.Integer(required=True)
    prerelease = fields.Integer(required=True, allow_none=True)


class ServerVersionHistoryResponse(Schema):
    id = UUIDv4(required=True)
    createdAt = DateTime(required=True)
    version = fields.String(required=True)


class VersionCheckStateResponse(Schema):
    checkedAt = fields.String(required=True, allow_none=True)
    releaseVersion = fields.String(required=True, allow_none=True)
