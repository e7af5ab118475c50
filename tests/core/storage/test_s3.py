"""What only S3 does: servers that fail in every way, wrong settings, presigned URLs."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests

from immich_flask.infra.storage.base import ObjectNotFound, StorageError, StorageUnavailable
from immich_flask.infra.storage.s3 import S3Storage
from immich_flask.testing.servers import S3Server

from .conftest import PART


@contextmanager
def answering(reply: bytes | None, *, close: bool = True) -> Iterator[str]:
    """A server that gives every connection the same reply, or none. Yields host:port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()
        waiting = []

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                if reply is None:
                    waiting.append(connection)
                    continue
                with connection:
                    connection.recv(65536)
                    connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield "{}:{}".format(*listener.getsockname())
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in waiting:
                connection.close()


def everything(storage: S3Storage) -> list[Callable]:
    return [
        lambda: storage.put("k", [b"x"]), lambda: storage.put("k", [b"x" * PART] * 2), lambda: storage.open("k"),
        lambda: storage.stat("k"), lambda: storage.exists("k"), lambda: storage.delete(["k"]),
        lambda: list(storage.list()), lambda: storage.copy("a", "b"), storage.check,
    ]


def test_refused_connections_are_told_quickly(make_s3: Callable) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        storage = make_s3(endpoint="{}:{}".format(*unused.getsockname()), secure=False, bucket="photos")
        for ask in everything(storage):
            started = time.monotonic()
            with pytest.raises(StorageUnavailable):
                ask()
            assert time.monotonic() - started < 10


def test_a_server_that_never_answers(make_s3: Callable) -> None:
    with answering(None) as endpoint:
        storage = make_s3(endpoint=endpoint, secure=False, bucket="photos", read_timeout=0.2)
        for ask in (lambda: storage.stat("k"), lambda: storage.put("k", [b"x"]), storage.check):
            started = time.monotonic()
            with pytest.raises(StorageUnavailable):
                ask()
            assert time.monotonic() - started < 10


@pytest.mark.parametrize("status", ["503 Slow Down", "502 Bad Gateway"])
def test_a_server_that_fails(make_s3: Callable, status: str) -> None:
    reply = f"HTTP/1.1 {status}\r\nContent-Length: 4\r\nRetry-After: 600\r\nConnection: close\r\n\r\noops".encode()
    with answering(reply) as endpoint:
        for ask in everything(make_s3(endpoint=endpoint, secure=False, bucket="photos")):
            started = time.monotonic()
            with pytest.raises(StorageUnavailable):
                ask()
            assert time.monotonic() - started < 10


def test_an_answer_that_breaks_off(make_s3: Callable) -> None:
    reply = (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"
             b"Last-Modified: Sat, 21 Nov 2026 04:08:41 GMT\r\n\r\nxxxxxxxxxx")
    with answering(reply) as endpoint:
        storage = make_s3(endpoint=endpoint, secure=False, bucket="photos")
        with storage.open("k") as stream, pytest.raises(StorageUnavailable):
            stream.read()
        with pytest.raises(StorageUnavailable), storage.as_file("k"):
            pytest.fail("half a file")


def test_the_server_dies_during_an_upload() -> None:
    with S3Server() as server:
        storage = S3Storage(endpoint=server.url, bucket=server.create_bucket("photos"), access_key=server.access_key,
                            secret_key=server.secret_key, region=server.region, part_size=PART)

        def chunks() -> Iterator[bytes]:
            yield os.urandom(PART + 1)
            server.stop()
            yield os.urandom(PART + 1)

        with pytest.raises(StorageUnavailable):
            storage.put("k", chunks())


def test_an_upload_fails_while_the_server_is_away() -> None:
    """The error of the source counts, not that of the aborting which follows from it."""
    with S3Server() as server:
        storage = S3Storage(endpoint=server.url, bucket=server.create_bucket("photos"), access_key=server.access_key,
                            secret_key=server.secret_key, region=server.region, part_size=PART)

        def chunks() -> Iterator[bytes]:
            yield os.urandom(PART + 1)
            server.stop()
            raise KeyError("source")

        with pytest.raises(KeyError, match="source"):
            storage.put("k", chunks())


