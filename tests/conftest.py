"""What all tests share. Every JSON answer of every test is checked against the published description of Immich 3.1.0."""

from __future__ import annotations

import os
import signal
import sys

import pytest

# The many programs that tests start shall find everything compiled, also where a container says otherwise.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell ignores Ctrl-C for what it runs in the background, and so would the programs whose end is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["immich_flask.testing.fixtures", "tests.serving"]


def pytest_configure(config: pytest.Config) -> None:
    from immich_flask.testing.fixtures import WIRE_CHECKS
    from tests.wire.spec import assert_wire

    WIRE_CHECKS.append(assert_wire)
    config.addinivalue_line("markers", "once: of what does not depend on the database and takes its time; left out of "
                                       "the second run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The second run, on PostgreSQL and S3, leaves out what touches neither: nothing about it would be different."""
    if config.getoption("--backend") == "sqlite":
        return
    again = [item for item in items if "backend" in item.fixturenames and not item.get_closest_marker("once")]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(again)])
    items[:] = again
