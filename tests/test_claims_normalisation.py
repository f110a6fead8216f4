"""What `normalisation` says of normalisation holds for other seeds than its own."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from claims import trained

from helpers import Experiment, Series, baselines, compare, constant_error, sine, trend

HALF_DAY = Experiment(length=12, dnn_sees="window")
ACTIVATIONS = ("relu", "tanh")
MODELS = ("lstm", "dnn")


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


def errors(results, model):
    """Their last validation losses, as parts of the targets' variance."""
    return np.array([r.val_losses[model][-1] / constant_error(r.experiment.validation) for r in results])


@pytest.fixture(scope="module")
def results():
    """Each unit with each activation, one epoch, three seeds."""
    return {
        (activation, unit): trained(replace(HALF_DAY, series=series, activation=activation, epochs=1))
        for activation in ACTIVATIONS
        for unit, series in UNITS.items()
    }


@pytest.fixture(scope="module")
def medians(results):
    return {(*key, model): np.median(errors(done, model)) for key, done in results.items() for model in MODELS}


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
            done = trained(replace(HALF_DAY, series=series, activation=activation, epochs=5))
            for model in MODELS:
                found[name, activation, model] = size**2 * np.array([r.val_losses[model][-1] for r in done])
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
    late = trained(replace(HALF_DAY, series=UNITS["°C"], activation="tanh", epochs=20))
    for model in MODELS:
        best = [min(r.val_losses[model]) / constant_error(r.experiment.validation) for r in late]
        assert np.median(best) < medians["tanh", "normalised", model]
        assert medians["tanh", "°C", model] > 100 * np.median(best)


def test_large_activations_do_the_lstm_no_harm_in_one_epoch_and_it_is_behind_after_five(results, many):
    large, small = (np.median([largest_state(r) for r in results["relu", unit]]) for unit in ("°C", "normalised"))
    assert large > 20 * small
    assert many["°C", "lstm"] < 4 * many["normalised", "lstm"]
    late = {u: trained(replace(HALF_DAY, series=UNITS[u], epochs=5)) for u in ("°C", "normalised")}
    assert np.median(errors(late["°C"], "lstm")) > 2 * np.median(errors(late["normalised"], "lstm"))


def test_normalised_the_lstm_converges_faster_from_kelvin_and_with_tanh_from_celsius_only(medians):
    gain = {key: error / medians[key[0], "normalised", "lstm"] for key, error in medians.items() if key[2] == "lstm"}
    much = {key[:2] for key, times in gain.items() if times > 100}
    assert much == {("relu", "K"), ("tanh", "K"), ("tanh", "°C")}


@pytest.mark.parametrize("model", MODELS)
def test_the_article_s_own_sine_needs_no_normalising(medians, model):
    for activation in ACTIVATIONS:
        assert medians[activation, "-1 to 1", model] < 8 * medians[activation, "normalised", model]


def test_in_kelvin_the_tanh_networks_answer_the_same_all_day(results):
    for result in results["tanh", "K"]:
        inputs, _ = HALF_DAY.windows.take(UNITS["K"])
        for model, seen in (("lstm", inputs), ("dnn", inputs[:, :, 0])):
            answers = result.models[model].predict_on_batch(seen[:240])
            assert np.ptp(answers) < 0.1 and answers.max() < 30


def test_normalising_avoids_the_large_activations_of_relu(results):
    assert np.median([largest_state(result) for result in results["relu", "K"]]) > 100
    for activation in ACTIVATIONS:
        assert max(largest_state(result) for result in results[activation, "normalised"]) < 5


def test_with_noise_a_small_unit_keeps_a_tanh_network_from_beating_a_weighted_sum():
    small = in_unit(0, 0.01, sine(noise=0.3, seed=5))
    for series, low, high in ((small, 0.9, np.inf), (small.normalised(), 0, 0.8)):
        experiment = replace(HALF_DAY, series=series, activation="tanh", epochs=5)
        linear = baselines(experiment)["linear autoregression"] / constant_error(experiment.validation)
        done = trained(experiment)
        for model in MODELS:
            assert np.all((low * linear < errors(done, model)) & (errors(done, model) < high * linear))


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
