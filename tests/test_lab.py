"""The Lab without a browser: what its controls, buttons and state do."""

import threading
import time
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from helpers import EXAMPLES, Experiment, Lab, Series, run, show_losses, show_windows, sine
from helpers.lab.controls import SETTINGS, parse

QUICK = Experiment(sine(24, 30), length=3, epochs=2)


@pytest.fixture
def lab():
    """A Lab on a month of data, all of its controls shown."""
    lab = Lab(QUICK, controls=SETTINGS)
    yield lab
    lab.stop()
    assert lab.wait(30)


def shown(lab, name):
    """The HTML of a picture: what stands still, and what moves."""
    return [lab.frames[name].still.value, lab.frames[name].moving.value]


def problem(lab, name):
    """The sentence beside a control."""
    return lab.rows[name].wrong.value


def type_in(lab, name, text):
    """Type into the box beside a slider."""
    lab.rows[name].box.value = text


def test_it_opens_ready_with_the_windows_drawn_and_does_not_train(lab):
    time.sleep(0.3)
    assert lab.status.startswith("run 0: ready")
    assert lab.runs == []
    assert all("<svg" in layer for layer in shown(lab, "windows"))


def test_a_change_shows_the_new_windows_at_once_and_trains_when_the_hand_rests(lab):
    before = shown(lab, "windows")
    lab.controls["length"].value = 9
    assert shown(lab, "windows") != before
    assert "<b>" not in lab.facts.value and "567 windows" in lab.facts.value
    assert lab.runs == []
    assert lab.wait(60)
    assert lab.status.startswith("run 1: done")
    assert lab.runs[-1].losses == run(replace(QUICK, length=9)).losses


MOVES = {
    "length": 5,
    "stride": 4,
    "sampling_rate": 2,
    "batch_size": 16,
    "units": 20,
    "epochs": 3,
    "seed": 3,
    "max_updates": 10,
    "noise": 0.2,
    "draw": 2,
    "learning_rate": 0.01,
    "shuffle": True,
    "activation": "tanh",
    "dnn_sees": "latest",
    "stateful": True,
}


@pytest.mark.parametrize("name", MOVES)
def test_every_control_changes_its_setting_and_the_run_is_that_of_the_settings(lab, name):
    lab.controls[name].value = MOVES[name]
    setting = pytest.approx(MOVES[name]) if name == "learning_rate" else MOVES[name]  # a slider of powers of ten
    assert getattr(lab.experiment, name) == setting
    assert lab.wait(60)
    assert lab.runs[-1].experiment == lab.experiment
    assert lab.runs[-1].losses == run(lab.experiment).losses


def test_the_series_menu_goes_back_to_the_built_in_series(lab):
    lab.controls["series"].value = "sine"
    assert lab.experiment.series == "sine"
    lab.stop()


