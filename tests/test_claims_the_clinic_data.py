"""What `the_clinic_data` says of seven faults in the data holds for other seeds, other noise and other recordings."""

from dataclasses import replace

import numpy as np
import pytest
from claims import SEEDS, anew, last, trained

from helpers import Experiment, Series, Windows, baselines, floor, sine
from helpers.models import TimeseriesGenerator, keras

OURS = Experiment(sine(days=45), units=16, activation="tanh", learning_rate=0.02, epochs=3)


def errors(experiment, rows=None, came=None, model="lstm"):
    """The errors of three seeds at some rows, as parts of the variance of what came there."""
    series = experiment.series_with_noise
    rows = experiment.rows[1] if rows is None else rows
    came = series.targets[rows] if came is None else came
    windows = series.values[experiment.windows.samples(rows)]
    windows = windows if model == "lstm" else windows[:, :, 0]
    answers = [np.array(result.models[model](windows)) for result in trained(experiment, model)]
    return np.array([np.mean((answer - came) ** 2) for answer in answers]) / came.var()


def test_the_sound_pipeline_in_plain_keras_learns_as_the_experiment_does():
    keras.utils.set_random_seed(SEEDS[0])
    model = keras.Sequential([keras.Input((24, 1)), keras.layers.LSTM(16), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    windows = TimeseriesGenerator(OURS.train.values, OURS.train.targets, 24, batch_size=32)
    assert model.fit(windows, epochs=3, verbose=0).history["loss"][-1] < 0.01
    assert last(OURS, kind="losses").max() < 0.01


KELVIN = Series(288 + 5 * OURS.series.values, 288 + 5 * OURS.series.targets)


def test_scale_kelvin_is_not_learnt_whatever_the_length_and_normalised_it_is():
    hot = replace(OURS, series=KELVIN)
    assert errors(hot).min() > 1000 and errors(replace(hot, length=48)).min() > 1000
    assert errors(replace(hot, series=KELVIN.normalised())).max() < 0.01


DAILY = replace(OURS, series=sine(days=180), stride=24, epochs=10)


def test_hours_a_stride_of_one_period_leaves_out_the_others_whatever_the_length():
    assert last(DAILY, kind="losses").max() < 0.01
    assert len(np.unique(DAILY.rows[0] % 24)) == 1
    assert errors(DAILY).min() > 0.1 and errors(replace(DAILY, length=48)).min() > 0.1


@pytest.mark.parametrize("stride", [1, 23])
def test_hours_smaller_strides_that_meet_every_hour_mend_it(stride):
    assert errors(replace(DAILY, stride=stride)).max() < 0.01


@pytest.mark.parametrize("model", ["lstm", "dnn"])
def test_hours_in_the_lab_a_longer_window_does_not_help_and_stride_23_does(model):
    shown = replace(OURS, stride=24, epochs=30, dnn_sees="window")
    for length in (24, 48):
        long = replace(shown, length=length)
        assert np.all(last(long, model) > 3 * last(long, model, "losses")) and last(long, model, "losses").min() > 0
        assert errors(long, model=model).max() > 0.05
    assert errors(replace(shown, stride=23), model=model).max() < 0.02


def few(draw):
    noisy = replace(OURS, series=sine(days=60), noise=0.3, draw=draw, learning_rate=0.01)
    return replace(noisy, stride=47, dnn_sees="window", epochs=250)


@pytest.mark.parametrize("draw", [21, 22])
def test_few_windows_are_learnt_by_heart_whatever_the_length_and_more_of_them_are_not(draw):
    broken = few(draw)
    assert broken.windows.count(broken.train) == 24 and broken.updates == 250
    lowest = floor(broken)["dnn"]
    assert last(broken, "dnn", "losses").max() < lowest / 10 and last(broken, "dnn").min() > 3 * lowest
    mended = errors(replace(broken, stride=1, max_updates=250), model="dnn")
    for worse in (broken, replace(broken, length=48)):
        assert errors(worse, model="dnn").min() > 0.04 > mended.max()


def joined(draw, length=24, stride=1):
    start = np.random.default_rng(draw).uniform(0, 2 * np.pi, (400, 1))
    turn = (start + np.arange(49) * np.pi / 12).ravel()
    series = Series(np.sin(turn), np.cos(turn))
    both = replace(OURS, series=series, max_updates=300, epochs=30, dnn_sees="window")
    return replace(both, length=length, stride=stride)


WHOLE = np.arange(320 * 49 + 48, 400 * 49, 49)


@pytest.mark.parametrize("model", ["lstm", "dnn"])
@pytest.mark.parametrize("draw", [21, 22])
def test_seams_harm_both_models_whatever_the_length_and_whole_windows_do_not(draw, model):
    for length in (24, 48):
        assert errors(joined(draw, length), WHOLE, model=model).min() > 0.002
    assert errors(joined(draw, stride=49), WHOLE, model=model).max() < 0.002


def rolled(noisy, by, length=24):
    return replace(OURS, series=Series(noisy.values, np.roll(noisy.values, by)), epochs=10, length=length)


@pytest.mark.parametrize("draw", [21, 22])
def test_target_inside_the_window_a_loss_below_the_noise_and_forecasts_worse_than_the_mean(draw):
    noisy = sine(days=45, noise=0.3, seed=draw)
    assert last(rolled(noisy, 6), kind="losses").max() < 0.09
    rows = OURS.rows[1][:-6]
    for length in (24, 48):
        kept = rolled(noisy, 6, length).rows[1][:-6]
        assert errors(rolled(noisy, 6, length), kept, noisy.values[kept + 6]).min() > 1
    assert errors(rolled(noisy, -6), rows, noisy.values[rows + 6]).max() < 0.5


def split(walk, length, in_time):
    """Values of a walk, and the rows known and asked, split at random or in time with a gap."""
    draw = np.random.default_rng(walk)
    values, rows = np.cumsum(draw.normal(size=480)), np.arange(length, 457)
    known, asked = np.split(rows if in_time else draw.permutation(rows), [len(rows) * 4 // 5])
    return values, known[:-23] if in_time else known, asked


def before(values, rows, length):
    return values[rows[:, None] + np.arange(-length, 0)]


def times_better(walk, length, in_time):
    """How many times better than the last value a forecaster seems to be that knows its windows by heart."""
    values, known, asked = split(walk, length, in_time)
    apart = (before(values, asked, length)[:, None] - before(values, known, length)) ** 2
    nearest = known[apart.sum(axis=2).argmin(axis=1)]
    simple, own = (values[rows + 23] - values[asked + 23] for rows in (asked - 24, nearest))
    return np.mean(simple**2) / np.mean(own**2)


@pytest.mark.parametrize("length", [24, 48])
def test_a_shuffled_split_flatters_on_every_walk_and_a_split_in_time_on_few(length):
    walks = range(30, 60)
    flattered = [times_better(walk, length, in_time=False) for walk in walks]
    assert min(flattered) > 1 and np.median(flattered) > 4
    honest = [times_better(walk, length, in_time=True) for walk in walks]
    assert np.median(honest) < 0.8 and sum(found > 1 for found in honest) < 15


def dense():
    """A dense network of two hidden layers, with initial weights of its own."""
    hidden = [keras.layers.Dense(96, "relu") for _ in range(2)]
    return keras.Sequential([keras.Input((24,)), *hidden, keras.layers.Dense(1)])


def test_a_dense_network_is_flattered_too_over_walks():
    better, network = {False: [], True: []}, dense()
    network.compile(keras.optimizers.Adam(0.005), "mse")
    for walk in range(40, 47):
        for in_time, found in better.items():
            values, known, asked = split(walk, 24, in_time)
            keras.utils.set_random_seed(walk)
            model = anew(network, dense().get_weights())
            model.fit(before(values, known, 24) / 10, values[known + 23] / 10, batch_size=16, epochs=20, verbose=0)
            answers = 10 * np.array(model(before(values, asked, 24) / 10))[:, 0]
            errors = [np.mean((said - values[asked + 23]) ** 2) for said in (values[asked - 1], answers)]
            found.append(errors[0] / errors[1])
    assert np.median(better[False]) > 1.5 and np.median(better[True]) < 1


def weather(draw):
    steps = np.random.default_rng(draw).normal(0, 0.03, 1580)
    slow = np.convolve(steps, 0.99 ** np.arange(501), "valid")
    return slow + 0.2 * np.sin(np.arange(1080) * np.pi / 12)


def repeated(values, given, length=24):
    """The errors of three seeds as parts of that of the last value, and the experiment."""
    one = replace(OURS, series=Series(given, given, ahead=0).normalised(), length=length)
    simple = np.mean(np.diff(values)[864:] ** 2)
    return one, last(one) * one.series.spread**2 / simple


@pytest.mark.parametrize("draw", [21, 22, 23])
def test_last_value_is_hardly_beaten_whatever_the_length_and_changes_are_learnt(draw):
    values = weather(draw)
    mended = repeated(values, np.diff(values))[1].max()
    for length in (24, 48):
        broken = repeated(values, values, length)[1]
        assert broken.max() > 0.6 > mended and broken.min() > mended


def test_last_value_is_beaten_by_least_squares_on_the_values_too():
    for draw in (21, 22, 23):
        simple = baselines(repeated(weather(draw), weather(draw))[0])
        assert simple["linear autoregression"] < 0.6 * simple["last value"]


def test_last_value_most_forecasts_fit_best_when_moved_back_by_an_hour():
    best = []
    for draw in (21, 22, 23):
        experiment, _ = repeated(weather(draw), weather(draw))
        rows, series = experiment.rows[1], experiment.series.values
        for result in trained(experiment):
            answers = np.array(result.models["lstm"](series[experiment.windows.samples(rows)]))
            best.append(np.argmin([np.mean((answers - series[rows - back]) ** 2) for back in range(3)]))
    assert best.count(1) > len(best) / 2 and best.count(2) == 0


def test_windows_reach_where_the_text_says():
    assert Windows(24).samples([100])[0, [0, -1]].tolist() == [76, 99]
