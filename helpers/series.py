"""A series: one value an hour, and for each row the target that a model is to predict there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from inspect import getsource
from reprlib import repr as shortened
from typing import Any

import numpy as np

from .checks import number, whole


@dataclass(frozen=True, eq=False)
class Series:
    """Values over time, each row with its own target.

    values   float32, shape `(samples, 1)`, in `unit`; a plain list or a flat array is put into shape
    targets  float32, shape `(samples, 1)`: what a model is to predict at each row
    period   in samples, None if there is none
    unit     of the values, as text such as "°C"
    name     what pictures and menus call it
    noise    the standard deviation of the normal noise in the values, in `unit`
    ahead    a row's target is the value so many samples after it; None if it is something else
    cycles   the periods, in samples, of the sines of height 1 that it is the sum of, if it is one
    kept     what part of a value `echo` keeps for the next day, from 0 to 1; None for any other series
    code     makes the series anew with `helpers`
    recipe   makes `values` and `targets` anew with NumPy, and pandas for a file; "" where that cannot be done
    notes    what a file needed to become a series; a doubt begins with 'Warning:'
    times    of the values, as a pandas DatetimeIndex; None where the rows are only counted
    mean     what `normalised` has taken from the values, in their unit before that; 0 otherwise
    spread   and what it has divided them by then; 1 otherwise

    Raises ValueError when a value is missing or infinite.
    """

    values: np.ndarray
    targets: np.ndarray
    period: float | None = None
    unit: str = ""
    name: str = "series"
    noise: float = 0.0
    ahead: int | None = None
    cycles: tuple = ()
    kept: float | None = None
    code: str = "Series(values, targets)"
    recipe: str = ""
    notes: str = ""
    times: Any = None
    mean: float = 0.0
    spread: float = 1.0

    def __post_init__(self) -> None:
        for part in ("values", "targets"):
            given = getattr(self, part)
            try:
                array = np.array(given, dtype=np.float32)
            except (TypeError, ValueError):
                raise ValueError(f"{part} {shortened(given)} is not all numbers; use one number a sample") from None
            if array.shape not in ((array.size,), (array.size, 1)):
                raise ValueError(f"{part} has the shape {array.shape}; use one number a sample")
            array = array.reshape(-1, 1)
            if not np.isfinite(array).all():
                first = int(np.argmin(np.isfinite(array)))
                raise ValueError(f"{part} has {array[first, 0]} at sample {first}; fill or drop it first")
            array.setflags(write=False)
            object.__setattr__(self, part, array)
        if len(self.values) != len(self.targets):
            raise ValueError(f"targets has {len(self.targets)} samples for {len(self.values)} values; use one each")
        if len(self.values) < 2:
            raise ValueError(f"values has {len(self.values)} samples; use at least 2")

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Series) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return self.code

    def _key(self) -> tuple:
        arrays = self.values.tobytes(), self.targets.tobytes()
        known = self.period, self.unit, self.name, self.noise, self.ahead, tuple(self.cycles), self.kept
        times = None if self.times is None else np.asarray(self.times).tobytes()
        return self.code, self.recipe, *known, times, self.mean, self.spread, *arrays

    def _changed(self, call: str, *lines: str, **fields: Any) -> "Series":
        """Return the series with other fields, as `code` a call of it, and as `recipe`, if there is one, more lines."""
        recipe = "\n".join([self.recipe, *lines]) if self.recipe else ""
        return replace(self, code=f"{self.code}.{call}", recipe=recipe, **fields)

    def split(self, fraction: float = 0.8) -> tuple["Series", ...]:
        """Return the first `fraction` of the samples to train on, and the rest to validate on."""
        cut = int(len(self) * number("fraction", fraction, above=True))
        if not 2 <= cut <= len(self) - 2:
            raise ValueError(f"fraction {fraction} leaves fewer than 2 of {len(self)} samples in a part; try 0.8")
        return tuple(
            self._changed(
                f"split({fraction})[{i}]",
                f"values, targets = values[{kept}], targets[{kept}]",
                values=self.values[part],
                targets=self.targets[part],
                times=None if self.times is None else self.times[part],
            )
            for i, (part, kept) in enumerate(((slice(None, cut), f":{cut}"), (slice(cut, None), f"{cut}:")))
        )

    def noisy(self, noise: float, seed: int = 0) -> "Series":
        """Return the series with normal noise of this standard deviation added to its values, not to its targets."""
        noise, seed = number("noise", noise), whole("seed", seed, least=0)
        if noise == 0:
            return self
        if noise > 1e30:
            raise ValueError(f"noise {noise:g} is too large for values of float32; use at most 1e+30")
        earlier = self.code.count(".noisy(")  # a second noise is another one, even from the same seed
        drawn = np.random.default_rng([seed, earlier]).normal(0, noise, self.values.shape)
        total = float(np.hypot(self.noise, noise))  # variances of independent noises add up
        line = f"values = values + np.random.default_rng([{seed}, {earlier}]).normal(0, {noise!r}, values.shape)"
        return self._changed(f"noisy({noise!r}, {seed})", line, values=self.values + drawn, noise=total)

    def normalised(self, fraction: float = 0.8) -> "Series":
        """Return the series with its values at mean 0 and standard deviation 1, as measured on the training part.

        Only the first `fraction` is measured, since a model may know nothing of the validation part. The targets are
        put on the same scale.
        """
        train = self.split(fraction)[0].values.astype(float)
        mean, spread = train.mean(), train.std()
        if spread == 0:
            raise ValueError(f"values are all {mean:g} in the training part; a constant cannot be normalised")
        return self._changed(
            f"normalised({fraction})",
            f"mean, spread = values[:{len(train)}].mean(), values[:{len(train)}].std()",
            "values, targets = (values - mean) / spread, (targets - mean) / spread",
            values=(self.values - mean) / spread,
            targets=(self.targets - mean) / spread,
            unit="standard deviations",
            name=f"{self.name}, normalised",
            noise=self.noise / spread,
            mean=float(self.mean + self.spread * mean),
            spread=float(self.spread * spread),
            cycles=(),  # their heights are no longer 1, nor is the variance
            kept=None,
        )


def made_by(formula: Callable[..., tuple[np.ndarray, np.ndarray]], *arguments: object, **about: Any) -> Series:
    """Return the series whose values and targets a NumPy function makes; its source becomes the recipe."""
    values, targets = formula(*arguments)
    recipe = f"{getsource(formula)}\n\nvalues, targets = {formula.__name__}{arguments!r}"
    return Series(values, targets, recipe=recipe, **about)


def daily_sine(hours_per_day: int, days: int) -> tuple:
    end, samples = days * 2 * np.pi, days * hours_per_day
    turns, ahead = np.linspace(0, end, samples), np.linspace(np.pi / 2, end + np.pi / 2, samples)
    return np.sin(turns), np.sin(ahead)


def sum_of_sines(hours_per_day: int, days: int, cycles_per_day: tuple, climb: float) -> tuple:
    def value(day: np.ndarray) -> np.ndarray:
        return sum(np.sin(2 * np.pi * cycles * day) for cycles in cycles_per_day) + climb * day

    day = np.arange(days * hours_per_day) / hours_per_day
    return value(day), value(day + 1 / 4)


def seasonal_echo(hours_per_day: int, days: int, kept: float, seed: int) -> tuple:
    fresh = np.random.default_rng([seed, 24]).normal(size=(days, hours_per_day))
    shapes = fresh[:1]
    for change in fresh[1:]:
        shapes = np.vstack([shapes, kept * shapes[-1] + np.sqrt(1 - kept**2) * change])
    return shapes.ravel(), shapes.ravel()


@lru_cache(maxsize=8, typed=True)
def sine(hours_per_day: int = 24, days: int = 365, noise: float = 0.0, seed: int = 0) -> Series:
    """Return the article's series: a year of a daily sine, and as target its value six hours after the row.

    `sin(linspace(0, days * 2 pi, days * hours_per_day))`, the targets shifted by pi / 2, a quarter of a day. As
    `linspace` includes its end point, the period is (samples - 1) / days: 23.997 samples, not 24.
    """
    hours_per_day, days = whole("hours_per_day", hours_per_day), whole("days", days)
    period = (days * hours_per_day - 1) / days
    about = {"period": period, "cycles": (period,), "ahead": quarter(hours_per_day)}
    series = made_by(daily_sine, hours_per_day, days, name="sine", code=f"sine({hours_per_day}, {days})", **about)
    return series.noisy(noise, seed)


def quarter(hours_per_day: int) -> int | None:
    """Return a quarter of a day in samples, or None if that is no whole number."""
    return hours_per_day // 4 if hours_per_day % 4 == 0 else None


def _sines(name: str, cycles_per_day: tuple[float, ...], climb: float, hours_per_day: int, days: int) -> Series:
    hours_per_day, days = whole("hours_per_day", hours_per_day), whole("days", days)
    return made_by(
        sum_of_sines,
        hours_per_day,
        days,
        cycles_per_day,
        climb,
        period=hours_per_day,
        cycles=() if climb else tuple(hours_per_day / cycles for cycles in cycles_per_day),
        ahead=quarter(hours_per_day),
        name=name,
        code=f"{name}({hours_per_day}, {days})",
    )


@lru_cache(maxsize=8, typed=True)
def two_cycles(hours_per_day: int = 24, days: int = 365, noise: float = 0.0, seed: int = 0) -> Series:
    """Return a daily sine and a weekly one, added; the target is the value six hours after the row."""
    return _sines("two_cycles", (1, 1 / 7), 0, hours_per_day, days).noisy(noise, seed)


@lru_cache(maxsize=8, typed=True)
def fast_cycle(hours_per_day: int = 24, days: int = 365, noise: float = 0.0, seed: int = 0) -> Series:
    """Return a daily sine and one of 7.02 cycles a day, added; the target is the value six hours after the row.

    Of every fourth sample a fast cycle keeps only what looks like 1.02 cycles a day (six samples a day cannot tell
    7.02 from 7.02 - 6): it hides in the daily one.
    """
    return _sines("fast_cycle", (1, 7.02), 0, hours_per_day, days).noisy(noise, seed)


@lru_cache(maxsize=8, typed=True)
def trend(hours_per_day: int = 24, days: int = 365, noise: float = 0.0, seed: int = 0) -> Series:
    """Return a daily sine that climbs by 4 in a year; the target is the value six hours after the row.

    So the validation part lies 2 higher than the training part, and its peaks above anything there.
    """
    return _sines("trend", (1,), 4 / 365, hours_per_day, days).noisy(noise, seed)


@lru_cache(maxsize=8, typed=True)
def echo(hours_per_day: int = 24, days: int = 365, kept: float = 0.95, noise: float = 0.0, seed: int = 0) -> Series:
    """Return days of random shape, each like the day before but for small changes; the target is the next value.

    A value is `kept` times the value a day before, plus fresh normal noise that holds the variance at 1 (a seasonal
    autoregression: Box and Jenkins, Time Series Analysis). The other hours of the day say nothing of it, and so a
    window must reach back over a whole day. The target of a row is the row's own value: the one after the window.
    `seed` draws the shapes, and the noise.
    """
    hours_per_day, days = whole("hours_per_day", hours_per_day), whole("days", days)
    kept, seed = number("kept", kept), whole("seed", seed, least=0)
    if kept > 1:
        raise ValueError(f"kept {kept} is more than all; use a part from 0 to 1")
    code = f"echo({hours_per_day}, {days}, {kept!r}, seed={seed})"
    about = {"name": "echo", "period": hours_per_day, "ahead": 0, "kept": kept, "code": code}
    return made_by(seasonal_echo, hours_per_day, days, kept, seed, **about).noisy(noise, seed)


RENAMED = {"memory": "echo"}
BUILT_IN = {"sine": sine, "two_cycles": two_cycles, "echo": echo, "fast_cycle": fast_cycle, "trend": trend}
