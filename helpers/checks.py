"""Checks of what people give: each returns the value, or raises ValueError with one sentence that says what works."""

import math
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

import numpy as np


def whole(name: str, given: object, least: int = 1, most: Any = None) -> int:
    """Return `given` as an int, from `least` to `most`."""
    if isinstance(given, bool) or not isinstance(given, Integral):
        raise ValueError(f"{name} {given!r} is not a whole number; use {least} or more")
    if given < least:
        raise ValueError(f"{name} {given} is too small; use {least} or more")
    if most is not None and given > most:
        raise ValueError(f"{name} {given} is too large; use at most {most}")
    return int(given)


def number(name: str, given: Any, above: bool = False) -> float:
    """Return `given` as a float that is finite and at least 0, or `above` 0."""
    known = isinstance(given, Real) and not isinstance(given, bool) and math.isfinite(given)
    if not known or given < 0 or (above and given == 0):
        raise ValueError(f"{name} {given!r} is not a number {'above 0' if above else 'of 0 or more'}; try {name} 0.1")
    return float(given)


def yes_or_no(name: str, given: Any) -> bool:
    """Return `given` as a bool, which it must be, of Python or of NumPy."""
    if not isinstance(given, bool | np.bool_):
        raise ValueError(f"{name} {given!r} is not a yes or no; use True or False")
    return bool(given)


def choice(name: str, given: object, options: Collection[str]) -> str:
    """Return `given`, which must be one of some words."""
    if not isinstance(given, str) or given not in options:
        shown = repr(given) if isinstance(given, str | int | float | None) else f"of type {type(given).__name__}"
        *others, last = map(repr, options)
        raise ValueError(f"{name} {shown} is unknown; use {', '.join(others)} or {last}")
    return given
