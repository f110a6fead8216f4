"""Where labels stand at the ends of curves: beside them, in the picture or in a margin at its right, never on anything.

All lengths are in the picture's own units (points), x to the right and y upwards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

GAP = 5.0  # between the end of a curve and its label
STEPS = (0, 1, -1, 2, -2, 3, -3, 4, -4)  # lines up or down that a label in the picture may move to find room


@dataclass(frozen=True)
class Box:
    """A rectangle from (left, low) to (right, high)."""

    left: float
    low: float
    right: float
    high: float

    def holds(self, other: "Box") -> bool:
        """Whether another box lies wholly inside."""
        inside = self.left <= other.left and other.right <= self.right
        return inside and self.low <= other.low and other.high <= self.high

    def meets(self, other: "Box") -> bool:
        """Whether another box overlaps with this one."""
        across = self.left < other.right and other.left < self.right
        return across and self.low < other.high and other.low < self.high


@dataclass(frozen=True)
class Wanted:
    """A label for the end of a curve at (x, y), so wide when drawn."""

    x: float
    y: float
    width: float


def place(wanted: Sequence[Wanted], height: float, picture: Box, margin: Box, taken: Iterable[Box]) -> list[Box | None]:
    """Return where each label stands, or None where there is no room; the first have precedence.

    A curve that ends too far right for its label has it in the margin, in a column in the order of the curves' ends;
    any other label stands right of its curve's end, over nothing that is taken, or a few lines higher or lower.
    """
    outside = [i for i, label in enumerate(wanted) if label.x + GAP + label.width > picture.right]
    outside = outside[: int((margin.high - margin.low) // height)]
    found: list[Box | None] = [None] * len(wanted)
    for i, low in zip(outside, column([wanted[i].y - height / 2 for i in outside], height, margin.low, margin.high)):
        found[i] = Box(margin.left, low, margin.left + wanted[i].width, low + height)
    taken = list(taken)
    for i, label in enumerate(wanted):
        if label.x + GAP + label.width > picture.right:
            continue
        for step in STEPS:
            low = label.y + (step - 0.5) * height
            box = Box(label.x + GAP, low, label.x + GAP + label.width, low + height)
            if picture.holds(box) and not any(box.meets(other) for other in taken):
                found[i] = box
                taken.append(box)
                break
    return found


def column(wanted: Sequence[float], height: float, low: float, high: float) -> list[float]:
    """Return where boxes of one height begin, in the order that they want, and as near to it as they can.

    Boxes that would overlap move together, until they lie around the mean of what they want: isotonic regression by the
    pool-adjacent-violators algorithm, of where they want to begin less the heights of all boxes below them.
    """
    order = np.argsort(wanted, kind="stable")
    pools: list[list[float]] = []  # [mean, how many]
    for i, at in enumerate(order):
        pools.append([wanted[at] - i * height, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, count = pools.pop()
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * count) / (pools[-1][1] + count), pools[-1][1] + count]
    flat = np.concatenate([np.full(int(count), mean) for mean, count in pools]) if pools else np.empty(0)
    begins = np.clip(flat, low, max(low, high - len(order) * height)) + height * np.arange(len(order))
    found = np.empty(len(order))
    found[order] = begins
    return found.tolist()
