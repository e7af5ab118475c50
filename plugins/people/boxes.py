"""Where a face is when its picture is edited, and where on the picture as it came one is that was drawn on the edited.

An edit is a list of steps, `{"action", "parameters"}` as the wire has them: a crop, which comes first, turns by
quarters clockwise, and mirrorings. Points are in pixels from the left and the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """Left, top, right, bottom."""

    x1: float
    y1: float
    x2: float
    y2: float

    def scaled(self, across: float, down: float) -> Box:
        return Box(self.x1 * across, self.y1 * down, self.x2 * across, self.y2 * down)


class Size(NamedTuple):
    width: int
    height: int


def edited(box: Box, steps: Sequence[dict], size: Size) -> tuple[Box, Size]:
    """Where `box` is after the steps, and how large the picture is then; `size` is that of the picture as it came."""
    for step in steps:
        box, size = _done(box, step, size)
    return box, size


def original(box: Box, steps: Sequence[dict], size: Size) -> Box:
    """Where on the picture as it came `box` is, which was drawn on the edited one; that has the size `size`."""
    for step in reversed(steps):
        if step["action"] == "rotate":
            # What a turn did is undone by the one that makes it a whole.
            step = {**step, "parameters": {"angle": -step["parameters"]["angle"] % 360}}
        elif step["action"] == "crop":
            crop = step["parameters"]
            return Box(box.x1 + crop["x"], box.y1 + crop["y"], box.x2 + crop["x"], box.y2 + crop["y"])
        box, size = _done(box, step, size)
    return box


def share_within(box: Box, around: Box) -> float:
    """Which part of the area of `box` lies in `around`: 0 to 1."""
    width = min(box.x2, around.x2) - max(box.x1, around.x1)
    height = min(box.y2, around.y2) - max(box.y1, around.y1)
    area = (box.x2 - box.x1) * (box.y2 - box.y1)
    return max(0.0, width) * max(0.0, height) / area if area > 0 else 0.0


def cropped_to(steps: Sequence[dict]) -> Box | None:
    """What a crop among the steps leaves of the picture as it came. None: all of it."""
    for step in steps:
        if step["action"] == "crop":
            crop = step["parameters"]
            return Box(crop["x"], crop["y"], crop["x"] + crop["width"], crop["y"] + crop["height"])
    return None


def _done(box: Box, step: dict, size: Size) -> tuple[Box, Size]:
    width, height = size
    parameters = step["parameters"]
    if step["action"] == "crop":
        return (Box(box.x1 - parameters["x"], box.y1 - parameters["y"], box.x2 - parameters["x"],
                    box.y2 - parameters["y"]), Size(parameters["width"], parameters["height"]))
    if step["action"] == "mirror":
        if parameters["axis"] == "horizontal":
            return Box(width - box.x2, box.y1, width - box.x1, box.y2), size
        return Box(box.x1, height - box.y2, box.x2, height - box.y1), size
    turned = {
        0: (box, size),
        90: (Box(height - box.y2, box.x1, height - box.y1, box.x2), Size(height, width)),
        180: (Box(width - box.x2, height - box.y2, width - box.x1, height - box.y1), size),
        270: (Box(box.y1, width - box.x2, box.y2, width - box.x1), Size(height, width)),
    }
    return turned[int(parameters["angle"]) % 360]
