"""The numbers and the times in the cells of a table; a bad one is named by its line, with the cure."""

import json
import re
import warnings
from itertools import product

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from .table import Table, listed, shown

NUMBER = r"[-+]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
SIGNS = [(".", ","), (",", ""), (",", "."), *product(".,", " '\u00a0\u202f_")]  # decimal and thousands
UNIT = r"[\w $€£¥%*°/]+"  # but no sign that changes the number, such as (5), 5- or <5
DATES = ("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%d-%b-%y", "%b-%y")
CLOCKS = ("", " %H:%M", " %H:%M:%S")  # all of them what pandas does not guess, by the number of digits
FORMATS = {6: ["%Y%m"], 10: ["%Y%m%d%H"], 12: ["%Y%m%d%H%M"], 0: [*map("".join, product(DATES, CLOCKS))]}
ZONE = r" ?(?:Z|[A-Z]{3}|[+-]\d\d:?\d*)$"
MEND, ALIKE = "mend or empty that cell", "write all as 2026-01-05 08:00"


def written(decimal: str, thousands: str = "", always: bool = False) -> str:
    """Return the pattern of a number with these signs; `always`: thousands stand apart in every number above 999."""
    whole, point, sign = "[0-9]+", re.escape(decimal), re.escape(thousands)
    if thousands:
        groups = rf"[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{2,3}})*{sign}[0-9]{{3}}"
        whole = rf"(?:0|[1-9][0-9]{{0,2}}|{groups})" if always else rf"(?:[0-9]+|{groups})"
    return rf"[-+]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][-+]?[0-9]+)?"


def explained(texts: pd.Series, decimal: str, thousands: str) -> bool:
    """Return whether these signs make a number of every text that has a digit."""
    digits = texts[texts.str.contains("[0-9]")]
    return len(digits) > 0 and bool(digits.str.fullmatch(written(decimal, thousands, always=True)).all())


def numbers(table: Table, column: str) -> tuple[np.ndarray, list[str]]:
    """Return the numbers of a column as float64, nan for a blank cell, and sentences of doubt.

    Puts a decimal comma that it finds into the table's options. Raises ValueError for a cell that is no number.
    """
    cells = table.cells[column].str.strip()
    texts = cells.dropna().drop_duplicates()  # few texts fill many cells; the index is the first row of each
    given, thousands = "decimal" in table.options or "thousands" in table.options, table.options.get("thousands", "")
    if thousands == ".":
        table.options.setdefault("decimal", ",")
    decimal = table.options.get("decimal", ".")
    if decimal == thousands:
        raise ValueError(f"options decimal and thousands are both {decimal!r}; give two signs")
    if not given and table.options["sep"] != "," and texts.str.fullmatch("[-+]?[0-9]+,[0-9]+").any():
        decimal = table.options["decimal"] = ","
    good = texts.str.fullmatch(written(decimal, thousands)).astype(bool)
    if not good.all():
        raise _no_number(table, column, texts, texts[~good])
    doubts = [] if given else _doubts(table, column, texts, decimal)
    plain = texts.str.replace(thousands, "", regex=False) if thousands else texts
    known = plain.str.replace(decimal, ".", regex=False).astype(float)
    if (large := known.index[known.abs() > np.finfo(np.float32).max]).size:
        why = "which is too large; use another unit, or empty that cell"
        raise table.refusal(large[0], column, texts[large[0]], why)
    missing = pd.to_numeric(pd.Series(table.missing, dtype=object), errors="coerce")  # however it is written
    return cells.map(known.where(~known.isin(missing)).set_axis(texts)).to_numpy(float), doubts


