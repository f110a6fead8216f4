"""The times in a file are read as they are written, and the recipe in its script reads them alike."""

import numpy as np
import pandas as pd
import pytest
from csvs import assert_recipe_makes, flat, refused, timed, write

from helpers import from_csv, from_pandas

DAYS = pd.date_range("2025-01-31", periods=10, freq="D")
MONTHS = [f"{month:02d}" for month in range(1, 13)]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(text, **options):
    """The series of a file, whose recipe makes it too."""
    series = from_csv(write(text), "x", **({"time": "t"} | options))
    assert_recipe_makes(series)
    return series


@pytest.mark.parametrize("year", [1905, 1995])
def test_digits_of_a_year_and_its_hours_are_no_seconds_since_1970(year):
    hours = pd.date_range(f"{year}-12-30", periods=50, freq="h")
    text = timed(hours.strftime("%Y%m%d%H"))
    assert list(read(text, date_format="%Y%m%d%H").times) == list(hours)
    assert refused(write(text), "x", time="t").endswith("or say how it is written: date_format='%Y%m%d%H'")


def test_seconds_since_1970_are_read_as_such_until_2030():
    for start in ("1980-01-01", "2001-09-10", "2029-12-30"):
        seconds = pd.date_range(start, periods=9, freq="min")
        assert list(read(timed([int(at.timestamp()) for at in seconds])).times) == list(seconds)


def test_a_day_of_iso_8601_is_no_offset():
    ends = pd.date_range("2024-12-31", periods=8, freq="ME")
    for days in (DAYS, ends):
        dates = [f"{day:%Y-%m-%d}" for day in days]
        assert list(read(timed(dates), date_format="ISO8601").times) == list(days)
    mixed = [f"{day:%Y-%m-%d}" + " 00:00:00" * (place == 7) for place, day in enumerate(DAYS)]
    assert refused(write(timed(mixed)), "x", time="t").endswith("or give date_format='ISO8601'")
    assert list(read(timed(mixed), date_format="ISO8601").times) == list(DAYS)


@pytest.mark.parametrize(
    "form, options",
    [
        ("%d.%m.%Y %H:%M", {}),
        ("%d/%m/%Y %H:%M", {"dayfirst": True}),
        ("%d.%m.%Y %I:%M %p", {"date_format": "%d.%m.%Y %I:%M %p%z"}),
    ],
)
def test_days_and_months_of_a_zone_keep_their_order(form, options):
    months = pd.date_range("2025-01-01", periods=12, freq="MS", tz="Europe/Berlin")
    days = pd.date_range("2025-03-01", periods=45, freq="D", tz="Europe/Berlin")  # the clocks change on the 30th
    for moments in (months, days):
        written = [moment.strftime(f"{form}%z") for moment in moments]
        assert list(read(timed(written), **options).times) == list(moments.tz_localize(None))


@pytest.mark.parametrize("zone", ["+09:00", "-0330", "Z", " UTC"])
def test_midnights_of_one_zone_stay_midnights_as_in_pandas(zone):
    first = pd.date_range("2026-01-01", periods=8, freq="MS")
    for moments in (DAYS, first):
        series = read(timed([f"{moment:%Y-%m-%dT%H:%M}{zone}" for moment in moments]))
        assert list(series.times) == list(moments)
    local = pd.Series(np.arange(10.0), DAYS.tz_localize("Asia/Tokyo"))
    assert list(from_pandas(local).times) == list(DAYS)


def test_hours_of_a_zone_are_those_of_utc():
    hours = pd.date_range("2026-01-05", periods=30, freq="h", tz="Asia/Tokyo")
    assert list(read(timed([hour.isoformat() for hour in hours])).times) == list(hours.tz_convert(None))


def test_a_zone_behind_a_clock_in_a_column_of_its_own_is_seen():
    rows = [f"{day:%Y-%m-%d},00:00+09:00,{place}" for place, day in enumerate(DAYS)]
    assert list(read("\n".join(["d,c,x", *rows]), time=["d", "c"]).times) == list(DAYS)


