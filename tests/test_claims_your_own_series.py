"""What `your_own_series` says of the bicycles holds, for other seeds than its own."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from claims import trained
from scipy.signal import find_peaks

from helpers import Experiment, baselines, from_csv

PATH = Path(__file__).parent.parent / "notebooks" / "data" / "bicycles.csv"
BICYCLES = from_csv(PATH, "bicycles", time="time")
DAY = Experiment(BICYCLES.normalised(), activation="tanh", dnn_sees="window", learning_rate=0.002, epochs=6)


def part(experiment):
    """The LSTM's validation losses over that of repeating the last value, a seed each."""
    last = np.array([result.val_losses["lstm"][-1] for result in trained(experiment)])
    return last / baselines(experiment)["last value"]


@cache
def weighted_sum(length):
    """The error of the linear autoregression over that of repeating the last value."""
    errors = baselines(replace(DAY, length=length))
    return errors["linear autoregression"] / errors["last value"]


def test_normalised_the_bicycles_are_forecast_better_than_as_counts():
    assert 2 * part(DAY).max() < part(replace(DAY, series=BICYCLES)).min()


def test_as_counts_the_lstm_is_worse_than_repeating_the_last_value():
    assert part(replace(DAY, series=BICYCLES)).min() > 1.5


def test_a_window_of_a_day_serves_better_than_one_of_six_hours():
    assert part(DAY).max() < 0.97 * part(replace(DAY, length=6)).min()


def test_a_window_of_a_week_serves_the_lstm_no_better_than_one_of_a_day():
    assert part(replace(DAY, length=168)).max() > part(DAY).min()


def test_the_weighted_sum_gets_more_out_of_a_week_than_out_of_a_day():
    assert weighted_sum(168) < 0.9 * weighted_sum(24)


def test_with_a_day_the_lstm_beats_the_weighted_sum_and_so_all_three_forecasts():
    assert part(DAY).max() < 0.9 * weighted_sum(24)
    assert min(baselines(DAY), key=baselines(DAY).get) == "linear autoregression"


def test_a_week_earlier_is_a_better_guess_than_yesterday_and_the_last_value_than_both():
    day, weekly = baselines(Experiment(BICYCLES)), baselines(Experiment(replace(BICYCLES, period=168)))
    order = day["last value"], weekly["one period earlier"], day["same hour yesterday"]
    assert np.all(np.diff(order) > 0.05 * order[0])


def test_the_summer_lifts_the_validation_loss_above_twice_the_training_loss():
    train, validation = BICYCLES.split()
    assert validation.values.mean() > 1.5 * train.values.mean()
    assert all(result.val_losses["lstm"][-1] > 2 * result.losses["lstm"][-1] for result in trained(DAY))


@pytest.mark.parametrize("day, peaks", [*((day, [8, 17]) for day in range(5)), (5, [15]), (6, [15])])
def test_the_mean_working_day_has_two_peaks_and_a_free_day_one(day, peaks):
    weeks = BICYCLES.values[: len(BICYCLES) // 168 * 168, 0].reshape(-1, 7, 24)
    found = find_peaks(weeks.mean(axis=0)[day], prominence=50)[0]
    np.testing.assert_allclose(found, peaks, atol=1)


def test_bicycles_are_like_themselves_a_day_and_a_week_earlier_and_not_half_a_day():
    values = BICYCLES.values[:, 0]
    half, day, week = (np.corrcoef(values[lag:], values[:-lag])[0, 1] for lag in (12, 24, 168))
    assert half < 0 and 0.7 < day < week
    assert BICYCLES.period == 24
