"""What `the_clinic` says of eight broken pipelines holds for other seeds: a longer window cures none."""

from dataclasses import replace

import numpy as np
import pytest
from claims import SEEDS, trained

from helpers import Experiment, Series, Windows, constant_error, sine
from helpers.models import keras

TRAIN, LATER = sine(days=30).split()


def validation(experiment):
    """The LSTM's validation losses at the end of each run, as parts of the error of always answering the mean."""
    ends = [result.val_losses["lstm"][-1] for result in trained(experiment)]
    return np.array(ends) / constant_error(experiment.validation)


class OwnLoss(keras.losses.Loss):
    """A loss as people write it: right for targets of shape (samples, 1), wrong for flat ones."""

    def call(self, y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2)


def own_function(y_true, y_pred):
    return keras.ops.mean((y_true - y_pred) ** 2)


def errors(loss, length=24, flat=False, **settings):
    """The errors of the last answer on later days of a small LSTM in plain Keras, for three seeds."""
    layers = [keras.layers.LSTM(16, seed=0, **settings), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 1)), *layers])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss=loss)
    fresh = [variable.numpy() for variable in model.optimizer.variables]
    inputs, targets = Windows(length).take(TRAIN)
    asked, wanted = Windows(length).take(LATER)
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(inputs))
        model.set_weights([new(rng, weights) for weights in model.get_weights()])
        for variable, value in zip(model.optimizer.variables, fresh):
            variable.assign(value)
        model.fit(inputs[order], targets[order, 0] if flat else targets[order], epochs=3, shuffle=False, verbose=0)
        answers = np.array(model(asked)).reshape(len(asked), -1)[:, -1:]
        found.append(np.mean((answers - wanted) ** 2))
    return np.array(found)


def new(rng, weights):
    """Weights of the same shape, drawn anew; biases stay."""
    return weights if weights.ndim == 1 else rng.normal(0, weights.std(), weights.shape)


def test_case_1_flat_targets_in_a_loss_of_ones_own_teach_the_mean_whatever_the_length():
    assert errors(OwnLoss(), length=48, flat=True).min() > 0.3
    assert errors(OwnLoss()).max() < 0.01


def test_case_1_which_code_brings_flat_targets_into_shape():
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


def test_case_2_an_answer_at_every_step_spoils_the_last_one_whatever_the_length():
    assert errors("mse", length=48, return_sequences=True).max() > 0.02


@pytest.fixture(scope="module")
def noisy():
    return sine(days=45, noise=0.3, seed=11)


def rolled(noisy, by):
    series = Series(noisy.values, np.roll(noisy.values, by))
    return Experiment(series, activation="tanh", learning_rate=0.01, epochs=10)


def test_case_3_a_target_inside_the_window_brings_both_losses_below_the_noise(noisy):
    results = trained(rolled(noisy, 6))
    assert max(max(result.losses["lstm"][-1], result.val_losses["lstm"][-1]) for result in results) < 0.08


@pytest.mark.parametrize("length", [24, 48])
def test_case_3_such_a_model_is_worse_than_the_mean_as_a_forecast_whatever_the_length(noisy, length):
    leaky = replace(rolled(noisy, 6), length=length)
    rows = (len(leaky.train) + leaky.validation_windows.rows(leaky.validation))[:-6]
    windows = noisy.values[leaky.windows.samples(rows)]
    for result in trained(leaky):
        answers = np.array(result.models["lstm"](windows))
        assert np.mean((answers - noisy.values[rows + 6]) ** 2) > 1


def test_case_3_with_the_other_sign_the_loss_is_near_the_noise(noisy):
    results = trained(rolled(noisy, -6))
    ends = [result.val_losses["lstm"][-1] for result in results]
    assert min(ends) > 0.08 and max(ends) < 0.2


@pytest.fixture(scope="module")
def hot():
    base = sine(days=30)
    return Experiment(Series(288 + 5 * base.values, 288 + 5 * base.targets, name="kelvin"), activation="tanh")


def test_case_4_kelvin_is_not_learnt_whatever_the_length(hot):
    assert validation(replace(hot, length=48)).min() > 1000


def test_case_4_a_large_learning_rate_lands_on_the_error_of_the_mean(hot):
    np.testing.assert_allclose(validation(replace(hot, learning_rate=1.0)), 1, atol=0.1)


def test_case_4_normalised_it_is_learnt(hot):
    assert validation(replace(hot, series=hot.series.normalised())).max() < 0.01


DAYS = Experiment(sine(days=45), length=144, max_updates=80)


@pytest.mark.parametrize("changes", [{"length": 168}, {"learning_rate": 0.0003}])
def test_case_5_relu_on_six_days_fails_for_some_seed_and_neither_length_nor_learning_rate_cures_it(changes):
    assert not np.all(validation(replace(DAYS, max_updates=60, **changes)) < 0.05)


def test_case_5_tanh_learns_six_days():
    assert validation(replace(DAYS, activation="tanh")).max() < 0.01


BLIND = Experiment(sine(days=180), stride=24, activation="tanh", epochs=15)


def test_case_6_a_stride_of_one_period_blinds_whatever_the_length():
    longer = replace(BLIND, length=48)
    assert max(result.losses["lstm"][-1] for result in trained(longer)) < 0.01
    assert validation(longer).min() > 0.1


def test_case_6_as_many_windows_at_every_hour_are_learnt():
    assert validation(replace(BLIND, stride=23)).max() < 0.01


IDLE = Experiment(sine(days=60), stride=25)


def test_case_7_twenty_updates_teach_little_whatever_the_length():
    assert IDLE.updates == replace(IDLE, length=48).updates == 20
    assert validation(replace(IDLE, length=48)).min() > 0.2


def test_case_7_the_same_windows_teach_it_all_in_more_epochs():
    assert validation(replace(IDLE, epochs=60)).max() < 0.01


def flattery(walk, length, in_time):
    """How many times better than the last value is a forecaster that knows its windows by heart, as validated."""
    rows = np.arange(length, len(walk) - 23)
    windows, targets = walk[rows[:, None] - length + np.arange(length)], walk[rows + 23]
    order = np.arange(len(rows)) if in_time else np.random.default_rng(0).permutation(len(rows))
    known, asked = np.split(order, [int(0.8 * len(rows))])
    known = known[:-23] if in_time else known
    apart = np.sum((windows[asked][:, None] - windows[known]) ** 2, axis=2)
    by_heart = np.mean((targets[known[np.argmin(apart, axis=1)]] - targets[asked]) ** 2)
    return np.mean((walk[rows[asked] - 1] - targets[asked]) ** 2) / by_heart


@pytest.mark.parametrize("length", [48, 72])
def test_case_8_a_random_split_flatters_on_every_random_walk_and_a_split_in_time_on_few(length):
    walks = [np.cumsum(np.random.default_rng(seed).normal(size=480)) for seed in range(30, 50)]
    assert min(flattery(walk, length, in_time=False) for walk in walks) > 4
    assert sum(flattery(walk, length, in_time=True) > 1 for walk in walks) < 10
