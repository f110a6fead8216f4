"""The Lab's tick box *inside*: what it shows is what `show_inside` says, and without the tick nothing is computed."""

from dataclasses import replace

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from helpers import Experiment, Lab, Series, show_inside, sine
from helpers.lab import inside as look_module
from helpers.lab.inside import Look
from helpers.trainer import inside
from helpers.trainer.training import Training

MONTH = Experiment(sine(24, 40), noise=0.1, length=6, units=12, activation="tanh", learning_rate=0.005, epochs=2)
PARTS = ("of_window", "influences", "ordered", "probes")


def done(experiment, **given):
    """A Lab after a run with the tick."""
    lab = Lab(experiment, inside=True, **given)
    lab.train()
    assert lab.wait(120)
    return lab


def picture(lab):
    return lab.frames["inside"].picture


def sentence(lab):
    """The sentence below the pictures."""
    return lab.frames["inside"].sentence.value


@pytest.fixture
def calls(monkeypatch):
    """How often each part was computed."""
    counted = dict.fromkeys(PARTS, 0)

    def counting(name, real):
        def call(*given):
            counted[name] += 1
            return real(*given)

        return call

    for name in PARTS:
        monkeypatch.setattr(look_module, name, counting(name, getattr(look_module, name)))
    return counted


SETTINGS = [
    {},
    {"activation": "relu"},
    {"stride": 8, "length": 7},
    {"sampling_rate": 2},
    {"length": 1},
    {"length": 168},
    {"stateful": True},
    {"series": Series(np.sin(np.arange(900.0)), np.cos(np.arange(900.0)))},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: ",".join(settings) or "plain")
def test_after_a_run_its_numbers_are_those_of_show_inside_at_every_window(settings):
    lab = done(replace(MONTH, **settings))
    training, validation = map(len, lab.experiment.rows)
    for number in (0, training // 2, training, training + validation - 1):
        lab.scrubber.value = number + 1
        expected, found = show_inside(lab.runs[-1], number).inside, lab.look.inside
        for name, numbers in vars(expected).items():
            np.testing.assert_array_equal(getattr(found, name), numbers, err_msg=name)
        part = f"Training window {number + 1} of {training}"
        if number >= training:
            part = f"Validation window {number - training + 1} of {validation}"
        assert sentence(lab).startswith(f"{part}: ") or sentence(lab).startswith(f"{part}, its state carried: ")
        assert sentence(lab).endswith("Only the last answer was trained.")
    lab.close()


@pytest.mark.parametrize("settings", [{}, {"sampling_rate": 4}, {"stateful": True}, {"stride": 5}], ids=str)
def test_the_line_of_answers_ends_at_the_model_s_own_prediction_and_at_keras_s(settings):
    lab = done(replace(MONTH, **settings))
    experiment, training = lab.experiment, lab.experiment.rows[0]
    for number in (3, len(training) + 20):
        lab.scrubber.value = number + 1
        windows, row = lab.frames["windows"].picture, np.concatenate(experiment.rows)[number]
        rows, answers = windows.so_far.get_data()
        np.testing.assert_array_equal(answers, lab.look.inside.answers)
        assert rows[-1] == row and set(np.diff(rows)) <= {experiment.sampling_rate}
        at, predicted = windows.predicted["lstm"].get_data()
        assert answers[-1] == pytest.approx(predicted[list(at).index(row)], abs=1e-5)
        if not experiment.stateful:
            samples = experiment.series_with_noise.values[experiment.windows.samples([row])]
            expected = lab.runs[-1].models["lstm"].predict_on_batch(samples)[0, 0]
            assert answers[-1] == pytest.approx(expected, abs=1e-5)
    lab.close()


def test_the_picture_shows_the_numbers():
    lab = done(MONTH)
    shown, numbers = picture(lab), lab.look.inside
    corners = np.array([bar.vertices for bar in shown.bars.get_paths()])
    np.testing.assert_array_equal(corners[:, 1, 1], numbers.mean_influence)
    np.testing.assert_array_equal(shown.diamonds.get_ydata(), numbers.weights)
    np.testing.assert_array_equal(shown.image.get_array(), (numbers.cells * numbers.signs)[:, numbers.order].T)
    low, high = shown.image.get_clim()
    assert -low == high >= np.percentile(np.abs(numbers.cells), 98)
    for line, measured in zip(shown.lines, (numbers.probe, numbers.probe_untrained), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), np.maximum(measured, 0))
    moving = lab.frames["inside"].moving.value
    assert "units that move most on top" in moving and "<image" in moving
    assert 'role="img" aria-label="Training window 1 of' in moving
    lab.close()


