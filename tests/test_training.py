"""The compiled trainer is Keras's `fit`, only quicker: same losses, live, and no trace of one run in the next."""

import dataclasses
import itertools
import math
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from helpers import EXAMPLES, Experiment, Series, build, floor, run, sine
from helpers.experiment import DNN_SEES, MODELS
from helpers.trainer.compiled import Trainer, trainer, trainer_for
from helpers.trainer.networks import LSTM, Samples
from helpers.trainer.training import Training

SHORT = sine(24, 40)
QUICK = Experiment(series=SHORT, units=20, learning_rate=0.005, epochs=3)  # 24 updates an epoch, the last batch short


def inputs_of(name, experiment, series, windows):
    """What a Keras model is fed: whole windows, or the DNN's samples of them; and the targets."""
    inputs, targets = windows.take(series)
    return (inputs if name == "lstm" else inputs[:, experiment.dnn_steps, 0]), targets


def training_windows(name, experiment):
    return inputs_of(name, experiment, experiment.train, experiment.windows)


def fitted(name, experiment):
    """Keras's own losses, one an epoch: the LSTM on the generator, the DNN on arrays of the same rows."""
    model = build(experiment)[name]
    settings = dict(epochs=experiment.epochs, shuffle=False, verbose=0)
    if name == "lstm":
        history = model.fit(experiment.windows.generator(experiment.train), **settings)
    else:
        history = model.fit(*training_windows(name, experiment), batch_size=experiment.batch_size, **settings)
    return history.history["loss"]


def validated(result, name):
    """Keras's own loss of a result's model over all windows of the validation part."""
    experiment = result.experiment
    windows = inputs_of(name, experiment, experiment.validation, experiment.validation_windows)
    return result.models[name].evaluate(*windows, batch_size=500, verbose=0)


def batch_by_batch(name, experiment, orders):
    """Keras's losses over windows in these orders, one an epoch, until `max_updates` ends it; and its model then."""
    model = build(experiment)[name]
    inputs, targets = training_windows(name, experiment)
    losses, updates = [], 0
    for order in orders:
        batches = [order[i : i + experiment.batch_size] for i in range(0, len(order), experiment.batch_size)]
        batches = batches[: experiment.updates - updates]
        squares = 0.0
        for rows in batches:
            model.reset_metrics()
            squares += len(rows) * float(model.train_on_batch(inputs[rows], targets[rows]))
        losses.append(squares / sum(map(len, batches)))
        updates += len(batches)
        if updates == experiment.updates:
            return losses, model


def same_weights(one, other):
    return all(np.array_equal(a, b) for name in MODELS for a, b in zip(one[name], other[name], strict=True))


def assert_same_run(one, other):
    """The weights to the last bit; the losses but for the rounding of their sums, which follows the reports."""
    assert same_weights(one.weights, other.weights)
    for name in MODELS:
        assert one.losses[name] == pytest.approx(other.losses[name], rel=1e-5)
        assert one.val_losses[name] == pytest.approx(other.val_losses[name], rel=1e-5)


PLAIN = dict(batch_size=32, activation="relu", dnn_sees="oldest", units=20)
SMALL_BATCHES = dict(batch_size=7, activation="tanh", dnn_sees="window", units=20)
LARGE_BATCHES = dict(batch_size=100, activation="relu", dnn_sees="latest", units=6)
WHOLE_WINDOWS = dict(batch_size=32, activation="tanh", dnn_sees="window", units=6)

