"""What `normalisation` says of normalisation holds for other seeds than its own."""

from dataclasses import replace
from itertools import product

import keras
import numpy as np
import pytest
from claims import best, last, trained

from helpers import Experiment, Series, baselines, compare, constant_error, sine, trend
from helpers.experiment import MODELS

HALF_DAY = Experiment(length=12, dnn_sees="window")
ACTIVATIONS = ("relu", "tanh")


def in_unit(mean, height, series):
    """The series in another unit, in which the day swings by `height` around `mean`."""
    values, targets = (mean + height * array for array in (series.values, series.targets))
    return Series(values, targets, period=series.period, ahead=series.ahead)


UNITS = {
    "hundredths": in_unit(0, 0.01, sine()),
    "-1 to 1": sine(),
    "°C": in_unit(10, 8, sine()),
    "K": in_unit(283.15, 8, sine()),
    "normalised": in_unit(283.15, 8, sine()).normalised(),
}


def errors(experiment, model):
    """The last validation losses of three seeds, as parts of the targets' variance."""
    return last(experiment, model) / constant_error(experiment.validation)


def in_unit_with(activation, unit, epochs=1):
    """The experiment of a unit and an activation."""
    return replace(HALF_DAY, series=UNITS[unit], activation=activation, epochs=epochs)


@pytest.fixture(scope="module")
def medians():
    """The median error of each activation, unit and model after one epoch."""
    keys = product(ACTIVATIONS, UNITS, MODELS)
    return {key: np.median(errors(in_unit_with(*key[:2]), key[2])) for key in keys}


@pytest.fixture(scope="module")
def rising():
    """The networks' errors on the trend, in its own unit, by way and activation."""
    values, targets = trend().values[:, 0], trend().targets[:, 0]
    before = np.append(values[0], values[:-1])
    found, spread = {}, trend().normalised().spread
    for activation in ACTIVATIONS:
        for name, series, size in (
            ("normalised", trend().normalised(), spread),
            ("changes", Series(values - before, targets - before, period=24), 1),
        ):
            experiment = replace(HALF_DAY, series=series, activation=activation, epochs=5)
            for model in MODELS:
                found[name, activation, model] = size**2 * last(experiment, model)
    return found


def largest_state(result):
    """The largest hidden state of the trained LSTM over ten days."""
    model, experiment = result.models["lstm"], result.experiment
    hidden = keras.Model(model.inputs, model.layers[0].output)
    return np.abs(hidden.predict_on_batch(experiment.windows.take(experiment.train)[0][:240])).max()


@pytest.mark.parametrize("model", MODELS)
def test_kelvin_is_bad_for_all_and_celsius_with_tanh(medians, model):
    for activation in ACTIVATIONS:
        assert medians[activation, "K", model] > 100 * medians[activation, "-1 to 1", model]
    assert medians["tanh", "°C", model] > 100 * medians["tanh", "-1 to 1", model]


@pytest.mark.parametrize("model", MODELS)
def test_hundredths_are_bad_for_nobody_and_best_with_tanh(medians, model):
    assert medians["relu", "hundredths", model] < 100 * medians["relu", "-1 to 1", model]
    assert medians["tanh", "hundredths", model] < medians["tanh", "-1 to 1", model] / 100


@pytest.fixture(scope="module")
def many():
    """relu on Celsius, -1 to 1 and normalised: ten seeds, since three of the LSTM's may all be unlucky."""
    relu = replace(HALF_DAY, epochs=1)
    cases = {unit: replace(relu, series=UNITS[unit]) for unit in ("°C", "-1 to 1", "normalised")}
    found = compare(cases, seeds=range(11, 21))
    variance = {unit: constant_error(case.validation) for unit, case in cases.items()}
    return {(unit, m): found.medians(m)[unit] / variance[unit] for unit in cases for m in MODELS}


def test_with_relu_celsius_harms_the_dnn_and_not_the_lstm(many):
    assert many["°C", "dnn"] > 4 * many["-1 to 1", "dnn"]
    assert many["°C", "lstm"] < 4 * many["-1 to 1", "lstm"]


