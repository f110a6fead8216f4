"""The Lab without a browser: what its controls, buttons and state do."""

import math
import re
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from helpers import EXAMPLES, Experiment, Lab, Series, run, show_windows, sine
from helpers.experiment import NAMES
from helpers.lab import words
from helpers.lab.controls import SETTINGS, parse
from helpers.pictures.windows import WindowsPicture
from helpers.results import Progress, in_digits
from helpers.trainer.training import Training

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


def test_a_step_after_which_no_answer_is_finite_holds_like_any_other():
    lab = Lab(replace(QUICK, length=24, learning_rate=1e30, epochs=50))
    lab.step()
    assert lab.wait(60) and lab.status.startswith("run 1: paused, epoch 1 of 50, update 1, ")
    assert "error is" not in lab.strip_sentence.value
    lab.train()
    assert lab.wait(60) and lab.status.startswith("run 1: diverged")


def test_one_control_may_be_named_without_a_comma():
    assert [*Lab(QUICK, controls="length").controls] == ["length"]


def test_reset_lifts_no_run_of_before(lab):
    lab.train()
    assert lab.wait(60)
    lab._lift(1)
    lab.reset()
    lab.train()
    assert lab.wait(60) and lab.lifted == 0 and 'aria-pressed="true"' not in lab.table.value


def test_it_opens_ready_with_the_windows_drawn_and_does_not_train(lab):
    time.sleep(0.3)
    assert lab.status.startswith("run 0: ready")
    assert lab.runs == []
    assert all("<svg" in layer for layer in shown(lab, "windows"))


def test_a_change_shows_the_new_windows_at_once_and_trains_when_the_hand_rests(lab):
    before = shown(lab, "windows")
    lab.controls["length"].value = 9
    assert shown(lab, "windows") != before
    assert "<b>" not in lab.facts.value and "567 training windows" in lab.facts.value
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


def test_the_series_menu_offers_the_series_that_it_is_given():
    warm, cold = (Series([3.0, 4.0] * 60, [4.0, 3.0] * 60, name=name, code=name) for name in ("warm", "cold"))
    lab = Lab(replace(QUICK, series=warm), controls=("series",), series=(warm, cold))
    menu = lab.controls["series"]
    assert [*dict(menu.options)][-2:] == ["warm", "cold"] and menu.value == warm
    assert lab.experiment.series == warm and lab.status.startswith("run 0: ready")
    menu.value = cold
    assert lab.experiment.series == cold
    lab.close()
    Lab(QUICK, controls=("length",), series=(warm,)).close()  # a menu that is not there offers nothing
    with pytest.raises(ValueError, match=r"^series 'sine' is no Series; use those that the menu is to offer"):
        Lab(QUICK, series=("sine",))


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
    assert lab.controls["length"].max == 48
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
    assert lab.rows[name].box.value == shown
    assert lab.wait(60)
    assert getattr(lab.experiment, name) == getattr(lab.runs[-1].experiment, name) == setting
    assert lab.rows[name].wrong.value == "" and len(lab.runs) == 1


def test_a_slider_stands_at_the_step_nearest_to_what_was_typed_where_its_page_would_move_it():
    lab = Lab(replace(QUICK, noise=0.02, learning_rate=0.003), controls=("noise", "learning_rate"))
    noise, rate = lab.controls.values()
    assert (noise.value, rate.value) == (0, 10**-2.5)
    rate.value = math.nextafter(10**-2.5, 1)  # as the page may count it
    assert (lab.experiment.noise, lab.experiment.learning_rate) == (0.02, 0.003) and lab.status.startswith("run 0: r")
    type_in(lab, "learning_rate", "1e-10")
    rate.value = 10**-9.75
    assert lab.experiment.learning_rate == 10**-9.75
    type_in(lab, "learning_rate", "0.003")
    type_in(lab, "noise", "0.28")
    assert (lab.experiment.noise, noise.value, lab.rows["noise"].box.value) == (0.28, 0.3, "0.28")
    noise.value = 0.35
    assert lab.experiment.noise == 0.35
    noise.value = 0.31  # which only Python can
    assert (lab.experiment.noise, noise.value, lab.rows["noise"].box.value) == (0.31, 0.3, "0.31")
    lab.stop()


