"""A series is the article's data to the last bit, and noise, splits and scaling do what they say."""

import numpy as np
import pytest

import helpers
from helpers.series import Series, sine

HOURS, DAYS = 24, 365


def pasted(series):
    return eval(repr(series), {"Series": Series, "sine": sine})


def test_the_sine_is_the_article_s_data_to_the_last_bit():
    end = DAYS * 2 * np.pi
    values = np.sin(np.linspace(0, end, HOURS * DAYS)).astype(np.float32)
    targets = np.sin(np.linspace(np.pi / 2, end + np.pi / 2, HOURS * DAYS)).astype(np.float32)
    for ours, theirs in ((sine().values, values), (sine().targets, targets)):
        assert ours.dtype == np.float32 and ours.shape == (8760, 1)
        assert ours[:, 0].tobytes() == theirs.tobytes()


def test_the_target_is_the_value_six_hours_after_the_row():
    series = sine()
    assert np.abs(series.targets[:-6] - series.values[6:]).max() < 1e-3


@pytest.mark.parametrize("hours, days", [(24, 365), (24, 40), (12, 7), (96, 3)])
def test_the_period_is_the_distance_after_which_the_sine_repeats(hours, days):
    series = sine(hours, days)
    assert len(series) == hours * days
    turns = np.arange(len(series)) * 2 * np.pi / series.period
    np.testing.assert_allclose(series.values[:, 0], np.sin(turns), atol=1e-6)
    np.testing.assert_allclose(series.targets[:, 0], np.cos(turns), atol=1e-6)


def test_four_fifths_are_to_train_on_and_the_rest_to_validate_on():
    series = sine()
    train, validation = series.split(0.8)
    assert (len(train), len(validation)) == (7008, 1752)
    for name in ("values", "targets"):
        both = np.concatenate([getattr(train, name), getattr(validation, name)])
        assert np.array_equal(both, getattr(series, name))
    assert train.period == validation.period == series.period
    assert series.split() == (train, validation)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, float("nan"), 0.0001, "a"])
def test_a_split_that_leaves_too_little_in_a_part_says_so(fraction):
    with pytest.raises(ValueError) as caught:
        sine().split(fraction)
    assert str(caught.value).startswith(f"fraction {fraction!r} ")


def test_noise_is_in_the_values_and_never_in_the_targets():
    noisy = sine(noise=0.3)
    drawn = (noisy.values - sine().values).astype(float)
    assert abs(drawn.mean()) < 0.02 and drawn.std() == pytest.approx(0.3, rel=0.05)
    assert np.array_equal(noisy.targets, sine().targets)
    assert noisy.noise == 0.3 and noisy.period == sine().period


def test_the_noise_of_one_sample_tells_nothing_of_the_next():
    drawn = (sine(noise=0.3).values - sine().values)[:, 0].astype(float)
    for distance in (1, 2, 24):
        assert abs(np.corrcoef(drawn[:-distance], drawn[distance:])[0, 1]) < 0.06


def test_noise_has_a_seed_of_its_own_and_comes_out_the_same_every_time():
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()
    first = Series.noisy(sine(), 0.3, 7)
    np.random.seed(2)
    assert first == Series.noisy(sine(), 0.3, 7) == sine(noise=0.3, seed=7)
    assert first != sine(noise=0.3, seed=8)
    np.random.seed(1)
    sine(24, 9, noise=0.5, seed=3)
    assert np.random.get_state()[1].tolist() == before


def test_no_noise_changes_nothing():
    assert sine().noisy(0) is sine()


@pytest.mark.parametrize("seeds", [(0, 1), (0, 0)])
def test_two_noises_on_top_of_each_other_are_as_strong_as_the_series_says(seeds):
    twice = sine().noisy(0.3, seeds[0]).noisy(0.4, seeds[1])
    assert (twice.values - sine().values).std() == pytest.approx(twice.noise, rel=0.05)


@pytest.mark.parametrize("noise", [-0.1, float("nan"), float("inf")])
def test_noise_that_is_no_standard_deviation_says_so(noise):
    with pytest.raises(ValueError) as caught:
        sine(noise=noise)
    assert str(caught.value) == f"noise {noise!r} is not a number of 0 or more; try noise 0.1"


@pytest.mark.parametrize("setting, given", [("noise", "much"), ("noise", None), ("seed", -1), ("seed", 1.5)])
def test_noise_of_the_wrong_kind_is_answered_with_the_name_of_the_setting(setting, given):
    with pytest.raises(ValueError) as caught:
        sine(**{"noise": 0.1, setting: given})
    assert str(caught.value).startswith(f"{setting} {given!r} ")


