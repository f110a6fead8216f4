"""What a Lab shows besides sliders and pictures: baselines, the Keras code, the runs as a table and as a CSV file."""

import io
import re
from base64 import b64decode
from dataclasses import replace
from urllib.parse import urlparse

import pandas as pd
import pytest

import helpers
from helpers import Experiment, Lab, Series, baselines, floor, run, show_losses, sine, to_keras
from helpers.experiment import NAMES
from helpers.lab.words import alarm
from helpers.results import in_digits

QUICK = Experiment(sine(24, 30), length=3, epochs=2)


@pytest.fixture
def lab():
    """A Lab on a month of data, with one finished run."""
    lab = Lab(QUICK, controls=("length", "series"))
    lab.train()
    assert lab.wait(60)
    yield lab
    lab.stop()
    assert lab.wait(30)


def test_the_history_is_a_table_whose_code_makes_the_same_runs_again(lab):
    lab.controls["length"].value = 5
    assert lab.wait(60)
    history = lab.history
    assert list(history["run"]) == [1, 2] and list(history["status"]) == ["done", "done"]
    assert history["dnn_val_loss"].iloc[-1] == lab.runs[-1].val_losses["dnn"][-1]
    for code, result in zip(history["code"], lab.runs):
        again = eval(code, vars(helpers) | {name: getattr(helpers, name) for name in ("Experiment", "run", "sine")})
        assert again.experiment == result.experiment and again.losses == result.losses


def test_a_lab_without_runs_has_an_empty_history_and_says_so():
    lab = Lab(QUICK)
    assert lab.history.empty
    assert lab.table.value == "No run is finished yet."


def test_the_table_shows_each_new_run_on_top_with_losses_and_floors_and_holds_the_csv_file(lab):
    assert "length" not in lab.table.value  # there is nothing yet in which runs differ
    lab.controls["length"].value = 6
    assert lab.wait(60)
    rows = [" ".join(cells.split()) for cells in re.findall(r"<tr data-choice.*?</tr>", lab.table.value)]
    assert ["length 6" in row for row in rows] == [True, False] and "length 3" in rows[1]
    for row, result in zip(rows[::-1], lab.runs):
        for model in ("lstm", "dnn"):
            lowest = in_digits(floor(result.experiment)[model])
            assert f"<td>{in_digits(result.val_losses[model][-1])}<br><small>floor {lowest}</small></td>" in row
    link = urlparse(re.search(r'download="runs.csv" href="([^"]+)"', lab.table.value).group(1))
    assert link.scheme == "data" and link.path.startswith("text/csv;base64,")
    saved = pd.read_csv(io.BytesIO(b64decode(link.path.split(",")[1])))
    pd.testing.assert_frame_equal(saved, lab.history)


def test_status_table_sentence_and_picture_write_a_loss_with_the_same_digits(lab):
    lab.controls["length"].value = 6
    assert lab.wait(60)
    for model, name in NAMES.items():
        said = in_digits(lab.runs[-1].val_losses[model][-1])
        assert f"{name} {said}" in lab.status
        assert f"<td>{said}<br>" in lab.table.value
        assert f"{name} ≈ {said} (floor" in lab.frames["losses"].sentence.value


def test_a_run_is_lifted_from_its_row_and_put_back(lab):
    lab.controls["length"].value = 6
    assert lab.wait(60)
    faded = widths(lab)
    lab.table._handle_custom_msg({"choice": "1"}, [])
    assert max(widths(lab)) > max(faded) and 'aria-pressed="true" aria-label="lift run 1"' in lab.table.value
    lab.table._handle_custom_msg({"choice": "1"}, [])
    assert widths(lab) == faded and 'aria-pressed="true"' not in lab.table.value


def widths(lab):
    """How wide the lines are that stand still behind a run."""
    return [line.get_linewidth() for line in lab.frames["losses"].picture.background if hasattr(line, "get_linewidth")]


