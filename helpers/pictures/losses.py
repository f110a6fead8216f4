"""The picture of losses: both models' by updates, with floors and baselines, over the validation of earlier runs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ..experiment import MODELS, NAMES, Experiment
from ..results import NOTHING, Result, in_digits, labels
from ..theory import baselines, constant_error, shown_floors
from .labels import GAP, Box, Wanted, place
from .picture import COLOURS, INK, LEGEND, LOCK, STYLES, TYPE, Picture, on_axis, text_width

Seeds = Sequence[Any]  # the Results or the Trainings of one run, one a seed: both have losses, a trace, updates so far
DASHES = ((0, (1, 3)), ":", (0, (3, 2)), "-.")  # of the mean, and of the baselines
EMPTY = (1e-4, 1.0)  # losses that are in view before there are any
LEAST = 1e-8  # where the axis ends: what lies below is as good as 0
LINE = 1.22 * TYPE  # points that a label is high
MARGIN = 124.0  # points for labels, at the right
MARK = 5.0  # points from the middle of a mark to what must not cover it


class LossesPicture(Picture):
    """Both models' losses by updates, on a log scale, with the floors, over the faded validation of earlier runs.

    Of several seeds it shows the median as a line, and all between the least and the largest as a band. `labels` are
    the texts at the ends of the curves.
    """

    def __init__(self) -> None:
        super().__init__(7.6, 3.8, (1,))
        (self.main,) = self.axes
        self.limits: tuple[float, float] | None = None
        self.background: list[Any] = []
        self.labels: list[Any] = []
        self.placed: Any = None  # what the labels stand for, so that they move no oftener than they must
        self.lines, self.bands = {}, {}
        for name, mark in zip(MODELS, "os"):
            look = {"linestyle": STYLES[name], "color": COLOURS[name]}
            head = {"marker": ".", "markevery": [-1], "label": f"{NAMES[name]} training"}
            (line,) = self.main.plot([], [], linewidth=1.3, alpha=0.8, **head, **look)
            (val,) = self.main.plot([], [], linewidth=2.2, marker=mark, label=f"{NAMES[name]} validation", **look)
            band = self.main.add_collection(PolyCollection([], color=COLOURS[name], alpha=0.2, linewidth=0), False)
            self.lines[name], self.bands[name] = (self.moving(line), self.moving(val)), self.moving(band)
        self.note = self.moving(self.main.text(1, 0.02, "", transform=self.figure.transFigure, ha="right"))
        self.note.set(color=INK, fontsize=TYPE, in_layout=False)
        self.main.set(yscale="log", ylabel="mean squared error", autoscale_on=False)
        self.main.set_xlabel("updates", loc="left")
        self.grid(self.main)
        self.main.yaxis.set_minor_locator(NullLocator())
        self.main.yaxis.set_major_formatter(FuncFormatter(on_axis))
        self.figure.legend(loc="upper left", bbox_to_anchor=(0, 1), ncols=2, **LEGEND).set_in_layout(False)

    def draw_background(
        self,
        experiment: Experiment,
        earlier: Sequence[tuple[str, Seeds]] = (),
        with_baselines: bool = False,
        lifted: str = "",
        newest_only: bool = False,
    ) -> None:
        """Draw what stands still during a run: axes, floors, the earlier runs and, if asked for, the baselines.

        `earlier` are the names and Results of runs, the oldest first; that of the name `lifted` stands out. With
        `newest_only` the axes follow the run that comes, whatever the earlier ones were.
        """
        with LOCK:
            for artist in self.background:
                artist.remove()
            self.experiment, self.floors, self.background = experiment, shown_floors(experiment), []
            self.newest_only, self.earlier = newest_only, [(name, *curves(seeds)) for name, seeds in earlier]
            mean = constant_error(experiment.validation)
            self.baselines = baselines(experiment) if with_baselines else {}
            always = mean, *(height for _, height in self.floors.values())
            self.ends = [*filter(None, always), *(() if newest_only else EMPTY)]  # in view whatever comes
            self._draw_levels({"always answering the mean": mean, **self.baselines})
            self._draw_floors()
            for name, updates, losses in self.earlier:
                self._draw_earlier(updates, losses, bool(lifted) and name == lifted)
            most = [experiment.updates, *(seeds[0].updates for _, seeds in earlier if not newest_only)]
            self.main.set_xlim(0, max(most) * 1.02)
            self.earlier.sort(key=lambda run: run[0] == lifted)  # whose name has precedence, as the newest has
            self.still = self.limits = self.placed = None
            self.update((), "")

    def _draw_levels(self, errors: dict[str, float | None]) -> None:
        """Draw a line across at each error that is known, and make room above for a legend of these lines."""
        known = {name: error for name, error in errors.items() if error is not None}
        lines = [
            self.main.axhline(max(error, LEAST / 10), color=INK, linestyle=dash, alpha=0.75, linewidth=1.4)
            for error, dash in zip(known.values(), DASHES)
        ]
        words = [f"{name}: {in_digits(error)}" for name, error in known.items()]
        legend = Legend(self.figure, lines, words, loc="upper right", bbox_to_anchor=(1, 1), **LEGEND)
        legend.set_in_layout(False)
        self.background += [*lines, self.figure.add_artist(legend)]
        width, height = self.figure.get_size_inches() * 72
        above = 14 + 1.35 * TYPE * max(2, len(known))
        self.room = (0, 0, 1 - MARGIN / width, 1 - above / height)

    def _draw_floors(self) -> None:
        for name, (_, height) in self.floors.items():
            if height and height >= NOTHING:
                line = self.main.axhline(height, color=COLOURS[name], linestyle=(0, (6, 3)), linewidth=1.2, alpha=0.8)
                self.background.append(line)

    def _draw_earlier(self, updates: np.ndarray, losses: dict[str, np.ndarray], lifted: bool) -> None:
        for name in MODELS[::-1]:
            middle = losses[name][1]
            look: dict[str, Any] = {"linestyle": STYLES[name], "color": COLOURS[name]}
            look |= {"linewidth": 3.2, "alpha": 1} if lifted else {"linewidth": 1.2, "alpha": 0.55}
            self.background += self.main.plot(updates, np.maximum(middle, LEAST / 10), **look)
            if not self.newest_only:
                self.ends += middle[np.isfinite(middle)].tolist()

    def update(self, seeds: Seeds, name: str, note: str = "") -> None:
        """Show a run so far, one Result or Training a seed, by its name, and a note on it below the axes."""
        with LOCK:
            self.updates, self.validation = curves(seeds)
            self.name, shown = name, [*(self.ends or EMPTY)]
            for model, (line, val) in self.lines.items():
                at, training = spread([np.array(seed.trace[model]).reshape(-1, 2) for seed in seeds])
                low, middle, high = self.validation[model]
                line.set_data(at, training[1])
                val.set_data(self.updates, np.maximum(middle, LEAST))
                edge = np.column_stack([np.r_[self.updates, self.updates[::-1]], np.r_[low, high[::-1]]])
                self.bands[model].set_verts([edge[np.isfinite(edge).all(axis=1)]] if len(seeds) > 1 else [])
                shown += [loss for loss in [*training[1], *low, *high] if np.isfinite(loss) and loss > 0]
            self.note.set_text(note)
            self._scale(max(min(shown), LEAST), max(shown))
            self.sentence = self._sentence(seeds, note)

    def _scale(self, low: float, high: float) -> None:
        """Let the axis hold these losses; while a run goes on it only grows."""
        if self.newest_only:
            low, high = low / 1.25, high * 1.25
        else:
            low, high = 10.0 ** np.floor(np.log10(low)), 10.0 ** np.ceil(np.log10(high) + 0.1)
        if self.limits is not None and self.limits[0] <= low and high <= self.limits[1]:
            return
        if self.limits is not None:
            low, high = min(low, self.limits[0]), max(high, self.limits[1])
        self.limits, self.still, self.placed = (low, high), None, None
        self.main.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 150 else (1,), numticks=12))
        self.main.set_ylim(low, high)

    def arrange(self) -> None:
        """Put a label at the end of each curve where there is room: the newest run's, the floors', then the others'."""
        epochs = [len(losses[1]) for losses in self.validation.values()]
        if self.placed == (self.name, epochs):
            return
        self.placed = self.name, epochs
        for artist in self.labels:
            artist.remove()
        self.labels, ends = [], self._ends()
        to_points, low = self.main.transData.transform, self.main.get_ylim()[0]
        points = [to_points((end.x, max(end.y, low))) for end in ends]
        wanted = [Wanted(float(x), float(y), text_width(end.label)) for end, (x, y) in zip(ends, points)]
        for end, point, box in zip(ends, points, place(wanted, LINE, *self._room(), self._marks())):
            if box:
                self._write(end.label, point, box, COLOURS[end.model])

    def _room(self) -> tuple[Box, Box]:
        """Return where labels may stand: in the picture, and in the margin at its right."""
        axes = self.main.get_window_extent()
        picture = Box(axes.x0 + 1, axes.y0 + 1, axes.x1 - 1, axes.y1 - 1)
        return picture, Box(axes.x1 + 3, axes.y0, axes.x1 + MARGIN, axes.y1 + LINE / 2)

    def _marks(self) -> list[Box]:
        """Return the boxes that the marks of the newest run's validation take up."""
        drawn = [self.main.transData.transform(xy) for _, val in self.lines.values() for xy in val.get_xydata()]
        return [Box(x - MARK, y - MARK, x + MARK, y + MARK) for x, y in drawn if np.isfinite([x, y]).all()]

    def _ends(self) -> list["End"]:
        """Return the ends of the curves that are in view, and of the floors, those first that matter most."""
        runs = [(self.name, self.updates, self.validation), *self.earlier[::-1]] if self.earlier else []
        newest, *others = [ends(*run) for run in runs] or [[]]
        older = [end for model in MODELS for run in others for end in run if end.model == model]
        (left, right), (low, high) = self.main.get_xlim(), self.main.get_ylim()
        return [
            end
            for end in (*newest, *self._floor_ends(right), *older)
            if left <= end.x <= right and (low <= end.y <= high or end.y < low <= LEAST)
        ]

    def _floor_ends(self, right: float) -> list["End"]:
        """Return the ends, at the right border, of the floors that are drawn; colour tells the model of a long one."""
        found = []
        for name, (kind, height) in self.floors.items():
            if height and height >= NOTHING:
                label = f"{NAMES[name]} floor {in_digits(height)}" if kind == "floor" else kind
                label = label if text_width(label) <= MARGIN - 4 else label.removeprefix(f"{NAMES[name]} ")
                found.append(End(label, right, height, name))
        return found

    def _write(self, label: str, end: np.ndarray, box: Box, colour: str) -> None:
        """Write a label, and join it with the end of its curve where it has moved away from it."""
        middle, inches = (box.low + box.high) / 2, self.figure.dpi_scale_trans
        text = self.main.text(box.left / 72, middle / 72, label, transform=inches, fontsize=TYPE, color=colour)
        text.set_va("center_baseline")
        self.labels.append(text)
        if abs(middle - end[1]) > LINE / 3 or box.left - end[0] > 3 * GAP:
            across, up = np.array([(end[0] + 1, end[1]), (box.left - 1, middle)]).T / 72
            line = Line2D(across, up, color=colour, linewidth=0.7, alpha=0.6, transform=inches)
            self.labels.append(self.main.add_artist(line))
        for artist in self.labels[-2:]:
            artist.set(clip_on=False, in_layout=False, animated=True)

    def _sentence(self, seeds: Seeds, note: str) -> str:
        said = []
        for name in MODELS:
            middle = self.validation[name][1]
            loss = f"≈ {in_digits(middle[-1])}" if len(middle) else "not yet measured"
            kind, height = self.floors[name]
            at = "not known" if height is None else in_digits(height)
            said.append(f"{NAMES[name]} {loss} ({kind} {at})")
        known = [f"{name} {in_digits(error)}" for name, error in self.baselines.items() if error is not None]
        beside = f" Baselines: {', '.join(known)}." if known else ""
        many = f", median of {len(seeds)} seeds" if len(seeds) > 1 else ""
        return f"Validation losses{many}: {', '.join(said)}.{beside} {note}".strip()


