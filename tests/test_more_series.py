"""The other series are what their formulas say, and every recipe makes its series anew with NumPy alone."""

import math
import warnings

import numpy as np
import pytest

import helpers
from helpers import Experiment
from helpers.series import BUILT_IN, Series, echo, fast_cycle, sine, trend, two_cycles

EVERY = pytest.mark.parametrize("make", BUILT_IN.values(), ids=BUILT_IN)
FORMULAS = {  # at a time in days
    two_cycles: lambda day: math.sin(math.tau * day) + math.sin(math.tau * day / 7),
    fast_cycle: lambda day: math.sin(math.tau * day) + math.sin(math.tau * 7.02 * day),
    trend: lambda day: math.sin(math.tau * day) + 4 * day / 365,
}
KNOWN = ("period", "unit", "name", "noise", "ahead", "cycles", "kept", "recipe")  # besides the arrays and the code

CHANGES = {
    "as it is": lambda series: series,
    "noisy": lambda series: series.noisy(0.3, 2),
    "noisy twice": lambda series: series.noisy(0.3, 2).noisy(0.4, 2),
    "first part": lambda series: series.split()[0],
    "second part of the first": lambda series: series.split(0.7)[0].split(0.6)[1],
    "normalised": lambda series: series.normalised(),
    "second part, normalised": lambda series: series.split(0.5)[1].normalised(0.75),
    "all of it": lambda series: series.noisy(0.1).normalised(0.7).noisy(0.3, 1).split(0.9)[1],
}


def correlation(values, lag):
    """The mean product of values `lag` samples apart, in series whose mean is 0 and whose variance is 1."""
    return np.mean(values[lag:] * values[:-lag])


