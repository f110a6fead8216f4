"""No file gives a false number without a warning, and a file that is refused is told the cure."""

import calendar
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from csvs import assert_recipe_makes, by_recipe, flat, refused, timed, write

from helpers import from_csv
from helpers.data.table import REFUSED

DAYS = [f"2025-09-{day:02d}" for day in range(3, 15)]
SPENT = ["7", "12", "310", "995", "1,007", "1,240", "880", "2,015"]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def days(values, sign=";"):
    """The text of a file with a value for each of the first days."""
    return timed(DAYS[: len(values)], values, sign)


def why(text, column="x", time="t", **options):
    """What a refusal says, without the name of the file."""
    return refused(write(text), column, time=time, **options).replace(" of 'x.csv'", "")


# Numbers


@pytest.mark.parametrize("sign", [",", "."])
def test_thousands_beside_smaller_whole_numbers_are_asked_for(sign):
    text = days([value.replace(",", sign) for value in SPENT])
    said = f"line 6 of column 'x' holds '1{sign}007', where {sign!r} seems to set thousands apart; "
    assert why(text) == said + f"give thousands={sign!r} if so, else decimal={sign!r}"
    assert flat(from_csv(write(text), "x", time="t", thousands=sign)) == [7, 12, 310, 995, 1007, 1240, 880, 2015]
    assert flat(from_csv(write(text), "x", time="t", decimal=sign)) == pytest.approx(
        [7, 12, 310, 995, 1.007, 1.24, 880, 2.015]
    )


@pytest.mark.parametrize("sign", [",", "."])
def test_three_decimals_in_each_cell_are_read_as_before_and_the_notes_say_so(sign):
    values = [f"{118 + place}{sign}{207 * place % 1000:03d}" for place in range(9)]
    series = from_csv(write(days(values)), "x", time="t")
    assert flat(series) == pytest.approx([float(value.replace(",", ".")) for value in values])
    assert series.notes.endswith(
        f" Warning: '118{sign}000' in line 2 is read as 118; if it means 118000, give thousands={sign!r}, "
        f"else decimal={sign!r}."
    )
    told = from_csv(write(days(values)), "x", time="t", decimal=sign)
    assert flat(told) == flat(series) and "Warning" not in told.notes


@pytest.mark.parametrize(
    "values",
    ["0.418 3.302 12.007 7.255 9.001 4.5", "20500 1.007 312.250 8.125 9.500 7.250 3.875", "1.25 2.125 4.500 5 6 7"],
)
def test_numbers_that_cannot_be_thousands_raise_no_doubt(values):
    series = from_csv(write(days(values.split())), "x", time="t")
    assert "read as" not in series.notes


def test_a_number_for_missing_is_told_by_its_value_and_count():
    values = [15.5, 16.25, -999, 16.5, 17, 0, -999, 14.5, 15, 15.25, -999, 16]
    series = from_csv(write(days(values)), "x", time="t")
    assert flat(series) == values
    assert series.notes == (
        "12 rows, one every day; none missing. Warning: -999 in 3 rows is far from all else; "
        "if it stands for missing, read it with na_values=-999."
    )
    mended = from_csv(write(days(values)), "x", time="t", na_values=-999)
    assert flat(mended)[2] == 16.375 and flat(mended)[5] == 0 and "far" not in mended.notes


@pytest.mark.parametrize("written", ["-999", "-999.0", "-999.00"])
@pytest.mark.parametrize("given", [-999, -999.0, "-999", ["-999", "?"], {"x": -999}], ids=str)
def test_a_number_for_missing_is_missing_however_it_is_written(written, given):
    series = from_csv(write(days([1, 2, written, 4, 5, 6, 7, 8])), "x", time="t", na_values=given)
    assert flat(series) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_words_for_missing_in_another_column_are_none_of_this():
    text = "\n".join(["t,hour,x,other", *(f"2026-01-05,{hour},{hour % 5},0" for hour in range(24))])
    given = {"other": [0], "hour": "?"}
    series = from_csv(write(text), "x", time=["t", "hour"], na_values=given)
    assert flat(series) == [hour % 5 for hour in range(24)] and "none missing" in series.notes
    assert_recipe_makes(series)
    for zeros in (0, {"x": 0}):
        mended = from_csv(write(text), "x", na_values=zeros)
        assert flat(mended)[:7] == [1, 2, 3, 4, 2.5, 1, 2] and "blank cell" in mended.notes
    with_hours = from_csv(write(text), "x", time=["t", "hour"], na_values={"x": 0})
    assert flat(with_hours) == flat(mended) and with_hours.times[0].hour == 1
    assert_recipe_makes(with_hours)


