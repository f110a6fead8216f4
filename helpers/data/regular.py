"""Rows at their times, or equally spaced, made a regular series; its notes tell what that took."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
REPEATED = 5  # how often a value that stands for missing stands at least, unless it is very far from all else


@dataclass
class Rows:
    """Numbers at their times, and the step of the regular grid that they are put on."""

    values: np.ndarray  # nan where blank
    times: pd.DatetimeIndex | None  # None where they count as equally spaced
    moments: np.ndarray  # the times as whole numbers, by `scale`: see UNITS
    scale: str
    at: np.ndarray  # the moments that have a number, in order
    known: pd.Series  # the mean of the numbers of each
    often: pd.Series  # and how many these are
    step: int
    count: int  # of all rows, those without a time too
    source: str  # what they come from
    apart: str  # how to tell rows of the same time apart
    doubts: list[str]  # sentences for the notes

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
        return at_months(moments, self.times)

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
        filled = ~self._nearest(self.at)
        longest = pd.Series(filled).groupby((~filled).cumsum()).sum().max()  # how many follow one that is not filled
        parts = [*self._done(filled)]
        parts += [f"the longest gap is {_span(longest, self.step, self.scale)}"] if longest else []
        much = [f"the longest gap is longer than a period of {period} samples"] if period and longest > period else []
        much += [f"{filled.mean():.0%} of all samples are filled in"] if filled.mean() > 0.2 else []
        warning = f" Warning: {' and '.join(much)}; a straight line there teaches a model nothing true." if much else ""
        return f"{'; '.join(parts)}.{warning}"

    def _done(self, filled: np.ndarray) -> Iterator[str]:
        """Yield how many rows there are, and what was done to them; `filled` tells which samples of the grid are."""
        inside = (self.moments >= self.at[0]) & (self.moments <= self.at[-1])
        blank = filled & self._nearest(self.moments[inside & ~np.isfinite(self.values)])
        gaps = {f"missing {self.every if self.every.isalpha() else 'time'}": filled & ~blank, "blank cell": blank}
        yield _count(self.count, "row") + (f", one every {self.every}" if self.scale else "")
        counts = [_count(samples.sum(), thing) for thing, samples in gaps.items() if samples.any()]
        yield f"{' and '.join(counts)} filled linearly" if counts else "none missing"
        done = (
            (self.count - len(self.moments), "row", "with neither time nor number left out"),
            ((self.moments < np.maximum.accumulate(self.moments)).sum(), "row", "out of order, sorted"),
            ((self.often > 1).sum(), "repeated time", "averaged"),
            (((self.at - self.at[0]) % self.step != 0).sum(), "time", "off the regular grid, moved onto it linearly"),
            ((~inside).sum(), "blank cell", "at the ends left out"),
        )
        yield from (f"{_count(number, thing)} {what}" for number, thing, what in done if number)

    def _nearest(self, moments: np.ndarray) -> np.ndarray:
        """Return for each sample of the grid whether it is the one nearest to some of these moments."""
        samples = np.zeros((self.at[-1] - self.at[0]) // self.step + 1, bool)
        place = np.round((moments - self.at[0]) / self.step).astype(int)
        samples[place[place < len(samples)]] = True
        return samples

    def _doubts(self) -> Iterator[str]:
        """Yield a warning for each thing in the values that may not be what it seems."""
        if (repeated := (self.often > 1).mean()) > 0.1:
            yield f"Warning: {repeated:.0%} of all times stand more than once, and the mean was taken; {self.apart}."
        elif repeated and (unlike := self._unlike_at_one_time()):
            yield unlike
        steps = np.abs(np.diff(self.known))
        least = np.spacing(np.float32(np.abs(self.known).max()))  # a Series is of float32
        if steps.any() and least > 0.2 * np.median(steps[steps > 0]):
            cure = "take the differences, or subtract a constant"
            yield f"Warning: numbers of this size are kept in steps of {least:g}, too coarse for their changes; {cure}."
        for value, often, what in strange(self.values[np.isfinite(self.values)]):
            cure = f"if it stands for missing, read it with na_values={value:.10g}"
            yield f"Warning: {value:.10g} in {_count(often, 'row')} is {what}; {cure}."

    def _unlike_at_one_time(self) -> str:
        """Return a warning where the values of a repeated time differ by more than the scatter of all means, or ""."""
        known = np.isfinite(self.values)
        groups = pd.Series(self.values[known], self.moments[known]).groupby(level=0)
        apart = groups.max() - groups.min()
        unlike = int((apart > self.known.std()).sum())
        if not unlike:
            return ""
        low, high = groups.min()[apart.idxmax()], groups.max()[apart.idxmax()]
        some = f"{_count(unlike, 'repeated time')} {'has' if unlike == 1 else 'have'} very different values"
        return f"Warning: {some}, such as {low:.10g} and {high:.10g}, and the mean was taken; {self.apart}."


def spaced(
    values: np.ndarray,
    times: pd.DatetimeIndex | None,
    name: str,
    source: str,
    where: Callable[[int], str],
    doubts: list[str],
    apart: str = "keep one row for each time",
) -> Rows:
    """Return numbers, nan where blank, and their times, NaT where blank, as rows whose step is found.

    Messages call them `name`, and the row of a place `where`, as a beginning. Raises ValueError where there are too few
    of them, most times repeat, or one is too far from the rest.
    """
    count, scale, rows = len(values), "", np.arange(len(values))
    moments = rows
    if times is not None:
        rows = np.flatnonzero(~np.asarray(times.isna()))
        values, times = values[rows], times[rows]
        moments, scale = _moments(times)
    there = np.isfinite(values)
    groups = pd.Series(values[there], moments[there]).groupby(level=0)  # sorted
    known, often = groups.mean(), groups.size()
    at = known.index.to_numpy()
    if (often > 1).mean() > 0.5:
        row = rows[there][np.flatnonzero(moments[there] == often.index[often > 1][0])[1]]
        raise ValueError(f"{where(row)}, a time that other rows have too, as most times here; {apart}")
    if len(at) < LEAST_SAMPLES:
        least = f"use at least {LEAST_SAMPLES}, so that a part to train on and one to validate on have two"
        raise ValueError(f"{name} gives {_count(len(at), 'sample')}; {least}")
    step = _step(np.diff(np.sort(moments)), scale)
    if (at[-1] - at[0]) // step >= MOST_ROWS:
        far = rows[np.argmax(np.abs(moments - np.median(moments)))]
        raise ValueError(f"{where(far)}, too far from the rest for steps of {_span(1, step, scale)}; mend that time")
    return Rows(values, times, moments, scale, at, known, often, step, count, source, apart, doubts)


def at_months(months: np.ndarray, like: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the times in some months, counted as 12 * year + month from 1, that lie there as others do in theirs.

    That is at the same day, or at the last one where a month is shorter, or each at the last working day.
    """
    first = pd.DatetimeIndex((months - 1 - 12 * 1970).astype("datetime64[M]"))
    day = np.minimum(like.day.max(), first.days_in_month)
    if not _same_day(like):
        last = first + pd.to_timedelta(first.days_in_month - 1, unit="D")
        day = last.day - np.maximum(last.day_of_week - 4, 0)
    return first + pd.to_timedelta(day - 1, unit="D") + (like[0] - like[0].normalize())


