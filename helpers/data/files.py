"""A learner's own series, from a CSV file, with what was done to it told in its notes."""

from numbers import Real
from pathlib import Path

import numpy as np
from scipy import signal

from ..checks import whole
from ..series import Series
from .cells import MOST_ROWS, Table, read, shown

LEAST_SAMPLES = 6  # samples, of which a split of 80 and 20 % leaves two in each part
UNITS = {"": {"sample": 1}, "M": {"year": 12, "month": 1}}  # for the units of `Table.moments`, and for no time at all
UNITS["s"] = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
UNITS["us"] = {name: size * 10**6 for name, size in UNITS["s"].items()} | {"millisecond": 1_000, "microsecond": 1}


def from_csv(path, column, time=None, ahead=0, period=None, unit=""):
    """Return the series in a column of a CSV file; the target of a row is the value `ahead` samples after it.

    With `time`, the column of times, the rows are sorted, equal times averaged, and the values put on a regular grid
    whose step is the median distance, filled linearly (np.interp). Without, the rows count as equally spaced, and
    blank cells are filled linearly. Blank cells at the ends, and the last `ahead` samples, which have no target, are
    left out. `period`, in samples, is found where it is not given: see `find_period`. `notes` tells what was done.

    The file is UTF-8 text with names in its first line; a comma, a semicolon or a tab between cells; a decimal comma
    beside the latter two. It is only read: nothing is fetched, unpacked, evaluated or written. Raises ValueError with
    one sentence that names the setting, or the file and the line or column, and what would work.
    """
    ahead = whole("ahead", ahead, least=0)
    if not isinstance(unit, str):
        raise ValueError(f"unit {shown(unit)} is no text; use text such as '°C'")
    name, data = read(path)
    table = Table(name, data, {"column": column} | ({} if time is None else {"time": time}))
    numbers, comma = table.numbers()
    rows, moments, scale, plain = table.cells.index, np.arange(len(numbers)), "", True
    if time is not None:
        rows, moments, scale, plain = table.moments(numbers)
        numbers = numbers[rows - 1]
    known = np.isfinite(numbers)
    at, same = np.unique(moments[known], return_inverse=True)
    often = np.bincount(same)  # how many rows have the same time
    if len(at) < LEAST_SAMPLES:
        gives = f"column {shown(column)} of {table.name} gives {_count(len(at), 'sample')}"
        raise ValueError(
            f"{gives}; use at least {LEAST_SAMPLES}, so that a part to train on and one to validate on have two"
        )
    step = _step(np.diff(np.sort(moments)), scale)
    if (at[-1] - at[0]) // step >= MOST_ROWS:
        far = rows[np.argmax(np.abs(moments - np.median(moments)))]
        raise table.refusal(far, "time", f"too far from the rest for steps of {_span(1, step, scale)}; mend that time")
    values = np.interp(np.arange(at[0], at[-1] + 1, step), at, np.bincount(same, numbers[known]) / often)
    samples = len(values) - ahead
    if samples < LEAST_SAMPLES:
        left = f"ahead {ahead} leaves {max(samples, 0)} of {_count(len(values), 'sample')} of {table.name}"
        raise ValueError(f"{left}; use at least {LEAST_SAMPLES + ahead} samples, or a smaller ahead")
    if period is None:
        found = find_period(values)
    elif isinstance(period, Real) and 2 <= float(period) <= len(values):
        found = int(float(period)) if float(period).is_integer() else float(period)
    else:
        given = period if isinstance(period, Real) else shown(period)
        raise ValueError(f"period {given} is not from 2 to {len(values)} samples; leave it out to have it found")
    given = {"time": time, "ahead": ahead, "period": period and found, "unit": unit}
    settings = [f"{setting}={value!r}" for setting, value in given.items() if value]
    place = Path(path).as_posix()
    return Series(
        values[:samples],
        values[ahead:],
        period=found,
        unit=unit,
        name=column,
        ahead=ahead,
        code=f"from_csv({', '.join([repr(place), repr(column), *settings])})",
        recipe=_recipe(place, table, known, comma, scale, step, ahead) if plain else "",
        notes=_notes(len(table.cells), moments, known, at, often, step, scale, found),
    )


