"""The times in the cells of a table; one that cannot be read is named by its line, with the cure."""

import calendar
import json
import re
import warnings
from itertools import product

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from .table import Table, shown

DATES = ("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%d-%b-%y", "%b-%y", "%Y-%m-%d", "%Y %j")
CLOCKS = (
    "",
    " %H",
    " %H:%M",
    " %H:%M:%S",
    " %H.%M",
    " %H.%M.%S",
)  # what pandas does not guess, by the number of digits
FORMATS = {6: ["%Y%m"], 10: ["%Y%m%d%H"], 12: ["%Y%m%d%H%M"], 0: [*map("".join, product(DATES, CLOCKS)), "%YM%m"]}
LOCAL = r"(.+[T ][\d:.]+(?: ?[AaPp][Mm])?)"  # a date and its clock, without the zone behind
ALIKE = "write all as 2026-01-05 08:00"
LATE = r"(?<=[ T])24(?=:00(?::00)?(?:\.0+)?$)|(?<=^\d{8})24(?=(?:00)*$)"  # an hour 24
SINCE_1970 = {9: "s", 10: "s", 13: "ms", 16: "us", 19: "ns"}  # until March 2030, by the number of digits
EXCEL = r"[2-6][0-9]{4}(?:\.[0-9]+)?"  # days, from 1954 to 2091
QUARTER, IN_ORDER = r"\d{4}\W?Q[1-4]|Q[1-4]\W?\d{4}", (r"(Q\d)\W?(\d{4})|(\d{4})\W?(Q\d)", r"\2\3\1\4")
PARTS = {"yr": "year", "mo": "month", "dy": "day", "hr": "hour"}  # other names of columns with a part of a time
MONTHS = [name.lower() for name in (*calendar.month_abbr[1:], *calendar.month_name[1:])]


def times(table: Table, names: list[str], known: np.ndarray) -> tuple[pd.DatetimeIndex, str, list[str]]:
    """Return the time of each row, NaT where it is blank, pandas's code that makes them of `table`, and notes.

    The texts of several columns are joined. `known` tells the rows with a number, which need a time. A time of a zone
    becomes that of UTC, unless all are the same hour of a day. Raises ValueError for a time that cannot be read, or not
    in one way alone.
    """
    text, code = _joined(table, names)
    if (lost := text.index[text.isna() & known]).size:
        why, cells = "which is no time for its number; fill it in, or drop that line", table.cells[names].fillna("")
        raise table.refusal(lost[0], names[0], " ".join(cells.loc[lost[0]].str.strip()), why)
    some = text.dropna()
    notes: list[str] = []
    if not len(some):
        return pd.DatetimeIndex([pd.NaT] * len(text)), code, notes
    if found := _of_parts(table.cells.loc[some.index], names):
        read, code = found
    elif "date_format" not in table.options and (counted := _counted(some, code)):
        read, code, notes = counted
    else:
        read, code, notes = _written(table, names[0], some, code)
    if read.hasnans:
        row = read.index[read.isna()][0]
        raise table.refusal(row, names[0], some[row], "which is no time; mend it, or drop that line")
    return pd.DatetimeIndex(read.reindex(text.index)), code, notes


def _joined(table: Table, names: list[str]) -> tuple[pd.Series, str]:
    """Return the texts of some columns, joined by blanks, and the code that does it; hours in the last get minutes."""
    texts, codes = [], []
    for name in names:
        texts.append(table.cells[name].str.strip())
        codes.append(f"table[{quoted(name)}]" + ".str.strip()" * (not texts[-1].equals(table.cells[name])))
    hours = len(names) > 1 and _all_are("[0-9]{1,2}", texts[-1].dropna())
    if hours and table.options.get("date_format", "%H:%M").endswith("%H:%M"):
        texts[-1], codes[-1] = texts[-1] + ":00", f'{codes[-1]} + ":00"'
    text, *more = texts
    code = ' + " " + '.join(codes)
    return text.str.cat(more, sep=" ") if more else text, f"({code})" if more else code


def _of_parts(cells: pd.DataFrame, names: list[str]) -> tuple[pd.Series, str] | None:
    """Return times of columns that hold a part each, such as year, month and hour, with the code; else None."""
    low = [PARTS.get(name.lower(), name.lower()) for name in names]
    units = ["year", "month", "day", "hour", "minute", "second"]
    if len(low) < 2 or {*low} != {*units[: len(low)]}:
        return None
    first = "" if "day" in low else ".assign(day=1)"
    parts = cells[names].apply(lambda each: each.str.strip()).set_axis(low, axis=1)
    read = pd.to_datetime(parts.assign(day=1) if first else parts, errors="coerce")
    return read, _call(f"table[{names}].set_axis({low}, axis=1){first}")


