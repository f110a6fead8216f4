"""What `stride` says of stride holds for other seeds than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import trained

from helpers import EXAMPLES, floor

EIGHT = EXAMPLES[3]
EQUAL = replace(EIGHT, epochs=100, max_updates=EIGHT.updates)


def best(model, results):
    return np.array([min(result.val_losses[model]) for result in results])


@pytest.fixture(scope="module")
def eight():
    return trained(EIGHT)


@pytest.fixture(scope="module")
def one():
    return trained(replace(EIGHT, stride=1))


@pytest.fixture(scope="module")
def one_at_equal_updates():
    return trained(replace(EQUAL, stride=1))


def test_after_ten_epochs_the_lstm_is_worse_at_stride_8_than_at_stride_1(eight, one):
    assert best("lstm", eight).min() > 3 * best("lstm", one).max()


def test_at_stride_8_every_window_is_24_neighbouring_samples():
    samples = EIGHT.windows.samples(EIGHT.windows.rows(EIGHT.train))
    assert samples.shape[1] == 24 and np.all(np.diff(samples) == 1)


def test_at_equal_updates_stride_8_is_still_worse_than_stride_1(eight, one_at_equal_updates):
    assert {result.updates for result in (*eight, *one_at_equal_updates)} == {EIGHT.updates}
    assert best("lstm", eight).min() > 3 * best("lstm", one_at_equal_updates).max()


def test_fewer_updates_harm_stride_1_as_well(one, one_at_equal_updates):
    last = [np.array([result.val_losses["lstm"][-1] for result in results]) for results in (one_at_equal_updates, one)]
    assert np.median(last[0] / last[1]) > 3


@pytest.mark.parametrize("stride", [7, 9, 11])
def test_at_equal_updates_strides_that_meet_hours_all_day_do_no_harm(one_at_equal_updates, stride):
    others = trained(replace(EQUAL, stride=stride))
    assert np.median(best("lstm", others)) < 2 * np.median(best("lstm", one_at_equal_updates))


def test_the_dnn_is_not_spared(eight, one):
    last = [[result.val_losses["dnn"][-1] for result in results] for results in (eight, one)]
    assert min(last[0]) > 1.2 * max(last[1])


def test_at_stride_8_the_dnn_s_training_loss_falls_below_its_floor(eight):
    assert max(result.losses["dnn"][-1] for result in eight) < 0.5 * floor(EIGHT)["dnn"]