def test_changes_smaller_than_seven_digits_show_are_told():
    for start, step, told in ((48e6, 1, True), (1.2e6, 0.1, True), (48e3, 1, False), (101_325, 0.25, False)):
        notes = from_csv(write(days([start + step * (place**2 % 7) for place in range(12)])), "x", time="t").notes
        assert ("too coarse for their changes; take the differences" in notes) == told


@pytest.mark.parametrize(
    "values, far",
    [
        ([3.5, 4, 99.9, 5, 6, 7, 99.9], "99.9 in 2 rows"),
        ([290, 300, 9999, 305, -9999, 298, 301], "-9999 in 1 row"),
        ([0, 0, 1, 0, 1, 1, 0], ""),
        ([0, 0, 0, 40, 0, 0, 0], ""),
        ([1, 2, 4, 8, 16, 32, 64], ""),
        ([1e6, 1e6 + 1, 1e6 + 40, 1e6, 1e6, 1e6, 1e6 + 2], ""),
        (list(range(90, 102)), ""),
    ],
    ids=str,
)
def test_only_what_is_far_from_all_else_is_doubted(values, far):
    notes = from_csv(write(days(values)), "x", time="t").notes
    assert (f"Warning: {far} is far from all else" in notes) if far else "far from" not in notes


def strange(values, **options):
    """The warnings about single values in the notes of a series without times."""
    notes = from_csv(write("\n".join(["x", *map(str, values)])), "x", **options).notes
    return re.findall(r"Warning: (.+?); if it stands for missing", notes)


def load(samples=600):
    """Values from 1,100 to 2,500, none of them twice in a row."""
    hour = np.arange(samples)
    return (1800 + 500 * np.sin(hour * np.pi / 12) + np.random.default_rng(17).uniform(-200, 200, samples)).round(1)


@pytest.mark.parametrize(
    "mark, every, what",
    [
        (-999, 97, "far from all else"),
        (-9999, 97, "far from all else"),
        (-99, 97, "far from all else"),
        (-1, 97, "far from all else"),
        (9999, 97, "far from all else"),
        (32767, 97, "far from all else"),
        (5000, 97, "far from all else"),
        (-999, 590, "below 0, as nothing else is"),
        (0, 97, ""),
        (-1, 590, ""),
    ],
)
def test_a_mark_for_missing_among_large_values_is_told(mark, every, what):
    values = load()
    values[5::every] = mark
    number = len(values[5::every])
    rows = "row" if number == 1 else "rows"
    assert strange(values) == ([f"{mark} in {number} {rows} is {what}"] if what else [])
    assert not strange(values, na_values=str(mark)) and not strange(values, na_values=f"{mark}.0")


def test_each_of_two_marks_for_missing_is_told():
    values = load()
    values[5::97], values[6::97] = -999, -99
    assert strange(values) == ["-999 in 7 rows is far from all else", "-99 in 7 rows is far from all else"]


@pytest.mark.parametrize("seed", range(3))
def test_minus_one_among_counts_is_told_and_honest_values_are_not(seed):
    draw = np.random.default_rng([17, seed])
    counts = draw.poisson(4, 500)
    assert not strange(counts) and not strange(draw.poisson(0.3, 500)) and not strange(100 * draw.poisson(0.7, 500))
    counts[3::60] = -1
    assert strange(counts) == ["-1 in 9 rows is below 0, as nothing else is"]
    degrees = draw.normal(3, 4, 500).round()
    steps, heat = draw.choice([-1, 0, 1], 500), draw.choice([0, 500, 2000], 500)
    machine = np.where(draw.random(500) < 0.5, 0, draw.normal(40, 1, 500).round(2))
    clipped, rain = load().clip(1300, 2200), draw.exponential(4, 500).round(1) * (draw.random(500) < 0.2)
    for honest in (degrees, steps, heat, machine, clipped, rain, -clipped, draw.choice([5, 10, 20, 50, 100, 200], 500)):
        assert not strange(honest)


