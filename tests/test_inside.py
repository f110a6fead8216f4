"""What `show_inside` says an LSTM holds and uses is what Keras, automatic differentiation and NumPy find."""

import subprocess
import sys
from dataclasses import replace
from functools import cache
from html import escape

import numpy as np
import pytest
from matplotlib.image import AxesImage
from matplotlib.text import Text

from helpers import Experiment, Result, Series, build, run, show_inside, sine
from helpers.experiment import ACTIVATIONS
from helpers.models import keras, tf
from helpers.pictures.inside import MOST, round_up
from helpers.pictures.picture import TYPE
from helpers.trainer import inside
from helpers.trainer.inside import Reader

SHORT = sine(24, 40)  # 768 samples to train on, 192 to validate on
PLAIN = Experiment(SHORT, noise=0.1, length=24, units=12, activation="tanh", learning_rate=0.005, epochs=2)
KEPT = replace(PLAIN, length=6, stateful=True)
SETTINGS = [{}, {"activation": "relu"}, {"stride": 8, "length": 7}, {"sampling_rate": 5}, {"length": 1}]

trained = cache(run)


@pytest.fixture(params=SETTINGS, ids=str)
def result(request):
    """A run at some settings."""
    return trained(replace(PLAIN, **request.param))


def windows_of(result, *numbers):
    """The samples of some windows, `(windows, steps, 1)`, built without the code that is tested: by `Windows.take`."""
    experiment = result.experiment
    parts = (experiment.windows, experiment.train), (experiment.validation_windows, experiment.validation)
    every = np.concatenate([windows.take(part)[0] for windows, part in parts])
    return every[list(numbers)]


def some(result):
    """The numbers of the first training window, of another, of the first validation window and of the last."""
    training, validation = map(len, result.experiment.rows)
    return 0, training // 3, training, training + validation - 1


def stateless(result):
    """The LSTM as a Keras model that begins each window empty and returns its state after each sample."""
    layer = keras.layers.LSTM(result.experiment.units, activation=result.experiment.activation, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 1)), layer, keras.layers.Dense(1)])
    model.set_weights(result.weights["lstm"])
    return model


def lane(result, number, most=None):
    """The stateful Keras model, its state that after the windows, or so many, that this window's lane has read."""
    experiment, model = result.experiment, result.models["lstm"]
    training, validation = experiment.rows
    part, row = experiment.train, np.concatenate([training, validation])[number]
    if number >= len(training):
        part, row = experiment.validation, row - len(experiment.train)
    inputs, _ = experiment.validation_windows.take(part)
    model.layers[0].reset_states()
    before = np.arange((row - experiment.length) % experiment.length, row - experiment.length, experiment.length)
    before = before[-most:] if most else before
    if len(before):
        model.predict(inputs[before], batch_size=1, verbose=0)
    return model


def test_the_last_answer_is_the_model_s_own(result):
    expected = result.models["lstm"].predict_on_batch(windows_of(result, *some(result)))[:, 0]
    for number, answer in zip(some(result), expected, strict=True):
        assert show_inside(result, number).answers[-1] == pytest.approx(answer, rel=1e-4, abs=1e-5)


