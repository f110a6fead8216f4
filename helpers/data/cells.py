"""The numbers and the times in the cells of a table; a bad one is named by its line, with the cure."""

import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from .table import Table, listed, shown

NUMBER = r"[-+]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
WRITINGS = [(d, t) for t in (None, ",", ".", " ", "'", "\u00a0", "\u202f", "_") for d in ".," if d != t]
ZONE = r" ?(?:Z|[A-Z]{3}|[+-]\d\d:?\d*)$"
CALENDAR = {"year", "month", "day", "hour", "minute", "second"}
ALIKE, MEND = "write all as 2026-01-05 08:00", "mend or empty that cell"


def written(decimal: str, thousands: str | None = None, always: bool = False) -> str:
    """Return the pattern of a number with these signs; `always`: thousands stand apart in every number above 999."""
    whole = "[0-9]+"
    if thousands:
        sign = re.escape(thousands)
        groups = rf"[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{2,3}})*{sign}[0-9]{{3}}"
        whole = rf"(?:0|[1-9][0-9]{{0,2}}|{groups})" if always else rf"(?:[0-9]+|{groups})"
    decimal = re.escape(decimal)
    return rf"[-+]?(?:{whole}(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][-+]?[0-9]+)?"


@dataclass
class Column:
    """The different texts of a column, blank ones left out, and for each row the index of its text."""

    table: Table
    name: str
    texts: pd.Series
    of_row: pd.Series

    def rows(self, texts: pd.Series) -> pd.Index:
        """Return the rows that hold one of some texts."""
        return self.of_row.index[self.of_row.isin(texts.index)]

    def refusal(self, texts: pd.Series, why: str) -> ValueError:
        """Return the error of the first cell that holds one of some texts."""
        row = self.rows(texts)[0]
        return self.table.refusal(row, self.name, texts[self.of_row[row]], why)

    def all_written(self, decimal: str, thousands: str | None) -> bool:
        """Return whether these signs explain every text that has a digit, and one of them is needed to."""
        digits = self.texts[self.texts.str.contains("[0-9]")]
        return len(digits) > 0 and bool(digits.str.fullmatch(written(decimal, thousands, always=True)).all())


def numbers(table: Table, name: str) -> tuple[np.ndarray, list[str]]:
    """Return the numbers of a column as float64, nan for a blank cell, and sentences of doubt.

    Puts into the table's options what tells how its numbers are written. Raises ValueError for a cell that is none.
    """
    codes, texts = pd.factorize(table.cells[name])  # few texts fill many cells; -1 is a missing cell
    column = Column(table, name, pd.Series(texts, dtype=object).str.strip(), pd.Series(codes, table.cells.index))
    decimal, thousands = table.options.get("decimal"), table.options.get("thousands")
    given = bool(decimal or thousands)
    if not given and table.options["sep"] != "," and column.texts.str.fullmatch("[-+]?[0-9]+,[0-9]+").any():
        decimal = table.options["decimal"] = ","
    good = column.texts.str.fullmatch(written(decimal or ".", thousands)).astype(bool)
    if not good.all():
        raise _no_number(column, column.texts[~good])
    doubts = [] if given else _doubts(column, decimal or ".")
    plain = column.texts.str.replace(thousands or "", "", regex=False).str.replace(decimal or ".", ".", regex=False)
    known = pd.Series(np.nan, range(len(texts) + 1))  # the last is that of the missing cells
    known[plain.index] = plain.astype(float)
    if (large := column.texts[known[plain.index].abs() > np.finfo(np.float32).max]).size:
        raise column.refusal(large, "which is too large; use another unit, or empty that cell")
    values = known.to_numpy()[codes]
    missing = pd.to_numeric(pd.Series(table.missing, dtype=object), errors="coerce").to_numpy(float)
    return np.where(np.isin(values, missing), np.nan, values), doubts


