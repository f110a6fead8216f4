"""A CSV file that cannot be used is refused with one sentence that names its line; and nothing but reading happens."""

import bz2
import gzip
import lzma
import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from csvs import DAYS, TEN, flat, often, refused, timed, write
from hypothesis import given
from hypothesis import strategies as st

from helpers import from_csv
from helpers.data import table
from helpers.data.period import LEAST_SAMPLES

SECONDS = [f"2026-01-01T00:00:0{second}" for second in range(9)]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# Bad data, each answered with one sentence


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("", "'x.csv' is empty; use a file with names in its first line and numbers below"),
        (b"\xef\xbb\xbf\n", "'x.csv' is empty; use a file with names in its first line and numbers below"),
        (" \n\n", "'x.csv' is empty; use a file with names in its first line and numbers below"),
        ("\n1\n2", "line 1 of 'x.csv' is blank; begin with the names of the columns"),
        ('""\n1', "column 'x' is no column of 'x.csv'; give its first line names"),
        ("x", "column 'x' of 'x.csv' gives 0 samples; use at least 6, "),
        ("x\n\n1\n\n", "column 'x' of 'x.csv' gives 1 sample; use at least 6, "),
        ("a,b\n1,2", "column 'x' is no column of 'x.csv'; use 'a', 'b'"),
        (",".join("abcdefghijklm"), f"column 'x' is no column of 'x.csv'; use {str([*'abcdefghij'])[1:-1]} and 3 more"),
        ("x,y,x\n1,2,3", "column 'x' stands twice in line 1 of 'x.csv'; rename one of the two"),
        ("x,y,y\n1,2,3", "column 'y' stands twice in line 1 of 'x.csv'; rename one of the two"),
        ("x,y\np,q\nr,s", "column 'x' of 'x.csv' holds no number; none of its columns does, so use another file"),
        ("x,y,z\np,1,2\nr,3,4", "column 'x' of 'x.csv' holds no number; use 'y', 'z'"),
        (f"{TEN}\nabc", "line 12 of column 'x' of 'x.csv' holds 'abc', which is no number; mend or empty that cell"),
        ('y,x\n"1\n2\n3",1\n4,\n5,p', "line 6 of column 'x' of 'x.csv' holds 'p', which is no number; "),
        ("x\n1\ninf", "line 3 of column 'x' of 'x.csv' holds 'inf', which is no number; mend or empty that cell"),
        ("x\n1\n-Infinity", "line 3 of column 'x' of 'x.csv' holds '-Infinity', which is no number; "),
        ("x\n1\n1e400", "line 3 of column 'x' of 'x.csv' holds '1e400', which is too large; use another unit, "),
        ("x\n1\n1e39", "line 3 of column 'x' of 'x.csv' holds '1e39', which is too large; use another unit, "),
        ("x\n1\n1_000", "line 3 of column 'x' of 'x.csv' holds '1_000', which is no number; "),
        ('x\n1\n"1,000"', "line 3 of column 'x' of 'x.csv' holds '1,000', which is no number; "),
        ("x\n1\n٣", "line 3 of column 'x' of 'x.csv' holds '٣', which is no number; "),
        ("x\n1\n1,5", "line 3 of 'x.csv' has 2 cells and line 1 has 1; mend it, or put a cell that holds ',' in "),
        ("x,y\n1,2\n3,4,5", "line 3 of 'x.csv' has 3 cells and line 1 has 2; mend it, "),
        ('x,y\n1,2\n3,"4\n5,6', "line 3 of 'x.csv' opens a quote that nothing closes; close or drop it"),
        (b"x\r1\r\xfc", "line 3 of 'x.csv' holds the byte 0xfc, no UTF-8; save it as CSV UTF-8"),
        (b"x\n1\ngr\xfcn", "line 3 of 'x.csv' holds the byte 0xfc, no UTF-8; save it as CSV UTF-8"),
        ("x\n1".encode("utf-16"), "'x.csv' is UTF-16 or no text at all; save it as CSV UTF-8"),
        ("x\n1".encode("utf-16-be"), "'x.csv' is UTF-16 or no text at all; save it as CSV UTF-8"),
        (b"PK\x03\x04 a workbook", "'x.csv' is packed or a spreadsheet, and not text; unpack it, or save it as CSV "),
        (gzip.compress(b"x\n1", mtime=0), "'x.csv' is packed or a spreadsheet, and not text; "),
        (bz2.compress(b"x\n1"), "'x.csv' is packed or a spreadsheet, and not text; "),
        (lzma.compress(b"x\n1"), "'x.csv' is packed or a spreadsheet, and not text; "),
        (",".join(["x"] * 2000), "'x.csv' has more than 1,000 columns; keep those that you need"),
    ],
    ids=lambda given: repr(given[:20]),
)
def test_bad_data_is_named_by_file_line_and_column(text, sentence):
    assert refused(write(text), "x").startswith(sentence)