def _same_day(times: pd.DatetimeIndex) -> bool:
    """Return whether each time has the same day of its month, or the last where the month is shorter."""
    return bool((times.day == np.minimum(times.day.max(), times.days_in_month)).all())


def strange(values: np.ndarray) -> Iterator[tuple[float, int, str]]:
    """Yield the lowest and highest values that may stand for missing, as -9999 does, how often they stand, and why."""
    found, often = np.unique(values, return_counts=True)
    while len(found) > 2:
        ends = sorted((-1, 0), key=lambda end: -abs(found[end]))
        place, why = next(((end, why) for end in ends if (why := _strange(found, often, end))), (0, ""))
        if not why:
            return
        yield float(found[place]), int(often[place]), why
        found, often = np.delete(found, place), np.delete(often, place)


def _strange(found: np.ndarray, often: np.ndarray, end: int) -> str:
    """Return why the lowest (0) or highest (-1) of some values, in order, may be none, or "".

    It is far from all others by its size, or, if it repeats, by the range and the gaps of others: not 0, which many a
    count or a machine at rest has. Or it is a usual sign, such as -1 or -999, and the only value below 0.
    """
    value, others = found[end], np.delete(found, end)
    lone = value < 0 and all(map(_nines, others[others < 0]))
    others = others[others >= 0] if lone and others.max() >= 0 else others
    usual = np.abs(others[np.abs(others) < abs(value)]).max(initial=0)
    gap, nines = np.abs(others - value).min(), _nines(value)
    far = abs(value) >= np.abs(others).max() and 0 < (1 if nines else 10) * usual < gap
    if not far and often[end] >= REPEATED and len(others) >= REPEATED and value != 0:
        far = gap > max(np.ptp(others) / 10, 3 * np.diff(others).max())
    if far:
        return "far from all else"
    sign = nines or (value == -1 and often[end] >= REPEATED and len(others) >= REPEATED)
    return "below 0, as nothing else is" if lone and sign else ""


def _nines(value: float) -> bool:
    return re.fullmatch(r"-?99+(\.9+)?", f"{value:.10g}") is not None


def _moments(times: pd.DatetimeIndex) -> tuple[np.ndarray, str]:
    """Return times as whole numbers, and of what: months if each has the same day of one, or the last, else seconds."""
    in_days = (times - times.normalize()).nunique() == 1
    if in_days and (_same_day(times) or (times == times + pd.offsets.BMonthEnd(0)).all()):  # or at working days
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
