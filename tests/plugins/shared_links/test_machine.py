"""Whatever happens to assets and to the link: it shows what is on its list, alive and not locked, and nothing else."""

from __future__ import annotations


import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import integers, sampled_from, sets

from immich_flask.core.models import Asset
from immich_flask.core.models.user import new_id
from immich_flask.testing import Caller, Server
from tests.effort import effort
from tests.plugins.shared_links.conftest import share, shown
from tests.benchmarks.seed import seed_assets

COUNT = 5
SOME = sets(integers(0, COUNT - 1), min_size=1, max_size=3)


@pytest.fixture
def machine(server: Server) -> type[RuleBasedStateMachine]:
    class Links(RuleBasedStateMachine):
        """`listed`, `trashed`, `locked`: numbers of assets, as they should be."""

        @initialize()
        def begin(self) -> None:
            self.owner = server.user()
            with server.context():
                self.ids = seed_assets(self.owner.id, COUNT, seed=new_id())
                Asset.update(visibility="timeline").where(Asset.id.in_(self.ids)).execute()
            self.elevated = self.owner.elevated()
            self.link = share(self.owner, self.ids[0])
            self.guest = Caller(server, {}, query={"key": self.link["key"]})
            self.listed, self.trashed, self.locked = {0}, set(), set()

        def named(self, numbers: set[int]) -> list[str]:
            return [self.ids[number] for number in sorted(numbers)]

        @rule(some=SOME)
        def add(self, some: set[int]) -> None:
            results = self.owner.put(f"/shared-links/{self.link['id']}/assets", {"assetIds": self.named(some)}).json
            expected = ["duplicate" if n in self.listed else "no_permission" if n in self.locked else None
                        for n in sorted(some)]
            assert [result.get("error") for result in results] == expected
            self.listed |= some - self.locked

        @rule(some=SOME)
        def remove(self, some: set[int]) -> None:
            results = self.owner.delete(f"/shared-links/{self.link['id']}/assets", {"assetIds": self.named(some)}).json
            assert [result["success"] for result in results] == [n in self.listed for n in sorted(some)]
            self.listed -= some

        @rule(some=SOME)
        def trash(self, some: set[int]) -> None:
            assert self.elevated.delete("/assets", {"ids": self.named(some)}).status_code == 204
            self.trashed |= some

        @rule(some=SOME)
        def restore(self, some: set[int]) -> None:
            some &= self.trashed - self.locked
            self.owner.post("/trash/restore/assets", {"ids": self.named(some)})
            self.trashed -= some

        @rule(some=SOME, visibility=sampled_from(["locked", "archive", "timeline"]))
        def move(self, some: set[int], visibility: str) -> None:
            body = {"ids": self.named(some), "visibility": visibility}
            assert self.elevated.put("/assets", body).status_code == 204
            if visibility == "locked":
                self.locked |= some
                self.listed -= some
            else:
                self.locked -= some

        @invariant()
        def shows_just_that(self) -> None:
            expected = self.listed - self.trashed - self.locked
            assert set(shown(self.owner, self.link)) == set(self.named(expected))
            assert {asset["id"] for asset in self.guest.get("/shared-links/me").json["assets"]} == set(
                self.named(expected))
            reached = {n for n in range(COUNT) if self.guest.get(f"/assets/{self.ids[n]}").status_code == 200}
            assert reached == expected

    return Links


def test_a_link_shows_what_is_on_its_list(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=effort(7, steps=12))
