"""Measured numbers in notebooks: what may differ between two machines passes nbval, and everything else fails."""

import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from refresh import compared, refresh

from helpers import Experiment, about, baselines, compare, floor, run, show, sine, verdicts
from helpers.pictures.spread import DRAWN_FROM, Column, SpreadPicture

CONFIG = Path(__file__).with_name("nbval.cfg")
QUICK = Experiment(sine(24, 30), length=3, epochs=2)


@pytest.mark.parametrize(
    ("number", "limit", "said"),
    [
        (0.00031, None, "≈ 0.00031"),
        (0.00031, 0.001, "≈ 0.00031, below 0.001"),
        (0.000994, None, "≈ 0.00099"),
        (0.000996, None, "≈ 0.0010"),
        (0.0000984, None, "≈ 0.000098"),
        (9.96e-8, None, "≈ 0.00000010"),
        (9.4e-8, None, "≈ 9.4e-08"),
        (0.0001, None, "≈ 0.00010"),
        (0.5, 0.25, "≈ 0.50, above 0.25"),
        (9.94, None, "≈ 9.9"),
        (9.96, None, "≈ 10"),
        (454, None, "≈ 450"),
        (1310, 1000, "≈ 1,300, above 1,000"),
        (2.5e7, None, "≈ 2.5e+07"),
        (-0.31, 0, "≈ -0.31, below 0"),
        (0, None, "≈ 0"),
        (0.001, 0.001, "≈ 0.0010, at 0.001"),
        (math.nan, None, "NaN"),
        (math.nan, 0.001, "NaN, not below 0.001"),
        (math.inf, 0.001, "inf, above 0.001"),
        (np.float32(0.25), np.float64(1), "≈ 0.25, below 1"),
        (np.int64(7), None, "≈ 7.0"),
    ],
)
def test_a_measured_number_has_two_digits_and_a_side_of_its_limit(number, limit, said):
    assert about(number, limit) == said and repr(about(number, limit)) == said


@pytest.mark.parametrize("given", [("0.3",), (None,), (True,), (0.3, "0.1"), (np.array([1, 2]),), (1j,)])
def test_what_is_no_number_gets_one_sentence(given):
    with pytest.raises(ValueError, match=r"^(number|limit) .* is not a number; use one like 0.001$"):
        about(*given)


def table(*losses, columns=("floor", "DNN")):
    """A table as pandas prints it: of floors, which are exact, and of losses, which are measured."""
    rows = [(0.25, about(loss)) for loss in losses]
    return repr(pd.DataFrame(rows, columns=list(columns), index=range(3, 3 + len(losses))))


ALIKE = {  # what a notebook's file has and what a run gives: no difference to a test
    "other digits": ("loss ≈ 0.00031, below 0.001", "loss ≈ 0.00047, below 0.001"),
    "as long or longer": ("loss ≈ 0.00099", "loss ≈ 0.0010"),
    "with an exponent or without": ("loss ≈ 9.8e-05 at 3", "loss ≈ 0.00010 at 3"),
    "with commas": ("took ≈ 980 updates", "took ≈ 1,200 updates"),
    "negative both": ("change ≈ -0.31", "change ≈ -0.29"),
    "a table's padding": (table(0.31, 0.0004), table(0.29, 0.00000123)),
    "a bar beside it": ("DNN | ≈ 0.25 | 0.25", "DNN | ≈ 0.2501 | 0.25"),
    "at the end of a sentence": ("It is ≈ 0.5.", "It is ≈ 0.51."),
}
DIFFERENT = {
    "another word": ("loss ≈ 0.31 of the LSTM", "loss ≈ 0.31 of the DNN"),
    "an unmarked number": ("length 3: ≈ 0.31", "length 4: ≈ 0.31"),
    "the other side of the limit": ("≈ 0.00031, below 0.001", "≈ 0.0031, above 0.001"),
    "another limit": ("≈ 0.00031, below 0.001", "≈ 0.00031, below 0.01"),
    "NaN": ("loss ≈ 0.31", "loss NaN"),
    "infinity": ("loss ≈ 0.31", "loss inf"),
    "another sign": ("change ≈ 0.31", "change ≈ -0.31"),
    "a number that is marked no more": ("loss ≈ 0.31", "loss 0.31"),
    "a number more": ("losses ≈ 0.31", "losses ≈ 0.31 ≈ 0.29"),
    "a row lost": (table(0.31, 0.29), table(0.31)),
    "a column renamed": (table(0.31), table(0.31, columns=("floor", "LSTM"))),
    "columns that changed places": (table(0.31), table(0.31, columns=("DNN", "floor"))),
    "an exact cell": ("DNN | ≈ 0.31 | 0.25", "DNN | ≈ 0.31 | 0.26"),
    "NaN in a table": (table(0.31, 0.29), table(0.31, math.nan)),
    "infinity in a table": (table(0.31, 0.29), table(0.31, math.inf)),
}


