"""What `the_playground` says of maps of many runs holds for other seeds and draws, and its lines can be pasted."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations, product

import nbformat
import numpy as np
import pytest
from claims import SEEDS, last, trained
from course import NOTEBOOKS

from helpers import Experiment, Lab, compare, floor, run, show_sweep, sweep
from helpers.trainer import compiled

NOTEBOOK = nbformat.read(NOTEBOOKS["the_playground"], as_version=4)
BASE = Experiment(noise=0.3, activation="tanh", epochs=20, max_updates=200)
LOWEST, POOR = (24, 7), [(3, 1), (3, 7), (3, 24), (12, 24), (24, 24)]
PROSE = {cell.id: cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown"}
EXPEDITIONS = [
    line for name, text in PROSE.items() for line in re.findall(r"^\d+\. `(.+?)`", text, re.M) if "expeditions" in name
]


@pytest.fixture(scope="module")
def losses():
    """The LSTM's validation losses of three seeds, by (length, stride)."""
    cells = product((3, 12, 24), (1, 7, 24))
    many = [replace(BASE, length=length, stride=stride, seed=seed) for length, stride in cells for seed in SEEDS]
    with ThreadPoolExecutor(2) as pool:
        chart = show_sweep(sweep(many, pool))
    return {(length, stride): cell for (stride, length), cell in chart.losses.items()}


def beside(draw, *strides):
    """Return the losses at some strides less those at stride 7, of five seeds in one draw of the noise."""
    groups = {f"stride {stride}": replace(BASE, stride=stride, draw=draw) for stride in (7, *strides)}
    lowest, *others = compare(groups, seeds=range(11, 16), models="lstm").losses().values()
    return np.array([losses - lowest for losses in others])


def apart(one, other):
    """Whether every loss of one lies below every loss of the other, or the other way round."""
    return max(one) < min(other) or max(other) < min(one)


def test_a_map_tells_good_settings_from_bad_ones(losses):
    assert min(losses, key=lambda cell: sorted(losses[cell])[1]) == LOWEST
    assert all(2 * max(losses[LOWEST]) < min(losses[cell]) for cell in POOR)


def test_both_strides_beside_the_lowest_cell_are_better_with_every_seed():
    assert np.all(beside(0, 5, 11) < 0)


def test_with_shuffled_windows_the_seeds_of_a_draw_do_not_agree():
    pair = {name: replace(BASE, stride=int(name), shuffle=True) for name in ("5", "7")}
    losses = compare(pair, seeds=range(103, 108), models="lstm").losses()
    assert 0 < np.sum(losses["5"] < losses["7"]) < 5


def test_what_the_seeds_of_one_draw_say_another_draw_denies():
    signs = [np.sign(beside(draw, 5)) for draw in (7, 8, 10)]
    assert {int(sign[0, 0]) for sign in signs if len(np.unique(sign)) == 1} == {-1, 1}


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
    lab = Lab(experiment, controls="all", baselines=True)
    assert lab.experiment == experiment and lab.status.startswith("run 0: ready")


def test_there_are_twelve_expeditions_and_no_two_alike():
    assert len(EXPEDITIONS) == len(set(EXPEDITIONS)) == 12


def test_a_line_of_the_table_pastes_back_to_the_same_run():
    (source,) = (cell.source for cell in NOTEBOOK.cells if cell.id == "paste")
    line = re.search(r"run\((.+)\)", source).group(1)
    experiment = eval(line, {"Experiment": Experiment})
    (printed,) = (cell.outputs[0].text for cell in NOTEBOOK.cells if cell.id == "line")
    assert f"run({line})" in printed.splitlines() and repr(experiment) == line
    assert run(experiment).losses == run(experiment).losses


def test_the_larger_map_is_what_its_line_says():
    larger, pools = re.findall(r"```python\n(.+?)```", PROSE["larger"], re.S)
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


def test_expedition_1_half_a_day_apart_is_of_no_use_and_eleven_hours_are():
    base = Experiment(length=13, sampling_rate=12)
    useless = last(base)
    assert useless == pytest.approx(floor(base)["dnn"], rel=0.02) and max(last(replace(base, sampling_rate=11))) < 0.001


