"""What the Lab shows of the inside of the LSTM that it trains: the numbers of `show_inside`, as they become."""

import time
from dataclasses import replace
from typing import Any

import numpy as np

from ..pictures.inside import sentence
from ..pictures.windows import called
from ..trainer.inside import Inside, NotFiniteError, Reader, State, influences, of_window, ordered, probes

EVERY_SECONDS = 0.25  # between two looks at many windows, while the weights change
SHARE = 10  # and at least so many times what the last one took, so that they cost a tenth of the time at most
ONLY = "Only the last answer was trained."
NOTHING = "There is nothing to see inside the LSTM before its first update: press Train."
LOST = (
    "The LSTM's states are not finite (NaN), so there is nothing to see inside it; try tanh, or a lower learning_rate."
)


class Look:
    """The inside of the LSTM of one training, followed while it trains.

    `inside` holds the numbers, or None where there are none, and `said` a sentence. Until the run has ended the units
    are in Keras's order and there is no probe; `ended` is whether that was made good.
    """

    def __init__(self, training: Any = None) -> None:
        self.training = training
        self.inside: Inside | None = None
        self.said, self.ended = NOTHING, False
        self.window = self.row = 0  # the number of the window shown, from 0, and its row in the whole series
        self._read, self._due = 0, 0.0  # the updates made at the last look at many windows, and when the next is due
        self._starts: dict[bytes, State] = {}  # what a stateful LSTM's lanes had reached then

    def __repr__(self) -> str:
        return f"Look({self.said!r})"

    @property
    def answers(self) -> tuple[np.ndarray, np.ndarray]:
        """The answer after each sample, and the rows that they would be for, counted in the whole series."""
        if self.inside is None:
            return np.empty(0), np.empty(0)
        return self.row + self.inside.places - self.inside.places[-1], self.inside.answers

    def update(self, window: int, trains: bool) -> None:
        """Look at a window now. Many windows are looked at where the weights are new, and while it `trains` rarely."""
        if self.training is None or not self.training.updates:
            return
        self.window, self.row = window, int(np.concatenate(self.training.experiment.rows)[window])
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # relu has no ceiling
                self._look(trains)
        except NotFiniteError:
            self.inside, self.said = None, LOST

    def end(self) -> None:
        """Order the units, and read the hour off the state: once, at the end of a run."""
        if self.inside and not self.ended:
            reader = self._reader()
            self._show(**ordered(reader), **probes(reader))
            self.ended = True

    def _reader(self) -> Reader:
        experiment = self.training.experiment
        return Reader(experiment, self.training.weights("lstm"), experiment.stateful, self._starts)

    def _look(self, trains: bool) -> None:
        begin, updates, first = time.monotonic(), self.training.updates, self.inside is None
        anew = first or (updates != self._read and (not trains or time.monotonic() >= self._due))
        if anew:
            self._starts.clear()
        reader = self._reader()
        found = of_window(reader, self.row)
        if anew:
            found |= influences(reader)
            now = time.monotonic()
            took = 0.0 if first else now - begin  # the first one finds the linear autoregression too
            self._read, self._due = updates, now + max(EVERY_SECONDS, SHARE * took)
        self._show(**found)

    def _show(self, **found: Any) -> None:
        experiment = self.training.experiment
        if self.inside is None:
            units = np.arange(experiment.units)
            found |= {"order": units, "signs": np.ones_like(units), "probe": None, "probe_untrained": None}
            self.inside = Inside(**found, carried=experiment.stateful)
        else:
            self.inside = replace(self.inside, **found)
        window = called(experiment, self.window, self.inside.carried)
        self.said = f"{sentence(self.inside, window)} {ONLY}"
