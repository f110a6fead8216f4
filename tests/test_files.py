"""A CSV file comes back as the series that is in it, with its period found and told what was done."""

import re
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from csvs import DAYS, TEN, assert_recipe_makes, flat, often, refused, timed, write
from hypothesis import given
from hypothesis import strategies as st

from helpers import from_csv, sine, two_cycles
from helpers.data import table
from helpers.data.period import LEAST_SAMPLES, find_period

DATA = Path(__file__).parent.parent / "notebooks" / "data"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# The bundled file


def test_the_bicycles_are_what_the_script_beside_them_draws(tmp_path, monkeypatch):
    script = re.search(r"```python\n(.*?)```", (DATA / "README.md").read_text(encoding="utf-8"), re.S)[1]
    monkeypatch.chdir(tmp_path)
    exec(script, {"__name__": "script"})
    drawn = Path("bicycles.csv").read_text(encoding="utf-8")
    assert drawn == (DATA / "bicycles.csv").read_text(encoding="utf-8")
    assert len(drawn) < 150_000


def test_the_readme_of_the_bicycles_quotes_their_notes():
    series = from_csv(DATA / "bicycles.csv", "bicycles", time="time")
    quoted = re.findall(r"^> (.*)$", (DATA / "README.md").read_text(encoding="utf-8"), re.M)
    assert series.notes == " ".join(quoted)
    assert (len(series), series.period, series.name, series.ahead) == (26 * 7 * 24, 24, "bicycles", 0)


@pytest.mark.parametrize("column, ahead", [("bicycles", 0), ("temperature", 6)])
def test_a_recipe_makes_the_bicycles_with_pandas(monkeypatch, column, ahead):
    monkeypatch.chdir(DATA.parent)
    series = from_csv("data/bicycles.csv", column, time="time", ahead=ahead)
    assert_recipe_makes(series)
    assert_recipe_makes(from_csv("data/bicycles.csv", column, ahead=ahead))


# What is in a file comes out of it


@pytest.mark.parametrize("ahead", [0, 1, 4])
def test_the_target_of_a_row_is_the_value_so_many_samples_after_it(ahead):
    series = from_csv(write(TEN), "x", ahead=ahead)
    assert flat(series) == list(range(10 - ahead))
    assert series.targets[:, 0].tolist() == list(range(ahead, 10))
    assert series.ahead == ahead and series.name == "x"


def test_the_least_number_of_samples_is_what_a_split_needs():
    rows = TEN.split("\n")
    train, validation = from_csv(write("\n".join(rows[: 1 + LEAST_SAMPLES])), "x").split(0.8)
    assert min(len(train), len(validation)) == 2
    sentence = refused(write("\n".join(rows[:LEAST_SAMPLES])), "x")
    assert sentence.startswith(f"column 'x' of 'x.csv' gives 5 samples; use at least {LEAST_SAMPLES}, ")
    assert refused(write("x\n1"), "x").startswith("column 'x' of 'x.csv' gives 1 sample; use at least 6, ")


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_separators_line_ends_and_a_byte_order_mark_make_no_difference(sign, end, mark):
    text = timed(DAYS, [f"{day}.5" for day in range(14)], sign).replace("\n", end)
    series = from_csv(write(mark + text.encode()), "x", time="t")
    assert flat(series) == [day + 0.5 for day in range(14)]
    assert_recipe_makes(series)


@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_decimal_comma_is_understood_beside_a_semicolon_or_a_tab(sign):
    values = ["1,5", "-2,25", "3", "", "4,5e1", "0,0", "7,75"] * 2
    series = from_csv(write(timed(DAYS, values, sign)), "x", time="t")
    assert flat(series)[:7] == [1.5, -2.25, 3, 24, 45, 0, 7.75]
    assert_recipe_makes(series)
    mixed = write(timed(DAYS, ["1.500", *values[1:]], sign))
    assert refused(mixed, "x").startswith("line 2 of column 'x' of 'x.csv' holds '1.500', which is no number; ")