BAD = {  # one of each kind; what makes a value impossible is tested where it is checked
    "length": ["0", "2.5", "abc", "9000", ""],
    "stride": ["145"],
    "sampling_rate": ["0"],
    "batch_size": ["1e9"],
    "noise": ["nan"],
    "learning_rate": ["inf"],
    "max_updates": ["0.5"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_an_impossible_value_gets_its_sentence_beside_the_control_and_changes_nothing(lab, name, text):
    type_in(lab, name, text)
    with pytest.raises(ValueError) as caught:
        replace(QUICK, **{name: parse(text)})
    from html import escape

    assert escape(str(caught.value)) in problem(lab, name)
    assert str(caught.value).startswith(name)
    assert lab.experiment == QUICK
    assert lab.status.startswith("run 0: ready")
    assert float(lab.rows[name].box.value.replace("no limit", "0")) == (getattr(QUICK, name) or 0)
    type_in(lab, "length", "5")
    assert lab.experiment.length == 5
    lab.controls[name].value = lab.controls[name].max
    assert problem(lab, name) == ""


def test_the_box_takes_what_the_slider_does_not_offer():
    lab = Lab(replace(EXAMPLES[1], max_updates=1))
    assert lab.controls["length"].max == 168
    type_in(lab, "length", "300")
    assert (lab.experiment.length, lab.controls["length"].value) == (300, 300)
    lab.stop()


@pytest.mark.parametrize(
    ("name", "typed", "shown", "setting"),
    [
        ("seed", "1234567", "1234567", 1234567),
        ("learning_rate", "1e-7", "1e-07", 1e-7),
        ("learning_rate", "300", "300", 300),
        ("noise", "2.5", "2.5", 2.5),
    ],
)
def test_what_the_slider_does_not_offer_is_shown_as_it_was_typed_and_trained(name, typed, shown, setting):
    lab = Lab(replace(QUICK, max_updates=1), controls=(name,))
    type_in(lab, name, typed)
    assert (lab.rows[name].box.value, lab.rows[name].value) == (shown, pytest.approx(setting))
    assert lab.wait(60)
    assert getattr(lab.experiment, name) == getattr(lab.runs[-1].experiment, name) == setting
    assert lab.rows[name].wrong.value == "" and len(lab.runs) == 1


def test_a_slider_that_a_hand_is_moving_is_not_torn_back_by_another_change(lab):
    with lab.session.lock:  # messages from the browser come in two threads: the one for the seed must wait
        hand = threading.Thread(target=lambda: setattr(lab.controls["seed"], "value", 5))
        hand.start()
        while lab.controls["seed"].value != 5:
            time.sleep(0.001)
        time.sleep(0.05)
        lab.session.change(epochs=3)
        type_in(lab, "length", "5")
        assert lab.controls["seed"].value == 5
    hand.join()
    assert lab.wait(60)
    assert (lab.runs[-1].experiment.seed, lab.runs[-1].experiment.epochs, lab.rows["seed"].box.value) == (5, 3, "5")


def test_what_python_changes_in_the_session_shows_in_the_controls_and_trains_once(lab):
    own = replace(sine(24, 40), name="own")
    lab.session.change(length=9, noise=0.35, series=own, max_updates=7)
    shown = {name: lab.controls[name].value for name in ("length", "noise", "series", "max_updates")}
    assert shown == {"length": 9, "noise": 0.35, "series": own, "max_updates": 7}
    assert lab.rows["max_updates"].box.value == "7" and lab.rows["noise"].box.value == "0.35"
    assert lab.wait(60)
    assert [result.experiment for result in lab.runs] == [lab.experiment]


def test_the_slider_offers_no_more_than_the_data_allow(lab):
    assert lab.controls["length"].max == 143
    lab.controls["series"].value = "sine"
    assert lab.controls["length"].max == 168
    lab.stop()


def test_an_example_sets_every_control_and_trains():
    lab = Lab(Experiment(sine(24, 30), length=7, noise=0.1), controls=("length", "stride", "noise"))
    lab.example.value = 3
    assert lab.experiment == EXAMPLES[3]
    assert (lab.controls["length"].value, lab.controls["stride"].value, lab.controls["noise"].value) == (24, 8, 0)
    lab.controls["length"].value = 23
    assert lab.example.value == 0
    lab.stop()


def test_step_makes_one_update_and_train_goes_on_from_there(lab):
    for update in (1, 2, 3):
        lab.step()
        assert lab.wait(60)
        assert f"paused, epoch 1 of 2, update {update}" in lab.status
    lab.train()
    assert lab.wait(60)
    assert lab.status.startswith("run 1: done")
    assert lab.runs[-1].losses["lstm"] == pytest.approx(run(QUICK).losses["lstm"], rel=1e-4)


def test_reset_forgets_the_runs_and_keeps_the_settings(lab):
    lab.controls["length"].value = 5
    assert lab.wait(60)
    lab.reset()
    assert (lab.runs, lab.experiment.length) == ([], 5)
    assert lab.status.startswith("run 0: ready")
    assert lab.wait(10)
    lab.train()
    assert lab.wait(60)
    assert lab.status.startswith("run 1: done")


def test_a_run_that_diverges_says_so_in_the_status_and_in_the_picture(lab):
    type_in(lab, "learning_rate", "100")
    type_in(lab, "epochs", "50")
    assert lab.wait(60)
    assert "diverged" in lab.status and "learning_rate below 100" in lab.status
    assert lab.runs[-1].status == "diverged"
    assert "diverged: the loss is no longer a finite number" in shown(lab, "losses")[1]
    type_in(lab, "learning_rate", "0.001")
    assert lab.wait(60)
    assert ": done" in lab.status


@pytest.mark.parametrize("where", ["helpers.trainer.training.Training.advance", "helpers.lab.view.Lab._draw_losses"])
def test_a_failure_shows_in_the_status_line_and_the_next_train_works(lab, monkeypatch, where):
    def fail(*_, **__):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(where, fail)
        lab.train()
        assert lab.wait(60)
        assert lab.status == "run 1: failed, OSError: No space left on device"
    lab.train()
    assert lab.wait(60)
    assert lab.status.startswith("run 2: done")


def test_a_training_loss_below_the_floor_raises_the_alarm():
    lab = Lab(replace(EXAMPLES[3], max_updates=280))
    lab.train()
    assert lab.wait(120)
    assert "Alarm: the training loss of DNN is below its floor" in lab.status


def test_a_training_loss_on_its_floor_raises_no_alarm():
    lab = Lab(replace(EXAMPLES[1], epochs=3))
    lab.train()
    assert lab.wait(120)
    assert ": done" in lab.status and "DNN 0.25" in lab.status and "Alarm" not in lab.status


def test_the_earlier_runs_stay_in_the_picture_with_their_settings(lab):
    bare = shown(lab, "losses")[0]
    for number, length in enumerate((4, 5, 1, 6)):
        lab.controls["length"].value = length
        assert lab.wait(60)
        still, moving = shown(lab, "losses")
        assert still.count("<path") >= bare.count("<path") + 2 * number  # both models' curves of every earlier run
    assert "length 1" in moving and ("length 5" in moving or "length 4" in moving)


def test_no_two_names_of_earlier_runs_stand_on_each_other():
    results = [run(Experiment(length=length, max_updates=40, epochs=1)) for length in (3, 4, 5, 3, 4)]
    picture = show_losses(*results)
    picture.png()
    boxes = [text.get_window_extent() for text in picture.main.texts if text.get_text()]
    assert boxes and not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_a_name_stands_a_third_of_the_way_along_its_curve():
    earlier, last = (run(Experiment(length=length, epochs=6)) for length in (3, 4))
    picture = show_losses(earlier, last)
    (at,) = [text.xy[0] for text in picture.main.texts if text.get_text() == "length 3"]
    assert earlier.updates / 3 <= at <= earlier.updates / 2


@pytest.mark.parametrize("height", [0.001, 1, 100])
def test_the_error_of_the_mean_is_in_view_whatever_the_unit(height):
    values = height * sine().values
    lab = Lab(Experiment(Series(values, values, period=24)))
    low, high = lab.frames["losses"].picture.main.get_ylim()
    assert low < np.var(values) < high


def test_a_long_unit_does_not_run_out_of_its_picture():
    picture = show_windows(Experiment(sine().normalised()))
    picture.figure.draw_without_rendering()
    assert "standard deviations" in picture.axes[0].get_ylabel().replace("\n", " ")
    label, axes = picture.axes[0].yaxis.label.get_window_extent(), picture.axes[0].get_window_extent()
    assert axes.y0 <= label.y0 and label.y1 <= axes.y1


def test_the_scrubber_walks_over_the_windows_without_training(lab):
    before = shown(lab, "windows")[1]
    lab.scrubber.value = 12
    assert shown(lab, "windows")[1] != before
    assert "Window 12 of" in lab.frames["windows"].sentence.value
    assert lab.status.startswith("run 0: ready")


def test_the_predictions_are_drawn_in_as_the_models_learn(lab):
    lab.train()
    assert lab.wait(60)
    for name, line in lab.frames["windows"].picture.predicted.items():
        rows, drawn = line.get_data()
        inputs = lab.experiment.windows.take(lab.experiment.train)[0][np.asarray(rows) - 3]
        inputs = inputs if name == "lstm" else inputs[:, 0]
        assert np.allclose(lab.runs[-1].models[name].predict(inputs, verbose=0)[:, 0], drawn, atol=1e-5)


def test_every_picture_has_a_sentence_that_is_its_accessible_name(lab):
    for name in ("windows", "losses"):
        sentence = lab.frames[name].sentence.value
        assert len(sentence) > 20
        assert f'role="img" aria-label="{sentence}"' in shown(lab, name)[1]


def test_an_unknown_control_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match="control 'size' is unknown; use some of series, length, stride"):
        Lab(controls=("size",))


def test_its_text_in_a_saved_notebook_is_fixed_and_has_a_picture(lab):
    shown = lab._repr_mimebundle_()
    assert shown["text/plain"] == repr(lab) == f"Lab({QUICK!r}), shown as sliders and pictures where a kernel runs"
    assert 'alt="Window 1 of' in shown["text/html"]


def test_without_xla_the_same_code_trains_to_the_same_losses_and_says_so(monkeypatch):
    from helpers.trainer import compiled, training

    with_xla = run(QUICK)
    said = []
    try:
        for module in (compiled, training):
            monkeypatch.setattr(module, "xla", lambda: False)
        compiled.trainer.cache_clear()
        lab = Lab(QUICK)
        told = lab.session.listener
        lab.session.listener = lambda event: (said.append(lab.status), told(event))
        lab.train()
        assert lab.wait(120)
    finally:
        compiled.trainer.cache_clear()
    assert any("without XLA" in line for line in said)
    for name, losses in with_xla.losses.items():
        assert lab.runs[-1].losses[name] == pytest.approx(losses, rel=1e-4)