def test_forgetting_earlier_runs_keeps_the_newest_and_its_number(lab):
    for length in (6, 5):
        lab.controls["length"].value = length
        assert lab.wait(60)
    assert len(lab.frames["losses"].picture.earlier) == 2
    lab.buttons["Forget earlier runs"].click()
    assert [result.experiment.length for result in lab.runs] == [5]
    assert lab.frames["losses"].picture.earlier == [] and list(lab.history["run"]) == [3]
    assert lab.table.value.count("<tr data-choice") == 1
    assert f"DNN ≈ {in_digits(lab.runs[0].val_losses['dnn'][-1])}" in lab.frames["losses"].sentence.value


def test_the_axis_follows_all_runs_or_this_run_alone(lab):
    lab.controls["length"].value = 1  # whose losses lie close together
    assert lab.wait(60)
    wide = lab.frames["losses"].picture.main.get_ylim()
    lab.axis.value = "this run"
    low, high = lab.frames["losses"].picture.main.get_ylim()
    shown = [loss for losses in lab.runs[-1].val_losses.values() for loss in losses]
    assert wide[0] < low < min(shown) and max(shown) < high < wide[1] and high / low < 10
    lab.axis.value = "all runs"
    assert lab.frames["losses"].picture.main.get_ylim() == wide


def test_a_name_with_markup_stays_text_in_the_table():
    lab = Lab(Experiment(replace(sine(24, 30), name="<b>mine</b>", code="<b>mine</b>"), length=3, epochs=1))
    lab.train()
    assert lab.wait(60)
    lab.session.change(series=sine(24, 30))
    assert lab.wait(60)
    assert "<b>" not in lab.table.value and "&lt;b&gt;mine" in lab.table.value


def test_the_keras_code_follows_the_settings_and_the_flavour(lab):
    lab.buttons["the Keras code"].click()
    assert lab.code.value == to_keras(lab.experiment)
    lab.controls["length"].value = 7
    assert lab.code.value == to_keras(replace(QUICK, length=7))
    lab.flavour.value = "dataset"
    assert lab.code.value == to_keras(replace(QUICK, length=7), "dataset")


def test_where_there_is_no_keras_code_it_says_why():
    bare = Series(sine(24, 30).values, sine(24, 30).targets)
    lab = Lab(Experiment(bare, length=3))
    lab.buttons["the Keras code"].click()
    assert lab.code.value.startswith("# ") and "\n" not in lab.code.value


def test_baselines_stand_in_the_loss_chart_only_if_asked_for(lab):
    assert "last value" not in lab.frames["losses"].still.value
    lab.baselines.value = True
    picture, sentence = lab.frames["losses"].still.value, lab.frames["losses"].sentence.value
    for name, error in baselines(QUICK).items():
        shown = in_digits(error)
        assert f"{name}: {shown}" in picture and f"{name} {shown}" in sentence
    assert lab.runs[-1].val_losses["dnn"][-1] and "DNN ≈ 0." in sentence  # the run is still shown
    lab.baselines.value = False
    assert "last value" not in lab.frames["losses"].still.value


def test_a_lab_may_open_with_its_baselines():
    assert "same hour yesterday" in Lab(QUICK, baselines=True).frames["losses"].still.value


def test_a_baseline_that_is_not_possible_is_left_out():
    series = sine(24, 30)
    picture = show_losses(run(Experiment(Series(series.values, series.targets), length=3, epochs=1)), baselines=True)
    assert "last value" in repr(picture) and "yesterday" not in repr(picture)


def test_the_alarm_tells_blind_hours_from_windows_learnt_by_heart():
    blind = run(Experiment(stride=24, epochs=30))
    assert alarm(blind).endswith("DNN is below its floor: some hours are never asked")
    by_heart = replace(blind, experiment=replace(blind.experiment, stride=1))
    assert alarm(by_heart).endswith("it has learnt its windows by heart")
    assert alarm(run(QUICK)) == ""
