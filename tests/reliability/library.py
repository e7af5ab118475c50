"""A user who changes his library at random, remembers what he was told, and can tell whether it is still so.

What was answered 2xx is certain. A request without an answer may have been carried out or not: then both are possible
until somebody looks. Nothing else is.
"""

from __future__ import annotations

import hashlib
import io
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
from PIL import Image

from immich_flask.testing.callers import photo

HERE, TRASHED, GONE = "here", "in the trash", "gone"

WIDTH, HEIGHT = 64, 48
CROP = {"action": "crop", "parameters": {"x": 4, "y": 6, "width": 40, "height": 20}}
EDITS = ((), *(({"action": "rotate", "parameters": {"angle": angle}},) for angle in (90, 180, 270)), (CROP,))
"""Lists of edits, as the wire has them; the first undoes them."""

MOST = 25
"""Assets of one user from which on he rather deletes."""

MOMENT = "2023-06-15T10:00:00.000Z"

UNANSWERED = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


@dataclass
class Known:
    """What is known of an asset: each a list of what is possible."""

    id: str
    sha1: str
    size: int
    states: list[str]
    descriptions: list[str] = field(default_factory=lambda: [""])
    edits: list[tuple] = field(default_factory=lambda: [()])

    @property
    def is_certain(self) -> bool:
        return len(self.states) == len(self.descriptions) == len(self.edits) == 1


class _Slowly:
    """A body that is sent bit by bit, so that a kill meets uploads on their way."""

    def __init__(self, content: bytes, pause: float) -> None:
        self._file, self._size, self._pause = io.BytesIO(content), len(content), pause

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        time.sleep(self._pause)
        return self._file.read(size)