def test_celsius_delays_the_tanh_networks_and_does_not_stop_them(medians):
    late = in_unit_with("tanh", "°C", epochs=20)
    for model in MODELS:
        lowest = np.median(best(late, model)) / constant_error(late.validation)
        assert lowest < medians["tanh", "normalised", model]
        assert medians["tanh", "°C", model] > 100 * lowest


def largest_states(activation, unit):
    """The largest hidden states after one epoch, a seed each."""
    return np.array([largest_state(result) for result in trained(in_unit_with(activation, unit))])


def test_large_activations_do_the_lstm_no_harm_in_one_epoch_and_it_is_behind_after_five(many):
    large, small = (np.median(largest_states("relu", unit)) for unit in ("°C", "normalised"))
    assert large > 20 * small
    assert many["°C", "lstm"] < 4 * many["normalised", "lstm"]
    late = [np.median(errors(in_unit_with("relu", unit, epochs=5), "lstm")) for unit in ("°C", "normalised")]
    assert late[0] > 2 * late[1]


def test_normalised_the_lstm_converges_faster_from_kelvin_and_with_tanh_from_celsius_only(medians):
    gain = {key: error / medians[key[0], "normalised", "lstm"] for key, error in medians.items() if key[2] == "lstm"}
    much = {key[:2] for key, times in gain.items() if times > 100}
    assert much == {("relu", "K"), ("tanh", "K"), ("tanh", "°C")}


@pytest.mark.parametrize("model", MODELS)
def test_the_article_s_own_sine_needs_no_normalising(medians, model):
    for activation in ACTIVATIONS:
        assert medians[activation, "-1 to 1", model] < 8 * medians[activation, "normalised", model]


def test_in_kelvin_the_tanh_networks_answer_the_same_all_day():
    inputs, _ = HALF_DAY.windows.take(UNITS["K"])
    for model, seen in (("lstm", inputs), ("dnn", inputs[:, :, 0])):
        for result in trained(in_unit_with("tanh", "K"), model):
            answers = result.models[model].predict_on_batch(seen[:240])
            assert np.ptp(answers) < 0.1 and answers.max() < 30


def test_normalising_avoids_the_large_activations_of_relu():
    assert np.median(largest_states("relu", "K")) > 100
    for activation in ACTIVATIONS:
        assert largest_states(activation, "normalised").max() < 5


def test_with_noise_a_small_unit_keeps_a_tanh_network_from_beating_a_weighted_sum():
    small = in_unit(0, 0.01, sine(noise=0.3, seed=5))
    for series, low, high in ((small, 0.9, np.inf), (small.normalised(), 0, 0.8)):
        experiment = replace(HALF_DAY, series=series, activation="tanh", epochs=5)
        linear = baselines(experiment)["linear autoregression"] / constant_error(experiment.validation)
        for model in MODELS:
            found = errors(experiment, model)
            assert np.all((low * linear < found) & (found < high * linear))


def test_a_scale_measured_on_everything_gives_the_future_away():
    train, valid = trend().split()
    mean, spread = trend().values.mean(), trend().values.std()
    given = (train.values - mean) / spread
    told = mean - spread * given.mean() * len(train) / len(valid)
    assert told == pytest.approx(valid.values.mean(), abs=0.001)


def test_of_the_trends_validation_part_only_the_peaks_lie_above_the_training_part():
    train, valid = trend().split()
    assert 0.2 < np.mean(valid.values > train.values.max()) < 0.35


def test_on_the_trend_no_normalised_network_comes_near_the_same_hour_yesterday_and_changes_cure_it(rising):
    free = baselines(replace(HALF_DAY, series="trend"))
    assert free["linear autoregression"] < 1e-9  # it needs neither
    for (name, activation, model), losses in rising.items():
        if name == "normalised":
            assert losses.min() > 5 * free["same hour yesterday"]
            assert np.median(losses) > 50 * np.median(rising["changes", activation, model])
        else:
            assert np.median(losses) < free["same hour yesterday"]


def test_on_the_trend_the_dnn_with_relu_comes_closest(rising):
    medians = {key: np.median(losses) for key, losses in rising.items() if key[0] == "normalised"}
    assert min(medians, key=medians.get) == ("normalised", "relu", "dnn")
