"""What notebooks say of what was measured: numbers behind ≈, dots of many seeds, tables of verdicts, pictures.

A measured number differs a little from machine to machine. It is written as ≈ and two digits, and the tests compare
all but these digits (`tests/nbval.cfg`): so a reader sees numbers, and a test still holds each word to them.
"""

import io
import math
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache, partial
from html import escape
from itertools import compress
from numbers import Real
from typing import Any

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from .checks import choice, number, whole
from .display import Text
from .experiment import MODELS, NAMES, Experiment
from .pictures.picture import LOCK, figure_html
from .pictures.spread import Column, SpreadPicture, median
from .results import Result, digits, in_digits, limit_text
from .theory import baselines as baselines_of
from .theory import floor

# which of a run's validation losses counts
EPOCHS: dict[str, Callable[[list[float]], float]] = {"last": lambda losses: losses[-1], "best": min}


def about(measured: float, limit: float | None = None) -> Text:
    """Return a measured number as text, and on which side of a limit it lies: "≈ 0.00031, below 0.001".

    It has two significant digits. NaN and infinity are words, since they are no other digits of the same number.
    Raises ValueError for what is no number.
    """
    for name, given in (("number", measured), ("limit", limit)):
        if given is not None and (isinstance(given, bool) or not isinstance(given, Real)):
            raise ValueError(f"{name} {given!r} is not a number; use one like 0.001")
    if measured is None:
        raise ValueError("number None is not a number; use one like 0.001")
    measured = float(measured)
    said = f"≈ {digits(measured)}" if math.isfinite(measured) else "NaN" if math.isnan(measured) else f"{measured:g}"
    if limit is None:
        return Text(said)
    side = "below" if measured < limit else "above" if measured > limit else "at" if measured == limit else "not below"
    return Text(f"{said}, {side} {limit_text(limit)}")


def show(figure: Figure, sentence: str) -> "Shown":
    """Return a matplotlib figure as a picture with a sentence that says what it shows, as alt text and below it.

    In JupyterLab it follows the light or dark theme. Raises ValueError for what is no figure, and without a sentence.
    """
    if not callable(getattr(figure, "savefig", None)):
        raise ValueError(f"figure of type {type(figure).__name__} is no matplotlib figure; use that of plt.subplots()")
    if not isinstance(sentence, str) or len(sentence.split()) < 3:
        raise ValueError(f"sentence {sentence!r} does not say what is seen; write one for those who do not see it")
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)  # else the notebook would show it a second time
    return Shown(figure, sentence)


class Shown:
    """A figure with its sentence, as a notebook shows it."""

    def __init__(self, figure: Figure, sentence: str) -> None:
        self.figure, self.sentence = figure, sentence

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        with LOCK:
            data = io.BytesIO()
            self.figure.savefig(data, format="png", dpi=96, facecolor="white", bbox_inches="tight")
        return {"text/html": figure_html(data.getvalue(), self.sentence), "text/plain": self.sentence}

    def __repr__(self) -> str:
        return self.sentence


def verdicts(rows: Iterable[tuple]) -> "Verdicts":
    """Return a table of verdicts, to stand in a folded cell: its first line is the word Verdict alone.

    A row is (claim, who says it, what was measured, holds): `who` is for example "the article" or "this course";
    `measured` a number or a text with numbers in it; `holds` is True, False, or text that says when: "when there is
    noise". Raises ValueError for a row that is none, and for a measurement without a number.
    """
    return Verdicts(rows)


class Verdicts:
    """A table of claims with what was measured of each; `rows` are the texts in it."""

    HEAD = ("claim", "who says it", "measured", "verdict")

    def __init__(self, rows: Iterable[tuple]) -> None:
        self.rows = [self._row(row) for row in rows]
        if not self.rows:
            raise ValueError("rows is empty; use [(claim, who, measured, holds), …]")

    @staticmethod
    def _row(row: tuple) -> tuple[str, ...]:
        try:
            claim, who, measured, holds = row
        except (TypeError, ValueError):
            raise ValueError(f"row {row!r} is not (claim, who, measured, holds); use four parts") from None
        measured = about(float(measured)) if isinstance(measured, Real) and not isinstance(measured, bool) else measured
        if not isinstance(measured, str) or not any(sign.isdigit() for sign in measured):
            raise ValueError(f"measured {measured!r} has no number in it; use about(…) or a text with one")
        if isinstance(holds, str) and holds:
            return claim, who, measured, f"holds {holds}"
        if not isinstance(holds, bool | np.bool_):
            raise ValueError(f"holds {holds!r} is neither True, False nor a text that says when")
        return claim, who, measured, "holds" if holds else "does not hold"

    def _ipython_display_(self) -> None:
        display({"text/plain": "Verdict"}, raw=True)
        display({"text/plain": repr(self), "text/html": html_table(self.HEAD, self.rows)}, raw=True)

    def __repr__(self) -> str:
        return text_table(self.HEAD, self.rows)


