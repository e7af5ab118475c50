"""The system configuration: one object with every section, read and written as a whole.

Bounds and words are facts of Immich 3.1.0 (server/src/dtos/system-config.dto.ts); issues come in this order.
"""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, validates_schema

from immich_flask.api.system_config.media_schemas import (
    SystemConfigFFmpeg,
    SystemConfigImage,
    SystemConfigMachineLearning,
)
from immich_flask.api.system_config.values import Choice, ConfigBool, Cron, TimeOfDay, Url, is_url
from immich_flask.core.system_config import DEFAULTS
from immich_flask.infra.http.schemas import (
    Issue,
    List,
    Nested,
    Schema,
    StrictBool,
    StrictInteger,
    StrictNumber,
    StrictStr,
)


class SystemConfigSwitch(Schema):
    enabled = ConfigBool(required=True)


class DatabaseBackupConfig(Schema):
    enabled = ConfigBool(required=True)
    cronExpression = Cron(required=True)
    keepLastAmount = StrictInteger(required=True, min=1)


class SystemConfigBackups(Schema):
    database = Nested(DatabaseBackupConfig, required=True)


class SystemConfigLogging(Schema):
    enabled = ConfigBool(required=True)
    level = Choice("verbose", "debug", "log", "warn", "error", "fatal", required=True)


class SystemConfigMap(Schema):
    enabled = ConfigBool(required=True)
    lightStyle = Url(required=True)
    darkStyle = Url(required=True)


class SystemConfigNewVersionCheck(Schema):
    enabled = ConfigBool(required=True)
    channel = Choice("stable", "releaseCandidate", required=True)


class SystemConfigNightlyTasks(Schema):
    startTime = TimeOfDay(required=True)
    databaseCleanup = ConfigBool(required=True)
    missingThumbnails = ConfigBool(required=True)
    clusterNewFaces = ConfigBool(required=True)
    generateMemories = ConfigBool(required=True)
    syncQuotaUsage = ConfigBool(required=True)


class SystemConfigOAuth(Schema):
    autoLaunch = ConfigBool(required=True)
    autoRegister = ConfigBool(required=True)
    buttonText = StrictStr(required=True)
    clientId = StrictStr(required=True)
    clientSecret = StrictStr(required=True)
    tokenEndpointAuthMethod = Choice("client_secret_post", "client_secret_basic", required=True)
    timeout = StrictInteger(required=True, min=1)
    allowInsecureRequests = ConfigBool(required=True)
    defaultStorageQuota = StrictInteger(required=True, allow_none=True, min=0)
    enabled = ConfigBool(required=True)
    issuerUrl = Url(required=True, optional="Issuer URL")
    scope = StrictStr(required=True)
    prompt = StrictStr(required=True)
    endSessionEndpoint = Url(required=True, optional="endSessionEndpoint")
    signingAlgorithm = StrictStr(required=True)
    profileSigningAlgorithm = StrictStr(required=True)
    storageLabelClaim = StrictStr(required=True)
    storageQuotaClaim = StrictStr(required=True)
    roleClaim = StrictStr(required=True)
    mobileOverrideEnabled = ConfigBool(required=True)
    mobileRedirectUri = StrictStr(required=True)

    @validates_schema
    def check_redirect(self, data: dict, **kwargs: Any) -> None:
        uri = data["mobileRedirectUri"]
        if data["mobileOverrideEnabled"] and uri and not is_url(uri):
            raise ValidationError(Issue("Mobile redirect URI must be an empty string or a valid URL"))


class SystemConfigFaces(Schema):
    import_ = ConfigBool(required=True, data_key="import", attribute="import")


class SystemConfigMetadata(Schema):
    faces = Nested(SystemConfigFaces, required=True)


class SystemConfigStorageTemplate(Schema):
    enabled = ConfigBool(required=True)
    hashVerificationEnabled = ConfigBool(required=True)
    template = StrictStr(required=True)


class JobSettings(Schema):
    concurrency = StrictInteger(required=True, min=1)


SystemConfigJob = Schema.from_dict(
    {queue: Nested(JobSettings, required=True) for queue in DEFAULTS["job"]}, name="SystemConfigJob"
)


class SystemConfigTrash(Schema):
    enabled = ConfigBool(required=True)
    days = StrictInteger(required=True, min=0)


