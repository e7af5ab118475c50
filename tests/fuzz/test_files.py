"""The short version; the long one is `python -m tests.fuzz.files`."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.files import Sample, run_apart, samples, spoilt


def test_some_files(tmp_path: Path) -> None:
    counts, failures = run_apart(range(7_000_000, 7_000_000 + 4 * len(samples())), tmp_path)
    assert failures == []
    assert sum(counts.values()) == 4 * len(samples())
    assert counts["facts"] and counts["refused"]


def test_the_same_seed_spoils_in_the_same_way() -> None:
    for sample in samples():
        assert spoilt(sample, 5) == spoilt(sample, 5)
        assert isinstance(sample, Sample) and sample.content