def _counted(text: pd.Series, code: str) -> tuple[pd.Series, str, list[str]] | None:
    """Return times that are counted from a day in the past, or quarters of a year, with code and notes; else None."""
    if _all_are(r"1[0-8][0-9]{8}(\.[0-9]*)?|[0-9]{9}|1[0-8][0-9]{11}|1[0-8][0-9]{14}|1[0-8][0-9]{17}", text):
        unit = SINCE_1970[len(text.iloc[0].partition(".")[0])]
        kind = "float" if unit in ("s", "ms") else "int"
        made = _call(f"{code}.dropna().astype({kind})", f'unit="{unit}"')
        return pd.to_datetime(text.astype(kind), unit=unit), made, []
    if _all_are(EXCEL, text):
        day = "1899-12-30"
        code = _call(f"{code}.astype(float)", 'unit="D"', f'origin="{day}"') + '.dt.round("s")'
        notes = ["Warning: the times are read as Excel counts them, in days since 30 December 1899."]
        return pd.to_datetime(text.astype(float), unit="D", origin=day).dt.round("s"), code, notes
    if _all_are(QUARTER, text):
        begun = pd.PeriodIndex(text.str.replace(*IN_ORDER, regex=True), freq="Q").to_timestamp()
        ordered = f'{code}.str.replace(r"{IN_ORDER[0]}", r"{IN_ORDER[1]}", regex=True)'
        return pd.Series(begun, text.index), f'pd.PeriodIndex({ordered}, freq="Q").to_timestamp()', []
    if _all_are(r"\d{4}-?W\d{2}", text):  # a week of ISO 8601, by its Monday
        form = "%G-W%V-%u" if "-" in text.iloc[0] else "%GW%V-%u"
        monday = pd.to_datetime(text + "-1", format=form, errors="coerce")
        return monday, _call(f'{code} + "-1"', f'format="{form}"'), []
    return None


def _all_are(pattern: str, text: pd.Series) -> bool:
    """Return whether a pattern fits each text; most often the first one tells, and a long file has millions."""
    return len(text) > 0 and bool(re.fullmatch(pattern, text.iloc[0]) and text.str.fullmatch(pattern).all())


def _written(table: Table, name: str, text: pd.Series, code: str) -> tuple[pd.Series, str, list[str]]:
    """Return times that are written as dates, with code and notes: of a span its beginning, hour 24 as midnight."""
    notes = []
    if _all_are(r".*\d - .*\d.*", text):
        notes.append(f"Of a span of time, such as {shown(text.iloc[0])}, its beginning counts.")
        text, code = text.str.split(" - ").str[0], f'{code}.str.split(" - ").str[0]'
    late = text.str.contains(LATE)
    if not late.any():
        return *_by_format(table, name, text, code), notes
    many = "1 time at hour 24 is" if late.sum() == 1 else f"{late.sum():,} times at hour 24 are"
    notes.append(f"{many} read as midnight at the beginning of the next day.")
    replaced = f'(text := {code}).str.replace(LATE := r"{LATE}", "00", regex=True)'
    read, code = _by_format(table, name, text.str.replace(LATE, "00", regex=True), replaced)
    return (
        read + pd.to_timedelta(late * 1, unit="D"),
        f'{code} + pd.to_timedelta(text.str.contains(LATE) * 1, "D")',
        notes,
    )


def _by_format(table: Table, name: str, text: pd.Series, code: str) -> tuple[pd.Series, str]:
    """Return times by the one format in which all are written, and the code that does it."""
    forms = _formats(table, name, text)
    for form in forms:
        read = _parsed(text, form)
        if not read.hasnans:
            break
    else:
        raise _unlike_the_first(table, name, text, forms)
    if len(forms) > 1 and (read.dt.day <= 12).all() and (read.dt.day != read.dt.month).any():
        cure = f"{ALIKE}, or give dayfirst=True or dayfirst=False"
        raise table.refusal(text.index[0], name, text.iloc[0], f"of which day and month cannot be told apart; {cure}")
    if "%z" not in form.lower() and form != "ISO8601":
        return read, _call(code, f"format={quoted(form)}")
    bare = re.sub(" ?%z", "", form, flags=re.IGNORECASE)
    local = _parsed(text.str.extract(LOCAL)[0], bare)
    if not local.hasnans and (local - local.dt.normalize()).nunique() == 1:  # a day is one of its zone
        return local, _call(f'{code}.str.extract(r"{LOCAL}")[0]', f"format={quoted(bare)}")
    return read, _call(code, f"format={quoted(form)}", "utc=True") + ".dt.tz_localize(None)"


def _parsed(text: pd.Series, form: str) -> pd.Series:
    """Return times by a format, NaT where it does not fit."""
    read = pd.to_datetime(text, format=form, errors="coerce", utc=True).dt.tz_localize(None)
    if re.fullmatch("(%[a-zA-Z])+", form):  # pandas reads 2026111 by %Y%m%d, as one of two days
        read = read.where(text.str.len() == len(text.iloc[0]))
    return read