@pytest.mark.parametrize(
    "text, column",
    [
        ("x\n1\n2\n3\n4\n5\n6", "x"),
        ('"x, in °C"\n1\n2\n3\n4\n5\n6', "x, in °C"),
        ("x, in °C\n1\n2\n3\n4\n5\n6", "x, in °C"),
        (' "x" \n 1\n"2"\n 3 \n4.\n+5\n6e0', "x"),
        ("a;x, in °C\n0,5;1\n0,5;2\n0,5;3\n0,5;4\n0,5;5\n0,5;6", "x, in °C"),
        ('a,x\n"p, q",1\n"p ""q""",2\n"p\nq",3\n,4\n#,5\n<b>,6', "x"),
        ("x,,\n1,,\n2,,\n3,,\n4,,\n5,,\n6,,\n\n\n", "x"),
    ],
)
def test_columns_are_found_by_their_names(text, column):
    assert flat(from_csv(write(text), column)) == [1, 2, 3, 4, 5, 6]


def test_blank_cells_are_filled_linearly_and_left_out_at_the_ends():
    series = from_csv(write("x\nNA\n1\n\nn/a\n4\nnan\n6\n7\n8\n9\nnull\n"), "x")
    assert flat(series) == list(range(1, 10))
    assert series.notes == (
        "11 rows; 3 blank cells filled linearly; 2 blank cells at the ends left out; the longest gap is 2 samples."
        " Warning: 33% of all samples are filled in; a straight line there teaches a model nothing true."
    )


def test_rows_are_sorted_equal_times_averaged_and_gaps_filled():
    hours = [f"2026-01-05 {hour:02d}:00" for hour in (3, 0, 1, 2, 4, 5, 5, 9, 10, 11, 12)]
    series = from_csv(write(timed(hours, [3, 0, 1, 2, "", 4, 6, 9, 10, 11, 12])), "x", time="t")
    assert flat(series) == list(range(13))
    assert series.notes.startswith(
        "11 rows, one every hour; 3 missing hours and 1 blank cell filled linearly; 3 rows out of order, sorted; "
        "1 repeated time averaged; the longest gap is 3 hours. Warning: 31% of all samples are filled in; "
    )
    assert_recipe_makes(series)


def test_a_file_that_needs_nothing_says_so_and_other_series_have_no_notes():
    assert from_csv(write(TEN), "x").notes == "10 rows; none missing."
    assert from_csv(write(timed(DAYS)), "x", time="t").notes == "14 rows, one every day; none missing."
    assert sine().notes == ""


@pytest.mark.parametrize(
    "times, every",
    [
        ([f"2026-01-05T00:{minute:02d}:{second:02d}" for minute in range(9) for second in (0, 30)], "30 seconds"),
        ([f"2026-01-05T{hour:02d}:00:{hour % 3:02d}" for hour in range(20)], "hour"),
        ([f"2026-01-05 00:00:00.{part:02d}" for part in range(0, 90, 3)], "30 milliseconds"),
        ([f"{1949 + month // 12}-{month % 12 + 1:02d}" for month in range(40)], "month"),
        ([f"{year}-01-01" for year in range(1990, 2010)], "year"),
        ([f"{day:02d}.01.2026 08:00" for day in range(1, 9)], "day"),
        ([f"01/{day:02d}/2026" for day in range(1, 15)], "day"),
        ([f"{day:02d}/01/2026" for day in range(1, 15)], "day"),
        ([f"2026-01-05T{hour:02d}:00+01:00" for hour in range(0, 24, 2)], "2 hours"),
    ],
)
def test_the_step_is_the_median_distance_of_the_times(times, every):
    series = from_csv(write(timed(times)), "x", time="t")
    assert f"{len(times)} rows, one every {every}; " in series.notes
    np.testing.assert_allclose(flat(series), range(len(series)), atol=1e-2)
    assert len(times) - 1 <= len(series) <= len(times)
    assert not series.recipe or assert_recipe_makes(series) is None


