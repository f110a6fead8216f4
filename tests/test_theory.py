"""Floors are what no model can get under: least squares, conditional means and Monte Carlo agree with them."""

import dataclasses

import numpy as np
import pytest

from helpers import Experiment, Series, constant_error, echo, fast_cycle, floor, sine, trend, two_cycles

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


@pytest.mark.parametrize("settings", [{}, {"noise": 0.3}, {"series": "echo"}, {"length": 1}], ids=str)
def test_a_stateful_lstm_has_no_floor_since_it_knows_more_than_one_window(settings):
    one_window = floor(Experiment(**settings))
    assert floor(Experiment(**settings, stateful=True)) == {"lstm": None, "dnn": one_window["dnn"]}


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
    for series, lengths in (("sine", (1, 2, 3, 6, 12, 24, 48, 96)), ("echo", (23, 24, 48, 72, 240, 1751))):
        floors = [floor(Experiment(series, 0.3, length))["lstm"] for length in lengths]
        assert floors == sorted(set(floors), reverse=True)
    louder = [floor(Experiment(noise=noise))["lstm"] for noise in (0.1, 0.3, 0.6, 1.0, 2.0)]
    assert louder == sorted(louder)


def test_the_noise_of_the_series_counts_as_the_noise_of_the_experiment_does():
    assert floor(Experiment(series=sine(noise=0.3))) == floor(Experiment(noise=0.3))


SERIES = [{"series": "echo"}, {"series": "echo", "noise": 0.3}, {"series": "two_cycles"}, {"series": "fast_cycle"}]


@pytest.mark.parametrize("settings", [{}, {"length": 3}, {"noise": 0.3}, {"dnn_sees": "latest"}, *SERIES], ids=str)
def test_the_stride_moves_no_floor(settings):
    floors = [floor(Experiment(**settings, stride=stride)) for stride in (1, 8, 24, 1000)]
    assert all(other == floors[0] for other in floors)


def test_the_settings_of_the_training_move_no_floor():
    others = dict(batch_size=7, shuffle=True, units=3, activation="tanh", learning_rate=1.0, epochs=1, seed=9)
    assert floor(Experiment(noise=0.2, **others)) == floor(Experiment(noise=0.2))


def test_an_unknown_series_has_no_known_floor():
    mine = Series(np.arange(100.0), np.arange(100.0), period=24, ahead=6)
    scaled = [make().normalised() for make in (sine, two_cycles, echo, fast_cycle)]
    unknown = [trend(), two_cycles(noise=0.1), fast_cycle(noise=0.1), two_cycles(25, 60)]
    for series in (mine, *scaled, *unknown):
        assert floor(Experiment(series, length=9)) == {"lstm": None, "dnn": None}


def test_noise_too_faint_to_compute_with_has_no_known_floor():
    assert floor(Experiment(noise=1e-6)) == {"lstm": None, "dnn": None}


def test_the_constant_answer_costs_the_variance_of_the_targets():
    assert constant_error(sine()) == pytest.approx(0.5, abs=1e-3)
    assert constant_error(Series([1, 2], [3, 7])) == pytest.approx(4)


SUMS = [("sine", [8759 / 365], 8759 / 365 / 4), ("two_cycles", [24, 168], 6), ("fast_cycle", [24, 24 / 7.02], 6)]


@pytest.mark.parametrize("name, cycles, ahead", SUMS, ids=lambda given: given if isinstance(given, str) else "")
def test_a_sum_of_sines_has_the_floor_0_just_where_weights_below_100_answer_exactly(name, cycles, ahead):
    def value(at):
        return sum(np.sin(2 * np.pi * at / cycle) for cycle in cycles)

    rows, found = np.arange(0, 8760, 5), []
    for rate in (1, 2, 3, 4, 5, 8, 11, 12, 24):
        for length in (2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 15, 17, 18, 24, 25, 30, 36, 48, 54, 168):
            experiment = Experiment(name, length=length, sampling_rate=rate, dnn_sees="window")
            if name == "sine" and experiment.windows.steps == 1:
                continue  # there more is known
            samples = value(rows[:, None] - ages(experiment))
            weights = np.linalg.lstsq(samples, value(rows + ahead), rcond=1e-12)[0]
            exact = np.mean((samples @ weights - value(rows + ahead)) ** 2) < 1e-12 and np.linalg.norm(weights) < 100
            assert floor(experiment) == dict.fromkeys(("lstm", "dnn"), 0.0 if exact else None), experiment
            found.append(exact)
    assert any(found) and not all(found)


def test_only_of_one_sine_with_a_target_a_quarter_ahead_is_the_floor_of_one_sample_known():
    elsewhere = dataclasses.replace(sine(), targets=np.roll(sine().values, -3), ahead=3)
    for series in ("two_cycles", "fast_cycle", elsewhere):
        assert floor(Experiment(series, length=24)) == {"lstm": 0.0, "dnn": None}
    assert floor(Experiment(elsewhere, noise=0.3)) == {"lstm": None, "dnn": None}
    known = np.cos(2 * np.pi * 3 / sine(25, 60).period) ** 2 / 2  # though a quarter is 6.25 samples there
    assert floor(Experiment(sine(25, 60), length=3)) == {"lstm": 0.0, "dnn": pytest.approx(known)}


@pytest.mark.parametrize("noise", [0, 0.7])
@pytest.mark.parametrize("kept", [0.95, 0.6])
def test_the_floor_of_echo_is_what_least_squares_leaves_of_200_000_samples(kept, noise):
    series = echo(24, 8334, kept, seed=1).noisy(noise)
    for length, rate in ((1, 1), (23, 1), (24, 1), (24, 7), (30, 2), (47, 23), (48, 5), (48, 24), (50, 1), (72, 6)):
        experiment = Experiment(echo(24, 60, kept), noise, length, sampling_rate=rate)
        rows = np.arange(length, len(series))
        samples, target = series.values[rows[:, None] - ages(experiment), 0], series.targets[rows, 0]
        for model, seen in (("lstm", samples), ("dnn", samples[:, :1])):
            weights = np.linalg.solve(seen.T @ seen, seen.T @ target)
            measured = np.mean((seen @ weights - target) ** 2)
            assert floor(experiment)[model] == pytest.approx(measured, rel=0.05), experiment


@pytest.mark.parametrize("kept", [0, 0.3, 0.95, 1])
def test_the_floor_of_echo_is_what_a_day_does_not_keep(kept):
    for hours in (12, 24):
        for sees in ("oldest", "latest", "window"):
            for length in (1, hours - 1, hours, hours + 1, 2 * hours, 4 * hours, 200):
                floors = floor(Experiment(echo(hours, 120, kept), length=length, dnn_sees=sees))
                lstm = 1 - kept**2 if length >= hours else 1
                oldest = 1 - kept ** (2 * length / hours) if length % hours == 0 else 1
                dnn = {"oldest": oldest, "latest": 1, "window": lstm}[sees]
                assert floors == {"lstm": pytest.approx(lstm, abs=1e-9), "dnn": pytest.approx(dnn, abs=1e-9)}
                assert min(floors.values()) >= 0
        noisy = floor(Experiment(echo(hours, 120, kept, noise=0.5), length=hours + 1))
        assert noisy == {"lstm": pytest.approx(1 - kept**2 / 1.25), "dnn": 1}
