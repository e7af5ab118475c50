"""How hard the tests try where Hypothesis makes the examples up.

A usual run takes few and always the same ones, so that it is quick and says the same of the same code. `TEST_EFFORT=20`
makes twenty times as many, new ones each time: for a night, or after a change of what they are about.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EFFORT = float(os.environ.get("TEST_EFFORT", "0"))


def effort(examples: int, steps: int = 50) -> settings:
    """The settings of a test that takes `examples` in a usual run, and of a state machine that takes `steps` in each."""
    return settings(max_examples=max(1, round(examples * (EFFORT or 1))), stateful_step_count=steps, deadline=None,
                    derandomize=not EFFORT, database=None, suppress_health_check=list(HealthCheck))