@pytest.mark.parametrize(
    "name, typed", [("seed", "1234567"), ("epochs", "2000"), ("noise", "30"), ("learning_rate", "1e-9")]
)
def test_a_slider_that_was_widened_for_what_was_typed_becomes_narrow_again(name, typed):
    lab = Lab(QUICK, controls=(name,))
    slider = lab.controls[name]
    ends, was = (slider.min, slider.max), lab.rows[name].box.value
    type_in(lab, name, typed)
    assert (slider.min, slider.max) != ends and lab.rows[name].wrong.value == ""
    type_in(lab, name, was)
    assert (slider.min, slider.max) == ends
    lab.stop()


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


def test_the_slider_offers_no_more_than_the_data_allow():
    lab = Lab(Experiment(sine(24, 8), length=3), controls=("length", "series"))
    assert lab.controls["length"].max == 38
    lab.controls["series"].value = "sine"
    assert lab.controls["length"].max == 48
    type_in(lab, "length", "168")
    assert lab.controls["length"].max == 168
    type_in(lab, "length", "24")
    assert lab.controls["length"].max == 48
    lab.stop()


def test_the_settings_of_the_beginning_come_back_also_those_without_a_control():
    opened = Experiment(sine(24, 30), length=7, noise=0.1, dnn_sees="window", learning_rate=0.003)
    lab = Lab(opened, controls=("length",))
    lab.example.value = 1
    assert lab.experiment == EXAMPLES[1]
    lab.example.value = dict(lab.example.options)["as this Lab opened"]
    assert lab.experiment == opened and lab.controls["length"].value == 7
    lab.controls["length"].value = 9
    assert lab.example.value == 0
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
    assert "diverged, the loss of LSTM became infinite; try a learning_rate of 0.01 or less" in lab.status
    assert lab.runs[-1].status == "diverged"
    assert "LSTM diverged: the loss became infinite" in shown(lab, "losses")[1]
    assert "<td>diverged<br>" in lab.table.value
    type_in(lab, "learning_rate", "0.001")
    assert lab.wait(60)
    assert ": done" in lab.status


@pytest.mark.parametrize("where", ["helpers.trainer.training.Training.start", "helpers.lab.view.Lab._draw_losses"])
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


def test_the_validation_of_earlier_runs_stays_in_the_picture_with_their_numbers_and_settings(lab):
    for number, length in enumerate((4, 5, 1, 6), 1):
        lab.controls["length"].value = length
        assert lab.wait(60)
        drawn = lab.frames["losses"].picture.earlier
        assert len(drawn) == number - 1
    for (name, _, losses), result, length in zip(drawn, lab.runs, (4, 5, 1)):
        assert name.endswith(f": length {length}")
        for model in ("lstm", "dnn"):
            assert losses[model][1].tolist() == result.val_losses[model]
    texts = re.findall(r">(\d: length \d)<", shown(lab, "losses")[1])
    assert sorted(texts) == ["1: length 4", "2: length 5", "3: length 1", "4: length 6"]


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
    assert "Training window 12 of" in lab.frames["windows"].sentence.value
    assert lab.status.startswith("run 0: ready")


def test_the_predictions_are_drawn_in_as_the_models_learn(lab):
    lab.train()
    assert lab.wait(60)
    for name, line in lab.frames["windows"].picture.predicted.items():
        rows, drawn = line.get_data()
        inputs = lab.experiment.windows.take(lab.experiment.train)[0][np.asarray(rows) - 3]
        inputs = inputs if name == "lstm" else inputs[:, 0]
        assert np.allclose(lab.runs[-1].models[name].predict_on_batch(inputs)[:, 0], drawn, atol=1e-5)


def test_the_window_walks_over_the_validation_part_too_and_the_predictions_are_of_that_part(lab):
    lab.train()
    assert lab.wait(60)
    training, validation = lab.experiment.rows
    lab.scrubber.value = lab.scrubber.max
    assert lab.scrubber.max == len(training) + len(validation)
    assert f"the target at row {validation[-1]} is" in lab.frames["windows"].sentence.value
    assert lab.window_of.value == "validation, 141 of 141"
    border = len(lab.experiment.train)
    lab.scrubber.value = len(training) + 5
    picture = lab.frames["windows"].picture
    assert all(line.get_xdata()[0] == border - 0.5 for line in picture.border)
    rows = np.asarray(picture.predicted["lstm"].get_xdata())
    assert rows.min() < border <= rows.max() and not ((rows >= border) & (rows < border + 3)).any()
    values = sine(24, 30).values
    windows = np.array([values[row - 3 : row] for row in rows])
    for name, line in picture.predicted.items():
        answers = lab.runs[-1].models[name].predict_on_batch(windows if name == "lstm" else windows[:, 0])
        assert np.allclose(answers[:, 0], line.get_ydata(), atol=1e-5)


