"""The picture of losses: both models' by updates, with floors and baselines, over the earlier runs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ..experiment import MODELS, NAMES, Experiment
from ..results import Result
from ..theory import baselines, constant_error, floor
from .picture import COLOURS, INK, LOCK, NOTHING, STYLES, TYPE, Picture, band, plain

EARLIER = 4  # earlier runs that stay in the picture
DASHES = ((0, (1, 3)), ":", (0, (3, 2)), "-.")  # of the mean, and of the baselines


class LossesPicture(Picture):
    """Both models' losses by updates, on a log scale, with the floors, over the faded earlier runs."""

    def __init__(self) -> None:
        super().__init__(7.6, 3.4, (1,))
        (self.main,) = self.axes
        self.background: list[Any] = []
        self.limits: tuple[float, float] | None = None
        self.lines = {}
        for name in MODELS:
            look = {"linestyle": STYLES[name], "color": COLOURS[name]}
            (line,) = self.main.plot([], [], linewidth=1.3, alpha=0.8, label=f"{NAMES[name]} training", **look)
            mark = "o" if name == "lstm" else "s"
            (val,) = self.main.plot([], [], linewidth=2.2, marker=mark, label=f"{NAMES[name]} validation", **look)
            self.lines[name] = self.moving(line), self.moving(val)
        self.note = self.moving(self.main.text(0.5, 0.5, "", transform=self.main.transAxes, ha="center", fontsize=TYPE))
        self.note.set_color(INK)
        self.main.set(yscale="log")
        self.main.set(xlabel="updates", ylabel="mean squared error")
        self.grid(self.main)
        self.main.yaxis.set_major_locator(LogLocator(numticks=12))
        self.main.yaxis.set_minor_locator(NullLocator())
        self.main.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        self.legend(self.main, 2)

    def draw_background(
        self, experiment: Experiment, earlier: Sequence[Result] = (), with_baselines: bool = False
    ) -> None:
        """Draw what stands still during a run: axes, floors, the earlier Results and, if asked for, the baselines."""
        with LOCK:
            for artist in self.background:
                artist.remove()
            self.background, earlier = [], list(earlier)[-EARLIER:]
            self.experiment, self.floors, mean = experiment, floor(experiment), constant_error(experiment.validation)
            self.ends = [1e-4, 1.0, *([mean] if mean > 0 else [])]  # losses that are always in view
            self.baselines = baselines(experiment) if with_baselines else {}
            end = max([experiment.updates, *(result.updates for result in earlier)])
            self.taken: list = []  # where labels end: parts of the width, and powers of ten
            self._draw_floors()
            self._draw_levels({"always answering the mean": mean, **self.baselines})
            for result in earlier[::-1]:  # the newest is named first
                self._draw_earlier(result, end)
            self.main.set_xlim(0, end * 1.02)
            self.still = None
            self.update({}, {})

    def _draw_floors(self) -> None:
        for name, right in (("lstm", 0.6), ("dnn", 0.99)):
            height = self.floors[name]
            if height and height >= NOTHING:
                self._level(height, f"{NAMES[name]} floor: {plain(height)}", COLOURS[name], (0, (6, 3)), right)

    def _draw_levels(self, errors: dict[str, float | None]) -> None:
        """Draw a line across at each error that is known, with a legend of its own."""
        known = {name: error for name, error in errors.items() if error is not None}
        lines = [
            self.main.axhline(max(error, 1e-30), color=INK, linestyle=dash, alpha=0.75, linewidth=1.4)
            for error, dash in zip(known.values(), DASHES)
        ]
        words = [f"{name}: {plain(error)}" for name, error in known.items()]
        self.background += [*lines, self.second_legend(self.main, lines, words)]

    def _draw_earlier(self, result: Result, end: int) -> None:
        """Draw both models' curves of an earlier run, faded, and name them by what was set otherwise."""
        for name in MODELS[::-1]:
            points = np.array([at for at in result.trace[name] if np.isfinite(at[1])]).reshape(-1, 2)
            look: dict[str, Any] = {"linestyle": STYLES[name], "color": COLOURS[name], "linewidth": 1, "alpha": 0.5}
            self.background += self.main.plot(*points.T, **look)
            self.ends.append(min([1.0, *points[:, 1][points[:, 1] > 0]]))
        self._name(difference(result.experiment, self.experiment), points, end)

    def _level(self, height: float, label: str, colour: str, style: tuple[int, tuple[int, int]], right: float) -> None:
        self.background.append(self.main.axhline(height, color=colour, linestyle=style, linewidth=1.2, alpha=0.8))
        place = {"xy": (right, height), "xycoords": ("axes fraction", "data"), "xytext": (0, -14)}
        self._label(label, **place, color=colour, ha="right")
        self.taken.append((right, np.log10(height)))

    def _label(self, label: str, **place: Any) -> None:
        text = self.main.annotate(label, **place, textcoords="offset points", fontsize=TYPE, annotation_clip=True)
        text.set_in_layout(False)
        self.background.append(self.moving(text))  # so that it stands above the lines of the run

    def _name(self, label: str, points: np.ndarray, end: int) -> None:
        """Write a label along a curve, where no other stands, if there is room: at a third of its updates, or later."""
        for part, side in ((1 / 3, "left"), (2 / 3, "left"), (1, "right")) if len(points) else ():
            x, y = points[np.searchsorted(points[:, 0], part * points[-1, 0])]
            here = x / end + 0.25 * (side == "left"), np.log10(max(y, 1e-30))
            if all(abs(here[0] - at) > 0.35 or abs(here[1] - power) > 0.6 for at, power in self.taken):
                self._label(label, xy=(x, y), xytext=(4 * (side == "left"), 4), ha=side, color=INK, alpha=0.7)
                self.taken.append(here)
                return

    def update(
        self, trace: dict[str, list[tuple[int, float]]], val_losses: dict[str, list[float]], note: str = ""
    ) -> None:
        """Show a run so far: its trace, its validation losses, and a note across the picture."""
        with LOCK:
            per_epoch, shown = self.experiment.windows.updates_per_epoch(self.experiment.train), [*self.ends]
            for name, (line, val) in self.lines.items():
                points = np.array(trace.get(name, [])).reshape(-1, 2)
                losses = np.array(val_losses.get(name, []))
                line.set_data(*points.T)
                at = np.minimum(per_epoch * np.arange(1, len(losses) + 1), self.experiment.updates)
                val.set_data(at, losses)
                shown += [loss for loss in [*points[:, 1], *losses] if np.isfinite(loss) and loss > 0]
            self.note.set_text(note)
            limits = 10.0 ** np.floor(np.log10(min(shown))), 10.0 ** np.ceil(np.log10(max(shown)) + 0.3)
            if self.limits is None or self.still is None or limits[0] < self.limits[0] or limits[1] > self.limits[1]:
                self.limits, self.still = limits, None
                self.main.set_ylim(limits)
            self.sentence = self._sentence(val_losses, note)

    def _sentence(self, val_losses: dict[str, list[float]], note: str) -> str:
        said = []
        for name in MODELS:
            height = self.floors[name]
            at = "not known" if height is None else plain(height)
            said.append(f"{NAMES[name]} {band(val_losses.get(name))} (floor {at})")
        known = [f"{name} {plain(error)}" for name, error in self.baselines.items() if error is not None]
        beside = f" Baselines: {', '.join(known)}." if known else ""
        return f"Validation losses: {', '.join(said)}.{beside} {note}".strip()


def difference(experiment: Experiment, other: Experiment) -> str:
    """Return in words which settings of an experiment differ from another's."""
    mine, theirs = vars(experiment), vars(other)
    return ", ".join(f"{name} {value}" for name, value in mine.items() if value != theirs[name]) or "same settings"


def show_losses(*results: Result, baselines: bool = False) -> LossesPicture:
    """Return the picture of the last Result's losses, over the earlier ones; if asked for, with the baselines."""
    picture, (*earlier, last) = LossesPicture(), results
    picture.draw_background(last.experiment, earlier, baselines)
    picture.update(last.trace, last.val_losses)
    return picture
