"""What `inside_the_lstm` says an LSTM holds and uses is so for other seeds and other draws than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import SEEDS, anew, last, trained

from helpers import Experiment, build, echo
from helpers.models import keras
from helpers.trainer.inside import look_inside

SINE = Experiment(epochs=3)
TANH = replace(SINE, activation="tanh", learning_rate=0.002)
ECHO = Experiment("echo", activation="tanh", learning_rate=0.002, epochs=4)
NOISY = replace(TANH, noise=0.3)


def influences(experiment):
    """The mean influences that three seeds end with, shape `(3, steps)`."""
    return np.array([look_inside(result).mean_influence for result in trained(experiment)])


def newest_half(experiment):
    """The part of all influence that lies on the newer half of the window, one for each of three seeds."""
    size = np.abs(influences(experiment))
    return size[:, size.shape[1] // 2 :].sum(1) / size.sum(1)


def test_the_step_that_is_worked_by_hand_is_keras_s():
    layer = keras.layers.LSTM(2, activation="relu", return_state=True)
    layer.build((1, 2, 1))
    kernel, recurrent, bias = np.zeros((1, 8)), np.zeros((2, 8)), np.zeros(8)
    kernel[0, 4:6], recurrent[0, 5], bias[2] = (1, 2), 1, 20
    layer.set_weights([kernel, recurrent, bias])
    for samples, hidden, cells in (([4], [1, 2], [2, 4]), ([4, 2], [1.5, 2.25], [3, 4.5])):
        _, *states = layer(np.array(samples, float).reshape(1, -1, 1))
        np.testing.assert_allclose([state.numpy()[0] for state in states], [hidden, cells], atol=1e-6)


def test_an_lstm_of_50_units_has_10_400_weights():
    assert build(SINE)["lstm"].layers[0].count_params() == 10_400


@pytest.mark.parametrize("experiment", [SINE, TANH], ids=["relu", "tanh"])
def test_on_the_clean_sine_the_newest_half_day_counts_and_not_two_samples_alone(experiment):
    assert newest_half(experiment).min() > 0.75 and last(experiment).max() < 1e-3
    size = np.abs(influences(experiment))
    assert (size[:, -2:].sum(1) < 0.4 * size.sum(1)).all()


def test_least_squares_weighs_the_clean_sine_otherwise_and_has_no_error_either():
    weights = look_inside(trained(SINE)[0]).weights
    samples, targets = SINE.validation_windows.take(SINE.validation)
    assert np.mean((samples[:, :, 0] @ weights - targets[:, 0]) ** 2) < 1e-6
    assert (weights[2:10] > 0.01).all() and (weights[14:22] < -0.01).all()


@pytest.mark.parametrize("draw", [1, 2])
def test_with_noise_both_half_days_count_as_for_least_squares(draw):
    noisy = replace(NOISY, draw=draw)
    assert newest_half(noisy).max() < 0.65
    for result in trained(noisy):
        seen = look_inside(result)
        assert np.corrcoef(seen.mean_influence, seen.weights)[0, 1] > 0.9
        assert np.abs(seen.mean_influence).max() < 0.12


def test_the_hour_is_read_off_an_untrained_lstm_as_well():
    for result in trained(SINE):
        seen = look_inside(result)
        assert np.abs(seen.probe - seen.probe_untrained)[1:].max() < 0.05 < 0.9 < seen.probe_untrained[1]


@pytest.mark.parametrize("draw", [0, 1])
def test_on_echo_at_length_24_one_bar_grows_at_the_oldest_sample(draw):
    found = influences(replace(ECHO, draw=draw))
    assert (found[:, 0] > 0.5).all() and np.abs(found[:, 2:]).max() < 0.2
    assert np.abs(found[:, 1]).max() < 0.3


@pytest.mark.parametrize("draw", [0, 1])
def test_at_length_25_a_mixture_is_kept_and_the_newest_subtracted_and_later_the_second_oldest_is_used(draw):
    early = influences(replace(ECHO, length=25, draw=draw))
    assert (early[:, 0] > early[:, 1]).all() and (early[:, 1] > early[:, 2]).all()
    assert (early[:, -1] < -0.3).all() and (early[:, 0] + early[:, -1] < 0.6 * early[:, 0]).all()
    late = influences(replace(ECHO, length=25, draw=draw, epochs=12))
    assert (late[:, 1] > late[:, 0]).all() and (late[:, 1] > 0.6).all()


@pytest.fixture(scope="module")
def network():
    """The LSTM in plain Keras, compiled once, by XLA: an epoch takes half the processor time."""
    model = build(ECHO)["lstm"]
    model.compile(model.optimizer, "mse", jit_compile=True)
    return model


def with_oldest(network, seed, draw, fresh):
    """The validation loss of Keras's own `fit` at length 25 where the oldest sample is 1, or a fresh random number."""
    case, random = replace(ECHO, length=25, seed=seed, draw=draw), np.random.default_rng(seed)
    model, (inputs, targets) = anew(network, build(case)["lstm"].get_weights()), case.windows.take(case.train)
    unseen, wanted = case.validation_windows.take(case.validation)
    for windows in (inputs, unseen):
        windows[:, 0] = random.normal(size=(len(windows), 1)) if fresh else 1
    model.fit(inputs, targets, batch_size=32, epochs=case.epochs, shuffle=False, verbose=0)
    return model.evaluate(unseen, wanted, verbose=0)


