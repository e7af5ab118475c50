"""Container images with a web app in them, and a small registry that hands them out as real ones do."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from urllib3 import make_headers

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

WEB = {
    "index.html": b'<!doctype html><title>Immich</title><script>import("/_app/immutable/start.js")</script>',
    "_app/immutable/start.js": b"start()" * 50,
    "_app/version.json": b'{"version":"1234567"}',
    "favicon.ico": b"icon",
}
"""A build as small as can be."""


def layer(files: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    """A tar file; a value may be a ready member, for what is no file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def web_layer(**more: bytes) -> bytes:
    return layer({f"build/www/{name}": content for name, content in {**WEB, **more}.items()})


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Image:
    """Blobs by digest, and the top of them, an index with one image per machine and what is no image."""

    layers: list[bytes]
    compress: object = gzip.compress
    release: str = "v3.1.0"
    blobs: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stored = [self._add(self.compress(content)) for content in self.layers]
        manifest = {"schemaVersion": 2, "config": self._json({"config": {"Env": [f"IMMICH_SOURCE_REF={self.release}"]}}),
                    "layers": stored}
        self.index = json.dumps({"schemaVersion": 2, "manifests": [
            {**self._json({"manifests": []}), "platform": {"os": "unknown", "architecture": "unknown"}},
            {**self._json(manifest), "mediaType": MANIFEST, "platform": {"os": "linux", "architecture": "riscv64"}},
        ]}).encode()
        self.stored = [blob["digest"] for blob in stored]

    def _add(self, content: bytes) -> dict:
        self.blobs[digest(content)] = content
        return {"digest": digest(content), "size": len(content)}

    def _json(self, document: dict) -> dict:
        return self._add(json.dumps(document).encode())

    def layout(self, folder: Path) -> Path:
        """The image as an OCI layout."""
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (folder / "index.json").write_bytes(self.index)
        for name, content in self.blobs.items():
            (folder / "blobs" / name.replace(":", "/")).write_bytes(content)
        return folder

    def saved(self, file: Path) -> Path:
        """The image as `docker save` wrote it before it knew digests."""
        manifest = [{"Config": "c.json", "Layers": [f"{i}/layer.tar" for i in range(len(self.layers))]}]
        file.write_bytes(layer({
            **{f"{i}/layer.tar": content for i, content in enumerate(self.layers)}, "c.json": json.dumps(
                {"config": {"Labels": {"org.opencontainers.image.version": self.release}}}).encode(),
            "manifest.json": json.dumps(manifest).encode()}))
        return file


class SmallRegistry:
    """Serves `image` as `photos/server:v1`, to those with a token; blobs come from another host name by a redirect.

    `user` (name, password): tokens are for this login alone. `asked`: the paths of all requests.
    """

    def __init__(self, image: Image, user: tuple[str, str] | None = None) -> None:
        self.image, self.user, self.asked = image, user, []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.name = f"127.0.0.1:{self.port}/photos/server"

    def __enter__(self) -> SmallRegistry:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path, _, query = request.path.partition("?")
        self.asked.append(path)
        credential = request.headers.get("Authorization")
        where = f"http://127.0.0.1:{self.port}"
        if path == "/token":
            assert "scope=repository%3Aphotos%2Fserver%3Apull" in query and "service=test" in query
            wanted = make_headers(basic_auth=":".join(self.user))["authorization"] if self.user else None
            self._send(request, 200 if credential == wanted else 401, b'{"token": "sesame"}')
        elif path.startswith("/cdn/"):
            assert credential is None, "a credential went to another host"
            self._send(request, 200, self.image.blobs[path.removeprefix("/cdn/")])
        elif credential != "Bearer sesame":
            self._send(request, 401, b"{}", **{"WWW-Authenticate": f'Bearer realm="{where}/token",service="test",scope='
                                                                   '"repository:photos/server:pull"'})
        elif path in ("/v2/photos/server/manifests/v1", f"/v2/photos/server/manifests/{digest(self.image.index)}"):
            self._send(request, 200, self.image.index, **{"Content-Type": INDEX})
        elif path.startswith("/v2/photos/server/") and (name := path.rpartition("/")[2]) in self.image.blobs:
            if "/blobs/" in path:
                self._send(request, 307, b"", Location=f"http://localhost:{self.port}/cdn/{name}")
            else:
                self._send(request, 200, self.image.blobs[name], **{"Content-Type": MANIFEST})
        else:
            self._send(request, 404, b'{"errors": []}')

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, content: bytes, **headers: str) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)