@pytest.mark.parametrize("part", ["values", "targets"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_missing_or_infinite_sample_is_named(part, bad):
    arrays = {"values": np.arange(10.0), "targets": np.arange(10.0)}
    arrays[part][3] = arrays[part][7] = bad
    with pytest.raises(ValueError) as caught:
        Series(**arrays)
    assert str(caught.value) == f"{part} has {bad} at sample 3; fill or drop it first"


def test_values_without_targets_of_the_same_number_are_refused():
    with pytest.raises(ValueError) as caught:
        Series([1, 2, 3], [1, 2])
    assert str(caught.value) == "targets has 2 samples for 3 values; use one each"
    with pytest.raises(ValueError, match="values has 1 samples; use at least 2"):
        Series([1], [1])


def test_a_table_of_two_columns_is_not_taken_for_one_series_twice_as_long():
    with pytest.raises(ValueError):
        Series(np.zeros((10, 2)), np.zeros((10, 2)))


@pytest.mark.parametrize("given", [0, -1, 2.5, 24.0, True, "24", None])
@pytest.mark.parametrize("name", ["hours_per_day", "days"])
def test_a_sine_needs_whole_hours_and_days(name, given):
    with pytest.raises(ValueError) as caught:
        sine(**{"hours_per_day": 29, "days": 31, name: given})
    assert str(caught.value).startswith(f"{name} {given!r} is ")
    assert str(caught.value).endswith("; use 1 or more")


def test_what_was_asked_before_does_not_change_what_is_allowed():
    sine(24, 31)
    with pytest.raises(ValueError, match=r"hours_per_day 24\.0 is not a whole number"):
        sine(24.0, 31)


def test_lists_and_flat_arrays_are_put_into_shape():
    for values in ([1, 2, 3], (1.0, 2.0, 3.0), np.array([1, 2, 3]), np.array([[1.0], [2.0], [3.0]])):
        series = Series(values, values)
        assert series.values.shape == series.targets.shape == (3, 1)
        assert series.values.dtype == series.targets.dtype == np.float32


def test_equal_series_are_equal_wherever_they_were_made():
    first, second = Series([1, 2, 3], [4, 5, 6]), Series([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    assert first == second and hash(first) == hash(second) and len({first, second}) == 1
    assert first != Series([1, 2, 4], [4, 5, 6])
    assert first != Series([1, 2, 3], [4, 5, 7])
    assert first != "series"
    assert sine() == sine(24, 365) and hash(sine()) == hash(sine(24, 365))
    assert sine() != sine(noise=0.1)


@pytest.mark.parametrize("difference", [{"period": 2}, {"name": "other"}], ids=str)
def test_series_that_differ_in_what_is_known_of_them_are_not_equal(difference):
    assert Series([1, 2, 3], [4, 5, 6]) != Series([1, 2, 3], [4, 5, 6], **difference)


@pytest.mark.parametrize(
    "series",
    [
        sine(),
        sine(12, 40),
        sine(24, 40, noise=0.3),
        sine(24, 40, noise=0.1 + 0.2, seed=5),
        sine(24, 40).noisy(0.1, 1).noisy(0.2, 2),
        sine(24, 40).split()[0],
        sine(24, 40, noise=0.1).split(0.7)[1],
        sine(24, 40).normalised(),
        sine(24, 40, noise=0.2).normalised(0.5).noisy(0.1, 3).split(0.9)[0],
        sine(np.int64(24), np.int32(40), noise=0.3, seed=np.int64(2)),
        sine(24, 40, noise=np.float64(0.35)),
    ],
    ids=repr,
)
def test_the_repr_of_a_series_pastes_back_as_the_same_series(series):
    again = pasted(series)
    assert again == series and repr(again) == repr(series)
    assert (again.period, again.unit, again.name, again.noise) == (
        series.period,
        series.unit,
        series.name,
        series.noise,
    )


def test_nothing_changes_a_series_once_it_is_made():
    mine = np.arange(5.0, dtype=np.float32).reshape(-1, 1)
    series = Series(mine, mine)
    mine[0] = 99
    assert series.values[0] == 0 and series.targets[0] == 0
    for made in (series, sine(), sine().split()[0], sine().normalised(), sine(noise=0.1)):
        for array in (made.values, made.targets):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
    with pytest.raises(AttributeError):
        series.values = mine


def test_normalising_learns_from_the_training_part_only():
    values = np.concatenate([np.linspace(10, 30, 80), np.full(20, 500.0)])
    series = Series(values, values + 5, period=7, noise=2.0)
    normal = series.normalised()
    train, _ = normal.split(0.8)
    assert train.values.mean() == pytest.approx(0, abs=1e-5) and train.values.std() == pytest.approx(1, rel=1e-5)
    mean, spread = values[:80].mean(), values[:80].std()
    np.testing.assert_allclose(normal.values[:, 0], (values - mean) / spread, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(normal.targets[:, 0], (values + 5 - mean) / spread, rtol=1e-5, atol=1e-6)
    assert normal.noise == pytest.approx(2.0 / spread) and normal.period == 7

    otherwise = np.where(np.arange(100) < 80, values, -1e4)
    assert np.array_equal(Series(otherwise, otherwise + 5).normalised().values[:80], normal.values[:80])


def test_a_constant_cannot_be_normalised():
    with pytest.raises(ValueError, match=r"values are all 0\.1 in the training part"):
        Series(np.full(1000, 0.1), np.zeros(1000)).normalised()


def test_the_names_of_the_series_come_straight_from_the_package():
    assert helpers.sine is sine and helpers.Series is Series
