"""What all tests share. Every JSON answer of every test is checked against the published description of Immich 3.1.0."""

from __future__ import annotations

import pytest

pytest_plugins = ["immich_flask.testing.fixtures", "tests.serving"]


def pytest_configure(config: pytest.Config) -> None:
    from immich_flask.testing.fixtures import WIRE_CHECKS
    from tests.wire.spec import assert_wire

    WIRE_CHECKS.append(assert_wire)
