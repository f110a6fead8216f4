"""A CSV file as pandas reads it, every cell as the text it is; a file that is no table is told why, and the cure."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..checks import whole

csv.field_size_limit(2**31 - 1)  # a cell may be long
MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 300_000_000, 4_000_000, 1_000
PACKED = re.compile(rb"PK\x03\x04|\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|7z\xbc\xaf|\xd0\xcf\x11\xe0")
BLANK = ("", "na", "n/a", "#n/a", "nan", "null", "none")  # in any case of letters
SIGNS = ",;\t|"  # what may stand between the cells
AS_TEXT = {"header": None, "dtype": str, "skipinitialspace": True, "skip_blank_lines": False, "chunksize": 100_000}
OURS = ("dayfirst", "date_format", "skipfooter", "encoding")  # options that are obeyed here
WHOLE, LOCAL = "leave it out, since the file is read as a whole", "use a file on this machine, unpacked"
NAMES = "the names stand in a line of the file; write them there, or give skiprows"
CELLS = "leave it out, since the cells are read as numbers and times"
REFUSED = {"chunksize": WHOLE, "iterator": WHOLE, "nrows": WHOLE, "storage_options": LOCAL, "compression": LOCAL}
REFUSED |= {"names": NAMES, "header": NAMES, "usecols": "leave it out, since column and time choose"}
REFUSED |= {"index_col": "use time='…'", "parse_dates": "use time='…'", "delimiter": "use sep"}
REFUSED |= dict.fromkeys(("dtype", "converters", "true_values", "false_values", "na_filter", "dtype_backend"), CELLS)


def shown(given: object, most: int = 40) -> str:
    """Return what was given as a message may hold it: quoted, escaped, and text cut to some characters."""
    if not isinstance(given, str):
        return f"of type {type(given).__name__}"
    return repr(given if len(given) <= most else f"{given[: most - 1]}…")


def listed(names: Sequence[str]) -> str:
    """Return at most ten names in a row."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(shown, names[:10])) + more


def read(path: str | Path, encoding: str = "utf-8") -> tuple[str, bytes]:
    """Return the name of a file as messages show it, and its bytes: UTF-8 without a mark, lines ended by newlines."""
    if not isinstance(path, str | Path):
        raise ValueError(f"path {shown(path)} is no path; use the name of a CSV file, such as 'data/bicycles.csv'")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(path)):
        raise ValueError(f"path {shown(str(path))} is an address; download the file, and use the path of your copy")
    name = shown(Path(path).name or str(path))
    try:
        place = Path(path).expanduser()
        if place.is_dir():
            raise ValueError(f"path leads to {name}, which is a folder; add the name of the file in it")
        if not place.is_file():
            looked = f"it was looked for in {str(place.absolute().parent)!r}"
            raise ValueError(f"path leads to no file {name}; check its name and its folder: {looked}")
        with open(place, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, UnicodeError, RuntimeError) as error:
        raise ValueError(f"path leads to {name}, which cannot be opened ({type(error).__name__}); check it") from None
    if len(data) > MOST_BYTES:
        raise ValueError(f"{name} has more than {MOST_BYTES // 10**6} MB; use a part of it")
    if PACKED.match(data):
        raise ValueError(f"{name} is packed or a spreadsheet, and not text; unpack it, or save it as CSV UTF-8")
    data = _as_utf8(data, name, encoding).removeprefix(b"\xef\xbb\xbf")
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not data.strip():
        raise ValueError(f"{name} is empty; use a file with names in its first line and numbers below")
    if (rows := data.count(b"\n")) > MOST_ROWS:
        raise ValueError(f"{name} has {rows:,} rows; use at most {MOST_ROWS:,}, such as every second one")
    return name, data