SPREAD = [
    dict(length=24, stride=1, learning_rate=0.001, **PLAIN),
    dict(length=3, stride=5, learning_rate=0.01, **PLAIN),
    dict(length=50, stride=8, sampling_rate=3, learning_rate=0.001, **PLAIN),
    dict(length=1, stride=8, sampling_rate=12, learning_rate=0.01, **PLAIN),
    dict(length=24, stride=8, sampling_rate=12, learning_rate=0.001, **SMALL_BATCHES),
    dict(length=3, stride=5, learning_rate=0.01, **SMALL_BATCHES),
    dict(length=50, stride=5, learning_rate=0.005, **SMALL_BATCHES),
    dict(length=2, stride=1, sampling_rate=3, learning_rate=0.01, **LARGE_BATCHES),
    dict(length=24, stride=5, sampling_rate=5, learning_rate=0.001, **LARGE_BATCHES),
    dict(length=50, stride=8, sampling_rate=12, learning_rate=0.01, **WHOLE_WINDOWS),
    dict(length=3, stride=1, sampling_rate=12, learning_rate=0.001, **WHOLE_WINDOWS),
    dict(length=191, stride=8, learning_rate=0.001, **WHOLE_WINDOWS),
]


@pytest.mark.parametrize("settings", SPREAD, ids=str)
def test_every_epoch_s_loss_is_that_of_keras_s_fit(settings):
    experiment = Experiment(series=SHORT, epochs=3, seed=settings["length"], **settings)
    result = run(experiment)
    assert result.status == "done" and result.updates == experiment.updates
    assert result.windows == experiment.windows.count(experiment.train)
    for name in MODELS:
        assert result.losses[name] == pytest.approx(fitted(name, experiment), rel=1e-3)


def test_every_epoch_s_validation_loss_is_that_of_the_weights_at_its_end():
    result = run(QUICK)
    for epochs in (1, 2):
        shorter = run(dataclasses.replace(QUICK, epochs=epochs))
        for name in MODELS:
            assert shorter.val_losses[name] == pytest.approx(result.val_losses[name][:epochs], rel=1e-5)


def test_noise_and_normalised_series_train_as_in_keras_too():
    series = Series(50 + 10 * SHORT.values, 50 + 10 * SHORT.targets).normalised()
    experiment = dataclasses.replace(QUICK, series=series, noise=0.3, length=6)
    result = run(experiment)
    for name in MODELS:
        assert result.losses[name] == pytest.approx(fitted(name, experiment), rel=1e-3)


@pytest.mark.parametrize("settings", [PLAIN, SMALL_BATCHES, LARGE_BATCHES], ids=str)
def test_the_result_s_models_are_the_trained_ones(settings):
    experiment = Experiment(series=SHORT, length=24, stride=5, sampling_rate=5, epochs=2, **settings)
    training = Training(experiment)
    try:
        while not training.over:
            training.advance()
        result = training.result()
        rows = experiment.windows.rows(experiment.train)[:100]
        assert training.predict("lstm", rows[:1]).shape == (1,)
        for name in MODELS:
            inputs, _ = training_windows(name, experiment)
            predicted = result.models[name].predict(inputs[:100], batch_size=100, verbose=0)[:, 0]
            np.testing.assert_allclose(training.predict(name, rows), predicted, rtol=1e-3, atol=1e-5)
            assert result.val_losses[name][-1] == pytest.approx(validated(result, name), rel=1e-3)
    finally:
        training.close()


def test_both_models_start_from_the_weights_that_the_seed_decides():
    for seed in (0, 7):
        experiment = dataclasses.replace(QUICK, seed=seed, dnn_sees="window", length=5)
        first = {name: model.get_weights() for name, model in build(experiment).items()}
        assert same_weights(first, {name: model.get_weights() for name, model in build(experiment).items()})
        untrained = run(experiment, cancel=lambda: True)
        assert same_weights(first, untrained.weights)
        assert same_weights(first, {name: model.get_weights() for name, model in untrained.models.items()})
    assert not np.array_equal(build(QUICK)["lstm"].get_weights()[0], first["lstm"][0])


def test_the_initial_weights_are_those_that_keras_s_layers_have_by_default():
    models = build(Experiment(units=200))
    kernel, recurrent, bias, output, _ = models["lstm"].get_weights()
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(200), atol=1e-4)
    assert bias.tolist() == [0] * 200 + [1] * 200 + [0] * 400
    for weights in (kernel, output, models["dnn"].get_weights()[0]):
        limit = math.sqrt(6 / sum(weights.shape))
        assert 0.9 * limit < np.abs(weights).max() <= limit