class SystemConfigTheme(Schema):
    customCss = StrictStr(required=True)


class SystemConfigLibraryScan(Schema):
    enabled = ConfigBool(required=True)
    cronExpression = Cron(required=True)


class SystemConfigLibrary(Schema):
    scan = Nested(SystemConfigLibraryScan, required=True)
    watch = Nested(SystemConfigSwitch, required=True)


class SystemConfigSmtpTransport(Schema):
    ignoreCert = ConfigBool(required=True)
    host = StrictStr(required=True)
    port = StrictInteger(required=True, min=0, max=65535)
    secure = ConfigBool(required=True)
    username = StrictStr(required=True)
    password = StrictStr(required=True)


class SystemConfigSmtp(Schema):
    enabled = ConfigBool(required=True)
    from_ = StrictStr(required=True, data_key="from", attribute="from")
    replyTo = StrictStr(required=True)
    transport = Nested(SystemConfigSmtpTransport, required=True)


class SystemConfigNotifications(Schema):
    smtp = Nested(SystemConfigSmtp, required=True)


class SystemConfigTemplateEmails(Schema):
    albumInviteTemplate = StrictStr(required=True)
    welcomeTemplate = StrictStr(required=True)
    albumUpdateTemplate = StrictStr(required=True)


class SystemConfigTemplates(Schema):
    email = Nested(SystemConfigTemplateEmails, required=True)


class SystemConfigServer(Schema):
    externalDomain = Url(required=True, optional="External domain")
    loginPageMessage = StrictStr(required=True)
    publicUsers = ConfigBool(required=True)


class SystemConfigUser(Schema):
    deleteDelay = StrictInteger(required=True, min=1)


class SystemConfigIntegrityJob(Schema):
    enabled = StrictBool(required=True)
    cronExpression = Cron(required=True)


class SystemConfigIntegrityChecksumJob(SystemConfigIntegrityJob):
    timeLimit = StrictInteger(required=True, min=0)
    percentageLimit = StrictNumber(required=True, min=0, max=1)


class SystemConfigIntegrityChecks(Schema):
    missingFiles = Nested(SystemConfigIntegrityJob, required=True)
    untrackedFiles = Nested(SystemConfigIntegrityJob, required=True)
    checksumFiles = Nested(SystemConfigIntegrityChecksumJob, required=True)


class SystemConfig(Schema):
    backup = Nested(SystemConfigBackups, required=True)
    ffmpeg = Nested(SystemConfigFFmpeg, required=True)
    logging = Nested(SystemConfigLogging, required=True)
    machineLearning = Nested(SystemConfigMachineLearning, required=True)
    map = Nested(SystemConfigMap, required=True)
    newVersionCheck = Nested(SystemConfigNewVersionCheck, required=True)
    nightlyTasks = Nested(SystemConfigNightlyTasks, required=True)
    oauth = Nested(SystemConfigOAuth, required=True)
    passwordLogin = Nested(SystemConfigSwitch, required=True)
    reverseGeocoding = Nested(SystemConfigSwitch, required=True)
    metadata = Nested(SystemConfigMetadata, required=True)
    storageTemplate = Nested(SystemConfigStorageTemplate, required=True)
    job = Nested(SystemConfigJob, required=True)
    image = Nested(SystemConfigImage, required=True)
    trash = Nested(SystemConfigTrash, required=True)
    theme = Nested(SystemConfigTheme, required=True)
    library = Nested(SystemConfigLibrary, required=True)
    notifications = Nested(SystemConfigNotifications, required=True)
    templates = Nested(SystemConfigTemplates, required=True)
    server = Nested(SystemConfigServer, required=True)
    user = Nested(SystemConfigUser, required=True)
    integrityChecks = Nested(SystemConfigIntegrityChecks, required=True)


class SystemConfigTemplateStorageOption(Schema):
    yearOptions = List(StrictStr(), required=True)
    monthOptions = List(StrictStr(), required=True)
    weekOptions = List(StrictStr(), required=True)
    dayOptions = List(StrictStr(), required=True)
    hourOptions = List(StrictStr(), required=True)
    minuteOptions = List(StrictStr(), required=True)
    secondOptions = List(StrictStr(), required=True)
    presetOptions = List(StrictStr(), required=True)
