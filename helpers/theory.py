"""How good any model could be: the floor, and the error of always giving the same answer."""

from functools import lru_cache

import numpy as np

from .experiment import MODELS


def floor(experiment):
    """Return for "lstm" and "dnn" the lowest mean squared error that any model could reach from what it sees.

    It is the error over rows of every hour of the day, and so belongs to the validation loss; a training loss below
    it is an alarm. It depends on series, noise, length and sampling rate, never on the stride. None where it is not
    known (another series than the sine), or where it is 0 on paper only (samples half a day apart).
    """
    series, windows = experiment.series_with_noise, experiment.windows
    if series.name != "sine":
        return dict.fromkeys(MODELS)
    turn = 2 * np.pi / series.period
    ages = windows.length - windows.sampling_rate * np.arange(windows.steps)  # hours before the row, oldest first
    seen = {"lstm": ages, "dnn": ages[experiment.dnn_steps]}
    return {model: _floor(series.noise, turn, *seen[model].tolist()) for model in MODELS}


@lru_cache(maxsize=1024)
def _floor(noise, turn, *ages):
    """Return the floor for a model that sees the samples of these ages of a sine that turns by `turn` an hour.

    One sample without noise: let a be its phase and d = turn * age. The sample is sin(a), and the target, six hours
    after the row, is cos(a + d) = cos(a) cos(d) - sin(a) sin(d). The sample leaves open only the sign of cos(a), and
    both signs are equally likely: the best answer is -sin(a) sin(d), its error the mean of cos(a)^2 cos(d)^2, which
    is cos(d)^2 / 2.

    Two or more samples without noise: sin(a) and sin(a + t) together give cos(a), if sin(t) is not near 0.

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
        return 0.0 if abs(np.sin(d[0] - d[1])) > 0.01 else None
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


def constant_error(series):
    """Return the mean squared error of always answering the mean of the targets: 0.5 for a sine."""
    return float(np.var(series.targets.astype(float)))
