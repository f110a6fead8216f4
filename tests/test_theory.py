"""Floors are what no model can get under: least squares, conditional means and Monte Carlo agree with them."""

import dataclasses

import numpy as np
import pytest

from helpers import Experiment, Series, constant_error, floor, sine

LENGTHS = [1, 2, 3, 6, 9, 12, 18, 24, 30, 168]


def of_all_rows(experiment):
    """The windows and targets of every row of the whole series, at stride 1."""
    inputs, targets = dataclasses.replace(experiment.windows, stride=1).take(experiment.series_with_noise)
    return inputs[..., 0].astype(float), targets[:, 0].astype(float)


def best_of_one_sample(sample, target):
    """The error of the conditional mean: rows with nearly the same sample share one answer."""
    bins = np.digitize(sample, np.linspace(-1, 1, 101)[1:-1])
    return sum(((target[bins == b] - target[bins == b].mean()) ** 2).sum() for b in np.unique(bins)) / len(sample)


def least_squares(samples, target):
    answer, *_ = np.linalg.lstsq(samples, target, rcond=None)
    return np.mean((samples @ answer - target) ** 2), np.abs(answer).max()


def ages(experiment):
    windows = experiment.windows
    return np.arange(windows.length, 0, -windows.sampling_rate)


def wiener(experiment, ages):
    """The error of the best linear predictor, from the covariances of a sine and white noise."""
    turn = 2 * np.pi / sine().period
    among = np.cos(turn * (ages[:, None] - ages)) / 2 + experiment.noise**2 * np.eye(len(ages))
    with_target = -np.sin(turn * ages) / 2
    return 0.5 - with_target @ np.linalg.solve(among, with_target)


def monte_carlo(experiment, ages, seed=1):
    """The squared error of the mean target of many random sines, each weighted by how well it fits the window."""
    draw = np.random.default_rng(seed)
    turn = 2 * np.pi / sine().period * ages
    errors = []
    for _ in range(10):
        truth, guesses = (draw.uniform(0, 2 * np.pi, (number, 1)) for number in (1000, 2000))
        windows = np.sin(truth - turn) + draw.normal(0, experiment.noise, (1000, len(ages)))
        sines = np.sin(guesses - turn)
        fit = (windows @ sines.T - (sines**2).sum(1) / 2) / experiment.noise**2
        weights = np.exp((fit - fit.max(1, keepdims=True)).astype(np.float32))
        answers = weights @ np.cos(guesses)[:, 0] / weights.sum(1)
        errors.append((answers - np.cos(truth)[:, 0]) ** 2)
    return np.mean(errors)


@pytest.mark.parametrize("sees", ["oldest", "latest"])
@pytest.mark.parametrize("length", LENGTHS)
def test_the_floor_of_one_sample_is_the_error_of_its_best_function(length, sees):
    experiment = Experiment(length=length, dnn_sees=sees)
    samples, target = of_all_rows(experiment)
    measured = best_of_one_sample(samples[:, 0 if sees == "oldest" else -1], target)
    assert floor(experiment)["dnn"] == pytest.approx(measured, abs=0.001)


@pytest.mark.parametrize("length, expected", [(3, 0.25), (6, 0.0), (12, 0.5), (24, 0.5), (18, 0.0), (2, 0.375)])
def test_the_floor_of_the_dnn_moves_with_the_length(length, expected):
    assert floor(Experiment(length=length))["dnn"] == pytest.approx(expected, abs=1e-3)


def test_the_dnn_that_sees_the_latest_sample_has_one_floor_at_every_length():
    floors = {floor(Experiment(length=length, dnn_sees="latest"))["dnn"] for length in LENGTHS}
    assert len(floors) == 1
    assert floors.pop() == pytest.approx(np.cos(2 * np.pi / 24) ** 2 / 2, abs=1e-4)


def test_the_latest_sample_is_the_last_that_the_sampling_rate_selects():
    experiment = Experiment(length=24, sampling_rate=5, dnn_sees="latest")
    assert floor(experiment)["dnn"] == pytest.approx(floor(Experiment(length=4))["dnn"], rel=1e-6)


@pytest.mark.parametrize(
    "length, sampling_rate", [(2, 1), (3, 1), (12, 1), (24, 1), (24, 3), (24, 8), (24, 11), (7, 6)]
)
def test_two_samples_decide_a_sine(length, sampling_rate):
    experiment = Experiment(length=length, sampling_rate=sampling_rate, dnn_sees="window")
    assert floor(experiment) == {"lstm": 0.0, "dnn": 0.0}
    samples, target = of_all_rows(experiment)
    error, largest = least_squares(samples[:, :2], target)
    assert error < 1e-9 and largest < 10


