"""Uploads, however the network cuts them: the same parts, or a clear error."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge

from immich_flask.infra.http.multipart import CHUNK, FieldPart, FilePart, MultipartError, read_parts

BOUNDARY = "bnd"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def field(name: str, value: bytes) -> bytes:
    return b'--bnd\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)


def file(name: str, data: bytes, filename: str = "a.jpg", content_type: str = "image/jpeg") -> bytes:
    head = f'--bnd\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
    return f"{head}Content-Type: {content_type}\r\n\r\n".encode() + data + b"\r\n"


END = b"--bnd--\r\n"


class Network(io.RawIOBase):
    """Delivers a body in pieces of the given sizes, then in pieces of the last size."""

    def __init__(self, body: bytes, sizes: list[int] | None = None) -> None:
        self.body, self.at = body, 0
        self.sizes = iter(sizes or [])
        self.size = CHUNK
        self.reads = 0

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        self.size = next(self.sizes, self.size)
        piece = self.body[self.at:self.at + min(self.size, size)]
        self.at += len(piece)
        return piece

    # LimitedStream prefers this one.
    def readinto(self, target: bytearray) -> int:
        piece = self.read(len(target))
        target[:len(piece)] = piece
        return len(piece)


def parse(body: bytes, sizes: list[int] | None = None, **limits: int) -> list[tuple]:
    found: list[tuple] = []
    for part in read_parts(Network(body, sizes), TYPE, len(body), **limits):
        if isinstance(part, FieldPart):
            found.append((part.name, part.value))
        else:
            found.append((part.name, part.filename, b"".join(part.chunks)))
    return found


def test_parts_in_their_order() -> None:
    body = (field("filename", "ü.jpg".encode()) + file("assetData", b"\x00\r\n--bn\xff", "日本.jpg")
            + field("empty", b"") + file("sidecarData", b"", "", "text/xml") + END)
    assert parse(body) == [
        ("filename", "ü.jpg"), ("assetData", "日本.jpg", b"\x00\r\n--bn\xff"), ("empty", ""), ("sidecarData", "", b""),
    ]


@pytest.mark.parametrize(("names", "filename"), [
    ('name="f"; filename="a b.jpg"', "a b.jpg"), ("name=f; filename=a.jpg", "a.jpg"), ('filename="a.jpg"; name="f"', "a.jpg"),
    ('name="f"; filename="100%25 of%22it.jpg"', '100%25 of"it.jpg'), ('name="f"; filename="of\\"it.jpg"', 'of"it.jpg'),
    ('name="f"; filename="x;y=z.jpg"', "x;y=z.jpg"), ('name="f"; filename="日本.jpg"', "日本.jpg"),
    ("name=\"f\"; filename*=utf-8''%E6%97%A5.jpg", "日.jpg"),
    ("name=\"f\"; filename=\"=?utf-8?B?x?=\"; filename*=utf-8''%E6%97%A5.jpg", "日.jpg"),
    ('name="f"; filename="star*.jpg"', "star*.jpg"), ('name="f"; filename=""', ""),
    ('name="f"; filename="C:\\fakepath\\a.jpg"', "a.jpg"),
])
def test_names_as_clients_send_them(names: str, filename: str) -> None:
    body = f"--bnd\r\nContent-Disposition: form-data; {names}\r\n\r\nJPEG\r\n".encode() + END
    assert parse(body) == parse(body, [3]) == [("f", filename, b"JPEG")]


def test_no_parts_at_all() -> None:
    assert parse(b"--bnd--") == []
    assert parse(b"--bnd--\r\n") == []


# What real content resembles least and what parsers stumble over most: pieces of boundaries.
tricky = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"--bn", b"\r\n--bn", b"--bnd", b"--bndx",
                                   b"\n--bn-", b" ", b"a", b"\x00\xff", b"--bnd-x",
                                   b"\r\n--bnd-x"]), max_size=8).map(b"".join)
# By the standard no line of it begins with the boundary.
contents = tricky.filter(lambda data: b"\r\n--bnd" not in b"\r\n" + data)
names = st.sampled_from(["a", "assetData", "ü", "with space"])
parts_of_bodies = st.lists(st.one_of(
    st.tuples(names, st.text(st.characters(codec="utf-8"), max_size=10).filter(lambda text: "--bnd" not in text)),
    st.tuples(names, st.sampled_from(["x.jpg", "ü ü.heic"]), contents),
), max_size=4)


def encode(parts: list[tuple]) -> bytes:
    return b"".join(field(part[0], part[1].encode()) if len(part) == 2 else file(part[0], part[2], part[1])
                    for part in parts)


@settings(max_examples=400)
@given(parts_of_bodies, st.lists(st.integers(1, 60), min_size=1, max_size=12),
       st.sampled_from([b"", b"\r\n", b"\r\nrest"]))
@example([("a", "x.jpg", b"")], [1], b"\r\n")
def test_any_cutting_gives_the_same_parts(parts: list[tuple], sizes: list[int], after: bytes) -> None:
    body = encode(parts) + b"--bnd--" + after
    assert parse(body) == parts
    assert parse(body, sizes) == parts


def test_cut_anywhere_in_two() -> None:
    parts = [("a", "x"), ("assetData", "x.jpg", b"\r\nJPEG\r\r\n\n-"), ("b", "")]
    body = encode(parts) + END
    for at in range(1, len(body)):
        assert parse(body, [at, len(body)]) == parts, body[:at]


def test_an_empty_part_has_a_line_break_of_its_own() -> None:
    """What the parser would take for the content of a part is never taken for it."""
    empty = b'--bnd\r\nContent-Disposition: form-data; name="a"; filename="a.jpg"\r\n\r\n'
    body = empty + file("assetData", b"JPEG") + END
    for at in range(1, len(body)):
        with pytest.raises(MultipartError, match="empty part"):
            parse(body, [at, len(body)])
    with pytest.raises(MultipartError, match="empty part"):
        parse(body, [1])


def test_a_line_that_begins_with_the_boundary_is_never_content() -> None:
    for line in (b"\r\n--bndx", b"\r\n--bnd \t\r\n", b"\r\n--bnd-x", b"\r\n--bnd\n"):
        body = file("assetData", b"JPEG" + line + b"more") + END
        for at in range(1, len(body)):
            with pytest.raises(MultipartError, match="after boundary"):
                parse(body, [at, len(body)])


@pytest.mark.parametrize("sizes", [None, [1], [7]])
def test_a_body_cut_short_is_never_complete(sizes: list[int] | None) -> None:
    whole = file("sidecarData", b"<xmp/>") + file("assetData", b"JPEG\r\n--bn") + b"--bnd--"
    for length in range(len(whole)):
        for declared in (len(whole), length, None):
            finished = []
            with pytest.raises(MultipartError):
                for part in read_parts(Network(whole[:length], sizes), TYPE, declared):
                    finished.append((part.name, b"".join(part.chunks)))
            # A part whose closing boundary has come is whole; only the last one is not.
            assert finished in ([], [("sidecarData", b"<xmp/>")])
    assert len(parse(whole, sizes)) == 2


def test_half_a_file_stays_half_a_file() -> None:
    """Who catches the error and asks again hears it again."""
    parts = read_parts(Network(file("assetData", b"x" * 100)), TYPE)
    part = next(parts)
    assert isinstance(part, FilePart)
    with pytest.raises(MultipartError, match="cut short"):
        b"".join(part.chunks)
    with pytest.raises(MultipartError, match="cut short"):
        next(parts)


class Broken(Network):
    def read(self, size: int = -1) -> bytes:
        if self.at >= len(self.body):
            raise ConnectionResetError(104, "reset by peer")
        return super().read(size)


def test_a_connection_that_breaks() -> None:
    for length in (None, 10_000):
        (part,) = [next(read_parts(Broken(file("assetData", b"x" * 100)), TYPE, length))]
        with pytest.raises(MultipartError, match="cut short"):
            list(part.chunks)


@pytest.mark.parametrize("content_type", [
    None, "", "application/json", "multipart/mixed; boundary=bnd", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300, "multipart/form-data; boundary=ü",
])
def test_wrong_content_types(content_type: str | None) -> None:
    with pytest.raises(MultipartError):
        read_parts(Network(END), content_type)


@pytest.mark.parametrize("body", [
    b"", b"no boundary at all", b"--bnd\r\n\r\nno headers\r\n--bnd--",
    b"--bnd\r\nContent-Type: text/plain\r\n\r\nx\r\n--bnd--",
    b"--bnd\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--bnd--",
    b"--bnd\r\nContent-Disposition: form-data; filename=x\r\n\r\nno name\r\n--bnd--",
    b"--bnd\r\nContent-Disposition: form-data; name=\"\xff\xfe\"\r\n\r\nx\r\n--bnd--",
    field("value", b"\xff\xfe") + END, field("a", b"x")[:-2], b"--other--\r\n", b"\x00" * 100_000, b"--bndx" * 1000,
])
def test_malformed_bodies(body: bytes) -> None:
    for sizes in (None, [1], [13]):
        with pytest.raises(MultipartError) as caught:
            parse(body, sizes)
        assert str(caught.value) and "\n" not in str(caught.value)


def test_limits() -> None:
    assert parse(field("a", b"x" * 100) + END, max_field_bytes=100) == [("a", "x" * 100)]
    with pytest.raises(MultipartError, match="Field a is too large"):
        parse(field("a", b"x" * 101) + END, max_field_bytes=100)
    assert len(parse(field("a", b"x") * 5 + END, max_fields=5)) == 5
    with pytest.raises(MultipartError, match="too many parts"):
        parse(field("a", b"x") * 6 + END, max_fields=5)
    for body in (b"--bnd\r\nX: " + b"y" * 10_000_000, b"preamble" * 1_000_000):
        network = Network(body)
        with pytest.raises(MultipartError, match="too large"):
            list(read_parts(network, TYPE))
        assert network.at < 2 * CHUNK + 1, "it was not read to its end"


def test_a_huge_field_is_refused_early() -> None:
    network = Network(field("a", b"x" * 20_000_000) + END)
    with pytest.raises(MultipartError, match="too large"):
        list(read_parts(network, TYPE, max_field_bytes=1000))
    assert network.at < 3 * CHUNK


def test_unread_files_are_skipped() -> None:
    body = (file("first", b"1" * 3 * CHUNK) + file("second", b"2" * 3 * CHUNK) + file("third", b"3")
            + field("last", b"x") + END)
    parts = read_parts(Network(body), TYPE, len(body))
    first = next(parts)
    second = next(parts)
    assert next(second.chunks)
    second.chunks.close()
    third = next(parts)
    assert (first.name, second.name, third.name) == ("first", "second", "third")
    with pytest.raises(RuntimeError, match="over"):
        next(first.chunks)
    assert b"".join(third.chunks) == b"3"
    assert list(parts) == [FieldPart("last", "x")]


def test_fields_are_there_before_the_file_is_read() -> None:
    body = field("filename", b"x.exe") + file("assetData", b"x" * 50 * CHUNK) + END
    network = Network(body)
    parts = read_parts(network, TYPE, len(body))
    assert next(parts) == FieldPart("filename", "x.exe")
    next(parts)
    parts.close()
    assert network.reads == 1


def test_what_follows_the_last_boundary_is_read_but_not_kept() -> None:
    body = field("a", b"x") + END + b"\x00" * 20 * CHUNK
    network = Network(body)
    tracemalloc.start()
    try:
        assert list(read_parts(network, TYPE, len(body))) == [FieldPart("a", "x")]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert network.at == len(body)
    assert peak < 8 * CHUNK


def test_large_files_need_little_memory() -> None:
    size = 40 * 1024 * 1024

    class Endless:
        head, tail = file("assetData", b"")[:-2], b"\r\n--bnd--"
        left = size

        def read(self, count: int = -1) -> bytes:
            if self.head:
                piece, self.head = self.head, b""
            elif self.left:
                piece = b"\r\n--bn\xff-" * (min(count, self.left) // 8)
                self.left -= len(piece)
            else:
                piece, self.tail = self.tail, b""
            return piece

    tracemalloc.start()
    try:
        (part,) = [next(read_parts(Endless(), TYPE))]
        assert sum(len(chunk) for chunk in part.chunks) == size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


@pytest.fixture
def upload() -> Iterator[Callable]:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 10_000

    @app.post("/upload")
    def receive() -> dict:
        try:
            return {"parts": [part.value if isinstance(part, FieldPart) else sum(map(len, part.chunks))
                              for part in read_parts(request.stream, request.content_type)]}
        except MultipartError as error:
            return {"message": str(error)}
        except RequestEntityTooLarge:
            return {"message": "413"}

    yield lambda **options: app.test_client().post("/upload", **options).get_json()


def test_within_flask(upload: Callable) -> None:
    assert upload(data={"a": "ü", "f": (io.BytesIO(b"x" * 5000), "x.jpg")}) == {"parts": ["ü", 5000]}
    assert upload(data=b"x", content_type="text/plain") == {"message": "The body must be multipart/form-data"}
    assert upload(data={"f": (io.BytesIO(b"x" * 20_000), "x.jpg")}) == {"message": "413"}
    body = file("f", b"x" * 100) + END
    short = {"CONTENT_LENGTH": str(len(body) + 1000)}
    assert "cut short" in upload(data=body, content_type=TYPE, environ_overrides=short)["message"]


HEADERS = st.sampled_from([
    b'Content-Disposition: form-data; name="a"', b'Content-Disposition: form-data; name="f"; filename="a.jpg"',
    b"Content-Disposition: form-data", b"Content-Disposition: ;;;=", b'content-disposition: form-data; name="\xff"',
    b'Content-Disposition: form-data; name="a"; name="b"', b"Content-Disposition: form-data; name*=utf-8''%ff%zz",
    b"Content-Disposition: form-data; name*0=a; name*1=b", b'Content-Disposition: form-data; name="' + b"x" * 70_000 + b'"',
    b"Content-Type: \xff", b"Content-Length: 99999", b"Content-Transfer-Encoding: base64", b"X: \0", b": x", b"no colon",
    b" folded", b"", b"X: " + b"y" * 3000])
PIECES = st.one_of(
    st.binary(max_size=60), HEADERS,
    st.sampled_from([b"--bnd", b"--bnd--", b"--bnd\r\n", b"\r\n--bnd\r\n", b"\r\n--bnd--\r\n", b"--bnd \t\r\n", b"\n--bnd\n",
                     b"\r\n", b"\r\n\r\n", b"\r", b"--", b"-", b"--bn", b"\r\n--bndx\r\n", b"--BND\r\n"]))


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=25), st.lists(st.integers(1, 40), max_size=20), st.booleans())
def test_whatever_comes_is_parts_or_a_clear_error(pieces: list[bytes], sizes: list[int], framed: bool) -> None:
    body = b"".join(pieces)
    if framed:
        body = b"--bnd\r\n" + body + b"\r\n" + END
    try:
        found = parse(body, sizes)
    except MultipartError as error:
        assert str(error)
        return
    # What was read whole is in the body, and no more than that.
    values = [each[1].encode() if len(each) == 2 else each[-1] for each in found]
    assert sum(map(len, values)) <= len(body)
    assert all(value in body for value in values)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([b"--bnd", b"\r\n", b"bnd--", b"\0", b"x" * 50]), st.integers(1, 40))
def test_a_damaged_body_never_becomes_a_whole_other_file(at: int, inserted: bytes, size: int) -> None:
    """Something put into it, or its end lost: each file that is whole still begins where a part did."""
    body = field("a", b"1") + file("f", bytes(range(256)) * 4) + field("b", b"2") + END
    at %= len(body)
    for changed in (body[:at] + inserted + body[at:], body[:at]):
        try:
            found = parse(changed, [size])
        except MultipartError:
            continue
        assert len(changed) > len(body) or at >= len(body) - len(b"\r\n"), "cut short, and nobody noticed"
        assert all(isinstance(each, tuple) for each in found)


@pytest.mark.parametrize("content_type", [
    None, "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 201,
    "multipart/form-data; boundary=\xff", "multipart/mixed; boundary=b", "multipart/form-data; boundary", "application/json",
    "multipart/form-data; charset=x"])
def test_types_without_a_boundary(content_type: str | None) -> None:
    with pytest.raises(MultipartError):
        list(read_parts(io.BytesIO(END), content_type, len(END)))
