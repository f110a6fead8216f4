"""The strip of hours: at which hours of the day there are training targets, and how large the errors are there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from ..experiment import NAMES, Experiment
from ..results import in_digits
from ..theory import constant_error

CELLS = 48  # at most; of a longer period neighbours share a cell
DECADES = 4  # that a cell is high: from the error of always answering the mean, at its top, downwards
NEAR = 0.5  # of the largest error: a neighbour so high belongs to the worst hours


@dataclass(frozen=True)
class Hours:
    """The places in the period of a series, one or several to a cell of the strip.

    A row's place is `row % round(period)`, with rows counted in the whole series: it is the hour of the row, not of
    the target. Where the period is 24 the places are the hours of the day.

    asked     whether there are training targets at a place, shape `(places,)`
    per_cell  how many places share a cell
    cell_of   the cell of each validation window, shape `(windows,)`
    mean      the error of always answering the mean
    """

    asked: np.ndarray
    per_cell: int
    cell_of: np.ndarray
    mean: float

    @classmethod
    def of(cls, experiment: Experiment) -> "Hours | None":
        """Return the hours of an experiment; None where its series has no period."""
        series = experiment.train
        if not series.period or round(series.period) < 2:
            return None
        period = round(series.period)
        per_cell, (training, validation) = -(-period // CELLS), experiment.rows
        asked = np.isin(np.arange(period), training % period)
        return cls(asked, per_cell, validation % period // per_cell, constant_error(experiment.validation))

    @property
    def cells(self) -> list[range]:
        """The places in each cell."""
        return [range(first, min(first + self.per_cell, len(self.asked))) for first in self._firsts]

    @property
    def _firsts(self) -> range:
        return range(0, len(self.asked), self.per_cell)

    @property
    def place(self) -> str:
        """What one place is called."""
        return "hour" if len(self.asked) == 24 else "place"

    def errors(self, squares: np.ndarray) -> np.ndarray:
        """Return the mean of the validation windows' squared errors in each cell; NaN where a cell has no window."""
        cells = len(self.cells)
        sums, counts = np.bincount(self.cell_of, squares, cells), np.bincount(self.cell_of, minlength=cells)
        return np.divide(sums, counts, out=np.full(cells, np.nan), where=counts > 0)

    def worst(self, cell: int, squares: Sequence[np.ndarray]) -> int | None:
        """Return which validation window of a cell, from 0, a model gets most wrong; without errors, the first one."""
        there = np.flatnonzero(self.cell_of == cell)
        if not len(there) or not squares:
            return int(there[0]) if len(there) else None
        return int(there[np.argmax(np.max([some[there] for some in squares], axis=0))])

    def sentence(self, errors: dict[str, np.ndarray]) -> str:
        """Return in words what the strip shows; `errors` are the models' in each cell, of those that have any."""
        places, met = len(self.asked), np.flatnonzero(self.asked)
        which = f" ({', '.join(map(str, met))})" if len(met) < min(places, 5) else ""
        whole = "24 hours" if places == 24 else f"{places} places in the period"
        told = [f"Training targets at {len(met)} of {whole}{which}"]
        told += [f"the {NAMES[name]}'s error is {self._peak(error)}" for name, error in errors.items()]
        return "; ".join(told) + "."

    def _peak(self, error: np.ndarray) -> str:
        """Return where the error is largest: the places around its peak that are nearly as high, and how high it is."""
        top, cells = int(np.nanargmax(error)), len(error)
        high, size = error >= NEAR * error[top], in_digits(float(error[top]))
        if size == "0":
            return "0 everywhere"
        if high.all():
            return f"much the same everywhere, ≈\u00a0{size} at most"
        last = next(cell for cell in range(top, top + cells) if not high[(cell + 1) % cells]) % cells
        first = next(cell for cell in range(top, top - cells, -1) if not high[(cell - 1) % cells]) % cells
        begin, end = self.cells[first][0], self.cells[last][-1]
        where = f"{self.place} {begin}" if begin == end else f"{self.place}s {begin} to {end}"
        return f"largest at {where}, ≈\u00a0{size}"

    def html(self, errors: dict[str, np.ndarray]) -> str:
        """Return the strip as HTML: a button for each cell, which holds its number as `data-choice`."""
        sentence = escape(self.sentence(errors))
        high, low = in_digits(self.mean), in_digits(self.mean / 10**DECADES)
        cells = "".join(self._button(cell, errors) for cell in range(len(self.cells)))
        names = "".join(f'<span class="lab-model">{NAMES[name]}</span>' for name in NAMES)
        legend = (
            '<span><i class="lab-cell lab-asked"></i> training targets</span>'
            '<span><i class="lab-cell lab-never"></i> never</span>'
            f"<span>{self.place}: of the row, not of its target</span>"
            f"<span>height: validation error, {low} to {high}, log scale</span>"
        )
        return (
            f'<div class="lab-legend">{legend}</div>'
            f'<div class="lab-strip"><div class="lab-names" aria-hidden="true"><span>targets</span>{names}'
            f"<span>{self.place}</span></div>"
            f'<div class="lab-cells" role="group" aria-label="{sentence}">{cells}</div></div>'
        )

    def _button(self, cell: int, errors: dict[str, np.ndarray]) -> str:
        places = self.cells[cell]
        asked = bool(self.asked[places[0] : places[-1] + 1].any())
        name = f"{self.place} {places[0]}" if len(places) == 1 else f"{self.place}s {places[0]} to {places[-1]}"
        said = [name, "has targets" if asked else "never a target"]
        bars = []
        for model in NAMES:
            error = errors[model][cell] if model in errors else math.nan
            if math.isnan(error):
                bars.append('<i class="lab-cell lab-blank"></i>')
                continue
            said.append(f"{NAMES[model]} error {in_digits(float(error))}")
            high = 100 * np.clip(1 + np.log10(max(error, 1e-30) / (self.mean or 1)) / DECADES, 0.03, 1)
            bars.append(f'<i class="lab-cell lab-{model}"><i style="height:{high:.0f}%"></i></i>')
        label = escape(", ".join(said))
        shown = "" if cell % (2 if len(self.cells) <= 24 else 4) else places[0]
        first = f'<i class="lab-cell {"lab-asked" if asked else "lab-never"}"></i>'
        name = f'data-choice="{cell}" aria-label="{label}; go to the worst window" title="{label}"'
        return f"<button {name}>{first}{''.join(bars)}<span>{shown}</span></button>"