def test_check_makes_the_bucket_only_if_told(make_s3: Callable, s3_server: S3Server) -> None:
    storage = make_s3(bucket="not-yet-there")
    with pytest.raises(StorageError, match=r"bucket not-yet-there at .*make it, or set storage\.s3\.create_bucket"):
        storage.check()
    # A missing bucket must not look like a missing object: a sweeper would draw the wrong conclusion.
    with pytest.raises(StorageError) as caught:
        storage.open("k")
    assert not isinstance(caught.value, ObjectNotFound)
    for region in ("", s3_server.region):
        willing = make_s3(bucket=f"made-{region or 'unknown'}", create_bucket=True, region=region)
        willing.check()
        willing.check()
        assert list(willing.list()) == []


def test_check_says_what_to_change(make_s3: Callable) -> None:
    for changes, advice in (
        ({"access_key": "unknown"}, "access_key"),
        ({"secret_key": "wrong-secret"}, "secret_key"),
        ({"bucket": "Not_A_Bucket!"}, r"\[storage.s3\]"),
    ):
        with pytest.raises(StorageError, match=advice):
            make_s3(**changes).check()
    with pytest.raises(StorageUnavailable, match=r"no answer from .*storage\.s3\.endpoint"):
        make_s3(endpoint="https://127.0.0.1:1", bucket="photos").check()


@pytest.mark.parametrize("endpoint", ["http://host/path", "host:port", "http://user:pw@host", ""])
def test_what_is_no_endpoint(make_s3: Callable, endpoint: str) -> None:
    with pytest.raises(ValueError):
        make_s3(endpoint=endpoint, bucket="photos")


@pytest.mark.parametrize("endpoint, secure, style, url", [
    ("s3.example.org", True, True, "https://s3.example.org/photos/k?"),
    ("s3.example.org", False, True, "http://s3.example.org/photos/k?"),
    ("http://s3.example.org:9000/", True, True, "http://s3.example.org:9000/photos/k?"),
    ("https://s3.example.org", False, True, "https://s3.example.org/photos/k?"),
    ("https://s3.example.org", True, False, "https://photos.s3.example.org/k?"),
    ("https://s3.eu-west-1.amazonaws.com", True, True, "https://s3.eu-west-1.amazonaws.com/photos/k?"),
])
def test_endpoints(make_s3: Callable, endpoint: str, secure: bool, style: bool, url: str) -> None:
    storage = make_s3(endpoint=endpoint, secure=secure, path_style=style, bucket="photos", presigned_redirects=True,
                      region="eu-west-1")
    given = storage.presigned_url("k", expires=timedelta(minutes=1), content_type="image/jpeg", disposition="inline")
    assert given.startswith(url)


def test_presigned_urls(make_s3: Callable) -> None:
    wanted = {"expires": timedelta(minutes=5), "content_type": "image/webp",
              "disposition": "inline; filename*=UTF-8''" + quote("ü.webp")}
    assert make_s3().presigned_url("k", **wanted) is None
    storage = make_s3(presigned_redirects=True, prefix="family")
    storage.put("a/ü b.webp", [b"0123456789"])
    url = storage.presigned_url("a/ü b.webp", **wanted)
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert requests.get(url, headers={"Range": "bytes=2-4"}, timeout=10).content == b"234"
    query = dict(parse_qsl(urlsplit(url).query))
    assert query["response-content-type"] == wanted["content_type"]
    assert query["response-content-disposition"] == wanted["disposition"]
    assert requests.get(url.replace("X-Amz-Expires=300", "X-Amz-Expires=301"), timeout=10).status_code == 403


def test_a_prefix_keeps_programs_apart(make_s3: Callable) -> None:
    first = make_s3(prefix="/first/")
    second = make_s3(prefix="second", bucket=first.bucket)
    whole = make_s3(bucket=first.bucket)
    first.put("k", [b"1"])
    second.put("k", [b"22"])
    assert [info.size for info in first.list()] == [1]
    assert {info.key for info in whole.list()} == {"first/k", "second/k"}
    second.delete(["k"])
    assert first.exists("k")
    with pytest.raises(ValueError):
        make_s3(prefix="../up", bucket=first.bucket)


def test_a_forked_process_makes_its_own_connections(make_s3: Callable) -> None:
    storage = make_s3()
    storage.put("k", [os.urandom(100_000)])
    before = storage.client
    with storage.open("k") as stream:
        whole = stream.read()
    child = os.fork()
    if child == 0:
        # A stream of the parent's must not be disturbed: both read at once.
        with storage.open("k") as stream:
            same = hashlib.sha1(stream.read()).digest() == hashlib.sha1(whole).digest()
        os._exit(0 if same and storage.client is not before else 1)
    with storage.open("k") as stream:
        assert stream.read() == whole
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert storage.client is before
