"""The exported script makes the same run without `helpers`, and is a script that one likes to read."""

import ast
import json
import math
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from dataclasses import replace

import numpy as np
import pytest

from helpers import EXAMPLES, Experiment, Series, fast_cycle, forecast, from_csv, run, sine, to_keras, trend
from helpers.experiment import DNN_SEES, MODELS
from helpers.export import FLAVOURS
from helpers.series import BUILT_IN

QUICK = Experiment(series=sine(24, 60), epochs=2)  # 36 updates an epoch, the last batch short
KEPT = replace(QUICK, stateful=True, activation="tanh", units=8, sampling_rate=3)
RUNS = {
    "example 1": (replace(EXAMPLES[1], epochs=1), "generator"),
    "example 2": (replace(EXAMPLES[2], epochs=1), "dataset"),
    "example 3": (replace(EXAMPLES[3], epochs=1), "generator"),
    "two cycles, the latest sample": (Experiment("two_cycles", stride=24, epochs=2, dnn_sees="latest"), "dataset"),
    "echo, the whole window": (Experiment("echo", length=25, stride=24, epochs=2, dnn_sees="window"), "dataset"),
    "a fast cycle, every fourth sample": (
        Experiment(fast_cycle(24, 60), length=23, sampling_rate=4, epochs=2, dnn_sees="window"),
        "generator",
    ),
    "a trend, normalised, with noise": (
        Experiment(trend(24, 60, noise=0.1, seed=4).normalised(), noise=0.2, stride=3, epochs=2),
        "dataset",
    ),
    "tanh, units, batches, learning rate": (
        replace(QUICK, activation="tanh", units=8, batch_size=50, learning_rate=0.01, length=6),
        "generator",
    ),
    "one step, by a sampling rate beyond the series, ended inside the first epoch": (
        replace(QUICK, sampling_rate=5000, max_updates=20),
        "dataset",
    ),
    "shuffled by another seed": (replace(QUICK, shuffle=True, seed=3, sampling_rate=3, noise=0.3), "generator"),
    "shuffled, ended inside an epoch": (replace(QUICK, shuffle=True, max_updates=50, stride=2), "dataset"),
    "a state that joins, a window at a time": (replace(KEPT, length=6, stride=6, batch_size=1), "generator"),
    "a state kept, ended inside an epoch": (replace(KEPT, max_updates=50, dnn_sees="latest"), "dataset"),
    "a state kept, shuffled": (replace(KEPT, shuffle=True, batch_size=50), "dataset"),
    "a state kept, shuffled, ended": (replace(KEPT, shuffle=True, max_updates=50, stride=2), "generator"),
    "ended inside an epoch": (replace(QUICK, max_updates=50, dnn_sees="latest"), "generator"),
}
NEAR = {"lstm": 0.02, "dnn": 1e-4}  # an LSTM doubles its rounding errors time and again, in Keras's `fit` as here
SEVERAL = [  # besides: all at once, and each bound
    Experiment(),
    Experiment(
        series=sine(24, 300, noise=0.1, seed=5).normalised(),
        noise=0.1 + 0.2,
        length=97,
        stride=11,
        sampling_rate=3,
        batch_size=7,
        shuffle=True,
        dnn_sees="window",
        units=1024,
        activation="tanh",
        learning_rate=1e-5,
        epochs=100_000,
        seed=2**32 - 1,
        max_updates=1001,
    ),
    Experiment(length=1751, stride=1752, sampling_rate=10**12, batch_size=8192, units=1024, max_updates=10**9),
]
SEVERAL += [replace(SEVERAL[1], stateful=True), replace(SEVERAL[1], stateful=True, shuffle=False)]
EVERY = [experiment for experiment, _ in RUNS.values()] + SEVERAL
SCRIPTS = [(experiment, flavour) for experiment in EVERY for flavour in FLAVOURS]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder away from `helpers`, for the scripts."""
    return tmp_path_factory.mktemp("scripts")


@pytest.fixture(scope="module")
def from_a_file(home):
    """A series from a file with a gap in it, and a decimal comma: the longest of recipes."""
    hours = np.datetime64("2024-01-01T00:00") + np.arange(700) * np.timedelta64(1, "h")
    lines = [f"{hour};{15 + 3 * math.sin(i / 4):.2f}" for i, hour in enumerate(hours)]
    (home / "river.csv").write_text("\n".join(["time;level", *lines[:500], *lines[504:]]).replace(".", ","))
    with chdir(home):
        series = from_csv("river.csv", "level", time="time", ahead=6).normalised()
    assert "missing" in series.notes and len(series.recipe.splitlines()) >= 10
    return series


@pytest.fixture(scope="module")
def runs(from_a_file):
    """Every experiment whose script is run, with the flavour of the script."""
    return RUNS | {"a file": (replace(QUICK, series=from_a_file, noise=0.1, stride=2), "dataset")}


EACH = "import runpy, sys\nfor path in sys.argv[1:]:\n    runpy.run_path(path, run_name='__main__')\n    print('\\f')"


@pytest.fixture(scope="module")
def printed(runs, home, tmp_path_factory):
    """What each script prints, run as a plain file from another folder.

    Two Pythons run half of them each, one after the other, since to load TensorFlow takes as long as a script.
    """
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name, how in runs.items():
        (home / f"{name}.py").write_text(to_keras(*how))

    def outcomes(names):
        command = [sys.executable, "-I", "-c", EACH, *(home / f"{name}.py" for name in names)]
        done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return dict(zip(names, done.stdout.split("\f\n")))

    names = list(runs)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(outcomes, (names[::2], names[1::2]))
    return first | second


@pytest.mark.parametrize("name", [*RUNS, "a file"])
def test_the_script_prints_the_losses_that_run_measures_and_before_them_the_next_value(runs, printed, name):
    *before, line = printed[name].splitlines()
    experiment, _ = runs[name]
    losses, result = json.loads(line), run(experiment)
    assert list(losses) == list(MODELS)
    for model, near in NEAR.items():
        assert losses[model] == pytest.approx(result.losses[model][-1], rel=near), (losses, result.losses)
    said = [re.fullmatch(r"(LSTM|DNN), next value: (\S+)", line).groups() for line in before]
    assert [model.lower() for model, _ in said] == ([] if experiment.stateful else list(MODELS))
    size = float(experiment.series_with_noise.values.std() * experiment.series_with_noise.spread)
    for model, value in said:
        made = forecast(result, model=model.lower()).iloc[0]
        assert float(value) == pytest.approx(made, rel=1e-4, abs=NEAR[model.lower()] * size), name


def test_the_scripts_are_of_both_flavours_and_every_built_in_series():
    assert {flavour for _, flavour in RUNS.values()} == set(FLAVOURS)
    assert {experiment.dnn_sees for experiment, _ in RUNS.values()} == set(DNN_SEES)
    assert {experiment.series_with_noise.name.split(",")[0] for experiment, _ in RUNS.values()} == set(BUILT_IN)


@pytest.mark.parametrize("experiment, flavour", SCRIPTS, ids=str)
def test_a_script_is_short_and_imports_numpy_and_keras_alone(experiment, flavour):
    source = to_keras(experiment, flavour)
    tree = ast.parse(source)
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    imported += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in imported} == {"numpy", "tensorflow"}
    assert ("TimeseriesGenerator" in source) == (flavour == "generator")
    assert ("timeseries_dataset_from_array" in source) == (flavour == "dataset")
    lines = source.splitlines()
    assert len(lines) <= (44 if experiment.stateful else 40)
    recipe = experiment.series_with_noise.recipe.splitlines()
    assert max(len(line) for line in lines if line not in recipe) <= 100
    assert all(line == line.rstrip() for line in lines) and source.endswith(")\n")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_script_names_nothing_that_it_does_not_use(tmp_path, flavour):
    for i, experiment in enumerate(EVERY):
        (tmp_path / f"{i}.py").write_text(to_keras(experiment, flavour))
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E9", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("experiment, flavour", SCRIPTS, ids=str)
def test_a_script_begins_with_the_experiment_that_it_makes(experiment, flavour):
    lines = to_keras(experiment, flavour).splitlines()
    head = lines[: lines.index("import numpy as np")]
    said = " ".join(line.removeprefix("# ") for line in head)
    made = eval(said, {"Experiment": Experiment, "sine": sine, "fast_cycle": fast_cycle, "trend": trend})
    assert made == experiment


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_setting_that_is_not_used_leaves_no_line(flavour):
    plain = to_keras(EXAMPLES[2], flavour)
    words = ("stride", "sampling_rate", "order", "inputs", "steps_per_epoch", "stateful", "Input")
    assert not any(word in plain for word in words)
    assert "\n\n\ndef daily_sine(" in plain and "\n])\n" in plain
    assert to_keras(replace(EXAMPLES[2], max_updates=10**6), flavour).splitlines()[1:] == plain.splitlines()[1:]


def test_the_windows_come_from_a_generator_unless_asked_otherwise():
    assert to_keras(QUICK) == to_keras(QUICK, "generator") != to_keras(QUICK, "dataset")


ENDED = dict(shuffle=True, max_updates=50, stride=2, noise=0.1)


@pytest.mark.parametrize("settings", [{}, ENDED, {"stateful": True}, {"stateful": True} | ENDED], ids=str)
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_longest_recipe_leaves_room_for_the_rest(from_a_file, flavour, settings):
    experiment = Experiment(series=from_a_file, **settings)
    source = to_keras(experiment, flavour)
    assert experiment.series_with_noise.recipe in source
    assert len(source.splitlines()) <= (44 if experiment.stateful else 40)
    names = {node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    names |= {
        alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names
    }
    assert {name.split(".")[0] for name in names} == {"numpy", "pandas", "pathlib", "tensorflow"}


def test_a_flavour_that_is_none_is_refused_in_one_sentence():
    for given, said in (("torch", "'torch'"), (None, "None"), ("", "''")):
        with pytest.raises(ValueError) as caught:
            to_keras(QUICK, given)
        assert str(caught.value) == f"flavour {said} is unknown; use 'generator' or 'dataset'"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_series_without_a_recipe_is_refused_in_one_sentence(flavour):
    wave = np.sin(np.arange(500.0))
    for series in (Series(wave, wave), Series(wave, wave).normalised()):
        with pytest.raises(ValueError) as caught:
            to_keras(Experiment(series=series, noise=0.1), flavour)
        assert str(caught.value) == (
            f"series {series!r} cannot be made anew by a script; "
            "save its values as a plain CSV file, a name and then one number a line, and use from_csv"
        )