def test_every_answer_is_keras_s_output_layer_on_its_state_after_that_sample(result):
    model = stateless(result)
    for number in some(result):
        picture, window = show_inside(result, number), windows_of(result, number)
        np.testing.assert_allclose(picture.answers, model.predict_on_batch(window)[0, :, 0], rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(picture.hidden, model.layers[0](window)[0], rtol=1e-3, atol=1e-5)
        first = result.models["lstm"].layers[-1](picture.hidden[:1])
        assert picture.answers[0] == pytest.approx(float(first[0, 0]), rel=1e-4, abs=1e-6)
        assert picture.answers.shape == picture.influence.shape == (result.experiment.windows.steps,)


def test_the_cells_are_those_of_a_keras_cell_stepped_by_hand(result):
    experiment = result.experiment
    cell = keras.layers.LSTMCell(experiment.units, activation=experiment.activation)
    cell.build((1, 1))
    cell.set_weights(result.weights["lstm"][:3])
    for number in some(result):
        picture, held = show_inside(result, number), [tf.zeros((1, experiment.units))] * 2
        for step, sample in enumerate(windows_of(result, number)[0]):
            _, held = cell(sample[None], held)
            np.testing.assert_allclose(picture.cells[step], held[1][0], rtol=1e-3, atol=1e-5)
        assert picture.cells.shape == (experiment.windows.steps, experiment.units)


def test_a_few_windows_are_read_at_once_from_weights_alone(result):
    windows, units = windows_of(result, *some(result))[:, :, 0], result.experiment.units
    asked = result.weights["lstm"], result.experiment.activation, windows
    (answers, cells), slopes = inside.answers_and_cells(*asked), inside.influence(*asked)
    assert cells.shape == (*windows.shape, units) and answers.dtype == cells.dtype == slopes.dtype == np.float32
    for place, number in enumerate(some(result)):
        picture = show_inside(result, number)
        for own, together in ((picture.answers, answers), (picture.cells, cells), (picture.influence, slopes)):
            np.testing.assert_allclose(together[place], own, rtol=1e-4, atol=1e-6)


def by_tape(model, windows):
    """The derivatives of a Keras model's answers by the samples, `(windows, steps)`."""
    with tf.GradientTape() as tape:
        samples = tf.constant(windows)
        tape.watch(samples)
        answer = tf.reduce_sum(model(samples))
    return tape.gradient(answer, samples).numpy()[:, :, 0]


def test_the_influence_is_what_automatic_differentiation_finds(result):
    expected = by_tape(stateless_last(result), windows_of(result, *some(result)))
    for number, derivatives in zip(some(result), expected, strict=True):
        np.testing.assert_allclose(show_inside(result, number).influence, derivatives, rtol=1e-3, atol=1e-5)


def stateless_last(result):
    """The LSTM as a Keras model that begins each window empty and returns its last answer alone."""
    model = build(replace(result.experiment, stateful=False))["lstm"]
    model.set_weights(result.weights["lstm"])
    return model


def test_the_influence_is_what_a_small_change_of_a_sample_does_to_the_model_s_own_answer(result):
    window, steps, change = windows_of(result, 5), result.experiment.windows.steps, 1e-2
    moved = np.repeat(window, 2 * steps, 0)
    for step in range(steps):
        moved[2 * step, step] += change
        moved[2 * step + 1, step] -= change
    answers = result.models["lstm"].predict_on_batch(moved)[:, 0].astype(float)
    slopes = (answers[::2] - answers[1::2]) / (2 * change)
    np.testing.assert_allclose(show_inside(result, 5).influence, slopes, atol=2e-3)


def test_the_mean_influence_is_that_of_windows_drawn_from_the_whole_training_part(result):
    experiment, picture = result.experiment, show_inside(result)
    rows = Reader(experiment, result.weights["lstm"], False).drawn(64)
    assert len(set(rows)) == 64 and experiment.length <= rows.min() < 100 and 700 < rows.max() < len(experiment.train)
    assert len(set(rows % 24)) >= 20
    windows = experiment.series_with_noise.values[experiment.windows.samples(rows)]
    derivatives = by_tape(stateless_last(result), windows)
    np.testing.assert_allclose(picture.mean_influence, derivatives.mean(0), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(picture.influence_spread, derivatives.std(0), rtol=1e-3, atol=1e-5)


def test_beside_it_stand_the_weights_of_least_squares_on_the_training_windows(result):
    inputs, targets = result.experiment.windows.take(result.experiment.train)
    inputs = np.pad(inputs[:, :, 0].astype(float), ((0, 0), (0, 1)), constant_values=1)
    expected = np.linalg.lstsq(inputs, targets[:, 0].astype(float))[0][:-1]
    np.testing.assert_allclose(show_inside(result).weights, expected, atol=1e-5)


def test_windows_are_counted_as_those_of_the_experiment():
    result = trained(replace(PLAIN, stride=8, length=7))
    training, validation = result.experiment.rows
    values, targets = result.experiment.series_with_noise.values, result.experiment.series_with_noise.targets
    for number, row in ((3, training[3]), (len(training) + 2, validation[2])):
        numbers = show_inside(result, number).inside
        np.testing.assert_array_equal(numbers.places, np.arange(-7, 0))
        np.testing.assert_array_equal(numbers.samples, values[row - 7 : row, 0])
        np.testing.assert_array_equal(numbers.targets, targets[row - 6 : row + 1, 0])


CARRIED = [{}, {"length": 1}, {"length": 24, "sampling_rate": 5}, {"stride": 5, "batch_size": 8}]


@pytest.mark.parametrize("settings", CARRIED, ids=str)
def test_a_stateful_lstm_begins_with_the_state_that_its_lane_has_reached(settings):
    result = trained(replace(KEPT, **settings))
    for number in some(result):
        window, picture = windows_of(result, number), show_inside(result, number)
        model = lane(result, number)
        assert picture.answers[-1] == pytest.approx(model.predict_on_batch(window)[0, 0], rel=1e-3, abs=1e-5)
        for own, keras_s in zip((picture.hidden, picture.cells), model.layers[0].states, strict=True):
            np.testing.assert_allclose(own[-1], keras_s[0], rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(picture.influence, by_tape(lane(result, number), window)[0], rtol=1e-3, atol=1e-5)


def test_the_carried_state_counts_and_can_be_left_out():
    result = trained(KEPT)
    for number in some(result)[1::2]:
        window, alone = windows_of(result, number), show_inside(result, number, carried=False)
        np.testing.assert_allclose(alone.answers, stateless(result).predict_on_batch(window)[0, :, 0], atol=1e-5)
        np.testing.assert_allclose(alone.influence, by_tape(stateless_last(result), window)[0], atol=1e-5)
        carried, default = show_inside(result, number, carried=True), show_inside(result, number)
        np.testing.assert_array_equal(carried.cells, default.cells)
        np.testing.assert_array_equal(carried.mean_influence, default.mean_influence)
        assert np.abs(carried.answers[0] - alone.answers[0]) > 0.01
        assert "state carried" in carried.sentence and "carried" not in alone.sentence
    np.testing.assert_array_equal(show_inside(result, 0).cells, show_inside(result, 0, carried=False).cells)


def test_what_was_carried_into_a_far_window_is_read_from_nearer_to_it(monkeypatch):
    result, number = trained(KEPT), 735
    window, exact = windows_of(result, number), show_inside(result, number)
    for windows in (3, 60):
        monkeypatch.setattr(inside, "REACH", 6 * windows)
        near = show_inside(result, number)
        expected = lane(result, number, windows).predict_on_batch(window)[0, 0]
        assert near.answers[-1] == pytest.approx(expected, rel=1e-3, abs=1e-5)
        assert (np.abs(near.answers - exact.answers).max() > 1e-3) == (windows == 3)


def test_the_mean_influence_of_a_stateful_lstm_is_that_of_windows_that_read_on():
    result = trained(replace(KEPT, batch_size=6))  # which leaves no window out: number n is that of row n + 6
    rows = Reader(result.experiment, result.weights["lstm"], True).drawn(64)
    expected = [by_tape(lane(result, row - 6), windows_of(result, row - 6))[0] for row in rows]
    np.testing.assert_allclose(show_inside(result).mean_influence, np.mean(expected, 0), rtol=1e-3, atol=1e-5)


def read_off(seen, hours, unseen, new_hours, period):
    """R² of the best weighted sum of `seen`, its squared weights a little held down, measured on `unseen`."""
    (fitted, asked), mean = (np.exp(2j * np.pi * at / period) for at in (hours, new_hours)), seen.mean(0)
    held = np.sqrt(inside.RIDGE * ((seen - mean) ** 2).sum()) * np.eye(
        seen.shape[1]
    )  # rows that ask each weight to be 0
    inputs, wanted = np.vstack([seen - mean, held]), np.append(fitted - fitted.mean(), np.zeros(len(held)))
    errors = (unseen - mean) @ np.linalg.lstsq(inputs, wanted)[0] + fitted.mean() - asked
    return 1 - (np.abs(errors) ** 2).sum() / (np.abs(asked - asked.mean()) ** 2).sum()


def test_the_probe_is_numpy_s_least_squares_on_keras_s_states_and_on_windows_that_it_has_not_seen():
    result = trained(PLAIN)
    picture, experiment = show_inside(result), PLAIN
    reader, values = Reader(experiment, result.weights["lstm"], False), experiment.series_with_noise.values
    rows, new = reader.drawn(256), reader.drawn(256, validation=True)
    assert rows.max() < 768 <= new.min() - 24 and len(new) == 168
    untrained = stateless(replace(result, weights={"lstm": build(experiment)["lstm"].get_weights()}))
    for model, found in ((stateless(result), picture.probe), (untrained, picture.probe_untrained)):
        seen, unseen = (model.layers[0](values[experiment.windows.samples(at)]).numpy() for at in (rows, new))
        for step in (0, 1, 11, 23):
            expected = read_off(seen[:, step].astype(float), rows, unseen[:, step].astype(float), new, SHORT.period)
            assert found[step] == pytest.approx(expected, abs=1e-3)
    assert picture.probe[0] < 0.6 < 0.9 < picture.probe[-1]  # one sample of a sine leaves two hours open


def test_a_probe_of_nothing_reads_nothing():
    draw = np.random.default_rng(1)
    states, hours = draw.normal(size=(100, 3, 50)), np.arange(100)
    assert (inside.probe(states, hours, draw.normal(size=(100, 3, 50)), hours, 24) < 0).all()
    assert (inside.probe(states, hours, states, hours, 24) > 0.3).all()  # by heart
    assert inside.probe(states * 0, hours, states * 0, hours, 24) == pytest.approx(0)  # dead units
    states[0, 1, 0] = np.nan
    assert np.isnan(inside.probe(states, hours, states, hours, 24)).tolist() == [False, True, False]


def test_it_does_not_matter_to_the_probe_which_hour_of_the_window_is_asked():
    draw = np.random.default_rng(2)
    hours, new = draw.integers(0, 1000, (2, 200))
    states, others = (
        np.sin(at[:, None, None] / 4 + np.arange(9)) + draw.normal(size=(200, 1, 9)) for at in (hours, new)
    )
    once, later = (inside.probe(states, hours + shift, others, new + shift, 24) for shift in (0, 7))
    assert once == pytest.approx(later)


def test_without_a_period_or_hours_to_measure_on_there_is_no_probe():
    draw = np.random.default_rng(3).normal(size=100)
    for series in (Series(draw, draw), Series(draw, draw, period=24)):
        result = trained(Experiment(series, length=6, units=4, epochs=1))
        picture = show_inside(result)
        assert picture.probe is picture.probe_untrained is None
        assert len(picture.axes) == 3 and "hour" not in picture.sentence and picture.png()


def test_units_are_ordered_by_how_much_they_move_and_their_signs_agree():
    answer = np.sin(np.arange(40))
    loading = np.array([0.1, -3, 2, -0.5])
    order, signs = inside.order_and_signs(answer[:, None] * loading, answer)
    assert order.tolist() == [1, 2, 3, 0] and signs.tolist() == [1, -1, 1, -1]
    assert inside.order_and_signs(answer[:, None] * loading, -answer)[1].tolist() == [-1, 1, -1, 1]
    picture, other = (show_inside(trained(PLAIN), window) for window in (0, 9))
    assert sorted(picture.order) == list(range(12)) and set(picture.signs) <= {-1, 1}
    assert picture.order.tolist() == other.order.tolist() and picture.signs.tolist() == other.signs.tolist()


def test_the_heat_map_shows_the_cells_in_that_order_and_0_without_colour():
    picture = show_inside(trained(PLAIN), 7)
    (image,) = (artist for artist in picture.axes[2].get_children() if isinstance(artist, AxesImage))
    for place, unit in enumerate(picture.order):
        np.testing.assert_array_equal(image.get_array()[place], picture.cells[:, unit] * picture.signs[unit])
    low, high = image.get_clim()
    assert -low == high > 0 and image.get_extent() == [-24.5, -0.5, 12.5, 0.5]
    assert np.allclose(image.cmap(0.5)[:3], 0.97, atol=0.02)


def test_the_picture_shows_these_numbers():
    picture = show_inside(trained(PLAIN), 7)
    numbers = picture.inside
    lines = {line.get_label(): line for axes in picture.axes for line in axes.get_lines()}
    np.testing.assert_array_equal(lines["answer so far (trained: the last)"].get_ydata(), picture.answers)
    np.testing.assert_array_equal(lines["linear autoregression"].get_ydata(), picture.weights)
    np.testing.assert_array_equal(lines["before training"].get_ydata(), picture.probe_untrained)
    assert lines["target"].get_xydata()[-1].tolist() == [0, numbers.targets[-1]]
    corners = np.array([bar.vertices for bar in picture.bars.get_paths()])
    np.testing.assert_array_equal(corners[:, 1, 1], picture.mean_influence)
    np.testing.assert_array_equal(corners[:, [0, 3], 1], 0)
    np.testing.assert_allclose((corners[:, 0, 0] + corners[:, 2, 0]) / 2, numbers.places)
    ends = picture.whiskers.get_xydata().reshape(24, 3, 2)[:, :2]
    np.testing.assert_array_equal(ends[:, :, 0].T, [numbers.places, numbers.places])
    for end, sign in ((0, -1), (1, 1)):
        np.testing.assert_allclose(ends[:, end, 1], picture.mean_influence + sign * picture.influence_spread)
    low, high = picture.axes[1].get_ylim()
    assert low < min(ends[:, 0, 1]) and max(ends[:, 1, 1]) < high


@pytest.mark.parametrize("settings", [{}, {"length": 168}, {"length": 1}, {"sampling_rate": 5}], ids=str)
def test_its_words_are_large_enough_and_none_lies_on_another(settings):
    picture = show_inside(trained(replace(PLAIN, epochs=1, **settings)))
    picture.png()
    picture.figure.draw_without_rendering()  # at the figure's own size
    renderer = picture.figure._get_renderer()
    words = [text for text in picture.figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    boxes = [(text, text.get_window_extent(renderer)) for text in words]
    width, height = picture.figure.get_size_inches() * picture.figure.dpi
    boxes = [(text, box) for text, box in boxes if box.width and shown(text, picture)]
    for place, (text, box) in enumerate(boxes):
        assert text.get_fontsize() >= TYPE, text
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text
        for other, beside in boxes[place + 1 :]:
            assert not box.padded(-1).overlaps(beside.padded(-1)), (text, other)


def shown(text, picture):
    """Whether a text is drawn: the number at a tick only where the tick lies in view."""
    for axes in picture.figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks = [tick.label1 for tick in axis.get_major_ticks()] + [tick.label2 for tick in axis.get_major_ticks()]
            if any(text is label for label in ticks):
                return any(text is label for label in axis.get_ticklabels()) and axes_shows(axis, text)
    return True


def axes_shows(axis, text):
    low, high = sorted(axis.get_view_interval())
    place = text.get_position()[0 if axis.axis_name == "x" else 1]
    return low <= place <= high


def test_one_sentence_says_what_is_seen():
    result = trained(PLAIN)
    picture, last = show_inside(result), show_inside(result, sum(map(len, result.experiment.rows)) - 1)
    training, validation = map(len, result.experiment.rows)
    first = f"Training window 1 of {training}: after the first of 24 samples the LSTM's answer is ≈ "
    assert picture.sentence.startswith(first)
    assert last.sentence.startswith(f"Validation window {validation} of {validation}: ")
    assert picture.sentence.count(".") - picture.sentence.count("0.") - picture.sentence.count("1.") <= 1
    assert "R² of ≈ " in picture.sentence and f'alt="{escape(picture.sentence)}"' in picture.html()
    assert repr(picture) == picture.sentence


BAD = [
    ({"result": 3}, "result of type int is no Result; use what run(experiment) returns"),
    ({"window": 912}, "window 912 is too large; use at most 911"),
    ({"window": -1}, "window -1 is too small; use 0 or more"),
    ({"window": 1.5}, "window 1.5 is not a whole number; use 0 or more"),
    ({"carried": True}, "carried True needs an LSTM that keeps its state; use False, or train with stateful=True"),
    ({"carried": "yes"}, "carried 'yes' is not a yes or no; use True or False"),
]


@pytest.mark.parametrize("given, told", BAD, ids=str)
def test_a_bad_value_gets_a_sentence(given, told):
    with pytest.raises(ValueError) as raised:
        show_inside(**{"result": trained(PLAIN)} | given)
    assert str(raised.value) == told


def test_what_a_sweep_left_behind_or_has_diverged_gets_a_sentence():
    result = trained(PLAIN)
    empty = Result(PLAIN, {}, {}, 1, 1, 0.0, "done", {}, {})
    lost = replace(result, weights={"lstm": [weight * np.nan for weight in result.weights["lstm"]]})
    for broken, told in ((empty, "result has no weights"), (lost, "result has states that are not finite")):
        with pytest.raises(ValueError, match=told):
            show_inside(broken)


def test_every_activation_can_be_looked_into_and_none_loads_tensorflow_by_itself():
    assert tuple(inside.ACTIVATION) == ACTIVATIONS
    code = "import sys, helpers; helpers.show_inside; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def mean_influences(**settings):
    """The mean influences that three seeds end with."""
    experiment = Experiment(activation="tanh", learning_rate=0.003, **settings)
    return [show_inside(trained(replace(experiment, seed=seed))).mean_influence for seed in (11, 12, 13)]


def test_on_an_echo_of_a_day_a_trained_lstm_uses_the_oldest_of_24_samples_alone():
    for mean in mean_influences(series="echo", length=24, epochs=12):
        assert mean[0] == pytest.approx(0.95, abs=0.12) and np.abs(mean[1:]).max() < 0.06


def test_on_a_noisy_sine_it_uses_both_half_days_with_opposite_signs():
    for mean in mean_influences(noise=0.3, epochs=5):
        assert (mean[:10] > 0.01).all() and (mean[13:23] < -0.01).all()


def test_on_a_clean_sine_it_uses_the_last_half_day_alone():
    for mean in mean_influences(epochs=5):
        assert (mean[12:] < -0.02).all() and np.abs(mean[:12]).sum() < 0.2 * np.abs(mean[12:]).sum()


@pytest.mark.parametrize("number", [np.inf, np.nan, 1e300])
def test_a_scale_ends_somewhere_however_large_the_numbers(number):
    assert round_up(number, (1, 2, 5)) == MOST