def _as_utf8(data: bytes, name: str, encoding: str) -> bytes:
    """Return the bytes of a text in UTF-8."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if data[:2] not in (b"\xff\xfe", b"\xfe\xff") and b"\0" not in data:
            byte, line = data[error.start], len(re.findall(rb"\r\n?|\n", data[: error.start])) + 1
            cure = "save it as CSV UTF-8, or give encoding, such as encoding='cp1252' for a file of western Windows"
            raise ValueError(f"line {line} of {name} holds the byte 0x{byte:02x}, no UTF-8; {cure}") from None
        text = "\0"
    except (LookupError, TypeError):
        raise ValueError(f"encoding {shown(encoding)} is unknown; use one such as 'cp1252', or leave it out") from None
    if "\0" in text:
        raise ValueError(f"{name} is UTF-16 or no text at all; save it as CSV UTF-8, or give encoding='utf-16'")
    return data if encoding == "utf-8" else text.encode()


def checked(options: dict[str, Any]) -> dict[str, Any]:
    """Return options of `pandas.read_csv`, those that are None left out; refuse what makes no sense here."""
    options = {option: given for option, given in options.items() if given is not None}
    for option, cure in REFUSED.items():
        if option in options:
            raise ValueError(f"option {option} is not for from_csv; {cure}")
    for option in ("sep", "comment", "date_format"):
        if not isinstance(given := options.get(option, " "), str) or not given:
            raise ValueError(f"option {option} {shown(given)} is no text; use some, or leave it out")
    whole("skipfooter", options.get("skipfooter", 0), least=0)
    return options


@dataclass
class Layout:
    """Where the cells of a CSV file stand."""

    name: str
    data: bytes = field(repr=False)
    options: dict[str, Any]  # of `pandas.read_csv`: what was given, and what the file itself tells, such as `sep`
    names: list[str]  # of all columns
    uneven: bool  # each line but that of the names ended with a sign; in `data` that one does too
    blank: int  # lines at the end, which are not in `data`

    def why(self, error: str) -> str:
        """Return why pandas cannot read the file, and what would help."""
        if found := re.search(r"EOF inside string starting at row (\d+)", error):
            return f"line {self.line(int(found[1]))} of {self.name} opens a quote that nothing closes; close or drop it"
        sign, most = self.options["sep"], len(self.names)
        for line, cells in self._records():
            if len(cells) > most:
                cure = f"mend it, or put a cell that holds {shown(sign)} in quotes, such as a number with decimal comma"
                is_names = f"line {self.line(0)} has {most}"
                return f"line {line} of {self.name} has {len(cells)} cells and {is_names}; {cure}"
        return f"{self.name} is no table that can be read; save it anew as CSV UTF-8"

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line on which each row of the table begins, that of the names first, and its cells."""
        numbers: list[int] = []

        def lines() -> Iterator[str]:
            for number, line in _lines(self.data, self.options):
                numbers.append(number)
                yield line

        sign, at = self.options["sep"], 0
        reader = csv.reader(lines(), delimiter=sign if len(sign) == 1 else ",")
        for cells in reader:
            if len(cells) <= len(self.names) or "on_bad_lines" not in self.options:
                yield numbers[at], cells
            at = reader.line_num

    def line(self, row: int) -> int:
        """Return the line of the file where a row begins; a quoted cell may go over several lines."""
        return next(islice(self._records(), row, None), (row + 1, []))[0]

    def skipping(self, rows: Sequence[int]) -> str:
        """Return the option that passes over some rows as well."""
        skip = [] if callable(skip := self.options.get("skiprows", 0)) else skip
        lines = {*(range(skip) if isinstance(skip, int) else skip), *(self.line(row) - 1 for row in rows)}
        return f"skiprows={sorted(lines)}"

    def refusal(self, row: int, column: str, text: str, why: str) -> ValueError:
        """Return the error of a cell that cannot be used."""
        return ValueError(f"line {self.line(row)} of column {shown(column)} of {self.name} holds {shown(text)}, {why}")


@dataclass
class Table(Layout):
    """The wanted columns of a CSV file as text, nan for a missing cell; the index is the row, 0 that of the names."""

    cells: pd.DataFrame
    head: pd.DataFrame  # the first rows of all columns
    last: pd.Series  # and the last one
    padded: bool  # blanks stand around the names
    missing: dict[str, list]  # the words that were given as missing, by column


def parsed(name: str, data: bytes, wanted: list[tuple[str, Any]], options: dict[str, Any]) -> Table:
    """Return the wanted columns of a CSV file; `wanted` pairs each setting with its column.

    Raises ValueError for a file that is no table or lacks a column.
    """
    layout = _layout(name, data, wanted, options)
    given = options.get("na_values", [])
    missing = {column: words_in(given, column) for _, column in wanted}
    cells, head, last = _cells(layout, missing)
    padded, cells = list(head.iloc[0].fillna("")) != layout.names, cells.set_axis([*missing], axis=1)
    cells = cells.iloc[1 : len(cells) - options.get("skipfooter", 0)]
    found = {}
    for column, words in missing.items():
        texts = cells[column].dropna().unique()
        found[column] = [text for text in texts if text.strip().lower() in BLANK or text.strip() in words]
    if any(found.values()):
        cells = cells.where(~cells.isin(found))
        every = {column: [*words, *sorted(found[column])] for column, words in missing.items()}
        one = [*dict.fromkeys(chain.from_iterable(every.values()))]
        layout.options["na_values"] = every if isinstance(given, dict) else one
    return Table(**vars(layout), cells=cells, head=head.iloc[1:], last=last, padded=padded, missing=missing)


def _layout(name: str, data: bytes, wanted: list[tuple[str, Any]], options: dict[str, Any]) -> Layout:
    """Return where the cells stand, with the sign between them among the options."""
    if (said := re.match(rb'"?sep=(.)"?\n', data)) and "skiprows" not in options:  # a line for Excel
        options = options | {"sep": said[1].decode(), "skiprows": 1}
    full, data = data, data.rstrip(b"\n")
    blank = max(len(full) - len(data) - 1, 0)
    top = list(islice(_lines(data, options), 20))
    sign = _sign(name, top, wanted, options.get("sep"))
    names = split(top[0][1], sign)
    if len(names) > MOST_COLUMNS:
        raise ValueError(f"{name} has more than {MOST_COLUMNS:,} columns; keep those that you need")
    if twice := [column for column in names if column and names.count(column) > 1]:
        raise ValueError(f"column {shown(twice[0])} stands twice in line {top[0][0]} of {name}; rename one of the two")
    below = [split(line, sign) for _, line in top[1:]]
    uneven = bool(below) and all(len(cells) == len(names) + 1 and not cells[-1] for cells in below)
    if uneven:
        lines = data.split(b"\n", top[0][0])
        lines[-2] += sign.encode()
        data = b"\n".join(lines)
    return Layout(name, data, options | {"sep": sign}, names, uneven, blank)


