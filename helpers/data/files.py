"""A learner's own series: `from_pandas` makes it of a pandas Series, `from_csv` of a column of a CSV file."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..series import Series
from .cells import numbers
from .dates import MONTHS, quoted, times
from .regular import Rows, spaced
from .table import Table, checked, parsed, read, shown

PACKED_NAMES = (".gz", ".bz2", ".xz", ".zip", ".zst", ".tar")


def from_pandas(series: pd.Series, ahead: int = 0, period: float | None = None, unit: str = "") -> Series:
    """Return a pandas Series as a Series; the target of a row is the value `ahead` samples after it.

    With a DatetimeIndex the rows are sorted, equal times averaged, and the values put on a regular grid whose step is
    the median distance, filled linearly; times of a zone become those of UTC, unless all are the same hour of a day.
    Months, quarters and years are steps of the calendar. With any other index the rows count as equally spaced, and
    missing values are filled linearly. Missing values at the ends, and the last `ahead` samples, which have no target,
    are left out. `period`, in samples, is found where it is not given: see `find_period`. `notes` tells what was done;
    a doubt begins with 'Warning:'. Raises ValueError with one sentence that names what is wrong, and what would work.
    """
    values, name = _values_of(series)
    index, doubts = _times_of(series.index, name)
    if index is not None and (lost := np.isfinite(values) & np.asarray(index.isna())).any():
        raise ValueError(f"{name} has no time for its value in row {lost.argmax()}; fill it in, or drop that row")
    rows = spaced(values, index, name, name, lambda row: f"{name} has {series.index[row]} in row {row}", doubts)
    given = {"ahead": ahead, "period": period, "unit": unit}
    code = ", ".join(["series", *(f"{setting}={value!r}" for setting, value in given.items() if value)])
    name = "series" if series.name is None else str(series.name)
    return rows.series(ahead, period, unit, name=name, code=f"from_pandas({code})")


def _values_of(series: Any) -> tuple[np.ndarray, str]:
    """Return the values of a pandas Series, nan where missing, and what messages call it."""
    if isinstance(series, pd.DataFrame):
        columns = ", ".join(f"[{name!r}]" for name in list(series.columns)[:10])
        raise ValueError(f"series is a DataFrame; use one of its columns: {columns}")
    if not isinstance(series, pd.Series):
        raise ValueError(f"series {shown(series)} is no pandas Series; use one, such as df['load']")
    name = "series" if series.name is None else f"series {shown(str(series.name))}"
    if not pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_complex_dtype(series.dtype):
        raise ValueError(f"{name} holds values of type {series.dtype}; use pd.to_numeric(series)")
    values = series.to_numpy(float, na_value=np.nan)
    if (large := np.flatnonzero(np.abs(values) > np.finfo(np.float32).max)).size:
        raise ValueError(f"{name} has {values[large[0]]:g} at {series.index[large[0]]}; fill or drop it first")
    return values, name


def _times_of(index: pd.Index, name: str) -> tuple[pd.DatetimeIndex | None, list[str]]:
    """Return the times of an index, without a zone, or None and what makes it doubtful that the rows are even."""
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pd.TimedeltaIndex):
        index = pd.Timestamp(0) + index
    if isinstance(index, pd.DatetimeIndex):
        local = index.tz_localize(None)
        in_days = (local - local.normalize()).nunique() == 1  # which summer time would move in UTC
        return local if index.tz is None or in_days else index.tz_convert(None), []
    even = "Warning: the rows are taken as equally spaced, though the index"
    if isinstance(index, pd.MultiIndex):
        raise ValueError(f"{name} has an index of {index.nlevels} levels; keep one, such as series.loc['a']")
    if not pd.api.types.is_numeric_dtype(index.dtype):
        return None, [f"{even} is of type {index.dtype}; pd.to_datetime(series.index) makes times of text."]
    jumps = np.flatnonzero(np.diff(index.to_numpy(float)) != np.diff(index.to_numpy(float)[:2]))
    if jumps.size:
        return None, [f"{even} goes from {index[jumps[0]]} to {index[jumps[0] + 1]}; use series.reindex to fill a gap."]
    return None, []


def from_csv(
    path: str | Path,
    column: str,
    time: str | Sequence[str] | None = None,
    ahead: int = 0,
    period: float | None = None,
    unit: str = "",
    **read_csv: Any,
) -> Series:
    """Return the series in a column of a CSV file; the target of a row is the value `ahead` samples after it.

    `time` is the column of times, or a list of columns that make a time together, such as a date and an hour. What
    becomes of both is told by `from_pandas`. Without `time` the rows count as equally spaced.

    `read_csv` are options of `pandas.read_csv`: `sep`, `decimal`, `thousands`, `na_values`, `skiprows`, `comment`,
    `dayfirst`, `date_format` and others. Where they are left out, the sign between the cells and a decimal comma beside
    a semicolon or a tab are found. The file is text on this machine with names in its first line. It is only read:
    nothing is fetched, unpacked, evaluated or written. Raises ValueError with one sentence that names the setting, or
    the file, the line, the column and the cell, and what would work.
    """
    names: list[Any] = [] if time is None else list(time) if isinstance(time, list | tuple) else [time]
    names = [name for place, name in enumerate(names) if name not in names[:place]]
    lines, rows = _read(path, column, names, checked(read_csv))
    series = rows.series(ahead, period, unit, name=column)
    given = {"time": time, "ahead": ahead, "period": series.period if period else None, "unit": unit}
    settings = {setting: value for setting, value in given.items() if value} | read_csv
    code = ", ".join([repr(Path(path).as_posix()), repr(column), *(f"{key}={settings[key]!r}" for key in settings)])
    recipe = "\n".join([*lines, rows.recipe(f"table[{quoted(column)}]", ahead)]) if lines else ""
    return replace(series, code=f"from_csv({code})", recipe=recipe)


def _read(path: str | Path, column: str, names: list[Any], options: dict[str, Any]) -> tuple[list[str], Rows]:
    """Return the rows of a file, and the lines of code that read it."""
    wanted = [("column", column), *(("time", name) for name in names if name != column)]
    table = parsed(*read(path, options.get("encoding", "utf-8")), wanted, options)
    values, doubts = numbers(table, column)
    said = f"column {shown(column)} of {table.name}"
    if not names:
        rows = spaced(values, None, said, table.name, str, doubts + _totals(table, column, values))
        return _lines(path, table, names, ""), rows
    moments, made, notes = times(table, names, np.isfinite(values))

    def where(row: int) -> str:
        cell = " ".join(str(table.cells[name].iloc[row]) for name in names)
        return str(table.refusal(row + 1, names[0], cell, "")).removesuffix(", ")

    rows = spaced(values, moments, said, table.name, where, notes + doubts, _apart(table, column, names))
    rows.doubts += _wide(table, column, rows)
    return _lines(path, table, names, made), rows


def _totals(table: Table, column: str, values: np.ndarray) -> list[str]:
    """Return a doubt where the last row may be a total: the sum, or with a word in a column of numbers or times."""
    words = []
    for name, cell, (_, above) in zip(table.names, table.last, table.head[:-1].items()):
        if name != column and re.fullmatch(r"[^\W\d]\D*", str(cell)) and isinstance(cell, str):
            words += [cell] if above.str.contains("[0-9]").any() and above.dropna().str.contains("[0-9]").all() else []
    total = values.size and values[-1] and np.isclose(values[-1], np.nansum(values[:-1]))
    if "skipfooter" in table.options or not (words or total):
        return []
    what = f"has {shown(words[0])}" if words else "is the sum of all others"
    return [f"Warning: the last row {what}; if it is no sample, give skipfooter=1."]


def _wide(table: Table, column: str, rows: Rows) -> list[str]:
    """Return a doubt where each row seems to hold the hours of a day or the months of a year, a column each."""
    kind = column.rstrip("0123456789")
    numbered = [name for name in table.names if kind != column and re.fullmatch(rf"{re.escape(kind)}[0-9]+", name)]
    months = [name for name in table.names if name.lower() in MONTHS]
    alike = months if column in months else numbered
    if (len(alike), rows.every) not in ((24, "day"), (48, "day"), (96, "day"), (12, "year")):
        return []
    cure = "pd.melt(table, …) puts them one below the other, for from_pandas"
    return [f"Warning: this is one value a {rows.every}; if columns {alike[0]!r} to {alike[-1]!r} go on, {cure}."]


def _apart(table: Table, column: str, names: list[str]) -> str:
    """Return how rows of the same time may be told apart: by a column that has another cell in each of them."""
    head = table.head.set_axis([*table.names, ""][: table.head.shape[1]], axis=1)
    for name in [name for name in table.names if name not in (column, *names, "")]:
        counts_rows = not head[name].duplicated().any() and not head[name].str.contains(":").all()
        if not counts_rows and not head[[*names, name]].duplicated().any():
            either = f"give time={[*names, name]} if it is a part of the time"
            return f"column {shown(name)} tells them apart: {either}, else keep the rows of one {shown(name)}"
    return "keep one row for each time"


def _lines(path: str | Path, table: Table, names: list[str], made: str) -> list[str]:
    """Return lines of pandas that read the numbers and the times of a file; none if an option is a function."""
    options, place = _options(path, table, names), Path(path).expanduser()
    if any(map(callable, options.values())):
        return []
    lines = [f"path = Path({quoted(place.as_posix())})"]
    if not place.is_absolute():
        lines += ["path = path if path.exists() else Path(__file__).parent / path  # or beside this script"]
    call = "table = pd.read_csv(path"
    for option, given in options.items():
        part = f"{option}={quoted(given)}"
        call += (",\n    " if len(call.splitlines()[-1]) + len(part) > 95 else ", ") + part
    lines += [f"{call})", *(["table.columns = table.columns.str.strip()"] if table.padded else [])]
    return [*lines, *([f"times = {made}"] if names else [])]


def _options(path: str | Path, table: Table, names: list[str]) -> dict[str, Any]:
    """Return what `pandas.read_csv` must be told to read the table as it was read here."""
    options = {option: given for option, given in table.options.items() if option not in ("dayfirst", "date_format")}
    if options["sep"] == ",":
        del options["sep"]
    if "skipfooter" in options:
        options["skipfooter"] += table.blank  # which pandas counts
    needed = {
        "engine": ("python", "skipfooter" in options),
        "dtype": (dict.fromkeys(names, "str"), names),  # a time is what is written: 01112025 begins with a nought
        "compression": (None, str(path).endswith(PACKED_NAMES)),
        "index_col": (False, table.uneven),
        "skipinitialspace": (True, re.search(rb"(^|[\n,;\t|]) ", table.data)),
        "skip_blank_lines": (False, not names and re.search(rb"\n\s*\n", table.data)),
    }
    return {option: given for option, (given, so) in needed.items() if so} | options
