"""What `a_short_window` says of a short window holds for other seeds than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import best, last

from helpers import EXAMPLES, Experiment, floor


def test_at_length_3_the_lstm_learns():
    assert best(EXAMPLES[1]).max() < 0.001


def test_at_length_3_the_dnn_does_not_train_well():
    assert best(EXAMPLES[1], "dnn").min() > 0.2


def test_at_length_3_the_dnn_stands_on_its_floor_of_a_quarter():
    lowest = floor(EXAMPLES[1])["dnn"]
    assert lowest == pytest.approx(0.25, abs=0.001)
    np.testing.assert_allclose(last(EXAMPLES[1], "dnn"), lowest, atol=0.01)


def test_at_length_3_the_training_loss_of_the_lstm_is_the_lower_one():
    lstm, dnn = (last(EXAMPLES[1], model, "losses") for model in ("lstm", "dnn"))
    assert lstm.max() < 0.001 < 0.2 < dnn.min()


def test_two_samples_are_enough_for_the_lstm_and_one_is_not():
    assert best(Experiment(length=2)).max() < 0.001 < 0.4 < best(Experiment(length=1)).min()


def test_a_sample_closer_to_the_target_serves_the_dnn_worse():
    assert last(EXAMPLES[1], "dnn").max() < 0.3 < 0.4 < last(replace(EXAMPLES[1], dnn_sees="latest"), "dnn").min()


def test_shuffled_as_keras_does_by_default_the_lstm_learns_and_the_dnn_stops_at_its_floor():
    shuffled = replace(EXAMPLES[1], shuffle=True)
    assert best(shuffled).max() < 0.001
    assert last(shuffled, "dnn") == pytest.approx(0.25, abs=0.01)
    assert last(shuffled, kind="losses").max() < 0.001 < 0.2 < last(shuffled, "dnn", "losses").min()


@pytest.mark.parametrize("change", [{"epochs": 30}, {"units": 200}, {"dnn_sees": "latest"}], ids=str)
def test_more_training_more_units_and_another_sample_leave_the_dnn_on_its_floor(change):
    experiment = replace(EXAMPLES[1], **change)
    lowest = floor(experiment)["dnn"]
    assert last(experiment, "dnn") == pytest.approx(lowest, abs=0.02)