class Library:
    """One user of the server at `url` (its API), logged in. `problems`: where violations of what was promised go."""

    def __init__(self, url: str, admin_key: str, problems: list[str], seed: int) -> None:
        self.url, self.problems, self.random = url, problems, random.Random(seed)
        self.assets: dict[str, Known] = {}
        self.unsure: dict[str, bytes] = {}
        self.acts = self.unanswered = 0
        self._seed = seed
        self._serial = 0
        self._http = requests.Session()
        who = {"email": f"{uuid.uuid4()}@test.example", "password": "Sesame-Open-1", "name": f"user {seed}"}
        self.id = requests.post(f"{url}/admin/users", headers={"x-api-key": admin_key}, json=who, timeout=60).json()["id"]
        token = requests.post(f"{url}/auth/login", json=who, timeout=60).json()["accessToken"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    # --- changing

    def act(self) -> None:
        """Do something, and remember what came of it."""
        acts: list[tuple[Callable[[], None], int]] = [
            (self.upload, 1 if len(self.assets) > MOST else 8), (self.edit, 5), (self.describe, 3), (self.trash, 3),
            (self.restore, 1), (self.purge, 3), (self.empty_trash, 1)]
        what = self.random.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
        what()

    def upload(self) -> None:
        # Like the apps: what was not answered is tried again.
        if self.unsure and self.random.random() < 0.7:
            sha1, content = next(iter(self.unsure.items()))
            again = True
        else:
            content = self._new_photo()
            sha1, again = hashlib.sha1(content).hexdigest(), False
        name = f"{sha1[:8]}.jpg"
        boundary = uuid.uuid4().hex
        body = _form(boundary, {"fileCreatedAt": MOMENT, "fileModifiedAt": MOMENT, "filename": name}, name, content)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        self.unsure[sha1] = content
        answer = self._call("POST", "/assets", expected=(200, 201), headers=headers,
                            data=_Slowly(body, self.random.choice((0, 0, 0.002))))
        if answer is None:
            return
        if answer.status_code == 200 and not again:
            self.problems.append(f"{name} was never uploaded before, but is a duplicate: {answer.text}")
        del self.unsure[sha1]
        asset_id = answer.json()["id"]
        self.assets.setdefault(asset_id, Known(asset_id, sha1, len(content), [HERE]))

    def edit(self) -> None:
        if (known := self._one(HERE)) is None:
            return
        edits = self.random.choice(EDITS)
        before, known.edits = known.edits, [*known.edits, edits]
        # 400: its size is not known yet.
        if edits:
            answer = self._call("PUT", f"/assets/{known.id}/edits", expected=(200, 400), json={"edits": list(edits)})
        else:
            answer = self._call("DELETE", f"/assets/{known.id}/edits", expected=(204,))
        if answer is not None:
            known.edits = [edits] if answer.ok else before

    def describe(self) -> None:
        if (known := self._one(HERE)) is None:
            return
        text = f"description {self.random.randrange(10**6)}"
        known.descriptions.append(text)
        if self._call("PUT", f"/assets/{known.id}", expected=(200,), json={"description": text}) is not None:
            known.descriptions = [text]

    def trash(self) -> None:
        self._move(HERE, TRASHED, "DELETE", "/assets", (204,), {"force": False})

    def restore(self) -> None:
        self._move(TRASHED, HERE, "POST", "/trash/restore/assets", (200,), {})

    def purge(self) -> None:
        self._move(self.random.choice((HERE, TRASHED)), GONE, "DELETE", "/assets", (204,), {"force": True})

    def empty_trash(self) -> None:
        # What may be in the trash is gone afterwards, by a job that comes later.
        doomed = [known for known in self.assets.values() if TRASHED in known.states]
        if not doomed or self.random.random() < 0.7:
            return
        certain = [known for known in doomed if known.states == [TRASHED]]
        for known in doomed:
            known.states.append(GONE)
        if self._call("POST", "/trash/empty", expected=(200,)) is not None:
            for known in certain:
                known.states = [GONE]

    def _move(self, before: str, after: str, method: str, path: str, expected: tuple[int, ...], body: dict) -> None:
        if (known := self._one(before)) is None:
            return
        known.states.append(after)
        if self._call(method, path, expected=expected, json={"ids": [known.id], **body}) is not None:
            known.states = [after]

    def _one(self, state: str) -> Known | None:
        found = [known for known in self.assets.values() if known.states == [state] and known.is_certain]
        return self.random.choice(found) if found else None

    def _new_photo(self) -> bytes:
        self._serial += 1
        # Programs that read JPEG stop at its end.
        more = self.random.randbytes(self.random.choice((0, 0, 30_000, 400_000)))
        return photo(WIDTH, HEIGHT, seed=self._seed * 1_000_000 + self._serial) + more

    def _call(self, method: str, path: str, *, expected: tuple[int, ...], **options: Any) -> requests.Response | None:
        """The answer; None when there is none, or one that says that it is not known."""
        self.acts += 1
        try:
            answer = self._http.request(method, f"{self.url}{path}", timeout=60, **options)
        except UNANSWERED:
            self.unanswered += 1
            time.sleep(0.2)
            return None
        if answer.status_code == 503:
            self.unanswered += 1
            return None
        if answer.status_code not in expected:
            self.problems.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer

    # --- looking

    def verify(self, *, pictures: bool, some: int | None = None) -> int:
        """Compare everything (or `some` assets) with what is known; returns at how many assets it looked. `pictures`:
        also those that workers make, so they must have nothing left to do. Afterwards all is certain."""
        looked_at = list(self.assets.values())
        if some is not None:
            looked_at = self.random.sample(looked_at, min(some, len(looked_at)))
        else:
            self._look_for_strangers()
        for known in looked_at:
            self._look_at(known, pictures)
        for known in looked_at:
            if known.states == [GONE]:
                del self.assets[known.id]
        if some is None:
            used = self._get("/users/me").json()["quotaUsageInBytes"]
            expected = sum(known.size for known in self.assets.values())
            if used != expected:
                self.problems.append(f"{self.id} uses {used} bytes, not {expected}")
        return len(looked_at)

    def _look_at(self, known: Known, pictures: bool) -> None:
        answer = self._get(f"/assets/{known.id}")
        if answer.status_code == 200:
            seen = answer.json()
            state = TRASHED if seen["isTrashed"] else HERE
        else:
            state = GONE if answer.status_code == 400 else f"answered with {answer.status_code} {answer.text[:200]}"
        # Emptying the trash is a promise that a job keeps later.
        if not pictures and GONE in known.states and state == TRASHED:
            return
        self._settle(known, "states", state)
        if state not in (HERE, TRASHED):
            known.states = [GONE]
            known.descriptions, known.edits = known.descriptions[:1], known.edits[:1]
            return
        self._settle(known, "descriptions", seen["exifInfo"]["description"] or "")
        edits = self._get(f"/assets/{known.id}/edits").json()["edits"]
        self._settle(known, "edits", tuple(
            {"action": edit["action"], "parameters": edit["parameters"]} for edit in edits))
        original = self._get(f"/assets/{known.id}/original")
        if not original.ok or hashlib.sha1(original.content).hexdigest() != known.sha1:
            self.problems.append(f"the original of {known.id} ({known.states[0]}) is not what was uploaded: "
                                 f"{original.status_code}, {len(original.content)} of {known.size} bytes")
        if pictures and state == HERE:
            self._look_at_pictures(known)

    def _look_at_pictures(self, known: Known) -> None:
        for size in ("thumbnail", "preview"):
            answer = self._get(f"/assets/{known.id}/thumbnail", size=size, edited="true")
            try:
                image = Image.open(io.BytesIO(answer.content))
                image.load()
            except (OSError, SyntaxError) as error:
                self.problems.append(f"the {size} of {known.id} is no picture: {answer.status_code} {error}")
                continue
            if image.size != (expected := shown_size(known.edits[0])):
                self.problems.append(f"the {size} of {known.id} is {image.size}, not {expected}: {known.edits[0]}")

    def _look_for_strangers(self) -> None:
        """Everything that the user sees must be what he knows; uploads that were not answered may be there."""
        for item in self._listed():
            if item["id"] in self.assets:
                continue
            sha1 = _hex(item["checksum"])
            content = self.unsure.pop(sha1, None)
            if content is None:
                self.problems.append(f"{item['id']} ({item['originalFileName']}, {sha1}) is nothing that was uploaded")
            else:
                state = TRASHED if item["isTrashed"] else HERE
                self.assets[item["id"]] = Known(item["id"], sha1, len(content), [state])
        # Those that did not arrive are known not to be there; the next upload of one is new again.
        self.unsure.clear()

    def _listed(self) -> Iterator[dict]:
        for extra in ({}, {"trashedAfter": "2000-01-01T00:00:00.000Z", "withDeleted": True}):
            page: str | None = "1"
            while page:
                answer = self._asked("POST", "/search/metadata", json={"page": int(page), "size": 200, **extra})
                found = answer.json()["assets"]
                yield from found["items"]
                page = found["nextPage"]

    def _settle(self, known: Known, what: str, seen: Any) -> None:
        possible = getattr(known, what)
        if seen not in possible:
            self.problems.append(f"{what} of {known.id}: {seen!r}, not {possible!r}")
        setattr(known, what, [seen])

    def _get(self, path: str, **query: str) -> requests.Response:
        return self._asked("GET", path, params=query)

    def _asked(self, method: str, path: str, **options: Any) -> requests.Response:
        """Like a client that only reads: what is not answered is asked again."""
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = self._http.request(method, f"{self.url}{path}", timeout=60, **options)
                if answer.status_code != 503:
                    return answer
            except UNANSWERED as error:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{method} {path} gets no answer") from error
            time.sleep(0.2)


def shown_size(edits: tuple) -> tuple[int, int]:
    """Of the pictures of an asset with these edits."""
    if not edits:
        return WIDTH, HEIGHT
    parameters = edits[0]["parameters"]
    if "width" in parameters:
        return parameters["width"], parameters["height"]
    return (WIDTH, HEIGHT) if parameters["angle"] == 180 else (HEIGHT, WIDTH)


def _form(boundary: str, fields: dict[str, str], name: str, content: bytes) -> bytes:
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
             for key, value in fields.items()]
    head = "".join(parts) + (f'--{boundary}\r\nContent-Disposition: form-data; name="assetData"; filename="{name}"\r\n'
                             "Content-Type: image/jpeg\r\n\r\n")
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()


def _hex(checksum: str) -> str:
    import base64

    return base64.b64decode(checksum).hex()
