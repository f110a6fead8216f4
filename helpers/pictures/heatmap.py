"""The picture of a sweep: a heat map of the validation losses over two settings."""

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator

from ..checks import choice
from ..experiment import MODELS, NAMES, Experiment
from ..results import NOTHING, Result, in_digits
from .picture import INK, Picture, on_axis

CELL_WIDTH, CELL_HEIGHT = 0.9, 0.75  # inches of a cell
PALETTE = colormaps["cividis"]  # in the same order for colour-blind eyes, and on a grey printer
TIMES = "\N{MULTIPLICATION SIGN}"
AXES = tuple(field.name for field in fields(Experiment) if field.name != "seed")


class HeatMap(Picture):
    """A cell for each pair of values of two settings, coloured by its validation loss, on a log scale.

    `losses` maps (x, y) to the final validation losses of that cell's runs, one a seed. In the cell stands their
    median, and below it how many times the least the largest is, both of those that are numbers, and how many are
    not. A cell without runs is hatched. `medians` and `spreads` hold what is written, by (x, y).
    """

    def __init__(self, x: str, y: str, losses: dict[tuple[Any, Any], list[float]], model: str) -> None:
        self.names, self.losses, self.model = (x, y), losses, model
        self.values = [ordered(dict.fromkeys(at[side] for at in losses)) for side in (0, 1)]
        numbers = {at: [loss for loss in cell if np.isfinite(loss)] for at, cell in losses.items()}
        self.medians = {at: float(np.median(cell)) for at, cell in numbers.items() if cell}
        self.spreads = {
            at: max(*cell, NOTHING) / max(min(cell), NOTHING) for at, cell in numbers.items() if len(cell) > 1
        }
        width, height = (len(values) * size for values, size in zip(self.values, (CELL_WIDTH, CELL_HEIGHT)))
        super().__init__(max(width, 3) + 2.4, max(height, 2.2) + 1.3, (1,))
        (self.main,) = self.axes
        self._scale()
        for place in np.ndindex(len(self.values[0]), len(self.values[1])):
            self._cell(place, (self.values[0][place[0]], self.values[1][place[1]]))
        self._frame()
        self.sentence = self._sentence()

    def _scale(self) -> None:
        """Choose limits of the colours that are 1, 2 or 5 times a power of 10, and draw the colour bar."""
        shown = [max(median, NOTHING) for median in self.medians.values()] or [1.0]
        round_ones = LogLocator(subs=(1, 2, 5), numticks=99).tick_values(min(shown) / 9, max(shown) * 9)
        low = max(number for number in round_ones if number <= min(shown) * (1 + 1e-9))
        high = min(number for number in round_ones if number >= max(shown) * (1 - 1e-9) and number > low)
        self.colours = ScalarMappable(LogNorm(low, high), PALETTE)
        ticks = LogLocator(subs=(1, 2, 5) if high / low < 150 else (1,), numticks=9)
        bar = self.figure.colorbar(self.colours, ax=self.main, ticks=ticks, format=FuncFormatter(on_axis))
        bar.set_label("validation loss", color=INK, fontsize=12)
        bar.ax.minorticks_off()
        bar.ax.tick_params(colors=INK, labelsize=11)
        self.figure.axes[-1].collections[0].set_edgecolor("face")  # else an SVG shows seams
        bar.ax.spines["outline"].set(edgecolor=INK, alpha=0.4)

    def _cell(self, place: tuple[int, ...], at: tuple[Any, Any]) -> None:
        box = Rectangle((place[0] - 0.48, place[1] - 0.48), 0.96, 0.96, linewidth=0, fill=False)
        self.main.add_patch(box)
        cell = self.losses.get(at)
        if cell is None:
            box.set(hatch="///", edgecolor=INK, alpha=0.5)
            return
        ink, lines, diverged = INK, ["NaN"], sum(not np.isfinite(loss) for loss in cell)
        if at in self.medians:
            box.set(fill=True, facecolor=PALETTE(self.colours.norm(np.array(max(self.medians[at], NOTHING)))))
            ink, lines = readable(box.get_facecolor()), [in_digits(self.medians[at])]
        else:
            box.set(linewidth=1, edgecolor=INK, alpha=0.5)
        if at in self.spreads:
            lines.append(times(self.spreads[at]))
        if diverged and len(cell) > 1:
            lines.append(f"{diverged} of {len(cell)} NaN")
        look = {"xycoords": "data", "textcoords": "offset points", "ha": "center", "va": "center_baseline"}
        for number, line in enumerate(lines):
            shift = 0, 16 * ((len(lines) - 1) / 2 - number)
            self.main.annotate(line, place, xytext=shift, color=ink, fontsize=11 if number else 13, **look)

    def _frame(self) -> None:
        for axis, name, values in zip((self.main.xaxis, self.main.yaxis), self.names, self.values):
            axis.set_ticks(range(len(values)), [str(value) for value in values])
            axis.set_label_text(name)
        self.main.set(xlim=(-0.5, len(self.values[0]) - 0.5), ylim=(-0.5, len(self.values[1]) - 0.5))
        self.main.tick_params(length=0)
        self.main.spines[:].set_visible(False)
        notes = [f"{NAMES[self.model]}, mean squared error: median over {self.seeds}"]
        if self.spreads:
            notes.append(f"{TIMES}: the largest over the least")
        if self.missing:
            notes.append("hatched: not run")
        title = ", ".join(notes) if len(self.values[0]) > 5 else "\n".join(notes)
        self.main.set_title(title, loc="left", color=INK, fontsize=12)

    @property
    def seeds(self) -> str:
        """How many seeds the cells have, in words."""
        counts = sorted({len(cell) for cell in self.losses.values()})
        return f"{' to '.join(map(str, {counts[0]: 0, counts[-1]: 0}))} seed{'s' * (counts[-1] > 1)}"

    @property
    def missing(self) -> int:
        """The number of cells without runs."""
        return len(self.values[0]) * len(self.values[1]) - len(self.losses)

    def _sentence(self) -> str:
        x, y = self.names
        lost = [self._called(at) for at in self.losses if at not in self.medians]
        partly = sum(not np.isfinite(cell).all() for cell in self.losses.values()) - len(lost)
        told = (
            (True, f"{NAMES[self.model]} validation loss by {y} and {x}, median over {self.seeds}"),
            (self.medians, self._ends()),
            (lost, f"Every run diverged (NaN) at {'; '.join(lost)}"),
            (partly, f"Some runs diverged in {partly} cell{'s' * (partly > 1)}"),
            (self.missing, f"Not run: {self.missing} of {len(self.losses) + self.missing} cells"),
        )
        return " ".join(f"{sentence}." for so, sentence in told if so)

    def _called(self, at: tuple[Any, Any]) -> str:
        return f"{self.names[1]} {at[1]}, {self.names[0]} {at[0]}"

    def _ends(self) -> str:
        """Return where the medians are least and largest."""
        if not self.medians:
            return ""
        best, worst = (choose(self.medians, key=lambda at: self.medians[at]) for choose in (min, max))
        least, largest = (f"≈ {in_digits(self.medians[at])}" for at in (best, worst))
        if least == largest:
            where = self._called(best) if len(self.medians) == 1 else "every setting that was measured"
            return f"{least} at {where}"
        return f"Best at {self._called(best)} ({least}), worst at {self._called(worst)} ({largest})"


