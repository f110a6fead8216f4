"""What the tests of CSV files share: small files, and how they are written, read and refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from helpers import from_csv

often = settings(max_examples=60, derandomize=True, deadline=None, database=None)
TEN = "\n".join(["x", *map(str, range(10))])
DAYS = [f"2026-01-{day:02d}" for day in range(1, 15)]


def write(content, name="x.csv"):
    """Write a file into the folder of the test, and return its name."""
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def timed(times, values=None, sign=","):
    """Return the text of a file with a column of times and one of values."""
    values = range(len(times)) if values is None else values
    return "\n".join([f"t{sign}x", *(f"{time}{sign}{value}" for time, value in zip(times, values, strict=True))])


def refused(*arguments, **settings):
    """Return the sentence with which a file is refused."""
    with pytest.raises(ValueError) as caught:
        from_csv(*arguments, **settings)
    sentence = str(caught.value)
    assert type(caught.value) is ValueError and sentence.isprintable() and "; " in sentence, sentence
    return sentence


def flat(series):
    return series.values[:, 0].tolist()


def by_recipe(series):
    """What the recipe makes, with nothing but NumPy and pandas at hand, as a Series would hold it."""
    made = {"np": np, "pd": pd, "Path": Path}
    exec(series.recipe, made)
    return np.float32(made["values"]), np.float32(made["targets"])


def assert_recipe_makes(series):
    for made, ours in zip(by_recipe(series), (series.values, series.targets), strict=True):
        np.testing.assert_array_equal(made, ours[:, 0], strict=True)
    assert max(map(len, series.recipe.splitlines())) <= 100 and len(series.recipe.splitlines()) <= 13
