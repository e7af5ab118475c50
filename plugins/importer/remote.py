"""The server that is copied from: any that speaks Immich's API, 2.x or 3.x, by an API key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

PAGE = 500

WAIT = urllib3.Timeout(connect=15, read=120)

PERMISSIONS = ("user.read", "asset.read", "asset.download", "album.read", "tag.read", "stack.read")
"""What the key must be good for."""


class RemoteError(Exception):
    """The other server refuses something, or cannot be reached: one line. `status` is 0 for the latter."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Remote:
    """`url` is its address, with or without `/api`."""

    def __init__(self, url: str, key: str, *, connections: int = 4) -> None:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RemoteError(f"{url} is no address of a server")
        self.base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api')}/api"
        self.headers = {"x-api-key": key, "Accept": "application/json"}
        # A POST here only asks.
        self.http = urllib3.PoolManager(maxsize=connections, timeout=WAIT, retries=urllib3.Retry(
            total=5, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), allowed_methods=None, redirect=3,
            raise_on_status=False))

    def get(self, path: str, **query: str) -> Any:
        return self._json("GET", f"{path}{'?' + urlencode(query) if query else ''}")

    def search(self, **filters: Any) -> Iterator[list[dict]]:
        """Pages of assets (`POST /search/metadata`)."""
        page: Any = 1
        while page:
            found = self._json("POST", "/search/metadata", {**filters, "size": PAGE, "page": int(page)})["assets"]
            yield found["items"]
            page = found.get("nextPage")

    def download(self, asset_id: str) -> urllib3.BaseHTTPResponse:
        """The original, to be read and closed."""
        answer = self._send("GET", f"/assets/{asset_id}/original", {"Accept": "*/*"})
        if answer.status != 200:
            self._refuse(answer, f"/assets/{asset_id}/original")
        return answer

    def close(self) -> None:
        self.http.clear()

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._send(method, path, {}, body)
        if not 200 <= answer.status < 300:
            self._refuse(answer, path)
        try:
            content = answer.read()
            return json.loads(content)
        except urllib3.exceptions.HTTPError as error:
            raise RemoteError(f"the connection to {self.base} broke off: {error}") from error
        except ValueError as error:
            raise RemoteError(f"{self.base}{path} answers no JSON: it is no Immich server") from error
        finally:
            answer.release_conn()

    def _send(self, method: str, path: str, headers: dict, body: Any = None) -> urllib3.BaseHTTPResponse:
        try:
            return self.http.request(method, f"{self.base}{path}", headers={**self.headers, **headers}, json=body,
                                     preload_content=False)
        except urllib3.exceptions.HTTPError as error:
            raise RemoteError(f"{self.base} cannot be reached: {error}") from error

    def _refuse(self, answer: urllib3.BaseHTTPResponse, path: str) -> None:
        try:
            message = json.loads(answer.read(65536)).get("message") or ""
        except (ValueError, AttributeError, urllib3.exceptions.HTTPError):
            message = ""
        finally:
            answer.close()
        raise RemoteError(f"the other server answers {answer.status} to {path}{f': {message}' if message else ''}",
                          answer.status)
