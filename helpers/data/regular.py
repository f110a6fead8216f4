"""Rows at their times, or equally spaced, made a regular series; its notes tell what that took."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from ..checks import whole
from ..series import Series
from .period import LEAST_SAMPLES, find_period
from .table import MOST_ROWS, shown

UNITS = {"": {"sample": 1}, "M": {"year": 12, "month": 1}}  # of `Rows.moments`: none, months, seconds, microseconds
UNITS["s"] = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
UNITS["us"] = {name: size * 10**6 for name, size in UNITS["s"].items()} | {"millisecond": 1_000, "microsecond": 1}


@dataclass
class Rows:
    """Numbers, nan where blank, and their times, NaT where blank, None where they count as equally spaced."""

    values: np.ndarray
    times: pd.DatetimeIndex | None
    name: str  # what messages call them
    source: str  # and what they come from
    where: Callable[[int], str]  # the row of this place, as the beginning of a message
    apart: str = "keep one row for each time"  # how to tell rows of the same time apart
    doubts: list[str] = field(default_factory=list)  # sentences for the notes

    def __post_init__(self) -> None:
        self.count, self.rows, self.scale = len(self.values), np.arange(len(self.values)), ""
        self.moments = self.rows
        if self.times is not None:
            there = ~np.asarray(self.times.isna())
            self.values, self.rows = self.values[there], self.rows[there]
            self.moments, self.scale = _moments(self.times[there])
        known = np.isfinite(self.values)
        groups = pd.Series(self.values[known], self.moments[known]).groupby(level=0)  # sorted
        self.known, self.often = groups.mean(), groups.size()
        self.at = self.known.index.to_numpy()
        if (self.often > 1).mean() > 0.5:
            row = self.rows[known][np.flatnonzero(self.moments[known] == self.often.index[self.often > 1][0])[1]]
            raise ValueError(f"{self.where(row)}, a time that other rows have too, as most times here; {self.apart}")
        if len(self.at) < LEAST_SAMPLES:
            least = f"use at least {LEAST_SAMPLES}, so that a part to train on and one to validate on have two"
            raise ValueError(f"{self.name} gives {_count(len(self.at), 'sample')}; {least}")
        self.step = _step(np.diff(np.sort(self.moments)), self.scale)
        if (self.at[-1] - self.at[0]) // self.step >= MOST_ROWS:
            far = self.rows[np.argmax(np.abs(self.moments - np.median(self.moments)))]
            steps = f"steps of {_span(1, self.step, self.scale)}"
            raise ValueError(f"{self.where(far)}, too far from the rest for {steps}; mend that time")

    def series(self, ahead: int = 0, period: float | None = None, unit: str = "", **about: Any) -> Series:
        """Return the values on a regular grid, filled linearly, as a Series whose targets are `ahead` samples later."""
        ahead = whole("ahead", ahead, least=0)
        if not isinstance(unit, str):
            raise ValueError(f"unit {shown(unit)} is no text; use text such as '°C'")
        values = np.interp(np.arange(self.at[0], self.at[-1] + 1, self.step), self.at, self.known.to_numpy())
        samples = len(values) - ahead
        if samples < LEAST_SAMPLES:
            left = f"ahead {ahead} leaves {max(samples, 0)} of {_count(len(values), 'sample')} of {self.source}"
            raise ValueError(f"{left}; use at least {LEAST_SAMPLES + ahead} samples, or a smaller ahead")
        found = find_period(values) if period is None else _checked(period, len(values))
        notes = " ".join([self._notes(found), *self._doubts(), *self.doubts])
        about |= {"period": found, "unit": unit, "ahead": ahead, "notes": notes, "times": self._grid(samples)}
        return Series(values[:samples], values[ahead:], **about)

    @property
    def every(self) -> str:
        """The step in words: "hour", but "2 hours"."""
        return _span(1, self.step, self.scale).removeprefix("1 ")

    def _grid(self, samples: int) -> pd.DatetimeIndex | None:
        """Return the times of the first samples of the grid, where there are times."""
        moments = self.at[0] + self.step * np.arange(samples)
        if self.times is None:
            return None
        if self.scale != "M":
            return pd.DatetimeIndex(moments.astype(f"datetime64[{self.scale}]"))
        there = self.times[~np.asarray(self.times.isna())]
        return at_months(moments, int(there.day.max()), there[0] - there[0].normalize())

    def recipe(self, numbers: str, ahead: int) -> str:
        """Return lines of code that make values and targets of a column of numbers and, if there are any, `times`."""
        moments = {
            "": "known.index",
            "M": "known.index.year * 12 + known.index.month",
            "s": 'known.index.astype("datetime64[s]").astype(int)',
            "us": 'known.index.astype("datetime64[us]").astype(int)',
        }
        mean = ".groupby(times).mean()" if self.scale else ""
        grid = f"np.arange(times[0], times[-1] + 1{f', {self.step}' if self.step > 1 else ''})"
        lines = [
            f"known = {numbers}{mean}.dropna()" + ("  # in order, equal times: their mean" if mean else ""),
            f"times = {moments[self.scale]}  # gaps become a line",
            f"values = {'' if ahead else 'targets = '}np.interp({grid}, times, known)",
        ]
        return "\n".join([*lines, f"values, targets = values[:-{ahead}], values[{ahead}:]"] if ahead else lines)

    def _notes(self, period: float | None) -> str:
        """Return what made a regular series of the rows, and a warning where much of it is filled in."""
        inside = (self.moments >= self.at[0]) & (self.moments <= self.at[-1])
        there = self._filled_by(self.at)
        blank = (self._filled_by(self.moments[inside & ~np.isfinite(self.values)]) & ~there).sum()
        empty, longest = (~there).sum(), np.diff(np.flatnonzero(np.append(there, True))).max() - 1
        absent = f"missing {self.every if self.every.isalpha() else 'time'}"
        filled = [_count(number, thing) for number, thing in ((empty - blank, absent), (blank, "blank cell")) if number]
        done = (
            (self.count - len(self.moments), "row", "with neither time nor number left out"),
            ((self.moments < np.maximum.accumulate(self.moments)).sum(), "row", "out of order, sorted"),
            ((self.often > 1).sum(), "repeated time", "averaged"),
            (((self.at - self.at[0]) % self.step != 0).sum(), "time", "off the regular grid, moved onto it linearly"),
            ((~inside).sum(), "blank cell", "at the ends left out"),
        )
        parts = [_count(self.count, "row") + (f", one every {self.every}" if self.scale else "")]
        parts += [f"{' and '.join(filled)} filled linearly"] if filled else ["none missing"]
        parts += [f"{_count(number, thing)} {what}" for number, thing, what in done if number]
        parts += [f"the longest gap is {_span(longest, self.step, self.scale)}"] if filled else []
        much = [f"the longest gap is longer than a period of {period} samples"] if period and longest > period else []
        much += [f"{empty / len(there):.0%} of all samples are filled in"] if empty > 0.2 * len(there) else []
        warning = f" Warning: {' and '.join(much)}; a straight line there teaches a model nothing true." if much else ""
        return f"{'; '.join(parts)}.{warning}"

    def _filled_by(self, moments: np.ndarray) -> np.ndarray:
        """Return for each sample of the grid whether one of some moments is nearest to it."""
        samples = np.zeros((self.at[-1] - self.at[0]) // self.step + 1, bool)
        place = np.round((moments - self.at[0]) / self.step).astype(int)
        samples[place[place < len(samples)]] = True
        return samples

    def _doubts(self) -> Iterator[str]:
        """Yield a warning for each thing in the values that may not be what it seems."""
        if (repeated := (self.often > 1).mean()) > 0.1:
            yield f"Warning: {repeated:.0%} of all times stand more than once, and the mean was taken; {self.apart}."
        for value in far_from_all_else(self.values[np.isfinite(self.values)]):
            where = _count(int((self.values == value).sum()), "row")
            cure = f"if it stands for missing, read it with na_values={value:g}"
            yield f"Warning: {value:g} in {where} is far from all else; {cure}."


def at_months(months: np.ndarray, day: int, clock: pd.Timedelta) -> pd.DatetimeIndex:
    """Return the times at this day of some months, counted as 12 * year + month from 1, or at their last if shorter."""
    first = pd.DatetimeIndex((months - 1 - 12 * 1970).astype("datetime64[M]"))
    return first + pd.to_timedelta(np.minimum(day, first.days_in_month) - 1, unit="D") + clock


def far_from_all_else(values: np.ndarray) -> Iterator[float]:
    """Yield the values that lie far from all others, as -9999 does among temperatures."""
    values = np.unique(values)
    values = values[np.argsort(np.abs(values), kind="stable")]
    while len(values) > 2:
        value, sizes = values[-1], np.abs(values)
        usual, gap = sizes[sizes < sizes[-1]].max(initial=0), np.abs(values[:-1] - value).min()
        nines = re.fullmatch(r"-?99+(\.9+)?", f"{value:.10g}")
        if usual == 0 or gap <= (1 if nines else 10) * usual:
            return
        yield float(value)
        values = values[:-1]


def _moments(times: pd.DatetimeIndex) -> tuple[np.ndarray, str]:
    """Return times as whole numbers, and of what: months if each has the same day of one, or the last, else seconds."""
    clock, day = times - times.normalize(), times.day
    same_day = (day == np.minimum(day.max(), times.days_in_month)).all() if len(times) else False
    business = len(times) > 0 and (times == times + pd.offsets.BMonthEnd(0)).all()
    if clock.nunique() == 1 and (same_day or business):
        return np.asarray(times.year * 12 + times.month), "M"
    exact = np.asarray(times.as_unit("us").asi8)
    return (exact // 10**6, "s") if (exact % 10**6 == 0).all() else (exact, "us")


def _step(distances: np.ndarray, scale: str) -> int:
    """Return the median distance above 0, as a whole minute or second if one is within half a percent."""
    median = np.median(distances[distances > 0])
    for unit in ("minute", "second"):
        size = UNITS[scale].get(unit, 1)
        near = round(median / size) * size
        if near and abs(near - median) <= 0.005 * median:
            return near
    return max(round(median), 1)


def _span(steps: int, step: int, scale: str) -> str:
    """Return how long some steps are, in words, by the largest unit of which a step is a whole number."""
    unit, size = next((unit, size) for unit, size in UNITS[scale].items() if step % size == 0)
    return _count(steps * step // size, unit)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _checked(period: Any, samples: int) -> float:
    """Return a period that was given, in samples, as an int where it is whole."""
    if isinstance(period, Real) and 2 <= float(period) <= samples:
        return int(float(period)) if float(period).is_integer() else float(period)
    given = period if isinstance(period, Real) else shown(period)
    raise ValueError(f"period {given} is not from 2 to {samples} samples; leave it out to have it found")