def test_a_gap_longer_than_a_period_is_a_warning():
    hours = np.arange("2026-01-01", "2026-03-01", dtype="datetime64[h]")
    wave = np.sin(np.arange(len(hours)) * 2 * np.pi / 24).round(3)
    for missing, warned in ((24, False), (25, True)):
        kept = np.r_[:500, 500 + missing : len(hours)]
        series = from_csv(write(timed([f"{hour}:00" for hour in hours[kept]], wave[kept])), "x", time="t")
        assert series.period == 24
        assert ("Warning: the longest gap is longer than a period of 24 samples; " in series.notes) == warned


def test_a_file_of_several_chunks_is_one_series_and_no_surplus_cell_is_missed(monkeypatch):
    monkeypatch.setitem(table.AS_TEXT, "chunksize", 4)
    rows = ["x", *map(str, range(120))]
    assert flat(from_csv(write("\n".join(rows)), "x")) == list(range(120))
    for line in range(103, 112):
        surplus = [*rows[: line - 1], "1,2", *rows[line:]]
        assert refused(write("\n".join(surplus)), "x").startswith(
            f"line {line} of 'x.csv' has 2 cells and line 1 has 1; "
        )


# Code and recipe


@pytest.mark.parametrize(
    "given", [{}, {"ahead": 3}, {"time": "t"}, {"time": "t", "period": 7.0, "unit": "°C"}, {"period": 3.5}], ids=str
)
def test_the_repr_of_a_series_from_a_file_pastes_back_as_the_same_series(given):
    series = from_csv(Path("./") / write(timed(DAYS)), "x", **given)
    again = eval(repr(series), {"from_csv": from_csv})
    assert again == series and repr(again) == repr(series)
    assert (again.unit, again.period, again.notes) == (given.get("unit", ""), series.period, series.notes)


@pytest.mark.parametrize(
    "text, given",
    [
        ("x\n1\n\n3\n4\n5\n6\n7", {}),  # an empty line is a missing sample
        ("a,x\n,1\n0,2\n0,3\n0\n0,5\n0,6\n0,7", {}),  # a line cut short
        (' "x" , y\n 1,2\n"2",3\n 3 ,4\n4.,5\n+5,6\n6e0,7\n8,8', {}),
        ("x\nNone\n1\n nil \n3\n4\nnone \n6\n7\n8", {"na_values": "nil"}),
        ("x;y\n1.000,5;\n2.000,5;\n0,5;\n7;\n-9;\n3;\n2;", {"thousands": ".", "decimal": ","}),
        ("made by a logger\nx\n1\n2\n3 # here\n4\n5\n6\n7\nsum", {"skiprows": 1, "comment": "#", "skipfooter": 1}),
        ('t,x\n"2026-01-01",1' + timed(DAYS).removeprefix("t,x"), {"time": "t"}),
        (timed([f"{day:02d}.01.2026" for day in range(1, 9)]), {"time": "t"}),
        (timed([f"{day}/3/2026" for day in range(1, 9)]), {"time": "t", "dayfirst": True}),
        (timed([f"{day}T08:00Z" for day in DAYS]), {"time": "t"}),
        (timed([f"2026-1-{day}" for day in range(1, 9)]), {"time": "t"}),
        (timed([f"2026-0{month}-{28 if month == 2 else 30}" for month in range(1, 10)]), {"time": "t"}),
        (timed([1_700_000_000 + 600 * place for place in range(9)]), {"time": "t"}),
        (timed([f"2026-01-05 00:00:0{second}.5" for second in range(9)]), {"time": "t"}),
        (timed([f"2026-10-{day}T00:00+0{1 + (day < 26)}:00" for day in range(20, 31)]), {"time": "t"}),
        ("d,h,x\n" + "\n".join(f"2026-01-{5 + n // 24:02d},{n % 24},{n}" for n in range(60)), {"time": ["d", "h"]}),
        (
            "Year,month,Day,x\n" + "\n".join(f"2026,1,{day},{day}" for day in range(1, 9)),
            {"time": ["Year", "month", "Day"]},
        ),
        ("t,x\n" + "\n".join(f"{day},{day[-2:]}," for day in DAYS), {"time": "t"}),  # a comma at the end of each line
    ],
)
def test_the_recipe_reads_the_file_with_pandas_as_it_was_read(text, given):
    assert_recipe_makes(from_csv(write(text), "x", ahead=1, **given))


