"""What `your_own_series` says of the bicycles holds, for other seeds than its own."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from claims import SEEDS, last
from scipy.signal import find_peaks

from helpers import Experiment, baselines, build, from_csv

PATH = Path(__file__).parent.parent / "notebooks" / "data" / "bicycles.csv"
BICYCLES = from_csv(PATH, "bicycles", time="time")
DAY = Experiment(BICYCLES.normalised(), activation="tanh", dnn_sees="window", learning_rate=0.002, epochs=6)
LONG = replace(DAY, epochs=24)


def typical(experiment, model="lstm", seeds=SEEDS):
    """The typical errors in bicycles an hour, a seed each."""
    return experiment.series.spread * np.sqrt(last(experiment, model, seeds=seeds))


@cache
def simple(experiment=DAY):
    """The typical errors of the forecasts that need no network."""
    return {name: experiment.series.spread * error**0.5 for name, error in baselines(experiment).items()}


def test_normalised_the_bicycles_are_forecast_better_than_as_counts():
    for model in ("lstm", "dnn"):
        assert 1.5 * typical(DAY, model).max() < typical(replace(DAY, series=BICYCLES), model).min()


def test_with_four_times_as_many_epochs_the_lstms_error_on_counts_is_still_more_than_twice_as_large():
    assert typical(replace(LONG, series=BICYCLES)).min() > 2 * typical(LONG).max()


def test_normalised_the_dnn_and_the_lstm_with_tanh_lie_below_the_linear_autoregression_of_their_window():
    for length in (6, 12, 20, 24):
        group = replace(DAY, length=length)
        for model in ("lstm", "dnn"):
            assert typical(group, model).max() < simple(group)["linear autoregression"]
    for length in (20, 24):
        group = replace(DAY, length=length, activation="relu")
        assert typical(group, "dnn").max() < simple(group)["linear autoregression"]


def test_as_counts_both_networks_are_worse_than_repeating_the_last_value():
    for model in ("lstm", "dnn"):
        assert typical(replace(DAY, series=BICYCLES), model).min() > 1.2 * simple()["last value"]


def test_normalised_the_dnn_beats_the_last_value_at_every_length_and_with_either_activation():
    groups = [replace(DAY, length=length) for length in (6, 12, 20, 24)] + [replace(DAY, activation="relu")]
    assert all(typical(group, "dnn").max() < 0.8 * simple()["last value"] for group in groups)


def test_twelve_hours_serve_the_lstm_much_better_than_six():
    assert typical(replace(DAY, length=12)).max() < 0.97 * typical(replace(DAY, length=6)).min()


def test_a_whole_day_serves_the_lstm_no_better_than_twenty_hours():
    whole, twenty = (typical(replace(DAY, length=length)) for length in (24, 20))
    assert whole.max() > twenty.min() and np.median(whole) > 0.95 * np.median(twenty)


def test_with_24_epochs_a_day_serves_the_lstm_a_few_per_cent_better_than_twenty_hours():
    whole, twenty = (np.median(typical(replace(LONG, length=length))) for length in (24, 20))
    assert 0.92 < whole / twenty < 0.99


@pytest.mark.parametrize("epochs", [6, 24])
def test_without_a_whole_day_the_lstm_is_less_than_a_tenth_worse_and_the_weighted_sum_more(epochs):
    twelve, whole = (replace(DAY, length=length, epochs=epochs) for length in (12, 24))
    assert np.median(typical(twelve)) < 1.1 * np.median(typical(whole))
    assert simple(twelve)["linear autoregression"] > 1.1 * simple(whole)["linear autoregression"]


def test_the_weighted_sum_gains_from_a_whole_day_and_more_from_a_week():
    sums = [simple(replace(DAY, length=length))["linear autoregression"] for length in (20, 24, 168)]
    assert sums[1] < 0.95 * sums[0] and sums[2] < 0.95 * sums[1]


def test_with_relu_the_dnn_gains_a_little_from_a_whole_day():
    twenty, whole = (typical(replace(DAY, length=length, activation="relu"), "dnn") for length in (20, 24))
    assert 0.9 < np.median(whole) / np.median(twenty) < 1


@pytest.mark.parametrize("epochs", [6, 24])
def test_the_dnn_with_relu_does_as_well_as_the_lstm_with_tanh_with_an_eighth_of_the_parameters(epochs):
    relu = replace(DAY, activation="relu", epochs=epochs)
    assert np.median(typical(relu, "dnn")) < 1.02 * np.median(typical(replace(DAY, epochs=epochs)))
    models = build(DAY)
    assert 8 < models["lstm"].count_params() / models["dnn"].count_params() < 9


def test_with_24_epochs_both_are_better_by_about_a_tenth():
    for model, activation in (("lstm", "tanh"), ("dnn", "relu")):
        early, late = (np.median(typical(replace(case, activation=activation), model)) for case in (DAY, LONG))
        assert 0.8 < late / early < 0.96


def test_with_relu_the_lstm_does_worse_than_with_tanh_and_its_seeds_disagree():
    relu = typical(replace(DAY, activation="relu"), seeds=range(11, 17))
    assert relu.min() > 1.1 * typical(DAY).max() and np.ptp(relu) > 5 * np.ptp(typical(DAY))


def test_with_a_day_both_networks_beat_all_three_forecasts():
    for model in ("lstm", "dnn"):
        assert typical(DAY, model).max() < 0.95 * min(simple().values())
    assert min(simple(), key=simple().get) == "linear autoregression"


def test_the_summer_lifts_the_validation_loss_above_twice_the_training_loss():
    train, validation = BICYCLES.split()
    assert validation.values.mean() > 1.5 * train.values.mean()
    assert np.all(last(DAY) > 2 * last(DAY, kind="losses"))
    months = [part.values[part.times.month == month].mean() for part, month in ((train, 5), (validation, 6))]
    assert months[1] > months[0]


@pytest.mark.parametrize("day, peaks", [*((day, [8, 17]) for day in range(5)), (5, [15]), (6, [15])])
def test_the_mean_working_day_has_two_peaks_and_a_free_day_one(day, peaks):
    weeks = BICYCLES.values[: len(BICYCLES) // 168 * 168, 0].reshape(-1, 7, 24)
    found = find_peaks(weeks.mean(axis=0)[day], prominence=50)[0]
    np.testing.assert_allclose(found, peaks, atol=1)


def test_bicycles_are_like_themselves_at_whole_days_and_most_a_week_earlier():
    values = BICYCLES.values[:, 0]
    alike = np.array([np.corrcoef(values[lag:], values[:-lag])[0, 1] for lag in range(1, 200)])
    peaks = find_peaks(alike, prominence=0.4)[0] + 1
    assert list(peaks) == [24, 48, 72, 96, 120, 144, 168, 192] and alike[23] < alike[167] and alike[11] < 0
    assert BICYCLES.period == 24