def _no_number(column: Column, bad: pd.Series) -> ValueError:
    """Return the error of the first cell that is no number, with the cure that fits the whole column."""
    table, rows = column.table, column.rows(bad)
    words, rest = bad[~bad.str.contains("[0-9]")], bad.str.replace(NUMBER, "", n=1, regex=True).str.strip()
    written_so = next((signs for signs in WRITINGS if column.all_written(*signs)), None)
    first, left = bad[column.of_row[rows[0]]], rest.iloc[0]
    if len(bad) > len(words) and written_so:
        signs = {"decimal": written_so[0], "thousands": written_so[1]}
        how = [f"{option}={sign!r}" for option, sign in signs.items() if sign and (option, sign) != ("decimal", ".")]
        return column.refusal(bad.drop(words.index), f"which is no number; give {', '.join(how)}")
    cure = MEND
    if len(bad) == len(words) < len(column.texts) and len(rows) == rows[-1] <= 3:  # it holds all rows at the top
        skipped = table.skipped([table.line(row) for row in rows])
        cure = f"if that line holds no sample, give skiprows={skipped}, else {MEND}"
    elif len(bad) == len(words) <= 3 and len(bad) < len(column.texts) and (len(rows) > 1 or not re.search(r"\w", first)):
        signs = repr(first) if len(bad) == 1 else list(bad)
        cure = f"if {len(rows):,} such cells stand for missing, give na_values={signs}"
    elif rest.nunique() == 1 and left and (len(rows) > 2 or not re.search(r"\w", left)):
        cure = f"write it as {re.search(NUMBER, first)[0]}, without {shown(left)}"
    elif first.startswith("#"):
        cure = "drop that line, or give comment='#'"
    elif len(bad) == len(column.texts):
        numeric = table.head.apply(lambda cells: cells.str.strip().str.fullmatch(NUMBER).any())
        names = [table.names[place] for place in np.flatnonzero(numeric) if table.names[place]]
        use = f"use {listed(names)}" if names else "none of its columns does, so use another file"
        return ValueError(f"column {shown(column.name)} of {table.name} holds no number; {use}")
    return column.refusal(bad, f"which is no number; {cure}")


def _doubts(column: Column, decimal: str) -> list[str]:
    """Return a doubt where each decimal sign may as well set thousands apart; refuse them beside whole numbers."""
    other = "," if decimal == "." else "."
    signed = column.texts[column.texts.str.contains(decimal, regex=False)]
    if not len(signed) or not column.all_written(other, decimal):
        return []
    if len(signed) < len(column.texts):
        cure = f"give thousands={decimal!r}, or decimal={decimal!r} if it is a part of one"
        raise column.refusal(signed, f"where {decimal!r} seems to set thousands apart; {cure}")
    row = column.rows(signed)[0]
    text = signed[column.of_row[row]]
    as_read, as_thousands = float(text.replace(decimal, ".")), int(float(text.replace(decimal, "")))
    where = f"{shown(text)} in line {column.table.line(row)} is read as {as_read:g}"
    return [f"Warning: {where}; if it means {as_thousands}, give thousands={decimal!r}."]


def times(table: Table, names: Sequence[str], known: np.ndarray) -> tuple[pd.DatetimeIndex, str]:
    """Return the time of each row, NaT where it is blank, and pandas's code that makes them of `table`.

    The texts of several columns are joined. `known` tells the rows with a number, which need a time. A time zone is
    dropped, the time being that of UTC. Raises ValueError for a time that cannot be read, or not in one way alone.
    """
    parts = table.cells[list(names)]
    blank = parts.isna().any(axis=1)
    parts = parts.fillna("").apply(lambda cells: cells.str.strip())
    text, code = parts[names[0]], f"table[{quoted(names[0])}]"
    for name in names[1:]:
        text, code = text + " " + parts[name], f'{code} + " " + table[{quoted(name)}]'
    if len(names) > 1 and parts[names[-1]][~blank].str.fullmatch("[0-9]{1,2}").all():  # hours
        text, code = text + ":00", f'{code} + ":00"'
    if (lost := blank.index[blank & known]).size:
        why = "which is no time for its number; fill it in, or drop that line"
        raise table.refusal(lost[0], names[0], text[lost[0]], why)
    some, low = Cells(table, names[0], text[~blank], code), [name.lower() for name in names]
    if not len(some.text):
        return pd.DatetimeIndex([pd.NaT] * len(text)), code
    if {"year", "month", "day"} <= set(low) <= CALENDAR:
        read = pd.to_datetime(parts[~blank].set_axis(low, axis=1), errors="coerce")
        made = f"pd.to_datetime(table[{quoted(list(names))}].set_axis({quoted(low)}, axis=1))"
    elif some.text.str.fullmatch(r"1[0-9]{9}(\.[0-9]*)?|[0-9]{9}|1[0-9]{12}").all():  # since 1970, up to the year 2033
        unit = "ms" if re.fullmatch("[0-9]{13}", some.text.iloc[0]) else "s"
        read, made = pd.to_datetime(some.text.astype(float), unit=unit), f'pd.to_datetime({code}.astype(float), unit="{unit}")'
    else:
        read, made = some.by_format()
    if read.hasnans:
        raise some.refusal(read.index[read.isna()][0], f"which is no time; {ALIKE}, or drop that line")
    return pd.DatetimeIndex(read.reindex(text.index)), made