def test_without_the_tick_nothing_is_computed_and_nothing_of_it_shown(calls, monkeypatch):
    monkeypatch.setattr(Training, "weights", lambda *_: pytest.fail("asked for weights"))
    lab = Lab(MONTH)
    lab.session.trainings = [training := Training(MONTH)]
    for _ in range(3):
        training.advance(2)
        lab._on("progress")
        lab._on("rest")
    lab.scrubber.value = 9
    assert calls == dict.fromkeys(PARTS, 0) and picture(lab) is None
    assert lab.inside_part.layout.display == "none" and "so far" not in lab.frames["windows"].still.value
    assert "so far" not in lab.frames["windows"].sentence.value
    training.close()
    lab.close()


def test_the_tick_shows_the_run_that_is_there_and_without_it_all_is_as_before(calls):
    lab = Lab(MONTH)
    before = lab.frames["windows"].still.value
    lab.train()
    assert lab.wait(60) and calls == dict.fromkeys(PARTS, 0)
    lab.inside.value = True
    assert calls == dict.fromkeys(PARTS, 1) and lab.inside_part.layout.display is None
    assert "LSTM so far" in lab.frames["windows"].still.value and "inside shown" in lab.spoken.value
    assert "only the last was trained" in lab.frames["windows"].sentence.value
    lab.inside.value = False
    assert lab.inside_part.layout.display == "none" and lab.look.training is None
    assert "inside hidden" in lab.spoken.value and "so far" not in lab.frames["windows"].still.value
    assert lab.frames["windows"].still.value.count("LSTM") == before.count("LSTM")
    lab.train()
    assert lab.wait(60) and calls == dict.fromkeys(PARTS, 1)
    lab.close()


def test_units_are_ordered_and_the_hour_read_once_at_the_end_of_a_run(calls):
    lab = Lab(MONTH, inside=True)
    for update in (1, 2):
        lab.step()
        assert lab.wait(60)
        assert (calls["influences"], calls["ordered"], calls["probes"]) == (update, 0, 0)
        assert lab.look.inside.order.tolist() == list(range(12)) and (lab.look.inside.signs == 1).all()
        assert "units in Keras's order" in lab.frames["inside"].moving.value
        assert "measured at the end of a run" in lab.frames["inside"].moving.value and "hour" not in sentence(lab)
    lab.train()
    assert lab.wait(60)
    lab.scrubber.value = 5
    assert (calls["ordered"], calls["probes"]) == (1, 1)
    assert "units that move most on top" in lab.frames["inside"].moving.value
    assert "measured at the end" not in lab.frames["inside"].moving.value and "hour of the day" in sentence(lab)
    lab.close()


