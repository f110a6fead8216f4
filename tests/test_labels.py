"""Labels at the ends of curves, first as boxes alone, then as they are drawn over random histories of runs."""

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import Experiment, Result, floor, show_losses
from helpers.lab.runs import names
from helpers.pictures.labels import Box, Wanted, column, place
from helpers.pictures.losses import LossesPicture

PICTURE, MARGIN = Box(0, 0, 300, 200), Box(303, 0, 420, 200)
HEIGHT = 15.0


@given(st.lists(st.floats(-50, 300), min_size=1, max_size=13))
def test_a_column_keeps_its_order_overlaps_nowhere_and_stays_inside(wanted):
    found = column(wanted, HEIGHT, 0, 200)
    ordered = [at for _, at in sorted(zip(wanted, found), key=lambda pair: (pair[0], pair[1]))]
    assert all(above - below >= HEIGHT - 1e-9 for below, above in pairwise(ordered))
    assert min(found) >= -1e-9 and max(found) <= 200 - HEIGHT + 1e-9


def test_a_column_with_room_puts_each_where_it_wants_to_be_and_spreads_a_crowd_around_its_middle():
    assert column([100, 10, 50], HEIGHT, 0, 200) == [100, 10, 50]
    assert column([100, 100, 100], HEIGHT, 0, 200) == [85, 100, 115]
    assert column([], HEIGHT, 0, 200) == []


ENDS = st.tuples(st.floats(0, 300), st.floats(0, 200), st.floats(20, 115))


@given(st.lists(ENDS, max_size=25), st.lists(st.tuples(st.floats(0, 290), st.floats(0, 190)), max_size=10))
def test_placed_labels_meet_nothing(ends, marks):
    taken = [Box(x, y, x + 10, y + 10) for x, y in marks]
    found = [box for box in place([Wanted(*end) for end in ends], HEIGHT, PICTURE, MARGIN, taken) if box]
    assert not any(one.meets(other) for one, other in combinations([*found, *taken], 2) if one not in taken)
    assert all(PICTURE.holds(box) or MARGIN.holds(box) for box in found)


def test_a_label_stands_at_the_end_of_its_curve_and_beside_what_is_taken():
    alone, beside = place([Wanted(100, 100, 50)], HEIGHT, PICTURE, MARGIN, []), Box(120, 95, 130, 105)
    assert alone == [Box(105, 92.5, 155, 107.5)]
    (moved,) = place([Wanted(100, 100, 50)], HEIGHT, PICTURE, MARGIN, [beside])
    assert not moved.meets(beside) and abs(moved.low - 92.5) == HEIGHT
    assert place([Wanted(290, 40, 50)], HEIGHT, PICTURE, MARGIN, []) == [Box(303, 32.5, 353, 47.5)]


def test_where_the_margin_is_full_the_first_have_precedence():
    found = place([Wanted(300, 100, 50)] * 20, HEIGHT, PICTURE, MARGIN, [])
    assert [box is not None for box in found] == [True] * 13 + [False] * 7


def result(draw, length, stride, epochs, name="sine"):
    """A made-up Result, with losses of any size."""
    experiment = Experiment(name, length=length, stride=stride, epochs=epochs)
    losses = {model: (10.0 ** draw.uniform(-7, 1, epochs)).tolist() for model in ("lstm", "dnn")}
    trace = {model: [(experiment.updates, losses[model][-1])] for model in losses}
    return Result(experiment, losses, losses, 100, experiment.updates, 1.0, "done", {}, trace)


