"""Runs an experiment, live: both models side by side, progress out, cancel in."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Event
from typing import Any

import numpy as np

from ..experiment import MODELS, Experiment
from ..models import initial_weights, tf
from ..results import Progress, Result
from .compiled import BATCH, EVALUATED, LONGEST, UNITS, State, trainer, xla
from .networks import SAMPLES, Samples
from .padding import capacity, grown, shrunk

CHUNK_SECONDS = 0.07  # seconds that one call of the compiled trainer should take: so often there is news, or an end


class Training:
    """One run in the making: `advance` until it is `over`, then ask for the `result`; `close` ends its threads.

    `updates` counts what has been made, `alive` names the models whose loss is finite; `losses`, `val_losses` and
    `trace` grow as those of the Result will be.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, windows, train = experiment, experiment.windows, experiment.train
        self.part = Samples.of(train, windows)
        self.validation = Samples.of(experiment.validation, experiment.validation_windows)
        self.windows, self.per_epoch = windows.count(train), windows.updates_per_epoch(train)
        self.steps = capacity(windows.steps, LONGEST)
        units, activation, sees = experiment.units, experiment.activation, experiment.dnn_sees
        seen, width = len(experiment.dnn_steps), capacity(experiment.batch_size, BATCH)
        self.own_sizes, self.padded_sizes = (
            (units, seen),
            (capacity(units, UNITS), self.steps if sees == "window" else 1),
        )
        self.trainers = {
            name: trainer(name, self.padded_sizes[0], activation, width, sees, self.steps) for name in MODELS
        }
        self.states = {
            name: State.of(grown(name, weights, self.own_sizes, self.padded_sizes))
            for name, weights in initial_weights(units, activation, seen, experiment.seed).items()
        }
        self.compiled = xla()
        self.updates, self.seconds, self.chunk, self.alive = 0, 0.0, 1, list(MODELS)
        self.losses: dict[str, list[float]] = {name: [] for name in MODELS}
        self.val_losses: dict[str, list[float]] = {name: [] for name in MODELS}
        self.trace: dict[str, list[tuple[int, float]]] = {name: [] for name in MODELS}
        self.squares = dict.fromkeys(MODELS, 0.0)  # squared errors of the epoch so far
        self.newest_squares: dict[str, float] = {}  # and of the last chunk
        self.to_validate: list[tuple[str, list]] = []  # (model, weights) of the last whole epoch, still to be validated
        self.warm: tuple[int, float] | None = None  # updates and seconds after the first call, which may compile
        self.pool = ThreadPoolExecutor(2, thread_name_prefix="training")

    def __repr__(self) -> str:
        return f"Training({self.experiment!r}), {self.updates} of {self.experiment.updates} updates"

    @cached_property
    def order(self) -> Any:
        """The order of the windows in this epoch, drawn anew each epoch if they are shuffled."""
        order, epoch = np.arange(self.windows), self.updates // self.per_epoch
        if self.experiment.shuffle:
            order = np.random.default_rng([self.experiment.seed, epoch]).permutation(self.windows)
        return tf.constant(np.pad(order, (0, capacity(self.windows, SAMPLES) - self.windows)).astype(np.int32))

    @property
    def over(self) -> bool:
        """Whether there is nothing left to train."""
        return not self.alive or self.updates >= self.experiment.updates

    @property
    def progress(self) -> Progress:
        """The Progress so far."""
        newest = {name: self.trace[name][-1][1] if self.trace[name] else None for name in MODELS}
        checked = {name: self.val_losses[name][-1] if self.val_losses[name] else None for name in MODELS}
        return Progress(self.updates, max(1, math.ceil(self.updates / self.per_epoch)), newest, checked, self._left())

    def _left(self) -> float | None:
        """Return the seconds that the rest will take at the pace so far, or None."""
        if self.warm is None or self.warm[0] >= self.updates:
            return None
        pace = (self.seconds - self.warm[1]) / (self.updates - self.warm[0])
        return pace * (self.experiment.updates - self.updates)

    def advance(self, updates: int | None = None, meanwhile: Callable[[Progress], object] | None = None) -> None:
        """Make some updates of both models, one beside the other; call `meanwhile(progress)` while they are at work.

        Without a number of updates it makes as many as take about 0.07 s, and never more than the epoch has left.
        The validation of a whole epoch runs beside the next updates, on weights that no longer change.
        """
        finish = self.start(updates)
        if meanwhile:
            meanwhile(self.progress)
        finish()

    def start(self, updates: int | None = None) -> Callable[[], None]:
        """Begin what `advance` does, in threads of its own, and return the function that waits for it and books it."""
        begin, first = time.perf_counter(), self.updates % self.per_epoch
        left = min(self.per_epoch - first, self.experiment.updates - self.updates)
        made = min(updates or self.chunk, left)
        alive, whole_epochs, self.to_validate = list(self.alive), self.to_validate, []
        working = [self.pool.submit(self._train, name, first, first + made) for name in alive]
        checking = [self.pool.submit(self._validate, name, weights) for name, weights in whole_epochs]

        def finish() -> None:
            took = max([task.result() for task in working])
            for task in checking:
                task.result()
            self.updates += made
            self.chunk = max(1, min(int(made * CHUNK_SECONDS / took), 4 * self.chunk))
            for name in alive:
                self._book(name, first, made, ended=made == left)
            if made == left:
                self.__dict__.pop("order", None)
            if self.over:
                self._validate_rest()
            self.seconds += time.perf_counter() - begin
            self.warm = self.warm or (self.updates, self.seconds)

        return finish

    def _book(self, name: str, first: int, made: int, ended: bool) -> None:
        """Note the squared errors of a model's last updates; at the end of an epoch, or of all numbers, its loss."""
        batch, squares = self.experiment.batch_size, self.newest_squares[name]
        seen = min(made * batch, self.windows - first * batch)
        self.squares[name] += squares
        self.trace[name].append((self.updates, squares / seen))
        if ended or not math.isfinite(squares):
            self.losses[name].append(self.squares[name] / min((first + made) * batch, self.windows))
            self.squares[name] = 0.0
            self.to_validate.append((name, self.states[name].weights))
        if not math.isfinite(squares):
            self.alive.remove(name)

    def _train(self, name: str, first: int, last: int) -> float:
        begin = time.perf_counter()
        rate = tf.constant(self.experiment.learning_rate, tf.float32)
        batches = tf.constant(self.experiment.batch_size), tf.constant(first), tf.constant(last)
        state, squares = self.trainers[name].train(self.states[name], self.part, self.order, *batches, rate)
        self.states[name], self.newest_squares[name] = state, float(squares)
        return time.perf_counter() - begin

    def _validate(self, name: str, weights: list) -> None:
        self.val_losses[name].append(float(self.trainers[name].evaluate(weights, self.validation)))

    def _validate_rest(self) -> None:
        for name, weights in self.to_validate:
            self._validate(name, weights)
        self.to_validate = []

    def compile(self) -> None:
        """Compile all that this run needs, without training."""
        for task in [self.pool.submit(self._compile, name) for name in MODELS]:
            task.result()

    def _compile(self, name: str) -> None:
        self._train(name, 0, 0)
        self.trainers[name].evaluate(self.states[name].weights, self.validation)
        self.predict(name, self.experiment.windows.rows(self.experiment.train)[:1])
        rows = self.experiment.validation_windows.rows(self.experiment.validation)[:1]
        self.predict(name, rows + len(self.experiment.train))

    def predict(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Return a model's predictions at ascending rows, counted in the whole series, shape `(rows,)`.

        The windows of rows beyond the training part lie in the validation part: its first `length` rows have none.
        """
        border = len(self.experiment.train)
        told = [
            self._predict(name, part, some[first : first + EVALUATED])
            for part, some in ((self.part, rows[rows < border]), (self.validation, rows[rows >= border] - border))
            for first in range(0, len(some), EVALUATED)
        ]
        return np.concatenate(told) if told else np.empty(0, np.float32)

    def _predict(self, name: str, part: Samples, rows: np.ndarray) -> np.ndarray:
        padded = tf.constant(np.resize(rows, EVALUATED).astype(np.int32))
        return self.trainers[name].predict(self.states[name].weights, part, padded).numpy()[: len(rows)]

    def result(self) -> Result:
        """Return the Result; a run that is not over counts as cancelled."""
        self._validate_rest()
        checked = [loss for losses in self.val_losses.values() for loss in losses]
        diverged = len(self.alive) < len(MODELS) or not np.isfinite(checked).all()
        for name in self.alive:
            if self.squares[name]:
                self.losses[name].append(
                    self.squares[name] / ((self.updates % self.per_epoch) * self.experiment.batch_size)
                )
                self._validate(name, self.states[name].weights)
                self.squares[name] = 0.0
        return Result(
            experiment=self.experiment,
            losses={name: list(losses) for name, losses in self.losses.items()},
            val_losses={name: list(losses) for name, losses in self.val_losses.items()},
            windows=self.windows,
            updates=self.updates,
            seconds=self.seconds,
            status="diverged" if diverged else "done" if self.over else "cancelled",
            weights={
                name: shrunk(name, [weight.numpy() for weight in state.weights], self.own_sizes, self.padded_sizes)
                for name, state in self.states.items()
            },
            trace=self.trace,
        )

    def close(self) -> None:
        """End the threads; nothing can be trained after that."""
        self.pool.shutdown(cancel_futures=True)


def run(
    experiment: Experiment,
    on_progress: Callable[[Progress], object] | None = None,
    cancel: Event | Callable[[], object] | None = None,
) -> Result:
    """Train both models on an experiment and return its Result.

    `on_progress(progress)` is called several times a second and at least once an epoch, with a Progress. `cancel` is
    a `threading.Event` or a function without arguments; as soon as it says yes, the run ends as "cancelled" with
    what it has. From the same initial weights, with `shuffle=False`, the losses are those of Keras's
    `model.fit(TimeseriesGenerator(…), shuffle=False)`.
    """
    cancelled = cancel.is_set if isinstance(cancel, Event) else cancel or (lambda: False)
    training = Training(experiment)
    try:
        while not training.over and not cancelled():
            training.advance(meanwhile=on_progress if training.updates else None)
        if on_progress:
            on_progress(training.progress)
        return training.result()
    finally:
        training.close()