def find_period(values):
    """Return the period of a series as a whole number of samples, or None where no cycle stands out clearly.

    After Vlachos, Yu and Castelli, On Periodicity Detection (2005). A cycle is a peak of the detrended periodogram,
    of three cycles or more, that stands far above the power around it: pure chance gives a peak of some log(samples)
    times the median, and a slow wander is the rule among its neighbours. Such a peak may be only a harmonic, and its
    place is rough: of its first twelve multiples the first counts whose autocorrelation is near the best of theirs,
    at the lag where the mean autocorrelation of eight repeats is highest, and above the scatter of noise.
    """
    samples = len(values)
    rest = signal.detrend(values)
    if samples < 2 * LEAST_SAMPLES or np.ptp(rest) <= 1e-9 * np.abs(values).max():
        return None
    power = signal.periodogram(rest / np.ptp(rest))[1]
    middles = np.unique(np.geomspace(1, len(power) - 1, 2 * int(np.log2(samples))).astype(int))
    around = [np.log(np.median(power[(m + 1) // 2 : 2 * m + 1]) + 1e-300) for m in middles]  # an octave each side
    usual = np.exp(np.interp(np.log(np.arange(3, len(power))), np.log(middles), around))
    peaks = 3 + np.flatnonzero(power[3:] > 2.5 * np.log2(samples) * usual)
    if not len(peaks):
        return None
    peak = peaks[np.argmax(power[peaks])]  # its number of cycles in the whole series
    alike = signal.correlate(rest, rest, method="fft")[samples - 1 :] / np.arange(samples, 0, -1)
    alike, chance = alike / alike[0], 1 / np.sqrt(samples)  # the scatter of noise

    def repeated(lag):
        return alike[lag : samples // 2 + 1 : lag][:8].mean()

    lags = []
    for multiple in range(1, 13):
        first, last = round(multiple * samples / (peak + 0.5)), round(multiple * samples / (peak - 0.5))
        near = range(max(first, 2), min(last, samples // 3) + 1)
        lags += [max(near, key=repeated)] if near else []
    enough = 0.8 * max(alike[lags], default=0) - 3 * chance
    lag = next((lag for lag in lags if alike[lag] >= max(enough, 0)), None)
    return None if lag is None or repeated(lag) < 2 * chance else lag


def _step(distances, scale):
    """Return the median distance above 0, as a whole minute or second if one is within half a percent."""
    median = np.median(distances[distances > 0])
    for unit in ("minute", "second"):
        size = UNITS[scale].get(unit, 1)
        near = round(median / size) * size
        if near and abs(near - median) <= 0.005 * median:
            return near
    return max(round(median), 1)


def _span(steps, step, scale):
    """Return how long some steps are, in words, by the largest unit of which a step is a whole number."""
    unit, size = next((unit, size) for unit, size in UNITS[scale].items() if step % size == 0)
    return _count(steps * step // size, unit)


def _count(number, thing):
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _notes(rows, moments, known, at, often, step, scale, period):
    """Return what made a regular series of the rows, a sentence, and a warning where much of it is filled in."""

    def filled_by(some):
        samples = np.zeros((at[-1] - at[0]) // step + 2, bool)
        samples[np.round((some - at[0]) / step).astype(int)] = True
        return samples

    inside = (moments >= at[0]) & (moments <= at[-1])
    there = filled_by(at)
    there[-1] = True
    blank = (filled_by(moments[inside & ~known]) & ~there).sum()
    empty, longest = (~there).sum(), np.diff(np.flatnonzero(there)).max() - 1
    every = _span(1, step, scale).removeprefix("1 ")  # "hour", but "2 hours"
    absent = f"missing {every if every.isalpha() else 'time'}"
    filled = [_count(number, thing) for number, thing in ((empty - blank, absent), (blank, "blank cell")) if number]
    done = (
        (rows - len(moments), "row", "with neither time nor number left out"),
        ((moments < np.maximum.accumulate(moments)).sum(), "row", "out of order, sorted"),
        ((often > 1).sum(), "repeated time", "averaged"),
        (((at - at[0]) % step != 0).sum(), "time", "off the regular grid, moved onto it linearly"),
        ((~inside).sum(), "blank cell", "at the ends left out"),
    )
    parts = [_count(rows, "row") + (f", one every {every}" if scale else "")]
    parts += [f"{' and '.join(filled)} filled linearly"] if filled else ["none missing"]
    parts += [f"{_count(number, thing)} {what}" for number, thing, what in done if number]
    parts += [f"the longest gap is {_span(longest, step, scale)}"] if filled else []
    much = [f"the longest gap is longer than a period of {period} samples"] if period and longest > period else []
    part = empty / (len(there) - 1)
    much += [f"{part:.0%} of all samples are filled in"] if part > 0.2 else []
    warning = f" Warning: {' and '.join(much)}; a straight line there teaches a model nothing true." if much else ""
    return f"{'; '.join(parts)}.{warning}"


def _recipe(place, table, known, comma, scale, step, ahead):
    """Return NumPy lines that make the same values and targets, or "" for lines that NumPy reads in another way."""
    if b'"' in table.data or place.endswith((".gz", ".bz2", ".xz")):
        return ""
    if known.sum() < len(table.cells):  # a line may be cut short, or empty: NumPy passes over that
        cut, lines = max(table.places), table.data.split(b"\n")
        if not all(line.count(table.sign.encode()) >= cut if line.strip(b" ") else scale for line in lines):
            return ""
    source = "lines" if comma else "path"
    lines = [f"path = {_quoted(place)}"]
    if comma:
        lines = [f'with open({_quoted(place)}, encoding="utf-8-sig") as file:']
        lines += ['    lines = [line.replace(",", ".") for line in file]  # decimals with a point']
    how = f'"delimiter": {_quoted(table.sign)}, "skip_header": 1, "comments": None, "encoding": "utf-8-sig"'
    lines += [f"how = {{{how}}}"]
    lines += [f"numbers = np.genfromtxt({source}, usecols={table.places[0]}, **how)  # a blank cell is nan"]
    if scale:
        times = f"np.genfromtxt({source}, usecols={table.places[1]}, dtype=str, **how)"
        lines += [
            f'times = {times}.astype("datetime64[{scale}]").astype(int)',
            "known = np.isfinite(numbers)",
            "times, same = np.unique(times[known], return_inverse=True)  # in order, each once",
            "numbers = np.bincount(same, numbers[known]) / np.bincount(same)  # equal times: their mean",
            f"values = np.interp(np.arange(times[0], times[-1] + 1, {step}), times, numbers)  # gaps: a line",
        ]
    else:
        lines += [
            "known = np.flatnonzero(np.isfinite(numbers))",
            "values = np.interp(np.arange(known[0], known[-1] + 1), known, numbers[known])  # gaps: a line",
        ]
    lines += [f"values, targets = values[:-{ahead}], values[{ahead}:]" if ahead else "targets = values"]
    return "\n".join(lines)


def _quoted(text):
    """Return text as Python code, in double quotes where that needs no further care."""
    return repr(text) if "'" in text or '"' in text else f'"{repr(text)[1:-1]}"'
