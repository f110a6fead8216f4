"""The cells of a CSV file as plain text, and the numbers and times in them; a bad one is named by its line."""

import re
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

MOST_BYTES, MOST_ROWS, MOST_COLUMNS, CHUNK_ROWS = 200_000_000, 2_000_000, 1_000, 100_000
BLANK = ("", "na", "n/a", "#n/a", "nan", "null", "none")
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
PACKED = re.compile(rb"PK\x03\x04|\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|7z\xbc\xaf|\xd0\xcf\x11\xe0")
ALIKE = "write all as 2026-01-05 08:00"


def shown(given):
    """Return what was given as a message may hold it: quoted, escaped, and text cut to 40 characters."""
    if not isinstance(given, str):
        return f"of type {type(given).__name__}"
    return repr(given if len(given) <= 40 else f"{given[:39]}…")


def listed(names):
    """Return at most ten names in a row."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(shown, names[:10])) + more


def read(path):
    """Return the name of a file as messages show it, and its bytes: UTF-8 without a mark, lines ended by newlines."""
    if not isinstance(path, str | Path):
        raise ValueError(f"path {shown(path)} is no path; use the name of a CSV file, such as 'data/bicycles.csv'")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(path)):
        raise ValueError(f"path {shown(str(path))} is an address; download the file, and use the path of your copy")
    name = shown(Path(path).name or str(path))
    try:
        if Path(path).is_dir():
            raise ValueError(f"path leads to {name}, which is a folder; add the name of the file in it")
        if not Path(path).is_file():
            raise ValueError(f"path leads to no file {name}; check its name and its folder")
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, UnicodeError) as error:
        raise ValueError(f"path leads to {name}, which cannot be opened ({type(error).__name__}); check it") from None
    if len(data) > MOST_BYTES:
        raise ValueError(f"{name} has more than {MOST_BYTES // 10**6} MB; use a part of it")
    if PACKED.match(data):
        raise ValueError(f"{name} is packed or a spreadsheet, and not text; unpack it, or save it as CSV UTF-8")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data:
        raise ValueError(f"{name} is UTF-16 or no text at all; save it as CSV UTF-8")
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        byte, line = data[error.start], data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} of {name} holds the byte 0x{byte:02x}, no UTF-8; save it as CSV UTF-8") from None
    if not data.strip():
        raise ValueError(f"{name} is empty; use a file with names in its first line and numbers below")
    if (rows := data.count(b"\n")) > MOST_ROWS:
        raise ValueError(f"{name} has {rows:,} rows; use at most {MOST_ROWS:,}, such as every second one")
    return name, data


def separator(text):
    """Return the sign that stands in most of the first lines as often as in line 1, quotes apart; if none, a comma."""
    lines = re.sub(r'"[^"]*"', "", text).split("\n")[:20]
    alike = {sign: sum(line.count(sign) == lines[0].count(sign) for line in lines) for sign in "\t;,"}
    likely = [sign for sign in alike if sign in lines[0] and alike[sign] >= len(lines) / 2]
    return max(
        likely, key=lambda sign: alike[sign], default="\t" if "," in lines[0] else ","
    )  # a lone name may hold a comma


@dataclass
class Table:
    """The wanted columns of a CSV file as text, one for each setting; rows count from that of the names, row 0.

    `name` and `data` are those of `read`; `wanted` is the name of the column for each setting. Raises ValueError for
    a file that is no table or lacks a column, and the methods for a cell that they cannot read.
    """

    name: str
    data: bytes
    wanted: dict

    def __post_init__(self):
        self.sign = separator(self.data[:20_000].decode(errors="ignore"))
        first = self.data.split(b"\n", 1)[0]
        if not first.strip():
            raise ValueError(f"line 1 of {self.name} is blank; begin with the names of the columns")
        if first.count(self.sign.encode()) >= MOST_COLUMNS:
            raise ValueError(f"{self.name} has more than {MOST_COLUMNS:,} columns; keep those that you need")
        try:
            head = self.parse(nrows=100)
            names = head.iloc[0].str.strip().tolist()
            self.places = [self._place(setting, names) for setting in self.wanted]
            with self.parse(chunksize=CHUNK_ROWS) as chunks:  # in one piece a wide file would fill the memory
                self.cells = pd.concat([chunk[self.places] for chunk in chunks]).iloc[1:]
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise ValueError(self._why(str(error))) from None
        self.cells.columns = list(self.wanted)
        either = NUMBER.replace(r"\.", "[.,]")
        self.numeric = [name for i, name in enumerate(names) if name and head[i][1:].str.fullmatch(either).any()]

    def parse(self, **how):
        """Return pandas's reading, every cell as the text it is."""
        text = {"header": None, "dtype": object, "na_filter": False, "skip_blank_lines": False, "compression": None}
        return pd.read_csv(BytesIO(self.data), sep=self.sign, skipinitialspace=True, engine="c", **text, **how)

    def _place(self, setting, names):
        column, given = self.wanted[setting], [name for name in names if name]
        if twice := [name for name in given if names.count(name) > 1]:
            raise ValueError(f"column {shown(twice[0])} stands twice in line 1 of {self.name}; rename one of the two")
        if not isinstance(column, str) or column not in given:
            use = f"use {listed(given)}" if given else "give its first line names"
            raise ValueError(f"{setting} {shown(column)} is no column of {self.name}; {use}")
        return names.index(column)

    def _why(self, error):
        if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", error):
            line = f"line {self.line(int(found[2]) - 1)} of {self.name} has {found[3]} cells and line 1 has {found[1]}"
            return f"{line}; mend it, or put a cell that holds {shown(self.sign)} in quotes"
        if found := re.search(r"EOF inside string starting at row (\d+)", error):
            return f"line {self.line(int(found[1]))} of {self.name} opens a quote that nothing closes; close or drop it"
        return f"{self.name} is no table that can be read; save it anew as CSV UTF-8"

    def line(self, row):
        """Return the line of the file where a row begins; a quoted cell may go over several lines."""
        try:
            before = self.parse(nrows=row) if b'"' in self.data else pd.DataFrame()
        except pd.errors.ParserError:  # in the very next row
            before = pd.DataFrame()
        return row + 1 + sum(int(cells.str.count("\n").sum()) for _, cells in before.items())

    def refusal(self, row, setting, why):
        """Return the error of a cell that cannot be used."""
        where = f"line {self.line(row)} of column {shown(self.wanted[setting])} of {self.name}"
        return ValueError(f"{where} holds {shown(self.cells.at[row, setting])}, {why}")

    def numbers(self):
        """Return the numbers of the column as float64, nan for a blank cell, and whether decimals have a comma."""
        cells = self.cells["column"].str.strip()
        given = cells[~cells.str.lower().isin(BLANK)]
        comma = self.sign != "," and bool(given.str.fullmatch("[+-]?[0-9]+,[0-9]+").any())
        wrong = given.index[~given.str.fullmatch(NUMBER.replace(r"\.", ",") if comma else NUMBER).astype(bool)]
        if 0 < len(wrong) == len(given):
            use = f"use {listed(self.numeric)}" if self.numeric else "none of its columns does, so use another file"
            raise ValueError(f"column {shown(self.wanted['column'])} of {self.name} holds no number; {use}")
        if len(wrong):
            raise self.refusal(wrong[0], "column", "which is no number; mend or empty that cell")
        numbers = np.full(len(cells), np.nan)
        numbers[given.index - 1] = (given.str.replace(",", ".") if comma else given).to_numpy(float)
        if (large := np.flatnonzero(np.abs(numbers) > np.finfo(np.float32).max)).size:
            raise self.refusal(large[0] + 1, "column", "which is too large; use another unit, or empty that cell")
        return numbers, comma

    def moments(self, numbers):
        """Return rows, those that have a time; their times as whole numbers of a unit; the unit; and if NumPy can too.

        The unit is "M", months, if every time begins one, else "s" or "us". A number without a time is refused.
        """
        cells = self.cells["time"].str.strip()
        blank = cells.str.lower().isin(BLANK).to_numpy()
        if (lost := np.flatnonzero(np.isfinite(numbers) & blank)).size:
            raise self.refusal(lost[0] + 1, "time", "which is no time for its number; fill it in, or drop that line")
        if blank.all():
            return cells.index[:0], np.arange(0), "s", False
        exact, zoned = self._exact(cells[~blank])
        unit = next(unit for unit in ("M", "s", "us") if (exact == exact.astype(f"datetime64[{unit}]")).all())
        raw = self.cells["time"]
        try:
            plain = not zoned and (raw[blank] == "").all()
            plain = bool(plain and (raw[~blank].to_numpy(str).astype("datetime64[us]") == exact).all())
        except ValueError:
            plain = False
        return cells.index[~blank], exact.astype(f"datetime64[{unit}]").astype(np.int64), unit, plain

    def _exact(self, times):
        """Return times as datetime64[us], all written alike, and whether they have a time zone, which is dropped."""
        first, rows = times.iloc[0], times.index
        day_first = (False,) if re.match(r"\d{4}", first) else (True,) if re.match(r"\d+\.", first) else (False, True)
        with warnings.catch_warnings(action="ignore"):  # that 13/01/2026 has its day first
            forms = {guess_datetime_format(first[:40], dayfirst=order) for order in day_first} - {None}
        if not forms:
            why = "which is no time; write it as 2026-01-05 08:00, or leave time out if the rows are equally spaced"
            raise self.refusal(rows[0], "time", why)
        readings = {form: pd.to_datetime(times, format=form, errors="coerce", utc=True) for form in sorted(forms)}
        form = min(readings, key=lambda form: readings[form].isna().sum())
        reading, like = readings[form], f"{shown(first)} in line {self.line(rows[0])}"
        if reading.hasnans:
            raise self.refusal(rows[reading.isna()][0], "time", f"which is no time written like {like}; {ALIKE}")
        if not all(other.hasnans or other.equals(reading) for other in readings.values()):
            raise self.refusal(rows[0], "time", f"of which day and month cannot be told apart; {ALIKE}")
        zoned = "%z" in form.lower()
        zones = times.str.extract(r"(Z|[A-Z]{3,}|[+-][\d:]+)$")[0] if zoned else pd.Series("", rows)
        if (others := rows[zones != zones.iloc[0]]).size:
            raise self.refusal(others[0], "time", f"in another time zone than {like}; write all in one, best UTC")
        return reading.dt.tz_localize(None).to_numpy("datetime64[us]"), zoned
