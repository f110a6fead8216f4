"""The numbers in the cells of a table; a bad one is named by its line, with the cure."""

import re
from itertools import product

import numpy as np
import pandas as pd

from .table import Table, listed, shown

NUMBER = r"[-+]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
SIGNS = [(".", ","), (",", ""), (",", "."), *product(".,", " '\u2019\u00a0\u202f_")]  # decimal and thousands
UNIT = r"[\w $€£¥%*°/]+"  # but no sign that changes the number, such as (5), 5- or <5
SCALES = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000, "m": 0.001, "µ": 0.000_001}
MEND = "mend or empty that cell"


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
    missing = pd.to_numeric(pd.Series(table.missing[column], dtype=object), errors="coerce")  # however it is written
    return cells.map(known.where(~known.isin(missing)).set_axis(texts)).to_numpy(float), doubts


def _no_number(table: Table, column: str, texts: pd.Series, bad: pd.Series) -> ValueError:
    """Return the error of the first cell that is no number, with the cure that fits the whole column."""
    worded, top = bad[bad.str.fullmatch("[^0-9]*|#[A-Z/0]+[!?]")], bad.index[0]  # of Excel there is #DIV/0!
    signs = next((pair for pair in SIGNS if explained(texts.drop(worded.index), *pair)), None)
    if len(worded) < len(bad) and signs:
        top, options = bad.drop(worded.index).index[0], (("decimal", signs[0].strip(".")), ("thousands", signs[1]))
        cure = f"give {', '.join(f'{option}={sign!r}' for option, sign in options if sign)}"
    elif bad[top] == column:
        cure = "drop that line, which repeats the names"
    elif said := _of_words(table, column, worded) if len(worded) == len(bad) else _of_signs(bad, len(texts)):
        cure = said
    elif len(bad) == len(texts):
        numeric = table.head.apply(lambda cells: cells.str.strip().str.fullmatch(NUMBER).any())
        names = [name for name, some in zip(table.names, numeric) if name and some]
        use = f"use {listed(names)}" if names else "none of its columns does, so use another file"
        return ValueError(f"column {shown(column)} of {table.name} holds no number; {use}")
    else:
        cure = MEND
    return table.refusal(top, column, texts[top], f"which is no number; {cure}")


def _of_signs(bad: pd.Series, cells: int) -> str:
    """Return how to write numbers that stand beside signs in some of a number of cells, or "" where it is not clear."""
    text, rests = bad.iloc[0], bad.str.replace(NUMBER, "", n=1, regex=True).str.strip()
    rest = rests.iloc[0]
    if (len(bad) < cells or rests.nunique() > 1) and bad.str.fullmatch(rf"{NUMBER} ?[{''.join(SCALES)}]").all():
        number = f"{float(text[:-1].replace(',', '.')) * SCALES[rest]:.12g}".replace(".", "," if "," in text else ".")
        return f"write the number out as {number} if {shown(rest)} stands for {SCALES[rest]:,}, else drop {shown(rest)}"
    if rests.nunique() > 1 or not re.search("[0-9]", text):
        return ""
    if re.fullmatch("[\u2212\u2013]" + NUMBER, text):
        return f"write it as -{text[1:]}, with the minus sign of the keyboard"
    if re.fullmatch(r"\([0-9.,]+\)", text):
        return f"write it as -{text[1:-1]} if the brackets stand for a minus sign"
    if re.fullmatch(r"[$€£¥%*°]+" if len(bad) < 3 else UNIT, rest):
        return f"write it as {re.findall(NUMBER, text)[0]}, without {shown(rest)}"
    return ""


def _of_words(table: Table, column: str, words: pd.Series) -> str:
    """Return what to do about the words in a column of numbers, or "" where nothing but mending them helps."""
    rows = table.cells.index[table.cells[column].str.strip().isin(words)]
    if len(words) == table.cells[column].str.strip().nunique():
        return ""
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