def _sign(name: str, top: list[tuple[int, str]], wanted: list[tuple[str, Any]], given: str | None) -> str:
    """Return the first sign that tells the wanted columns apart where it stands between the cells."""
    if not top or not top[0][1].strip():
        first = top[0][0] if top else 1
        raise ValueError(f"line {first} of {name} is blank; begin with the names of the columns")
    for sign in [given] if given else SIGNS:
        if all(column in split(top[0][1], sign) for _, column in wanted):
            return sign
    raise _no_names(name, top, wanted, given)


def _lines(data: bytes, options: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield the lines that `pandas.read_csv` does not skip, each with its number."""
    skip, comment = options.get("skiprows") or 0, options.get("comment")
    if not callable(skips := skip):
        skips = set(range(skip) if isinstance(skip, int) else skip if np.iterable(skip) else ()).__contains__
    for number, line in enumerate(TextIOWrapper(BytesIO(data), "utf-8", newline="\n"), 1):
        empty = options.get("skip_blank_lines") and not line.strip()
        if not (skips(number - 1) or empty or (comment and line.startswith(comment))):
            yield number, line.rstrip("\n")


def _no_names(name: str, top: list[tuple[int, str]], wanted: list[tuple[str, Any]], sign: str | None) -> ValueError:
    """Return the error of a column that is not there, with the names that are."""
    sign = sign or max(SIGNS[::-1], key="".join(line for _, line in top).count)
    every = {column for _, column in wanted}
    number, line = _line_of_names(top, every, sign)
    names, skip = split(line, sign), f"skiprows={number - 1}"
    if every <= {*names}:
        return ValueError(f"line {number} of {name} holds the names of the columns; give {skip}")
    if every <= {*line.split()}:
        return ValueError(f"{name} has blanks between its cells; give sep=r'\\s+'")
    setting, column = next(pair for pair in wanted if pair[1] not in names)
    given = [cell for cell in names if cell]
    use = f"use {listed(given)}" if given else "give its first line names"
    use += f", which stand in line {number}, with {skip}" if number > top[0][0] else ""
    use += ", or time='' for the column without a name" if setting == "time" and "" in names else ""
    if given and all(re.match("[-+]?[.]?[0-9]", cell) for cell in given):
        use += ", or write names above them, if these are none"
    return ValueError(f"{setting} {shown(column)} is no column of {name}; {use}")


def _line_of_names(top: list[tuple[int, str]], wanted: set[Any], sign: str) -> tuple[int, str]:
    """Return the line, and its number, with all wanted names, else the first that is no comment and as wide as most."""
    widths = [line.count(sign) - line.endswith(sign) for _, line in top]
    usual = [pair for pair, width in zip(top, widths) if width == Counter(widths).most_common(1)[0][0]]
    plain = next((pair for pair in usual if not pair[1].startswith("#")), usual[0])
    return next((pair for pair in top if wanted <= {*split(pair[1], sign)}), plain)


def _cells(layout: Layout, missing: dict[str, list]) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return all cells of the columns in `missing`, that of the name first, and of all columns the first and last."""
    places = [layout.names.index(column) for column in missing]
    how = {option: given for option, given in layout.options.items() if option not in OURS}
    how |= {"engine": "python"} if len(how["sep"]) > 1 and how["sep"] != r"\s+" else {}
    how |= {"na_values": dict(zip(places, missing.values()))}
    parts: list[pd.DataFrame] = []
    tops: list[pd.DataFrame] = []
    try:
        with pd.read_csv(BytesIO(layout.data), **AS_TEXT | how) as chunks:
            for chunk in chunks:  # in one piece a wide file would fill the memory
                tops.append(chunk.head(100).copy())
                parts.append(chunk[places])
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise ValueError(layout.why(str(error))) from None
    except (TypeError, ValueError, LookupError, ImportError) as error:
        said = f"pandas.read_csv refuses the options for {layout.name}: {shown(str(error), 200)}"
        raise ValueError(f"{said}; change them") from None
    return pd.concat(parts), tops[0], chunk.iloc[-1]


def words_in(given: Any, column: str) -> list:
    """Return the words of pandas's option `na_values` for a column: it takes one, several, or some for each column."""
    words = given.get(column, []) if isinstance(given, dict) else given
    return [words] if np.isscalar(words) else list(words)


def split(line: str, sign: str) -> list[str]:
    """Return the cells of one line, by the sign between them, or by a pattern of several signs."""
    if len(sign) > 1:
        return re.split(sign, line.strip())
    return [cell.strip() for cell in next(csv.reader([line], delimiter=sign, skipinitialspace=True), [])]
