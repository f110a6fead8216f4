"""What `know_your_series` says of noise, echo, aliasing, rare events and few windows holds for seeds not its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import SEEDS, best, last, losses, trained

from helpers import Experiment, Series, baselines, constant_error, echo, floor, run, sine

QUICK = Experiment(activation="tanh", learning_rate=0.003, epochs=3)
NOISY = replace(QUICK, noise=0.3, shuffle=True)
DAY = replace(QUICK, series="echo")
EQUAL = replace(QUICK, series="fast_cycle", noise=0.1, epochs=100, max_updates=280)
DRAWS = (7, 8, 9)


def left(experiment, model="lstm"):
    """What three seeds leave of the error of always answering the mean: 0 is perfect, 1 is nothing learnt."""
    return best(experiment, model) / constant_error(experiment.validation)


def over_draws(experiment, model="lstm"):
    """The results of as many seeds, each with a draw of the noise of its own."""
    return [trained(replace(experiment, draw=draw), model, [seed])[0] for seed, draw in zip(SEEDS, DRAWS)]


def test_half_a_day_is_enough_to_learn_most_of_a_noisy_sine_and_nothing_of_echo():
    assert max(min(r.val_losses["lstm"]) for r in over_draws(replace(NOISY, length=12))) < 0.1 * 0.5
    for draw in DRAWS:
        assert left(replace(DAY, length=12, draw=draw, epochs=1)).min() > 0.9


@pytest.mark.parametrize("draw", DRAWS)
def test_echo_needs_a_whole_day_to_the_hour(draw):
    assert left(replace(DAY, length=23, draw=draw, epochs=1)).min() > 0.9
    assert np.median(left(replace(DAY, draw=draw, epochs=6))) < 0.5  # a seed may need more than ten


def test_a_longer_window_of_echo_has_the_same_floor_and_takes_more_epochs():
    floors = [floor(replace(DAY, length=length))["lstm"] for length in (1, 12, 23, 24, 25)]
    assert floors == pytest.approx([1, 1, 1, *[1 - 0.95**2] * 2])
    assert np.median(left(replace(DAY, length=25))) > 2 * np.median(left(DAY))
    assert left(replace(DAY, length=25, epochs=10)).max() < 0.2


def test_one_hour_more_and_the_dnn_sees_the_wrong_hour_of_echo():
    floors = [floor(replace(DAY, length=length))["dnn"] for length in (23, 24, 25)]
    assert floors == pytest.approx([1, 1 - 0.95**2, 1])
    assert left(DAY, "dnn").max() < 0.15
    assert left(replace(DAY, length=25), "dnn").min() > 0.9


def test_with_relu_echo_is_learnt_late_at_the_article_s_own_learning_rate():
    found = losses(replace(DAY, activation="relu", learning_rate=0.001, epochs=30))
    assert found[:, 9].min() > 1 and np.median(found[:, -1]) < 0.2  # of nine seeds one needs over 45


def test_the_autocorrelation_of_echo_shows_the_day():
    for draw in (0, *DRAWS):
        values = echo(seed=draw).values[:, 0].astype(float)
        alike = [np.corrcoef(values[:-lag], values[lag:])[0, 1] for lag in range(1, 48)]
        assert np.argmax(alike) + 1 == 24 and alike[23] > 0.9
        assert max(map(abs, alike[:23] + alike[24:])) < 0.15


def test_with_noise_a_longer_window_is_better_and_a_day_is_no_limit():
    runs = [over_draws(replace(NOISY, length=length)) for length in (12, 24, 48)]
    medians = [np.median([min(result.val_losses["lstm"]) for result in each]) for each in runs]
    assert medians[1] < 0.8 * medians[0] and medians[2] < 0.8 * medians[1]
    floors = np.array([floor(replace(NOISY, length=length))["lstm"] for length in (12, 24, 48)])
    np.testing.assert_allclose(floors[1:] / floors[:-1], 0.5, atol=0.02)


def test_without_shuffling_the_draw_decides_whether_a_second_day_is_better_after_three_epochs():
    ordered = [replace(NOISY, shuffle=False, draw=draw, seed=draw) for draw in (5, 9)]
    days = [
        [min(run(replace(each, length=length), models=["lstm"]).val_losses["lstm"]) for length in (24, 48)]
        for each in ordered
    ]
    worse, better = (two / one for one, two in days)
    assert worse > 1.2 and better < 0.8


def test_a_wave_that_loses_its_phase_gains_little_from_a_second_day():
    drift = np.random.default_rng(3).normal(0, 0.1, 8766).cumsum() + np.arange(8766) * 2 * np.pi / 24
    wave = Series(np.sin(drift[:-6]), np.sin(drift[6:]), period=24).noisy(0.3)
    days = [baselines(Experiment(series=wave, length=24 * n))["linear autoregression"] for n in (1, 2, 4)]
    kept = [baselines(Experiment(noise=0.3, length=24 * n))["linear autoregression"] for n in (1, 2, 4)]
    assert days[1] > 0.95 * days[0] and days[2] > 0.95 * days[1]
    assert kept[1] < 0.6 * kept[0] and kept[2] < 0.6 * kept[1]


@pytest.mark.parametrize("draw", DRAWS)
def test_a_stride_that_skips_many_fast_waves_does_no_harm_to_them(draw):
    assert max(last(replace(EQUAL, stride=47, draw=draw))) < 0.02


def test_a_sampling_rate_that_hides_the_fast_cycle_in_the_daily_one_ruins_it():
    assert left(replace(EQUAL, sampling_rate=4)).min() > 0.8
    assert left(replace(EQUAL, sampling_rate=5)).max() < 0.2


def test_over_four_days_the_two_waves_part_at_that_rate_too():
    assert left(replace(EQUAL, sampling_rate=4, length=96, max_updates=1000, draw=DRAWS[0])).max() < 0.3


def test_the_same_sampling_rate_leaves_a_plain_sine_unharmed():
    assert left(replace(EQUAL, series="sine", sampling_rate=4)).max() < 0.05


@pytest.mark.parametrize("rate, least, most", [(1, 0, 0.01), (4, 0.65, 0.95), (5, 0, 0.01)])
def test_with_noise_no_model_whatever_could_see_the_fast_cycle_in_every_fourth_sample_of_a_day(rate, least, most):
    """Bayes' rule on a grid of both phases, every pair of them equally likely before the window is seen."""
    draw, turns = np.random.default_rng(1), 2 * np.pi * np.array([1, 7.02]) / 24
    ages, phases = np.arange(24, 0, -rate), np.arange(180) * 2 * np.pi / 180
    slow, fast = (np.sin(phases[:, None] - turn * ages) for turn in turns)
    targets = np.add.outer(*(np.sin(phases + 6 * turn) for turn in turns))
    variances = []
    for _ in range(300):
        first, second = draw.uniform(0, 2 * np.pi, 2)
        seen = np.sin(first - turns[0] * ages) + np.sin(second - turns[1] * ages) + draw.normal(0, 0.1, len(ages))
        rest = seen - slow
        misses = (rest**2).sum(axis=1)[:, None] - 2 * rest @ fast.T + (fast**2).sum(axis=1)
        likely = np.exp(-(misses - misses.min()) / (2 * 0.1**2))
        likely /= likely.sum()
        variances.append((likely * targets**2).sum() - (likely * targets).sum() ** 2)
    assert least < np.mean(variances) < most


