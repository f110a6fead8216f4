"""Windows are those of Keras's two ways to make them, at any setting, and say which samples they take."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator

from helpers import Series, Windows, sine

often = settings(max_examples=150, derandomize=True, deadline=None, database=None)
seldom = settings(often, max_examples=25)  # each example builds a dataset


def random_series(samples):
    draw = np.random.default_rng(samples)
    return Series(draw.normal(size=samples), draw.normal(size=samples))


@st.composite
def series_and_windows(draw):
    samples = draw(st.integers(2, 60))
    return random_series(samples), Windows(
        length=draw(st.one_of(st.just(samples - 1), st.integers(1, samples - 1))),
        stride=draw(st.one_of(st.just(samples - 1), st.integers(1, samples - 1))),
        sampling_rate=draw(st.integers(1, samples - 1)),
        batch_size=draw(st.integers(1, 70)),
    )


def same(batches, windows, series):
    """Check that the batches are those of `take`, all full but the last."""
    batches = list(batches)
    inputs, targets = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    np.testing.assert_array_equal(inputs, windows.take(series)[0], strict=True)
    np.testing.assert_array_equal(targets, windows.take(series)[1], strict=True)
    assert len(batches) == windows.updates_per_epoch(series)
    assert all(len(inputs) == windows.batch_size for inputs, _ in batches[:-1])


def batches_of(generator):
    return [generator[i] for i in range(len(generator))]


def by_hand(series, windows):
    """One window after the other, as the design tells it."""
    inputs, targets = [], []
    row = windows.length
    while row < len(series):
        inputs.append(series.values[row - windows.length : row : windows.sampling_rate])
        targets.append(series.targets[row])
        row += windows.stride
    while windows.drop_remainder and len(inputs) % windows.batch_size:
        del inputs[-1], targets[-1]
    return np.array(inputs), np.array(targets)


@often
@given(series_and_windows())
def test_the_windows_are_the_samples_before_each_row(case):
    series, windows = case
    inputs, targets = windows.take(series)
    expected = by_hand(series, windows)
    np.testing.assert_array_equal(inputs, expected[0], strict=True)
    np.testing.assert_array_equal(targets, expected[1], strict=True)
    assert inputs.shape == (windows.count(series), windows.steps, 1) and targets.shape == (len(inputs), 1)
    assert windows.steps == math.ceil(windows.length / windows.sampling_rate)
    assert windows.rows(series).tolist() == list(range(windows.length, len(series), windows.stride))
    assert windows.updates_per_epoch(series) == math.ceil(len(inputs) / windows.batch_size)


@often
@given(series_and_windows())
def test_the_windows_are_those_of_the_timeseries_generator(case):
    series, windows = case
    theirs = TimeseriesGenerator(
        series.values,
        series.targets,
        length=windows.length,
        stride=windows.stride,
        sampling_rate=windows.sampling_rate,
        batch_size=windows.batch_size,
    )
    same(batches_of(theirs), windows, series)
    same(batches_of(windows.generator(series)), windows, series)


@seldom
@given(series_and_windows())
def test_the_windows_are_those_of_timeseries_dataset_from_array(case):
    series, windows = case
    starts = range(0, len(series) - windows.length, windows.stride)
    theirs = keras.utils.timeseries_dataset_from_array(
        series.values,
        None,
        sequence_length=windows.steps,
        sequence_stride=windows.stride,
        sampling_rate=windows.sampling_rate,
        batch_size=None,
    )
    np.testing.assert_array_equal(
        np.array(list(theirs.as_numpy_iterator()))[: len(starts)], windows.take(series)[0], strict=True
    )
    same(windows.dataset(series).as_numpy_iterator(), windows, series)


@pytest.mark.parametrize(
    "windows",
    [
        Windows(length=19),
        Windows(length=19, stride=7, sampling_rate=5),
        Windows(length=1),
        Windows(length=12, stride=9),
        Windows(length=4, sampling_rate=6),
        Windows(length=4, sampling_rate=4),
        Windows(length=5, sampling_rate=4),
        Windows(length=3, batch_size=5),
        Windows(length=3, batch_size=17),
        Windows(length=3, batch_size=1),
        Windows(length=3, batch_size=5, drop_remainder=True),
        Windows(length=3, batch_size=17, drop_remainder=True),
        Windows(length=2, stride=3, sampling_rate=2, batch_size=4, drop_remainder=True),
        Windows(length=3, stride=20),
        Windows(length=3, sampling_rate=20),
        Windows(length=3, sampling_rate=1000),
    ],
    ids=lambda windows: repr(windows).splitlines()[0],
)
def test_all_three_ways_agree_at_the_edges(windows):
    series = random_series(20)
    np.testing.assert_array_equal(windows.take(series)[0], by_hand(series, windows)[0])
    same(batches_of(windows.generator(series)), windows, series)
    same(windows.dataset(series).as_numpy_iterator(), windows, series)


@pytest.mark.parametrize("batch_size, kept", [(1, 17), (2, 16), (5, 15), (9, 9), (17, 17)])
def test_the_windows_of_a_short_last_batch_may_be_left_out(batch_size, kept):
    series, windows = random_series(20), Windows(3, batch_size=batch_size, drop_remainder=True)
    assert windows.count(series) == kept and windows.updates_per_epoch(series) == kept // batch_size
    assert {len(inputs) for inputs, _ in batches_of(windows.generator(series))} == {batch_size}
    assert {len(inputs) for inputs, _ in windows.dataset(series).as_numpy_iterator()} == {batch_size}


def test_where_there_is_no_full_batch_a_sentence_says_which_would_be_one():
    windows = Windows(3, batch_size=18, drop_remainder=True)
    for asked in ("rows", "count", "updates_per_epoch", "take", "generator", "dataset"):
        with pytest.raises(ValueError, match=r"^batch_size 18 makes no full batch of 17 windows; use at most 17$"):
            getattr(windows, asked)(random_series(20))


def test_the_article_s_third_example_has_873_windows_in_28_batches():
    train, _ = sine().split()
    windows = Windows(24, stride=8)
    assert (windows.count(train), windows.updates_per_epoch(train)) == (873, 28)
    assert len(windows.generator(train)) == 28


@often
@given(series_and_windows())
def test_a_window_stays_whole_at_any_stride(case):
    series, windows = case
    seen = windows.samples(windows.rows(series))
    assert (np.diff(seen, axis=1) == windows.sampling_rate).all()
    assert (seen[:, 0] == windows.rows(series) - windows.length).all()
    assert (seen[:, -1] < windows.rows(series)).all()


@often
@given(st.integers(2, 60), st.integers(0, 30))
def test_a_length_without_any_window_says_which_would_do(samples, beyond):
    series = random_series(samples)
    assert Windows(samples - 1).count(series) == 1
    for asked in ("rows", "count", "updates_per_epoch", "take", "generator", "dataset"):
        with pytest.raises(ValueError) as caught:
            getattr(Windows(samples + beyond), asked)(series)
        assert str(caught.value) == (
            f"length {samples + beyond} leaves no window in {samples} samples; use at most {samples - 1}"
        )


def test_a_length_beyond_the_training_part_gets_the_sentence_of_the_design():
    with pytest.raises(ValueError) as caught:
        Windows(9000).take(sine().split()[0])
    assert str(caught.value) == "length 9000 leaves no window in 7008 samples; use at most 7007"


def test_a_stride_beyond_the_series_says_so():
    with pytest.raises(ValueError) as caught:
        Windows(3, stride=21).count(random_series(20))
    assert str(caught.value).startswith("stride 21 steps over all of 20 samples; use at most ")


@pytest.mark.parametrize("name", ["length", "stride", "sampling_rate", "batch_size"])
@pytest.mark.parametrize(
    "given, fault",
    [
        (0, "too small"),
        (-1, "too small"),
        (-24, "too small"),
        (2.5, "not a whole number"),
        (24.0, "not a whole number"),
        (float("nan"), "not a whole number"),
        (True, "not a whole number"),
        (np.True_, "not a whole number"),
        ("24", "not a whole number"),
        ("", "not a whole number"),
        (None, "not a whole number"),
        ([24], "not a whole number"),
    ],
)
def test_a_setting_that_is_no_whole_number_above_0_is_named(name, given, fault):
    with pytest.raises(ValueError) as caught:
        Windows(**{"length": 24, name: given})
    assert str(caught.value) == f"{name} {given!r} is {fault}; use 1 or more"


@pytest.mark.parametrize("number", [np.int64(6), np.int32(6), np.uint8(6)])
def test_numpy_s_whole_numbers_are_whole_numbers(number):
    windows = Windows(number, number, number, number)
    assert windows == Windows(6, 6, 6, 6) and hash(windows) == hash(Windows(6, 6, 6, 6))
    assert type(windows.length) is int
    assert windows.rows(random_series(20)).tolist() == [6, 12, 18]


def test_the_repr_prints_the_indices_of_the_first_windows():
    assert repr(Windows(3)) == "\n".join(
        [
            "Windows(length=3, stride=1, sampling_rate=1, batch_size=32)",
            "  samples 0, 1, 2 -> target of row 3",
            "  samples 1, 2, 3 -> target of row 4",
            "  samples 2, 3, 4 -> target of row 5",
            "  ...",
        ]
    )
    assert "  samples 8, 11, 14, ..., 23, 26, 29 -> target of row 32" in repr(Windows(24, 8, 3)).splitlines()


@often
@given(series_and_windows())
def test_the_repr_tells_the_truth(case):
    series, windows = case
    rows = windows.rows(series)[:3]
    for line, row, seen in zip(repr(windows).splitlines()[1:], rows, windows.samples(rows).tolist(), strict=False):
        samples, target = line.removeprefix("  samples ").split(" -> target of row ")
        first, _, last = samples.partition(", ..., ")
        first, last = ([int(number) for number in part.split(", ") if number] for part in (first, last))
        assert int(target) == row
        if last:
            assert (first, last) == (seen[:3], seen[-3:])
        else:
            assert first == seen


def test_windows_cannot_be_changed():
    with pytest.raises(AttributeError):
        Windows(3).length = 4
