"""Asks a model for its answers: to each window by itself, or reading on in lanes, from window to window.

Keras gives the same with `model.predict`: a stateful LSTM is given the windows of a lane one after the other.
"""

from collections.abc import Generator, Iterator

import numpy as np

from ..models import tf
from ..series import Series
from ..windows import Windows
from .compiled import LANES, Trainer
from .networks import SAMPLES, Samples, Tensors
from .padding import capacity

PIECE = 1024  # steps of a piece: some 10 ms with 50 units
REACH = 16_384  # steps at most for the answers at some rows: a quarter of a second, and the whole of a built-in series


class Reading:
    """The windows of a part of the series, and how a model is asked about them.

    Without `lanes` each window begins empty. Else the windows are dealt out to so many lanes, and a lane begins empty
    and keeps its state: lane k reads windows k, k + lanes, k + 2 lanes, … At stride 1 and with `Experiment.lanes`, each
    lane reads on where its last window has ended.
    """

    def __init__(self, series: Series, windows: Windows, lanes: int | None = None) -> None:
        self.part, self.rows = Samples.of(series, windows), windows.rows(series)
        self.targets = series.targets[self.rows, 0].astype(float)
        self.keeps, self.lanes, self.steps = lanes is not None, lanes or LANES, windows.steps
        self.in_order = np.arange(capacity(len(self.rows), SAMPLES))

    def __repr__(self) -> str:
        return f"Reading({len(self.rows)} windows, {f'in {self.lanes} lanes' if self.keeps else 'each by itself'})"

    def loss(self, trainer: Trainer, weights: Tensors, order: np.ndarray | None = None) -> Generator[None, None, float]:
        """Return the mean squared error over all windows, in this order of them: a generator, which yields at times."""
        order = self.in_order[: len(self.rows)] if order is None else order
        lanes, last = np.arange(min(self.lanes, len(order))), -(-len(order) // self.lanes)
        pieces = range(0, last, max(1, PIECE // self.steps) if self.keeps else last)
        for answers in self._read(trainer, weights, lanes, pieces, order):  # noqa: B007 (the last ones count)
            yield
        return float(np.mean((answers - self.targets[order]) ** 2))

    def answers(self, trainer: Trainer, weights: Tensors, rows: np.ndarray) -> np.ndarray:
        """Return the answers at some rows, shape `(rows,)`, of a reading at stride 1.

        A lane is read from its beginning, so that its state is the one it has reached. Where that would take more than
        REACH steps, it begins empty later: an LSTM that has learnt to forget does not tell the difference.
        """
        places = np.asarray(rows) - self.rows[0]
        lanes, first, last = places, 0, 1
        if self.keeps:
            lanes, windows = np.unique(places % self.lanes), places // self.lanes
            groups, last = -(-len(lanes) // LANES), windows.max() + 1
            first = max(0, min(windows.min(), last - REACH // (groups * self.steps)))
        *_, answers = self._read(trainer, weights, lanes, range(first, last, last - first), self.in_order)
        return answers[places]

    def _read(
        self, trainer: Trainer, weights: Tensors, lanes: np.ndarray, pieces: range, order: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Read windows of these lanes, as many at a time as `pieces` steps on; yield all answers so far after each."""
        order = np.pad(order, (0, len(self.in_order) - len(order)))
        answers = tf.zeros(len(order) + 1)
        for group in range(0, len(lanes), LANES):
            lane = np.full(LANES, len(self.rows))
            lane[: len(lanes) - group] = lanes[group : group + LANES]
            carried = trainer.model.empty(LANES)
            for first in pieces:
                last = min(first + pieces.step, pieces.stop)
                numbers = [tf.constant(number, tf.int32) for number in (order, lane, self.lanes, first, last)]
                carried, answers = trainer.read(weights, self.part, *numbers, tf.constant(self.keeps), carried, answers)
                yield answers.numpy()[: len(self.rows)]
