"""The comparison with the original, in short: that it runs, against any server, and says what it found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from immich_flask.testing.callers import photo
from tests.benchmarks import compare
from tests.benchmarks.client import BadAnswer, Wire
from tests.benchmarks.figures import FIGURES, Figure, missed, table


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[compare.Server]:
    folder = tmp_path_factory.mktemp("compared")
    with compare.Server(folder, folder / "data", "") as server:
        server.wire.json("POST", "/auth/admin-sign-up", {"name": "Benchmark", **compare.ACCOUNT})
        yield server


def test_a_server_is_measured(server: compare.Server, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    images, out = tmp_path / "images", tmp_path / "found.json"
    images.mkdir()
    for number in range(2):
        (images / f"{number}.jpg").write_bytes(photo(seed=number))
    key = server.as_user().json("POST", "/api-keys", {"name": "all", "permissions": ["all"]})["secret"]
    compare.main(["--url", server.url, "--api-key", key, "--pid", str(server.pid), "--images", str(images), "--count", "2",
                  "--seconds", "0.02", "--runs", "1", "--idle", "0", "--out", str(out)])
    found = json.loads(out.read_text())["results"]
    # The sync stream is for sessions, and nobody saw this server start.
    assert {figure.key for figure in FIGURES} - found.keys() == {
        "start", "sync assets", "sync assets, gzip", "sync exif", "sync exif, gzip"}
    assert all(value > 0 for key, value in found.items() if not key.endswith("cpu"))
    assert "thumbnail, /s" in capsys.readouterr().out


def test_what_is_refused_is_not_measured(server: compare.Server) -> None:
    with pytest.raises(BadAnswer, match="401"):
        Wire(server.url, token="wrong").json("GET", "/albums")


def test_streams_end(server: compare.Server) -> None:
    wire = server.as_user()
    answer = wire.ask("POST", "/sync/stream", {"types": ["AssetsV2"]})
    assert answer.body.endswith(b"\n") and b"SyncCompleteV1" in answer.body


def test_goals() -> None:
    less, more = Figure("a", "A", "s", 3, 2, less=True), Figure("b", "B", "/s", None, 2)
    assert [less.is_met(2), less.is_met(2.1), more.is_met(2), more.is_met(1.9)] == [True, False, True, False]
    assert missed({"start": 1.4, "idle memory": 151}) == ["idle memory, all processes"]
    assert table({"idle memory": 151}).splitlines()[1].split() == [
        "idle", "memory,", "all", "processes,", "MB", "151", "940", "≤", "150", "missed"]
