"""An image in a registry, by the OCI distribution protocol: a token where one is asked for, manifests, blobs."""

from __future__ import annotations

import json
from typing import BinaryIO
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from werkzeug.datastructures import WWWAuthenticate

from plugins.web.sources.base import SourceError
from plugins.web.sources.image import MAX_DOCUMENT, Blob
from plugins.web.sources.reference import Reference

MANIFESTS = ", ".join((
    "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
))

WAIT = urllib3.Timeout(connect=15, read=60)


class Registry:
    """See `image.Images`. Speaks TLS, except with this machine itself."""

    def __init__(self, reference: Reference, login: tuple[str, str] | None = None) -> None:
        self.reference, self.login, self.name = reference, login, str(reference)
        self.http = urllib3.PoolManager(timeout=WAIT, retries=urllib3.Retry(
            total=5, connect=3, read=2, redirect=5, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504)))
        self.authorization: dict[str, str] = {}

    def manifest(self, blob: Blob | None = None) -> tuple[bytes, str]:
        digest = blob.digest if blob else self.reference.digest
        with self._get(f"{self.reference.base}/manifests/{digest or self.reference.tag}", MANIFESTS) as answer:
            return self._read(answer), digest

    def open(self, blob: Blob) -> BinaryIO:
        return _Stream(self._get(f"{self.reference.base}/blobs/{blob.digest}", "*/*"), self.name)

    def close(self) -> None:
        self.http.clear()

    def _get(self, url: str, accept: str) -> urllib3.BaseHTTPResponse:
        answer = self._send(url, {"Accept": accept, **self.authorization})
        if answer.status == 401 and not self.authorization:
            answer.close()
            self.authorization = self._authorize(answer.headers.get("WWW-Authenticate"))
            answer = self._send(url, {"Accept": accept, **self.authorization})
        if answer.status != 200:
            answer.close()
            raise SourceError(f"{self.name}: {_WHY.get(answer.status, f'the registry answers {answer.status}')}")
        return answer

    def _send(self, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            # Blobs are mostly redirected to another host; credentials do not follow there (urllib3's default).
            return self.http.request("GET", url, headers=headers, preload_content=False,
                                     decode_content=False)
        except urllib3.exceptions.HTTPError as error:
            raise SourceError(f"{self.name}: {urlsplit(url).hostname} cannot be reached: {error}") from error

    def _authorize(self, asked: str | None) -> dict[str, str]:
        """The header that the registry asks for: a token of the server that it names, or the login itself."""
        challenge = WWWAuthenticate.from_header(asked)
        basic = urllib3.make_headers(basic_auth=":".join(self.login)) if self.login else {}
        basic = {"Authorization": basic["authorization"]} if basic else {}
        if challenge is None or challenge.type not in ("bearer", "basic"):
            raise SourceError(f"{self.name}: the registry asks for a login of a kind that this program doesn't know")
        if challenge.type == "basic":
            return basic
        realm = urljoin(self.reference.base, challenge.parameters.get("realm") or "")
        if basic and urlsplit(realm).scheme != "https" and not self.reference.base.startswith("http:"):
            raise SourceError(f"{self.name}: the registry wants the password sent unencrypted to {realm}")
        query = {"scope": challenge.parameters.get("scope") or f"repository:{self.reference.repository}:pull"}
        if service := challenge.parameters.get("service"):
            query["service"] = service
        with self._send(f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}", basic) as given:
            if given.status != 200:
                raise SourceError(f"{self.name}: {_WHY.get(given.status, 'no token')}")
            try:
                answer = json.loads(self._read(given))
                return {"Authorization": f"Bearer {answer.get('token') or answer['access_token']}"}
            except (ValueError, KeyError, AttributeError) as error:
                raise SourceError(f"{self.name}: the registry gives no token") from error

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        with _Stream(answer, self.name) as stream:
            return stream.read(MAX_DOCUMENT)


_WHY = {401: "the registry wants a login, or another one (--login NAME)", 403: "the registry refuses it",
        404: "there is no such image", 429: "the registry has had too many requests from here; try later"}


class _Stream:
    """The body of an answer; what breaks it off is a SourceError."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, name: str) -> None:
        self.answer, self.name = answer, name

    def read(self, size: int) -> bytes:
        try:
            return self.answer.read(size)
        except urllib3.exceptions.HTTPError as error:
            raise SourceError(f"{self.name}: the connection broke off: {error}") from error

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self.answer.close()
