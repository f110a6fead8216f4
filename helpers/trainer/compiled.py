"""The compiled trainer: one compilation trains a model at every length, stride, sampling rate and number of windows.

These settings are numbers given at run time: `networks.py` says how. Weights and optimizer go in and come out as plain
tensors. The losses are those of Keras's `fit`; the tests hold it to that.
"""

from functools import lru_cache
from typing import NamedTuple

from ..models import quiet_stderr, tf
from .networks import DNN, LSTM

LONGEST = 168  # steps of the longest window that shares the first compilation: the longest of the sliders
UNITS, BATCH = 50, 32  # and the most units and windows in a batch
EVALUATED = 128  # windows evaluated at a time


@lru_cache(maxsize=1)
def xla():
    """Return whether XLA compiles here; where it does not, the same code runs as TensorFlow operations, slower.

    The first notebook reports it, and the Lab's status line says so when a run starts without it.
    """
    try:
        with quiet_stderr():
            tf.function(lambda x: tf.tanh(x) * x, autograph=False, jit_compile=True)(tf.zeros([64]))
        return True
    except Exception:  # which error a platform without XLA raises is not documented
        return False


def adam(weights, gradients, means, squares, updates, learning_rate) -> tuple[list, list, list]:
    """Return weights and moments after one step of Adam with Keras's defaults (Kingma and Ba 2015, algorithm 1)."""
    rate = learning_rate * tf.sqrt(1 - 0.999**updates) / (1 - 0.9**updates)
    means = [m + (g - m) * (1 - 0.9) for m, g in zip(means, gradients)]
    squares = [s + (g * g - s) * (1 - 0.999) for s, g in zip(squares, gradients)]
    weights = [w - rate * m / (tf.sqrt(s) + 1e-7) for w, m, s in zip(weights, means, squares)]
    return weights, means, squares


class State(NamedTuple):
    """A model in training: its weights, Adam's two moments, and the number of updates made."""

    weights: list
    means: list
    squares: list
    updates: tf.Tensor

    @classmethod
    def of(cls, weights):
        """Return the state before the first update."""
        zeros = [tf.zeros_like(w) for w in weights]
        return cls([tf.constant(w) for w in weights], zeros, list(zeros), tf.constant(0.0))


class Trainer:
    """The compiled functions of one model, for batches of up to `width` windows: `train`, `evaluate`, `predict`."""

    def __init__(self, model, width):
        self.model, self.width = model, width
        compiled = tf.function(autograph=False, jit_compile=xla())  # the loops are written out: nothing to translate
        self.train, self.evaluate, self.predict = map(compiled, (self._train, self._evaluate, self._predict))

    def __repr__(self):
        return f"Trainer({self.model!r}, width={self.width})"

    def _train(self, state, part, order, batch_size, first, last, learning_rate):
        """Make the updates of batches first … last - 1 in this order; return the state and the squared errors.

        The squared errors are added up in float64, which holds a sum of float32 exactly enough not to depend on its
        chunks.
        """

        def update(batch, total, state, *buffers):
            place = tf.range(self.width)
            position = batch * batch_size + place
            inside = tf.cast((place < batch_size) & (position < part.windows), tf.float32)  # the last may be short
            rows = part.length + part.stride * tf.gather(order, tf.minimum(position, part.windows - 1))
            gradients, squares, buffers = self.model.gradients(state.weights, part, rows, inside, list(buffers))
            updates = state.updates + 1
            moved = adam(state.weights, gradients, state.means, state.squares, updates, learning_rate)
            return (batch + 1, total + tf.cast(squares, tf.float64), State(*moved, updates), *buffers)

        start = (first, tf.constant(0.0, tf.float64), state, *self.model.buffers(self.width))
        _, total, state, *_ = tf.while_loop(lambda batch, *_: batch < last, update, start)
        return state, total

    def _evaluate(self, weights, part):
        """Return the mean squared error over all windows of the part."""

        def some(first, total):
            position = first + tf.range(EVALUATED)
            inside = tf.cast(position < part.windows, tf.float32)
            rows = part.length + part.stride * tf.minimum(position, part.windows - 1)
            error = (self.model.predict(weights, part, rows) - tf.gather(part.targets, rows)) * inside
            return first + EVALUATED, total + tf.reduce_sum(error**2)

        _, total = tf.while_loop(lambda first, _: first < part.windows, some, (0, tf.constant(0.0)))
        return total / tf.cast(part.windows, tf.float32)

    def _predict(self, weights, part, rows):
        """Return the predictions for EVALUATED rows."""
        return self.model.predict(weights, part, rows)


@lru_cache(maxsize=16)
def trainer(name, units, activation, width, sees, steps):
    """Return the trainer of a model, made once for these settings; XLA compiles it at its first call."""
    model = LSTM(units, activation, steps) if name == "lstm" else DNN(units, activation, sees, steps)
    return Trainer(model, width)
