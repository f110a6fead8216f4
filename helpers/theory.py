"""How good any model could be: the floor, and the error of always giving the same answer."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from .experiment import MODELS, Experiment
from .series import Series
from .windows import Windows


def floor(experiment: Experiment) -> dict[str, float | None]:
    """Return for "lstm" and "dnn" the lowest mean squared error possible from what each sees of one window.

    It is the error over rows of every hour of the day, and so belongs to the validation loss; a training loss below
    it is an alarm. It depends on series, noise, length and sampling rate, never on the stride. None where it is not
    known, or where it is 0 on paper only (samples of a sine half a day apart), and for a stateful LSTM, which knows
    more than one window: the floor of one window is that of `replace(experiment, stateful=False)`.
    """
    series, windows = experiment.series_with_noise, experiment.windows
    ages = windows.length - windows.sampling_rate * np.arange(windows.steps)  # hours before the row, oldest first
    seen = {"lstm": ages, "dnn": ages[experiment.dnn_steps]}
    floors = {model: _floor(series, tuple(seen[model].tolist())) for model in MODELS}
    return floors | {"lstm": None} if experiment.stateful else floors


def shown_floors(experiment: Experiment) -> dict[str, tuple[str, float | None]]:
    """Return by model what its floor is called where it is shown, and the floor; of a stateful LSTM one window's."""
    floors = floor(replace(experiment, stateful=False))
    kept = {"lstm": "one window's floor"} if experiment.stateful else {}
    return {name: (kept.get(name, "floor"), floors[name]) for name in MODELS}


def _floor(series: Series, ages: tuple[int, ...]) -> float | None:
    """Return the floor for a model that sees the samples of these ages; None for a series of no kind named here."""
    if series.kept is not None:  # an echo
        return _echo_floor(series.period, series.kept, series.noise, ages)
    if len(series.cycles) == 1 and series.ahead in (None, round(series.cycles[0] / 4)):  # a sine, a quarter ahead
        return _sine_floor(2 * np.pi / series.cycles[0], series.noise, ages)
    if series.cycles and series.noise == 0 and series.ahead is not None:  # sines without noise, any samples ahead
        return _exact(series.cycles, series.ahead, ages)
    return None


@lru_cache(maxsize=1024)
def _echo_floor(period: float, kept: float, noise: float, ages: tuple[int, ...]) -> float:
    """Return the floor for `echo`, of which a model sees the samples of these ages.

    All is normally distributed there, and so the best answer is the best linear one (Wiener's; Box and Jenkins): its
    error is 1 - r @ R^-1 r, where R is the covariance of the samples and r theirs with the target. Two samples n
    days apart have the covariance kept**n, and 0 if they are not of the same hour: those are left out.
    """
    days = np.array([age / period for age in ages if age % period == 0])
    seen = kept ** np.abs(days[:, None] - days) + noise**2 * np.eye(len(days))
    return max(0.0, float(1 - kept**days @ np.linalg.lstsq(seen, kept**days)[0]))


@lru_cache(maxsize=1024)
def _exact(cycles: tuple[float, ...], ahead: float, ages: tuple[int, ...]) -> float | None:
    """Return 0 if the samples of these ages decide a sum of sines, as a sum with weights below 100, else None.

    A sine of any phase is a sum of sin(w t) and cos(w t); so n sines are 2 n unknowns, and the weights solve one linear
    equation for each. Larger weights are for paper only: training takes small steps.
    """
    turns = 2 * np.pi / np.array(cycles)
    parts = [np.concatenate([np.sin(turns * at), np.cos(turns * at)]) for at in (*(-np.array(ages)), ahead)]
    weights = np.linalg.lstsq(np.transpose(parts[:-1]), parts[-1])[0]
    reached = np.allclose(weights @ parts[:-1], parts[-1], atol=1e-6) and np.linalg.norm(weights) < 100
    return 0.0 if reached else None