@pytest.mark.parametrize(
    "times, line, why",
    [
        ([*DAYS, "soon"], 16, "'soon', which is no time written like '2026-01-01' in line 2; write all as "),
        (["soon", *DAYS], 2, "'soon', which is no time; write it as 2026-01-05 08:00, or leave time out "),
        ([*DAYS, "2026-02-30"], 16, "'2026-02-30', which is no time written like '2026-01-01' in line 2; "),
        ([*DAYS, "15.01.2026"], 16, "'15.01.2026', which is no time written like '2026-01-01' in line 2; "),
        ([*DAYS, "2026-01-15 00:00"], 16, "'2026-01-15 00:00', which is no time written like '2026-01-01' "),
        ([*DAYS, ""], 16, "'', which is no time for its number; fill it in, or drop that line"),
        ([0.1, 0.2], 2, "'0.1', which is no time; write it as 2026-01-05 08:00, or leave time out "),
        ([f"{month:02d}/01/2026" for month in range(1, 9)], 2, "'01/01/2026', of which day and month cannot be told "),
        ([*SECONDS, "1970-01-01T00:00:00"], 11, "'1970-01-01T00:00:00', too far from the rest for steps of 1 second; "),
    ],
    ids=lambda given: str(given)[:20],
)
def test_a_time_that_cannot_be_used_is_named_by_its_line(times, line, why):
    sentence = refused(write(timed(times)), "x", time="t")
    assert sentence.startswith(f"line {line} of column 't' of 'x.csv' holds {why}")


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"ahead": -1}, "ahead -1 is too small; use 0 or more"),
        ({"ahead": 1.5}, "ahead 1.5 is not a whole number; use 0 or more"),
        ({"ahead": 5}, "ahead 5 leaves 5 of 10 samples of 'x.csv'; use at least 11 samples, or a smaller ahead"),
        ({"ahead": 99}, "ahead 99 leaves 0 of 10 samples of 'x.csv'; use at least 105 samples, or a smaller ahead"),
        ({"period": 11}, "period 11 is not from 2 to 10 samples; leave it out to have it found"),
        ({"period": 0}, "period 0 is not from 2 to 10 samples; leave it out to have it found"),
        ({"period": math.nan}, "period nan is not from 2 to 10 samples; leave it out to have it found"),
        ({"period": "day"}, "period 'day' is not from 2 to 10 samples; leave it out to have it found"),
        ({"unit": 3}, "unit of type int is no text; use text such as '°C'"),
        ({"time": "when"}, "time 'when' is no column of 'x.csv'; use 'x'"),
        ({"time": 0}, "time of type int is no column of 'x.csv'; use 'x'"),
        ({"column": None}, "column of type NoneType is no column of 'x.csv'; use 'x'"),
    ],
    ids=str,
)
def test_a_bad_setting_is_named(settings, sentence):
    assert refused(write(TEN), **{"column": "x"} | settings) == sentence


@pytest.mark.parametrize(
    "path, sentence",
    [
        ("https://example.org/x.csv", "path 'https://example.org/x.csv' is an address; download the file, "),
        ("s3://bucket/x.csv", "path 's3://bucket/x.csv' is an address; download the file, "),
        ("file:///etc/hostname", "path 'file:///etc/hostname' is an address; download the file, "),
        (Path("https://example.org/x.csv"), "path 'https:/example.org/x.csv' is an address; download the file, "),
        ("no.csv", "path leads to no file 'no.csv'; check its name and its folder"),
        ("", "path leads to '', which is a folder; add the name of the file in it"),
        ("\0", "path leads to no file '\\x00'; check its name and its folder"),
        ("a" * 5000, f"path leads to '{'a' * 39}…', which cannot be opened (OSError); check it"),
        (os.devnull, f"path leads to no file '{Path(os.devnull).name}'; check its name and its folder"),
        (None, "path of type NoneType is no path; use the name of a CSV file, such as 'data/bicycles.csv'"),
        (b"x.csv", "path of type bytes is no path; use the name of a CSV file, such as 'data/bicycles.csv'"),
    ],
    ids=lambda given: str(given)[:20],
)
def test_a_path_that_leads_to_no_file_is_refused(path, sentence):
    write(TEN)
    assert refused(path, "x").startswith(sentence)


def test_a_folder_is_no_file():
    Path("folder.csv").mkdir()
    assert refused("folder.csv", "x").startswith("path leads to 'folder.csv', which is a folder; ")


def test_a_large_file_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(table, "MOST_BYTES", 20)
    assert flat(from_csv(write("x\n" + "1\n" * 9), "x")) == [1] * 9
    assert refused(write("x\n" + "1\n" * 10), "x") == "'x.csv' has more than 0 MB; use a part of it"


def test_more_rows_than_memory_holds_are_refused(monkeypatch):
    monkeypatch.setattr(table, "MOST_ROWS", 9)
    assert flat(from_csv(write("x" + "\n1" * 9), "x")) == [1] * 9
    assert refused(write("x" + "\n1" * 10), "x") == "'x.csv' has 10 rows; use at most 9, such as every second one"


def test_two_hundred_thousand_rows_work():
    minutes = np.arange("2026-01-01T00:00", "2026-05-20", dtype="datetime64[m]")
    day = np.sin(np.arange(len(minutes)) * 2 * np.pi / 1440).round(3)
    series = from_csv(write(timed(minutes, day)), "x", time="t")
    assert len(series) == len(minutes) > 200_000 and series.period == 1440
    np.testing.assert_array_equal(series.values[:, 0], np.float32(day))