def permutations(experiment):
    windows = experiment.windows.count(experiment.train)
    return (np.random.default_rng([experiment.seed, epoch]).permutation(windows) for epoch in itertools.count())


@pytest.mark.parametrize("name", MODELS)
def test_shuffle_permutes_all_windows_anew_each_epoch(name):
    experiment = dataclasses.replace(QUICK, shuffle=True, seed=3, length=6, stride=2, max_updates=30)
    assert experiment.windows.updates_per_epoch(experiment.train) == 12
    losses, model = batch_by_batch(name, experiment, permutations(experiment))
    result = run(experiment)
    assert result.losses[name] == pytest.approx(losses, rel=1e-3)
    for ours, theirs in zip(result.weights[name], model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)
    in_order = run(dataclasses.replace(experiment, shuffle=False))
    assert in_order.losses[name] != pytest.approx(losses, rel=0.01)


def test_max_updates_ends_a_run_in_the_middle_of_an_epoch():
    experiment = dataclasses.replace(QUICK, max_updates=40)
    result = run(experiment)
    assert (result.status, result.updates) == ("done", 40)
    in_order = itertools.repeat(np.arange(result.windows))
    for name in MODELS:
        losses, _ = batch_by_batch(name, experiment, in_order)
        assert len(losses) == 2
        assert result.losses[name] == pytest.approx(losses, rel=1e-3)
        assert len(result.val_losses[name]) == 2
        assert result.val_losses[name][-1] == pytest.approx(validated(result, name), rel=1e-3)


@pytest.mark.parametrize("most, epochs", [(1, 1), (24, 1), (25, 2), (48, 2), (72, 3), (10_000, 3)])
def test_a_run_ends_after_max_updates_or_its_epochs_whichever_comes_first(most, epochs):
    result = run(dataclasses.replace(QUICK, max_updates=most))
    assert result.updates == min(most, 72) and result.status == "done"
    for name in MODELS:
        assert len(result.losses[name]) == len(result.val_losses[name]) == epochs


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("length, sampling_rate", [(1, 1), (7, 1), (12, 1), (12, 5)])
@pytest.mark.parametrize("spread", [0, 0.5], ids=["empty", "carried"])
def test_the_gradients_written_out_are_those_of_automatic_differentiation(activation, length, sampling_rate, spread):
    experiment = Experiment(
        series=SHORT, noise=0.3, units=5, activation=activation, length=length, sampling_rate=sampling_rate, seed=1
    )
    model = build(experiment)["lstm"]
    draw = np.random.default_rng(0)
    model.set_weights([w + draw.normal(0, 0.2, w.shape) for w in model.get_weights()])
    ours, lstm = LSTM(5, activation, steps=12), model.layers[0]
    lstm.return_state = True
    part = Samples.of(experiment.train, experiment.windows)
    rows = draw.permutation(experiment.windows.rows(experiment.train))[:10]
    buffers = [tf.fill(tf.shape(room), 99.0) for room in ours.buffers(10)]  # what an earlier update left there
    carried = [tf.constant(draw.normal(0, spread, (5, 10)), tf.float32) for _ in range(2)]  # from an earlier batch
    written_out = tf.function(ours.gradients)
    for inside in (10, 3):  # a full batch, and a short one
        mask = tf.cast(tf.range(10) < inside, tf.float32)
        weights = [tf.constant(w) for w in model.get_weights()]
        at = tf.constant(rows, tf.int32)
        gradients, squares, carried_on, buffers = written_out(weights, part, at, mask, carried, buffers)
        with tf.GradientTape() as tape:
            windows = experiment.train.values[experiment.windows.samples(rows[:inside])]
            state, *left = lstm(windows, initial_state=[tf.transpose(kept)[:inside] for kept in carried])
            error = model.layers[1](state) - experiment.train.targets[rows[:inside]]
            loss = tf.reduce_mean(error**2)
        for own, automatic in zip(gradients, tape.gradient(loss, model.trainable_weights), strict=True):
            np.testing.assert_allclose(own, automatic, rtol=1e-3, atol=1e-5)
        assert float(squares) == pytest.approx(inside * float(loss), rel=1e-4)
        for own, theirs in zip(carried_on, left, strict=True):
            np.testing.assert_allclose(tf.transpose(own)[:inside], theirs, rtol=1e-4, atol=1e-5)


