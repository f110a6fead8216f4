"""The picture of the inside of an LSTM over a window: its answer so far, what that depends on, its cells, the hour."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from ..results import Result, digits
from ..trainer.inside import Inside, look_inside
from .picture import COLOURS, INK, LEGEND, TYPE, Picture

LSTM = COLOURS["lstm"]
TICKS = (1, 2, 3, 6, 12)  # samples between the numbers on the axis; from there on whole days
FEW = 60  # samples up to which each has a mark of its own
CLIPPED = 98  # per cent of the cells whose colours differ: a few that are far out would leave the others white


class InsidePicture(Picture):
    """Four pictures over the samples of a window, counted from its row: `Inside` says what its numbers are.

    `inside` holds all numbers; those that one asks for most are attributes too. `window` is how the window is called.
    """

    def __init__(self, inside: Inside, window: str, unit: str = "") -> None:
        trained, untrained = inside.probe, inside.probe_untrained
        rows = (3.0, 2.4, 3.0) if trained is None else (3.0, 2.4, 3.0, 1.5)
        super().__init__(7.6, 0.95 * sum(rows), rows)
        self.inside = inside
        self.answers, self.hidden, self.cells = inside.answers, inside.hidden, inside.cells
        self.influence, self.weights = inside.influence, inside.weights
        self.mean_influence, self.influence_spread = inside.mean_influence, inside.influence_spread
        self.order, self.signs = inside.order, inside.signs
        self.probe, self.probe_untrained = trained, untrained
        self.few = len(inside.places) <= FEW
        self.apart = int(inside.places[1] - inside.places[0]) if len(inside.places) > 1 else 1
        self._draw_answers(self.axes[0], unit)
        self._draw_influence(self.axes[1])
        self._draw_cells(self.axes[2])
        if trained is not None and untrained is not None:
            self._draw_probe(self.axes[3], trained, untrained)
        self._frame(-int(inside.places[0]))
        self.sentence = sentence(inside, window)

    def _draw_answers(self, axes: Axes, unit: str) -> None:
        """Draw the window's samples, and the answer after each, at the row that it would be for, up to the target's."""
        inside, dots = self.inside, 1.0 if self.few else 0.0
        rows, star = inside.places - inside.places[-1], dict[str, Any](marker="*", markevery=[-1], markersize=15)
        look: dict[str, Any] = {"color": INK, "alpha": 0.6, "linewidth": 1.2, "markersize": 6 * dots}
        axes.plot(inside.places, inside.samples, ".-", label="samples", **look)
        axes.plot(rows, inside.targets, ":", color=COLOURS["target"], linewidth=1.4, zorder=4, label="target", **star)
        look = {"color": LSTM, "linewidth": 2, "markersize": 5 * dots}
        axes.plot(rows, inside.answers, "o-", label="answer so far (trained: the last)", **look)
        axes.set_ylabel(f"value {unit}".strip())
        self.grid(axes)
        self.legend(axes, 3)

    def _draw_influence(self, axes: Axes) -> None:
        """Draw the mean influence of each sample with its standard deviation, beside the weights of least squares."""
        inside = self.inside
        spread = {"ecolor": INK, "elinewidth": 1.4 if self.few else 0.5, "alpha": 0.8}
        look: dict[str, Any] = {"width": 0.7 * self.apart, "color": LSTM, "alpha": 0.8, "error_kw": spread}
        mean = "mean influence \N{PLUS-MINUS SIGN} standard deviation"
        axes.bar(inside.places, inside.mean_influence, yerr=inside.influence_spread, label=mean, **look)
        marks: dict[str, Any] = {"fillstyle": "none", "color": INK, "markersize": 6 if self.few else 3.5}
        axes.plot(inside.places, inside.weights, "D", label="linear autoregression", **marks)
        axes.axhline(0, color=INK, linewidth=0.8, alpha=0.6)
        axes.set_ylabel("d answer\nd sample")
        self.grid(axes, axis="y")
        self.legend(axes, 2)

    def _draw_cells(self, axes: Axes) -> None:
        """Draw the cells as a heat map, a row a unit, in their order and with their signs; what is 0 has no colour."""
        inside = self.inside
        shown = (inside.cells * inside.signs)[:, inside.order].T
        most = float(np.percentile(np.abs(shown), CLIPPED)) or 1.0
        units, half = len(shown), self.apart / 2
        corners = (inside.places[0] - half, inside.places[-1] + half, units + 0.5, 0.5)
        look: dict[str, Any] = {"cmap": "PuOr", "interpolation": "nearest", "aspect": "auto"}
        image = axes.imshow(shown, vmin=-most, vmax=most, extent=corners, **look)
        beyond = "both" if np.abs(shown).max() > most else "neither"
        bar = self.figure.colorbar(image, ax=axes, extend=beyond, pad=0.02, aspect=12)
        bar.ax.tick_params(colors=INK, labelsize=TYPE)
        bar.outline.set(edgecolor=INK, alpha=0.4)
        axes.set_title("cells: units that move most on top, signs flipped to agree", loc="left", color=INK, size=TYPE)
        axes.set_ylabel("unit")
        axes.set_yticks(sorted({1, units}))

    def _draw_probe(self, axes: Axes, trained: np.ndarray, untrained: np.ndarray) -> None:
        """Draw how well the hour of the day can be read off the state after each sample; below 0 is not at all."""
        dots, label = 4 if self.few else 0, "hour of the day, read off the state"
        axes.plot(self.inside.places, np.maximum(trained, 0), "o-", color=LSTM, linewidth=2, ms=dots, label=label)
        axes.plot(self.inside.places, np.maximum(untrained, 0), "--", color=INK, linewidth=1.4, label="before training")
        axes.set(ylabel="R²", ylim=(-0.1, 1.1), yticks=(0, 0.5, 1), yticklabels=("≤ 0", "0.5", "1"))
        self.grid(axes)
        self.legend(axes, 2)

    def _frame(self, length: int) -> None:
        """Let all share the axis of the samples, from the oldest to the row itself."""
        last = self.axes[-1]
        last.set_xlim(-length - 0.7 * self.apart, max(0.7 * self.apart, length / 24))
        ticks = next((ticks for ticks in TICKS if length <= 8 * ticks), 24 * -(-length // 192))
        last.xaxis.set_major_locator(MultipleLocator(ticks))
        last.set_xlabel("sample, counted from the row whose target is asked")

    def legend(self, axes: Axes, columns: int) -> None:
        """Draw the legend above the axes, from where they begin; an empty title keeps its place."""
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1), ncols=columns, **LEGEND).set_in_layout(False)
        axes.set_title(" ", size=TYPE, pad=12)


def sentence(inside: Inside, window: str) -> str:
    """Return what is seen, in one sentence."""
    strongest, largest = int(np.argmax(np.abs(inside.mean_influence))), float(np.abs(inside.cells).max())
    target = round(float(inside.targets[-1]), 2) + 0.0  # never -0.00
    told = [
        f"{window}: after the first of {len(inside.places)} samples the LSTM's answer is "
        f"≈ {digits(inside.answers[0])}, after the last ≈ {digits(inside.answers[-1])}, for a target of {target:.2f}",
        f"the sample ≈ {-inside.places[strongest]} before the row matters most, with a mean influence over "
        f"{inside.averaged} windows of ≈ {digits(inside.mean_influence[strongest])}, where the linear autoregression "
        f"has a weight of ≈ {digits(inside.weights[strongest])}",
        f"the cells reach ≈ {digits(largest)}",
    ]
    if inside.probe is not None and inside.probe_untrained is not None:
        told.append(
            f"the hour of the day is read off the state with an R² of ≈ {digits(inside.probe[0])} after the first "
            f"sample and ≈ {digits(inside.probe[-1])} after the last, before training ≈ "
            f"{digits(inside.probe_untrained[-1])}"
        )
    return "; ".join(told) + "."


def show_inside(result: Result, window: int = 0, carried: bool | None = None) -> InsidePicture:
    """Return the picture of what the LSTM of a run holds over a window, and which samples it uses.

    Windows are numbered from 0: those of the training part, then those of the validation part, at stride 1. A window
    begins empty, or with `carried` as in the validation of a stateful LSTM: with the state that its lane has reached,
    having read all windows before it. The default is what the model does. The numbers behind the picture are its
    attributes, among them `answers`, `influence`, both of the shape `(steps,)`, and `cells`, `(steps, units)` in
    Keras's order; `Inside` says what all of them are. Raises ValueError for bad values, and for an LSTM whose states
    are not finite.
    """
    inside, experiment = look_inside(result, window, carried), result.experiment
    training = len(experiment.rows[0])
    part, count = "training" if window < training else "validation", training + len(experiment.rows[1])
    called = f"Window {window + 1:,} of {count:,} ({part}{', its state carried' * inside.carried})"
    return InsidePicture(inside, called, experiment.series_with_noise.unit)