@pytest.mark.parametrize("hours_per_day, days", [(24, 365), (12, 40), (25, 9), (1, 30)])
@pytest.mark.parametrize("make", FORMULAS, ids=lambda make: make.__name__)
def test_values_and_targets_are_the_formula_now_and_a_quarter_of_a_day_later(make, hours_per_day, days):
    series = make(hours_per_day, days)
    values = [FORMULAS[make](sample / hours_per_day) for sample in range(hours_per_day * days)]
    targets = [FORMULAS[make](sample / hours_per_day + 0.25) for sample in range(hours_per_day * days)]
    assert series.values.shape == series.targets.shape == (hours_per_day * days, 1)
    assert series.values.dtype == series.targets.dtype == np.float32
    np.testing.assert_allclose(series.values[:, 0], values, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(series.targets[:, 0], targets, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("hours_per_day, days", [(24, 365), (8, 40), (12, 30)])
@EVERY
def test_the_target_is_the_value_so_many_samples_ahead_of_the_row(make, hours_per_day, days):
    series = make(hours_per_day, days)
    assert series.ahead == (0 if make is echo else hours_per_day // 4)
    samples = len(series)
    difference = np.abs(series.targets[: samples - series.ahead] - series.values[series.ahead :]).max()
    # The article's sine has a period a little below a day: a quarter of it is a little less than `ahead`.
    assert difference <= (np.pi / 2 / (samples - 1) if make is sine else 0) + 1e-6


@EVERY
def test_where_a_quarter_of_a_day_is_no_whole_number_of_samples_ahead_is_unknown(make):
    assert make(25, 40).ahead == (0 if make is echo else None)


@EVERY
def test_each_series_goes_by_the_name_of_its_function_and_comes_from_the_package(make):
    series = make(12, 40)
    assert series.name == make.__name__ and series.unit == "" and series.noise == 0
    assert getattr(helpers, series.name) is make is BUILT_IN[series.name]
    assert series.period == (12 - 1 / 40 if make is sine else 12)
    assert Experiment(series.name).series_with_noise == make()


@pytest.mark.parametrize("make, number", [(sine, 1), (two_cycles, 2), (fast_cycle, 2), (trend, 0), (echo, 0)])
def test_a_sum_of_sines_is_the_sum_of_its_cycles(make, number):
    series = make(24, 100)
    assert len(series.cycles) == number and (series.kept is None) == (make is not echo)
    if number:
        turns = 2 * np.pi * np.arange(len(series))[:, None] / series.cycles
        np.testing.assert_allclose(series.values[:, 0], np.sin(turns).sum(axis=1), atol=2e-6)


@EVERY
def test_scaled_values_are_no_longer_what_was_known_of_their_heights(make):
    series = make(24, 100)
    normal, noisy, part = series.normalised(), series.noisy(0.1), series.split()[1]
    assert normal.cycles == () and normal.kept is None
    assert (normal.period, normal.ahead) == (series.period, series.ahead)
    for other in (noisy, part):
        for name in ("period", "ahead", "cycles", "kept"):
            assert getattr(other, name) == getattr(series, name)


@pytest.mark.parametrize("start", range(4))
def test_every_fourth_sample_of_the_fast_cycle_looks_like_a_slow_one(start):
    day = np.arange(len(fast_cycle())) / 24
    fast = fast_cycle().values[:, 0] - np.sin(2 * np.pi * day)
    slow = np.sin(2 * np.pi * (1.02 * day + 6 * start / 24))
    np.testing.assert_allclose(fast[start::4], slow[start::4], atol=1e-6)
    assert np.abs(fast - slow)[start + 2 :: 4].mean() > 0.5


def test_the_trend_climbs_by_4_in_a_year_so_that_validation_lies_above_training():
    values = trend().values[:, 0].astype(float)
    np.testing.assert_allclose(values[24:] - values[:-24], 4 / 365, atol=1e-6)
    train, validation = (part.values.astype(float) for part in trend().split())
    assert validation.mean() - train.mean() == pytest.approx(2, abs=0.01)
    assert validation.reshape(-1, 24).max(axis=1).min() > train.max()
    normal = trend().normalised().split()
    assert abs(normal[0].values.mean()) < 1e-3 and normal[1].values.mean() > 1


@pytest.mark.parametrize("kept", [0, 0.5, 0.95])
def test_echo_keeps_its_variance_and_a_part_of_every_day(kept):
    every_seed = [echo(24, 1000, kept, seed=seed).values[:, 0].astype(float) for seed in range(6)]
    for lag, expected, tolerance in ((24, kept, 0.02), (48, kept**2, 0.03), (12, 0, 0.04), (1, 0, 0.04)):
        ratios = [correlation(values, lag) / np.mean(values**2) for values in every_seed]
        assert np.mean(ratios) == pytest.approx(expected, abs=tolerance)
    assert np.mean([values.var() for values in every_seed]) == pytest.approx(1, abs=0.05)
    assert abs(np.mean(every_seed)) < 0.05


@pytest.mark.parametrize("kept", [0.3, 0.95])
def test_every_day_of_echo_has_the_variance_1_from_the_first_on(kept):
    days = echo(20_000, 5, kept, seed=3).values.reshape(5, 20_000).astype(float)
    np.testing.assert_allclose(days.var(axis=1), 1, atol=0.05)
    fresh = days[1:] - kept * days[:-1]
    np.testing.assert_allclose(fresh.std(axis=1), np.sqrt(1 - kept**2), rtol=0.03)
    for day in range(1, 5):
        assert np.corrcoef(days[0], days[day])[0, 1] == pytest.approx(kept**day, abs=0.03)
        assert abs(np.corrcoef(days[day - 1], fresh[day - 1])[0, 1]) < 0.03


def test_echo_that_keeps_all_repeats_its_first_day():
    days = echo(24, 10, kept=1).values.reshape(10, 24)
    assert (days == days[0]).all() and days[0].std() > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_the_noise_in_echo_is_drawn_apart_from_its_shapes(seed):
    fresh = echo(24, 365, kept=0, seed=seed)
    for noisy in (echo(24, 365, kept=0, noise=1.0, seed=seed), fresh.noisy(1.0, seed), fresh.noisy(1.0)):
        drawn = noisy.values - fresh.values
        assert abs(np.corrcoef(drawn[:, 0], fresh.values[:, 0])[0, 1]) < 0.05


def test_the_seed_of_echo_draws_its_shapes():
    assert echo(24, 40, seed=1) == echo(24, 40, seed=1) != echo(24, 40, seed=2)
    assert abs(np.corrcoef(echo(24, 40, 0, seed=1).values[:, 0], echo(24, 40, 0, seed=2).values[:, 0])[0, 1]) < 0.2


@EVERY
def test_noise_is_in_the_values_alone_and_has_its_seed(make):
    settings = {"seed": 5} if make is echo else {}
    clean, noisy = make(**settings), make(noise=0.3, seed=5)
    assert noisy == clean.noisy(0.3, 5) and noisy != clean.noisy(0.3, 6)
    assert (noisy.values - clean.values).std() == pytest.approx(0.3, rel=0.05)
    assert np.array_equal(noisy.targets, clean.targets) and noisy.noise == 0.3


@pytest.mark.parametrize("kept", [-0.1, float("nan"), float("inf"), "most", None, True])
def test_a_part_kept_that_is_no_number_is_refused(kept):
    with pytest.raises(ValueError) as caught:
        echo(kept=kept)
    assert str(caught.value) == f"kept {kept!r} is not a number of 0 or more; try kept 0.1"


@pytest.mark.parametrize("kept", [1.0000001, 1.5, 95])
def test_more_than_all_cannot_be_kept(kept):
    with pytest.raises(ValueError) as caught:
        echo(kept=kept)
    assert str(caught.value) == f"kept {float(kept)!r} is more than all; use a part from 0 to 1"


@pytest.mark.parametrize(
    "setting, given",
    [("hours_per_day", 24.0), ("hours_per_day", 0), ("days", True), ("days", "40"), ("noise", -1), ("seed", -1)],
)
@EVERY
def test_a_bad_argument_is_answered_with_its_name(make, setting, given):
    with pytest.raises(ValueError) as caught:
        make(**{setting: given})
    assert str(caught.value).startswith(f"{setting} {given!r} is ")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@EVERY
def test_the_recipe_makes_the_series_with_numpy_alone(make, change):
    series, made = change(make(24, 40, seed=3)), {"np": np}
    exec(series.recipe, made)
    for name in ("values", "targets"):
        ours = np.ravel(made[name])
        assert ours.shape == (len(series),)
        np.testing.assert_allclose(ours, getattr(series, name)[:, 0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@EVERY
def test_the_code_makes_an_equal_series_of_which_as_much_is_known(make, change):
    series = change(make(24, 40, seed=3))
    again = eval(series.code, dict(BUILT_IN))
    assert again == series and repr(again) == repr(series) == series.code
    assert all(getattr(again, name) == getattr(series, name) for name in KNOWN)


def test_numbers_of_numpy_leave_no_trace_in_code_or_recipe():
    given = echo(np.int64(24), np.int32(40), np.float64(0.9), np.float64(0.3), np.int64(2))
    assert given == echo(24, 40, 0.9, 0.3, 2)
    assert given.recipe == echo(24, 40, 0.9, 0.3, 2).recipe and "np." not in given.code


def test_a_series_of_bare_arrays_has_no_recipe_whatever_is_done_to_it():
    bare = Series(np.arange(20.0), np.arange(20.0))
    assert [change(bare).recipe for change in CHANGES.values()] == [""] * len(CHANGES)


@pytest.mark.parametrize("known", [{"ahead": 1}, {"cycles": (3.0,)}, {"cycles": [4.0]}, {"kept": 0.5}, {"recipe": "#"}])
def test_an_experiment_knows_of_its_series_what_was_said_of_that_one(known):
    bare, told = Series(np.arange(50.0), np.ones(50)), Series(np.arange(50.0), np.ones(50), **known)
    assert bare != told
    for series in (bare, told):
        (name,) = known
        assert getattr(Experiment(series, length=3).series_with_noise, name) == getattr(series, name)


@pytest.mark.parametrize("bad", [["a", "b"], [1, "b"], [[1, 2], [3]], [1, [2]], [1, 2j], "ab", {}], ids=repr)
@pytest.mark.parametrize("part", ["values", "targets"])
def test_a_series_of_anything_but_numbers_is_refused_in_one_sentence(part, bad):
    with pytest.raises(ValueError) as caught:
        Series(**{"values": [1, 2], "targets": [1, 2], part: bad})
    assert str(caught.value) == f"{part} {bad!r} is not all numbers; use one number a sample"


def test_noise_beyond_what_values_can_hold_is_refused_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for make in (lambda: sine(noise=1e39), lambda: echo().noisy(1e39), lambda: Experiment(noise=1e39)):
            with pytest.raises(ValueError) as caught:
                make()
            assert str(caught.value) == "noise 1e+39 is too large for values of float32; use at most 1e+30"
        assert np.isfinite(sine(noise=1e30).values).all()