def test_one_update_at_a_time_leads_to_the_same_weights():
    training = Training(QUICK)
    try:
        training.compile()
        for updates in range(1, 31):
            training.advance(updates=1)
            assert training.updates == updates
        assert_same_run(training.result(), run(dataclasses.replace(QUICK, max_updates=30)))
    finally:
        training.close()


def test_progress_comes_at_least_once_an_epoch_and_never_goes_back():
    seen = []
    result = run(dataclasses.replace(QUICK, epochs=6), on_progress=seen.append)
    updates = [progress.updates for progress in seen]
    assert updates == sorted(set(updates)) and updates[-1] == result.updates == 6 * 24
    assert {progress.epoch for progress in seen} == set(range(1, 7))
    for progress in seen:
        assert progress.epoch == math.ceil(progress.updates / 24)
        assert all(math.isfinite(progress.losses[name]) for name in MODELS)
    for name in MODELS:
        assert seen[-1].val_losses[name] == result.val_losses[name][-1]
        assert seen[0].val_losses[name] is None


def test_progress_comes_many_times_in_a_long_epoch():
    seen = []
    experiment = Experiment(length=168, epochs=1, **WHOLE_WINDOWS)
    result = run(experiment, on_progress=seen.append)
    assert len(seen) > 3 and {progress.epoch for progress in seen} == {1}
    for name in MODELS:
        windows = np.diff([0] + [min(progress.updates * 32, result.windows) for progress in seen])
        means = [progress.losses[name] for progress in seen]
        assert np.average(means, weights=windows) == pytest.approx(result.losses[name][0], rel=1e-4)


