"""This server, asked as clients ask it: through its own API, in this process, for the account that is imported into.

So an import can do what the account may do, knows no plugin, and keeps every rule that holds for uploads.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from immich_flask.contracts.permissions import Permission
from immich_flask.core.auth.secrets import digest, new_token
from immich_flask.core.models import ApiKey, User
from immich_flask.infra.http.answers import json_bytes

KEY_NAME = "immich-flask import"


class Refused(Exception):
    """This server refuses something: its message. `status` is that of the answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Local:
    """Calls may come from several threads, but not from one that holds a database connection: a request closes it."""

    def __init__(self, app: Flask, key: str) -> None:
        self.app, self.headers = app, {"x-api-key": key}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; None without one. Raises Refused."""
        content = b"" if body is None else json_bytes(body)
        return self._ask(method, path, io.BytesIO(content), len(content), "application/json" if content else None)

    def has(self, path: str) -> bool:
        """Is there such a thing here? Not where the plugin for it is switched off."""
        try:
            self.call("GET", path)
        except Refused as error:
            return error.status != 404
        return True

    def known(self, checksums: list[str]) -> dict[str, str]:
        """The account's assets with these checksums (SHA-1, base64 or hex): {checksum: asset id}."""
        if not checksums:
            return {}
        answer = self.call("POST", "/assets/bulk-upload-check", {
            "assets": [{"id": checksum, "checksum": checksum} for checksum in checksums]})
        return {item["id"]: item["assetId"] for item in answer["results"] if item["action"] == "reject"}

    def upload(self, content: Content, name: str, fields: dict[str, str], sidecar: bytes | None = None) -> tuple[str, bool]:
        """(asset id, is it new) of one file, which is streamed. Raises Refused, or what reading `content` raises."""
        boundary = secrets.token_hex(16)
        head = b"".join(_field(boundary, key, value) for key, value in {**fields, "filename": name}.items())
        if sidecar is not None:
            head += _part(boundary, "sidecarData", f"{name}.xmp") + sidecar + b"\r\n"
        head += _part(boundary, "assetData", name)
        tail = f"\r\n--{boundary}--\r\n".encode()
        answer = self._ask("POST", "/assets", _Chain(head, content, tail), len(head) + content.size + len(tail),
                           f"multipart/form-data; boundary={boundary}")
        if content.error is not None:
            raise content.error
        return answer["id"], answer["status"] != "duplicate"

    def _ask(self, method: str, path: str, body: BinaryIO, length: int, content_type: str | None) -> Any:
        environ = EnvironBuilder(f"/api{path}", method=method, headers=self.headers).get_environ()
        # Not the builder's: it would want to seek in it, and makes multipart bodies of its own.
        environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": content_type or ""}
        chunks, status, _ = run_wsgi_app(self.app, environ, buffered=True)
        answer = b"".join(chunks)
        code = int(status.split()[0])
        if code >= 400:
            try:
                message = json.loads(answer)["message"]
            except (ValueError, LookupError, TypeError):
                message = status
            raise Refused(message, code)
        return json.loads(answer) if answer else None


class Content:
    """A file's bytes on their way: `size` of them, with this SHA-1 (hex) if it is known, told of to `advance`.

    What goes wrong while reading ends the stream early, so that the upload fails, and stays in `error`.
    """

    def __init__(self, stream: BinaryIO, size: int, advance: Callable[[int], object], sha1: str | None = None) -> None:
        self.stream, self.size, self.advance, self.sha1 = stream, size, advance, sha1
        self.hash, self.left = hashlib.sha1(usedforsecurity=False), size
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        if self.error is not None or not self.left:
            return b""
        try:
            chunk = self.stream.read(min(size, self.left))
        except Exception as error:
            self.error = error
            return b""
        self.left -= len(chunk)
        self.hash.update(chunk)
        self.advance(len(chunk))
        if not chunk:
            self.error = OSError("the file ends early")
        elif not self.left and self.sha1 and self.hash.hexdigest() != self.sha1:
            self.error = OSError("the bytes are not those that were announced")
            return b""
        return chunk


class _Chain(io.RawIOBase):
    """The body of an upload. It ends where `content` breaks off, before its closing line."""

    def __init__(self, head: bytes, content: Content, tail: bytes) -> None:
        self.content, self.head, self.tail = content, io.BytesIO(head), io.BytesIO(tail)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        chunk = self.head.read(len(buffer)) or self.content.read(len(buffer))
        if not chunk and self.content.error is None:
            chunk = self.tail.read(len(buffer))
        buffer[:len(chunk)] = chunk
        return len(chunk)


def _part(boundary: str, name: str, filename: str) -> bytes:
    filename = filename.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    return (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n").encode()


def _field(boundary: str, name: str, value: str) -> bytes:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


@contextmanager
def local_api(app: Flask, user: User) -> Iterator[Local]:
    """This server for this account, by a key that lives as long as the import."""
    # One that was killed has left its key behind.
    ApiKey.delete().where(ApiKey.user == user.id, ApiKey.name == KEY_NAME).execute()
    secret = new_token()
    key = ApiKey.create(user=user.id, name=KEY_NAME, key=digest(secret), permissions=[Permission.ALL])
    try:
        yield Local(app, secret)
    finally:
        ApiKey.delete().where(ApiKey.id == key.id).execute()