def test_many_windows_are_looked_at_four_times_a_second_while_it_trains_and_one_at_every_report(calls, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(look_module.time, "monotonic", lambda: now[0])
    training = Training(MONTH)
    look = Look(training)
    for report in range(20):  # ten a second
        training.advance(1)
        look.update(0, trains=True)
        assert calls["of_window"] == report + 1
        now[0] += 0.1
    assert calls["influences"] == 7  # at 0.0, 0.3, 0.6, …
    look.update(0, trains=False)
    look.update(9, trains=False)
    assert calls["influences"] == 8  # the weights have not changed since
    training.close()


def test_where_a_look_takes_long_there_are_fewer(calls, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(look_module.time, "monotonic", lambda: now[0])
    slow = look_module.influences
    training = Training(replace(MONTH, epochs=50))
    look = Look(training)

    def influences(reader):
        now[0] += 0.1
        return slow(reader)

    monkeypatch.setattr(look_module, "influences", influences)
    begin = now[0]
    while now[0] < begin + 10:
        training.advance(1)
        look.update(0, trains=True)
        now[0] += 0.07
    assert 8 <= calls["influences"] <= 11  # a second between two of them
    training.close()


def test_while_it_trains_a_stateful_lstm_s_start_is_not_found_anew_for_each_picture(monkeypatch):
    found, real = [], inside.reached
    monkeypatch.setattr(inside, "reached", lambda *given: found.append(len(given[-1])) or real(*given))
    now = [100.0]
    monkeypatch.setattr(look_module.time, "monotonic", lambda: now[0])
    training = Training(replace(MONTH, stateful=True))
    look = Look(training)
    for _ in range(9):
        training.advance(1)
        look.update(700, trains=True)
    assert sorted(found) == [1, 64]
    early = look.inside.answers
    look.update(700, trains=False)  # paused: with the weights of now
    assert sorted(found) == [1, 1, 64, 64] and np.abs(look.inside.answers - early).max() > 1e-6
    row = np.concatenate(training.experiment.rows)[700]
    assert look.inside.answers[-1] == pytest.approx(training.predict("lstm", np.array([row]))[0], abs=1e-5)
    look.update(700, trains=False)
    look.update(3, trains=False)
    assert sorted(found) == [1, 1, 1, 64, 64]
    training.close()


def test_before_a_run_after_a_reset_and_after_a_change_it_says_press_train():
    lab = Lab(MONTH, inside=True)
    assert sentence(lab).endswith("before its first update: press Train.")
    assert not picture(lab).image.get_visible() and picture(lab).axes[-1].get_xlim()[0] < -6
    for change in (lab.reset, lambda: lab.session.change(length=9)):
        lab.train()
        assert lab.wait(60) and "press Train" not in sentence(lab)
        lab.live.value = False
        change()
        assert sentence(lab).endswith("press Train.") and not picture(lab).bars.get_visible()
        assert not len(lab.frames["windows"].picture.so_far.get_xdata())
    assert picture(lab).axes[-1].get_xlim()[0] < -9
    lab.close()


def test_a_run_that_was_stopped_is_shown_as_far_as_it_came():
    lab = Lab(replace(MONTH, epochs=2000), inside=True)
    lab.train()
    while not lab.session.progress:
        pass
    lab.stop()
    assert lab.wait(60) and ": cancelled" in lab.status
    np.testing.assert_array_equal(lab.look.inside.answers, show_inside(lab.runs[-1]).answers)
    assert lab.look.ended
    lab.close()


def test_an_lstm_that_diverged_says_so_and_the_next_run_is_shown():
    lab = done(replace(MONTH, activation="relu", length=48, learning_rate=100.0, epochs=20))
    assert ": diverged" in lab.status
    assert "not finite (NaN)" in sentence(lab) and not picture(lab).image.get_visible()
    lab.session.change(learning_rate=0.001, activation="tanh", epochs=1)
    assert lab.wait(60) and "Only the last answer was trained." in sentence(lab)
    lab.close()


def test_of_several_seeds_the_first_is_shown():
    lab = done(MONTH, seeds=2)
    first = lab.runs[-1]
    np.testing.assert_array_equal(lab.look.inside.answers, show_inside(first).answers)
    assert np.abs(show_inside(first.others[0]).answers - lab.look.inside.answers).max() > 1e-3
    lab.close()


def test_a_series_without_a_period_has_no_row_for_the_hour():
    values = np.sin(np.arange(900.0))
    lab = done(replace(MONTH, series=Series(values, values)))
    assert len(picture(lab).axes) == 2 and "hour" not in sentence(lab)
    lab.session.change(series="sine", max_updates=5)
    assert lab.wait(60) and len(picture(lab).axes) == 3 and "hour of the day" in sentence(lab)
    lab.close()


def test_the_scales_only_grow_until_there_is_nothing_to_show():
    lab = done(MONTH)
    shown, look = picture(lab), lab.look
    wide = replace(look.inside, cells=9 * look.inside.cells, influence_spread=9 + look.inside.influence_spread)
    limits = []
    for numbers in (look.inside, wide, look.inside, None, look.inside):
        shown.update(look.inside.places, numbers, "")
        limits.append((shown.image.get_clim()[1], shown.axes[0].get_ylim()[1]))
    assert limits[0] == limits[4] and limits[1] == limits[2] == limits[3]
    assert all(more > few for few, more in zip(*limits[:2]))
    lab.close()


def test_closing_gives_back_every_widget():
    before = set(_instances)
    lab = done(MONTH)
    lab.close()
    assert set(_instances) - before == set()