def _formats(table: Table, name: str, text: pd.Series) -> list[str]:
    """Return the formats in which the first time may be written: day first, month first, or the one that was given."""
    if given := table.options.get("date_format"):
        try:
            pd.to_datetime(text[:1], format=given if given != "mixed" else "%", errors="coerce")  # a guess in each cell
        except (ValueError, re.error):
            raise ValueError(f"option date_format {shown(given)} is no format; use one such as '%d.%m.%y'") from None
        return [given]
    first, row = text.iloc[0], text.index[0]
    orders = [bool(table.options["dayfirst"])] if "dayfirst" in table.options else [True, False]
    if re.match(r"\d{4}|\d\d?\.", first):  # a year is followed by its month, and a day by a point
        orders = [not first[:4].isdigit()]
    if forms := guessed(first, orders):
        short = [form.replace("%B", "%b") for form in forms]  # where it is a day in May, both are right
        return short if short != forms and _parsed(text, short[0]).notna().all() else forms
    raise table.refusal(row, name, first, f"which is no time{_cure(table, first, text, orders)}")


def guessed(text: str, orders: list[bool]) -> list[str]:
    """Return the formats in which pandas takes a time to be written, with the day first or not."""
    morning = re.sub(r"\d+(:[\d:]+ ?)[AP]M$", r"01\1AM", text[:40], flags=re.I)  # pandas guesses no other hours
    with warnings.catch_warnings(action="ignore"):  # that 13/01/2026 has its day first
        return sorted({guess_datetime_format(morning, dayfirst=order) for order in orders} - {None})


def _cure(table: Table, first: str, text: pd.Series, orders: list[bool]) -> str:
    """Return what to do where pandas cannot tell how the first of all times is written."""
    if re.fullmatch(r"[012]?\d:\d\d(:\d\d)?(\.\d+)?", first):
        joined = "if that stands in a column of its own, give time=['date', 'time'], by their names"
        return f" without its date; {joined}, or leave time out if the rows are equally spaced"
    words = re.findall(r"[^\W\d_]{3,}", first)
    zone = re.search(r" ?([A-Z]{3,5}|[A-Z][a-z]+/\w+)$", first)
    if zone and guessed(first[: zone.start()], orders):
        return f"; drop {shown(zone[1])} at its end, or write all times in UTC"
    if re.search(r"[0-9]", first) and words and not any(word.lower() in MONTHS for word in words):
        return f" in English; write the month as a number, as in 2026-01-05, where {shown(words[0])} stands"
    digits = len(first) if first.isdigit() else 0
    known = FORMATS.get(digits, [])
    fits = [form for form in known if pd.to_datetime(text[:99], format=form, errors="coerce").notna().all()]
    fits = fits or known[:1] * bool(digits) or ["%d.%m.%y"] * bool(re.search(r"\d\D+\d+\D+\d", first) or words)
    cure = f", or say how it is written: date_format={' or '.join(map(repr, fits))}" if fits else ""
    at_top = text.index[0] == 1 and not re.search("[0-9]", first)
    cure = f", or pass over it with {table.skipping([1])}" if at_top else cure
    return f"; write it as 2026-01-05 08:00, or leave time out if the rows are equally spaced{cure}"


def _unlike_the_first(table: Table, name: str, text: pd.Series, forms: list[str]) -> ValueError:
    """Return the error of the first time that is written in another way, with the cure."""
    tries = [_parsed(text, form).isna() for form in forms]
    bad, cells = text[min(tries, key=sum)], table.cells.index
    if pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).notna().all():
        cure = "or give date_format='ISO8601'"
    elif " 24:" in bad.iloc[0]:
        cure = "24:00 as 00:00 of the next day"
    elif bad.iloc[0].startswith("#"):
        cure = "or give comment='#'"
    elif len(bad) == len(text):
        cure = "or give the date_format of these times"
    elif len(bad) == cells[-1] + 1 - bad.index[0]:
        cure = f"or drop the end of the file with skipfooter={len(bad)}"
    else:
        cure = "or drop that line"
    like = f"like {shown(text.iloc[0])} in line {table.line(text.index[0])}"
    like = "as date_format says" if "date_format" in table.options else like
    return table.refusal(bad.index[0], name, bad.iloc[0], f"which is no time written {like}; {ALIKE}, {cure}")


def _call(*given: str) -> str:
    """Return a call of pd.to_datetime as code, with a line for each argument if it is long."""
    line, lines = ", ".join(given), ",\n    ".join(given)
    return f"pd.to_datetime({line})" if len(line) <= 76 else f"pd.to_datetime(\n    {lines}\n)"


def quoted(given: object) -> str:
    """Return a value as Python code, text in double quotes."""
    return json.dumps(given, ensure_ascii=False) if isinstance(given, str) else repr(given)