def notebook(path, cells, shown_as="text/plain"):
    """Write a notebook whose cells have some outputs in the file, and give others when they are run."""
    written = []
    for number, (kept, given) in enumerate(cells, 1):
        source = f"from IPython.display import display\ndisplay({{{shown_as!r}: {given!r}}}, raw=True)"
        output = nbformat.v4.new_output("display_data", {shown_as: kept})
        written.append(nbformat.v4.new_code_cell(source, outputs=[output], execution_count=number))
    made = nbformat.v4.new_notebook(cells=written)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, path)
    return path


def judged(path):
    """Run nbval on a notebook, with our exemptions, and return for each cell whether it passed."""
    command = [sys.executable, "-m", "pytest", "--override-ini=addopts=", "-p", "no:cacheprovider", "-rA", "--nbval"]
    command += ["--nbval-current-env", f"--nbval-sanitize-with={CONFIG}", str(path)]
    said = subprocess.run(command, cwd=path.parent, capture_output=True, text=True).stdout
    found = {int(cell): word == "PASSED" for word, cell in re.findall(r"^(PASSED|FAILED) .*::Cell (\d+)", said, re.M)}
    assert found, said
    return [found[cell] for cell in sorted(found)]


@pytest.mark.slow
@pytest.mark.parametrize("shown_as", ["text/plain", "text/html"])
def test_nbval_exempts_the_digits_of_what_was_measured_and_nothing_else(tmp_path, shown_as):
    cells = [*ALIKE.values(), *DIFFERENT.values()]
    found = judged(notebook(tmp_path / "mutations.ipynb", cells, shown_as))
    expected = {name: name in ALIKE for name in (*ALIKE, *DIFFERENT)}
    assert dict(zip(expected, found, strict=True)) == expected


@pytest.mark.slow
def test_of_a_picture_the_sentence_is_compared_but_for_its_measured_digits(tmp_path):
    def picture(sentence, height):
        figure, axes = plt.subplots()
        axes.plot([0, height])
        return show(figure, sentence)._repr_mimebundle_()["text/html"]

    kept = picture("The loss falls to ≈ 0.31.", 1)
    cells = [
        (kept, picture("The loss falls to ≈ 0.29.", 2)),
        (kept, picture("The loss rises to ≈ 0.31.", 1)),
    ]
    assert judged(notebook(tmp_path / "pictures.ipynb", cells, "text/html")) == [True, False]


SHAKEN = """\
import random
from helpers import about, show
import matplotlib.pyplot as plt
shake = random.uniform(0.7, 1.4)
figure, axes = plt.subplots()
axes.plot([0, shake])
print("loss", about(0.0005 * shake, 0.001), "with 3 seeds")
show(figure, f"A line that climbs to {about(shake)}.")"""


