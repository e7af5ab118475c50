"""What `/api/queues` and `/api/jobs` take and give."""

from __future__ import annotations

from marshmallow import fields

from immich_flask.contracts.enums import JobName, ManualJobName, QueueCommand, QueueJobStatus, QueueName
from immich_flask.infra.http.schemas import Enum, Nested, QueryList, Record, Schema, StrictBool


class QueueStatistics(Schema):
    active = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    delayed = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    paused = fields.Integer(required=True)


class QueueResponse(Schema):
    name = Enum(QueueName, required=True)
    isPaused = fields.Boolean(required=True)
    statistics = Nested(QueueStatistics, required=True)


class QueueUpdate(Schema):
    isPaused = StrictBool()


class QueueJobSearch(Schema):
    status = QueryList(Enum(QueueJobStatus))


class QueueJobResponse(Schema):
    id = fields.String()
    name = Enum(JobName, required=True)
    data = Record(required=True)
    timestamp = fields.Integer(required=True, metadata={"description": "Milliseconds since 1970."})


class QueueDelete(Schema):
    failed = StrictBool()


class QueueStatusLegacy(Schema):
    isActive = fields.Boolean(required=True)
    isPaused = fields.Boolean(required=True)


class QueueResponseLegacy(Schema):
    jobCounts = Nested(QueueStatistics, required=True)
    queueStatus = Nested(QueueStatusLegacy, required=True)


QueuesResponseLegacy = Schema.from_dict(
    {str(name): Nested(QueueResponseLegacy, required=True) for name in QueueName}, name="QueuesResponseLegacy"
)


class QueueCommandBody(Schema):
    command = Enum(QueueCommand, required=True)
    force = StrictBool()


class JobCreate(Schema):
    name = Enum(ManualJobName, required=True)
