"""The sections of the system configuration about pictures, films and what machines see in them."""

from __future__ import annotations

from immich_flask.api.system_config.values import Choice, ConfigBool, ConfigInteger, NumberChoice
from immich_flask.infra.http.schemas import List, Nested, Schema, StrictInteger, StrictNumber, StrictStr

VIDEO_CODECS = ("h264", "hevc", "vp9", "av1")
AUDIO_CODECS = ("mp3", "aac", "opus", "pcm_s16le")
IMAGE_FORMATS = ("jpeg", "webp")


class SystemConfigGeneratedImage(Schema):
    format = Choice(*IMAGE_FORMATS, required=True)
    quality = StrictInteger(required=True, min=1, max=100)
    size = StrictInteger(required=True, min=1)
    progressive = ConfigBool(load_default=False)


class SystemConfigGeneratedFullsizeImage(Schema):
    enabled = ConfigBool(required=True)
    format = Choice(*IMAGE_FORMATS, required=True)
    quality = StrictInteger(required=True, min=1, max=100)
    progressive = ConfigBool(load_default=False)


class SystemConfigImage(Schema):
    thumbnail = Nested(SystemConfigGeneratedImage, required=True)
    preview = Nested(SystemConfigGeneratedImage, required=True)
    fullsize = Nested(SystemConfigGeneratedFullsizeImage, required=True)
    colorspace = Choice("srgb", "p3", required=True)
    extractEmbedded = ConfigBool(required=True)


class SystemConfigFFmpegRealtime(Schema):
    enabled = ConfigBool(required=True)
    videoCodecs = List(Choice(*VIDEO_CODECS), required=True)
    resolutions = List(NumberChoice(480, 720, 1080, 1440, 2160), required=True)


class SystemConfigFFmpeg(Schema):
    crf = ConfigInteger(required=True, min=0, max=51)
    threads = ConfigInteger(required=True, min=0)
    preset = StrictStr(required=True)
    targetVideoCodec = Choice(*VIDEO_CODECS, required=True)
    acceptedVideoCodecs = List(Choice(*VIDEO_CODECS), required=True)
    targetAudioCodec = Choice(*AUDIO_CODECS, required=True)
    acceptedAudioCodecs = List(Choice(*AUDIO_CODECS), required=True)
    acceptedContainers = List(Choice("mov", "mp4", "ogg", "webm"), required=True)
    targetResolution = StrictStr(required=True)
    maxBitrate = StrictStr(required=True)
    bframes = ConfigInteger(required=True, min=-1, max=16)
    refs = ConfigInteger(required=True, min=0, max=6)
    gopSize = ConfigInteger(required=True, min=0)
    temporalAQ = ConfigBool(required=True)
    cqMode = Choice("auto", "cqp", "icq", required=True)
    twoPass = ConfigBool(required=True)
    preferredHwDevice = StrictStr(required=True)
    transcode = Choice("all", "optimal", "bitrate", "required", "disabled", required=True)
    accel = Choice("nvenc", "qsv", "vaapi", "rkmpp", "disabled", required=True)
    accelDecode = ConfigBool(required=True)
    tonemap = Choice("hable", "mobius", "reinhard", "disabled", required=True)
    realtime = Nested(SystemConfigFFmpegRealtime, required=True)


class MachineLearningAvailabilityChecks(Schema):
    enabled = ConfigBool(required=True)
    timeout = StrictInteger(required=True)
    interval = StrictInteger(required=True)


class CLIPConfig(Schema):
    enabled = ConfigBool(required=True)
    modelName = StrictStr(required=True)


class DuplicateDetectionConfig(Schema):
    enabled = ConfigBool(required=True)
    maxDistance = StrictNumber(required=True, min=0.001, max=0.1)


class FacialRecognitionConfig(Schema):
    enabled = ConfigBool(required=True)
    modelName = StrictStr(required=True)
    minScore = StrictNumber(required=True, min=0.1, max=1)
    maxDistance = StrictNumber(required=True, min=0.1, max=2)
    minFaces = StrictInteger(required=True, min=1)


class OcrConfig(Schema):
    enabled = ConfigBool(required=True)
    modelName = StrictStr(required=True)
    maxResolution = StrictInteger(required=True, min=1)
    minDetectionScore = StrictNumber(required=True, min=0.1, max=1)
    minRecognitionScore = StrictNumber(required=True, min=0.1, max=1)


class SystemConfigMachineLearning(Schema):
    enabled = ConfigBool(required=True)
    urls = List(StrictStr(), required=True, min_length=1)
    availabilityChecks = Nested(MachineLearningAvailabilityChecks, required=True)
    clip = Nested(CLIPConfig, required=True)
    duplicateDetection = Nested(DuplicateDetectionConfig, required=True)
    facialRecognition = Nested(FacialRecognitionConfig, required=True)
    ocr = Nested(OcrConfig, required=True)