@pytest.mark.parametrize(("ahead", "visible"), [(6, True), (1, True), (0, False), (None, False)])
def test_an_arrow_leads_from_the_target_to_the_sample_that_it_copies(ahead, visible):
    values = sine(24, 30).values
    targets = np.roll(values, -(ahead or 0), axis=0)
    picture = show_windows(Experiment(Series(values, targets, ahead=ahead), length=5), 40)
    assert picture.copies.get_visible() == visible
    if visible:
        assert (picture.copies.get_position(), picture.copies.xy) == (
            (45, targets[45, 0]),
            (45 + ahead, targets[45, 0]),
        )
        assert values[45 + ahead, 0] == targets[45, 0] and f"as at sample {45 + ahead}" in repr(picture)
    else:
        assert "as at sample" not in repr(picture)


def test_at_the_end_of_the_series_there_is_no_sample_to_point_at():
    experiment = Experiment(sine(24, 30), length=5)
    picture = show_windows(experiment, sum(map(len, experiment.rows)) - 1)
    assert not picture.copies.get_visible() and "at row 719" in repr(picture)


@pytest.mark.parametrize("window", [-1, 99_999, 1.5])
def test_a_window_that_no_series_has_is_refused_in_one_sentence(window):
    with pytest.raises(ValueError, match=f"^window {window} is (too small|too large|not a whole number); use"):
        show_windows(Experiment(), window)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(-50, "\N{DOWNWARDS ARROW} LSTM below: about -50 K"), (1234, "\N{UPWARDS ARROW} LSTM above: about 1,200 K")],
)
def test_predictions_outside_the_picture_are_told_at_its_border(answer, said):
    experiment, picture = Experiment(replace(sine(24, 30), unit="K"), length=5), WindowsPicture()
    picture.update(experiment, 0, lambda rows: {"lstm": np.full(len(rows), answer), "dnn": np.zeros(len(rows))})
    assert [picture.beyond[name].get_text() for name in ("lstm", "dnn")] == [said, ""]
    picture.update(experiment, 0, lambda rows: {"lstm": np.full(len(rows), np.nan)})
    assert picture.beyond["lstm"].get_text() == ""


@pytest.mark.parametrize(
    ("settings", "advice", "cure"),
    [
        (
            {"length": 168, "learning_rate": 0.01},
            "try tanh, because relu grows without limit over 168 samples",
            {"activation": "tanh"},
        ),
        ({"length": 12, "learning_rate": 1.0}, "try a learning_rate of 0.01 or less", {"learning_rate": 0.01}),
        (
            {"length": 168, "learning_rate": 1.0},
            "try tanh, because relu grows without limit over 168 samples, and a learning_rate of 0.01 or less",
            {"activation": "tanh", "learning_rate": 0.01},
        ),
    ],
)
@pytest.mark.parametrize("seed", [3, 4])
def test_a_run_that_diverged_gets_advice_that_helps(settings, advice, cure, seed):
    experiment = Experiment(**settings, seed=seed, max_updates=200)
    phase, what, _ = words.ending(run(experiment), "")
    assert (phase, what) == ("diverged", f"the loss of LSTM became infinite; {advice}")
    mended = run(replace(experiment, **cure))
    assert mended.status == "done" and mended.val_losses["lstm"][-1] < 0.01


def test_zero_in_the_box_means_no_limit_where_the_slider_says_so(lab):
    type_in(lab, "max_updates", "7")
    assert lab.experiment.max_updates == 7
    type_in(lab, "max_updates", "0")
    assert lab.experiment.max_updates is None and problem(lab, "max_updates") == ""
    assert lab.rows["max_updates"].box.value == "no limit"
    lab.stop()