LARGE = """
import re
import resource
from pathlib import Path
from helpers import from_csv

series = from_csv("power.csv", "power", time=["Date", "Time"], na_values="?")
assert len(series) == 2_102_400 and "one every minute; 14,600 blank cells" in series.notes
status = Path("/proc/self/status")  # there Linux tells the process's own peak; its ru_maxrss has the parent's in it
if status.exists():
    print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) / 1e6)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9)
"""


@pytest.mark.slow
def test_a_file_as_large_as_the_best_known_one_is_read_in_little_memory():
    clock = [f"{minute // 60:02}:{minute % 60:02}:00" for minute in range(1440)]
    powers = ["?" if minute % 144 == 50 else f"{minute / 1000:.3f}" for minute in range(1440)]
    day = "".join(f"DAY;{time};{power};0.000\n" for time, power in zip(clock, powers))
    with open("power.csv", "w") as file:
        file.write("Date;Time;power;other\n")
        for date in pd.date_range("2006-12-17", periods=1460):
            file.write(day.replace("DAY", f"{date:%d/%m/%Y}"))
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1  # GB


# Nothing but reading


@pytest.mark.parametrize("cell", ["=1+1", "__import__('os').abort()", "<script>alert(1)</script>", "\x1b[31m\u202e"])
def test_formulas_and_scripts_are_text_like_any_other(cell):
    sentence = refused(write(f"x\n1\n{cell}"), "x")
    assert sentence == f"line 3 of column 'x' of 'x.csv' holds {cell!r}, which is no number; mend or empty that cell"
    assert "\x1b" not in sentence and "\u202e" not in sentence


def test_a_long_cell_is_cut_to_forty_characters():
    sentence = refused(write("x\n1\n" + "a" * 10_000), "x")
    assert f"holds '{'a' * 39}…', which is no number" in sentence
    names = [letter * 10_000 for letter in "abcdefghijklmn"]
    assert len(refused(write(",".join(names)), "x" * 10_000)) < 700


def test_a_long_number_takes_no_long_time():
    assert "which is no number" in refused(write("x\n1\n" + "1" * 200_000 + "x"), "x")
    assert "which is too large" in refused(write("x\n1\n" + "1" * 200_000), "x")


WATCHED = """
import sys
from helpers import from_csv

from_csv("good.csv", "x", time="t")  # what is imported at the first call is imported
seen = []
sys.addaudithook(lambda event, arguments: seen.append((event, arguments)))
for name in ("good.csv", "bad.csv", "formula.csv", "https://127.0.0.1/x.csv", "packed.csv", "none.csv"):
    try:
        from_csv(name, "x", time="t")
    except ValueError:
        pass
opened = [arguments for event, arguments in seen if event == "open"]
assert len(opened) == 4 and all(mode == "r" for _, mode, _ in opened), opened
risky = ("socket.", "subprocess.", "os.", "shutil.", "pickle.", "exec", "compile", "import", "urllib.", "tempfile.")
assert not [event for event, _ in seen if event.startswith(risky)], seen
"""


def test_it_only_reads():
    for name, text in (("good", timed(DAYS)), ("bad", timed([*DAYS, "?"])), ("formula", timed(DAYS, ["=1+1"] * 14))):
        write(text, f"{name}.csv")
    write(gzip.compress(b"t,x\n", mtime=0), "packed.csv")
    before = {path: path.read_bytes() for path in Path().iterdir()}
    done = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


@pytest.fixture
def no_socket(monkeypatch):
    def opened(*arguments, **settings):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", opened)


def test_no_socket_is_opened(no_socket):
    from_csv(write(timed(DAYS)), "x", time="t")
    refused("https://example.org/x.csv", "x")
    refused("ftp://example.org/x.csv.gz", "x")


ODD = [
    "1",
    "",
    "nan",
    "inf",
    "1e400",
    "2026-01-05",
    "13/01/2026",
    "2026",
    "2026-01-05T08:00Z",
    "=1",
    '"',
    '"a\n',
    " ",
    "\0",
]


@often
@given(
    st.text() | st.lists(st.lists(st.sampled_from(ODD) | st.text(max_size=9), max_size=3).map(",".join)).map("\n".join),
    st.sampled_from(["", "t,x\n", "x\n", "t;x\n"]),
    st.booleans(),
)
def test_any_text_is_a_series_or_gets_one_sentence(text, head, with_time):
    name = write((head + text).encode(errors="replace"))
    try:
        assert len(from_csv(name, "x", time="t" if with_time else None)) >= LEAST_SAMPLES
    except ValueError:
        refused(name, "x", time="t" if with_time else None)


@often
@given(st.binary(max_size=300), st.text(max_size=9))
def test_any_bytes_and_any_names_are_a_series_or_get_one_sentence(content, column):
    name = write(content)
    try:
        from_csv(name, column)
    except ValueError:
        refused(name, column)
    try:
        from_csv(column, column)
    except ValueError:
        refused(column, column)
