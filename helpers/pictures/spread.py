"""The picture of a spread: one dot a run, groups side by side on a log axis, with floors, baselines and a limit."""

import textwrap
from dataclasses import dataclass, field

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..experiment import NAMES
from ..results import NOTHING, limit_text
from .picture import COLOURS, INK, LEGEND, TYPE, Picture, on_axis, text_width

DRAWN_FROM = 1e-12  # losses below are drawn there
MARKS: dict[str, dict] = {  # by model; "" is a function of one's own
    "lstm": {"marker": "o", "fillstyle": "full"},
    "dnn": {"marker": "s", "fillstyle": "none"},
    "": {"marker": "D", "fillstyle": "full"},
}
KEYS: dict[str, dict] = {  # what else the legend names, in this order, and how it looks
    "median": {"linewidth": 2.5},
    "floor": {"linewidth": 2.2, "linestyle": (0, (1, 0.7))},
    "diverged": {"linestyle": "none", "marker": "x", "markersize": 9, "markeredgewidth": 2},
    "last value": {"linewidth": 1.4, "linestyle": ":"},
    "same hour yesterday": {"linewidth": 1.4, "linestyle": "--"},
    "one period earlier": {"linewidth": 1.4, "linestyle": "--"},
    "linear autoregression": {"linewidth": 1.4, "linestyle": (0, (3, 1, 1, 1))},
    "limit": {"linewidth": 1.2},
}


@dataclass(frozen=True)
class Column:
    """The losses of one model in one group, a run each; `model` is "" for a function of one's own.

    `floor` is None where it is not known; `baselines` maps names to errors.
    """

    group: str
    model: str
    losses: np.ndarray
    floor: float | None = None
    baselines: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the column is called."""
        return f"{self.group}, {NAMES[self.model]}" if self.model else self.group


class SpreadPicture(Picture):
    """A dot a run, a bar at the median, dashes at the floor; a run that diverged is a cross at the upper edge."""

    def __init__(self, columns: list[Column], limit: float | None = None, what: str = "validation loss") -> None:
        groups = list(dict.fromkeys(column.group for column in columns))
        super().__init__(max(6.5, min(9.5, 2.4 + 1.5 * len(groups))), 4.0, (1,))
        (self.main,) = self.axes
        self.named: set = set()  # what is drawn, and so must stand in the legend
        self.models = any(column.model for column in columns)  # without, nothing is to be told from a model's dots
        for column in columns:
            beside = [other.model for other in columns if other.group == column.group]
            shift = (beside.index(column.model) - (len(beside) - 1) / 2) * 0.34
            self._column(column, groups.index(column.group) + shift)
        for place, group in enumerate(groups):
            column = next(column for column in columns if column.group == group)
            for name, error in column.baselines.items():
                self._level(name, error, place, 0.42, INK)
        if limit is not None:
            self._level("limit", limit, (len(groups) - 1) / 2, len(groups), INK)
        width = max(9, 26 - 3 * len(groups))
        self.main.set_xticks(range(len(groups)), [textwrap.fill(group, width) for group in groups])
        between = " " if len(what) < 28 else "\n"
        self.main.set(xlim=(-0.6, len(groups) - 0.4), ylabel=f"{textwrap.fill(what, 36)}{between}(log scale)")
        self._scale(columns, limit)
        for name in (name for name in KEYS if name in self.named):
            label = f"limit: {limit_text(limit)}" if name == "limit" and limit is not None else name
            self.main.plot([], [], color=INK, label=label, **KEYS[name])
        self.legend(self.main, self._columns())

    def _columns(self) -> int:
        """Return how many columns of the legend have room beside each other; matplotlib fills them one by one."""
        width, names = self.figure.get_size_inches()[0], self.main.get_legend_handles_labels()[1]
        room = 0.86 * 72 * width  # points, from where it begins beside long numbers of the axis
        beside = TYPE * (LEGEND["handlelength"] + LEGEND["handletextpad"] + LEGEND["columnspacing"])
        for count in range(int(width // 2.1), 1, -1):
            columns = [column for column in np.array_split(names, count) if len(column)]
            if sum(beside + max(map(text_width, column)) for column in columns) < room:
                return count
        return 1

    def _column(self, column: Column, place: float) -> None:
        """Draw one column of dots, with its median and its floor."""
        colour, finite = COLOURS.get(column.model, INK), np.isfinite(column.losses)
        at = place + np.linspace(-0.1, 0.1, len(column.losses)) * (len(column.losses) > 1)
        (dots,) = self.main.plot(at[finite], np.maximum(column.losses[finite], DRAWN_FROM), zorder=3, color=colour)
        dots.set(linestyle="none", markersize=7, **MARKS[column.model])
        if column.model not in self.named:
            self.named.add(column.model)
            dots.set_label(NAMES.get(column.model, "named below" if self.models else "_"))
        if not finite.all():
            self.named.add("diverged")
            edge = {"transform": self.main.get_xaxis_transform(), "color": colour, "clip_on": False}
            self.main.plot(at[~finite], np.full((~finite).sum(), 0.97), **edge, **KEYS["diverged"])
        if len(column.losses) > 1:
            self._level("median", median(column.losses), place, 0.15, colour)
        if column.floor and column.floor >= NOTHING:
            self._level("floor", column.floor, place, 0.17, colour)

    def _level(self, name: str, height: float | None, place: float, half: float, colour: str) -> None:
        """Draw a line across so much to each side of a place, if its height is a number."""
        if height is not None and np.isfinite(height):
            self.named.add(name)
            self.main.hlines(max(height, DRAWN_FROM), place - half, place + half, color=colour, **KEYS[name])

    def _scale(self, columns: list[Column], limit: float | None) -> None:
        """Let the axis hold all that is drawn, with numbers at powers of ten, and between them where it is short."""
        heights = [*(() if limit is None else (limit,)), *(error for c in columns for error in c.baselines.values())]
        heights += [loss for column in columns for loss in column.losses]
        heights += [column.floor for column in columns if column.floor and column.floor >= NOTHING]
        seen = [max(height, DRAWN_FROM) for height in heights if height is not None and np.isfinite(height)] or [
            0.1,
            1.0,
        ]
        room = max(1.5, (max(seen) / min(seen)) ** 0.06)  # so that no dot lies on the frame
        low, high = min(seen) / room, max(seen) * room * (6 if "diverged" in self.named else 1)
        self.main.set(yscale="log", ylim=(low, high))
        axis = self.main.yaxis
        decades = np.log10(high / low)
        subs = range(1, 10) if decades < 0.5 else (1, 2, 5) if decades < 2.2 else (1,)
        axis.set_major_locator(LogLocator(subs=subs, numticks=12))
        axis.set_major_formatter(FuncFormatter(on_axis))
        axis.set_minor_formatter(NullFormatter())
        self.grid(self.main, axis="y")


def median(losses: np.ndarray) -> float:
    """Return the median of losses of which some may not be finite: those count as larger than all others."""
    return float(np.median(np.where(np.isfinite(losses), losses, np.inf)))