def test_the_trace_holds_the_losses_between_the_reports():
    result = run(QUICK)
    for name in MODELS:
        updates = [point[0] for point in result.trace[name]]
        assert updates == sorted(set(updates)) and updates[-1] == result.updates
        windows = np.diff([0] + [u // 24 * result.windows + u % 24 * 32 for u in updates])
        means = [point[1] for point in result.trace[name]]
        assert np.average(means, weights=windows) == pytest.approx(np.mean(result.losses[name]), rel=1e-4)


@pytest.mark.parametrize("how", ["event", "function"])
def test_a_cancelled_run_ends_at_once_and_keeps_what_it_has(how):
    experiment = dataclasses.replace(QUICK, epochs=2000)
    stop, seen = threading.Event(), []

    def watch(progress):
        seen.append(progress)
        if progress.updates > 60 and not stop.is_set():
            stop.set()
            seen.clear()

    result = run(experiment, on_progress=watch, cancel=stop if how == "event" else stop.is_set)
    assert result.status == "cancelled" and len(seen) <= 2
    assert 60 < result.updates < experiment.updates
    whole, rest = divmod(result.updates, 24)
    full = run(dataclasses.replace(experiment, epochs=whole + 1))
    cut = run(dataclasses.replace(experiment, max_updates=result.updates))
    assert_same_run(result, cut)
    for name in MODELS:
        assert len(result.losses[name]) == len(result.val_losses[name]) == whole + (rest > 0)
        assert result.losses[name][:whole] == pytest.approx(full.losses[name][:whole], rel=1e-5)
        assert result.val_losses[name][:whole] == pytest.approx(full.val_losses[name][:whole], rel=1e-5)


def test_a_run_cancelled_before_it_starts_has_no_losses():
    result = run(QUICK, cancel=lambda: True)
    assert (result.status, result.updates) == ("cancelled", 0)
    assert result.losses == result.val_losses == {"lstm": [], "dnn": []}


def test_a_run_that_diverges_says_so_and_the_other_model_goes_on():
    before = run(QUICK)
    result = run(dataclasses.replace(QUICK, learning_rate=100))
    assert result.status == "diverged" and result.updates == 72
    assert len(result.losses["lstm"]) == 1 and not math.isfinite(result.losses["lstm"][0])
    assert len(set(result.losses["dnn"])) == len(set(result.val_losses["dnn"])) == 3
    assert all(map(math.isfinite, result.losses["dnn"] + result.val_losses["dnn"]))
    assert_same_run(run(QUICK), before)


def test_where_both_models_diverge_the_run_ends():
    loud = Series(1e30 * SHORT.values, 1e30 * SHORT.targets)
    result = run(dataclasses.replace(QUICK, series=loud, epochs=1000))
    assert result.status == "diverged" and result.updates < 100
    assert all(not math.isfinite(result.losses[name][-1]) for name in MODELS)


@pytest.mark.parametrize("model, other", [("lstm", "dnn"), ("dnn", "lstm")])
def test_a_model_alone_trains_as_it_does_beside_the_other_which_stays_as_it_was(model, other):
    both, alone = run(QUICK), run(QUICK, models=[model])
    assert alone.status == "done" and alone.updates == both.updates
    assert alone.losses == {model: both.losses[model], other: []}
    assert alone.val_losses == {model: both.val_losses[model], other: []}
    for kept, drawn in zip(alone.weights[other], build(QUICK)[other].get_weights(), strict=True):
        np.testing.assert_array_equal(kept, drawn)


def test_a_model_that_is_none_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"^model 'cnn' is unknown; use 'lstm' or 'dnn'$"):
        run(QUICK, models=["cnn"])


def test_no_global_random_state_is_read_or_changed():
    def state():
        return random.getstate(), [str(part) for part in np.random.get_state()]

    random.seed(1)
    np.random.seed(1)
    before = state()
    models = build(QUICK)
    result = run(dataclasses.replace(QUICK, shuffle=True))
    assert state() == before
    random.seed(2)
    np.random.seed(2)
    tf.random.set_seed(2)
    again = {name: model.get_weights() for name, model in build(QUICK).items()}
    assert same_weights(again, {name: model.get_weights() for name, model in models.items()})
    assert_same_run(run(dataclasses.replace(QUICK, shuffle=True)), result)


def test_the_same_experiment_gives_the_same_losses_every_time():
    results = [run(QUICK) for _ in range(5)]
    for result in results[1:]:
        assert_same_run(result, results[0])
    other = run(dataclasses.replace(QUICK, seed=1))
    assert other.losses["lstm"] != pytest.approx(results[0].losses["lstm"], rel=1e-5)


def test_a_newer_run_changes_nothing_of_an_older_result():
    first = run(QUICK)
    kept = {name: [w.copy() for w in weights] for name, weights in first.weights.items()}
    losses = {name: list(values) for name, values in first.losses.items()}
    run(dataclasses.replace(QUICK, length=3))
    early = {name: model.get_weights() for name, model in first.models.items()}
    newest = run(dataclasses.replace(QUICK, epochs=5))
    newest.models["lstm"].set_weights([0 * w for w in newest.weights["lstm"]])
    run(QUICK)
    late = {name: model.get_weights() for name, model in first.models.items()}
    assert same_weights(kept, early) and same_weights(kept, late) and same_weights(kept, first.weights)
    assert first.losses == losses


def test_runs_that_begin_at_the_same_time_share_one_trainer(monkeypatch):
    class Slow(Trainer):
        def __init__(self, *settings):
            time.sleep(0.1)
            super().__init__(*settings)

    monkeypatch.setattr("helpers.trainer.compiled.Trainer", Slow)
    large = dataclasses.replace(QUICK, units=60, batch_size=1000)  # as no other test asks for
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(trainer_for, ["lstm"] * 4, [large] * 4))
    assert type(made[0]) is Slow and len({*made}) == 1


