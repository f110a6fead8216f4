"""What `a_short_window` says of a short window holds for other seeds than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import dnns, trained

from helpers import EXAMPLES, Experiment, floor


@pytest.fixture(scope="module")
def results():
    """Example 1, three hours."""
    return trained(EXAMPLES[1])


def test_at_length_3_the_lstm_learns(results):
    assert all(min(result.val_losses["lstm"]) < 0.001 for result in results)


def test_at_length_3_the_dnn_does_not_train_well(results):
    assert all(min(result.val_losses["dnn"]) > 0.2 for result in results)


def test_at_length_3_the_dnn_stands_on_its_floor_of_a_quarter(results):
    lowest = floor(EXAMPLES[1])["dnn"]
    assert lowest == pytest.approx(0.25, abs=0.001)
    np.testing.assert_allclose([result.val_losses["dnn"][-1] for result in results], lowest, atol=0.01)


def test_at_length_3_the_training_loss_of_the_lstm_is_the_lower_one(results):
    lstm, dnn = (np.array([result.losses[model][-1] for result in results]) for model in ("lstm", "dnn"))
    assert lstm.max() < 0.001 < 0.2 < dnn.min()


def test_two_samples_are_enough_for_the_lstm_and_one_is_not():
    one, two = (trained(Experiment(length=length)) for length in (1, 2))
    assert all(min(result.val_losses["lstm"]) < 0.001 for result in two)
    assert all(min(result.val_losses["lstm"]) > 0.4 for result in one)


def test_a_sample_closer_to_the_target_serves_the_dnn_worse(results):
    latest = trained(replace(EXAMPLES[1], dnn_sees="latest"))
    assert min(result.val_losses["dnn"][-1] for result in latest) > 0.4
    assert max(result.val_losses["dnn"][-1] for result in results) < 0.3


def test_shuffled_as_keras_does_by_default_the_lstm_learns_and_the_dnn_stops_at_its_floor():
    for result in trained(replace(EXAMPLES[1], shuffle=True)):
        assert min(result.val_losses["lstm"]) < 0.001
        assert result.val_losses["dnn"][-1] == pytest.approx(0.25, abs=0.01)
        assert result.losses["lstm"][-1] < 0.001 < 0.2 < result.losses["dnn"][-1]


@pytest.mark.parametrize("change", [{"epochs": 30}, {"units": 200}, {"dnn_sees": "latest"}], ids=str)
def test_more_training_more_units_and_another_sample_leave_the_dnn_on_its_floor(change):
    experiment = replace(EXAMPLES[1], **change)
    lowest = floor(experiment)["dnn"]
    for result in dnns(experiment):
        assert result.val_losses["dnn"][-1] == pytest.approx(lowest, abs=0.02)
