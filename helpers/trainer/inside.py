"""What an LSTM holds while it reads a window, and which samples its answer depends on: in NumPy, from its weights.

The trainer's LSTM (`networks.py`) says no more than its last answer. Here a few windows are read, of any number of
samples and from any state, and all is kept; NumPy is quick enough for that and has nothing to compile.

Weights are in Keras's order and shapes. Windows are rows here, as in Keras: samples have the shape `(windows, steps)`,
states and cells `(windows, steps, units)`. `start` is the state and the cell with which windows begin, two arrays
`(windows, units)`; without it they begin empty.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import whole, yes_or_no
from ..experiment import Experiment
from ..results import Result
from ..theory import autoregression

Weights = Sequence[np.ndarray]
State = tuple[np.ndarray, np.ndarray]  # the state and the cell
AVERAGED = 64  # windows behind the mean influence, and the order of the units
PROBED = 256  # windows that a probe is fitted on, and as many that it is measured on: four for each unit, if more
REACH = 32_768  # steps at most to find what was carried into some windows: all of a built-in series for one of them
ALONE = 200_000  # multiplications in one product, few enough for one thread: see `product`
RIDGE = 1e-6  # of a probe's squared weights, in parts of the sum of all units' squared moves

ACTIVATION: dict[str, tuple[Callable, Callable]] = {  # the function, and its slope from its value y
    "relu": (lambda z: np.maximum(z, 0), lambda y: (y > 0).astype(y.dtype)),
    "tanh": (np.tanh, lambda y: 1 - y * y),
}


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z)), as a tanh, which cannot overflow."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def gates(weights: Weights, activation: str, samples: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the input gate, the forget gate, the candidate and the output gate: what one more sample makes of a state.

    `samples` may have any shape, `state` has the units as one axis more.
    """
    kernel, recurrent, bias, *_ = weights
    i, f, g, o = np.split(samples[..., None] * kernel[0] + product(state, recurrent) + bias, 4, axis=-1)
    return sigmoid(i), sigmoid(f), ACTIVATION[activation][0](g), sigmoid(o)