def _no_number(table: Table, column: str, texts: pd.Series, bad: pd.Series) -> ValueError:
    """Return the error of the first cell that is no number, with the cure that fits the whole column."""
    worded, top = bad[~bad.str.contains("[0-9]")], bad.index[0]
    rest = bad.str.replace(NUMBER, "", n=1, regex=True).str.strip()
    signs = next((pair for pair in SIGNS if explained(texts, *pair)), None)
    if len(worded) < len(bad) and signs:
        top, options = bad.drop(worded.index).index[0], (("decimal", signs[0].strip(".")), ("thousands", signs[1]))
        cure = f"give {', '.join(f'{option}={sign!r}' for option, sign in options if sign)}"
    elif len(worded) == len(bad) < len(texts) and (said := _of_words(table, column, bad)):
        cure = said
    elif len(worded) == 0 and rest.nunique() == 1 and re.fullmatch("[\u2212\u2013]" + NUMBER, bad[top]):
        cure = f"write it as -{bad[top][1:]}, with the minus sign of the keyboard"
    elif len(worded) == 0 and rest.nunique() == 1 and re.fullmatch(r"[$€£¥%*°]+" if len(bad) < 3 else UNIT, rest[top]):
        cure = f"write it as {re.findall(NUMBER, bad[top])[0]}, without {shown(rest[top])}"
    elif len(bad) == len(texts):
        numeric = table.head.apply(lambda cells: cells.str.strip().str.fullmatch(NUMBER).any())
        names = [name for name, some in zip(table.names, numeric) if name and some]
        use = f"use {listed(names)}" if names else "none of its columns does, so use another file"
        return ValueError(f"column {shown(column)} of {table.name} holds no number; {use}")
    else:
        cure = MEND
    return table.refusal(top, column, texts[top], f"which is no number; {cure}")


def _of_words(table: Table, column: str, words: pd.Series) -> str:
    """Return what to do about the words in a column of numbers, or "" where nothing but mending them helps."""
    rows = table.cells.index[table.cells[column].str.strip().isin(words)]
    if len(rows) == rows[-1] <= 3:  # all rows at the top
        return f"if that line holds no sample, give {table.skipping(rows)}, else {MEND}"
    if words.iloc[0].startswith("#") and column == table.names[0]:
        return "drop that line, or give comment='#'"
    if len(words) <= 3 and (len(rows) > 1 or not re.search(r"\w", words.iloc[0])):
        said = repr(words.iloc[0]) if len(words) == 1 else list(words)
        return f"if it stands for missing, as in {len(rows):,} cell{'s' * (len(rows) > 1)}, give na_values={said}"
    return ""


def _doubts(table: Table, column: str, texts: pd.Series, decimal: str) -> list[str]:
    """Return a doubt where each decimal sign may as well set thousands apart; beside whole numbers refuse it."""
    signed = texts[texts.str.contains(decimal, regex=False)]
    if not len(signed) or not explained(texts, ".,"[decimal == "."], decimal):
        return []
    row, text = signed.index[0], signed.iloc[0]
    if len(signed) < len(texts):
        cure = f"give thousands={decimal!r} if so, else decimal={decimal!r}"
        raise table.refusal(row, column, text, f"where {decimal!r} seems to set thousands apart; {cure}")
    read, else_read = float(text.replace(decimal, ".")), text.replace(decimal, "")
    said = f"{shown(text)} in line {table.line(row)} is read as {read:g}; if it means {else_read}"
    return [f"Warning: {said}, give thousands={decimal!r}, else decimal={decimal!r}."]