@pytest.mark.parametrize(
    "text, options",
    [
        (days(['"0,5"', '"2,25"', '"13,5"'] * 3, ","), {"decimal": ","}),
        (days(['"3,410.50"', '"12,004.75"', '"980.25"'] * 3, ","), {"thousands": ","}),
        (days(['"3,410"', '"12,004"', "980"] * 3, ","), {"thousands": ","}),
        (days(["3.410,50", "12.004,75", "980"] * 3), {"decimal": ",", "thousands": "."}),
        (days(["1.203.410", "12.004.075", "980"] * 3), {"decimal": ",", "thousands": "."}),
        (days(["12 004,5", "980,25", "7"] * 3), {"decimal": ",", "thousands": " "}),
        (days(["12'004.5", "980.25", "7"] * 3, ","), {"thousands": "'"}),
        (days(["12\u2019004.5", "980.25", "7"] * 3, ","), {"thousands": "\u2019"}),
        (days(["12\u202f004,5", "980", "7"] * 3), {"decimal": ",", "thousands": "\u202f"}),
        (days(['"12,34,567"', '"4,500"', "980"] * 3, ","), {"thousands": ","}),
    ],
    ids=lambda given: str(given)[:40],
)
def test_numbers_of_other_countries_are_told_their_options_which_then_read_them(text, options):
    how = ", ".join(f"{option}={sign!r}" for option, sign in options.items())
    first = re.match(r"t.x\n[^;,]+[;,]\"?([^\"\n]+)", text)[1]
    said = f"line 2 of column 'x' holds {first!r}, which is no number; give {how}"
    assert why(text) == said
    series = from_csv(write(text), "x", time="t", **options)
    plain = [
        re.sub(f"[{options.get('thousands', '_')}]", "", cell)
        for cell in re.findall(r'[;,]"?([^;"\n]+)"?$', text, re.M)
    ]
    assert flat(series) == pytest.approx([float(cell.replace(options.get("decimal", "."), ".")) for cell in plain[1:]])


@pytest.mark.parametrize(
    "values, cell, cure",
    [
        (["$3.5", "$12", "$0.25"] * 3, "$3.5", "write it as 3.5, without '$'"),
        (["3.5 kWh", "12 kWh", "0.25 kWh"] * 3, "3.5 kWh", "write it as 3.5, without 'kWh'"),
        (["\u22123.5", "4", "-2"] * 3, "\u22123.5", "write it as -3.5, with the minus sign of the keyboard"),
        (["4", "(224.2)", "(2)"] * 3, "(224.2)", "write it as -224.2 if the brackets stand for a minus sign"),
        (["980", "1.5108 k"] * 4, "1.5108 k", "write the number out as 1510.8 if 'k' stands for 1,000, else drop 'k'"),
        (["980", "2M", "3 k"] * 3, "2M", "write the number out as 2000000 if 'M' stands for 1,000,000, else drop 'M'"),
        (["800 m", "1.2 k"] * 4, "800 m", "write the number out as 0.8 if 'm' stands for 0.001, else drop 'm'"),
        (["4", "k", "3 k"] * 3, "k", "mend or empty that cell"),
        (["#DIV/0!", "1,204.5", "980.25"] * 3, "1,204.5", "give thousands=','"),
        (["3 m", "4 m", "5 m"] * 3, "3 m", "write it as 3, without 'm'"),
        (["4", "5-", "(2)"] * 3, "5-", "mend or empty that cell"),
        (["4", "<2", "3"] * 3, "<2", "mend or empty that cell"),
    ],
    ids=str,
)
def test_signs_around_a_number_are_told_how_to_write_it(values, cell, cure):
    line = values.index(cell) + 2
    assert why(days(values)) == f"line {line} of column 'x' holds {cell!r}, which is no number; {cure}"


