"""The baselines are what plain loops over a small series find, and what arithmetic expects of the known series."""

import dataclasses

import numpy as np
import pytest

from helpers import Experiment, Series, baselines, echo, fast_cycle, floor, sine, trend, two_cycles

RANDOM = np.random.default_rng(1).normal(size=200)


def mine(samples=200, **known):
    """A Series of random values, of which no more is known than is said here."""
    return Series(RANDOM[:samples], np.roll(RANDOM[:samples], -3), **known)


def rows_of(experiment):
    """The training rows and the validation rows, as indices into the whole series."""
    samples = len(experiment.series_with_noise)
    cut = int(0.8 * samples)
    training = range(experiment.length, cut, experiment.stride)
    return list(training), list(range(cut + experiment.length, samples))


def mean_square(answers, experiment, rows):
    targets = experiment.series_with_noise.targets[:, 0].tolist()
    return sum((answer - targets[row]) ** 2 for answer, row in zip(answers, rows, strict=True)) / len(rows)


def last_value(experiment):
    values, rows = experiment.series_with_noise.values[:, 0].tolist(), rows_of(experiment)[1]
    return mean_square([values[row - 1] for row in rows], experiment, rows)


def periods_earlier(experiment, period, ahead):
    values, rows = experiment.series_with_noise.values[:, 0].tolist(), rows_of(experiment)[1]
    answers = []
    for row in rows:
        sample = row + ahead
        while sample >= row:  # not known yet
            sample -= period
        answers.append(values[sample])
    return mean_square(answers, experiment, rows)


def autoregression(experiment):
    series = experiment.series_with_noise
    values, targets = series.values[:, 0].tolist(), series.targets[:, 0].tolist()

    def window(row):
        return [*values[row - experiment.length : row : experiment.sampling_rate], 1.0]

    training, validation = rows_of(experiment)
    weights = np.linalg.lstsq([window(row) for row in training], [targets[row] for row in training], rcond=None)[0]
    return mean_square([np.dot(window(row), weights) for row in validation], experiment, validation)


EXPERIMENTS = [  # with the period in samples, and the samples ahead
    (Experiment(sine(24, 60), length=3), 24, 6),
    (Experiment(sine(24, 60, noise=0.3), length=24, stride=8), 24, 6),
    (Experiment(echo(24, 60), noise=0.2, length=25), 24, 0),
    (Experiment(two_cycles(24, 60), noise=0.1, length=24, stride=5, sampling_rate=3), 24, 6),
    (Experiment(fast_cycle(8, 60).normalised(), noise=0.1, length=10, sampling_rate=4), 8, 2),
    (Experiment(trend(12, 60), noise=0.1, length=1), 12, 3),
    (Experiment(mine(period=5, ahead=3), length=4), 5, 3),
    (Experiment(mine(period=5, ahead=4), length=4), 5, 4),
    (Experiment(mine(period=5, ahead=5), length=4), 5, 5),
    (Experiment(mine(period=5, ahead=12), length=4), 5, 12),
    (Experiment(mine(60, period=7.2, ahead=1), length=10, stride=3), 7, 1),
    (Experiment(mine(period=24, ahead=0), noise=0.5, length=39), 24, 0),
]


@pytest.mark.parametrize("experiment, period, ahead", EXPERIMENTS, ids=str)
def test_every_baseline_is_what_a_plain_loop_finds(experiment, period, ahead):
    found = baselines(experiment)
    name = "same hour yesterday" if period == 24 else "one period earlier"
    assert list(found) == ["last value", name, "linear autoregression"]
    assert all(type(error) is float for error in found.values())
    assert found["last value"] == pytest.approx(last_value(experiment), rel=1e-5)
    assert found[name] == pytest.approx(periods_earlier(experiment, period, ahead), rel=1e-5, abs=1e-12)
    assert found["linear autoregression"] == pytest.approx(autoregression(experiment), rel=1e-4, abs=1e-9)


