"""The wire of Immich 3.1.0 as tests use it; see README.md for where the facts come from."""

from tests.wire.answers import assert_wire, check_answer
from tests.wire.compare import compare_specs, missing_operations
from tests.wire.facts import FACTS, TWINS, Operation, match, operations

__all__ = [
    "FACTS",
    "TWINS",
    "Operation",
    "assert_wire",
    "check_answer",
    "compare_specs",
    "match",
    "missing_operations",
    "operations",
]
