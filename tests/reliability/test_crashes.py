"""The short version of `python -m tests.reliability.crashes`."""

from __future__ import annotations

from pathlib import Path

from immich_flask.testing.fixtures import Backend
from tests.reliability.crashes import crash
from tests.reliability.house import house


def test_nothing_is_lost_when_processes_are_killed(backend: Backend, tmp_path: Path) -> None:
    with house(backend, tmp_path, lease=1, **{"server.web_processes": 1}) as place:
        # The one at the top forks the others again, which is quick.
        tally = crash(place, rounds=3, seed=5, every=3, apart=False, among=("everything but the top", "a worker"))
    assert tally.problems == []
    assert tally.rounds == 3
    assert tally.looked_at > 0