@pytest.mark.parametrize("form, first", [("%d%m%Y", "2025-11-01"), ("%Y.%m", "2020-10-01")])
def test_leading_and_trailing_zeros_of_a_date_count_in_the_recipe_too(form, first):
    moments = pd.date_range(first, periods=14, freq="D" if "d" in form else "MS")
    assert list(read(timed(moments.strftime(form)), date_format=form).times) == list(moments)


@pytest.mark.parametrize("form", ["%Y%m%d", "%Y-%m-%d", "seconds", "nanoseconds"])
@pytest.mark.parametrize("blank", ["", " "])
def test_a_row_without_time_and_number_and_a_blank_behind_a_time_change_nothing(form, blank):
    size = {"seconds": 10**9, "nanoseconds": 1}.get(form)
    times = [str(day.value // size) if size else day.strftime(form) for day in DAYS]
    text = timed([f"{time}{blank}" for time in times]) + "\n,"
    assert list(read(text).times) == list(DAYS)


@pytest.mark.parametrize("blank_lines", [0, 1, 3])
@pytest.mark.parametrize("options", [{}, {"time": None}], ids=str)
def test_blank_lines_behind_a_footer_are_none_of_it(blank_lines, options):
    text = timed([f"{day:%Y-%m-%d}" for day in DAYS]) + "\nall,45" + "\n" * (1 + blank_lines)
    assert flat(read(text, skipfooter=1, **options)) == list(range(10))


@pytest.mark.parametrize(
    "names, form",
    [("Year,Month", "%Y,%m"), ("YEAR,MO,DY", "%Y,%m,%d"), ("YEAR,MO,DY,HR", "%Y,%m,%d,%H"), ("yr,month", "%Y,%m")],
)
def test_parts_of_a_date_in_columns_of_their_own_are_one_time(names, form):
    moments = pd.date_range("2024-01-01", periods=30, freq={5: "MS", 8: "D", 11: "h"}[len(form)])
    rows = [f"{moment.strftime(form)},{place}" for place, moment in enumerate(moments)]
    assert list(read("\n".join([f"{names},x", *rows]), time=names.split(",")).times) == list(moments)


def test_a_format_reads_columns_as_they_are_joined():
    rows = [f"{day:%Y,%j},{place}" for place, day in enumerate(DAYS)]
    series = read("\n".join(["year,day,x", *rows]), time=["year", "day"], date_format="%Y %j")
    assert list(series.times) == list(DAYS)
    hours = "\n".join(["d,h,x", *(f"05.01.2026,{hour},{hour}" for hour in range(20))])
    assert len(read(hours, time=["d", "h"], date_format="%d.%m.%Y %H:%M")) == 20


def test_a_format_that_fits_no_time_is_said_to_be_wrong_and_not_the_file():
    said = refused(write(timed([f"{day:%d.%m.%y}" for day in DAYS])), "x", time="t", date_format="%d.%m.%Y")
    assert "skipfooter" not in said and said.endswith("or give the date_format of these times")


@pytest.mark.parametrize("first", [f"2026-{month}-01" for month in MONTHS])
@pytest.mark.parametrize("form", ["%d-%b-%Y", "%d %B %Y", "%b %d %Y"])
def test_a_file_may_begin_in_may(first, form):  # pandas 57521, 58747
    days = pd.date_range(first, periods=60, freq="D")
    assert list(read(timed(days.strftime(form))).times) == list(days)


@pytest.mark.parametrize("freq", ["BME", "ME", "MS"])
def test_the_times_of_months_are_those_of_the_file(freq):
    ends = pd.date_range("2005-11-01", periods=20, freq=freq)
    assert list(read(timed([f"{day:%Y-%m-%d}" for day in ends])).times) == list(ends)
