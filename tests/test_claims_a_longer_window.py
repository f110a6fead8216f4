"""What `a_longer_window` says of a longer window holds for other seeds than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import SEEDS, best, last, losses

from helpers import EXAMPLES, Experiment, floor, run, sine
from helpers.models import build, keras

LENGTHS = (1, 3, 6, 9, 12, 18, 24)
PATIENT = replace(EXAMPLES[1], epochs=30, shuffle=True)  # its first ten are those of example 1
WEEK = Experiment(length=168, max_updates=60)


def test_the_lstm_ends_lower_at_length_24_than_at_length_3_in_training_and_in_validation():
    short, long = PATIENT, replace(EXAMPLES[2], shuffle=True)
    epochs = EXAMPLES[1].epochs
    assert best(long).max() < losses(short)[:, :epochs].min()
    assert 3 * np.median(last(long, kind="losses")) < np.median(losses(short, kind="losses")[:, epochs - 1])


def test_keras_s_own_fit_finds_the_same_order():
    ends = {}
    for number in (1, 2):
        experiment = replace(EXAMPLES[number], seed=SEEDS[0])
        model = build(experiment)["lstm"]
        model.fit(experiment.windows.generator(experiment.train), epochs=4, verbose=0)
        ends[number] = model.history.history["loss"][-1]
    assert ends[2] < ends[1] < 0.001


def test_with_thirty_epochs_three_hours_are_enough_and_with_five_half_a_day_is():
    assert best(PATIENT).max() < 1e-5
    assert best(Experiment(length=12, epochs=5, shuffle=True)).max() < 1e-5


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_samples_further_apart_need_fewer_updates_and_so_do_more_samples(activation):
    brief = Experiment(max_updates=200, activation=activation, shuffle=True)
    near, close = last(replace(brief, length=3)), last(replace(brief, series=sine(hours_per_day=192)))
    far, many = last(replace(brief, sampling_rate=8)), last(brief)
    assert far.max() < near.min() / 5 and np.median(many) < np.median(close) / 5
    assert close.max() < near.min() / 5 and np.median(many) < np.median(far)


def test_beyond_a_day_little_more_is_gained():
    day, two, four = (np.median(last(Experiment(length=n, max_updates=200, shuffle=True))) for n in (24, 48, 96))
    assert min(two, four) > 0.5 * day


def test_the_weights_are_the_smaller_the_more_samples_and_the_further_apart():
    ways = (Experiment(length=3), Experiment(sine(hours_per_day=192)), Experiment(sampling_rate=8), Experiment())
    largest = []
    for way in ways:
        inputs, targets = way.windows.take(way.train)
        largest.append(np.abs(np.linalg.lstsq(inputs[:, :, 0], targets)[0]).max())
    near, close, far, many = largest
    assert near > 2 * far > 2 * many and near > 2 * close > 2 * many


def test_an_update_costs_more_in_a_longer_window():
    seconds = [min(run(Experiment(length=length, max_updates=50)).seconds for _ in range(3)) for length in (3, 96)]
    assert seconds[1] > 2 * seconds[0]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_dnn_on_one_sample_lands_on_the_floor_of_its_age(length):
    experiment = Experiment(length=length, epochs=3)
    lowest = floor(experiment)["dnn"]
    assert lowest == pytest.approx(0.5 * np.cos(np.pi * length / 12) ** 2, abs=0.01)
    np.testing.assert_allclose(last(experiment, "dnn"), lowest, atol=0.01)


def test_the_dnn_s_loss_doubles_from_length_3_to_length_24():
    low, high = (last(EXAMPLES[number], "dnn") for number in (1, 2))
    np.testing.assert_allclose(high / low, 2, atol=0.1)


def test_for_a_week_tanh_learns_with_every_seed_and_relu_does_not():
    tanh, relu = (last(replace(WEEK, activation=name), seeds=range(20, 26)) for name in ("tanh", "relu"))
    assert tanh.max() < 0.01 and not np.max(relu) < 0.05


def test_a_tanh_cell_grows_by_at_most_one_a_step():
    lstm = keras.layers.LSTM(1, return_state=True)
    lstm.build((None, 168, 1))
    kernel, recurrent, _ = lstm.get_weights()
    lstm.set_weights([0 * kernel, 0 * recurrent, np.full(4, 20.0)])
    assert float(lstm(np.zeros((1, 168, 1)))[2][0, 0]) == pytest.approx(168, abs=0.01)
