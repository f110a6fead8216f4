"""What a Lab shows besides sliders and pictures: baselines, the Keras code, the runs as a table and as a CSV file."""

import io
import re
from base64 import b64decode
from dataclasses import replace
from urllib.parse import urlparse

import pandas as pd
import pytest

import helpers
from helpers import Experiment, Lab, Series, baselines, run, show_losses, sine, to_keras
from helpers.lab.words import alarm

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
    lab.buttons["the runs"].click()
    assert lab.table.value == "No run is finished yet."


def test_the_table_opens_shows_each_new_run_and_holds_the_csv_file(lab):
    assert lab.table.layout.display == "none"
    lab.buttons["the runs"].click()
    assert lab.table.layout.display is None and lab.buttons["the runs"].description == "Hide the runs"
    lab.controls["length"].value = 6
    assert lab.wait(60)
    assert "length=6" in lab.table.value
    link = urlparse(re.search(r'download="runs.csv" href="([^"]+)"', lab.table.value).group(1))
    assert link.scheme == "data" and link.path.startswith("text/csv;base64,")
    saved = pd.read_csv(io.BytesIO(b64decode(link.path.split(",")[1])))
    pd.testing.assert_frame_equal(saved, lab.history)
    lab.buttons["the runs"].click()
    assert lab.table.layout.display == "none"


def test_a_name_with_markup_stays_text_in_the_table():
    lab = Lab(Experiment(replace(sine(24, 30), code="<b>mine</b>"), length=3, epochs=1))
    lab.train()
    assert lab.wait(60)
    lab.buttons["the runs"].click()
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
        shown = "0" if error < 1e-6 else f"{error:.2g}"
        assert f"{name}: {shown}" in picture and f"{name} {shown}" in sentence
    assert lab.runs[-1].val_losses["dnn"][-1] and "DNN 0." in sentence  # the run is still shown
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