def test_without_a_period_or_the_distance_of_the_target_no_sample_is_known_to_be_whole_periods_before():
    for series in (mine(), mine(period=24), mine(ahead=3), sine(25, 60)):
        experiment = Experiment(series, length=4)
        found = baselines(experiment)
        assert list(found) == ["last value", "linear autoregression"]
        assert found["last value"] == pytest.approx(last_value(experiment), rel=1e-5)
        assert found["linear autoregression"] == pytest.approx(autoregression(experiment), rel=1e-4)


def test_what_was_asked_of_the_same_numbers_before_changes_no_baseline():
    assert "one period earlier" not in baselines(Experiment(mine(period=9), length=3))
    assert "one period earlier" in baselines(Experiment(mine(period=9, ahead=3), length=3))


@pytest.mark.parametrize("ahead", [0, 2])
def test_a_series_too_short_to_look_back_a_period_has_no_such_baseline(ahead):
    first = 160 + 7  # the first row to validate on
    longest = mine(period=first + ahead, ahead=ahead)
    assert baselines(Experiment(longest, length=7))["one period earlier"] > 0
    longer = mine(period=first + ahead + 1, ahead=ahead)
    found = baselines(Experiment(longer, length=7))
    assert found.pop("one period earlier") is None and all(error > 0 for error in found.values())
    assert baselines(Experiment(echo(24, 1), length=1))["same hour yesterday"] is None


def test_noise_counts_in_the_experiment_as_in_the_series():
    given = Experiment("sine", noise=0.3)
    clean, noisy = baselines(Experiment("sine")), baselines(given)
    assert noisy == pytest.approx(baselines(Experiment(sine(noise=0.3))))
    for name in ("last value", "same hour yesterday"):
        assert noisy[name] - clean[name] == pytest.approx(0.3**2, abs=0.05)
    assert clean["linear autoregression"] < 1e-9 and floor(given)["lstm"] < noisy["linear autoregression"] < 0.3**2


def test_the_baselines_of_a_sine_are_arithmetic():
    found = baselines(Experiment("sine", length=24))
    assert found["last value"] == pytest.approx(1 + np.sin(2 * np.pi / sine().period), abs=0.01)
    assert found["same hour yesterday"] == pytest.approx(0, abs=1e-5)
    assert found["linear autoregression"] == pytest.approx(0, abs=1e-9)


def test_the_baselines_of_echo_are_arithmetic():
    found = baselines(Experiment("echo", length=24))
    assert found["last value"] == pytest.approx(2, rel=0.2)  # two values that know nothing of each other
    assert found["same hour yesterday"] == pytest.approx(2 - 2 * 0.95, rel=0.1)
    assert found["linear autoregression"] == pytest.approx(floor(Experiment("echo"))["lstm"], rel=0.1)
    short = baselines(Experiment("echo", length=23))
    assert short["linear autoregression"] > 0.7 and short["same hour yesterday"] == pytest.approx(0.1, rel=0.1)


def test_the_sample_at_the_same_hour_is_three_quarters_of_a_day_old_where_the_target_is_a_quarter_ahead():
    values = np.arange(2400.0)
    rising = Series(values, values + 6, period=24, ahead=6)
    assert baselines(Experiment(rising, length=5))["same hour yesterday"] == 24**2


def test_only_the_weights_of_the_autoregression_depend_on_the_stride():
    dense, sparse = (Experiment(echo(24, 60), length=24, stride=stride) for stride in (1, 7))
    other = baselines(sparse)
    assert other.pop("linear autoregression") > baselines(dense)["linear autoregression"]
    assert other.items() < baselines(dense).items()


def test_the_autoregression_learns_from_the_training_part_alone():
    broken = RANDOM.copy()
    broken[160:] = np.sin(broken[160:]) + 3
    experiment = Experiment(Series(broken, np.roll(broken, -3)), length=6)
    assert baselines(experiment)["linear autoregression"] == pytest.approx(autoregression(experiment), rel=1e-4)
    assert baselines(experiment)["linear autoregression"] > 2


def test_the_settings_of_the_training_change_no_baseline():
    experiment = Experiment(echo(24, 60), length=24)
    others = dict(batch_size=7, shuffle=True, dnn_sees="window", units=3, learning_rate=1.0, epochs=1, seed=9)
    assert baselines(dataclasses.replace(experiment, **others)) == baselines(experiment)
