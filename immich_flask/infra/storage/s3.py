"""Objects in a bucket of any S3 server, through the `minio` client.

What is smaller than one part goes out as a single PUT, the rest as a multipart upload, which only becomes an object
when it is completed. A process killed in the middle leaves an incomplete upload that no listing shows; the servers
remove these themselves (R2 and MinIO by default, the others by the lifecycle rule AbortIncompleteMultipartUpload).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, S3Error
from urllib3.exceptions import ReadTimeoutError

from immich_flask.infra.http.threads import stand_back
from immich_flask.infra.storage import fetched
from immich_flask.infra.storage.base import (
    FULL,
    DiskUsage,
    ObjectInfo,
    ObjectNotFound,
    ObjectStream,
    StorageError,
    StorageFull,
    StorageUnavailable,
    Stored,
    check_key,
)
from immich_flask.infra.storage.breaker import Breaker
from immich_flask.infra.storage.s3_errors import ADVICE, MISSING, error_code, translated

PART_SIZE = 8 * 1024 * 1024
"""Bytes. An upload holds about three parts in memory; 10,000 parts of this size make 78 GiB."""


class S3Storage:
    """See `base.Storage` for what the methods promise.

    endpoint: host, host:port or URL (whose scheme then wins over `secure`). region: empty asks the server for it.
    prefix: put before every key, so that several programs can share a bucket. presigned_redirects: whether
    `presigned_url` gives any. Time-outs are seconds without a connection or a byte; everything that can safely be
    repeated is, twice, except after the latter. While nobody answers, most calls fail at once (`breaker`). Raises
    ValueError for an endpoint or a prefix that cannot be one.
    """

    def __init__(
        self, *, endpoint: str, bucket: str, access_key: str, secret_key: str, region: str = "",
        path_style: bool = True, secure: bool = True, prefix: str = "", create_bucket: bool = False,
        presigned_redirects: bool = False, part_size: int = PART_SIZE, connect_timeout: float = 5,
        read_timeout: float = 30,
    ) -> None:
        scheme, separator, host = endpoint.strip().rpartition("://")
        self.endpoint = host.rstrip("/")
        if not self.endpoint:
            raise ValueError("the endpoint is empty")
        self.bucket = bucket
        self.part_size = part_size
        self.create_bucket = create_bucket
        self.presigned_redirects = presigned_redirects
        self._prefix = check_key(prefix.strip("/")) + "/" if prefix.strip("/") else ""
        self._path_style = path_style
        self._connection = {
            "endpoint": self.endpoint, "access_key": access_key, "secret_key": secret_key, "region": region or None,
            "secure": scheme.lower() != "http" if separator else secure,
        }
        self._timeout = urllib3.Timeout(connect=connect_timeout, read=read_timeout)
        self._client = (os.getpid(), self._connect())
        self._breaker = Breaker(self.endpoint)

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str | None = None) -> Stored:
        name = self._name(key)
        source = _Source(chunks)
        try:
            # Part by part: parallel parts would need that many times the memory for every upload in progress.
            with self._asking(key):
                self.client.put_object(self.bucket, name, source, -1, content_type or "application/octet-stream",
                                       part_size=self.part_size, num_parallel_uploads=1)
        except Exception:
            # Not this storage's fault, so not in its words; nor hidden by a failure to abort the upload.
            if source.failure is not None:
                raise source.failure from None
            raise
        # Completing a multipart upload may fail with status 200 (AWS API reference, CompleteMultipartUpload).
        try:
            found = self.stat(key).size
        except ObjectNotFound as error:
            raise StorageError(f"{key!r} is not in the bucket after it was sent") from error
        if found != source.size:
            raise StorageError(f"{key!r} has {found} bytes in the bucket, but {source.size} were sent")
        return Stored(key, source.size, source.digest.digest())

    def open(self, key: str, start: int = 0, length: int | None = None) -> ObjectStream:
        if start < 0:
            raise ValueError(f"start is {start}")
        if length == 0:
            # A range cannot be empty, and the client takes 0 for "up to the end".
            return _nothing(self.stat(key))
        with self._asking(key):
            try:
                response = self.client.get_object(self.bucket, self._name(key), offset=start, length=length or 0)
            except (S3Error, InvalidResponseError) as error:
                if error_code(error) == "InvalidRange":
                    return _nothing(self.stat(key))
                raise

        def read(size: int) -> bytes:
            with translated(key):
                return response.read(size, decode_content=False)

        def close() -> None:
            # Closed first, what is left of the body is not read: the reader has gone, or has all it wanted.
            response.close()
            response.release_conn()

        if missing := _missing_header(response.headers):
            close()
            raise StorageUnavailable(f"{key!r}: {missing}")
        left = int(response.headers["Content-Length"])
        content_range = response.headers.get("Content-Range")
        if content_range is None and start:
            close()
            raise StorageError(f"the server at {self.endpoint} does not serve ranges")
        total = int(content_range.rpartition("/")[2]) if content_range else left
        if length is not None:
            left = min(left, length)
        modified = parsedate_to_datetime(response.headers["Last-Modified"]).astimezone(UTC)
        return ObjectStream(ObjectInfo(key, total, modified), read, close, left)

    def stat(self, key: str) -> ObjectInfo:
        with self._asking(key):
            found = self.client.stat_object(self.bucket, self._name(key))
        if missing := _missing_header(found.metadata):
            raise StorageUnavailable(f"{key!r}: {missing}")
        return ObjectInfo(key, found.size, found.last_modified)

    def exists(self, key: str) -> bool:
        try:
            self.stat(key)
        except ObjectNotFound:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        # The client asks for 1000 at a time, and answers with those that failed.
        objects = (DeleteObject(self._name(key)) for key in keys)
        with self._asking("objects to delete"):
            failed = [error for error in self.client.remove_objects(self.bucket, objects) if error.code not in MISSING]
        if failed:
            raise StorageError(f"{len(failed)} objects could not be deleted, first {failed[0].name!r}: "
                               f"{failed[0].code} {failed[0].message or ''}")

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        with self._asking(prefix):
            for found in self.client.list_objects(self.bucket, prefix=self._prefix + prefix, recursive=True):
                # Other programs mark "folders" by empty objects whose name ends with a slash.
                if not found.is_dir and not found.object_name.endswith("/"):
                    yield ObjectInfo(found.object_name.removeprefix(self._prefix), found.size, found.last_modified)

    def copy(self, source: str, target: str) -> None:
        if source == target:
            self.stat(source)
            return
        with self._asking(source):
            self.client.copy_object(self.bucket, self._name(target), CopySource(self.bucket, self._name(source)))

    def presigned_url(self, key: str, *, expires: timedelta, content_type: str, disposition: str) -> str | None:
        name = self._name(key)
        if not self.presigned_redirects:
            return None
        headers = {"response-content-type": content_type, "response-content-disposition": disposition}
        with translated(key):
            return self.client.presigned_get_object(self.bucket, name, expires, response_headers=headers)

    def local_path(self, key: str) -> str | None:
        check_key(key)
        return None

    @contextmanager
    def as_file(self, key: str, *, again: bool = False) -> Iterator[Path]:
        name, suffix = f"{self.endpoint} {self.bucket} {self._name(key)}", Path(key).suffix[:20]
        path = fetched.take(name, suffix) or self._fetched(key, suffix)
        try:
            yield path
            if again:
                fetched.keep(name, path)
        finally:
            path.unlink(missing_ok=True)

    def _fetched(self, key: str, suffix: str) -> Path:
        """A new temporary file."""
        with self.open(key) as stream:
            try:
                with tempfile.NamedTemporaryFile(suffix=suffix, delete=False) as file:
                    path = Path(file.name)
                    try:
                        for chunk in stream:
                            file.write(chunk)
                        file.flush()
                    except BaseException:
                        path.unlink()
                        raise
            except OSError as error:
                kind = StorageFull if error.errno in FULL else StorageError
                raise kind(f"{key!r} does not fit into {tempfile.gettempdir()}: {error.strerror}") from error
        return path

    def reach(self) -> None:
        # Whether the object is there does not matter: a storage that cannot be reached raises.
        self.exists("health")

    def check(self) -> None:
        try:
            self._probe()
        except ValueError as error:
            raise StorageError(f"[storage.s3] cannot be used: {error}") from error
        except StorageUnavailable as error:
            raise StorageUnavailable(f"no answer from {self.endpoint}: check storage.s3.endpoint ({error})") from error
        except StorageError as error:
            advice = ADVICE.get(error_code(error.__cause__), "check [storage.s3]")
            raise StorageError(
                f"the bucket {self.bucket} at {self.endpoint} cannot be used: {advice} ({error})") from error

    def free_space(self) -> DiskUsage | None:
        return None

    def sweep(self, older_than: timedelta) -> int:
        return 0

    @property
    def client(self) -> Minio:
        """Connections must not be shared with a forked process: each makes its own client."""
        process, client = self._client
        if process != os.getpid():
            client = self._connect()
            self._client = (os.getpid(), client)
        return client

    @contextmanager
    def _asking(self, key: str) -> Iterator[None]:
        stand_back()
        with self._breaker.call(), translated(key):
            yield

    def _connect(self) -> Minio:
        pool = urllib3.PoolManager(
            maxsize=32,
            timeout=self._timeout,
            # Never as long as a server may like (Retry-After): somebody is waiting for the answer.
            retries=_Retry(total=2, backoff_factor=0.2, status_forcelist=[429, 500, 502, 503, 504],
                           respect_retry_after_header=False),
        )
        client = Minio(http_client=pool, **self._connection)
        (client.disable_virtual_style_endpoint if self._path_style else client.enable_virtual_style_endpoint)()
        return client

    def _probe(self) -> None:
        """A small object, there and back: only writing shows whether the key may write."""
        key = f"check-{uuid4().hex}"
        try:
            self.put(key, [key.encode()])
        except StorageError as error:
            if not self.create_bucket or error_code(error.__cause__) != "NoSuchBucket":
                raise
            self._make_bucket()
            self.put(key, [key.encode()])
        with self.open(key) as stream:
            if stream.read() != key.encode():
                raise StorageError("it does not give back what was written")
        if not any(self.list(key)):
            raise StorageError("it does not list what was written")
        self.delete([key])

    def _make_bucket(self) -> None:
        with self._asking(self.bucket):
            try:
                self.client.make_bucket(self.bucket)
            except (S3Error, InvalidResponseError) as error:
                # Another process that starts at the same time was faster.
                if error_code(error) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)


class _Retry(urllib3.Retry):
    """Who has said nothing for a whole time-out is not asked the same again: somebody waits for the answer."""

    def increment(self, *args: Any, error: Exception | None = None, **more: Any) -> urllib3.Retry:
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(*args, error=error, **more)


class _Source:
    """An iterable of bytes as the file that the client reads parts from; counts and hashes them on the way."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.size = 0
        self.digest = hashlib.sha1(usedforsecurity=False)
        self.failure: BaseException | None = None
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes unless the end is reached: the client would append smaller ones to each other."""
        pieces = [self._rest]
        have = len(self._rest)
        while have < size and (chunk := self._next()):
            pieces.append(chunk)
            have += len(chunk)
        surplus = max(have - size, 0)
        last = pieces.pop()
        pieces.append(last[:len(last) - surplus])
        self._rest = last[len(last) - surplus:]
        return b"".join(pieces)

    def _next(self) -> bytes:
        """The next chunk that is not empty; empty at the end."""
        try:
            for chunk in self._chunks:
                if chunk:
                    self.digest.update(chunk)
                    self.size += len(chunk)
                    return chunk
        except Exception as error:
            self.failure = error
            raise
        return b""


def _missing_header(headers: Mapping[str, str]) -> str | None:
    """What is wrong with the head of an answer: where it was cut off, Python takes the rest for the whole."""
    missing = [name for name in ("Content-Length", "Last-Modified") if name not in headers]
    return f"the answer broke off before {missing[0]}" if missing else None


def _nothing(info: ObjectInfo) -> ObjectStream:
    return ObjectStream(info, lambda size: b"", lambda: None, 0)
