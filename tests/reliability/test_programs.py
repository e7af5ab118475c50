"""The short versions of `python -m tests.reliability.load`, `crashes` and `scale`."""

from __future__ import annotations

from pathlib import Path

import pytest

from immich_flask.testing.fixtures import Backend
from tests.reliability.cluster import cluster
from tests.reliability.crashes import crash
from tests.reliability.house import house
from tests.reliability.load import load
from tests.reliability.scale import User, look_at_events, look_at_sessions


def test_many_clients_and_then_crashes(backend: Backend, tmp_path: Path) -> None:
    with house(backend, tmp_path, **{"server.web_processes": 1}) as place:
        place.start()
        served = place.sign_up()
        did, memory = load(place, served, seconds=1.5, clients=6, uploaders=1, photos=6, pause=0.2, every=1)
        assert did.problems == []
        assert did.requests > len(did.uploads) > 6 and memory
        # The one at the top forks the others again, which is quick.
        tally = crash(place, rounds=3, seed=5, every=3, apart=False, among=("everything but the top", "a worker"),
                      key=served.key)
    assert tally.problems == []
    assert tally.rounds == 3
    assert tally.looked_at > 0


def test_two_web_servers_and_a_worker(backend: Backend, tmp_path: Path) -> None:
    if backend.kind != "postgres":
        pytest.skip("with PostgreSQL and S3")
    with cluster(backend, tmp_path, workers=1) as place:
        user = User(place)
        look_at_sessions(user)
        look_at_events(user)