@pytest.mark.slow
def test_refresh_leaves_a_file_byte_for_byte_where_only_measured_digits_changed_and_else_takes_one_run(tmp_path):
    path = tmp_path / "shaken.ipynb"
    cells = [nbformat.v4.new_code_cell(SHAKEN), nbformat.v4.new_code_cell("3 + 4")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    refresh(path)
    first = path.read_bytes()
    assert "≈ ".encode() in first and b"image/png" in first
    refresh(path)
    assert path.read_bytes() == first
    changed = nbformat.read(path, as_version=4)
    old = changed.cells[0].outputs
    changed.cells[1].source = "3 + 5"
    nbformat.write(changed, path)
    refresh(path)
    again = nbformat.read(path, as_version=4)
    assert again.cells[1].outputs[0].data["text/plain"] == "8"
    assert again.cells[0].outputs != old and compared(again.cells[0].outputs) == compared(old)  # figures of one run
    again.cells[0].source = SHAKEN.replace("3 seeds", "4 seeds")
    nbformat.write(again, path)
    refresh(path)
    again = nbformat.read(path, as_version=4)
    assert "with 4 seeds" in again.cells[0].outputs[0].text and again.cells[1].outputs[0].data["text/plain"] == "8"
    refresh(path, draw_anew=True)
    assert compared(nbformat.read(path, as_version=4).cells[0].outputs) == compared(again.cells[0].outputs)
    assert nbformat.read(path, as_version=4).cells[0].outputs[1] != again.cells[0].outputs[1]


@pytest.fixture(scope="module")
def found():
    """A Comparison of two experiments and a function."""
    groups = {"length 3": QUICK, "length 6": replace(QUICK, length=6), "own": lambda seed: 0.1 * (seed + 1)}
    return compare(groups, seeds=3, limit=0.15, baselines=True)


LEVELS = ("linear autoregression", "same hour yesterday", "last value", "one period earlier")


def assert_readable(picture):
    """Of a picture of a spread, no text stands on another, nor outside."""
    picture.figure.draw_without_rendering()
    axes = picture.main
    texts = [*axes.get_legend().get_texts(), *axes.get_xticklabels(), axes.yaxis.label]
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    width, height = picture.figure.bbox.size
    for number, box in enumerate(boxes):
        assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[:number])