def compare(
    groups: dict[str, Experiment | Callable[[int], float]],
    seeds: int | Iterable[int] = 5,
    draws: int | Iterable[int] | None = None,
    models: str | Iterable[str] = MODELS,
    epoch: str = "last",
    baselines: bool | Iterable[str] = False,
    limit: float | None = None,
    errors_in: str = "",
    what: str = "",
) -> "Comparison":
    """Run experiments over seeds and return a Comparison: a picture of one dot a run, and a table of median and range.

    `groups` maps names to Experiments, or to functions of a seed that return a loss: so a pipeline in plain Keras is
    compared the same way. `seeds` varies the initial weights, and `draws` the noise (an Experiment's `draw`, which is
    kept without it); each is a number, counted from 0, or the numbers themselves. `epoch` says which validation loss
    of a run counts, the "last" or the "best"; a run that diverged counts as such. `baselines` shows forecasts that need
    no network: True for all three, or the names of some; a `limit` is drawn as a line, and the table says how many runs
    are below it. With `errors_in`, a unit such as "°C", all losses become typical errors: their roots, in the unit that
    the series had before it was `normalised` (what a function returns is taken as such an error). `what` names what
    functions measure, if not validation losses. A run that was compared before is not made again, since it would end
    the same. Raises ValueError for bad values.
    """
    seeds, draws = numbers("seeds", seeds), () if draws is None else numbers("draws", draws)
    choice("epoch", epoch, tuple(EPOCHS))
    models = (models,) if isinstance(models, str) else tuple(models)
    for model in models or ("",):
        choice("model", model, MODELS)
    if limit is not None:
        limit = number("limit", limit, above=True)
    if not isinstance(groups, dict) or not groups:
        raise ValueError("groups is not a dict of Experiments; use {'length 3': Experiment(length=3), …}")
    named = (baselines,) if isinstance(baselines, str) else () if baselines is True else tuple(baselines or ())
    for name, group in groups.items():  # all of them before one is trained
        if isinstance(group, Experiment):
            for baseline in named:
                choice("baseline", baseline, tuple(baselines_of(group)))
        elif not callable(group):
            given = type(group).__name__
            raise ValueError(f"group {name!r} is of type {given}; use an Experiment, or a function of a seed")
    columns, results = [], {}
    for name, group in groups.items():
        if isinstance(group, Experiment):
            results[name] = _trained(group, seeds, draws, models)
            shown = tuple(baselines_of(group)) if baselines is True else named
            columns += _columns(str(name), results[name], models, EPOCHS[epoch], shown)
            if errors_in:
                columns[-len(models) :] = [_typical(column, group) for column in columns[-len(models) :]]
        else:
            losses = np.array([float(group(seed)) for seed in seeds])
            columns.append(Column(str(name), "", np.where(np.isfinite(losses), losses, math.inf)))
    return Comparison(columns, limit, results, errors_in, what)


def numbers(name: str, given: int | Iterable[int]) -> tuple[int, ...]:
    """Return seeds as a tuple: of a number of them, counted from 0, or of the numbers given."""
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        counted = tuple(whole(name, one, least=0) for one in given)
        if not counted:
            raise ValueError(f"{name} is empty; use a number, such as 5")
        return counted
    return tuple(range(whole(name, given)))


def _trained(
    experiment: Experiment, seeds: tuple[int, ...], draws: tuple[int, ...], models: tuple[str, ...]
) -> list[Result]:
    """Return the Results of an experiment, draw by draw and seed by seed; where only the DNN counts, of it alone."""
    every = [replace(experiment, seed=seed, draw=draw) for draw in draws or (experiment.draw,) for seed in seeds]
    with ThreadPoolExecutor(2) as side_by_side:  # as many as TensorFlow has threads for: see models.py
        alone = models if models == ("dnn",) else MODELS  # beside an LSTM, a DNN takes no time worth saving
        return list(side_by_side.map(partial(_once, models=alone), every))


@lru_cache(maxsize=256)
def _once(experiment: Experiment, models: tuple[str, ...]) -> Result:
    """Return the Result of a run; the same run is not made a second time, since it would end the same."""
    from .trainer.training import run  # loads TensorFlow, at the first use

    return run(experiment, models=models)


def _columns(
    group: str,
    results: list[Result],
    models: tuple[str, ...],
    counts: Callable[[list[float]], float],
    shown: tuple[str, ...],
) -> list[Column]:
    """Return the columns of one group of runs, a model each, with some baselines."""
    experiment = results[0].experiment
    floors, every = floor(experiment), baselines_of(experiment) if shown else {}
    known = {name: every[name] for name in shown}
    return [
        Column(group, model, np.array([counted(result, model, counts) for result in results]), floors[model], known)
        for model in models
    ]


