"""Who can read what the server keeps, and what it logs."""

from __future__ import annotations

import gzip
import io
import logging
import os
import stat
import tarfile
from pathlib import Path

import pytest

from immich_flask.contracts.errors import BadRequest
from immich_flask.core.backup import archive
from immich_flask.core.plugins import Plugins
from immich_flask.core.schema import migrate_all
from immich_flask.infra.config import load_config
from immich_flask.infra.db import connect_database, db
from immich_flask.infra.log import JsonFormatter, TextFormatter, _WithoutSecrets, without_secrets
from immich_flask.infra.private import make_private_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_reads_the_database(tmp_path: Path) -> None:
    before = db.obj
    umask = os.umask(0)
    try:
        config = load_config(overrides={"data_dir": str(tmp_path / "new" / "data")}, environ={})
        connect_database(config)
        migrate_all(config, Plugins(config))
        found = {path.name: mode(path) for path in config.data_path.iterdir() if path.is_file()}
        assert {"immich.db", "queue.db"} <= set(found)
        assert set(found.values()) == {0o600}
        assert mode(config.data_path) == 0o700
        assert mode(config.data_path.parent) == 0o777, "not ours"
    finally:
        os.umask(umask)
        db.obj.close_all()
        if before is not None:
            db.initialize(before)


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("kept")
    file.chmod(0o640)
    make_private_file(file)
    assert (file.read_text(), mode(file)) == ("kept", 0o640)


class TestLogs:
    @pytest.mark.parametrize("text", [
        "GET /share?key=hidden HTTP/1.1", "/api/x?a=b&apiKey=hidden&c=d", "?sessionKey=hidden'", "&slug=hidden x",
        "?password=hidden&x", "Authorization: Bearer hidden", "bearer hidden,", "postgresql://immich:hidden@db/immich",
        'redis://:hidden@host', "https://x.example/?KEY=hidden#a", "?token=hidden\"", "?access_token=hidden"])
    def test_hold_no_credentials(self, text: str) -> None:
        assert "hidden" not in without_secrets(text)

    @pytest.mark.parametrize("text", ["keyword=shown", "https://host:2283/path", "asset key=shown", "a@b.example",
                                      "the bearer", "?x=shown", "http://host/a?monkey=shown"])
    def test_keep_the_rest(self, text: str) -> None:
        assert without_secrets(text) == text

    @pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
    def test_neither_in_messages_nor_in_traces(self, formatter: logging.Formatter) -> None:
        try:
            raise ConnectionError("cannot reach postgresql://immich:hidden@db/immich")
        except ConnectionError as error:
            record = logging.LogRecord("x", logging.ERROR, "x", 1, "%s failed", ("/a?key=hidden",),
                                       (type(error), error, error.__traceback__))
        text = formatter.format(record)
        assert "hidden" not in text
        assert "ConnectionError" in text

    def test_nor_in_gunicorns_own(self, caplog: pytest.LogCaptureFixture) -> None:
        record = logging.LogRecord("gunicorn.error", logging.ERROR, "x", 1, "Error handling request %s",
                                   ("/?key=hidden",), None)
        assert _WithoutSecrets().filter(record)
        assert "hidden" not in record.getMessage()


class TestUploadedBackups:
    def test_a_small_file_that_becomes_large_is_refused_unread(self, tmp_path: Path) -> None:
        """The name of the first member is said to have a gigabyte; Python would read it."""
        member = tarfile.TarInfo("././@LongLink")
        member.type, member.size = tarfile.GNUTYPE_LONGNAME, 1024**3
        bomb = tmp_path / "bomb.tar.gz"
        with gzip.open(bomb, "wb", compresslevel=1) as file:
            file.write(member.tobuf())
            for _ in range(8):
                file.write(bytes(1024**2))
        with pytest.raises(BadRequest):
            archive.check(bomb)

    @pytest.mark.parametrize("content", [b"", b"x" * 100, b"\x1f\x8b\x08\0" + b"x" * 50, gzip.compress(b"x" * 2000)],
                             ids=["empty", "not packed", "packed badly", "something else"])
    def test_what_is_no_backup(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "x.tar.gz"
        file.write_bytes(content)
        with pytest.raises(BadRequest):
            archive.check(file)

    def test_what_is_one(self, tmp_path: Path) -> None:
        file = tmp_path / "x.tar.gz"
        with archive.write(file) as writer:
            writer.add_meta(archive.Meta("sqlite", "2023-06-15T10:00:00.000Z", {}, []))
            writer.add("database/x", io.BytesIO(bytes(3 * 1024**2)))
        archive.check(file)
        assert mode(file) == 0o600