def test_no_slider_compiles_anything_anew():
    draw = random.Random(0)
    walk = [
        Experiment(
            series=draw.choice(["sine", SHORT, sine(24, 100)]),
            length=draw.choice([1, 168, draw.randint(1, 168)]),
            stride=draw.randint(1, 48),
            sampling_rate=draw.randint(1, 24),
            noise=draw.choice([0, 0.3, draw.random()]),
            seed=draw.randint(0, 1000),
            learning_rate=10 ** -draw.uniform(1, 4),
            shuffle=draw.random() < 0.5,
            epochs=draw.randint(1, 3),
            max_updates=draw.choice([1, 2, 5, None if i < 5 else 3]),
            **WHOLE_WINDOWS | {"units": draw.randint(1, 50), "batch_size": draw.randint(1, 32)},
        )
        for i in range(30)
    ]
    trainer.cache_clear()  # of what other tests have compiled
    compiled = [trainer(name, 50, "tanh", 32, "window", 168) for name in MODELS]

    def compilations():
        return [f.experimental_get_tracing_count() for one in compiled for f in (one.train, one.read)]

    first = Training(walk[0])
    first.compile()
    first.close()
    assert [first.trainers[name] for name in MODELS] == compiled
    assert compilations() == [1] * 4
    for experiment in walk:
        run(experiment)
    assert compilations() == [1] * 4


@pytest.mark.parametrize("name, compiled", [("lstm", 1), ("dnn", 3)])
def test_what_the_dnn_sees_compiles_the_dnn_anew_and_no_lstm(name, compiled):
    each = {trainer_for(name, dataclasses.replace(QUICK, dnn_sees=sees)) for sees in DNN_SEES}
    assert len(each) == compiled


def test_two_runs_at_once_give_what_each_gives_alone():
    experiments = [
        dataclasses.replace(QUICK, epochs=10),
        dataclasses.replace(QUICK, epochs=10, length=6, shuffle=True, seed=4),
        dataclasses.replace(QUICK, epochs=10, stride=5, noise=0.2),
    ]
    alone = [run(experiment) for experiment in experiments]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(run, experiments))
    for one, other in zip(alone, together, strict=True):
        assert_same_run(one, other)


def test_no_thread_is_left_when_a_run_ends_however_it_ends():
    before = set(threading.enumerate())

    def fail(progress):
        raise KeyError("a callback of the learner's")

    run(QUICK)
    run(QUICK, cancel=lambda: True)
    run(dataclasses.replace(QUICK, learning_rate=100))
    with pytest.raises(KeyError):
        run(QUICK, on_progress=fail)
    assert set(threading.enumerate()) <= before


def test_a_dnn_may_see_the_whole_of_a_window_longer_than_the_built_in_series_allow():
    t = np.arange(20_000) / 10
    experiment = Experiment(series=Series(np.sin(t), np.cos(t)), length=2000, dnn_sees="window", units=2)
    training = Training(experiment)
    training.close()
    assert len(training.result().weights["dnn"][0]) == 2000


def test_a_sampling_rate_of_any_size_selects_the_oldest_sample_alone():
    huge = run(dataclasses.replace(QUICK, sampling_rate=10**12))
    assert_same_run(huge, run(dataclasses.replace(QUICK, sampling_rate=24)))


@pytest.mark.parametrize("length", [1, 3, 6, 9, 12, 24])
def test_the_dnn_stands_on_its_floor_at_every_length(length):
    result = run(dataclasses.replace(QUICK, length=length, learning_rate=0.01, epochs=20))
    assert result.val_losses["dnn"][-1] == pytest.approx(floor(result.experiment)["dnn"], abs=0.01)


def test_the_lstm_learns_what_one_sample_cannot_tell():
    result = run(EXAMPLES[1])
    assert result.val_losses["lstm"][-1] < 1e-3
    assert result.val_losses["dnn"][-1] == pytest.approx(0.25, abs=0.01)
