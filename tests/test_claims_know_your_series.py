"""What `know_your_series` says of noise, two cycles, echo and fast changes holds for other seeds than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import trained

from helpers import Experiment, baselines, constant_error, echo, floor

QUICK = Experiment(activation="tanh", learning_rate=0.003, epochs=2)
MIXED = replace(QUICK, shuffle=True)
TWO = replace(MIXED, series="two_cycles")
DAY = replace(QUICK, series="echo")
EQUAL = replace(QUICK, series="fast_cycle", noise=0.1, epochs=100, max_updates=150)


def left(experiment, model="lstm"):
    """What three seeds leave of the error of always answering the mean: 0 is perfect, 1 is nothing learnt."""
    best = np.array([min(result.val_losses[model]) for result in trained(experiment)])
    return best / constant_error(experiment.validation)


@pytest.mark.parametrize("series, noise", [("sine", 0.0), ("sine", 0.3), ("two_cycles", 0.0)])
def test_half_a_day_is_enough_to_learn_most_of_a_sum_of_sines(series, noise):
    assert left(replace(MIXED, series=series, noise=noise, length=12)).max() < 0.2


def test_half_a_day_of_echo_is_nothing():
    assert left(replace(DAY, length=12, epochs=1)).min() > 0.9


def test_echo_needs_a_whole_day_to_the_hour():
    assert left(replace(DAY, length=23, epochs=1)).min() > 0.9
    assert left(DAY).max() < 0.5
    floors = [floor(replace(DAY, length=length))["lstm"] for length in (1, 12, 23, 24, 25)]
    assert floors == pytest.approx([1, 1, 1, 1 - 0.95**2, 1 - 0.95**2])


def test_one_hour_more_and_the_dnn_sees_the_wrong_hour_of_echo():
    floors = [floor(replace(DAY, length=length))["dnn"] for length in (23, 24, 25)]
    assert floors == pytest.approx([1, 1 - 0.95**2, 1])
    assert left(DAY, "dnn").max() < 0.15
    assert left(replace(DAY, length=25, max_updates=100), "dnn").min() > 0.9


def test_with_relu_the_lstm_does_not_carry_a_sample_through_a_day():
    assert left(replace(DAY, activation="relu", epochs=1)).min() > 0.9


def test_the_autocorrelation_of_echo_shows_the_day():
    values = echo().values[:, 0].astype(float)
    alike = [np.corrcoef(values[:-lag], values[lag:])[0, 1] for lag in range(1, 48)]
    assert np.argmax(alike) + 1 == 24 and alike[23] > 0.9
    assert max(map(abs, alike[:23] + alike[24:])) < 0.1


def test_with_noise_a_longer_window_is_better_and_a_day_is_no_limit():
    medians = [np.median(left(replace(MIXED, noise=0.3, length=length))) for length in (12, 24, 48)]
    assert medians[1] < 0.75 * medians[0] and medians[2] < 0.85 * medians[1]
    floors = np.array([floor(replace(MIXED, noise=0.3, length=length))["lstm"] for length in (12, 24, 48)])
    np.testing.assert_allclose(floors[1:] / floors[:-1], 0.5, atol=0.02)


def test_with_noise_the_lstm_does_better_than_the_best_weighted_sum():
    noisy = replace(MIXED, noise=0.3)
    linear = baselines(noisy)["linear autoregression"] / constant_error(noisy.validation)
    assert np.median(left(noisy)) < 0.85 * linear


def test_without_noise_a_day_is_enough_for_a_weekly_cycle():
    assert left(TWO).max() < 0.02


def test_with_noise_the_same_number_of_samples_does_better_over_a_week():
    near, far = replace(TWO, noise=0.3), replace(TWO, noise=0.3, length=168, sampling_rate=7)
    assert near.windows.steps == far.windows.steps == 24
    assert np.median(left(far)) < 0.5 * np.median(left(near))


def test_a_large_stride_does_no_harm_to_fast_changes():
    assert left(replace(EQUAL, stride=23)).max() < 2 * left(EQUAL).min() < 0.1


def test_a_sampling_rate_that_hides_the_fast_cycle_in_the_daily_one_ruins_it():
    assert left(replace(EQUAL, sampling_rate=4)).min() > 0.9


def test_the_same_sampling_rate_leaves_a_plain_sine_unharmed():
    assert left(replace(EQUAL, series="sine", sampling_rate=4)).max() < 0.05


def test_a_longer_window_tells_the_hidden_cycle_from_the_daily_one():
    lengths = [replace(EQUAL, sampling_rate=4, length=24 * days) for days in (1, 5, 20)]
    day, five, twenty = [baselines(experiment)["linear autoregression"] for experiment in lengths]
    assert day > 0.85 and five < 0.1 and twenty < 0.01


@pytest.mark.parametrize("rate, least, most", [(1, 0, 0.01), (4, 0.6, 1), (5, 0, 0.01)])
def test_with_noise_no_model_whatever_could_see_the_fast_cycle_in_every_fourth_sample_of_a_day(rate, least, most):
    """Bayes' rule on a grid of both phases, every pair of them equally likely before the window is seen."""
    draw, turns = np.random.default_rng(0), 2 * np.pi * np.array([1, 7.02]) / 24
    ages, phases = np.arange(24, 0, -rate), np.arange(180) * 2 * np.pi / 180
    slow, fast = (np.sin(phases[:, None] - turn * ages) for turn in turns)
    targets = np.add.outer(*(np.sin(phases + 6 * turn) for turn in turns))
    variances = []
    for _ in range(120):
        first, second = draw.uniform(0, 2 * np.pi, 2)
        seen = np.sin(first - turns[0] * ages) + np.sin(second - turns[1] * ages) + draw.normal(0, 0.1, len(ages))
        rest = seen - slow
        misses = (rest**2).sum(axis=1)[:, None] - 2 * rest @ fast.T + (fast**2).sum(axis=1)
        likely = np.exp(-(misses - misses.min()) / (2 * 0.1**2))
        likely /= likely.sum()
        variances.append((likely * targets**2).sum() - (likely * targets).sum() ** 2)
    assert least < np.mean(variances) < most