@pytest.mark.slow
class TestCompare:
    """Runs over seeds, as dots and as a table."""

    def test_its_losses_are_those_of_run(self, found):
        for model in ("lstm", "dnn"):
            for group, length in (("length 3", 3), ("length 6", 6)):
                runs = [run(replace(QUICK, length=length, seed=seed)) for seed in range(3)]
                assert found.losses(model)[group].tolist() == [result.val_losses[model][-1] for result in runs]
            assert found.losses(model)["own"] == pytest.approx([0.1, 0.2, 0.3])

    def test_a_run_that_was_compared_before_is_not_made_again_and_any_other_is(self, found):
        again = compare({"a": replace(QUICK, length=6), "b": replace(QUICK, length=7)}, seeds=4).results
        before = found.results["length 6"]
        assert all(one is other for one, other in zip(again["a"], before)) and again["a"][3].experiment.seed == 3
        assert [result.experiment.length for result in again["b"]] == [7] * 4
        assert compare({"a": replace(QUICK, length=6)}, seeds=1, models="dnn").results["a"][0].losses["lstm"] == []

    def test_of_the_dnn_alone_it_trains_no_lstm_and_finds_the_same(self, found):
        alone = compare({"length 3": replace(QUICK, length=3)}, seeds=3, models="dnn")
        assert alone.losses("dnn")["length 3"].tolist() == found.losses("dnn")["length 3"].tolist()
        assert all(result.losses["lstm"] == [] for result in alone.results["length 3"])

    def test_its_ratio_is_that_of_the_medians(self, found):
        lstm, dnn = (np.median(found.losses(model)["length 6"]) for model in ("lstm", "dnn"))
        assert found.ratio() == {"length 3": found.ratio()["length 3"], "length 6": lstm / dnn}
        assert found.medians("dnn")["length 6"] == dnn

    def test_its_table_has_median_range_floor_and_limit(self, found):
        head, *rows = [line.split(" | ") for line in repr(found).splitlines()[1:]]
        assert head == ["group", "model", "median", "lowest", "highest", "floor", "below 0.15"]
        assert rows[-1] == ["own", "", "≈ 0.20", "≈ 0.10", "≈ 0.30", "", "1 of 3"]
        losses = found.losses("dnn")["length 3"]
        spread = [about(part) for part in (np.median(losses), losses.min(), losses.max())]
        below = f"{(losses < 0.15).sum()} of 3"
        assert rows[1] == ["length 3", "DNN", *spread, f"{floor(QUICK)['dnn']:.2g}", below]

    def test_its_picture_has_a_dot_a_run_and_each_line_at_its_height(self, found):
        axes = found.picture.main
        dots = sorted(y for line in axes.lines for y in line.get_ydata() if line.get_marker() in "osD")
        every = [found.losses("lstm"), {"": found.losses("dnn")["length 3"]}, {"": found.losses("dnn")["length 6"]}]
        assert dots == pytest.approx(sorted(loss for part in every for losses in part.values() for loss in losses))
        heights = [segment[0, 1] for lines in axes.collections for segment in lines.get_segments()]
        for height in (*baselines(QUICK).values(), floor(QUICK)["dnn"], 0.15, 0.2):
            assert any(math.isclose(max(height, DRAWN_FROM), one) for one in heights), height
        said = [text.get_text() for text in axes.get_legend().get_texts()]
        assert said == [
            *("LSTM", "DNN", "named below", "median", "floor", "last value", "same hour yesterday"),
            *("linear autoregression", "limit: 0.15"),
        ]
        low, high = axes.get_ylim()
        assert low < min(dots) and max(dots) < high

    def test_no_text_of_its_picture_stands_on_another_or_outside(self, found):
        assert_readable(found.picture)

    @pytest.mark.parametrize("groups", [1, 2, 3, 6])
    @pytest.mark.parametrize("names", [LEVELS[:place] for place in range(len(LEVELS) + 1)], ids=len)
    def test_whatever_the_legend_names_it_stays_inside(self, groups, names):
        dots, levels = np.array([DRAWN_FROM, 0.1, np.inf]), dict.fromkeys(names, 1e-9)
        columns = [
            Column(f"group {number}", model, dots, 0.1, levels) for number in range(groups) for model in ("lstm", "dnn")
        ]
        assert_readable(SpreadPicture(columns, limit=0.001))

    def test_a_long_name_of_what_is_measured_stays_clear_and_a_short_axis_has_numbers(self):
        what = "typical error, bicycles an hour on a bridge"
        picture = compare({"a": lambda seed: 100.0 + 20 * seed}, seeds=2, what=what).picture
        picture.figure.draw_without_rendering()
        label, legend = picture.main.yaxis.label, picture.main.get_legend()
        assert not label.get_window_extent().overlaps(legend.get_window_extent())
        low, high = picture.main.get_ylim()
        assert sum(low <= tick <= high for tick in picture.main.get_yticks()) >= 3

    def test_a_run_that_diverged_is_shown_as_such_and_not_dropped(self):
        found = compare({"a": lambda seed: [0.1, math.nan, math.inf][seed], "b": lambda seed: math.nan}, seeds=3)
        assert found.losses()["a"].tolist() == [0.1, math.inf, math.inf]
        rows = [line.split(" | ") for line in repr(found).splitlines()[2:]]
        assert [row[1:] for row in rows] == [["diverged", "≈ 0.10", "diverged"], ["diverged"] * 3]
        assert "a median diverged, 2 of 3 diverged" in repr(found)
        crosses = [len(line.get_xdata()) for line in found.picture.main.lines if line.get_marker() == "x"]
        assert sum(crosses) == 5

    @pytest.mark.parametrize("limit", [None, 0.15])
    def test_functions_alone_have_no_columns_for_a_model_and_a_floor(self, limit):
        found = compare({"a": lambda seed: 0.1, "b": lambda seed: 0.2}, seeds=1, limit=limit)
        head, *rows = [line.split(" | ") for line in repr(found).splitlines()[1:]]
        below = ["below 0.15"] if limit else []
        assert head == ["group", "median", "lowest", "highest", *below]
        assert rows[0] == ["a", *["≈ 0.10"] * 3, *["1 of 1" for _ in below]]

    def test_what_is_measured_is_named_in_the_picture_and_its_sentence(self):
        found = compare({"a": lambda seed: 0.5}, seeds=1, what="relative error")
        assert found.picture.sentence.startswith("Relative error, one dot for each of 1 runs: a ")
        assert found.picture.main.get_ylabel() == "relative error (log scale)"

    def test_a_real_run_that_diverged_counts_as_one(self):
        found = compare({"hot": replace(QUICK, learning_rate=1e6, epochs=20)}, seeds=2, models="lstm")
        assert found.losses()["hot"].tolist() == [math.inf, math.inf]
        one = compare({"hot": replace(QUICK, learning_rate=1e30, max_updates=1)}, seeds=1, models="lstm")
        assert one.results["hot"][0].status == "diverged" and one.results["hot"][0].diverged("lstm")
        assert one.losses()["hot"].tolist() == [math.inf]

    def test_seeds_are_weights_and_draws_are_noise(self):
        noisy = replace(QUICK, noise=0.3)
        found = compare({"noisy": noisy}, seeds=(4, 7), draws=(1, 2), models="dnn", epoch="best")
        runs = [run(replace(noisy, seed=seed, draw=draw)) for draw in (1, 2) for seed in (4, 7)]
        assert found.losses("dnn")["noisy"].tolist() == [min(result.val_losses["dnn"]) for result in runs]
        own = compare({"noisy": replace(noisy, draw=2)}, seeds=(7,), models="dnn", epoch="best")
        assert own.losses("dnn")["noisy"] == found.losses("dnn")["noisy"][-1:]

    def test_errors_may_be_the_roots_of_losses_in_the_unit_before_normalising(self):
        series = replace(QUICK.series, values=10 + 8 * QUICK.series.values, targets=10 + 8 * QUICK.series.targets)
        normal = replace(QUICK, series=series.normalised())
        settings = {"seeds": 1, "models": "dnn", "baselines": ["last value"]}
        found = compare({"a": normal, "b": lambda seed: 3.0}, errors_in="°C", **settings)
        loss = compare({"a": normal}, **settings).losses("dnn")["a"]
        assert found.losses("dnn")["a"] == pytest.approx(normal.series.spread * np.sqrt(loss))
        assert found.losses("dnn")["b"] == 3.0
        assert found.columns[0].baselines["last value"] == pytest.approx(
            math.sqrt(baselines(replace(QUICK, series=series))["last value"]), rel=1e-4
        )
        assert found.picture.main.get_ylabel() == "typical error, °C (log scale)"
        assert found.picture.sentence.startswith("Typical errors in °C, one dot for each of 1 runs: a, DNN median ≈ ")

    def test_some_baselines_may_be_asked_for(self):
        found = compare({"a": QUICK}, seeds=1, baselines=["last value"])
        assert list(found.columns[0].baselines) == ["last value"]
        with pytest.raises(
            ValueError, match=r"^baseline 'lucky' is unknown; use 'last value', 'same hour yesterday' or"
        ):
            compare({"a": QUICK}, seeds=1, baselines=["lucky"])
        assert list(compare({"a": QUICK}, seeds=1, baselines="last value").columns[0].baselines) == ["last value"]

    @pytest.mark.parametrize("more", [{"baselines": ["last value", "lucky"]}, {"groups": {"b": 3}}], ids=str)
    def test_what_is_wrong_with_the_last_group_is_told_before_the_first_is_trained(self, monkeypatch, more):
        monkeypatch.setattr("helpers.measured._trained", lambda *given: pytest.fail("it has trained"))
        groups = {"a": QUICK} | more.pop("groups", {})
        with pytest.raises(ValueError, match=r"^(baseline 'lucky'|group 'b') is "):
            compare(groups, seeds=1, **more)

    def test_a_ratio_needs_both_models(self):
        assert [*compare({3: QUICK}, seeds=1).ratio()] == ["3"]
        with pytest.raises(ValueError, match=r"^models has no 'dnn'; leave models out, and both are compared$"):
            compare({"a": QUICK, "b": lambda seed: 0.1}, seeds=1, models="lstm").ratio()

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (([QUICK],), "groups is not a dict of Experiments; use "),
            (({},), "groups is not a dict of Experiments; use "),
            (({"a": 3},), "group 'a' is of type int; use an Experiment, or a function of a seed"),
            (({"a": QUICK}, 0), "seeds 0 is too small; use 1 or more"),
            (({"a": QUICK}, 2.5), "seeds 2.5 is not a whole number; use 1 or more"),
            (({"a": QUICK}, ()), "seeds is empty; use a number, such as 5"),
            (({"a": QUICK}, 1, -1), "draws -1 is too small; use 1 or more"),
            (({"a": QUICK}, 1, 1, "gru"), "model 'gru' is unknown; use 'lstm' or 'dnn'"),
            (({"a": QUICK}, 1, 1, "dnn", "first"), "epoch 'first' is unknown; use 'last' or 'best'"),
            (({"a": QUICK}, 1, 1, "dnn", "last", False, 0), "limit 0 is not a number above 0; try limit 0.1"),
        ],
    )
    def test_a_bad_value_gets_its_sentence_before_anything_is_trained(self, arguments, sentence):
        with pytest.raises(ValueError) as caught:
            compare(*arguments)
        assert str(caught.value).startswith(sentence)