def _typical(column: Column, experiment: Experiment) -> Column:
    """Return a column of losses as one of typical errors, in the unit of the series before it was normalised."""
    spread = experiment.series_with_noise.spread

    def typical(loss: float | None) -> float | None:
        return None if loss is None else spread * math.sqrt(loss)

    known = {name: typical(loss) for name, loss in column.baselines.items()}
    return replace(column, losses=spread * np.sqrt(column.losses), floor=typical(column.floor), baselines=known)


def counted(result: Result, model: str, counts: Callable[[list[float]], float]) -> float:
    """Return the validation loss of a run that counts, infinite for one that diverged."""
    losses = result.val_losses[model]
    return float(counts(losses)) if losses and np.isfinite([*result.losses[model], *losses]).all() else math.inf


class Comparison:
    """What `compare` returns: a `picture`, a table, the `losses` behind them, the `results` of each group's runs."""

    def __init__(
        self,
        columns: list[Column],
        limit: float | None,
        results: dict[str, list[Result]],
        errors_in: str = "",
        what: str = "",
    ) -> None:
        self.columns, self.limit, self.results = columns, limit, results
        shown = f"typical error, {errors_in}" if errors_in else what or "validation loss"
        self.picture = SpreadPicture(columns, limit, shown)
        runs = sorted({len(column.losses) for column in columns})
        count = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
        said = "; ".join(f"{column.name} {_spoken(column)}" for column in columns)
        measured = f"typical errors in {errors_in}" if errors_in else what or "validation losses"
        self.picture.sentence = f"{measured[0].upper()}{measured[1:]}, one dot for each of {count} runs: {said}."

    def losses(self, model: str = "lstm") -> dict[str, np.ndarray]:
        """Return for each group its validation losses, an array with a loss a run: draw by draw, seed by seed.

        With `errors_in` they are typical errors. A function's losses are there for every model. A run that diverged
        has an infinite loss.
        """
        choice("model", model, MODELS)
        return {column.group: column.losses for column in self.columns if column.model in (model, "")}

    def medians(self, model: str = "lstm") -> dict[str, float]:
        """Return for each group the median of its losses, infinite where more than half of the runs diverged."""
        return {group: median(losses) for group, losses in self.losses(model).items()}

    def ratio(self) -> dict[str, float]:
        """Return for each group of Experiments the LSTM's median loss divided by the DNN's; ValueError without one."""
        lstm, dnn = self.medians("lstm"), self.medians("dnn")
        groups = [str(group) for group in self.results]
        for name, medians in (("lstm", lstm), ("dnn", dnn)):
            if not {*groups} <= {*medians}:
                raise ValueError(f"models has no {name!r}; leave models out, and both are compared")
        return {group: lstm[group] / dnn[group] for group in groups}

    @property
    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The names of the table's columns, and its rows, as texts; of functions alone there is no model, no floor."""
        first = ("group", "model", "median", "lowest", "highest", "floor")
        head = first if self.limit is None else (*first, f"below {limit_text(self.limit)}")
        rows = [self._row(column) for column in self.columns]
        filled = [any(texts) for texts in zip(*rows)]
        return tuple(compress(head, filled)), [tuple(compress(row, filled)) for row in rows]

    def _row(self, column: Column) -> tuple[str, ...]:
        spread = [loss_in_words(part(column.losses)) for part in (median, np.min, np.max)]
        lowest = "" if not column.model else "not known" if column.floor is None else in_digits(column.floor)
        row = (column.group, NAMES.get(column.model, ""), *spread, lowest)
        if self.limit is None:
            return row
        return *row, f"{np.sum(column.losses < self.limit)} of {len(column.losses)}"

    def _ipython_display_(self) -> None:
        html = self.picture.html() + html_table(*self.table)
        display({"text/plain": repr(self), "text/html": html}, raw=True)

    def __repr__(self) -> str:
        return f"{self.picture.sentence}\n{text_table(*self.table)}"


def _spoken(column: Column) -> str:
    """Return the median of a column in words, and how many of its runs diverged."""
    lost = int((~np.isfinite(column.losses)).sum())
    said = f"median {loss_in_words(median(column.losses))}"
    return said + (f", {lost} of {len(column.losses)} diverged" if lost else "")


def loss_in_words(loss: float) -> str:
    """Return a loss as a table shows it."""
    return about(loss) if math.isfinite(loss) else "diverged"


def text_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table as text, its parts apart by a bar, so that no digit moves what stands beside it."""
    return "\n".join(" | ".join(map(str, row)) for row in (head, *rows))


def html_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table as HTML in the page's own colours, each row named by its first part."""
    names = "".join(f'<th scope="col" style="text-align: left">{escape(str(name))}</th>' for name in head)
    cells = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(str(first))}</th>'
        + "".join(f'<td style="text-align: left">{escape(str(part))}</td>' for part in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f"<table><thead><tr>{names}</tr></thead><tbody>{cells}</tbody></table>"
