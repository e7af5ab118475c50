"""The short version; the long one is `python -m tests.fuzz.api`."""

from __future__ import annotations

from collections.abc import Callable

from immich_flask.testing import Server
from tests.fuzz.api import Fuzzer


def test_some_requests(make_server: Callable[..., Server]) -> None:
    fuzzer = Fuzzer(make_server(), seed=7)
    fuzzer.run(250)
    assert fuzzer.failures == []
    answered = [status for counts in fuzzer.seen.values() for status in counts.elements()]
    assert sum(status < 400 for status in answered) > 50, "not only refusals"
