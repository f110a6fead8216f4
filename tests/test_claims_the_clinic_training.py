"""What `the_clinic_training` says of five faults in a network and its training holds for other seeds."""

from dataclasses import replace

import numpy as np
import pytest
from claims import SEEDS, anew, last

from helpers import Experiment, Windows, sine
from helpers.models import keras

TRAIN, LATER = sine(days=45).split()


def relative(experiment):
    """The LSTM's validation losses at the end of three runs, as parts of the variance; infinite if one diverged."""
    return np.nan_to_num(last(experiment) / experiment.validation.targets.var(), nan=np.inf)


class OwnLoss(keras.losses.Loss):
    """A loss as people write it: right for targets of shape (samples, 1), wrong for flat ones."""

    def call(self, y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2)


def own_function(y_true, y_pred):
    return keras.ops.mean((y_true - y_pred) ** 2)


def errors(loss="mse", length=24, flat=False, every_target=False, **settings):
    """The relative errors of the last answer on later days of a small LSTM in plain Keras, for three seeds."""
    layers = [keras.layers.LSTM(16, seed=0, **settings), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 1)), *layers])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss=loss)
    inputs, targets = Windows(length).take(TRAIN)
    if every_target:
        targets = TRAIN.targets[Windows(length).samples(Windows(length).rows(TRAIN)) + 1]
    asked, wanted = Windows(length).take(LATER)
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(inputs))
        anew(model, [new(rng, weights) for weights in model.get_weights()])
        model.fit(inputs[order], targets[order, 0] if flat else targets[order], epochs=3, shuffle=False, verbose=0)
        answers = np.array(model(asked)).reshape(len(asked), -1)[:, -1:]
        found.append(np.mean((answers - wanted) ** 2) / wanted.var())
    return np.array(found)


def new(rng, weights):
    """Weights of the same shape, drawn anew; biases stay."""
    return weights if weights.ndim == 1 else rng.normal(0, weights.std(), weights.shape)


def test_shapes_flat_targets_in_a_loss_of_ones_own_teach_the_mean_whatever_the_length():
    assert errors(OwnLoss(), flat=True).min() > 0.5 and errors(OwnLoss(), length=48, flat=True).min() > 0.5
    assert errors(OwnLoss()).max() < 0.02


def test_shapes_which_code_brings_flat_targets_into_shape():
    wanted = np.array([-1.0, 1.0])
    perfect = wanted[:, None]
    identity = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
    found = []
    for settings in (
        {"loss": "mse"},
        {"loss": own_function},
        {"loss": OwnLoss()},
        {"loss": "mse", "metrics": [own_function]},
    ):
        identity.compile(**settings, run_eagerly=True)
        found.append(np.ravel(identity.evaluate(perfect, wanted, verbose=0))[-1])
    np.testing.assert_allclose(found, [0, 0, 2, 2])
    assert np.mean((wanted - perfect) ** 2) == 2


def test_sequences_an_answer_at_every_sample_for_one_target_spoils_the_last_one_whatever_the_length():
    assert errors(return_sequences=True).max() > 0.02 and errors(length=48, return_sequences=True).max() > 0.02
    assert errors().max() < 0.02


def test_sequences_with_a_target_for_every_sample_the_last_answer_is_good():
    assert errors(return_sequences=True, every_target=True).max() < 0.02


DAYS = Experiment(sine(days=45), length=144, max_updates=60)


@pytest.mark.parametrize("changes", [{}, {"length": 168}, {"learning_rate": 0.0003}], ids=str)
def test_relu_on_six_days_fails_for_some_seed_and_neither_length_nor_learning_rate_mends_it(changes):
    assert relative(replace(DAYS, **changes)).max() > 0.1


@pytest.mark.parametrize("changes", [{"activation": "tanh"}, {"length": 24}], ids=str)
def test_relu_tanh_or_a_shorter_window_mends_it(changes):
    assert relative(replace(DAYS, **changes)).max() < 0.02


SMALL = Experiment(sine(days=45), units=16, activation="tanh", epochs=3)


@pytest.mark.parametrize("rate", [1, 0.0001])
def test_rate_too_high_or_too_low_learns_little_in_three_epochs(rate):
    assert relative(replace(SMALL, learning_rate=rate)).min() > 0.2


def test_rate_a_longer_window_does_not_mend_it_and_a_rate_from_the_middle_does():
    assert relative(replace(SMALL, learning_rate=1, length=48)).max() > 0.2
    assert relative(replace(SMALL, learning_rate=0.02)).max() < 0.02


IDLE = Experiment(sine(days=60), stride=25)


def test_updates_twenty_of_them_teach_little_whatever_the_length():
    assert IDLE.updates == replace(IDLE, length=48).updates == 20
    assert relative(IDLE).min() > 0.2 and relative(replace(IDLE, length=48)).min() > 0.2


def test_updates_more_windows_teach_as_little_in_twenty_of_them():
    assert relative(replace(IDLE, stride=1, max_updates=20)).min() > 0.2


@pytest.mark.parametrize("changes", [{"epochs": 60}, {"stride": 1}], ids=str)
def test_updates_the_same_windows_in_more_epochs_or_more_windows_teach_it_all(changes):
    assert relative(replace(IDLE, **changes)).max() < 0.02
