"""The LSTM and the DNN on windows that are never built, forwards and, with the backward pass written out, backwards.

Sample `row - length + sampling_rate * step` of the series is gathered when it is needed, so that length, stride and
sampling rate are numbers given at run time, which change no shape.

Inside, one column is one window: arrays have the shape `(units, windows)`, so that each gate is one block of memory.
What an LSTM `carried` from an earlier window is its state and its cell, two such arrays; a DNN carries nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..models import tf
from ..series import Series
from ..windows import Windows
from .padding import capacity

SAMPLES = 8760  # samples of the longest series that shares the first compilation: the built-in ones

ACTIVATION = {  # the function, and its slope from its value y
    "relu": (tf.nn.relu, lambda y: tf.cast(y > 0, tf.float32)),
    "tanh": (tf.tanh, lambda y: 1 - y * y),
}


keep = tf.tensor_scatter_nd_update  # (buffer, places, parts): the buffer with these parts at these places


Tensors = Sequence[tf.Tensor]


class Samples(NamedTuple):
    """The samples of one part of a series, and how windows lie in it, as tensors."""

    values: tf.Tensor  # (samples,), padded
    targets: tf.Tensor
    length: tf.Tensor
    stride: tf.Tensor
    sampling_rate: tf.Tensor
    steps: tf.Tensor
    windows: tf.Tensor

    @classmethod
    def of(cls, series: Series, windows: Windows) -> "Samples":
        """Return the part for a Series and its Windows."""
        padding = (0, capacity(len(series), SAMPLES) - len(series))
        arrays = [np.pad(array[:, 0], padding) for array in (series.values, series.targets)]
        rate = min(windows.sampling_rate, len(series))  # beyond that it selects one sample anyway
        numbers = windows.length, windows.stride, rate, windows.steps, windows.count(series)
        return cls(*map(tf.constant, arrays), *map(tf.constant, numbers))


def sigmoid(z: tf.Tensor) -> tf.Tensor:
    """1 / (1 + exp(-z)), as a tanh, which XLA computes faster."""
    return 0.5 * tf.tanh(0.5 * z) + 0.5


class LSTM:
    """The LSTM and its dense output, forwards and backwards, with the weights in Keras's order and shapes."""

    name, inputs = "lstm", 1

    def __init__(self, units: int, activation: str, steps: int) -> None:
        self.units, self.steps = units, steps
        self.activate, self.slope = ACTIVATION[activation]

    def __repr__(self) -> str:
        return f"LSTM({self.units} units, up to {self.steps} steps)"

    def matrix(self, weights: Tensors) -> tf.Tensor:
        """Return recurrent weights, input weights and bias as one matrix, to multiply [state, sample, 1]."""
        kernel, recurrent, bias, *_ = weights
        return tf.transpose(tf.concat([recurrent, kernel, bias[None]], 0))

    def gates(self, z: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return the input gate, the forget gate, the candidate and the output gate, from their sums z."""
        i, f, g, o = tf.split(z, 4)
        return sigmoid(i), sigmoid(f), self.activate(g), sigmoid(o)

    def empty(self, width: int) -> list[tf.Tensor]:
        """Return what was carried before the first window: zeros."""
        return [tf.zeros([self.units, width]), tf.zeros([self.units, width])]

    def read(
        self, weights: Tensors, part: Samples, rows: tf.Tensor, carried: Tensors
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return the predictions for these rows, shape `(rows,)`, and what is carried on from their windows."""
        matrix, width = self.matrix(weights), rows.shape[0]

        def step(t: tf.Tensor, state: tf.Tensor, cell: tf.Tensor) -> tuple[tf.Tensor, ...]:
            sample = tf.gather(part.values, rows - part.length + part.sampling_rate * t)
            i, f, g, o = self.gates(matrix @ tf.concat([state, sample[None], tf.ones([1, width])], 0))
            cell = f * cell + i * g
            return t + 1, o * self.activate(cell), cell

        _, state, cell = tf.while_loop(lambda t, *_: t < part.steps, step, [0, *carried])
        return tf.reduce_sum(state * weights[3], 0) + weights[4], [state, cell]

    def buffers(self, batch: int) -> list[tf.Tensor]:
        """Return empty room for what one forward pass keeps for the backward pass."""
        return [
            tf.zeros([self.steps, self.units + 2, batch]),  # each step's input: [state, sample, 1]
            tf.zeros([self.steps, 4, self.units, batch]),  # how cell or state change with each gate's sum z
            tf.zeros([self.steps, 2, self.units, batch]),  # how the next cell changes with this one; state with cell
        ]

    def gradients(
        self, weights: Tensors, part: Samples, rows: tf.Tensor, inside: tf.Tensor, carried: Tensors, buffers: Tensors
    ) -> tuple[list[tf.Tensor], tf.Tensor, Tensors, Tensors]:
        """Return the gradients of the mean squared error over the rows that are `inside`, and what else came of them.

        That is (gradients, squared errors, what is carried on, buffers). No gradient goes back into what was `carried`.

        Forwards, at each step, with z = matrix @ [state, sample, 1] and its four parts the gates' sums:

            i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o);  g = activate(z_g)
            cell' = f * cell + i * g;  state' = o * activate(cell')

        The derivatives within the step follow from these lines, with sigmoid' = sigmoid * (1 - sigmoid):

            d cell' / d z_i = g * i * (1 - i)        d cell' / d z_f = cell * f * (1 - f)
            d cell' / d z_g = i * slope(g)           d state' / d z_o = activate(cell') * o * (1 - o)
            d cell' / d cell = f                     d state' / d cell' = o * slope(activate(cell'))

        They are kept in the buffers. Backwards, the chain rule multiplies them: from the last step to the first,
        d_state and d_cell (the derivatives of the error) become dz, and dz is carried to the step before through the
        recurrent weights. The matrix's gradient, transposed, is the sum over the steps of [state, sample, 1] @ dz.T
        (Hochreiter and Schmidhuber 1997, with Gers's forget gate; Goodfellow et al., Deep Learning, 10.2 and 10.10).
        """
        matrix, output = self.matrix(weights), weights[3]
        state, cell, buffers = self._forward(matrix, part, rows, carried, buffers)
        error = (tf.reduce_sum(state * output, 0) + weights[4] - tf.gather(part.targets, rows)) * inside
        d_error = 2 * error / tf.reduce_sum(inside)  # of the mean of error ** 2
        d_transposed = self._backward(weights[1], part, output * d_error, buffers)
        d_recurrent, d_kernel, d_bias = tf.split(d_transposed, [self.units, 1, 1])
        d_output, d_last = tf.reduce_sum(state * d_error, 1)[:, None], tf.reduce_sum(d_error)[None]
        gradients = [d_kernel, d_recurrent, d_bias[0], d_output, d_last]
        return gradients, tf.reduce_sum(error**2), [state, cell], buffers

    def _forward(
        self, matrix: tf.Tensor, part: Samples, rows: tf.Tensor, carried: Tensors, buffers: Tensors
    ) -> tuple[tf.Tensor, tf.Tensor, Tensors]:
        """Return state and cell after the last step, and the buffers, with what each step leaves for the way back."""
        width = rows.shape[0]

        def step(t: tf.Tensor, state: tf.Tensor, cell: tf.Tensor, *buffers: tf.Tensor) -> tuple[tf.Tensor, ...]:
            inputs, slopes, carries = buffers
            sample = tf.gather(part.values, rows - part.length + part.sampling_rate * t)
            inputs = keep(inputs, [[t]], tf.concat([state, sample[None], tf.ones([1, width])], 0)[None])
            i, f, g, o = self.gates(matrix @ inputs[t])
            slopes = keep(slopes, [[t, 0]], (g * i * (1 - i))[None])
            slopes = keep(slopes, [[t, 1]], (cell * f * (1 - f))[None])
            slopes = keep(slopes, [[t, 2]], (i * self.slope(g))[None])
            carries = keep(carries, [[t, 0]], f[None])
            cell = f * cell + i * g
            active = self.activate(cell)
            slopes = keep(slopes, [[t, 3]], (active * o * (1 - o))[None])
            carries = keep(carries, [[t, 1]], (o * self.slope(active))[None])
            return t + 1, o * active, cell, inputs, slopes, carries

        start = [0, *carried, *buffers]
        _, state, cell, *buffers = tf.while_loop(lambda t, *_: t < part.steps, step, start)
        return state, cell, buffers

    def _backward(self, recurrent: tf.Tensor, part: Samples, d_state: tf.Tensor, buffers: Tensors) -> tf.Tensor:
        """Return the gradient of the transposed matrix, added up from the last step to the first.

        That is done in one long row: row by row, XLA takes a tenth longer for a whole run.
        """
        inputs, slopes, carries = buffers
        of_state = tf.constant([0.0, 0.0, 0.0, 1.0])[:, None, None]  # the output gate acts on the state, not the cell
        rows, columns = self.units + 2, 4 * self.units

        def step(t: tf.Tensor, d_state: tf.Tensor, d_cell: tf.Tensor, d_transposed: tf.Tensor) -> tuple[tf.Tensor, ...]:
            d_cell += d_state * carries[t, 1]
            dz = tf.reshape(slopes[t] * (d_cell + of_state * (d_state - d_cell)), [columns, d_cell.shape[1]])
            d_transposed += tf.reshape(tf.matmul(inputs[t], dz, transpose_b=True), [-1])
            return t - 1, recurrent @ dz, d_cell * carries[t, 0], d_transposed

        start = [part.steps - 1, d_state, tf.zeros_like(d_state), tf.zeros(rows * columns)]
        return tf.reshape(tf.while_loop(lambda t, *_: t >= 0, step, start)[-1], [rows, columns])


class DNN:
    """The dense network; where it sees the whole window, zeros stand for the samples beyond the window's end.

    An input that is always zero gets no gradient, so its weights stay zero and change nothing.
    """

    name = "dnn"

    def __init__(self, units: int, activation: str, sees: str, steps: int) -> None:
        self.units, self.sees = units, sees
        self.inputs = steps if sees == "window" else 1
        self.activate = ACTIVATION[activation][0]

    def __repr__(self) -> str:
        return f"DNN({self.units} units, sees the {self.sees})"

    def empty(self, width: int) -> list[tf.Tensor]:
        """Return nothing: nothing is carried."""
        return []

    def read(
        self, weights: Tensors, part: Samples, rows: tf.Tensor, carried: Tensors
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return the predictions for these rows, shape `(rows,)`, and nothing that is carried on."""
        if self.sees == "window":
            step = tf.range(self.inputs)[:, None]
        else:
            step = tf.reshape(0 if self.sees == "oldest" else part.steps - 1, [1, 1])
        seen = tf.cast(step < part.steps, tf.float32)
        samples = (
            tf.gather(
                part.values, tf.maximum(rows - part.length + part.sampling_rate * step * tf.cast(seen, tf.int32), 0)
            )
            * seen
        )
        kernel, bias, output, last = weights
        hidden = self.activate(tf.matmul(kernel, samples, transpose_a=True) + bias[:, None])
        return tf.reduce_sum(hidden * output, 0) + last, []

    def buffers(self, batch: int) -> list[tf.Tensor]:
        """Return no room: nothing is kept."""
        return []

    def gradients(
        self, weights: Tensors, part: Samples, rows: tf.Tensor, inside: tf.Tensor, carried: Tensors, buffers: Tensors
    ) -> tuple[list[tf.Tensor], tf.Tensor, Tensors, Tensors]:
        """Return (gradients, squared errors, nothing carried, no buffers), as the LSTM does."""
        with tf.GradientTape() as tape:
            tape.watch(weights)
            answers, _ = self.read(weights, part, rows, carried)
            squares = tf.reduce_sum(((answers - tf.gather(part.targets, rows)) * inside) ** 2)
            loss = squares / tf.reduce_sum(inside)
        return tape.gradient(loss, weights), squares, carried, buffers
