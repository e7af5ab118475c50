"""The figures of `compare.py`: what the original needed, what we want to need, and the table of both beside what was
measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `less`: the smaller, the better. `original`: the median that Immich 3.1.0 gave on a machine
    with 2 cores, together with its database and the client; None where it was not measured."""

    key: str
    label: str
    unit: str
    original: float | None
    goal: float | None
    less: bool = False

    def is_met(self, value: float) -> bool:
        return self.goal is None or (value <= self.goal if self.less else value >= self.goal)


def _asking(key: str, label: str, original: tuple[float | None, float | None], goal: tuple[float | None, float | None],
            ) -> tuple[Figure, ...]:
    """The lines of a request: answers a second for eight clients, milliseconds for one."""
    return (Figure(f"{key}, 8", label, "/s", original[0], goal[0]),
            Figure(f"{key}, 1", f"{label}: one client, median", "ms", original[1], goal[1], less=True),
            Figure(f"{key}, cpu", f"{label}: CPU of the server", "ms", None, None, less=True))


FIGURES = (
    Figure("start", "start to first answer", "s", None, 1.5, less=True),
    Figure("idle memory", "idle memory, all processes", "MB", 940, 150, less=True),
    Figure("upload", "upload, 4 clients", "MB/s", 49, 82),
    Figure("pictures", "from upload to all thumbnails", "pictures/s", 7.1, 18.2),
    Figure("picture cpu", "from upload to all thumbnails: CPU of each", "s", 0.24, 0.10, less=True),
    *_asking("ping", "ping", (None, None), (None, None)),
    *_asking("buckets", "timeline buckets", (55, 25), (400, 4)),
    *_asking("bucket", "timeline bucket of 833 assets", (193, 7.5), (500, 3)),
    *_asking("thumbnail", "thumbnail", (1042, None), (2000, None)),
    *_asking("preview", "preview", (490, None), (1000, None)),
    *_asking("asset", "asset", (834, None), (1600, None)),
    *_asking("search", "metadata search of 250", (285, 4.5), (500, 3)),
    *_asking("albums", "albums, list of 20", (425, None), (1000, None)),
    Figure("sync assets", "sync stream of 100,000 assets", "s", 1.12, 0.5, less=True),
    Figure("sync assets, gzip", "sync stream of 100,000 assets, gzip", "s", 5.25, 1.0, less=True),
    Figure("sync exif", "sync stream of 100,000 EXIF rows", "s", 1.41, 0.6, less=True),
    Figure("sync exif, gzip", "sync stream of 100,000 EXIF rows, gzip", "s", 5.50, 1.2, less=True),
    Figure("archive", "zip download", "MB/s", None, None),
    Figure("memory under load", "memory under load, all processes", "MB", 2020, 500, less=True),
)


def table(results: Mapping[str, float]) -> str:
    """What was measured, beside the original and the goals."""
    lines = [f"{'':52} {'here':>10} {'original':>10} {'goal':>10}"]
    for figure in FIGURES:
        if (value := results.get(figure.key)) is not None:
            goal = f"{'≤' if figure.less else '≥'} {figure.goal:g}" if figure.goal is not None else ""
            missed = "" if figure.is_met(value) else "  missed"
            original = f"{figure.original:g}" if figure.original is not None else ""
            lines.append(f"{f'{figure.label}, {figure.unit}':52} {_short(value):>10} {original:>10} {goal:>10}{missed}")
    return "\n".join(lines)


def missed(results: Mapping[str, float]) -> list[str]:
    """The labels of the goals that were not met."""
    return [figure.label for figure in FIGURES if figure.key in results and not figure.is_met(results[figure.key])]


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