def times(table: Table, names: list[str], known: np.ndarray) -> tuple[pd.DatetimeIndex, str]:
    """Return the time of each row, NaT where it is blank, and pandas's code that makes them of `table`.

    The texts of several columns are joined. `known` tells the rows with a number, which need a time. A time of a zone
    becomes that of UTC. Raises ValueError for a time that cannot be read, or not in one way alone.
    """
    parts = table.cells[names].apply(lambda cells: cells.str.strip())
    text, code, low = parts[names[0]], f"table[{quoted(names[0])}]", [name.lower() for name in names]
    for name in names[1:]:
        text, code = text + " " + parts[name], f'{code} + " " + table[{quoted(name)}]'
    if len(names) > 1 and parts[names[-1]].dropna().str.fullmatch("[0-9]{1,2}").all():  # a column of hours
        text, code = text + ":00", f'{code} + ":00"'
    if (lost := text.index[text.isna() & known]).size:
        why = "which is no time for its number; fill it in, or drop that line"
        raise table.refusal(lost[0], names[0], " ".join(parts.fillna("").loc[lost[0]]), why)
    some = text.dropna()
    if not len(some):
        return pd.DatetimeIndex([pd.NaT] * len(text)), code
    if {"year", "month", "day"} <= {*low} <= {"year", "month", "day", "hour", "minute", "second"}:
        read = pd.to_datetime(parts.loc[some.index].set_axis(low, axis=1), errors="coerce")
        code = f"pd.to_datetime(table[{names}].set_axis({low}, axis=1))"
    elif some.str.fullmatch(r"1[0-9]{9}(\.[0-9]*)?|[0-9]{9}|1[0-9]{12}").all():  # since 1970, until the year 2033
        unit = "ms" if len(some.iloc[0]) == 13 and "." not in some.iloc[0] else "s"
        read = pd.to_datetime(some.astype(float), unit=unit)
        code = f'pd.to_datetime({code}.astype(float), unit="{unit}")'
    else:
        read, code = _by_format(table, names[0], some, code)
    if read.hasnans:
        row = read.index[read.isna()][0]
        raise table.refusal(row, names[0], some[row], "which is no time; mend it, or drop that line")
    return pd.DatetimeIndex(read.reindex(text.index)), code


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
        return read, f"pd.to_datetime({code}, format={quoted(form)})"
    if text.str.extract(f"({ZONE})")[0].nunique() > 1:  # days in UTC would be an hour longer or shorter now and then
        local = pd.to_datetime(text.str.replace(ZONE, "", regex=True), errors="coerce")
        if (local - local.dt.normalize()).nunique() == 1:
            return local, f'pd.to_datetime({code}.str.replace(r"{ZONE}", "", regex=True))'
    return read, f"pd.to_datetime({code}, format={quoted(form)}, utc=True).dt.tz_localize(None)"


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
    morning = re.sub(r"\d+(:[\d:]+ ?)[AP]M$", r"01\1AM", first[:40], flags=re.I)  # pandas guesses no other hours
    with warnings.catch_warnings(action="ignore"):  # that 13/01/2026 has its day first
        forms = sorted({guess_datetime_format(morning, dayfirst=order) for order in orders} - {None})
    if not forms:
        why = "which is no time; write it as 2026-01-05 08:00, or leave time out if the rows are equally spaced"
        at_top = row == 1 and not re.search("[0-9]", first)
        known = FORMATS.get(len(first) if first.isdigit() else 0, [])
        fits = [form for form in known if pd.to_datetime(text[:99], format=form, errors="coerce").notna().all()]
        cure = f"say how it is written: date_format={' or '.join(map(repr, fits or known[:1] or ['%d.%m.%y']))}"
        cure = f"pass over it with {table.skipping([1])}" if at_top else cure
        raise table.refusal(row, name, first, f"{why}, or {cure}")
    return forms


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
    elif len(bad) == cells[-1] + 1 - bad.index[0]:
        cure = f"or drop the end of the file with skipfooter={len(bad)}"
    else:
        cure = "or drop that line"
    like = f"like {shown(text.iloc[0])} in line {table.line(text.index[0])}"
    like = "as date_format says" if "date_format" in table.options else like
    return table.refusal(bad.index[0], name, bad.iloc[0], f"which is no time written {like}; {ALIKE}, {cure}")


def quoted(given: object) -> str:
    """Return a value as Python code, text in double quotes."""
    return json.dumps(given, ensure_ascii=False) if isinstance(given, str) else repr(given)
