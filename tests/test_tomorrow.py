"""Forecasts beyond the end of a series, and models that are saved: against Keras, arithmetic, and what came in fact."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from helpers import Experiment, Series, echo, forecast, from_pandas, run, sine

MONTH = Experiment(sine(24, 30), length=6, epochs=2, activation="tanh", dnn_sees="window")


def hourly(samples=720, ahead=0, start="2026-03-01", freq="h"):
    """A pandas Series of a daily wave around 20, 5 high."""
    wave = 20 + 5 * np.sin(np.arange(samples) * 2 * np.pi / 24)
    index = pd.date_range(start, periods=samples, freq=freq)
    return from_pandas(pd.Series(wave, index, name="load"), ahead=ahead, period=24)


@pytest.fixture(scope="module")
def trained():
    """A run on a year of the sine, which both models learn."""
    return run(Experiment(length=24, epochs=6, dnn_sees="window"))


@pytest.mark.parametrize("model", ["lstm", "dnn"])
def test_the_forecast_of_a_sine_is_the_sine_that_goes_on(trained, model):
    made, samples = forecast(trained, 48, model), 8760 + 6
    turns = np.arange(samples, samples + 48) * 365 * 2 * np.pi / 8759
    assert np.abs(made - np.sin(turns)).max() < 0.1
    assert list(made.index) == list(range(samples, samples + 48)) and made.name == "sine"


@pytest.mark.parametrize("model", ["lstm", "dnn"])
@pytest.mark.parametrize("ahead", [0, 3])
def test_the_first_values_come_from_the_last_windows_and_later_ones_are_fed_back(model, ahead):
    experiment = replace(MONTH, series=hourly(ahead=ahead), sampling_rate=2)
    result = run(experiment)
    known = np.append(experiment.train.values, experiment.validation.values)
    known = np.append(known, experiment.validation.targets[len(experiment.validation) - ahead :])
    made = forecast(result, 6, model)
    for step, value in enumerate(made):
        row = 720 + step - ahead
        window = known[row - 6 : row : 2]
        inputs = window[None, :, None] if model == "lstm" else window[None]
        assert result.models[model].predict(inputs, verbose=0)[0, 0] == pytest.approx(value, rel=1e-5)
        known = np.append(known, np.float32(value))
    assert len(experiment.series) == 720 - ahead


@pytest.mark.parametrize(
    ("start", "freq", "ahead", "expected"),
    [
        ("2026-03-01", "h", 0, ["2026-03-31 00:00", "2026-03-31 01:00"]),
        ("2026-03-01", "h", 5, ["2026-03-31 00:00", "2026-03-31 01:00"]),
        ("2026-01-01 07:30", "15min", 0, ["2026-01-08 19:30", "2026-01-08 19:45"]),
        ("1960-01-31", "ME", 0, ["2020-01-31", "2020-02-29"]),
        ("1960-02-15", pd.DateOffset(months=1), 2, ["2020-02-15", "2020-03-15"]),
        ("1840-03-31", "QE", 0, ["2020-03-31", "2020-06-30"]),
    ],
)
def test_its_times_are_those_that_follow_the_last_one(start, freq, ahead, expected):
    series = hourly(ahead=ahead, start=start, freq=freq)
    made = forecast(run(replace(MONTH, series=series, epochs=1)), 2)
    assert list(made.index) == [pd.Timestamp(time) for time in expected] and made.name == "load"
    assert len(series.times) == len(series) and series.times[0] == pd.Timestamp(start)


def test_it_is_in_the_unit_before_the_series_was_normalised():
    series = hourly().normalised()
    assert series.mean == pytest.approx(20, abs=1e-3) and series.spread == pytest.approx(5 / np.sqrt(2), rel=1e-3)
    result = run(replace(MONTH, series=series, epochs=30, learning_rate=0.01))
    made = forecast(result, 24)
    assert np.abs(made - (20 + 5 * np.sin(np.arange(720, 744) * 2 * np.pi / 24))).max() < 1
    twice = series.normalised()
    assert (twice.mean, twice.spread) == pytest.approx((series.mean, series.spread), rel=1e-3)


def test_a_stateful_lstm_reads_on_up_to_its_row():
    experiment = replace(MONTH, series=hourly(), stateful=True, length=5)
    result = run(experiment)
    border, model = len(experiment.train), result.models["lstm"]
    values = hourly().values
    rows = [row for row in range(border + 5, 721) if (720 - row) % 5 == 0]
    model.layers[0].reset_states()
    for row in rows:
        last = model.predict(values[None, row - 5 : row], verbose=0)[0, 0]
    assert forecast(result).iloc[0] == pytest.approx(last, rel=1e-5)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"steps": 0}, "^steps 0 is too small; use 1 or more$"),
        ({"model": "gru"}, "^model 'gru' is unknown; use 'lstm' or 'dnn'$"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(trained, given, sentence):
    with pytest.raises(ValueError, match=sentence):
        forecast(trained, **given)


def test_a_series_whose_targets_are_something_else_cannot_be_forecast():
    values = sine(24, 30).values
    result = run(replace(MONTH, series=Series(values, -values), epochs=1))
    with pytest.raises(ValueError, match="series 'series' has no ahead, so its targets are no later values"):
        forecast(result)


def test_a_series_with_ahead_0_is_forecast_from_its_last_value_on():
    result = run(Experiment(echo(24, 60), length=24, epochs=1))
    assert forecast(result).index[0] == 60 * 24


@pytest.mark.parametrize("normal", [False, True])
@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("model", ["lstm", "dnn"])
def test_a_saved_model_is_loaded_by_keras_alone_and_answers_in_the_own_unit(tmp_path, normal, stateful, model):
    series = hourly().normalised() if normal else hourly()
    experiment = replace(MONTH, series=series, stateful=stateful, length=7)
    result = run(experiment)
    result.save(tmp_path / "mine.keras", model)
    again = keras.saving.load_model(tmp_path / "mine.keras", safe_mode=True)
    window = hourly().values[-7:].T
    shape = (1 if stateful and model == "lstm" else None, 7, 1)
    assert again.input_shape == (shape if model == "lstm" else (None, 7))
    inputs = window[:, :, None] if model == "lstm" else window
    first = result.models[model].predict((inputs - series.mean) / series.spread, batch_size=1, verbose=0)
    said = again.predict(inputs, batch_size=1, verbose=0)
    assert said == pytest.approx(first * series.spread + series.mean, rel=1e-4)
    if not stateful:
        assert forecast(result, model=model).iloc[0] == pytest.approx(said[0, 0], rel=1e-4)


def test_a_path_that_cannot_be_written_is_refused(trained, tmp_path):
    for path in (tmp_path / "mine.h5", tmp_path / "nowhere" / "mine.keras"):
        with pytest.raises(ValueError, match=r"is no \.keras file in a folder that exists; use one like 'mine\.keras'"):
            trained.save(path)
    with pytest.raises(ValueError, match="model 'gru' is unknown"):
        trained.save(tmp_path / "mine.keras", "gru")
