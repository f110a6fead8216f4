"""What `from_window_to_window` says of the state holds for other seeds and other draws of the noise than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import trained

from helpers import EXAMPLES, Experiment, build, echo, floor
from helpers.models import TimeseriesGenerator, keras

NOISY = Experiment(length=3, noise=0.3, activation="tanh", learning_rate=0.003, epochs=100, draw=1, batch_size=3)
LOSSES = {"training": "losses", "as trained": "val_losses_as_trained", "reading on": "val_losses"}


def ends(experiment, kind="reading on", count=np.array):
    """The LSTM's last losses of one kind, one for each of three seeds."""
    return np.array([getattr(result, LOSSES[kind])["lstm"][-1] for result in trained(experiment)])


# what Keras empties, and what it does not, and the messages that people meet


def stateful(batch_size, steps=24):
    """A small Keras model with a stateful LSTM."""
    lstm = keras.layers.LSTM(8, stateful=True)
    model = keras.Sequential([keras.Input(batch_shape=(batch_size, steps, 1)), lstm, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def size(model):
    """The largest number in the state of a model's LSTM."""
    return float(np.abs(np.array(model.layers[0].states[0])).max())