def warnings(draw):
    """A series of almost nothing but zeros; its target is the height of the warning six hours before the row."""
    chance = np.random.default_rng(draw)
    heights = np.where(chance.random(8760) < 1 / 200, chance.uniform(1, 3, 8760), 0)
    return Series(heights, np.append(np.zeros(6), heights[:-6]))


def met_and_left(draw, stride):
    """How many warnings are among the targets of training, and what the DNN leaves of the error."""
    equal = replace(QUICK, length=12, dnn_sees="window", epochs=1000, max_updates=400)
    once = replace(equal, series=warnings(draw), stride=stride, seed=draw)
    error = run(once, models=["dnn"]).val_losses["dnn"][-1] / constant_error(once.validation)
    return np.count_nonzero(once.train.targets[once.rows[0]]), error


def test_a_large_stride_skips_what_is_rare():
    for draw in (11, 12, 13):
        met, error = met_and_left(draw, 1)
        assert met > 20 and error < 0.1
    missed = [draw for draw in range(11, 40) if not warnings(draw).targets[:7008][12::47].any()][:3]
    for draw in missed:
        met, error = met_and_left(draw, 47)
        assert met == 0 and error > 0.5
    assert len(missed) == 3


def test_few_windows_are_learnt_by_heart_by_the_lstm_too_in_3000_updates():
    short = replace(QUICK, series=sine(24, 100), noise=0.3, stride=47, epochs=5000, max_updates=3000)
    assert max(result.losses["lstm"][-1] for result in over_draws(short)) < 0.2 * floor(short)["lstm"]


def test_few_windows_are_learnt_by_heart_by_the_dnn():
    short = replace(QUICK, series=sine(24, 100), noise=0.3, dnn_sees="window", epochs=5000, max_updates=1000)
    many, few = (over_draws(replace(short, stride=stride), "dnn") for stride in (1, 47))
    assert max(result.losses["dnn"][-1] for result in few) < 0.5 * floor(short)["dnn"]
    many, few = ([result.val_losses["dnn"][-1] for result in each] for each in (many, few))
    assert np.median(few) > 1.5 * np.median(many)