def quoted(given: object) -> str:
    """Return a value as Python code, text in double quotes."""
    return json.dumps(given, ensure_ascii=False) if isinstance(given, str) else repr(given)


@dataclass
class Cells:
    """The texts of times, blank ones left out, and the code that makes them of `table`."""

    table: Table
    name: str
    text: pd.Series
    code: str

    def refusal(self, row: int, why: str) -> ValueError:
        """Return the error of a row."""
        return self.table.refusal(row, self.name, self.text[row], why)

    def by_format(self) -> tuple[pd.Series, str]:
        """Return the times by the one format in which all are written, and the code that does it."""
        forms = self._formats()
        for form in forms:
            read = pd.to_datetime(self.text, format=form, errors="coerce", utc=True).dt.tz_localize(None)
            if not read.hasnans:
                break
        if read.hasnans:
            raise self._unlike_the_first(forms)
        if len(forms) > 1 and (read.dt.day <= 12).all() and (read.dt.day != read.dt.month).any():
            cure = f"{ALIKE}, or give dayfirst=True or dayfirst=False"
            raise self.refusal(read.index[0], f"of which day and month cannot be told apart; {cure}")
        if "%z" not in form.lower() and form != "ISO8601":
            return read, f"pd.to_datetime({self.code}, format={quoted(form)})"
        if self.text.str.extract(f"({ZONE})")[0].nunique() > 1:
            local = pd.to_datetime(self.text.str.replace(ZONE, "", regex=True), errors="coerce")
            if (local - local.dt.normalize()).nunique() == 1:  # days or months: in UTC summer would move them by an hour
                return local, f'pd.to_datetime({self.code}.str.replace(r"{ZONE}", "", regex=True))'
        return read, f"pd.to_datetime({self.code}, format={quoted(form)}, utc=True).dt.tz_localize(None)"

    def _formats(self) -> list[str]:
        """Return the formats in which the first time may be written, day first and month first."""
        first, given = self.text.iloc[0], self.table.options.get("date_format")
        if given is not None:
            return [given]
        day_first = (False,) if re.match(r"\d{4}", first) else (True,) if re.match(r"\d+\.", first) else (False, True)
        if "dayfirst" in self.table.options:
            day_first = (bool(self.table.options["dayfirst"]),)
        morning = re.sub(r"\d+(:[\d:]+ ?)[AP]M$", r"01\1AM", first[:40], flags=re.I)  # pandas guesses no other hours
        with warnings.catch_warnings(action="ignore"):  # that 13/01/2026 has its day first
            forms = sorted({guess_datetime_format(morning, dayfirst=order) for order in day_first} - {None})
        if not forms:
            why = "which is no time; write it as 2026-01-05 08:00, or leave time out if the rows are equally spaced"
            row = self.text.index[0]
            if row == 1 and not re.search("[0-9]", first):
                cure = f"if that line holds no sample, give skiprows={self.table.skipped([self.table.line(row)])}"
            else:
                cure = "or say how it is written, such as date_format='%d.%m.%y'"
            raise self.refusal(row, f"{why}, {cure}")
        return forms

    def _unlike_the_first(self, forms: list[str]) -> ValueError:
        """Return the error of the first time that is written in another way."""
        tries = [pd.to_datetime(self.text, format=form, errors="coerce", utc=True).isna() for form in forms]
        bad = self.text[min(tries, key=sum)]
        like = f"{shown(self.text.iloc[0])} in line {self.table.line(self.text.index[0])}"
        cure = f"{ALIKE}, or drop that line"
        if pd.to_datetime(self.text, format="ISO8601", errors="coerce", utc=True).notna().all():
            cure = f"{ALIKE}, or give date_format='ISO8601'"
        elif re.search(r"\b24:00", bad.iloc[0]):
            cure = f"{ALIKE}, 24:00 as 00:00 of the next day"
        elif bad.iloc[0].startswith("#"):
            cure = f"{ALIKE}, or give comment='#'"
        elif list(bad.index) == list(self.text.index[-len(bad) :]):
            cure = f"{ALIKE}, or drop the last lines with skipfooter={self.table.cells.index[-1] + 1 - bad.index[0]}"
        return self.refusal(bad.index[0], f"which is no time written like {like}; {cure}")