def test_at_length_1_the_lstm_stands_on_the_floor_of_one_sample():
    floors = floor(Experiment(length=1))
    assert floors["lstm"] == floors["dnn"] == pytest.approx(np.cos(2 * np.pi / 24) ** 2 / 2, abs=1e-4)


@pytest.mark.parametrize("length, sampling_rate", [(24, 12), (36, 12), (48, 24), (13, 12)])
def test_samples_half_a_day_apart_have_no_floor_that_can_be_reached(length, sampling_rate):
    experiment = Experiment(length=length, sampling_rate=sampling_rate, dnn_sees="window")
    assert floor(experiment) == {"lstm": None, "dnn": None}
    samples, target = of_all_rows(experiment)
    error, largest = least_squares(samples[:, :2], target)
    assert largest > 100 or error > 0.1
    one = floor(dataclasses.replace(experiment, dnn_sees="oldest"))
    assert one["lstm"] is None and one["dnn"] == pytest.approx(floor(Experiment(length=length))["dnn"])


NOISY = [
    dict(length=1, noise=0.3),
    dict(length=2, noise=0.3),
    dict(length=3, noise=1.0),
    dict(length=6, noise=0.1),
    dict(length=24, noise=0.3),
    dict(length=24, noise=0.3, sampling_rate=12),
    dict(length=48, noise=0.5, sampling_rate=5),
    dict(length=12, noise=2.0),
]


@pytest.mark.parametrize("settings", NOISY, ids=str)
def test_a_floor_with_noise_is_what_the_weighted_mean_of_random_sines_leaves(settings):
    experiment = Experiment(**settings, dnn_sees="oldest")
    seen = ages(experiment)
    floors = floor(experiment)
    assert floors["lstm"] == pytest.approx(monte_carlo(experiment, seen), rel=0.06)
    assert floors["dnn"] == pytest.approx(monte_carlo(experiment, seen[:1]), rel=0.06)
    assert floor(dataclasses.replace(experiment, dnn_sees="window"))["dnn"] == floors["lstm"]


@pytest.mark.parametrize("settings", NOISY, ids=str)
def test_no_floor_is_above_the_best_linear_predictor_or_the_constant_answer(settings):
    experiment = Experiment(**settings)
    seen = ages(experiment)
    for model, samples in (("lstm", seen), ("dnn", seen[:1])):
        assert floor(experiment)[model] <= constant_error(experiment.series_with_noise) + 1e-9
        assert floor(experiment)[model] <= wiener(experiment, samples) + 1e-6


def test_with_noise_a_model_can_beat_the_best_linear_predictor_by_far():
    experiment = Experiment(length=24, noise=0.3)
    linear = wiener(experiment, ages(experiment))
    assert floor(experiment)["lstm"] < 0.6 * linear
    samples, target = of_all_rows(experiment)
    assert least_squares(samples, target)[0] == pytest.approx(linear, rel=0.05)


def test_with_noise_a_longer_window_has_a_lower_floor():
    floors = [floor(Experiment(length=length, noise=0.3))["lstm"] for length in (1, 2, 3, 6, 12, 24, 48, 96)]
    assert floors == sorted(floors, reverse=True)
    louder = [floor(Experiment(noise=noise))["lstm"] for noise in (0.1, 0.3, 0.6, 1.0, 2.0)]
    assert louder == sorted(louder)


def test_the_noise_of_the_series_counts_as_the_noise_of_the_experiment_does():
    assert floor(Experiment(series=sine(noise=0.3))) == floor(Experiment(noise=0.3))


@pytest.mark.parametrize("settings", [{}, {"length": 3}, {"noise": 0.3, "length": 6}, {"dnn_sees": "latest"}], ids=str)
def test_the_stride_moves_no_floor(settings):
    floors = [floor(Experiment(**settings, stride=stride)) for stride in (1, 8, 24, 1000)]
    assert all(other == floors[0] for other in floors)


def test_the_settings_of_the_training_move_no_floor():
    others = dict(batch_size=7, shuffle=True, units=3, activation="tanh", learning_rate=1.0, epochs=1, seed=9)
    assert floor(Experiment(noise=0.2, **others)) == floor(Experiment(noise=0.2))


def test_an_unknown_series_has_no_known_floor():
    mine = Series(np.arange(100.0), np.arange(100.0), period=24)
    for series in (mine, sine().normalised()):
        assert floor(Experiment(series=series, length=3)) == {"lstm": None, "dnn": None}


def test_noise_too_faint_to_compute_with_has_no_known_floor():
    assert floor(Experiment(noise=1e-6)) == {"lstm": None, "dnn": None}


def test_the_constant_answer_costs_the_variance_of_the_targets():
    assert constant_error(sine()) == pytest.approx(0.5, abs=1e-3)
    assert constant_error(Series([1, 2], [3, 7])) == pytest.approx(4)
