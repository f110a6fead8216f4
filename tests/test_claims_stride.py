"""What `stride` says of stride holds for other seeds than its own, and in both orders of the windows."""

from dataclasses import replace

import numpy as np
import pytest
from claims import SEEDS, best, last, trained

from helpers import EXAMPLES, Experiment, Windows, floor
from helpers.models import TimeseriesGenerator, build

EIGHT = EXAMPLES[3]
EQUAL = Experiment(epochs=99, max_updates=EIGHT.updates)
ORDERS = pytest.mark.parametrize("shuffle", [False, True], ids=["in order", "random order"])


def test_after_ten_epochs_stride_8_is_worse_than_stride_1_after_four():
    one, eight = (replace(experiment, shuffle=True) for experiment in (replace(EXAMPLES[2], epochs=4), EIGHT))
    assert np.median(last(eight, kind="losses")) > 3 * np.median(last(one, kind="losses"))
    assert best(eight).min() > 20 * best(one).max()


def test_at_stride_8_every_window_is_24_neighbouring_samples():
    samples = EIGHT.windows.samples(EIGHT.windows.rows(EIGHT.train))
    assert samples.shape[1] == 24 and np.all(np.diff(samples) == 1) and np.all(np.diff(samples[:, 0]) == 8)


def test_windows_in_a_random_order_and_windows_with_gaps_lose_nothing():
    four = replace(EXAMPLES[2], epochs=4)
    ordered, mixed = best(four), best(replace(four, shuffle=True))
    assert np.median(mixed) < 3 * np.median(ordered) and mixed.max() < 1e-4
    assert best(replace(four, sampling_rate=8, shuffle=True)).max() < 1e-4


def test_keras_s_own_fit_does_as_well_in_any_order_of_the_windows():
    inputs, targets = EXAMPLES[2].windows.take(EXAMPLES[2].train)
    ends = []
    for shuffle in (False, True):
        model = build(replace(EXAMPLES[2], seed=SEEDS[0]))["lstm"]
        model.fit(inputs, targets, batch_size=32, epochs=2, shuffle=shuffle, verbose=0)
        ends.append(model.evaluate(inputs, targets, verbose=0))
    assert ends[1] < 3 * ends[0] < 0.001


@ORDERS
def test_at_equal_updates_the_training_loss_of_stride_8_is_no_higher_and_the_validation_loss_is(shuffle):
    one, eight = (replace(EQUAL, stride=stride, shuffle=shuffle) for stride in (1, 8))
    assert {result.updates for result in (*trained(one), *trained(eight))} == {EIGHT.updates}
    assert np.median(last(eight, kind="losses")) < 2 * np.median(last(one, kind="losses"))
    assert last(eight).min() > 2 * last(one).max() and np.median(last(eight)) > 5 * np.median(last(one))


def test_fewer_updates_harm_stride_1_as_well():
    assert np.median(last(EQUAL)) > 3 * np.median(best(replace(EXAMPLES[2], epochs=4, shuffle=True)))


@ORDERS
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("stride", [2, 3, 7, 9, 11])
def test_at_equal_updates_eight_hours_or_more_are_as_good_as_24(stride, activation, shuffle):
    case = replace(EQUAL, activation=activation, shuffle=shuffle)
    assert np.median(last(replace(case, stride=stride))) < 2 * np.median(last(case))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_with_fewer_hours_the_lstm_s_loss_rises(activation):
    eight, four, three, one = (
        np.median(last(replace(EQUAL, stride=stride, activation=activation))) for stride in (3, 6, 8, 24)
    )
    assert 2 * eight < min(four, three) and max(four, three) < one / 10


def test_at_stride_8_the_lstm_is_short_sighted_and_at_24_it_is_blind():
    assert 5 * np.median(last(EQUAL)) < np.median(last(replace(EQUAL, stride=8))) < 0.05
    assert last(replace(EQUAL, stride=24)).min() > 0.45


def test_a_stride_divides_the_hours_of_the_day():
    for stride in range(1, 49):
        rows = Experiment(stride=stride).rows[0]
        assert len(np.unique(rows % 24)) == 24 // np.gcd(stride, 24)


def test_the_dnn_is_not_spared_and_falls_below_its_floor_in_training():
    eight, low = replace(EIGHT, shuffle=True), floor(EIGHT)["dnn"]
    assert last(eight, "dnn").min() > 1.2 * last(EQUAL, "dnn").max()
    assert last(eight, "dnn", "losses").max() < 0.5 * low
    assert last(replace(EQUAL, stride=24), "dnn", "losses").max() < 0.5 * low
    for stride in (6, 8, 24):
        assert np.median(last(replace(EQUAL, stride=stride), "dnn")) > 0.52  # of always answering 0: 0.5


@pytest.mark.parametrize("draw", [1, 2])
def test_few_windows_are_learnt_by_heart(draw):
    few = Experiment(noise=0.3, length=12, stride=47, activation="tanh", dnn_sees="window", draw=draw)
    few = replace(few, learning_rate=0.003, epochs=1000, max_updates=1000)
    assert few.windows.count(few.train) == 149 and len(np.unique(few.rows[0] % 24)) == 24
    training, validation = (last(few, "dnn", kind) for kind in ("losses", "val_losses"))
    assert training.max() < 0.8 * floor(few)["dnn"] < 0.9 * validation.min()


def test_no_alarm_is_no_proof():
    blind = replace(EQUAL, stride=24)
    assert floor(blind)["lstm"] == 0 and last(blind, kind="losses").max() < 0.01 < 0.4 < last(blind).min()


@pytest.mark.parametrize(("length", "stride", "part"), [(24, 8, 0), (3, 8, 0.625), (24, 49, 0.51), (24, 24, 0)])
def test_where_the_stride_exceeds_the_length_samples_are_in_no_window(length, stride, part):
    windows, train = Windows(length, stride), EXAMPLES[2].train
    seen = np.unique(windows.samples(windows.rows(train)))
    assert 1 - len(seen) / len(train) == pytest.approx(part, abs=0.01)


def test_the_generator_s_shuffle_draws_rows_some_of_them_twice():
    values = EXAMPLES[2].train.values
    np.random.seed(1)
    rows = {}
    for shuffle in (False, True):
        batches = TimeseriesGenerator(values, np.arange(len(values)), length=24, stride=24, shuffle=shuffle)
        rows[shuffle] = np.concatenate([batches[place][1] for place in range(len(batches))])
    assert len(set(rows[False])) == len(rows[False]) and len(set(rows[False] % 24)) == 1
    assert len(set(rows[True])) < len(rows[True]) and len(set(rows[True] % 24)) == 24
