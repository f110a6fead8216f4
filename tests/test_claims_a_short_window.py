"""What `a_short_window` says of a short window holds for other seeds than its own."""

import numpy as np
import pytest
from claims import trained

from helpers import EXAMPLES, floor


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
