"""The picture of a window: the series, what each model sees of it, the target, and the windows that follow."""

import textwrap
from collections.abc import Callable

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import MultipleLocator

from ..experiment import MODELS, NAMES, Experiment
from ..series import Series
from .picture import COLOURS, INK, LOCK, STYLES, Picture

Predictions = Callable[[np.ndarray], dict[str, np.ndarray]]  # each model's answers at these rows
VIEWS = (48, 72, 96, 144, 192, 240, 336, 504, 672, 1008, 1512, 2016, 4032)  # samples that a view may hold


class WindowsPicture(Picture):
    """The series with a window in it, its target, and below it the windows that follow."""

    def __init__(self) -> None:
        super().__init__(7.6, 3.6, (5, 2))
        self.view: tuple = ()
        self.series: Series | None = None
        main, strip = self.axes
        ink: dict = {"color": INK, "alpha": 0.6}
        (self.values,) = main.plot([], [], linewidth=1.2, label="series", **ink)
        (self.targets,) = main.plot([], [], ":", linewidth=1.4, color=COLOURS["target"], label="targets")
        marks = {"linestyle": "none", "label": "LSTM sees", "color": COLOURS["lstm"], "zorder": 3}
        self.seen = {"lstm": self.moving(main.plot([], [], "o", markersize=4.5, **marks)[0])}
        marks |= {"label": "DNN sees", "color": COLOURS["dnn"], "fillstyle": "none", "markeredgewidth": 2}
        self.seen["dnn"] = self.moving(main.plot([], [], "s", markersize=10, **marks)[0])
        marks = {"linestyle": "none", "color": COLOURS["target"], "zorder": 4}
        self.target = self.moving(main.plot([], [], "*", markersize=15, label="target", **marks)[0])
        self.predicted = {
            name: self.moving(
                main.plot([], [], STYLES[name], linewidth=2, color=COLOURS[name], label=f"{NAMES[name]} predicts")[0]
            )
            for name in MODELS
        }
        self.shade = self.moving(main.add_patch(Rectangle((0, 0), 0, 1, transform=main.get_xaxis_transform(), **ink)))
        self.shade.set_alpha(0.12)
        self.bars = [
            self.moving(strip.add_patch(Rectangle((0, -i - 0.35), 0, 0.7, color=INK, alpha=0.45 - 0.12 * i)))
            for i in range(3)
        ]
        self.stars = self.moving(strip.plot([], [], "*", markersize=9, **marks)[0])
        main.tick_params(labelbottom=False)
        strip.set(ylim=(-2.6, 0.6), yticks=(0, -1, -2), yticklabels=("this window", "next", "next"))
        strip.set_xlabel("sample")
        self.grid(main)
        self.grid(strip, axis="x")
        self.legend(main, 4)

    def update(self, experiment: Experiment, window: int = 0, predictions: Predictions | None = None) -> None:
        """Show a window, by its number from 0; `predictions(rows)` gives each model's for the rows in view."""
        with LOCK:
            series, windows = experiment.train, experiment.windows
            rows = windows.rows(series)[window : window + 3]
            row, first = int(rows[0]), int(rows[0]) - windows.length
            self._show(series, first, row + min(2 * windows.stride, 96) + 8)
            samples = windows.samples(rows[:1])[0]
            for name, at in (("lstm", samples), ("dnn", samples[experiment.dnn_steps])):
                self.seen[name].set_data(at, series.values[at, 0])
            self.target.set_data([row], series.targets[row])
            self.shade.set(x=first - 0.5, width=windows.length)
            for bar, start in zip(self.bars, [*rows - windows.length, *[-9999] * 3]):
                bar.set(x=start - 0.5, width=windows.length)
            self.stars.set_data(rows, -np.arange(len(rows)))
            in_view = np.arange(max(self.view[0], windows.length), min(sum(self.view), len(series)))
            self._show_predictions(in_view, predictions)
            self.sentence = self._sentence(experiment, window, samples)

    def _show_predictions(self, rows: np.ndarray, predictions: Predictions | None) -> None:
        """Draw what each model answers at some of these rows, as many as are asked at once."""
        rows = rows[:: -(-len(rows) // 128) or 1]
        given = predictions(rows) if predictions and len(rows) else {}
        for name, line in self.predicted.items():
            line.set_data(rows, given[name]) if name in given else line.set_data([], [])

    def _sentence(self, experiment: Experiment, window: int, samples: np.ndarray) -> str:
        windows, series, row = experiment.windows, experiment.train, int(samples[0]) + experiment.length
        target = round(float(series.targets[row, 0]), 2) + 0.0  # never -0.00
        seen = f"sample {samples[0]}"
        if windows.steps > 1:
            seen = f"{windows.steps} samples, {samples[0]} to {samples[-1]}"
        what = {"oldest": f"sample {samples[0]}", "latest": f"sample {samples[-1]}", "window": "the same"}
        return (
            f"Window {window + 1:,} of {windows.count(series):,}: the LSTM sees {seen}, the DNN "
            f"{what[experiment.dnn_sees]}; the target, at row {row}, is {target:.2f}. "
            f"The next windows start {windows.stride} later each."
        )

    def _show(self, series: Series, first: int, last: int) -> None:
        """Bring the samples from first to last into view; a view that still fits stays, so that nothing jumps."""
        span = next((span for span in VIEWS if span >= last - first + 24), last - first + 24)
        start = max(0, (first - 12) // 24 * 24)
        if self.view == (start, span) and self.series == series:
            return
        self.view, self.series, self.still = (start, span), series, None
        at = np.arange(start, min(start + span, len(series)))
        self.values.set_data(at, series.values[at, 0])
        self.targets.set_data(at, series.targets[at, 0])
        both = np.concatenate([series.values, series.targets])
        margin = 0.15 * (float(np.ptp(both)) or 1)
        self.axes[0].set(xlim=(start - 1, start + span), ylim=(both.min() - margin, both.max() + margin))
        self.axes[0].set_ylabel(textwrap.fill(f"value {series.unit}".strip(), 16))
        self.axes[1].xaxis.set_major_locator(MultipleLocator(12 if span <= 144 else 24 * -(-span // 336)))


def show_windows(experiment: Experiment, window: int = 0) -> WindowsPicture:
    """Return the picture of a window, by its number from 0, and of the two that follow."""
    picture = WindowsPicture()
    picture.update(experiment, window)
    return picture