class End(NamedTuple):
    """The end of a curve, in updates and losses, with the label for it."""

    label: str
    x: float
    y: float
    model: str


def ends(name: str, updates: np.ndarray, losses: dict[str, np.ndarray]) -> list[End]:
    """Return the ends of a run's two curves; the LSTM's has the name of the run, the DNN's its number if it has one."""
    found = []
    for model in MODELS if name else ():
        middle = losses[model][1]
        known = np.flatnonzero(np.isfinite(middle))
        if len(known):
            label = name.split(":")[0] if model == "dnn" else name
            found.append(End(short(label), float(updates[known[-1]]), float(middle[known[-1]]), model))
    return found


def spread(curves: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, [least, median, largest]) of curves with points (x, y), at the points of the longest one.

    A curve that has ended there counts with its last value, and one that diverged as infinite.
    """
    at = max(curves, key=len, default=np.empty((0, 2)))[:, 0]
    if not len(at):
        return at, np.empty((3, 0))
    if len(curves) == 1:
        return at, np.repeat(curves[0][None, :, 1], 3, axis=0)
    values = [np.interp(at, *np.where(np.isfinite(curve), curve, np.inf).T) for curve in curves if len(curve)]
    return at, np.array([np.min(values, axis=0), np.median(values, axis=0), np.max(values, axis=0)])


def curves(seeds: Seeds) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the updates at which a run was validated, and by model the [least, median, largest] loss of its seeds."""
    if not seeds:
        return np.empty(0), {name: np.empty((3, 0)) for name in MODELS}
    experiment, made = seeds[0].experiment, max(seed.updates for seed in seeds)
    per_epoch = experiment.windows.updates_per_epoch(experiment.train)
    epochs = max(len(seed.val_losses[name]) for seed in seeds for name in MODELS)
    at = np.minimum(per_epoch * np.arange(1, epochs + 1), made)
    found = {}
    for name in MODELS:
        losses = np.full((len(seeds), epochs), np.nan)
        for row, seed in zip(losses, seeds):
            known = seed.val_losses[name][:epochs]
            row[: len(known)] = known
        counted = np.where(np.isfinite(losses), losses, np.inf)  # a seed that diverged, or has ended
        found[name] = np.array([counted.min(axis=0), np.median(counted, axis=0), counted.max(axis=0)])
    return at, found


def short(label: str) -> str:
    """Return a label cut to the width of the margin."""
    if text_width(label) <= MARGIN - 4:
        return label
    while text_width(f"{label}…") > MARGIN - 4:
        label = label[:-1].rstrip(", ")
    return f"{label}…"


def show_losses(*results: Result, baselines: bool = False) -> LossesPicture:
    """Return the picture of the last Result's losses, over the validation of the earlier ones.

    With `baselines`, three simple forecasts stand in it too. Of a Result with `others`, which are other seeds of the
    same run, the median is a line and the range a band. Raises ValueError without a Result.
    """
    if not results:
        raise ValueError("there is no result to show; use show_losses(run(experiment))")
    picture, runs = LossesPicture(), [result.seeds for result in results]
    names = [label or "same settings" for label in labels([result.experiment for result in results])]
    picture.draw_background(results[-1].experiment, list(zip(names, runs))[:-1], baselines)
    picture.update(runs[-1], names[-1])
    return picture