def test_expedition_2_and_3_both_end_low_and_stride_24_shows_in_validation_alone():
    both = Experiment(dnn_sees="window")
    assert max(last(both)) < 0.001 and max(last(both, "dnn")) < 0.001
    good, blind = Experiment(stride=23, epochs=50), Experiment(stride=24, epochs=50)
    assert max(last(good)) < 0.001 and min(last(blind)) > 0.1
    assert max([*last(good, kind="losses"), *last(blind, kind="losses")]) < 0.001


def test_expedition_4_a_stride_of_11_and_a_shuffle_both_mix_the_batch():
    near = Experiment(noise=0.3, activation="tanh", max_updates=200)
    for mixed in (replace(near, stride=11), replace(near, shuffle=True)):
        assert np.all(last(mixed) < last(near))


def test_expedition_5_the_lstms_floor_falls_and_the_dnn_stands_on_its_own():
    short, half, long = (Experiment(noise=0.3, length=length) for length in (3, 12, 48))
    assert floor(short)["lstm"] > floor(half)["lstm"] > floor(long)["lstm"]
    for experiment in (short, half, long):
        assert last(experiment, "dnn") == pytest.approx(floor(experiment)["dnn"], rel=0.05)
        assert min(last(experiment)) > floor(experiment)["lstm"]


def test_expedition_6_the_twenty_fourth_sample_is_all_there_is():
    less, day, more = (Experiment(series="echo", length=length, activation="tanh") for length in (23, 24, 25))
    assert min(last(less)) > 0.9 and min(last(less, "dnn")) > 0.9 and min(last(more, "dnn")) > 0.9
    assert max(last(day)) < 0.25 and max(last(day, "dnn")) < 0.25
    assert max(last(day)) < min(last(more)) < 0.9


def test_expeditions_7_and_8_two_cycles_and_a_fast_one():
    weekly, fast = Experiment(series="two_cycles", activation="tanh"), Experiment(series="fast_cycle")
    assert max(last(replace(weekly, length=48))) < 0.01 and max(last(weekly)) < 0.01
    assert 0.03 < min(last(replace(weekly, length=4))) <= max(last(replace(weekly, length=4))) < 0.3
    assert last(replace(weekly, length=2)) == pytest.approx(0.46, abs=0.05)
    assert min(last(replace(fast, sampling_rate=4))) > 0.2
    assert max(last(replace(fast, sampling_rate=3))) < 0.01 and max(last(fast)) < 0.01


def test_expedition_9_the_dnn_with_relu_follows_the_trend():
    trend = Experiment(series="trend", dnn_sees="window")
    lowest = [min(result.losses["lstm"]) for result in trained(trend)]  # relu may make it jump up again
    assert max(lowest) < 0.05 and max(last(trend, "dnn", "losses")) < 0.05
    assert max(last(trend, "dnn")) < 0.05 and np.median(last(trend)) > 4 * np.median(last(trend, "dnn"))


def test_expedition_10_learning_rates():
    assert max(last(Experiment(learning_rate=0.1))) > 0.1
    assert all(result.diverged("lstm") for result in trained(Experiment(learning_rate=1)))
    assert max(last(Experiment(learning_rate=0.0001))) < 0.001


def test_expedition_11_some_seeds_of_one_or_two_units_learn_nothing(monkeypatch):
    monkeypatch.setattr(compiled, "UNITS", 8)  # with 50, of which most would be zeros, it takes three times as long
    one, two, four, eight = (
        last(Experiment(units=units), seeds=range(101, end)) for units, end in ((1, 105), (2, 105), (4, 106), (8, 104))
    )
    for losses in (one, two):
        assert losses.max() > 0.4 and losses.min() < 0.01
    assert np.median(four) < 0.001 and eight.max() < 0.001


def test_expedition_12_few_windows_are_learnt_by_heart():
    few = Experiment(noise=0.3, stride=47, activation="tanh", dnn_sees="window", learning_rate=0.003, epochs=400)
    lowest = floor(few)["lstm"]
    assert len(few.windows.rows(few.train)) == 149
    for model in ("lstm", "dnn"):
        assert max(last(few, model, "losses")) < lowest < min(last(few, model))
