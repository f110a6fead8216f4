"""The picture of the inside of an LSTM over a window: its answer so far, what that depends on, its cells, the hour."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.ticker import MultipleLocator

from ..results import Result, digits
from ..trainer.inside import Inside, look_inside
from .picture import COLOURS, INK, LEGEND, LOCK, TYPE, Picture
from .windows import FEW, called

LSTM = COLOURS["lstm"]
TICKS = (1, 2, 3, 6, 12)  # samples between the numbers on the axis; from there on whole days
MOST = 1e30  # no scale goes beyond
CLIPPED = 98  # per cent of the cells whose colours differ: a few that are far out would leave the others white


class PartsPicture(Picture):
    """Which samples matter, the cells and, if `probed`, the hour: pictures over a window's samples that can change.

    The scales only grow, until `update` is given nothing to show.
    """

    ends: tuple[float, ...] = (1, 2, 5)  # times a power of 10: of a scale; few, since a new scale draws all anew

    def __init__(self, probed: bool, above: tuple[float, ...] = ()) -> None:
        rows = (*above, 2.4, 3.0, *([1.5] if probed else []))
        super().__init__(7.6, 0.95 * sum(rows), rows)
        self.probed, self.place = probed, len(above)
        self.scale: tuple[float, ...] = ()  # of influence, downwards and upwards, and of the cells
        self.frame: tuple = ()  # what the axis of the samples is made for
        self._make_influence(self.axes[self.place])
        self._make_cells(self.axes[self.place + 1])
        if probed:
            self._make_probe(self.axes[-1])
        self.axes[-1].set_xlabel("sample, counted from the row whose target is asked")

    def _make_influence(self, axes: Axes) -> None:
        """Make the bars of the mean influence with whiskers, and beside them the weights of least squares."""
        mean = "mean influence \N{PLUS-MINUS SIGN} standard deviation"
        bars = PolyCollection([], facecolor=LSTM, alpha=0.8, linewidth=0, label=mean)
        self.bars = self.moving(axes.add_collection(bars, autolim=False))
        (whiskers,) = axes.plot([], [], color=INK, alpha=0.8)
        marks: dict[str, Any] = {"fillstyle": "none", "color": INK, "label": "linear autoregression"}
        (diamonds,) = axes.plot([], [], "D", **marks)
        self.whiskers, self.diamonds = self.moving(whiskers), self.moving(diamonds)
        axes.axhline(0, color=INK, linewidth=0.8, alpha=0.6)
        axes.set_ylabel("d answer\nd sample")
        self.grid(axes, axis="y")
        self.legend(axes, 2)

    def _make_cells(self, axes: Axes) -> None:
        """Make the heat map of the cells, a row a unit, and its scale; what is 0 has no colour."""
        look: dict[str, Any] = {"cmap": "PuOr", "interpolation": "none", "aspect": "auto"}
        self.image = self.moving(axes.imshow([[0.0]], **look))
        self.image.set_visible(False)
        self.bar = axes.inset_axes((1.015, 0, 0.025, 1))
        self.bar.imshow(np.linspace(1, -1, 255)[:, None], extent=(0, 1, -1, 1), **look)
        self.bar.tick_params(colors=INK, labelsize=TYPE)
        self.bar.yaxis.tick_right()
        self.bar.set(xticks=(), yticks=())
        for spine in self.bar.spines.values():
            spine.set(color=INK, alpha=0.4)
        axes.set_ylabel("unit")
        self.title = self.moving(axes.set_title("cells", loc="left", color=INK, size=TYPE))

    def _make_probe(self, axes: Axes) -> None:
        """Make the lines of how well the hour of the day can be read off the state; below 0 is not at all."""
        look: dict[str, Any] = {"color": LSTM, "linewidth": 2, "label": "hour of the day, read off the state"}
        (trained,) = axes.plot([], [], "o-", **look)
        (untrained,) = axes.plot([], [], "--", color=INK, linewidth=1.4, label="before training")
        self.lines = self.moving(trained), self.moving(untrained)
        beside: dict[str, Any] = {
            "transform": axes.transAxes,
            "ha": "center",
            "va": "center",
            "color": INK,
            "fontsize": TYPE,
        }
        self.note = self.moving(axes.text(0.5, 0.5, "", **beside))
        axes.set(ylabel="R²", ylim=(-0.1, 1.1), yticks=(0, 0.5, 1), yticklabels=("≤ 0", "0.5", "1"))
        self.grid(axes)
        self.legend(axes, 2)

    def update(self, places: np.ndarray, inside: Inside | None, said: str, ordered: bool = True) -> None:
        """Show these numbers, or none, for samples at these places, and say so.

        `ordered` is whether the run is over, so that the units have an order of their own and the probe is measured.
        """
        with LOCK:
            self.sentence = said
            for artist in (self.bars, self.whiskers, self.diamonds, self.image):
                artist.set_visible(inside is not None)
            self._frame(places)
            if inside is None:
                self.scale = ()
            else:
                self._scale(inside)
                self._show_influence(inside)
                self._show_cells(inside, ordered)
            if self.probed:
                self._show_probe(inside, ordered)

    def _frame(self, places: np.ndarray) -> None:
        """Let all share the axis of the samples, from the oldest to the row itself."""
        length, few = -int(places[0]), len(places) <= FEW
        self.apart = int(places[1] - places[0]) if len(places) > 1 else 1
        if self.frame == (length, self.apart):
            return
        self.frame, self.still = (length, self.apart), None
        self.diamonds.set_markersize(6 if few else 3.5)
        self.whiskers.set_linewidth(1.4 if few else 0.5)
        last = self.axes[-1]
        last.set_xlim(-length - 0.7 * self.apart, max(0.7 * self.apart, length / 24))
        ticks = next((ticks for ticks in TICKS if length <= 8 * ticks), 24 * -(-length // 192))
        last.xaxis.set_major_locator(MultipleLocator(ticks))

    def _scale(self, inside: Inside) -> None:
        """Let the axis of influence and the colours of the cells hold these numbers."""
        low, high = inside.mean_influence - inside.influence_spread, inside.mean_influence + inside.influence_spread
        most = float(np.percentile(np.abs(inside.cells), CLIPPED)) or 1.0
        wanted = -min(low.min(), inside.weights.min()), max(high.max(), inside.weights.max()), most
        scale = tuple(round_up(max(parts), self.ends) for parts in zip(wanted, self.scale or (0.0, 0.0, 0.0)))
        if scale == self.scale:
            return
        self.scale, self.still = scale, None
        down, up, most = scale
        least = 0.1 * max(down, up)
        self.axes[self.place].set_ylim(-1.05 * max(down, least), 1.05 * max(up, least))
        self.image.set_clim(-most, most)
        self.bar.set_yticks((-1, 0, 1), (f"≤ -{most:g}", "0", f"≥ {most:g}"))

    def _show_influence(self, inside: Inside) -> None:
        at, mean, spread, half = inside.places, inside.mean_influence, inside.influence_spread, 0.35 * self.apart
        left, right, none = at - half, at + half, np.zeros(len(at))
        corners = [(left, none), (left, mean), (right, mean), (right, none)]
        self.bars.set_verts(np.array(corners).transpose(2, 0, 1))
        ends = np.array([mean - spread, mean + spread, np.full(len(at), np.nan)])
        self.whiskers.set_data(np.repeat(at, 3), ends.T.ravel())
        self.diamonds.set_data(at, inside.weights)

    def _show_cells(self, inside: Inside, ordered: bool) -> None:
        """Show the cells in their order and with their signs."""
        axes, half, units = self.axes[self.place + 1], self.apart / 2, len(inside.order)
        self.image.set_data((inside.cells * inside.signs)[:, inside.order].T)
        self.image.set_extent((inside.places[0] - half, inside.places[-1] + half, units + 0.5, 0.5))
        told = "units that move most on top, signs flipped to agree" if ordered else "units in Keras's order"
        self.title.set_text(f"cells: {told}")
        if axes.get_ylim() != (units + 0.5, 0.5) or axes.get_yticks()[-1] != units:
            self.still = None
            axes.set(ylim=(units + 0.5, 0.5), yticks=sorted({1, units}))

    def _show_probe(self, inside: Inside | None, ordered: bool) -> None:
        trained, untrained = (inside.probe, inside.probe_untrained) if inside else (None, None)
        for line, numbers in zip(self.lines, (trained, untrained)):
            line.set_visible(numbers is not None)
            if inside and numbers is not None:
                line.set_data(inside.places, np.maximum(numbers, 0))
                line.set_markersize(4 if len(numbers) <= FEW else 0)
        self.note.set_text("" if ordered and inside else "measured at the end of a run")

    def legend(self, axes: Axes, columns: int) -> None:
        """Draw the legend above the axes, from where they begin; an empty title keeps its place."""
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1), ncols=columns, **LEGEND).set_in_layout(False)
        axes.set_title(" ", size=TYPE, pad=12)


class InsidePicture(PartsPicture):
    """Four pictures over the samples of a window, counted from its row: `Inside` says what its numbers are.

    `inside` holds all numbers; those that one asks for most are attributes too. `window` is how the window is called.
    """

    ends = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)

    def __init__(self, inside: Inside, window: str, unit: str = "") -> None:
        super().__init__(inside.probe is not None, above=(3.0,))
        self.inside = inside
        self.answers, self.hidden, self.cells = inside.answers, inside.hidden, inside.cells
        self.influence, self.weights = inside.influence, inside.weights
        self.mean_influence, self.influence_spread = inside.mean_influence, inside.influence_spread
        self.order, self.signs = inside.order, inside.signs
        self.probe, self.probe_untrained = inside.probe, inside.probe_untrained
        self._draw_answers(self.axes[0], unit)
        self.update(inside.places, inside, sentence(inside, window))

    def _draw_answers(self, axes: Axes, unit: str) -> None:
        """Draw the window's samples, and the answer after each, at the row that it would be for, up to the target's."""
        inside, dots = self.inside, float(len(self.inside.places) <= FEW)
        rows, star = inside.places - inside.places[-1], dict[str, Any](marker="*", markevery=[-1], markersize=15)
        look: dict[str, Any] = {"color": INK, "alpha": 0.6, "linewidth": 1.2, "markersize": 6 * dots}
        axes.plot(inside.places, inside.samples, ".-", label="samples", **look)
        axes.plot(rows, inside.targets, ":", color=COLOURS["target"], linewidth=1.4, zorder=4, label="target", **star)
        look = {"color": LSTM, "linewidth": 2, "markersize": 5 * dots}
        axes.plot(rows, inside.answers, "o-", label="answer so far (trained: the last)", **look)
        axes.set_ylabel(f"value {unit}".strip())
        self.grid(axes)
        self.legend(axes, 3)


def round_up(number: float, ends: tuple[float, ...]) -> float:
    """Return the next number that is one of these ends times a power of 10, or 0; for what is larger or NaN, MOST."""
    if number <= 0:
        return 0.0
    if not number < MOST:
        return MOST
    power = 10.0 ** math.floor(math.log10(number))
    return next((step * power for step in ends if number <= step * power * (1 + 1e-9)), 10 * power)


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
    return InsidePicture(inside, called(experiment, window, inside.carried), experiment.series_with_noise.unit)
