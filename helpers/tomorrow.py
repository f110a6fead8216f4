"""The values that are not known yet: what a trained model forecasts beyond the end of its series."""

from typing import Any

import numpy as np
import pandas as pd

from .checks import choice, whole
from .data.regular import at_months
from .experiment import MODELS
from .results import Result


def forecast(result: Result, steps: int = 1, model: str = "lstm") -> pd.Series:
    """Return what a model forecasts for the `steps` values after the last one that is known.

    They are in the unit that the series had before `normalised`, and their index is the times that follow the last
    one, or row numbers where there are no times. A model gives the value `ahead` samples after its row, so the first
    `ahead` + 1 values come from windows of known samples alone; for a later one, forecasts stand in its window where
    samples are not known yet, and its error grows. A stateful LSTM reads on up to the row, as in validation. Raises
    ValueError for a series whose targets are not later values of its own, and for another model.
    """
    experiment, steps = result.experiment, whole("steps", steps)
    choice("model", model, MODELS)
    series = experiment.series_with_noise
    if series.ahead is None:
        why = "so its targets are no later values of its own"
        raise ValueError(f"series {series.name!r} has no ahead, {why}; use from_csv, from_pandas or Series(…, ahead=0)")
    known = np.concatenate([series.values, series.targets[len(series) - series.ahead :]])[:, 0]
    end = len(known)  # the place of the first value that is not known
    for place in range(end, end + steps):
        known = np.append(known, answer(result, model, known, place - series.ahead))
    values = known[end:].astype(float) * series.spread + series.mean
    index = range(end, end + steps) if series.times is None else following(series.times, series.ahead, steps)
    return pd.Series(values, index, name=series.name.removesuffix(", normalised"))


def answer(result: Result, name: str, known: np.ndarray, row: int) -> float:
    """Return what a model answers at a row, from the samples before it."""
    experiment, model = result.experiment, result.models[name]
    rows = np.array([row])
    if experiment.stateful and name == "lstm":
        rows = experiment.lane(row)
        model.layers[0].reset_states()
    seen = known[experiment.windows.samples(rows)]
    inputs = seen[:, :, None] if name == "lstm" else seen[:, experiment.dnn_steps]
    for window in inputs:
        last = model.predict_on_batch(window[None])  # `predict` takes ten times as long and more
    return float(last[0, 0])


def following(times: Any, ahead: int, steps: int) -> pd.DatetimeIndex:
    """Return the times of the values after the last one that is known, which lies `ahead` samples after `times`."""
    count = np.arange(len(times) + ahead, len(times) + ahead + steps)
    apart = np.diff(times)
    if (apart == apart[0]).all():
        return pd.DatetimeIndex(times[0] + count * pd.Timedelta(apart[0]))
    months = np.asarray(times.year * 12 + times.month)
    return at_months(months[0] + count * (months[1] - months[0]), times)
