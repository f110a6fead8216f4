"""What `the_playground` says of maps of many runs holds for other seeds, and its lines can be pasted."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations, product

import nbformat
import pytest
from claims import SEEDS
from course import NOTEBOOKS

from helpers import Experiment, Lab, run, show_sweep, sweep
from helpers.lab.controls import SETTINGS

NOTEBOOK = nbformat.read(NOTEBOOKS["the_playground"], as_version=4)
BASE = Experiment(noise=0.3, activation="tanh", epochs=20, max_updates=200)
LOWEST, POOR = (24, 7), [(3, 1), (3, 7), (3, 24), (12, 24), (24, 24)]
BESIDE = [(22, 7), (26, 7), (24, 5), (24, 11)]
PROSE = {cell.id: cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown"}
EXPEDITIONS = [
    line for name, text in PROSE.items() for line in re.findall(r"^\d+\. `(.+?)`", text, re.M) if "expeditions" in name
]


@pytest.fixture(scope="module")
def losses():
    """The LSTM's validation losses of three seeds, by (length, stride)."""
    cells = [*product((3, 12, 24), (1, 7, 24)), *BESIDE]
    many = [replace(BASE, length=cell[0], stride=cell[1], seed=seed) for cell in cells for seed in SEEDS]
    with ThreadPoolExecutor(2) as pool:
        chart = show_sweep(sweep(many, pool))
    return {(length, stride): cell for (stride, length), cell in chart.losses.items()}


def apart(one, other):
    """Whether every loss of one lies below every loss of the other, or the other way round."""
    return max(one) < min(other) or max(other) < min(one)


def median(cell):
    """The middle one of three losses."""
    return sorted(cell)[1]


def test_a_map_tells_good_settings_from_bad_ones(losses):
    map_ = {cell: losses[cell] for cell in product((3, 12, 24), (1, 7, 24))}
    assert min(map_, key=lambda cell: median(map_[cell])) == LOWEST
    assert all(2 * max(map_[LOWEST]) < min(map_[cell]) for cell in POOR)


def test_the_lowest_cell_of_a_map_is_not_the_best_setting(losses):
    assert any(min(losses[cell]) < max(losses[LOWEST]) for cell in BESIDE)
    assert min(median(losses[cell]) for cell in BESIDE) < 0.97 * median(losses[LOWEST])


def test_the_seeds_do_not_tell_which_of_the_five_is_best(losses):
    first, second = sorted((losses[cell] for cell in [LOWEST, *BESIDE]), key=median)[:2]
    assert not apart(first, second)


def test_a_longer_window_is_told_apart_and_a_stride_at_length_3_is_not(losses):
    assert apart(losses[12, 7], losses[24, 7]) and apart(losses[3, 7], losses[24, 7])
    assert median(losses[24, 7]) < 0.7 * median(losses[12, 7])
    assert max(losses[3, 7]) < 1.15 * min(losses[3, 1])  # so near that chance decides


@pytest.mark.parametrize("seeds, fooled", [(1, 1), (3, 1 / 10), (5, 1 / 126)])
def test_the_rule_is_fooled_as_often_as_said(seeds, fooled):
    orders = [set(ones) for ones in combinations(range(2 * seeds), seeds)]
    seen = [apart(ones, set(range(2 * seeds)) - ones) for ones in orders]
    assert sum(seen) / len(orders) == pytest.approx(fooled)


def test_every_stride_of_the_map_makes_the_same_number_of_updates():
    assert {replace(BASE, stride=stride).updates for stride in (1, 5, 7, 11, 24)} == {200}


@pytest.mark.parametrize("line", EXPEDITIONS)
def test_an_expedition_is_one_line_that_opens_a_lab(line):
    experiment = eval(line, {"Experiment": Experiment})
    assert repr(experiment) == line.replace('"', "'")
    lab = Lab(experiment, controls=SETTINGS, baselines=True)
    assert lab.experiment == experiment and lab.status.startswith("run 0: ready")


def test_there_are_twelve_expeditions_and_no_two_alike():
    assert len(EXPEDITIONS) == len(set(EXPEDITIONS)) == 12


def test_a_line_of_the_table_pastes_back_to_the_same_run():
    (source,) = (cell.source for cell in NOTEBOOK.cells if cell.id == "paste")
    line = re.search(r"run\((.+)\)", source).group(1)
    experiment = eval(line, {"Experiment": Experiment})
    (printed,) = (cell.outputs[0].text for cell in NOTEBOOK.cells if cell.id == "table")
    assert f"run({line})" in printed.splitlines() and repr(experiment) == line
    assert run(experiment).losses == run(experiment).losses


def test_the_larger_map_is_what_its_line_says():
    larger, pools = re.findall(r"```python\n(.+?)```", PROSE["chance-read"], re.S)
    asked = []
    names = {
        "replace": replace,
        "base": BASE,
        "show_sweep": len,
        "sweep": lambda *given, **how: asked.append(given) or [],
    }
    exec(larger, names)
    ((experiments,),) = asked
    assert len(set(experiments)) == len(experiments) == 90 and {e.updates for e in experiments} == {200}
    assert "get_executor()" in pools