@pytest.mark.parametrize("seed", range(24))
def test_over_random_histories_of_ten_runs_no_label_covers_anything(seed):
    draw = np.random.default_rng(seed)
    kinds = ([(24, stride) for stride in (1, 7, 8, 24)], [(length, 1) for length in (1, 2, 3, 24, 48)])[seed % 2]
    runs = [result(draw, *kinds[draw.integers(len(kinds))], int(draw.integers(3, 12))) for _ in range(10)]
    called = names(range(1, 11), [run.experiment for run in runs])
    picture = LossesPicture()
    picture.draw_background(
        runs[-1].experiment, [(name, (run,)) for name, run in zip(called[:-1], runs)], seed % 3 == 0
    )
    picture.update(runs[-1:], called[-1])
    picture.svg()
    texts = [label for label in picture.labels if hasattr(label, "get_text")]
    boxes = [text.get_window_extent() for text in texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    axes, figure = picture.main.get_window_extent(), picture.figure.bbox
    ticks = [tick.get_window_extent() for tick in picture.main.get_xticklabels() + picture.main.get_yticklabels()]
    points = [picture.main.transData.transform(xy) for _, val in picture.lines.values() for xy in val.get_xydata()]
    for box in boxes:
        inside = axes.x0 < box.x0 and box.x1 < axes.x1 and axes.y0 < box.y0 and box.y1 < axes.y1
        assert inside or axes.x1 < box.x0, "over the border"
        assert box.x1 <= figure.x1 and figure.y0 <= box.y0 and box.y1 <= figure.y1, "cut"
        assert not any(box.overlaps(tick) for tick in ticks)
        assert not any(box.x0 < x < box.x1 and box.y0 < y < box.y1 for x, y in points), "over a mark"
    shown = {text.get_text().split(":")[0].removeprefix("run ") for text in texts if "floor" not in text.get_text()}
    assert "10" in shown and len(shown) >= 5, shown


@pytest.mark.parametrize("seed", range(4))
def test_a_label_has_the_colour_of_its_curve_and_begins_or_is_joined_at_its_end(seed):
    draw = np.random.default_rng(seed)
    runs = [result(draw, 24, stride, 8) for stride in (24, 8, 1)]
    picture = show_losses(*runs)
    picture.svg()
    ends = {}
    for name, updates, losses in [*picture.earlier, (picture.name, picture.updates, picture.validation)]:
        for model, line in (("lstm", picture.lines["lstm"][1]), ("dnn", picture.lines["dnn"][1])):
            ends[line.get_color(), name] = picture.main.transData.transform((updates[-1], losses[model][1][-1]))
    texts = [label for label in picture.labels if hasattr(label, "get_text") and "floor" not in label.get_text()]
    assert len(texts) >= 5
    joins = [
        line.get_transform().transform(line.get_xydata()) for line in picture.labels if hasattr(line, "get_xydata")
    ]
    for text in texts:
        x, y = ends[text.get_color(), text.get_text()]
        box = text.get_window_extent()
        beside = abs(box.x0 - x) < 20 and abs((box.y0 + box.y1) / 2 - y) < 10
        joined = any(abs(join[0] - (x, y)).max() < 2 and abs(join[1][0] - box.x0) < 3 for join in joins)
        assert beside or joined, text.get_text()


def test_a_long_name_is_shortened_and_its_run_still_told_by_its_number():
    draw = np.random.default_rng(0)
    runs = [result(draw, 24, 8, 5), replace(result(draw, 3, 1, 5), experiment=Experiment("echo", 0.25, 3, epochs=5))]
    called = names((11, 12), [run.experiment for run in runs])
    picture = LossesPicture()
    picture.draw_background(runs[1].experiment, [(called[0], runs[:1])])
    picture.update(runs[1:], called[1])
    picture.svg()
    texts = [label.get_text() for label in picture.labels if hasattr(label, "get_text")]
    assert any(text.startswith("11: series sine") and text.endswith("…") for text in texts), texts


def test_several_seeds_are_a_band_with_their_median():
    draw = np.random.default_rng(3)
    first, *others = (result(draw, 24, 1, 6) for _ in range(3))
    picture = show_losses(replace(first, others=tuple(others)))
    for model, (_, val) in picture.lines.items():
        losses = np.array([seed.val_losses[model] for seed in (first, *others)])
        assert val.get_ydata().tolist() == np.median(losses, axis=0).tolist()
        (band,) = [path.vertices for path in picture.bands[model].get_paths()]
        assert band[:6, 1].tolist() == losses.min(axis=0).tolist()
        assert band[6:12, 1].tolist() == losses.max(axis=0)[::-1].tolist()
    assert "median of 3 seeds" in picture.sentence


def test_a_seed_that_diverged_counts_as_infinite():
    draw = np.random.default_rng(3)
    first, second, third = (result(draw, 24, 1, 3) for _ in range(3))
    third.val_losses["lstm"][1:] = [np.nan]
    picture = show_losses(replace(first, others=(second, third)))
    at = [max(first.val_losses["lstm"][1], second.val_losses["lstm"][1])]
    assert picture.lines["lstm"][1].get_ydata()[1:2].tolist() == at
    assert all(np.isfinite(path.vertices).all() for path in picture.bands["lstm"].get_paths())


def test_the_floor_of_a_stateful_lstm_is_called_that_of_one_window():
    draw = np.random.default_rng(0)
    kept = result(draw, 24, 1, 3)
    kept = replace(kept, experiment=Experiment(noise=0.3, length=3, stateful=True, epochs=3))
    picture = show_losses(kept)
    picture.svg()
    one_window = floor(Experiment(noise=0.3, length=3))["lstm"]
    texts = [label.get_text() for label in picture.labels if hasattr(label, "get_text")]
    assert "one window's floor" in texts and f"(one window's floor {one_window:.2g})" in picture.sentence
    assert one_window in [line.get_ydata()[0] for line in picture.background if hasattr(line, "get_ydata")]