def times(ratio: float) -> str:
    """Return a ratio as it is written in a cell."""
    return TIMES + (f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:.0f}" if ratio < 9999.5 else f"{ratio:.0e}")


def readable(colour: Any) -> str:
    """Return white or black, whichever has the higher contrast on a colour (WCAG 2.2: relative luminance)."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return "black" if np.dot(parts, (0.2126, 0.7152, 0.0722)) > 0.179 else "white"


def ordered(values: Collection[Any]) -> list[Any]:
    """Return values in order: numbers from the least on, others as they came."""
    try:
        return sorted(values) if not any(isinstance(value, str) for value in values) else list(values)
    except TypeError:
        return list(values)


def show_sweep(results: Iterable[Result], x: str = "stride", y: str = "length", model: str = "lstm") -> HeatMap:
    """Return the picture of a sweep's final validation losses over two settings, the median over the seeds.

    `x` and `y` name settings of an Experiment, `model` is "lstm" or "dnn". Other settings may differ from cell to cell,
    but not inside one, the seed apart. Raises ValueError for names that are not known, and when there is nothing to
    show or a cell mixes settings.
    """
    choice("x", x, AXES)
    choice("y", y, AXES)
    choice("model", model, MODELS)
    if x == y:
        raise ValueError(f"x and y are both {x!r}; use two settings, like 'stride' and 'length'")
    losses: dict = {}
    settings: dict = {}
    for experiment, result in {result.experiment: result for result in results}.items():  # each counts once
        at = getattr(experiment, x), getattr(experiment, y)
        first = settings.setdefault(at, replace(experiment, seed=0))
        mixed = [name for name in AXES if getattr(experiment, name) != getattr(first, name)]
        if mixed:
            where = f"{x} {at[0]}, {y} {at[1]}"
            raise ValueError(f"results differ in {' and '.join(mixed)} at {where}; show one value at a time")
        if result.val_losses[model]:
            losses.setdefault(at, []).append(result.val_losses[model][-1])
    if not losses:
        raise ValueError("results has no finished run; use what sweep returns")
    return HeatMap(x, y, losses, model)
