"""What `a_longer_window` says of a longer window holds for other seeds than its own."""

import numpy as np
import pytest
from claims import trained

from helpers import EXAMPLES, Experiment


@pytest.fixture(scope="module")
def best():
    """The lowest validation losses of both models at three lengths, a seed each: as `best["lstm", 24]`."""
    experiments = {3: EXAMPLES[1], 12: Experiment(length=12, epochs=5), 24: EXAMPLES[2]}
    lowest = {}
    for length, experiment in experiments.items():
        results = trained(experiment)
        for model in ("lstm", "dnn"):
            lowest[model, length] = np.array([min(result.val_losses[model]) for result in results])
    return lowest


def test_the_lstm_ends_lower_at_length_24_than_at_length_3(best):
    assert best["lstm", 24].max() < best["lstm", 3].min()


def test_at_length_3_the_lstm_s_loss_falls_below_a_thousandth(best):
    assert best["lstm", 3].max() < 0.001


def test_half_a_day_is_enough_to_fall_below_a_hundred_thousandth_in_5_epochs(best):
    assert best["lstm", 12].max() < 1e-5


def test_the_dnn_s_loss_rises_from_length_3_to_length_24(best):
    assert (best["dnn", 24] - best["dnn", 3]).min() > 0.2