def product(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return rows @ matrix, a few rows at a time.

    NumPy's library shares larger products out to threads, which wait for each other where the cores are busy, as beside
    a training: a probe at length 24 then took 0.3 s of processor time, rather than 0.03 s.
    """
    flat, few = rows.reshape(-1, rows.shape[-1]), max(1, ALONE // matrix.size)
    parts = [flat[first : first + few] @ matrix for first in range(0, len(flat), few)]
    return np.concatenate(parts).reshape(*rows.shape[:-1], matrix.shape[1])


def squares(moves: np.ndarray) -> np.ndarray:
    """Return moves.T @ moves, in the last two axes, a few rows at a time as well: see `product`."""
    few = max(1, ALONE // moves.shape[-1] ** 2)
    parts = [moves[..., first : first + few, :] for first in range(0, moves.shape[-2], few)]
    return np.sum([part.swapaxes(-1, -2) @ part for part in parts], axis=0)


def empty(weights: Weights, windows: int) -> State:
    """Return the state and the cell of an LSTM that has read nothing: zeros."""
    return (np.zeros((windows, len(weights[1])), np.float32),) * 2


def states(weights: Weights, activation: str, samples: np.ndarray, start: State | None = None) -> State:
    """Return the state and the cell after each sample, both of the shape `(windows, steps, units)`.

    Hochreiter and Schmidhuber's LSTM with Gers's forget gate, as in Keras (Goodfellow et al., Deep Learning, 10.10.1).
    """
    activate, kept = ACTIVATION[activation][0], []
    state, cell = start or empty(weights, len(samples))
    for sample in samples.T:
        i, f, g, o = gates(weights, activation, sample, state)
        cell = f * cell + i * g
        state = o * activate(cell)
        kept.append((state, cell))
    held = np.array(kept).transpose(1, 2, 0, 3)
    return held[0], held[1]


def answers_and_cells(
    weights: Weights, activation: str, samples: np.ndarray, start: State | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the answer after each sample, shape `(windows, steps)`, and the cells, `(windows, steps, units)`.

    An answer is what the output layer makes of the state so far; the last is the model's own, the only one trained.
    """
    state, cells = states(weights, activation, samples, start)
    return answers(weights, state), cells


def answers(weights: Weights, state: np.ndarray) -> np.ndarray:
    """Return what the output layer makes of states, without the axis of the units."""
    return state @ weights[3][:, 0] + weights[4]


def influence(weights: Weights, activation: str, samples: np.ndarray, start: State | None = None) -> np.ndarray:
    """Return d answer / d sample for each sample of each window, shape `(windows, steps)`; `start` is held still.

    The chain rule from the last step to the first, as in `LSTM.gradients` of `networks.py`: d_state and d_cell, the
    derivatives of the answer, become those by the gates' sums, dz, which lead to the sample and to the step before.
    """
    kernel, recurrent, output = weights[0], weights[1], weights[3]
    of_gates, of_cell, forget = slopes(weights, activation, samples, start or empty(weights, len(samples)))
    d_state = np.repeat(output.T, len(samples), 0)
    d_cell, found = np.zeros_like(d_state), np.empty_like(samples)
    for t in reversed(range(samples.shape[1])):
        d_cell = d_cell + d_state * of_cell[:, t]
        dz = of_gates[:, t] * np.concatenate([d_cell, d_cell, d_cell, d_state], 1)  # the output gate: past the cell
        found[:, t] = dz @ kernel[0]
        d_state, d_cell = product(dz, recurrent.T), d_cell * forget[:, t]
    return found


def slopes(weights: Weights, activation: str, samples: np.ndarray, start: State) -> tuple[np.ndarray, ...]:
    """Return three slopes at each step: of cell or state by the gates' sums, of the state by the cell, of cell by cell.

    Shapes `(windows, steps, 4 * units)` and twice `(windows, steps, units)`; `LSTM.gradients` derives them.
    """
    activate, slope = ACTIVATION[activation]
    held = states(weights, activation, samples, start)
    state, cell = (np.concatenate([first[:, None], after[:, :-1]], 1) for first, after in zip(start, held))
    i, f, g, o = gates(weights, activation, samples, state)  # of all steps at once, from what was held before each
    active = activate(held[1])
    of_gates = np.concatenate([g * i * (1 - i), cell * f * (1 - f), i * slope(g), active * o * (1 - o)], -1)
    return of_gates, o * slope(active), f


def reached(weights: Weights, experiment: Experiment, rows: np.ndarray) -> State:
    """Return the state and the cell that the lanes of some rows have reached before these rows' windows.

    As in validation: see `Experiment.lanes`. Where that would take more than REACH steps, lanes begin empty later: an
    LSTM that has learnt to forget does not tell the difference.
    """
    state, cell = (part.copy() for part in empty(weights, len(rows)))
    windows, values = experiment.windows, experiment.series_with_noise.values[:, 0]
    most = max(1, REACH // (windows.steps * len(rows)))
    earlier = [experiment.lane(row)[:-1][-most:] for row in rows]
    for number in range(max(map(len, earlier))):
        on = np.array([number < len(lane) for lane in earlier])
        samples = values[windows.samples([lane[number] for lane in earlier if number < len(lane)])]
        held = states(weights, experiment.activation, samples, (state[on], cell[on]))
        state[on], cell[on] = held[0][:, -1], held[1][:, -1]
    return state, cell


def probe(state: np.ndarray, hours: np.ndarray, new: np.ndarray, new_hours: np.ndarray, period: float) -> np.ndarray:
    """Return how well the hour of the day can be read off the state after each sample: R², shape `(steps,)`.

    A weighted sum of the units and a constant, fitted to the sine and the cosine of 2 pi hour / period on the windows
    of `state`, is measured on the `new` windows: 1 - squared errors / squared distances from the mean, of sine and
    cosine together. So it does not matter which of a window's hours is asked: another one only turns the clock's face.
    The fit is least squares, by the normal equations; what is added to their diagonal (ridge regression: Hastie et
    al., The Elements of Statistical Learning, 3.4.1) keeps it from ways in which states hardly differ, which carry
    over to no new window. NaN where states are not finite.
    """
    seen, unseen = (held.transpose(1, 0, 2).astype(float) for held in (state, new))
    wanted, asked, mean = clock(hours, period), clock(new_hours, period), seen.mean(1, keepdims=True)
    moves = seen - mean
    products = squares(moves)
    total = np.trace(products, axis1=1, axis2=2)[:, None, None]
    products += np.where(total == 0, 1, RIDGE * total) * np.eye(state.shape[2])
    weights = np.linalg.solve(products, moves.transpose(0, 2, 1) @ (wanted - wanted.mean(0)))
    errors = (unseen - mean) @ weights + wanted.mean(0) - asked
    return 1 - (errors**2).sum((1, 2)) / ((asked - asked.mean(0)) ** 2).sum()


def clock(hours: np.ndarray, period: float) -> np.ndarray:
    """Return where the hand of a clock that goes round once a period stands at these hours, shape `(hours, 2)`."""
    turns = 2 * np.pi * hours / period
    return np.stack([np.sin(turns), np.cos(turns)], 1)


def order_and_signs(cells: np.ndarray, answer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the units in order, those that move most first, and a sign for each, in Keras's order, 1 or -1.

    By their loadings on the first principal component of the cells, `(…, units)`: the sum of the units that varies
    most (Jolliffe, Principal Component Analysis). With these signs all units rise together, and mostly when the
    `answer` rises.
    """
    cells = cells.reshape(-1, cells.shape[-1]).astype(float)
    moves = cells - cells.mean(0)
    loading = np.linalg.eigh(squares(moves))[1][:, -1]
    if (moves @ loading) @ (answer.ravel() - answer.mean()) < 0:
        loading = -loading
    return np.argsort(-np.abs(loading), kind="stable"), np.where(loading < 0, -1, 1)


@dataclass(frozen=True)
class Inside:
    """What an LSTM holds and uses, in numbers; `steps` are the samples of a window, from the oldest on.

    places            of the samples, counted from the row: -length, …; shape `(steps,)`
    samples           of the window, `(steps,)`, in the series' unit
    targets           `(steps,)`: of the rows at which a window would be asked that ends with each sample; the last is
                      that of the window itself
    answers           `(steps,)`: the output layer on the state after each sample; the last is the model's own answer
    hidden            `(steps, units)`: the state after each sample, in Keras's order
    cells             `(steps, units)`: the cell after each sample
    influence         `(steps,)`: d answer / d sample at this window
    mean_influence    `(steps,)`: its mean over `averaged` windows drawn from the training part
    influence_spread  `(steps,)`: its standard deviation over these
    averaged          how many windows that were
    weights           `(steps,)`: those of the linear autoregression, whose influence is the same in every window
    order, signs      `(units,)`: of the units, see `order_and_signs`
    probe             `(steps,)`: R² of the hour of the day read off the state, on validation windows; None where the
                      series has no period, or the validation part no window for every hour of it
    probe_untrained   the same of the LSTM before its training
    carried           whether windows begin with the state that their lanes have reached, or empty
    """

    places: np.ndarray
    samples: np.ndarray
    targets: np.ndarray
    answers: np.ndarray
    hidden: np.ndarray
    cells: np.ndarray
    influence: np.ndarray
    mean_influence: np.ndarray
    influence_spread: np.ndarray
    averaged: int
    weights: np.ndarray
    order: np.ndarray
    signs: np.ndarray
    probe: np.ndarray | None
    probe_untrained: np.ndarray | None
    carried: bool


class NotFiniteError(ValueError):
    """What an LSTM holds or uses is not finite, so that there is nothing to see in it."""


def finite(what: str, *numbers: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return these numbers; NotFiniteError where they are not."""
    if not all(np.isfinite(part).all() for part in numbers):
        raise NotFiniteError(
            f"result has {what} that are not finite; train with activation='tanh', or a lower learning_rate"
        )
    return numbers


class Reader:
    """An experiment's LSTM with some weights, and how it reads windows: from empty, or from its lane's state.

    Rows are counted in the whole series. What their lanes have reached is kept in `starts`, since it takes long to
    find: whoever gives the same to a Reader of newer weights saves that time, and reads from the state that the older
    ones had reached.
    """

    def __init__(
        self, experiment: Experiment, weights: Weights, carried: bool, starts: dict[bytes, State] | None = None
    ) -> None:
        self.experiment, self.weights, self.carried = experiment, weights, carried
        self.windows, self.series = experiment.windows, experiment.series_with_noise
        self.starts = {} if starts is None else starts

    def __repr__(self) -> str:
        return f"Reader({self.experiment!r}, carried={self.carried})"

    def begin(self, rows: np.ndarray) -> tuple[np.ndarray, State]:
        """Return the samples of the windows of these rows, and what their reading begins with."""
        samples = self.series.values[self.windows.samples(rows), 0]
        if not self.carried:
            return samples, empty(self.weights, len(rows))
        key = rows.tobytes()
        if key not in self.starts:
            self.starts[key] = reached(self.weights, self.experiment, rows)
        return samples, self.starts[key]

    def states(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the state and the cell after each sample of the windows of these rows."""
        return finite("states", *states(self.weights, self.experiment.activation, *self.begin(rows)))

    def influence(self, rows: np.ndarray) -> np.ndarray:
        """Return d answer / d sample in the windows of these rows."""
        return finite("influences", influence(self.weights, self.experiment.activation, *self.begin(rows)))[0]

    def drawn(self, most: int, validation: bool = False) -> np.ndarray:
        """Return so many rows drawn from a part, at any hour of the day: evenly spaced ones might meet few hours."""
        part, border = self.experiment.train, 0
        if validation:
            part, border = self.experiment.validation, len(self.experiment.train)
        rows = self.experiment.validation_windows.rows(part)
        return border + np.sort(np.random.default_rng(0).choice(rows, min(most, len(rows)), replace=False))


def look_inside(result: Result, window: int = 0, carried: bool | None = None) -> Inside:
    """Return what the LSTM of a result holds over a window, and which samples it uses; see `show_inside`."""
    carried = carried_or_not(result, carried)
    reader = Reader(result.experiment, result.weights["lstm"], carried)
    every = np.concatenate(result.experiment.rows)
    row = every[whole("window", window, least=0, most=len(every) - 1)]
    with np.errstate(over="ignore", invalid="ignore"):  # relu has no ceiling
        found = of_window(reader, row) | influences(reader) | ordered(reader) | probes(reader)
        return Inside(**found, carried=carried)


def carried_or_not(result: Any, carried: Any) -> bool:
    """Return whether windows begin with a carried state, by default what the model does; check what was given."""
    if not isinstance(result, Result):
        raise ValueError(f"result of type {type(result).__name__} is no Result; use what run(experiment) returns")
    if not result.weights:
        raise ValueError("result has no weights, which a sweep leaves behind; use what run(experiment) returns")
    stateful = result.experiment.stateful
    if carried is None:
        return stateful
    carried = yes_or_no("carried", carried)
    if carried and not stateful:
        raise ValueError("carried True needs an LSTM that keeps its state; use False, or train with stateful=True")
    return carried


def of_window(reader: Reader, row: int) -> dict[str, Any]:
    """Return those fields of an Inside that are of one window: that of this row."""
    (hidden,), (cells,) = reader.states(np.array([row]))
    samples = reader.windows.samples([row])[0]
    return {
        "places": samples - row,
        "samples": reader.series.values[samples, 0],
        "targets": reader.series.targets[samples - samples[-1] + row, 0],
        "answers": answers(reader.weights, hidden),
        "hidden": hidden,
        "cells": cells,
        "influence": reader.influence(np.array([row]))[0],
    }


def influences(reader: Reader) -> dict[str, Any]:
    """Return those fields of an Inside that say which samples matter in windows drawn from the training part."""
    rows = reader.drawn(AVERAGED)
    found = reader.influence(rows)
    return {
        "mean_influence": found.mean(0),
        "influence_spread": found.std(0),
        "averaged": len(rows),
        "weights": autoregression(reader.experiment.train, reader.windows)[:-1].copy(),
    }


def ordered(reader: Reader) -> dict[str, Any]:
    """Return the fields `order` and `signs`, from windows drawn from the training part; once a run is enough."""
    hidden, cells = reader.states(reader.drawn(AVERAGED))
    order, signs = order_and_signs(cells, answers(reader.weights, hidden))
    return {"order": order, "signs": signs}


def has_probe(experiment: Experiment) -> bool:
    """Return whether there is an hour of the day to read: a period, and a validation window for every hour of it."""
    period = experiment.train.period
    return period is not None and len(experiment.rows[1]) >= period


def probes(reader: Reader) -> dict[str, Any]:
    """Return the fields `probe`, with the reader's weights, and `probe_untrained`, with the initial ones.

    They are fitted on windows drawn from the training part, and measured on ones drawn from the validation part.
    """
    from ..models import initial_weights  # loads TensorFlow, at the first use

    experiment, period = reader.experiment, reader.series.period
    if period is None or not has_probe(experiment):
        return {"probe": None, "probe_untrained": None}
    first = initial_weights(experiment.units, experiment.activation, len(experiment.dnn_steps), experiment.seed)
    most = max(PROBED, 4 * experiment.units)
    rows, new = reader.drawn(most), reader.drawn(most, validation=True)

    def hidden(weights: Weights, part: np.ndarray) -> np.ndarray:
        return states(weights, experiment.activation, *Reader(experiment, weights, reader.carried).begin(part))[0]

    both = (reader.weights, first["lstm"])
    trained, untrained = (probe(hidden(one, rows), rows, hidden(one, new), new, period) for one in both)
    return {"probe": trained, "probe_untrained": untrained}