def test_a_file_whose_name_would_make_pandas_unpack_it_has_a_recipe_that_does_not():
    assert_recipe_makes(from_csv(write(TEN, "x.csv.gz"), "x"))


def test_a_function_among_the_options_leaves_no_recipe():
    assert from_csv(write("note\n" + TEN), "x", skiprows=lambda line: line == 0).recipe == ""


# The period


def cycle(period, samples, seed, noise=0.5):
    draw, time = np.random.default_rng(seed), np.arange(samples)
    return np.sin(2 * np.pi * time / period + draw.uniform(0, 6)) + draw.normal(0, noise, samples)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise, samples", [(0.3, 400), (1, 2000), (2, 8760)])
def test_a_day_is_found_under_noise_a_trend_and_a_week(seed, noise, samples):
    time = np.arange(samples)
    for hours in (1, 2):
        day = 24 // hours
        week = 1 - 0.5 * (time // day % 7 >= 5)
        assert (
            find_period(week * cycle(day, samples, seed, 0) + cycle(day, samples, seed, noise) + 5 * time / samples)
            == day
        )


@pytest.mark.parametrize("seed", range(5))
def test_a_week_is_found_in_daily_values(seed):
    days = np.arange(200)
    assert find_period((days % 7 >= 5) + days / 100 + np.random.default_rng(seed).normal(0, 0.3, 200)) == 7


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("samples", [20, 365, 8760])
def test_noise_has_no_period_nor_has_a_walk_at_random(seed, samples):
    noise = np.random.default_rng([7, seed]).normal(size=samples)
    assert find_period(noise) is None and find_period(noise.cumsum()) is None


def test_little_noise_is_seldom_taken_for_a_cycle():
    found = [find_period(np.random.default_rng([20, seed]).normal(size=20)) for seed in range(300)]
    assert found.count(None) >= 294


def test_the_period_is_the_whole_cycle_and_not_its_strongest_part():
    hour = np.arange(24 * 60) % 24
    for evening in (17, 18, 19):
        rush = np.exp(-((hour - 8) ** 2) / 2) + 0.9 * np.exp(-((hour - evening) ** 2) / 2)
        assert find_period(rush) == 24
    assert find_period(two_cycles().values[:, 0]) == 24 and find_period(sine(noise=0.3).values[:, 0]) == 24


@pytest.mark.parametrize("days, noise", [(30, 0), (30, 60), (120, 60), (120, 200)])
@pytest.mark.parametrize("morning, evening", [(7, 18), (8, 19), (9, 20)])
def test_a_day_of_two_rush_hours_is_no_half_day(morning, evening, days, noise):
    hour = np.arange(24 * days) % 24
    rush = 600 * np.exp(-(((hour - morning) / 2) ** 2)) + 800 * np.exp(-(((hour - evening) / 2) ** 2))
    for seed in range(3):
        assert find_period(1400 + rush + np.random.default_rng([24, seed]).normal(0, 1, len(hour)) * noise) == 24


@pytest.mark.parametrize("seed", range(5))
def test_a_half_day_is_not_taken_for_a_day(seed):
    tide = np.cos(np.arange(24 * 60) * np.pi / 6) + np.random.default_rng([12, seed]).normal(0, 1, 24 * 60)
    assert find_period(tide) == 12


@pytest.mark.parametrize("values", [[5] * 40, [0.1] * 40, range(40), np.arange(500) / 8 + 1e6], ids=type)
def test_a_constant_and_a_straight_line_have_no_period(values):
    series = from_csv(write("\n".join(["x", *map(str, values)])), "x")
    assert series.period is None and len(series) == len(values)


# Any file


@st.composite
def files(draw):
    """The text of a file, the settings to read it with, and its rows: times, and values or None for a blank cell."""
    rows = draw(st.integers(12, 40))
    step = draw(st.sampled_from([timedelta(minutes=15), timedelta(hours=1), timedelta(hours=2), timedelta(days=1)]))
    start = datetime(2026, 1, 5, 8) + timedelta(hours=draw(st.integers(0, 5000)))
    gaps = draw(st.sets(st.integers(1, rows - 2), max_size=rows // 4 - 1))
    places = [place for place in range(rows) if place not in gaps]
    places += draw(st.lists(st.sampled_from(places), max_size=3))
    blank = draw(st.sets(st.sampled_from(places), max_size=3))
    value = st.integers(-99999, 99999).map(lambda hundredths: hundredths / 100)
    table = [(start + place * step, None if place in blank else draw(value)) for place in places]
    table = draw(st.permutations(table))
    sign, form = (
        draw(st.sampled_from(",;\t")),
        draw(st.sampled_from(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M"])),
    )
    written = [("" if value is None else f"{value:.2f}") for _, value in table]
    if sign != "," and draw(st.booleans()):
        written = [value.replace(".", ",") for value in written]
    order = draw(st.permutations(["t", "x", "note"]))
    note = draw(st.sampled_from(["", "ok", "#", "a b"]))
    lines = [sign.join(order)]
    for (time, _), value in zip(table, written, strict=True):
        lines.append(sign.join({"t": time.strftime(form), "x": value, "note": note}[name] for name in order))
    mark, end = draw(st.sampled_from(["", "\ufeff"])), draw(st.sampled_from(["\n", "\r\n"]))
    return mark + end.join(lines) + draw(st.sampled_from(["", end])), table, step


def by_hand(table, step):
    """One sample after the other, as the docstring tells it."""
    found = defaultdict(list)
    for time, value in table:
        if value is not None:
            found[time].append(value)
    values = []
    for (left, before), (right, after) in pairwise(sorted(found.items())):
        start, end, steps = np.mean(before), np.mean(after), (right - left) // step
        values += [start + (end - start) * i / steps for i in range(steps)]
    return [*values, np.mean(after)]


@often
@given(made=files(), ahead=st.integers(0, 2))
def test_any_file_comes_back_as_the_series_in_it(made, ahead):
    text, table, step = made
    values = by_hand(table, step)
    series = from_csv(write(text), "x", time="t", ahead=ahead)
    np.testing.assert_allclose(series.values[:, 0], values[: len(values) - ahead], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(series.targets[:, 0], values[ahead:], rtol=1e-5, atol=1e-3)
    assert series.notes.startswith(f"{len(table)} rows, one every ")
    assert_recipe_makes(series)


@often
@given(st.lists(st.none() | st.integers(-999, 999), min_size=14, max_size=40))
def test_any_column_without_times_comes_back_as_the_series_in_it(column):
    column[0], column[-1], column[3:7] = 1, 2, [3, 4, 5, 6]
    known = [place for place, value in enumerate(column) if value is not None]
    values = np.interp(range(len(column)), known, [column[place] for place in known])
    series = from_csv(write("\n".join(["y,x", *(f"7,{'' if value is None else value}" for value in column)])), "x")
    np.testing.assert_array_equal(series.values[:, 0], np.float32(values))
    assert (
        f"; the longest gap is {max(b - a for a, b in pairwise(known)) - 1} sample" in series.notes
        or None not in column
    )
    assert_recipe_makes(series)
