"""The picture of a window: the series, what each model sees of it, the target, and the windows that follow."""

import textwrap
from collections.abc import Callable

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import MultipleLocator

from ..checks import whole
from ..experiment import MODELS, NAMES, Experiment
from ..results import digits
from ..series import Series
from .picture import COLOURS, INK, LOCK, STYLES, TYPE, Picture

Predictions = Callable[[np.ndarray], dict[str, np.ndarray]]  # each model's answers at these rows
SO_FAR = "#a859b5"  # told apart from the others' colours, on light and dark
SO_FAR_SENTENCE = " LSTM so far: its answer after each sample of the window; only the last was trained."
FEW = 60  # samples, or answers, up to which each has a mark of its own
VIEWS = (48, 72, 96, 144, 192, 240, 336, 504, 672, 1008, 1512, 2016, 4032)  # samples that a view may hold


class WindowsPicture(Picture):
    """The series with a window in it, its target, and below it the windows that follow.

    Windows are numbered from 0: first those of the training part, then those of the validation part, at stride 1.
    Samples and rows are counted in the whole series.
    """

    def __init__(self) -> None:
        super().__init__(7.6, 3.6, (5, 2))
        self.view: tuple = ()
        self.series: Series | None = None
        self._make_still()
        self._make_marks()
        self._make_predictions()
        self._make_bars()
        self.show_answers(False)

    def _make_still(self) -> None:
        main, strip = self.axes
        (self.values,) = main.plot([], [], linewidth=1.2, label="series", color=INK, alpha=0.6)
        (self.targets,) = main.plot([], [], ":", linewidth=1.4, color=COLOURS["target"], label="targets")
        self.border = [axes.axvline(0, color=INK, linewidth=1.4, linestyle=(0, (8, 3))) for axes in self.axes]
        beside = {"y": 0.97, "va": "top", "fontsize": TYPE, "color": INK, "transform": main.get_xaxis_transform()}
        sides = (("training part ", "right"), (" validation part", "left"))
        self.parts = [self.moving(main.text(0, s=text, ha=side, clip_on=True, **beside)) for text, side in sides]
        main.tick_params(labelbottom=False)
        strip.set(ylim=(-2.6, 0.6), yticks=(0, -1, -2), yticklabels=("this window", "next", "next"))
        strip.set_xlabel("sample")
        self.grid(main)
        self.grid(strip, axis="x")

    def _make_marks(self) -> None:
        """Make the marks of the samples that each model sees, and the star of the target with its arrow."""
        main, target = self.axes[0], COLOURS["target"]
        marks = {"linestyle": "none", "label": "LSTM sees", "color": COLOURS["lstm"], "zorder": 3}
        self.seen = {"lstm": self.moving(main.plot([], [], "o", markersize=4.5, **marks)[0])}
        marks |= {"label": "DNN sees", "color": COLOURS["dnn"], "fillstyle": "none", "markeredgewidth": 2}
        self.seen["dnn"] = self.moving(main.plot([], [], "s", markersize=10, **marks)[0])
        star = main.plot([], [], "*", markersize=15, label="target", linestyle="none", color=target, zorder=4)[0]
        self.target = self.moving(star)
        arrow = {"arrowstyle": "->", "color": target, "linewidth": 1.6, "shrinkA": 7, "shrinkB": 1}
        self.copies = self.moving(main.annotate("", (0, 0), (0, 0), arrowprops=arrow, annotation_clip=True))

    def _make_predictions(self) -> None:
        """Make a line for each model's predictions, and a text for where they lie outside the picture."""
        main, self.predicted, self.beyond = self.axes[0], {}, {}
        for name in MODELS:
            look = {"color": COLOURS[name], "label": f"{NAMES[name]} predicts"}
            self.predicted[name] = self.moving(main.plot([], [], STYLES[name], linewidth=2, **look)[0])
            text = main.text(0.99, 0, "", transform=main.transAxes, ha="right", fontsize=TYPE, color=COLOURS[name])
            self.beyond[name] = self.moving(text)
        (so_far,) = main.plot([], [], ".-.", linewidth=1.2, color=SO_FAR, zorder=3.5)
        self.so_far = self.moving(so_far)

    def _make_bars(self) -> None:
        """Make the shade of the window, and below it the bars of this window and the next ones with their targets."""
        main, strip = self.axes
        shade = Rectangle((0, 0), 0, 1, transform=main.get_xaxis_transform(), color=INK, alpha=0.12)
        self.shade = self.moving(main.add_patch(shade))
        bars = [Rectangle((0, -i - 0.35), 0, 0.7, color=INK, alpha=0.45 - 0.12 * i) for i in range(3)]
        self.bars = [self.moving(strip.add_patch(bar)) for bar in bars]
        stars = strip.plot([], [], "*", markersize=9, linestyle="none", color=COLOURS["target"], zorder=4)[0]
        self.stars = self.moving(stars)

    def show_answers(self, shown: bool) -> None:
        """Have a line for the LSTM's answer after each sample of the window, or none; `update_answers` draws it."""
        self.so_far.set(label="LSTM so far" if shown else "_", visible=shown)
        self.legend(self.axes[0], 4)
        self.still = None

    def update_answers(self, rows: np.ndarray, answers: np.ndarray) -> None:
        """Draw the answer after each sample of the window, at the row that it would be for."""
        with LOCK:
            self.so_far.set_data(rows, answers)
            self.so_far.set_markersize(7 if len(rows) <= FEW else 0)

    def update(self, experiment: Experiment, window: int = 0, predictions: Predictions | None = None) -> None:
        """Show a window, by its number from 0; `predictions(rows)` gives each model's for the rows in view."""
        with LOCK:
            series, length = experiment.series_with_noise, experiment.length
            rows, stride = neighbours(experiment, window)
            row, ahead = int(rows[0]), series.ahead or 0
            self._show(series, len(experiment.train), row - length, row + max(min(2 * stride, 96), ahead) + 8)
            samples = experiment.windows.samples(rows[:1])[0]
            for name, at in (("lstm", samples), ("dnn", samples[experiment.dnn_steps])):
                self.seen[name].set_data(at, series.values[at, 0])
            self.target.set_data([row], series.targets[row])
            self._point(row, ahead, float(series.targets[row, 0]), len(series))
            self.shade.set(x=row - length - 0.5, width=length)
            for bar, start in zip(self.bars, [*rows - length, *[-9999] * 3]):
                bar.set(x=start - 0.5, width=length)
            self.stars.set_data(rows, -np.arange(len(rows)))
            self._show_predictions(self._rows_in_view(experiment), predictions)
            self.sentence = self._sentence(experiment, window, samples)

    def _rows_in_view(self, experiment: Experiment) -> np.ndarray:
        """Return the rows in view that have a window in their own part of the series."""
        length, border = experiment.length, len(experiment.train)
        start, end = self.view[0], min(sum(self.view), len(experiment.series_with_noise))
        return np.r_[max(start, length) : min(end, border), max(start, border + length) : end].astype(int)

    def _point(self, row: int, ahead: int, height: float, samples: int) -> None:
        """Draw an arrow from the target to the sample that it copies, if that is a later one and there is one."""
        self.copies.set_visible(0 < ahead < samples - row)
        self.copies.set_position((row, height))
        self.copies.xy = (row + ahead, height)

    def _show_predictions(self, rows: np.ndarray, predictions: Predictions | None) -> None:
        """Draw what each model answers at some of these rows, and say so where that lies outside the picture."""
        rows = rows[:: -(-len(rows) // 128) or 1]
        given = predictions(rows) if predictions and len(rows) else {}
        low, high = self.axes[0].get_ylim()
        for place, (name, line) in enumerate(self.predicted.items()):
            answers, text = given.get(name, np.empty(0)), self.beyond[name]
            line.set_data(rows if name in given else [], answers)
            middle = float(np.median(answers)) if len(answers) else (low + high) / 2
            side = "below" if middle < low else "above"
            arrow = "\N{DOWNWARDS ARROW}" if side == "below" else "\N{UPWARDS ARROW}"
            inside = low <= middle <= high or not np.isfinite(middle)
            told = f"{arrow} {NAMES[name]} {side}: about {digits(middle)} {self.unit}".rstrip()
            text.set_text("" if inside else told)
            text.set(fontsize=TYPE, y=0.04 + 0.11 * place if side == "below" else 0.86 - 0.11 * place)

    def _sentence(self, experiment: Experiment, window: int, samples: np.ndarray) -> str:
        windows, series, row = experiment.windows, experiment.series_with_noise, int(samples[0]) + experiment.length
        target = round(float(series.targets[row, 0]), 2) + 0.0  # never -0.00
        seen = f"sample {samples[0]}"
        if windows.steps > 1:
            seen = f"{windows.steps} samples, {samples[0]} to {samples[-1]}"
        what = {"oldest": f"sample {samples[0]}", "latest": f"sample {samples[-1]}", "window": "the same"}
        copied = f", as at sample {row + series.ahead}" if series.ahead and row + series.ahead < len(series) else ""
        stride = windows.stride if row < len(experiment.train) else 1
        return (
            f"{called(experiment, window)}: the LSTM sees {seen}, the DNN "
            f"{what[experiment.dnn_sees]}; the target at row {row} is {target:.2f}{copied}. "
            f"Each next window starts {stride} sample{'s' * (stride > 1)} later."
            f"{SO_FAR_SENTENCE * self.so_far.get_visible()}"
        )

    def _show(self, series: Series, border: int, first: int, last: int) -> None:
        """Bring the samples from first to last into view; a view that still fits stays, so that nothing jumps."""
        span = next((span for span in VIEWS if span >= last - first + 24), last - first + 24)
        start = max(0, (first - 12) // 24 * 24)
        if self.view == (start, span) and self.series is series:
            return
        self.view, self.series, self.still = (start, span), series, None
        at = np.arange(start, min(start + span, len(series)))
        self.values.set_data(at, series.values[at, 0])
        self.targets.set_data(at, series.targets[at, 0])
        for line, part in zip(self.border, self.parts):
            line.set_xdata([border - 0.5, border - 0.5])
            part.set(x=border - 0.5, visible=start < border < start + span)
        low, high = (choose([choose(series.values), choose(series.targets)]) for choose in (np.min, np.max))
        margin = 0.2 * (float(high - low) or 1)
        self.axes[0].set(xlim=(start - 1, start + span), ylim=(low - margin, high + margin))
        self.unit = series.unit
        self.axes[0].set_ylabel(textwrap.fill(f"value {series.unit}".strip(), 16))
        self.axes[1].xaxis.set_major_locator(MultipleLocator(12 if span <= 144 else 24 * -(-span // 336)))


def part_and_number(experiment: Experiment, window: int) -> tuple[str, str]:
    """Return a window's part, and its number there, as 'training' and '4 of 6,984'."""
    training, validation = map(len, experiment.rows)
    if window < training:
        return "training", f"{window + 1:,} of {training:,}"
    return "validation", f"{window - training + 1:,} of {validation:,}"


def neighbours(experiment: Experiment, window: int) -> tuple[np.ndarray, int]:
    """Return the rows of a window and of the two that follow it in its part, and the stride from each to the next."""
    training, validation = experiment.rows
    if window < len(training):
        return training[window : window + 3], experiment.stride
    return validation[window - len(training) :][:3], 1


def called(experiment: Experiment, window: int, carried: bool = False) -> str:
    """Return what a window is called."""
    part, number = part_and_number(experiment, window)
    return f"{part.capitalize()} window {number}{', its state carried' * carried}"


def show_windows(experiment: Experiment, window: int = 0) -> WindowsPicture:
    """Return the picture of a window and of the two that follow.

    Windows are numbered from 0: those of the training part, then those of the validation part, at stride 1. Raises
    ValueError for a number that no window has.
    """
    window = whole("window", window, least=0, most=sum(map(len, experiment.rows)) - 1)
    picture = WindowsPicture()
    picture.update(experiment, window)
    return picture
