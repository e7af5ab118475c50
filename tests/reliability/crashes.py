"""Kill the server at random moments while people change their libraries, and see whether anything was lost.

    python -m tests.reliability.crashes [--rounds 300] [--seed N] [--backend sqlite|postgres] [--storage folder|s3]

Real programs (`serve`; or `gunicorn wsgi:app` and `worker`), of which in each round some or all processes get SIGKILL:
one that serves or works, the web server, the workers, the one at the top, everything; or PostgreSQL is restarted.
Meanwhile clients upload, edit, describe, trash, restore, purge and empty the trash. After each round some assets are
looked at; after every `--every` rounds all of them, when the workers have finished what was interrupted: what was
answered 2xx must be so, with the right SHA-1; there must be nothing that nobody uploaded, no failed job, and, once
orphans were swept, nothing in database or storage that does not belong together. Ends with status 1 when something is
wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from immich_flask.testing.fixtures import Backend
from tests.reliability.house import APART, TOGETHER, House, house
from tests.reliability.library import Library


@dataclass
class Tally:
    """What was done, and what is wrong."""

    rounds: int = 0
    orphans: int = 0
    looked_at: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Crowd:
    """Clients, each in a thread of its own, which can be asked to pause between two requests."""

    def __init__(self, libraries: list[Library]) -> None:
        self.libraries = libraries
        self._may_act = threading.Event()
        self._ends = False
        self._busy = [threading.Lock() for _ in libraries]
        self._threads = [threading.Thread(target=self._run, args=pair, daemon=True)
                         for pair in zip(libraries, self._busy, strict=True)]
        for thread in self._threads:
            thread.start()

    def go(self) -> None:
        self._may_act.set()

    def pause(self) -> None:
        """Returns when all have the answer, or the end, of what they asked last."""
        self._may_act.clear()
        for lock in self._busy:
            with lock:
                pass

    def end(self) -> None:
        self._ends = True
        self.go()
        for thread in self._threads:
            thread.join()

    def _run(self, library: Library, busy: threading.Lock) -> None:
        while not self._ends:
            self._may_act.wait()
            with busy:
                if self._may_act.is_set() and not self._ends:
                    try:
                        library.act()
                    except Exception as error:
                        library.problems.append(f"the client failed: {error!r}")
            time.sleep(0.01)


def crash(place: House, *, rounds: int, seed: int, clients: int = 3, every: int = 50, together: bool = True,
          apart: bool = True, among: Sequence[str] = (), key: str = "",
          show: bool = False) -> Tally:
    """Kill `rounds` times, and verify. `among`: see `House.kill`; `key`: of an administrator that
    there is already."""
    rnd, tally = random.Random(seed), Tally()
    manners = [manner for manner, wanted in ((TOGETHER, together), (APART, apart)) if wanted]
    # The first start migrates the database.
    place.manner = TOGETHER
    place.start()
    key = key or place.sign_up().key
    crowd = Crowd([Library(place.url, key, tally.problems, seed * 100 + number) for number in range(clients)])
    told = 0
    try:
        for number in range(1, rounds + 1):
            crowd.go()
            time.sleep(rnd.uniform(0.1, 1.2))
            victims = place.kill(rnd, among)
            # Some go on without those who were killed.
            time.sleep(rnd.choice((0, 0, 0.3)))
            tally.kills[victims] = tally.kills.get(victims, 0) + 1
            tally.rounds += 1
            if len(manners) > 1 and rnd.random() < 0.2:
                # On from here in the other way, perhaps.
                place.kill_all()
                place.manner = rnd.choice(manners)
            place.start()
            crowd.pause()
            for library in crowd.libraries:
                tally.looked_at += library.verify(pictures=False, some=3)
            if number % every == 0 or number == rounds:
                verify_all(place, crowd, tally)
            if show and len(tally.problems) > told:
                print(*(f"PROBLEM in round {number}: {problem}" for problem in tally.problems[told:]), sep="\n")
                told = len(tally.problems)
            if show and (number % 10 == 0 or number == rounds):
                acts = sum(library.acts for library in crowd.libraries)
                unanswered = sum(library.unanswered for library in crowd.libraries)
                print(f"{number:5} rounds, {acts} requests, {unanswered} without answer, {tally.looked_at} assets looked "
                      f"at, {tally.orphans} orphans swept, {len(tally.problems)} problems", flush=True)
            if len(tally.problems) > 20:
                break
    finally:
        crowd.end()
    return tally


def verify_all(place: House, crowd: Crowd, tally: Tally) -> None:
    """With the server running, and all clients pausing."""
    tally.problems += [f"failed for good: {job}" for job in place.finish_jobs()]
    for library in crowd.libraries:
        tally.looked_at += library.verify(pictures=True)
    # Looking at things queues nothing, but the trash may have been emptied meanwhile.
    place.finish_jobs()
    tally.orphans += place.sweep()
    tally.problems += place.check()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--storage", choices=("folder", "s3"), default=None, help="folder with SQLite, else s3")
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--every", type=int, default=50, help="rounds after which everything is looked at")
    parser.add_argument("--lease", type=float, help="seconds instead of 60 until runs of a killed machine begin anew")
    options = parser.parse_args()
    storage = options.storage or ("folder" if options.backend == "sqlite" else "s3")
    print(f"{options.backend} and {storage}, seed {options.seed}", flush=True)
    with Backend.temporary(options.backend) as backend:
        with house(backend, backend.folder, storage=storage, lease=options.lease) as place:
            tally = crash(place, rounds=options.rounds, seed=options.seed, clients=options.clients,
                          every=options.every, show=True)
    for victims, count in sorted(tally.kills.items()):
        print(f"{count:5} times {victims}")
    print(f"{tally.rounds} rounds, {len(tally.problems)} problems")
    return int(bool(tally.problems))


if __name__ == "__main__":
    sys.exit(main())