def test_without_train_when_i_move_two_settings_change_and_train_makes_one_run(lab):
    lab.live.value = False
    lab.controls["length"].value = 5
    lab.controls["stride"].value = 4
    assert lab.wait(1) and not lab.runs and "stride 4 samples later" not in lab.status
    assert lab.status.endswith("ready, press Train to train with the new settings")
    assert "starts 4 samples later" in lab.frames["windows"].sentence.value
    lab.train()
    assert lab.wait(60)
    assert [(result.experiment.length, result.experiment.stride) for result in lab.runs] == [(5, 4)]
    lab.live.value = True
    lab.controls["stride"].value = 3
    assert lab.wait(60) and len(lab.runs) == 2


def test_several_seeds_are_those_that_run_alone_and_are_told_by_median_and_range(lab):
    lab.seeds.widget.value = 3
    assert lab.wait(60)
    (result,) = lab.runs
    alone = [run(replace(QUICK, seed=seed)) for seed in range(3)]
    assert [seed.losses for seed in (result, *result.others)] == [seed.losses for seed in alone]
    assert [seed.val_losses for seed in (result, *result.others)] == [seed.val_losses for seed in alone]
    for model, name in NAMES.items():
        middle, least, most = (
            in_digits(float(choose([seed.val_losses[model][-1] for seed in alone]))) for choose in (np.median, min, max)
        )
        assert f"{name} {middle} ({least} to {most})" in lab.status
        assert f"<td>{middle} ({least} to {most})<br>" in lab.table.value and "3 seeds" in lab.table.value
        assert f"{name} ≈ {middle} (floor" in lab.frames["losses"].sentence.value
    assert list(lab.history["run"]) == [1, 1, 1] and "seed=2" in lab.history["code"].iloc[2]
    type_in_seeds = lab.seeds.box
    type_in_seeds.value = "9"
    assert "seeds 9 is too large; use at most 5" in lab.seeds.wrong.value and lab.session.seeds == 3


def test_a_lab_may_open_with_several_seeds():
    lab = Lab(replace(QUICK, epochs=1), seeds=2)
    lab.train()
    assert lab.wait(60) and len(lab.runs[-1].others) == 1
    with pytest.raises(ValueError, match="seeds 0 is too small; use 1 or more"):
        Lab(seeds=0)


def test_the_progress_says_how_many_updates_are_made_and_how_long_a_long_run_will_take(lab):
    assert 'value="0" max="36"' in lab.progress.value and "update 0 of 36" in lab.progress.value
    lab.step()
    assert lab.wait(60)
    assert 'value="1" max="36"' in lab.progress.value and "left" not in lab.progress.value
    long = Experiment(epochs=1000)
    made = Progress(1000, 5, {}, {}, left=218.4)
    assert words.how_far(long, made) == "update 1,000 of 219,000, about 218 s left"
    assert words.how_far(long, replace(made, left=2.0)) == "update 1,000 of 219,000"
    assert words.how_far(long, None) == "update 0 of 219,000"


def test_the_time_left_is_that_of_the_pace_without_the_first_call():
    training = Training(replace(QUICK, epochs=50))
    assert training.progress.left is None
    training.advance(1)
    assert training.progress.left is None
    before = training.seconds
    training.advance(9)
    pace = (training.seconds - before) / 9
    assert training.progress.left == pytest.approx(pace * (training.experiment.updates - 10))
    training.close()


def test_of_many_controls_the_first_few_stand_open_and_the_rest_folds(lab):
    inside = [view for view in lab.rows.values()]
    assert lab.buttons["more settings"].description == "Show more settings"
    lab.buttons["more settings"].click()
    assert lab.buttons["more settings"].description == "Hide more settings"
    assert len(inside) == len(SETTINGS)
    assert "more settings" not in Lab(QUICK, controls=("length", "stride", "noise", "epochs", "units")).buttons


def test_closing_gives_back_every_widget_and_keeps_the_runs():
    before = set(_instances)
    lab = Lab(QUICK, controls=SETTINGS, baselines=True)
    lab.train()
    assert lab.wait(60)
    lab.close()
    assert set(_instances) - before == set()
    assert len(lab.runs) == 1 and len(lab.history) == 1
    lab.close()


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
    assert 'alt="Training window 1 of' in shown["text/html"]


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