@pytest.mark.parametrize(
    "signs, given",
    [
        ("?", "'?'"),
        (".", "'.'"),
        ("closed", "'closed'"),
        ("#DIV/0!", "'#DIV/0!'"),
        (("-", "--"), "['--', '-']"),
    ],
)
def test_signs_for_missing_are_counted_in_one_sentence(signs, given):
    values = [
        place if place % 4 else signs[place // 4 % len(signs)] if len(signs) == 2 else signs for place in range(1, 13)
    ]
    assert why(days(values)).endswith(
        f", which is no number; if it stands for missing, as in 3 cells, give na_values={given}"
    )
    series = from_csv(write(days(values)), "x", time="t", na_values=eval(given))
    assert "3 blank cells" in series.notes or "2 blank cells filled linearly; 1 blank cell" in series.notes


def test_a_sign_for_thousands_is_no_decimal_sign():
    assert why(days(["1.204", "980", "31.5", "2", "3", "4"]), thousands=".").startswith(
        "line 4 of column 'x' holds '31.5', "
    )
    assert why(days(["1,204", "980", "31,5", "2", "3", "4"]), thousands=",").startswith(
        "line 4 of column 'x' holds '31,5', "
    )
    both = why(days(range(9)), thousands=".", decimal=".")
    assert both == "options decimal and thousands are both '.'; give two signs"


# Times


@pytest.mark.parametrize(
    "first, months, every", [(31, 1, "month"), (15, 1, "month"), (31, 3, "3 months"), (30, 12, "year")]
)
def test_months_are_steps_of_the_calendar_whatever_their_day(first, months, every):
    dates = []
    for place in range(14):
        year, month = 2011 + (place * months + 5) // 12, (place * months + 5) % 12 + 1
        dates.append(f"{year}-{month:02d}-{min(first, calendar.monthrange(year, month)[1])}")
    series = from_csv(write(timed(dates)), "x", time="t")
    assert flat(series) == list(range(14)) and series.notes == f"14 rows, one every {every}; none missing."
    gap = from_csv(write(timed(dates[:6] + dates[8:], [*range(6), *range(8, 14)])), "x", time="t")
    assert flat(gap) == list(range(14))


def test_many_rows_for_one_time_are_refused_with_a_guess_why():
    hours = "\n".join(["t,h,x", *(f"{DAYS[place // 24]},{place % 24},{place}" for place in range(8 * 24))])
    assert why(hours) == (
        "line 3 of column 't' holds '2025-09-03', a time that other rows have too, as most times here; "
        "column 'h' tells them apart: give time=['t', 'h'] if it is a part of the time, else keep the rows of one 'h'"
    )
    series = from_csv(write(hours), "x", time=["t", "h"])
    assert flat(series) == list(range(8 * 24)) and "one every hour; none missing" in series.notes
    sensors = "\n".join(
        ["t,what,x", *(f"{day},{what},{value}" for day in DAYS for what, value in (("°C", 9), ("hPa", 1013)))]
    )
    assert "; column 'what' tells them apart: " in why(sensors)


def test_some_repeated_times_are_averaged_with_a_warning_and_two_without():
    for twice, warned in ((1, False), (4, True)):
        series = from_csv(write(timed([*DAYS, *DAYS[:twice]])), "x", time="t")
        assert f"; {twice} repeated time{'s' * (twice > 1)} averaged" in series.notes
        assert ("Warning: 33% of all times stand more than once, and the mean was taken; " in series.notes) == warned


def test_a_repeated_time_with_a_very_different_value_is_a_warning():
    hours, values = pd.date_range("2025-02-10", periods=240, freq="h"), load(240)
    rows = [f"{hour:%Y-%m-%d %H:%M},{value}" for hour, value in zip(hours, values)]
    for place in range(10):  # the total of each day, at its midnight
        rows.insert(25 * place + 24, f"{hours[24 * place]:%Y-%m-%d},{values[24 * place : 24 * place + 24].sum():.1f}")
    notes = from_csv(write("\n".join(["t,x", *rows])), "x", time="t", date_format="ISO8601").notes
    assert "; 10 repeated times averaged" in notes
    assert re.search(
        r" Warning: 10 repeated times have very different values, such as [\d.]+ and 4\d{4}(\.\d)?, "
        "and the mean was taken; keep one row for each time.",
        notes,
    )
    for again, warned in ((9, True), (values[50] + 20, False), (values[50], False)):
        text = timed([*hours, hours[50]], [*values, again])
        notes = from_csv(write(text), "x", time="t").notes
        said = f"Warning: 1 repeated time has very different values, such as 9 and {values[50]:.10g}, and the mean"
        assert (said in notes) == warned and ("different" in notes) == warned


def test_a_period_is_no_less_than_the_true_one():
    for months, found in ((33, None), (35, 12), (36, 12), (47, 12)):
        wave = np.cos(np.arange(months) * np.pi / 6).round(3)
        dates = [f"{2001 + month // 12}-{month % 12 + 1:02d}" for month in range(months)]
        assert from_csv(write(timed(dates, wave)), "x", time="t").period == found


@pytest.mark.parametrize(
    "last, what", [("Sum,41", "has 'Sum'"), ("Mean,5.1", "has 'Mean'"), ("2025-09-12,41", "is the sum of all others")]
)
def test_a_row_of_totals_raises_a_doubt(last, what):
    text = f"{days([1, 4, 6, 8, 0, 5, 8, 9], ',')}\n{last}"
    notes = from_csv(write(text), "x").notes
    assert notes.endswith(f" Warning: the last row {what}; if it is no sample, give skipfooter=1.")
    told = from_csv(write(text), "x", skipfooter=1)
    assert flat(told) == [1, 4, 6, 8, 0, 5, 8, 9] and "Warning" not in told.notes
    if not last.startswith("2025"):
        assert why(text).endswith("or drop the end of the file with skipfooter=1")


@pytest.mark.parametrize("hour", [0, 7, 12, 15])
@pytest.mark.parametrize("form", ["%m/%d/%Y %I:%M %p", "%Y-%m-%d %I:%M:%S%p", "%d.%m.%Y %I:%M %p"])
def test_a_clock_of_twelve_hours_is_read_from_any_hour(form, hour):
    times = pd.date_range(f"2025-09-28 {hour:02d}:30", periods=60, freq="h").strftime(form)
    series = from_csv(write(timed(times)), "x", time="t")
    assert flat(series) == list(range(60)) and "60 rows, one every hour" in series.notes


@pytest.mark.parametrize("freq, every", [("h", "hour"), ("D", "day")])
@pytest.mark.parametrize("start", ["2025-03-28", "2025-10-24"])
def test_offsets_that_change_with_summer_time_move_no_sample(freq, every, start):
    times = pd.date_range(start, periods=72, freq=freq, tz="Europe/Athens")
    series = from_csv(write(timed([time.isoformat() for time in times])), "x", time="t")
    assert flat(series) == list(range(72)) and series.notes == f"72 rows, one every {every}; none missing."


@pytest.mark.parametrize("unit", [1, 1000])
def test_seconds_since_1970_are_times(unit):
    times = [(1_600_000_000 + 120 * place) * unit for place in range(12)]
    assert from_csv(write(timed(times)), "x", time="t").notes == "12 rows, one every 2 minutes; none missing."


@pytest.mark.parametrize("option", ["dayfirst", "date_format"])
def test_day_and_month_are_told_apart_by_an_option(option):
    text = timed([f"{day:02d}/04/2025" for day in range(1, 10)])
    assert why(text).endswith("write all as 2026-01-05 08:00, or give dayfirst=True or dayfirst=False")
    given = True if option == "dayfirst" else "%d/%m/%Y"
    assert "one every day" in from_csv(write(text), "x", time="t", **{option: given}).notes
    given = False if option == "dayfirst" else "%m/%d/%Y"
    assert "one every month" in from_csv(write(text), "x", time="t", **{option: given}).notes


def test_a_year_at_the_beginning_is_never_followed_by_its_day():
    text = timed([f"2025-0{month}-01" for month in range(1, 9)])
    assert "one every month" in from_csv(write(text), "x", time="t", dayfirst=True).notes


def test_digits_of_another_length_are_no_dates():
    text = timed([20251108, 20251109, 20251110, 2025111, 20251112, 20251113, 20251114])
    assert why(text).startswith("line 5 of column 't' holds '2025111', which is no time written like '20251108' ")


# The file


def test_a_sign_at_the_end_of_each_line_and_the_line_that_excel_reads_make_no_difference():
    plain = from_csv(write(days([f"{place},5" for place in range(9)])), "x", time="t")
    for text in ("sep=;\n" + days([f"{place},5" for place in range(9)]), days([f"{place},5;" for place in range(9)])):
        series = from_csv(write(text), "x", time="t")
        assert flat(series) == flat(plain) and series.notes == plain.notes


def test_an_unquoted_decimal_comma_is_no_name_of_a_column():
    assert why(days([f"{place},5" for place in range(9)], ",")) == (
        "line 2 has 3 cells and line 1 has 2; mend it, or put a cell that holds ',' in quotes, "
        "such as a number with decimal comma"
    )


@pytest.mark.parametrize(
    "above",
    ["# Station 7, roof\n# by J. Li\n", "Station 7, roof\n\nby J. Li\n", "# id;4711\n# hall;9\n", "\ufeff# made\n"],
)
def test_lines_above_the_names_are_told_of_and_offered_as_no_column(above):
    text, skip = above + days(range(9)), above.count("\n")
    assert why(text) == f"line {skip + 1} holds the names of the columns; give skiprows={skip}"
    missing = why(text, column="power")
    assert missing == f"column 'power' is no column; use 't', 'x', which stand in line {skip + 1}, with skiprows={skip}"
    assert flat(from_csv(write(text), "x", time="t", skiprows=skip)) == list(range(9))
    bad = text.replace(";6", ";six")
    assert why(bad, skiprows=skip).startswith(f"line {skip + 8} of column 'x' holds 'six', ")
    if above.startswith("# "):
        assert flat(from_csv(write(text), "x", time="t", comment="#")) == list(range(9))
        assert why(bad, comment="#").startswith(f"line {skip + 8} of column 'x' holds 'six', ")


def test_a_missing_file_says_where_it_was_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    said = "path leads to no file 'mine.csv'; check its name and its folder: it was looked for in "
    assert refused("data/mine.csv", "x") == said + repr(str(tmp_path / "data"))
    assert refused("~/mine.csv", "x") == said + repr(str(tmp_path / "home"))
    Path("home").mkdir()
    write(days(range(9)), "home/mine.csv")
    series = from_csv("~/mine.csv", "x", time="t")
    assert len(series) == 9 and repr(series) == "from_csv('~/mine.csv', 'x', time='t')"


@pytest.mark.parametrize("option", ["chunksize", "iterator", "index_col", "names", "storage_options", *REFUSED])
def test_options_that_make_no_sense_are_refused_by_name(option):
    assert why(days(range(9)), **{option: 0}).startswith(f"option {option} is not for from_csv; ")


@pytest.mark.parametrize(
    "options",
    [
        *({"colour": 1}, {"sep": 3}, {"comment": "##"}, {"skipfooter": -1}, {"decimal": ",,"}, {"encoding": "x"}),
        *(
            {"date_format": "%H%H"},
            {"date_format": "mixed"},
            {"quotechar": ""},
            {"skiprows": 1.5},
            {"date_format": ["%Y"]},
            {"thousands": 3},
        ),
    ],
    ids=str,
)
def test_a_bad_option_gets_one_sentence(options):
    assert any(name in why(days(range(9)), **options) for name in (*options, "options"))


def test_options_are_handed_on_and_stand_in_the_repr():
    text = "made by hand\nt;x\n" + "\n".join(f"{day}.10.2025;'{day},5'" for day in range(1, 9))
    options = {"skiprows": [0], "quotechar": "'", "decimal": ",", "encoding": "utf-16"}
    series = from_csv(write(text.encode("utf-16")), "x", time="t", **options)
    assert flat(series) == [day + 0.5 for day in range(1, 9)]
    assert repr(series) == f"from_csv('x.csv', 'x', time='t', {', '.join(f'{k}={v!r}' for k, v in options.items())})"
    assert eval(repr(series)) == series


# Shapes of files from public questions and issues


TOA5 = (  # a data logger of Campbell Scientific: what it is, names, units, kinds
    "TOA5,CR6,CR6,77,std.9\nTIMESTAMP,RECORD,AirT\nTS,RN,Deg C\n,,Avg\n"
    + "\n".join(f"2025-09-0{1 + place // 4} {place % 4 * 6:02d}:00:00,{place},{place / 4}" for place in range(12))
)
ECOBEE = (  # a thermostat, pandas issue 38830: comments, and a comma at the end of all lines but that of the names
    "#id,4711\n#name,Hall\n\nDate,Time,Temp (F)\n"
    + "".join(
        f"2025-09-{1 + place // 48:02d},{place // 2 % 24:02d}:{place % 2 * 30:02d}:00,{60 + place % 9},\n"
        for place in range(144)
    )
)
CRN = (  # the US Climate Reference Network, pvlib issue 1372: blanks between the cells, -99999 for missing
    "WBAN UTC_DATE UTC_TIME T\n"
    + "\n".join(
        f"64756  20250903 {place // 4:02d}{place % 4 * 15:02d}  {-99999.0 if place == 5 else place:7.1f}"
        for place in range(20)
    )
)


def test_a_data_logger_with_rows_of_units_is_led_to_its_numbers():
    assert why(TOA5, "AirT", "TIMESTAMP") == "line 2 holds the names of the columns; give skiprows=1"
    assert why(TOA5, "AirT", "TIMESTAMP", skiprows=1) == (
        "line 3 of column 'AirT' holds 'Deg C', which is no number; "
        "if that line holds no sample, give skiprows=[0, 2, 3], else mend or empty that cell"
    )
    series = from_csv(write(TOA5), "AirT", time="TIMESTAMP", skiprows=[0, 2, 3])
    assert flat(series) == [place / 4 for place in range(12)] and "one every 6 hours; none" in series.notes


def test_a_thermostat_is_led_to_its_times():
    assert why(ECOBEE, "Temp (F)", "Date") == "line 4 holds the names of the columns; give skiprows=3"
    assert "column 'Time' tells them apart: give time=['Date', 'Time']" in why(ECOBEE, "Temp (F)", "Date", skiprows=3)
    series = from_csv(write(ECOBEE), "Temp (F)", time=["Date", "Time"], skiprows=3)
    assert len(series) == 144 and series.period == 9 and "one every 30 minutes; none missing." in series.notes


def test_a_climate_station_is_led_to_its_numbers():
    times = ["UTC_DATE", "UTC_TIME"]
    assert why(CRN, "T", times) == "'x.csv' has blanks between its cells; give sep=r'\\s+'"
    form = {"sep": r"\s+", "date_format": "%Y%m%d %H%M"}
    assert "Warning: -99999 in 1 row is far" in from_csv(write(CRN), "T", time=times, **form).notes
    assert flat(from_csv(write(CRN), "T", time=times, na_values=-99999, **form)) == list(range(20))


@pytest.mark.parametrize(
    "times, cure",
    [
        ([f"2025-09-03 {hour:02d}:15" for hour in range(1, 25)], "24:00 as 00:00 of the next day"),
        ([f"2025-09-03 {hour}" for hour in range(9, 22)], "date_format='%Y-%m-%d %H'"),
        ([f"13/09/25 {hour:02d}.30" for hour in range(9, 22)], "date_format='%d/%m/%y %H.%M'"),
        ([f"2025 {day} 6:00" for day in range(93, 110)], "date_format='%Y %j %H:%M'"),
        ([f"2025M{month:02d}" for month in range(1, 13)], "date_format='%YM%m'"),
        ([f"2025-09-03 13:07:4{place}{'.5' * (place % 2)}+00" for place in range(9)], "date_format='ISO8601'"),
        ([f"{day:02d}-12-06" for day in range(9, 22)], "date_format='%d-%m-%y'"),
        ([f"20250903{hour:02d}" for hour in range(9, 22)], "date_format='%Y%m%d%H'"),
        ([f"{month}-25" for month in calendar.month_abbr[1:]], "date_format='%b-%y'"),
        ([f"2025{month:02d}" for month in range(1, 13)], "date_format='%Y%m'"),
        (["(UTC)", *DAYS], "pass over it with skiprows=[1]"),
        ([*DAYS, "# the end"], "comment='#'"),
    ],
    ids=lambda given: str(given)[:28],
)
def test_times_that_pandas_cannot_tell_are_told_their_option(times, cure):
    assert why(timed(times)).endswith(cure)
    if option := re.search(r"(\w+)=('.+'|\[1\])$", cure):
        assert len(from_csv(write(timed(times)), "x", time="t", **{option[1]: eval(option[2])})) >= 9


HOURS = pd.date_range("2025-09-03 01:00", periods=50, freq="h")
ENDS = [(hour - pd.Timedelta(hours=1), hour.hour or 24) for hour in HOURS]  # the day and the hour that ends there
LATE = "2 times at hour 24 are read as midnight at the beginning of the next day."


@pytest.mark.parametrize(
    "rows, options",
    [
        ([f"{day:%Y-%m-%d} {hour:02d}:00," for day, hour in ENDS], {}),
        ([f"{day:%d.%m.%Y} {hour}:00:00," for day, hour in ENDS], {}),
        ([f"{day:%Y-%m-%d}T{hour:02d}:00," for day, hour in ENDS], {}),
        ([f"{day:%Y-%m-%d},{hour}" for day, hour in ENDS], {"time": ["t", "hour"]}),
        ([f"{day:%Y-%m-%d},{hour:02d}:00" for day, hour in ENDS], {"time": ["t", "hour"]}),
        ([f"{day:%Y%m%d}{hour:02d}," for day, hour in ENDS], {"date_format": "%Y%m%d%H"}),
    ],
    ids=lambda given: str(given)[:24],
)
def test_hour_24_is_midnight_of_the_next_day(rows, options):  # pandas 8891
    text = "\n".join(["t,hour,x", *(f"{row},{place}" for place, row in enumerate(rows))])
    series = from_csv(write(text), "x", **({"time": "t"} | options))
    assert list(series.times) == list(HOURS) and flat(series) == list(range(50))
    assert series.notes == f"50 rows, one every hour; none missing. {LATE}"
    assert by_recipe(series)[0].tolist() == flat(series)


def test_a_25th_hour_of_a_day_without_summer_time_is_told():
    hours = [f"20251026{hour:02d}" for hour in range(25)] + [f"20251027{hour:02d}" for hour in range(24)]
    series = from_csv(write(timed(hours)), "x", time="t", date_format="%Y%m%d%H")
    assert "1 repeated time averaged" in series.notes and "1 time at hour 24 is read as midnight" in series.notes


MONDAYS = pd.date_range("2025-01-06", periods=30, freq="7D")


@pytest.mark.parametrize(
    "times, first, every, said",
    [
        ([f"{2012 + n // 4}Q{n % 4 + 1}" for n in range(20)], "2012-01-01", "3 months", ""),
        ([f"Q{n % 4 + 1}-{2012 + n // 4}" for n in range(20)], "2012-01-01", "3 months", ""),
        ([f"{day:%G-W%V}" for day in MONDAYS], "2025-01-06", "7 days", ""),
        (
            [f"{46000 + hour / 24:.5f}" for hour in range(60)],
            "2025-12-09",
            "hour",
            "Warning: the times are read as Excel",
        ),
        ([str(46000 + day) for day in range(20)], "2025-12-09", "day", "Warning: the times are read as Excel"),
        ([str(hour.value // 1000) for hour in HOURS], str(HOURS[0]), "hour", ""),
        ([str(hour.value) for hour in HOURS], str(HOURS[0]), "hour", ""),
        (
            [f"{hour:%d.%m.%Y %H:%M} - {hour + pd.Timedelta(hours=1):%d.%m.%Y %H:%M}" for hour in HOURS],
            str(HOURS[0]),
            "hour",
            "Of a span of time, such as '03.09.2025 01:00 - 03.09.2025 02:00', its beginning counts.",
        ),
    ],
    ids=lambda given: str(given)[:20],
)
def test_times_that_other_programs_write_are_times(times, first, every, said):
    series = from_csv(write(timed(times)), "x", time="t")
    assert series.times[0] == pd.Timestamp(first) and flat(series) == list(range(len(times)))
    assert series.notes.startswith(f"{len(times)} rows, one every {every}; none missing.") and said in series.notes
    assert by_recipe(series)[0].tolist() == flat(series)


@pytest.mark.parametrize(
    "times, said",
    [
        (
            [f"{hour}:30:00" for hour in range(10, 20)],
            "is no time without its date; if that stands in a column of its own",
        ),
        (
            [f"{day}. Januar 2025" for day in range(1, 20)],
            "write the month as a number, as in 2026-01-05, where 'Januar'",
        ),
        ([f"{day} Europe/Vienna" for day in DAYS], "drop 'Europe/Vienna' at its end, or write all times in UTC"),
        ([f"{day} 04:00 NZDT" for day in DAYS], "drop 'NZDT' at its end"),
        ([f"{1959 + n / 12:.3f}" for n in range(20)], "or leave time out if the rows are equally spaced"),
    ],
    ids=lambda given: str(given)[:24],
)
def test_other_times_are_refused_with_a_cure_that_fits(times, said):
    sentence = why(timed(times))
    assert said in sentence and "date_format" not in sentence


LOGGER = '"TOA5","6843","CR3000"\n"TIMESTAMP","RECORD","Ts"\n"TS","RN","C"\n"","","Avg"\n' + "\n".join(
    f'"{hour}",{place},{20 + place % 7}' for place, hour in enumerate(HOURS)
)


def test_a_logger_with_four_lines_of_names_is_led_to_its_numbers():
    assert why(LOGGER, "Ts", "TIMESTAMP") == "line 2 holds the names of the columns; give skiprows=1"
    assert "give skiprows=[0, 2, 3]" in why(LOGGER, "Ts", "TIMESTAMP", skiprows=1)
    series = from_csv(write(LOGGER), "Ts", time="TIMESTAMP", skiprows=[0, 2, 3])
    assert flat(series)[:3] == [20, 21, 22] and series.times[0] == HOURS[0]


@pytest.mark.parametrize(
    "names", [[f"h{hour}" for hour in range(1, 25)], [*calendar.month_abbr[1:]]], ids=["day", "year"]
)
def test_a_file_with_a_day_or_a_year_in_each_row_raises_a_doubt(names):
    dates = DAYS if len(names) == 24 else range(2001, 2013)
    rows = [",".join([str(date), *map(str, range(len(names)))]) for date in dates]
    text = "\n".join([",".join(["t", *names]), *rows])
    notes = from_csv(write(text), names[2], time="t").notes
    every = "day" if len(names) == 24 else "year"
    assert f"Warning: this is one value a {every}; if columns {names[0]!r} to {names[-1]!r} go on, pd.melt" in notes
    few = "\n".join(",".join(row.split(",")[:5]) for row in text.split("\n"))
    assert "Warning" not in from_csv(write(few), names[2], time="t").notes


def test_names_that_stand_again_in_the_middle_are_named():
    text = "\n".join([timed(DAYS[:6]), timed(DAYS[6:])])
    assert why(text) == "line 8 of column 'x' holds 'x', which is no number; drop that line, which repeats the names"


def test_a_column_of_times_without_a_name_is_one():
    text = timed(DAYS).replace("t,x", ",x")
    assert why(text, time="Unnamed: 0").endswith("use 'x', or time='' for the column without a name")
    assert "one every day" in from_csv(write(text), "x", time="").notes


def test_year_month_day_and_hour_in_columns_of_their_own_are_one_time():
    rows = [f"{place},2010,{1 + place // 24 // 28},{1 + place // 24 % 28},{place % 24},{place}" for place in range(100)]
    text = "\n".join(["No,year,month,day,hour,pm2.5", *rows])  # the air of Beijing, in many a tutorial
    series = from_csv(write(text), "pm2.5", time=["year", "month", "day", "hour"])
    assert flat(series) == list(range(100)) and "one every hour; none missing." in series.notes


def test_a_file_without_names_says_so():
    text = "\n".join(f"{day},-.{place}" for place, day in enumerate(DAYS))
    assert why(text, "load", None).endswith("use '2025-09-03', '-.0', or write names above them, if these are none")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_letters_of_another_encoding_are_read_when_told(encoding):
    data = "t\tgröße\n".encode(encoding) + "\n".join(f"{day}\t{place},5" for place, day in enumerate(DAYS)).encode(
        encoding.replace("16", "16-le")
    )
    assert "encoding=" in refused(write(data), "größe", time="t")
    assert flat(from_csv(write(data), "größe", time="t", encoding=encoding)) == [place + 0.5 for place in range(12)]
