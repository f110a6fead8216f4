"""What `tomorrow` says of horizons holds for other seeds than its own, and its floor is that of the file."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from claims import trained
from course import NOTEBOOKS

from helpers import Experiment, baselines, forecast, from_csv

DATA = NOTEBOOKS["tomorrow"].parent / "data"
CELLS = json.loads(NOTEBOOKS["tomorrow"].read_text(encoding="utf-8"))["cells"]
SAID = {cell["id"]: "".join(cell["source"]) for cell in CELLS}
NAMES: dict = {}
exec(SAID["setup"] + "\n" + SAID["ways"], NAMES)
asked, feed_back, typical = (NAMES[name] for name in ("asked", "feed_back", "typical"))


@cache
def model_for(horizon):
    """The experiment of one horizon."""
    series = from_csv(DATA / "bicycles.csv", "bicycles", time="time", ahead=horizon - 1).normalised()
    day = Experiment(series, activation="tanh", dnn_sees="window", learning_rate=0.002)
    return replace(day, epochs=4)


@cache
def backtest():
    """The origins of the validation part, their windows, and the days that came."""
    series = model_for(1).series
    values = series.values[:, 0] * series.spread + series.mean
    origins = np.arange(len(model_for(1).train) + 24, len(values) - 23)
    days = np.lib.stride_tricks.sliding_window_view(values, 24)
    return values, origins, days[origins - 24], days[origins]


@cache
def direct(model, horizon):
    """The typical errors of the models of one horizon, a seed each."""
    _, _, samples, came = backtest()
    results = trained(model_for(horizon), model)
    return np.array([typical(asked(result, model, samples), came[:, horizon - 1]) for result in results])


@cache
def fed_back(model):
    """The typical errors of the models of the next hour, fed back, by seed and horizon."""
    _, _, samples, came = backtest()
    return np.array([typical(feed_back(result, model, samples), came) for result in trained(model_for(1), model)])


@cache
def simple(horizon):
    """The typical errors of the same hour yesterday and a week earlier, and of the linear autoregression."""
    values, origins, *_ = backtest()
    linear = baselines(model_for(horizon))["linear autoregression"]
    scale = model_for(horizon).series.spread
    return [*(typical(values[origins - lag], values[origins]) for lag in (24, 168)), scale * linear**0.5]


@pytest.mark.parametrize("horizon", [1, 24])
def test_an_hour_and_a_day_ahead_the_lstm_beats_all_baselines_going_direct(horizon):
    assert direct("lstm", horizon).max() < min(simple(horizon))


def test_at_horizon_24_its_lead_is_small_and_fed_back_it_has_none():
    assert 0.88 < np.median(direct("lstm", 24)) / min(simple(24)) < 0.98
    assert np.median(fed_back("lstm")[:, 23]) > min(simple(24))


def test_a_day_ahead_three_hours_serve_the_lstm_nearly_as_well_as_a_day():
    _, _, samples, came = backtest()
    day, errors = np.median(direct("lstm", 24)), {}
    for hours in (3, 12):
        results = trained(replace(model_for(24), length=hours), "lstm")
        made = [asked(result, "lstm", samples[:, -hours:]) for result in results]
        errors[hours] = np.median([typical(each, came[:, 23]) for each in made])
    assert day < errors[3] < 1.07 * day and errors[12] < 1.04 * day


@pytest.mark.parametrize("model", ["lstm", "dnn"])
def test_at_horizon_24_going_direct_is_better(model):
    assert direct(model, 24).max() < fed_back(model)[:, 23].min()


def test_at_horizon_3_the_direct_lstm_is_no_better_than_feeding_back():
    assert np.median(direct("lstm", 3)) > np.median(fed_back("lstm")[:, 2])
    assert np.median(direct("lstm", 3)) > 0.99 * simple(3)[-1]
    _, _, samples, came = backtest()
    longer = {at: trained(replace(model_for(at), epochs=8), "lstm") for at in (1, 3)}
    back = [typical(feed_back(result, "lstm", samples, 3)[:, 2], came[:, 2]) for result in longer[1]]
    ahead = [typical(asked(result, "lstm", samples), came[:, 2]) for result in longer[3]]
    assert np.median(back) < np.median(ahead) < np.median(direct("lstm", 3))
    assert np.median(back) < np.median(fed_back("lstm")[:, 2])


@pytest.mark.parametrize("model", ["lstm", "dnn"])
def test_the_error_grows_most_in_the_first_hours(model):
    one, three, day = (np.median(direct(model, horizon)) for horizon in (1, 3, 24))
    assert three - one > abs(day - three) and day > 1.5 * one


def test_at_horizon_24_the_last_value_is_that_of_the_same_hour_yesterday():
    known = baselines(model_for(24))
    assert known["last value"] == pytest.approx(known["same hour yesterday"])


def test_what_the_notebook_feeds_back_is_the_forecast():
    result = trained(model_for(1))[0]
    values = backtest()[0]
    made = feed_back(result, "lstm", values[None, -24:])[0]
    np.testing.assert_allclose(made, forecast(result, steps=24), rtol=1e-3, atol=0.05)


def test_at_midnight_before_a_saturday_both_ways_draw_a_working_day():
    values, *_ = backtest()
    saturday = np.flatnonzero(model_for(1).series.times == np.datetime64("2025-06-14"))[0]
    samples, came = values[None, saturday - 24 : saturday], values[saturday : saturday + 24]
    for result in trained(model_for(1)):
        made = feed_back(result, "lstm", samples)[0]
        assert made[6:10].max() > 2 * came[6:10].max()
    eight = [asked(result, "lstm", samples)[0] for result in trained(model_for(9))]
    assert min(eight) > 2 * came[8]


@pytest.mark.parametrize("days", [0, 30])
def test_the_floor_is_the_scatter_of_counts_drawn_by_the_script(days):
    script = (DATA / "README.md").read_text(encoding="utf-8").split("```python")[1].split("counts =")[0]
    exec(script, made := {})
    mean = made["mean"][backtest()[1]]
    drawn = np.random.default_rng(days).negative_binomial(60, 60 / (60 + mean), (200, len(mean)))
    floor = np.sqrt(np.mean(mean + mean**2 / 60))
    assert np.sqrt(np.mean((drawn - mean) ** 2)) == pytest.approx(floor, rel=0.02) and 25 < floor < 28
    assert floor < 0.6 * min(direct("lstm", 1).min(), direct("dnn", 1).min())
