"""What S3 servers, the `minio` client and the network below it say, in the words of the protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from immich_flask.infra.storage.base import ObjectNotFound, StorageError, StorageFull, StorageUnavailable

MISSING = {"NoSuchKey", "NoSuchObject"}
_UNAVAILABLE = {"InternalError", "OperationAborted", "RequestTimeout", "ServerBusy", "ServiceUnavailable", "SlowDown"}
_FULL = {"QuotaExceeded", "StorageFull", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull"}
ADVICE = {
    "NoSuchBucket": "make it, or set storage.s3.create_bucket",
    "InvalidAccessKeyId": "check storage.s3.access_key",
    "SignatureDoesNotMatch": "check storage.s3.secret_key",
    "AuthorizationHeaderMalformed": "check storage.s3.region",
    "PermanentRedirect": "check storage.s3.region and storage.s3.endpoint",
    "AccessDenied": "allow storage.s3.access_key to read, write, delete and list there",
}
"""What an operator can do about an error code."""


@contextmanager
def translated(key: str) -> Iterator[None]:
    """The client's errors in the words of the protocol."""
    try:
        yield
    except (MinioException, HTTPError) as error:
        code = error_code(error)
        if code in MISSING:
            raise ObjectNotFound(key) from error
        if code in _FULL:
            raise StorageFull(f"{code} for {key!r}") from error
        if code in _UNAVAILABLE or isinstance(error, HTTPError) or _status(error) >= 500:
            raise StorageUnavailable(f"{key!r}: {getattr(error, 'reason', None) or error}") from error
        raise StorageError(f"{key!r}: {error}") from error


def error_code(error: BaseException | None) -> str | None:
    """The S3 error code, if that is what went wrong."""
    if isinstance(error, S3Error):
        return error.code
    # The client reads XML of type application/xml only; rclone, for one, says text/xml.
    found = re.search(r"<Code>(\w+)</Code>", str(error))
    return found.group(1) if found else None


def _status(error: BaseException) -> int:
    """The HTTP status where the answer was no S3 error: from a proxy, mostly. 0 if there is none."""
    if isinstance(error, ServerError):
        return error.status_code
    found = re.search(r"Response code: (\d{3})", str(error))
    return int(found.group(1)) if found else 0
