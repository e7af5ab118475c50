"""Uploads over a real connection arrive as they were sent, however they are cut and whatever they contain."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
from urllib.parse import urlsplit

import pytest

from immich_flask.infra.http.multipart import CHUNK
from tests.serving import Served

HEAD = b"".join(b'--bnd-end\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % field for field in (
    (b"fileCreatedAt", b"2024-05-06T07:08:09.000Z"), (b"fileModifiedAt", b"2024-05-06T07:08:09.000Z"))) + (
    b'--bnd-end\r\nContent-Disposition: form-data; name="assetData"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n')
TAIL = b"\r\n--bnd-end--\r\n"


def content(size: int, seed: int) -> bytes:
    """What looks like the begin of a boundary lies everywhere in it, and at its end."""
    rnd = random.Random(seed)
    pieces = [b"\r\n--bnd-e", b"\r\n--", b"--bnd-enx", b"\r\n", b"\r"]
    made = b"".join(rnd.randbytes(rnd.randrange(3000)) + rnd.choice(pieces) for _ in range(size // 1500 + 2))
    return made[:max(size - 9, 0)] + b"\r\n--bnd-e"


@pytest.mark.parametrize("cut", [None, 1000, CHUNK - 3])
def test_any_size_over_one_connection(served: Served, cut: int | None) -> None:
    """All by the same connection: of no body is a byte too many or too few read."""
    user, parts = served.user(), urlsplit(served.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    made = len(HEAD)
    for seed, size in enumerate((7, CHUNK - made - 1, CHUNK - made, CHUNK, CHUNK + 1, 3 * CHUNK + 17)):
        file = content(size, seed)
        body = HEAD + file + TAIL
        connection.putrequest("POST", f"{parts.path}/assets")
        for name, value in (("x-api-key", user.key), ("Content-Type", "multipart/form-data; boundary=bnd-end"),
                            ("Content-Length", str(len(body)))):
            connection.putheader(name, value)
        connection.endheaders()
        for at in range(0, len(body), cut or len(body)):
            connection.send(body[at:at + (cut or len(body))])
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        asset = json.loads(answer.read())["id"]
        connection.request("GET", f"{parts.path}/assets/{asset}/original", headers={"x-api-key": user.key})
        got = connection.getresponse().read()
        assert hashlib.sha1(got).digest() == hashlib.sha1(file).digest(), (size, len(got))
    connection.close()
