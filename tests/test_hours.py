"""The strip of hours: counted by hand, and, after a run, compared with Keras's own predictions."""

import re
from dataclasses import replace

import numpy as np
import pytest

from helpers import EXAMPLES, Experiment, Lab, Series, sine
from helpers.lab.hours import Hours

MONTH = Experiment(sine(24, 30), length=3, epochs=2)


def counted(experiment):
    """The places in the period at which there are training targets, one window after the other."""
    period, series = round(experiment.train.period), experiment.train
    return {row % period for row in range(experiment.length, len(series), experiment.stride)}


@pytest.mark.parametrize("stride", [1, 5, 7, 8, 9, 12, 24, 48])
@pytest.mark.parametrize("length", [1, 3, 24, 50])
def test_the_hours_asked_are_those_of_the_rows_of_the_training_windows(length, stride):
    experiment = Experiment(length=length, stride=stride)
    assert set(np.flatnonzero(Hours.of(experiment).asked)) == counted(experiment)


def test_an_hour_is_that_of_the_row_in_the_whole_series():
    experiment = Experiment(sine(24, 31), length=5)  # the validation part does not begin at hour 0
    border = len(experiment.train)
    assert border % 24 != 0
    assert Hours.of(experiment).cell_of[0] == (border + 5) % 24


def series(period, samples=2000):
    """A wave of any period, or of none that is known."""
    values = np.sin(2 * np.pi * np.arange(samples) / (period or 24))
    return Series(values, np.roll(values, -1), period=period)


@pytest.mark.parametrize(
    ("period", "cells", "per_cell"), [(7, 7, 1), (24.4, 24, 1), (48, 48, 1), (49, 25, 2), (168, 42, 4), (2, 2, 1)]
)
def test_a_long_period_shares_cells(period, cells, per_cell):
    hours = Hours.of(Experiment(series(period), length=3))
    assert (len(hours.cells), hours.per_cell) == (cells, per_cell)
    assert [place for cell in hours.cells for place in cell] == list(range(round(period)))
    html = hours.html({})
    assert html.count("<button") == cells
    assert ("hour" if cells == 24 else "place") in hours.sentence({}) and (cells == 24) == ("hour 0" in html)


@pytest.mark.parametrize("period", [None, 1, 1.4])
def test_without_a_period_there_is_no_strip(period):
    lab = Lab(Experiment(series(period), length=3))
    assert Hours.of(lab.experiment) is None and lab.strip.layout.display == "none"
    lab.session.change(series="sine")
    assert lab.strip.layout.display is None
    lab.stop()


def test_the_strip_follows_the_slider_before_any_training():
    lab = Lab(EXAMPLES[3])
    assert lab.strip.value.count("lab-never") == 21 + 1  # and once in the legend
    assert lab.strip_sentence.value == "Training targets at 3 of 24 hours (0, 8, 16)."
    assert lab.strip.value.count("lab-blank") == 48
    lab.live.value = False
    lab.controls["stride"].value = 12
    assert lab.strip_sentence.value == "Training targets at 2 of 24 hours (0, 12)."
    lab.controls["stride"].value = 7
    assert lab.strip_sentence.value == "Training targets at 24 of 24 hours."
    assert not lab.runs


@pytest.fixture(scope="module")
def lab():
    """A Lab after a run at stride 8."""
    lab = Lab(replace(MONTH, length=24, stride=8, epochs=20, learning_rate=0.01))
    lab.train()
    assert lab.wait(60)
    return lab


def test_the_errors_are_those_of_keras_at_each_hour(lab):
    result, experiment = lab.runs[-1], lab.experiment
    inputs, targets = experiment.validation_windows.take(experiment.validation)
    rows = len(experiment.train) + np.arange(experiment.length, len(experiment.validation))
    for name, model in result.models.items():
        answers = model.predict_on_batch(inputs if name == "lstm" else inputs[:, 0])
        squares = ((answers - targets) ** 2)[:, 0]
        errors = lab.hours.errors(lab.squares[name])
        for hour in range(24):
            assert errors[hour] == pytest.approx(squares[rows % 24 == hour].mean(), rel=1e-3, abs=1e-6)
        assert np.average(errors, weights=np.bincount(rows % 24)) == pytest.approx(
            result.val_losses[name][-1], rel=1e-3
        )
        assert f"the {name.upper()}'s error is largest at hour" in lab.strip_sentence.value.replace("&#x27;", "'")


def test_a_press_on_an_hour_goes_to_its_worst_window_and_the_slider_with_it(lab):
    training, validation = lab.experiment.rows
    for hour in (0, 5, 23):
        lab.strip._handle_custom_msg({"choice": f"{hour}"}, [])
        at = lab.window - len(training)
        assert lab.scrubber.value == lab.window + 1 and validation[at] % 24 == hour
        worst = np.max([squares for squares in lab.squares.values()], axis=0)
        assert worst[at] == worst[validation % 24 == hour].max()
        assert f"the target at row {validation[at]} is" in lab.frames["windows"].sentence.value
        assert f"Validation window {at + 1} of " in lab.frames["windows"].sentence.value


def test_before_a_run_it_goes_to_the_first_window_of_the_hour():
    lab = Lab(MONTH)
    lab.strip._handle_custom_msg({"choice": "7"}, [])
    training, validation = lab.experiment.rows
    assert validation[lab.window - len(training)] == validation[validation % 24 == 7][0]


def test_a_cell_without_a_validation_window_is_blank_and_goes_nowhere():
    lab = Lab(Experiment(series(24, 100), length=3))  # its validation part is shorter than a day
    hours = lab.hours
    empty = [cell for cell in range(24) if cell not in hours.cell_of]
    assert empty and hours.worst(empty[0], []) is None
    errors = hours.errors(np.ones(len(hours.cell_of)))
    assert np.flatnonzero(np.isnan(errors)).tolist() == empty
    buttons = re.findall(r"<button.*?</button>", hours.html({"lstm": errors}))
    assert [cell for cell, button in enumerate(buttons) if button.count("lab-blank") == 2] == empty
    lab.strip._handle_custom_msg({"choice": f"{empty[0]}"}, [])
    assert lab.window == 0


@pytest.mark.parametrize(
    ("high", "said"),
    [
        ({4, 5, 6}, "largest at hours 4 to 6, ≈\u00a00.90"),
        ({0, 1, 23}, "largest at hours 23 to 1, ≈\u00a00.90"),
        ({9}, "largest at hour 9, ≈\u00a00.90"),
        (set(range(24)), "much the same everywhere, ≈\u00a00.90 at most"),
    ],
)
def test_the_sentence_says_where_the_error_is_largest(high, said):
    error = np.array([0.9 if hour in high else 0.01 for hour in range(24)])
    assert f"the DNN's error is {said}." in Hours.of(MONTH).sentence({"dnn": error})


def test_an_error_of_nothing_is_said_to_be_nothing():
    assert Hours.of(MONTH).sentence({"lstm": np.full(24, 1e-9)}).endswith("the LSTM's error is 0 everywhere.")


def test_a_new_run_clears_the_errors_and_a_model_that_diverged_has_none():
    lab = Lab(replace(MONTH, learning_rate=100, epochs=30))
    lab.train()
    assert lab.wait(60)
    assert lab.session.phase == "diverged" and "lstm" not in lab.squares and "dnn" in lab.squares
    lab.live.value = False
    lab.session.change(length=4)
    assert lab.squares == {} and "lab-lstm" not in lab.strip.value
