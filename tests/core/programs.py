"""Real processes of the server, as an operator starts them."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from immich_flask.infra.config import Config

PATIENCE = 30.0
"""Seconds: test machines are busy."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def environment_of(config: Config) -> dict[str, str]:
    """The variables that give another process this configuration."""
    return {"IMMICH_FLASK_" + "__".join(key).upper(): value if isinstance(value, str) else orjson.dumps(value).decode()
            for key, value in _flat(asdict(config)) if key[0] != "plugin"}


def _flat(table: dict, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, (*above, key))
        else:
            yield (*above, key), value


def wait_until(check: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """What `check()` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (result := check()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return result


def children_of(pid: int) -> list[int]:
    """Direct children, oldest first."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def tree_of(pid: int) -> list[int]:
    """The process and all below it."""
    return [pid, *(below for child in children_of(pid) for below in tree_of(child))]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def fork() -> int:
    """`os.fork`, which Python 3.12 warns of where there are threads (of the test runner): the child uses none of them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


@contextmanager
def forked(run: Callable[[], int | None], log: Path) -> Iterator[int]:
    """A process that runs `run` and logs to `log`; killed with all below it in the end."""
    pid = fork()
    if not pid:
        status = 1
        try:
            logging.basicConfig(filename=log, force=True)
            status = run() or 0
        except SystemExit as exit:
            status = exit.code
        finally:
            os._exit(status)
    try:
        yield pid
    finally:
        if is_running(pid):
            for process in tree_of(pid):
                os.kill(process, signal.SIGKILL)
            os.waitpid(pid, 0)


def status_of(pid: int) -> int:
    """The exit status of a process that ends soon."""
    wait_until(lambda: not is_running(pid), "its end")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Program:
    """`python -m MODULE ARGUMENTS`, ended with everything below it when the test is over."""

    def __init__(self, folder: Path, *command: str, config: Config | None = None, python: Path | str = sys.executable,
                 **environ: str) -> None:
        self.log = folder / f"output-{time.monotonic_ns()}"
        clean = {key: value for key, value in os.environ.items() if not key.startswith("IMMICH_FLASK_")}
        self.started_at = time.monotonic()
        with self.log.open("wb") as output:
            # A group of its own, as a shell gives it: then Ctrl-C can be sent to all that belongs to the terminal.
            self.process = subprocess.Popen(
                [str(python), "-m", *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
                env={**clean, **(environment_of(config) if config else {}), **environ}, process_group=0)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self.process.poll() is None:
            pids = tree_of(self.pid)
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                raise

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def expect(self, pattern: str, seconds: float = PATIENCE) -> re.Match:
        """Wait until the output matches."""
        def found() -> re.Match | None:
            match = re.search(pattern, self.output)
            assert match or self.process.poll() is None, self.output
            return match

        return wait_until(found, f"{pattern} in the output", seconds)

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        os.killpg(self.pid, signal.SIGINT)

    def end(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)