class TestVerdicts:
    """A table of claims, folded behind one word."""

    ROWS = (
        ("It fails", "the article", about(0.00031, 0.001), False),
        ("It learns", "this course", 0.25, np.True_),
        ("A day is enough", "the article", "23: ≈ 1.1, 24: ≈ 0.11", "when the series is an echo"),
    )

    def test_it_says_claim_who_measured_and_verdict(self):
        assert repr(verdicts(self.ROWS)).splitlines() == [
            "claim | who says it | measured | verdict",
            "It fails | the article | ≈ 0.00031, below 0.001 | does not hold",
            "It learns | this course | ≈ 0.25 | holds",
            "A day is enough | the article | 23: ≈ 1.1, 24: ≈ 0.11 | holds when the series is an echo",
        ]

    def test_its_first_output_is_one_word_and_markup_stays_text(self, monkeypatch):
        shown = []
        monkeypatch.setattr("helpers.measured.display", lambda data, raw: shown.append(data))
        verdicts([("a < b & c", "this course", 1, True)])._ipython_display_()
        assert shown[0] == {"text/plain": "Verdict"}
        assert "a &lt; b &amp; c" in shown[1]["text/html"] and 'scope="col"' in shown[1]["text/html"]

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            (("a", "b", 1), "row .* is not .claim, who, measured, holds.; use four parts"),
            (("a", "b", "yes", True), "measured 'yes' has no number in it; use about"),
            (("a", "b", True, True), "measured True has no number in it; use about"),
            (("a", "b", 1, ""), "holds '' is neither True, False nor a text that says when"),
            (("a", "b", 1, 1), "holds 1 is neither True, False nor a text that says when"),
        ],
    )
    def test_a_bad_row_gets_its_sentence(self, row, sentence):
        with pytest.raises(ValueError, match=sentence):
            verdicts([row])
        with pytest.raises(ValueError, match="rows is empty"):
            verdicts([])


class TestShow:
    """Any matplotlib figure, with its sentence."""

    def test_it_is_a_picture_with_its_sentence_as_alt_text_and_below(self):
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        picture = show(figure, "A line climbs from 1 to 2 & more.")
        shown = picture._repr_mimebundle_()
        assert shown["text/plain"] == repr(picture) == "A line climbs from 1 to 2 & more."
        assert 'alt="A line climbs from 1 to 2 &amp; more."' in shown["text/html"]
        assert "<figcaption>A line climbs" in shown["text/html"] and "data:image/png;base64," in shown["text/html"]
        assert not plt.get_fignums()  # else the notebook would show it twice

    @pytest.mark.parametrize("sentence", ["", "a line", None, 3])
    def test_a_picture_needs_a_sentence(self, sentence):
        with pytest.raises(ValueError, match="does not say what is seen; write one"):
            show(plt.figure(), sentence)

    def test_what_is_no_figure_is_refused(self):
        with pytest.raises(
            ValueError, match=r"^figure of type list is no matplotlib figure; use that of plt.subplots\(\)"
        ):
            show([1], "A line that climbs.")
