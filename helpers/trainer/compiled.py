"""The compiled trainer: one compilation trains a model at every length, stride, sampling rate and number of windows.

These settings are numbers given at run time: `networks.py` says how. Weights and optimizer go in and come out as plain
tensors. The losses are those of Keras's `fit`; the tests hold it to that.
"""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np

from ..experiment import Experiment
from ..models import quiet_stderr, tf
from .networks import DNN, LSTM, Samples, Tensors, keep
from .padding import capacity, resized

LONGEST = 168  # steps of the longest window that shares the first compilation: a week of hours
UNITS, BATCH = 50, 32  # and the most units and windows in a batch
LANES = 64  # windows read side by side
MAKING = Lock()  # else threads that ask for a trainer at the same time make one each, and compile it each


@lru_cache(maxsize=1)
def xla() -> bool:
    """Return whether XLA compiles here; where it does not, the same code runs as TensorFlow operations, slower.

    The first notebook reports it, and the Lab's status line says so when a run starts without it.
    """
    try:
        with quiet_stderr():
            tf.function(lambda x: tf.tanh(x) * x, autograph=False, jit_compile=True)(tf.zeros([64]))
        return True
    except Exception:  # which error a platform without XLA raises is not documented
        return False


def adam(
    weights: Tensors, gradients: Tensors, means: Tensors, squares: Tensors, updates: tf.Tensor, learning_rate: tf.Tensor
) -> tuple[list, list, list]:
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
    def of(cls, weights: Sequence[np.ndarray]) -> "State":
        """Return the state before the first update."""
        zeros = [tf.zeros_like(w) for w in weights]
        return cls([tf.constant(w) for w in weights], zeros, list(zeros), tf.constant(0.0))


class Trainer:
    """The compiled functions of one model: `train`, for batches of up to `width` windows, and `read`.

    It serves every model that is no larger: `begin` takes the weights of one in, and `weights` gives them back.
    TensorFlow compiles `train` once more for an LSTM that keeps its state from batch to batch.
    """

    def __init__(self, model: LSTM | DNN, width: int) -> None:
        self.model, self.width = model, width
        compiled = tf.function(autograph=False, jit_compile=xla())  # the loops are written out: nothing to translate
        self.train, self.read = compiled(self._train), compiled(self._read)

    def __repr__(self) -> str:
        return f"Trainer({self.model!r}, width={self.width})"

    def begin(self, weights: Sequence[np.ndarray]) -> State:
        """Return the state before the first update, from weights in Keras's order and shapes."""
        return State.of(resized(self.model.name, weights, self.model.units, self.model.inputs))

    def weights(self, state: State, experiment: Experiment) -> list[np.ndarray]:
        """Return the weights in a state of the experiment's model, in Keras's order and shapes."""
        weights = [weight.numpy() for weight in state.weights]
        return resized(self.model.name, weights, experiment.units, len(experiment.dnn_steps))

    def _train(
        self,
        state: State,
        carried: Tensors,
        part: Samples,
        order: tf.Tensor,
        batch_size: tf.Tensor,
        first: tf.Tensor,
        last: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> tuple[State, Tensors, tf.Tensor]:
        """Make the updates of batches first … last - 1 in this order.

        Return the state, what the LSTM carries on to the next batch, and the squared errors. With nothing `carried`,
        each batch begins empty. The squared errors are added up in float64, which holds a sum of float32 exactly
        enough not to depend on its chunks.
        """

        def update(batch: tf.Tensor, total: tf.Tensor, state: State, carried: Tensors, *buffers: tf.Tensor) -> tuple:
            place = tf.range(self.width)
            position = batch * batch_size + place
            inside = tf.cast((place < batch_size) & (position < part.windows), tf.float32)  # the last may be short
            rows = part.length + part.stride * tf.gather(order, tf.minimum(position, part.windows - 1))
            start = carried or self.model.empty(self.width)
            gradients, squares, reached, kept = self.model.gradients(
                state.weights, part, rows, inside, start, list(buffers)
            )
            carried = [tf.where(inside > 0, new, 0.0) for _, new in zip(carried, reached)]  # beside the batch: empty
            updates = state.updates + 1
            moved = adam(state.weights, gradients, state.means, state.squares, updates, learning_rate)
            return (batch + 1, total + tf.cast(squares, tf.float64), State(*moved, updates), carried, *kept)

        start = (first, tf.constant(0.0, tf.float64), state, carried, *self.model.buffers(self.width))
        _, total, state, carried, *_ = tf.while_loop(lambda batch, *_: batch < last, update, start)
        return state, carried, total

    def _read(
        self,
        weights: Tensors,
        part: Samples,
        order: tf.Tensor,
        lane: tf.Tensor,
        lanes: tf.Tensor,
        first: tf.Tensor,
        last: tf.Tensor,
        keeps: tf.Tensor,
        carried: Tensors,
        answers: tf.Tensor,
    ) -> tuple[Tensors, tf.Tensor]:
        """Read windows first … last - 1 of some lanes; return what they carry on, and the answers.

        The windows, in this order, are dealt out to `lanes` lanes as cards are: lane k gets those at the places k,
        k + lanes, k + 2 lanes, … Read are the LANES lanes that `lane` names; a number beyond all places names none.
        If the LSTM `keeps` its state, a window begins with what the one before in its lane has left, else empty. Its
        answer is put at its place of `answers`, and that of no window at the last.
        """

        def window(number: tf.Tensor, carried: Tensors, answers: tf.Tensor) -> tuple:
            place = lane + lanes * number
            rows = part.length + part.stride * tf.gather(order, tf.minimum(place, part.windows - 1))
            start = [tf.where(keeps, kept, 0.0) for kept in carried]
            answer, carried = self.model.read(weights, part, rows, start)
            place = tf.where(place < part.windows, place, answers.shape[0] - 1)
            return number + 1, carried, keep(answers, place[:, None], answer)

        _, carried, answers = tf.while_loop(lambda number, *_: number < last, window, (first, carried, answers))
        return carried, answers


def trainer_for(name: str, experiment: Experiment) -> Trainer:
    """Return the trainer of an experiment's model: the one that most share, or one that is large enough."""
    units, width = capacity(experiment.units, UNITS), capacity(experiment.batch_size, BATCH)
    steps = capacity(experiment.windows.steps, LONGEST)
    sees = experiment.dnn_sees if name == "dnn" else "window"  # which an LSTM sees, whatever the DNN does
    with MAKING:
        return trainer(name, units, experiment.activation, width, sees, steps)


@lru_cache(maxsize=16)
def trainer(name: str, units: int, activation: str, width: int, sees: str, steps: int) -> Trainer:
    """Return the trainer of a model, made once for these settings; XLA compiles it at its first call."""
    return Trainer(LSTM(units, activation, steps) if name == "lstm" else DNN(units, activation, sees, steps), width)