@lru_cache(maxsize=1024)
def _sine_floor(turn: float, noise: float, ages: tuple[int, ...]) -> float | None:
    """Return the floor for a model that sees the samples of these ages of a sine that turns by `turn` an hour.

    One sample without noise: let a be its phase and d = turn * age. The sample is sin(a), and the target, six hours
    after the row, is cos(a + d) = cos(a) cos(d) - sin(a) sin(d). The sample leaves open only the sign of cos(a), and
    both signs are equally likely: the best answer is -sin(a) sin(d), its error the mean of cos(a)^2 cos(d)^2, which
    is cos(d)^2 / 2.

    Two or more samples without noise: sin(a) and sin(a + t) together give cos(a), if sin(t) is not near 0: `_exact`.

    With noise the best answer is the mean of the target over what is then known of the phase (Bayes' rule, every
    phase equally likely before). Its error is the mean of the variance that is left: the average over 2,000 seeded
    windows, their phases spread evenly, what is known computed on a grid of phases half as wide apart as the phase
    can be told (noise * sqrt(2 / samples), by Fisher's information). None where 4,096 phases are too few for that.
    That average is good to about a per cent, and so never put above the error of the best linear answer (Wiener's:
    1/2 - r @ R^-1 r, where R is the covariance of the samples and r theirs with the target), which is exact.
    """
    d = turn * np.array(ages)
    if noise == 0:
        if len(ages) == 1:
            return float(np.cos(d[0]) ** 2 / 2)
        return _exact((2 * np.pi / turn,), np.pi / 2 / turn, ages)
    known = max(720, int(4 * np.pi / (noise * np.sqrt(2 / len(ages)))))
    if known > 4096:
        return None
    phases = np.arange(known) * 2 * np.pi / known
    clean, targets = np.sin(phases[:, None] - d), np.cos(phases)
    drawn = np.sin(np.arange(2000)[:, None] * 2 * np.pi / 2000 - d)
    drawn += np.random.default_rng(0).normal(0, noise, drawn.shape)
    fit = (drawn @ clean.T - (clean**2).sum(axis=1) / 2) / noise**2  # log likelihood, but for a constant
    weights = np.exp(fit - fit.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    left = weights @ targets**2 - (weights @ targets) ** 2
    covariance = np.cos(d[:, None] - d) / 2 + noise**2 * np.eye(len(d))
    linear_error = 0.5 - np.sin(d) / 2 @ np.linalg.solve(covariance, np.sin(d) / 2)
    return float(min(np.mean(left), linear_error))


def constant_error(series: Series) -> float:
    """Return the mean squared error of always answering the mean of the targets: 0.5 for a sine."""
    return float(np.var(series.targets.astype(float)))


def baselines(experiment: Experiment) -> dict[str, float | None]:
    """Return the validation losses of three forecasts that need no network, by name; None where one is not possible.

    "last value" repeats the sample just before the row. "same hour yesterday" ("one period earlier", where a period
    is no day) repeats the newest known sample that lies whole periods before the target. "linear autoregression" is
    the weighted sum of the window's samples, and a constant, that fits the training windows best by least squares.
    """
    windows, series = experiment.windows, experiment.series_with_noise
    rows = experiment.rows[1]
    targets = series.targets[rows, 0].astype(float)
    errors = {"last value": np.mean((series.values[rows - 1, 0] - targets) ** 2)}
    if series.period is not None and series.ahead is not None:
        period = round(series.period)
        known = rows + series.ahead - period * -(-(series.ahead + 1) // period)
        name = "same hour yesterday" if period == 24 else "one period earlier"
        errors[name] = np.mean((series.values[known, 0] - targets) ** 2) if known[0] >= 0 else None
    weights = autoregression(experiment.train, windows)
    seen = series.values[windows.samples(rows), 0].astype(float)
    errors["linear autoregression"] = np.mean((seen @ weights[:-1] + weights[-1] - targets) ** 2)
    return {name: None if error is None else float(error) for name, error in errors.items()}


@lru_cache(maxsize=64)
def autoregression(train: Series, windows: Windows) -> np.ndarray:
    """Return the weights of the linear autoregression, that of the constant last, as fitted on the training windows.

    The normal equations of least squares, all values taken from their mean, since that keeps digits; what is added to
    the diagonal is too small to count, and solves them too where samples of the window repeat each other.
    """
    inputs, targets = windows.take(train)
    inputs, targets = inputs[:, :, 0].astype(float), targets[:, 0].astype(float)
    means, mean = inputs.mean(axis=0), targets.mean()
    inputs -= means
    products = inputs.T @ inputs
    products += np.eye(len(products)) * (1e-14 * np.trace(products) or 1)
    weights = np.linalg.solve(products, inputs.T @ (targets - mean))
    return np.append(weights, mean - weights @ means)