@pytest.mark.parametrize("draw", [1])
def test_a_sample_before_it_that_differs_from_window_to_window_slows_training_and_a_constant_does_not(network, draw):
    here = replace(ECHO, draw=draw)
    slow = [last(replace(here, length=25)), last(replace(here, series=echo(23, 381, seed=draw)))]
    slow.append([with_oldest(network, seed, draw, fresh=True) for seed in SEEDS[:2]])
    fast = [last(here), [with_oldest(network, seed, draw, fresh=False) for seed in SEEDS[:2]]]
    assert min(map(min, slow)) > max(map(max, fast))


def test_what_is_not_in_the_window_is_not_learnt():
    assert last(replace(ECHO, length=23)).min() > 0.9 > 0.6 > last(ECHO).max()


@pytest.mark.parametrize("draw", [0, 1])
def test_the_influence_forecasts_what_a_small_change_of_the_oldest_sample_does(draw):
    for result in trained(replace(ECHO, draw=draw)):
        for number in (0, 3000):
            seen, added = look_inside(result, number), np.array([-0.01, 0.01])
            windows = np.tile(seen.samples, (2, 1))
            windows[:, 0] += added
            answers = result.models["lstm"].predict_on_batch(windows[..., None])[:, 0]
            assert (answers - seen.answers[-1]) / (added * seen.influence[0]) == pytest.approx([1, 1], abs=0.1)


@pytest.mark.parametrize("draw", [0, 1])
def test_the_cell_states_carry_the_oldest_sample_and_the_hidden_states_hardly(draw):
    for result in trained(replace(ECHO, draw=draw)):
        lstm, dense = result.models["lstm"].layers
        seen = [look_inside(result, 613 * number) for number in range(11)]
        hidden, cells = (np.array([getattr(one, name)[11] for one in seen]) for name in ("hidden", "cells"))
        rest = np.array([one.samples[12:, None] for one in seen])
        answers = np.array([one.answers[-1] for one in seen])
        np.testing.assert_allclose(dense(lstm(rest, initial_state=[hidden, cells]))[:, 0], answers, atol=1e-4)
        apart = np.roll(answers, 1) - answers
        way = []
        for states in ([hidden, np.roll(cells, 1, 0)], [np.roll(hidden, 1, 0), cells]):
            moves = dense(lstm(rest, initial_state=states)).numpy()[:, 0] - answers
            way.append(moves @ apart / (apart @ apart))
        assert way[0] > 0.5 > way[1]


def week(result):
    """The cells while an LSTM reads 168 samples, more than it was trained on, shape `(168, units)`."""
    cell, states, kept = result.models["lstm"].layers[0].cell, [np.zeros((1, 50))] * 2, []
    for sample in result.experiment.train.values[:168]:
        states = cell(sample[None], states)[1]
        kept.append(states[1].numpy()[0])
    return np.array(kept)


def test_over_a_week_the_cells_of_relu_grow_without_limit_and_those_of_tanh_by_at_most_1_a_sample():
    for result in trained(SINE):
        cells = np.abs(week(result))
        assert cells[23].max() < 3 and cells[-1].max() > 168
    for experiment in (TANH, NOISY, ECHO):
        for result in trained(experiment):
            assert (np.diff(np.abs(week(result)), axis=0, prepend=0) <= 1 + 1e-5).all()
    for result in trained(TANH):
        cells = np.abs(week(result)).max(1)
        assert cells[-1] < 1.2 * cells[23]
    for result in trained(ECHO):
        assert np.abs(week(result)).max() > 2
