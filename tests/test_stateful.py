"""An LSTM that keeps its state from batch to batch is Keras's `LSTM(stateful=True)`, also when it reads on."""

import dataclasses
import random

import numpy as np
import pytest

from helpers import Experiment, build, floor, run, sine
from helpers.experiment import MODELS
from helpers.trainer import reading, training
from helpers.trainer.compiled import trainer, trainer_for
from helpers.trainer.training import Training

SHORT = sine(24, 40)  # 768 samples to train on, 192 to validate on
KEPT = Experiment(SHORT, length=6, units=12, activation="tanh", learning_rate=0.005, epochs=2, stateful=True, noise=0.1)


def at_random(number):
    """Settings drawn at random; where the number is odd, ones whose windows join."""
    draw = random.Random(number)
    length = draw.randint(1, 40)
    if number % 2:
        stride = draw.choice([divisor for divisor in range(1, length + 1) if length % divisor == 0])
        places = dict(stride=stride, batch_size=length // stride)
    else:
        places = dict(stride=draw.randint(1, 10), batch_size=draw.randint(1, 40))
        places["sampling_rate"] = draw.choice([1, 2, 3, 5, 12])
    sees, rate = draw.choice(["oldest", "window"]), draw.choice([0.001, 0.005, 0.01])
    kept = dataclasses.replace(KEPT, length=length, epochs=3, seed=number, dnn_sees=sees, learning_rate=rate, **places)
    assert kept.gap == 0 or not number % 2
    return kept


def inputs_of(name, experiment, series, windows):
    """What a Keras model is fed: whole windows, or the DNN's samples of them; and the targets."""
    inputs, targets = windows.take(series)
    return (inputs if name == "lstm" else inputs[:, experiment.dnn_steps, 0]), targets


def every_window(experiment):
    """The training windows, those of a short last batch too."""
    return dataclasses.replace(experiment.windows, drop_remainder=False)


def fitted(name, experiment):
    """Keras's own losses, one an epoch: on the full batches, from a state made empty before each `fit`."""
    model, losses = build(experiment)[name], []
    inputs, targets = inputs_of(name, experiment, experiment.train, every_window(experiment))
    full = len(inputs) // experiment.batch_size * experiment.batch_size
    for epoch in range(experiment.epochs):
        order = np.arange(len(inputs))
        if experiment.shuffle:
            order = np.random.default_rng([experiment.seed, epoch]).permutation(len(inputs))
        if name == "lstm":
            model.layers[0].reset_states()
        asked, wanted = inputs[order[:full]], targets[order[:full]]
        history = model.fit(asked, wanted, batch_size=experiment.batch_size, shuffle=False, verbose=0)
        losses += history.history["loss"]
    return losses


def stateless(result):
    """The trained LSTM as a Keras model that begins each window empty."""
    model = build(dataclasses.replace(result.experiment, stateful=False))["lstm"]
    model.set_weights(result.weights["lstm"])
    return model


def read_on(result, series, first=0):
    """Keras's answers to all rows of a part, all lanes at once, a batch: each begins empty at its window `first`."""
    experiment, lanes = result.experiment, result.experiment.length
    model = build(experiment, batch_size=lanes)["lstm"]
    model.set_weights(result.weights["lstm"])
    inputs, targets = experiment.validation_windows.take(series)
    answers, asked = np.full(len(inputs), np.nan), inputs[first * lanes :]
    full = np.pad(asked, [(0, -len(asked) % lanes), (0, 0), (0, 0)])
    answers[first * lanes :] = model.predict(full, batch_size=lanes, verbose=0)[: len(asked), 0]
    return answers, targets[:, 0]


@pytest.mark.parametrize("number", range(20))
def test_every_epoch_s_loss_is_that_of_keras_s_stateful_lstm(number):
    experiment = at_random(number)
    result = run(experiment)
    assert result.status == "done" and result.updates == experiment.updates
    for name in MODELS if number < 6 else ["lstm"]:  # the DNN keeps nothing: a few settings tell
        assert result.losses[name] == pytest.approx(fitted(name, experiment), rel=1e-3), experiment


def test_what_is_kept_changes_the_losses():
    kept, plain = run(KEPT), run(dataclasses.replace(KEPT, stateful=False))
    assert kept.losses["lstm"] != pytest.approx(plain.losses["lstm"], rel=0.05)


@pytest.mark.parametrize("name", MODELS)
def test_shuffle_permutes_all_windows_and_then_leaves_the_short_batch_out(name):
    experiment = dataclasses.replace(KEPT, shuffle=True, seed=3, epochs=3, batch_size=25)
    windows = every_window(experiment).count(experiment.train)
    assert windows % 25 and experiment.windows.count(experiment.train) == windows // 25 * 25
    assert run(experiment).losses[name] == pytest.approx(fitted(name, experiment), rel=1e-3)


def test_only_full_batches_are_trained_on_and_counted():
    experiment = dataclasses.replace(KEPT, batch_size=25, stride=2)
    result = run(experiment)
    full = every_window(experiment).count(experiment.train) // 25
    assert (result.windows, result.updates) == (25 * full, 2 * full)
    cut = run(dataclasses.replace(experiment, max_updates=full + 3))
    assert cut.losses["lstm"][0] == pytest.approx(result.losses["lstm"][0], rel=1e-5)
    assert cut.updates == full + 3 and len(cut.losses["lstm"]) == len(cut.val_losses["lstm"]) == 2


def test_the_initial_weights_are_those_of_the_seed_with_and_without_it():
    plain = dataclasses.replace(KEPT, stateful=False)
    first = [run(experiment, cancel=lambda: True).weights for experiment in (KEPT, plain)]
    first += [{name: model.get_weights() for name, model in build(one).items()} for one in (KEPT, plain)]
    for weights in first[1:]:
        for name in MODELS:
            assert all(np.array_equal(a, b) for a, b in zip(weights[name], first[0][name], strict=True))


def test_the_result_s_lstm_takes_a_window_at_a_time_and_reads_on():
    model = run(KEPT).models["lstm"]
    window = KEPT.windows.take(KEPT.train)[0][:1]
    assert model.input_shape == (1, KEPT.windows.steps, 1)
    once, twice = model.predict(window, verbose=0), model.predict(window, verbose=0)
    model.layers[0].reset_states()
    assert once != twice and once == model.predict(window, verbose=0)
    assert build(KEPT)["lstm"].input_shape == (32, KEPT.windows.steps, 1)


READ_ON = [{}, {"length": 1, "batch_size": 3}, {"length": 24, "sampling_rate": 5}, {"length": 70}]


@pytest.mark.parametrize("settings", READ_ON, ids=str)
def test_validation_asks_every_row_in_lanes_that_read_on(settings, monkeypatch):
    experiment = dataclasses.replace(KEPT, **settings)
    result = run(experiment)
    answers, targets = read_on(result, experiment.validation)
    assert len(answers) == len(experiment.validation) - experiment.length
    assert result.val_losses["lstm"][-1] == pytest.approx(np.mean((answers - targets) ** 2), rel=1e-3)
    windows = inputs_of("dnn", experiment, experiment.validation, experiment.validation_windows)
    assert result.val_losses["dnn"][-1] == pytest.approx(result.models["dnn"].evaluate(*windows, verbose=0), rel=1e-3)
    monkeypatch.setattr(reading, "PIECE", 1)
    in_pieces = run(experiment)
    assert in_pieces.val_losses["lstm"] == pytest.approx(result.val_losses["lstm"], rel=1e-6)


def test_where_one_window_fills_a_lane_the_validation_loss_is_the_stateless_one():
    experiment = dataclasses.replace(KEPT, length=96)
    result = run(experiment)
    windows = experiment.validation_windows.take(experiment.validation)
    loss = stateless(result).evaluate(*windows, batch_size=96, verbose=0)
    assert result.val_losses["lstm"][-1] == pytest.approx(loss, rel=1e-3)


AS_TRAINED = [{}, {"stride": 3, "batch_size": 7}, {"batch_size": 70}, {"shuffle": True, "seed": 2, "batch_size": 8}]


@pytest.mark.parametrize("settings", AS_TRAINED, ids=str)
def test_beside_it_the_loss_with_the_windows_as_they_lay_in_training(settings):
    experiment = dataclasses.replace(KEPT, epochs=1, **settings)
    result = run(experiment)
    model = build(experiment)["lstm"]
    model.set_weights(result.weights["lstm"])
    inputs, targets = experiment.windows.take(experiment.validation)
    order = np.arange(len(inputs))
    if experiment.shuffle:
        order = np.random.default_rng([experiment.seed, 0]).permutation(len(inputs))
    answers = model.predict(inputs[order], batch_size=experiment.batch_size, verbose=0)
    assert len(inputs) % experiment.batch_size == 0
    (loss,) = result.val_losses_as_trained["lstm"]
    assert loss == pytest.approx(np.mean((answers - targets[order]) ** 2), rel=1e-3)
    assert loss != pytest.approx(result.val_losses["lstm"][0], rel=1e-3)
    seen = inputs_of("dnn", experiment, experiment.validation, experiment.windows)
    (loss,) = result.val_losses_as_trained["dnn"]
    assert loss == pytest.approx(result.models["dnn"].evaluate(*seen, verbose=0), rel=1e-3)


def test_there_is_none_where_the_validation_part_does_not_fill_a_batch_or_nothing_is_kept():
    for settings in ({"batch_size": 187}, {"stateful": False}):
        result = run(dataclasses.replace(KEPT, epochs=1, **settings))
        assert result.val_losses_as_trained == {"lstm": [], "dnn": []}
        assert len(result.val_losses["lstm"]) == 1 and np.isfinite(result.val_losses["lstm"]).all()
    assert len(run(dataclasses.replace(KEPT, epochs=1, batch_size=186)).val_losses_as_trained["lstm"]) == 1


@pytest.mark.parametrize("length", [3, 6, 70])
@pytest.mark.parametrize("part", ["train", "validation"])
def test_the_answers_use_the_state_that_each_row_s_lane_has_reached(length, part):
    experiment = dataclasses.replace(KEPT, length=length, epochs=1)
    run_of_it = Training(experiment)
    try:
        while not run_of_it.over:
            run_of_it.advance()
        result, series = run_of_it.result(), getattr(experiment, part)
        expected, _ = read_on(result, series)
        border = 0 if part == "train" else len(experiment.train)  # rows are counted in the whole series
        for first in (length, len(series) - 100):
            rows = np.arange(first, min(first + 128, len(series)))
            asked = run_of_it.predict("lstm", border + rows)
            np.testing.assert_allclose(asked, expected[rows - length], rtol=1e-3, atol=1e-4)
        one_row = run_of_it.predict("lstm", np.array([border + len(series) - 1]))
        np.testing.assert_allclose(one_row, expected[-1:], rtol=1e-3, atol=1e-4)
        rows = np.arange(length, length + 9)
        inputs, _ = inputs_of("dnn", experiment, series, experiment.validation_windows)
        dnn = result.models["dnn"].predict(inputs[:9], verbose=0)[:, 0]
        np.testing.assert_allclose(run_of_it.predict("dnn", border + rows), dnn, rtol=1e-3, atol=1e-5)
    finally:
        run_of_it.close()


def test_far_rows_of_a_long_series_begin_empty_nearer_to_them(monkeypatch):
    experiment = dataclasses.replace(KEPT, epochs=1)
    run_of_it = Training(experiment)
    run_of_it.advance()
    run_of_it.close()
    rows = np.arange(740, 752)  # windows 122 and 123 of the six lanes, 124 of two
    exact = run_of_it.predict("lstm", rows)
    for windows in (5, 20):
        monkeypatch.setattr(reading, "REACH", 6 * windows)
        expected, _ = read_on(run_of_it.result(), experiment.train, first=124 + 1 - windows)
        near = run_of_it.predict("lstm", rows)
        np.testing.assert_allclose(near, expected[rows - 6], rtol=1e-4, atol=1e-5)
        assert (np.abs(near - exact).max() > 1e-4) == (windows == 5)
    monkeypatch.setattr(reading, "REACH", 1)
    assert np.isfinite(run_of_it.predict("lstm", np.arange(700, 760))).all()


def test_neither_validation_nor_answers_touch_the_state_of_training():
    experiment = dataclasses.replace(KEPT, epochs=3)
    run_of_it, plain = Training(experiment), run(experiment)
    try:
        while not run_of_it.over:
            run_of_it.advance(5)
            run_of_it.predict("lstm", np.arange(100, 140))
        result = run_of_it.result()
    finally:
        run_of_it.close()
    assert all(np.array_equal(a, b) for a, b in zip(result.weights["lstm"], plain.weights["lstm"], strict=True))
    for kind in ("losses", "val_losses", "val_losses_as_trained"):
        assert getattr(result, kind)["lstm"] == pytest.approx(getattr(plain, kind)["lstm"], rel=1e-5)


def test_nothing_is_carried_beside_the_batch():
    run_of_it = Training(dataclasses.replace(KEPT, batch_size=5))
    run_of_it.advance(3)
    run_of_it.close()
    for carried in run_of_it.carried["lstm"]:
        assert carried[:12, :5].numpy().all() and not carried[:, 5:].numpy().any()


def test_a_cancel_is_obeyed_in_the_middle_of_validation(monkeypatch):
    monkeypatch.setattr(reading, "PIECE", 1)  # a window of each lane
    monkeypatch.setattr(training, "CHUNK_SECONDS", 0)  # a piece each time
    experiment = dataclasses.replace(KEPT, epochs=1)
    asked = 0

    def cancel(updates):
        nonlocal asked
        asked += updates == experiment.updates
        return asked > 5

    seen = [0]
    result = run(experiment, lambda progress: seen.append(progress.updates), lambda: cancel(seen[-1]))
    assert (result.status, result.updates) == ("cancelled", experiment.updates)
    assert len(result.losses["lstm"]) == 1 and result.val_losses["lstm"] == []
    whole = run(experiment)
    assert whole.status == "done"
    monkeypatch.undo()
    assert whole.val_losses["lstm"] == pytest.approx(run(experiment).val_losses["lstm"], rel=1e-5)


def test_training_does_not_run_away_from_its_validation(monkeypatch):
    monkeypatch.setattr(reading, "PIECE", 1)
    monkeypatch.setattr(training, "CHUNK_SECONDS", 0)
    run_of_it, most = Training(dataclasses.replace(KEPT, batch_size=150, epochs=6)), 0  # 5 updates an epoch
    try:
        while not run_of_it.over:
            run_of_it.advance()
            most = max(most, *map(len, run_of_it.to_validate.values()))
        result = run_of_it.result()
    finally:
        run_of_it.close()
    assert most == 2 and result.status == "done" and len(result.val_losses["lstm"]) == 6


def test_a_run_cancelled_within_an_epoch_has_the_loss_of_the_full_batches_so_far():
    experiment = dataclasses.replace(KEPT, epochs=2000, batch_size=25)
    seen = [0]
    result = run(experiment, lambda progress: seen.append(progress.updates), lambda: seen[-1] > 40)
    cut = run(dataclasses.replace(experiment, max_updates=result.updates))
    assert result.status == "cancelled" and result.losses["lstm"] == pytest.approx(cut.losses["lstm"], rel=1e-5)


def test_to_keep_the_state_is_one_compilation_more_and_no_slider_another():
    draw = random.Random(0)
    walk = [
        Experiment(
            series=draw.choice(["sine", SHORT, sine(24, 100)]),
            length=draw.choice([1, 168, draw.randint(1, 168)]),
            stride=draw.randint(1, 12),
            sampling_rate=draw.randint(1, 24),
            batch_size=draw.randint(1, 32),
            units=draw.randint(1, 50),
            activation="tanh",
            dnn_sees="latest",
            shuffle=draw.random() < 0.5,
            seed=draw.randint(0, 1000),
            max_updates=draw.choice([1, 20]),
            stateful=i > 0,
        )
        for i in range(16)
    ]
    trainer.cache_clear()  # of what other tests have compiled
    compiled = [trainer_for(name, walk[0]) for name in MODELS]

    def compilations():
        return [f.experimental_get_tracing_count() for one in compiled for f in (one.train, one.read)]

    run(walk[0])
    assert compilations() == [1, 1, 1, 1]
    for experiment in walk[1:]:
        run(experiment)
        assert compilations() == [2, 1, 1, 1]
    run(walk[0])
    assert compilations() == [2, 1, 1, 1]


def test_with_its_state_an_lstm_passes_the_floor_of_one_window():
    experiment = Experiment(length=1, batch_size=1, activation="tanh", epochs=1, stateful=True)
    assert experiment.gap == 0 and floor(experiment)["lstm"] is None
    lowest = floor(dataclasses.replace(experiment, stateful=False))["lstm"]
    assert run(experiment).val_losses["lstm"][-1] < lowest / 4
