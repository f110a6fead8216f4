"""A pandas Series becomes ours as a file does, and no one is left guessing where to put one."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from csvs import flat, often
from hypothesis import given
from hypothesis import strategies as st

from helpers import Experiment, from_csv, from_pandas

HOURS = pd.date_range("2026-01-05 08:00", periods=240, freq="h")
SECONDS = pd.date_range("2026-01-05 08:00", periods=240, freq="s")
DAY = pd.Series(np.sin(np.arange(240) * 2 * np.pi / 24).round(4), HOURS, name="load")


def refused(series, **settings):
    """Return the sentence with which a pandas Series is refused."""
    with pytest.raises(ValueError) as caught:
        from_pandas(series, **settings)
    assert type(caught.value) is ValueError and "; " in str(caught.value)
    return str(caught.value)


def test_a_series_with_times_is_sorted_put_on_a_grid_and_told_of():
    mended = from_pandas(DAY.drop(HOURS[[7, 8, 30]]).iloc[::-1], ahead=2, unit="kW")
    assert mended.notes == (
        "237 rows, one every hour; 3 missing hours filled linearly; 236 rows out of order, sorted; "
        "the longest gap is 2 hours."
    )
    assert (mended.period, mended.unit, mended.name, mended.ahead, len(mended)) == (24, "kW", "load", 2, 238)
    np.testing.assert_allclose(flat(mended)[9:30], DAY.iloc[9:30], atol=1e-6)
    np.testing.assert_array_equal(mended.targets[:-2], mended.values[2:])
    assert repr(mended) == "from_pandas(series, ahead=2, unit='kW')"


def test_a_series_without_times_counts_as_equally_spaced():
    plain = from_pandas(pd.Series([1.0, None, 3, 4, 5, 6, 7, None]))
    assert flat(plain) == [1, 2, 3, 4, 5, 6, 7] and plain.name == "series" and plain.recipe == ""
    assert plain.notes == (
        "8 rows; 1 blank cell filled linearly; 1 blank cell at the ends left out; the longest gap is 1 sample."
    )
    years = from_pandas(pd.Series(range(9), range(1990, 2008, 2)))
    assert years.notes == "9 rows; none missing."


@pytest.mark.parametrize(
    "index, said",
    [
        (HOURS.astype(str), "index is of type str; pd.to_datetime(series.index) makes times of text."),
        (pd.RangeIndex(241).drop(17), "index goes from 16 to 18; use series.reindex to fill a gap."),
    ],
    ids=["text", "a row dropped"],
)
def test_an_index_that_may_mean_more_than_a_count_is_a_doubt(index, said):
    notes = from_pandas(DAY.set_axis(index)).notes
    assert notes == f"240 rows; none missing. Warning: the rows are taken as equally spaced, though the {said}"


@pytest.mark.parametrize("freq, every", [("h", "hour"), ("D", "day"), ("MS", "month"), ("2ME", "2 months")])
def test_summer_time_moves_no_sample(freq, every):
    index = pd.date_range("2026-03-20", periods=240, freq=freq, tz="Europe/Lisbon")
    local = from_pandas(DAY.set_axis(index))
    assert local.notes == f"240 rows, one every {every}; none missing." and flat(local) == flat(from_pandas(DAY))


@pytest.mark.parametrize(
    "index, every",
    [
        (pd.period_range("2006Q2", periods=240, freq="Q"), "3 months"),
        (pd.timedelta_range("3min", periods=240, freq="90s"), "90 seconds"),
        (pd.date_range("1890-06-30", periods=240, freq="YE-JUN", unit="s"), "year"),
        (pd.date_range("2006-02-28", periods=240, freq="BME"), "month"),
        (pd.date_range("2006-02-03", periods=240, freq="28D"), "28 days"),
    ],
    ids=lambda given: str(given)[:20],
)
def test_other_times_are_times_too(index, every):
    assert from_pandas(DAY.set_axis(index)).notes == f"240 rows, one every {every}; none missing."


@pytest.mark.parametrize(
    "series, sentence",
    [
        (pd.DataFrame({"load": [1.0], "x": [2.0]}), "series is a DataFrame; use one of its columns: ['load'], ['x']"),
        ([1, 2, 3], "series of type list is no pandas Series; use one, such as df['load']"),
        (pd.Series(["1", "2"], name="x"), "series 'x' holds values of type str; use pd.to_numeric(series)"),
        (pd.Series([1j, 2]), "series holds values of type complex128; use pd.to_numeric(series)"),
        (DAY.where(DAY.max() != DAY, np.inf), "series 'load' has inf at 2026-01-05 14:00:00; fill or drop it first"),
        (DAY.head(4), "series 'load' gives 4 samples; use at least 6, so that a part to train on and one to "),
        (
            DAY.set_axis(HOURS.where(HOURS[5] != HOURS)),
            "series 'load' has no time for its value in row 5; fill it in, or drop that row",
        ),
        (
            DAY.set_axis(SECONDS.where(SECONDS[5] != SECONDS, pd.Timestamp("1926-01-05"))),
            "series 'load' has 1926-01-05 00:00:00 in row 5, too far from the rest for steps of 1 second; ",
        ),
        (
            DAY.set_axis(HOURS.floor("D")),
            "series 'load' has 2026-01-05 00:00:00 in row 1, a time that other rows have too, as most times here; ",
        ),
        (pd.concat({"a": DAY, "b": DAY}), "series 'load' has an index of 2 levels; keep one, such as series.loc['a']"),
    ],
    ids=lambda given: str(given)[:30],
)
def test_a_series_that_cannot_be_used_is_refused_in_one_sentence(series, sentence):
    assert refused(series).startswith(sentence)


@pytest.mark.parametrize("given", [DAY, DAY.to_frame()], ids=["Series", "DataFrame"])
def test_an_experiment_names_from_pandas_to_those_who_hand_it_a_pandas_object(given):
    with pytest.raises(ValueError) as caught:
        Experiment(given)
    kind = type(given).__name__
    assert (
        str(caught.value) == f"series is a {kind} of pandas; use from_pandas(series), of one column such as df['load']"
    )
    assert Experiment(from_pandas(DAY)).series.name == "load"


@often
@given(st.lists(st.none() | st.integers(-99, 99), min_size=8, max_size=30), st.integers(0, 9))
def test_a_series_and_the_file_that_pandas_writes_of_it_are_read_alike(values, start):
    values[:6] = range(6)
    index = pd.date_range("2026-02-20", periods=len(values), freq="17min", name="t") + pd.Timedelta(hours=start)
    series = pd.Series(values, index, dtype=float, name="x")
    with TemporaryDirectory() as folder:
        series.to_csv(path := Path(folder) / "x.csv")
        read, ours = from_csv(path, "x", time="t"), from_pandas(series)
    np.testing.assert_array_equal(read.values, ours.values)
    assert read.notes == ours.notes and read.period == ours.period


def test_pandas_loads_when_a_file_is_read_and_not_before():
    code = "import sys; from helpers import Experiment, Lab; Lab(Experiment()); assert 'pandas' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
