"""What `series_and_windows` says of windows holds for Keras's own generator, at other settings than its own."""

import numpy as np
import pytest

from helpers import Windows, sine
from helpers.models import TimeseriesGenerator, keras


def made(samples=500, **settings):
    """Return the sample numbers in each window, and the row of each, as Keras's generator makes them."""
    generator = TimeseriesGenerator(np.arange(samples), np.arange(samples), batch_size=1000, **settings)
    return generator[0]


@pytest.mark.parametrize(("length", "stride"), [(5, 1), (12, 7), (48, 5), (4, 9)])
def test_stride_says_how_far_apart_windows_are_and_leaves_out_nothing_inside(length, stride):
    windows, rows = made(length=length, stride=stride)
    assert set(np.diff(windows[:, 0])) == {stride} and (np.diff(windows) == 1).all()
    assert windows.shape[1] == length and (rows == windows[:, -1] + 1).all()


@pytest.mark.parametrize(("length", "rate"), [(12, 3), (13, 3), (48, 7)])
def test_the_sampling_rate_leaves_out_samples_of_each_window(length, rate):
    windows, rows = made(length=length, sampling_rate=rate)
    assert (np.diff(windows) == rate).all() and windows.shape[1] == -(-length // rate)
    assert set(np.diff(windows[:, 0])) == {1} and (rows == windows[:, 0] + length).all()


@pytest.mark.parametrize("length", [3, 12, 24])
def test_samples_are_in_no_window_just_when_the_stride_is_greater_than_the_length(length):
    for stride in range(1, 3 * length):
        windows, _ = made(length=length, stride=stride)
        left_out = set(range(windows[-1, -1])) - set(windows.ravel())
        assert bool(left_out) == (stride > length), stride


def test_the_articles_third_example_leaves_out_no_sample():
    train, _ = sine().split(0.8)
    windows = Windows(24, stride=8)
    assert np.array_equal(np.unique(windows.samples(windows.rows(train))), np.arange(7000))


def test_keras_has_no_generator_where_the_article_imports_it():
    assert not hasattr(keras.preprocessing.sequence, "TimeseriesGenerator")


def test_after_a_year_the_curve_is_one_hour_early():
    values, late = sine().values[:, 0], np.sin(2 * np.pi * (np.arange(8760) + 1) / 24)
    np.testing.assert_allclose(values[-24:], late[-24:], atol=0.01)
