"""Runs an experiment, live: both models side by side, progress out, cancel in."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from threading import Event
from typing import Any

import numpy as np

from ..checks import choice
from ..experiment import MODELS, Experiment
from ..models import initial_weights, tf
from ..results import Progress, Result
from .compiled import trainer_for, xla
from .networks import SAMPLES, Samples
from .padding import capacity
from .reading import Reading

CHUNK_SECONDS = 0.07  # seconds that one call of the compiled trainer should take: so often there is news, or an end


class Training:
    """One run in the making: `advance` until it is `over`, then ask for the `result`; `close` ends its threads.

    `updates` counts what has been made, `alive` names the models whose loss is finite; `losses`, `val_losses`,
    `val_losses_as_trained` and `trace` grow as those of the Result will be.
    """

    def __init__(self, experiment: Experiment, models: Iterable[str] = MODELS) -> None:
        self.experiment, windows, train = experiment, experiment.windows, experiment.train
        self.models = tuple(choice("model", model, MODELS) for model in models)
        self.part = Samples.of(train, windows)
        self.windows, self.per_epoch = windows.count(train), windows.updates_per_epoch(train)
        lanes, every = experiment.lanes if experiment.stateful else None, experiment.validation_windows
        parts = {"train": train, "validation": experiment.validation}
        self.readings = {name: Reading(part, every, lanes) for name, part in parts.items()}
        self.trainers = {name: trainer_for(name, experiment) for name in MODELS}
        first = initial_weights(experiment.units, experiment.activation, len(experiment.dnn_steps), experiment.seed)
        self.states = {name: self.trainers[name].begin(weights) for name, weights in first.items()}
        self.updates, self.seconds, self._chunk, self.alive = 0, 0.0, 1, list(self.models)
        self.order = self._padded_order()
        self.compiled = xla()
        self.losses: dict[str, list[float]] = {name: [] for name in MODELS}
        self.val_losses: dict[str, list[float]] = {name: [] for name in MODELS}
        self.val_losses_as_trained: dict[str, list[float]] = {name: [] for name in MODELS}
        self.trace: dict[str, list[tuple[int, float]]] = {name: [] for name in MODELS}
        self.squares = dict.fromkeys(MODELS, 0.0)  # squared errors of the epoch so far
        self.newest_squares: dict[str, float] = {}  # and of the last chunk
        self.to_validate: dict[str, list[Iterator[None]]] = {name: [] for name in MODELS}  # what is left of it
        self.carried: dict[str, list] = {name: [] for name in MODELS}  # the LSTM's state and cell, if it keeps them
        self.warm: tuple[int, float] | None = None  # updates and seconds after the first call, which may compile
        self.pool = ThreadPoolExecutor(2, thread_name_prefix="training")

    def __repr__(self) -> str:
        return f"Training({self.experiment!r}), {self.updates} of {self.experiment.updates} updates"

    def _padded_order(self) -> Any:
        """Return the order of the windows in this epoch; of a stateful run, those of a short last batch at the end."""
        windows = replace(self.experiment.windows, drop_remainder=False).count(self.experiment.train)
        order = self._order(windows, self.updates // self.per_epoch)
        return tf.constant(np.pad(order, (0, capacity(windows, SAMPLES) - windows)).astype(np.int32))

    def _order(self, windows: int, epoch: int) -> np.ndarray:
        """Return the order of so many windows in an epoch, drawn anew each epoch if they are shuffled."""
        if self.experiment.shuffle:
            return np.random.default_rng([self.experiment.seed, epoch]).permutation(windows)
        return np.arange(windows)

    @cached_property
    def as_trained(self) -> Reading | None:
        """The validation windows as they lie in training, if the LSTM keeps its state and they fill a batch."""
        experiment, part = self.experiment, self.experiment.validation
        windows = replace(experiment.windows, drop_remainder=False).count(part)
        if not experiment.stateful or windows < experiment.batch_size:
            return None
        return Reading(part, experiment.windows, experiment.batch_size)

    @property
    def over(self) -> bool:
        """Whether there is nothing left to train or to validate."""
        return not self._updates_left() and not any(self.to_validate.values())

    def _updates_left(self) -> int:
        """Return the number of updates left in this epoch."""
        left = min(self.per_epoch - self.updates % self.per_epoch, self.experiment.updates - self.updates)
        return left if self.alive else 0

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
        The validation of a whole epoch runs beside the next updates, on weights that no longer change. That of a
        stateful run, which may take longer than they, goes on in the next calls, and holds up the updates after that.
        """
        finish = self.start(updates)
        if meanwhile:
            meanwhile(self.progress)
        finish()

    @property
    def chunk(self) -> int:
        """The number of updates that take about 0.07 s; 0 where the validation lies behind by more than an epoch."""
        behind = any(len(waiting) > 1 for waiting in self.to_validate.values())
        return 0 if behind else self._chunk

    def start(self, updates: int | None = None) -> Callable[[], None]:
        """Begin what `advance` does, in threads of its own, and return the function that waits for it and books it."""
        begin, first, left = time.perf_counter(), self.updates % self.per_epoch, self._updates_left()
        made = min(self.chunk if updates is None else updates, left)
        alive = list(self.alive) if made else []
        working = [self.pool.submit(self._train, name, first, first + made) for name in alive]
        checking = [self.pool.submit(self._validate_some, name) for name in MODELS]

        def finish() -> None:
            took = [task.result() for task in working]
            for task in checking:
                task.result()
            if made:
                self.updates += made
                self._chunk = max(1, min(int(made * CHUNK_SECONDS / max(took)), 4 * self._chunk))
            for name in alive:
                self._book(name, first, made, ended=made == left)
            if made and made == left:
                self.order = self._padded_order()  # of the next epoch
            if not self._updates_left():
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
            self._end_epoch(name)
        if not math.isfinite(squares):
            self.alive.remove(name)

    def _end_epoch(self, name: str) -> None:
        """Note a model's training loss over the windows of this epoch so far, and let its weights be validated."""
        epoch, batches = divmod(self.updates - 1, self.per_epoch)
        windows = min((batches + 1) * self.experiment.batch_size, self.windows)
        self.losses[name].append(self.squares[name] / windows)
        self.squares[name] = 0.0
        self.to_validate[name].append(self._validate(name, self.states[name].weights, epoch))

    def _train(self, name: str, first: int, last: int) -> float:
        begin, trained = time.perf_counter(), self.trainers[name]
        if self.experiment.stateful and first == 0:
            self.carried[name] = trained.model.empty(trained.width)
        rate = tf.constant(self.experiment.learning_rate, tf.float32)
        batches = tf.constant(self.experiment.batch_size), tf.constant(first), tf.constant(last)
        self.states[name], self.carried[name], squares = trained.train(
            self.states[name], self.carried[name], self.part, self.order, *batches, rate
        )
        self.newest_squares[name] = float(squares)
        return time.perf_counter() - begin

    def _validate(self, name: str, weights: list, epoch: int) -> Iterator[None]:
        """Note the validation losses of the weights at the end of an epoch; it pauses, so that a cancel is obeyed."""
        trained, as_trained = self.trainers[name], []
        if self.as_trained:
            order = self._order(len(self.as_trained.rows), epoch)
            as_trained.append((yield from self.as_trained.loss(trained, weights, order)))
        loss = yield from self.readings["validation"].loss(trained, weights)
        self.val_losses[name].append(loss)
        self.val_losses_as_trained[name] += as_trained

    def _validate_some(self, name: str) -> None:
        """Go on with the validation of a model; of a stateful run for about 0.07 s."""
        end, waiting = time.perf_counter() + CHUNK_SECONDS, self.to_validate[name]
        while waiting:
            for _ in waiting[0]:
                if self.experiment.stateful and time.perf_counter() > end:
                    return
            del waiting[0]

    def _validate_rest(self) -> None:
        for name in MODELS:
            self._validate_some(name)

    def compile(self) -> None:
        """Compile all that this run needs, without training."""
        for task in [self.pool.submit(self._compile, name) for name in MODELS]:
            task.result()

    def _compile(self, name: str) -> None:
        self._train(name, 0, 0)
        self.predict(name, self.readings["train"].rows[:1])
        self.predict(name, self.readings["validation"].rows[:1] + len(self.experiment.train))

    def predict(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Return a model's predictions at ascending rows, counted in the whole series, shape `(rows,)`.

        The windows of rows beyond the training part lie in the validation part: its first `length` rows have none. A
        stateful LSTM reads on up to each row as in validation: see `Reading.answers`. So 128 rows anywhere in a
        built-in series take it a quarter of a second at most, and those at its beginning next to nothing.
        """
        border = len(self.experiment.train)
        parts = {"train": rows[rows < border], "validation": rows[rows >= border] - border}
        weights = self.states[name].weights
        asked = [(self.readings[part], some) for part, some in parts.items() if len(some)]
        told = [reading.answers(self.trainers[name], weights, some) for reading, some in asked]
        return np.concatenate(told) if told else np.empty(0, np.float32)

    def weights(self, name: str) -> list[np.ndarray]:
        """Return a model's weights as they are now, in Keras's order and shapes."""
        return self.trainers[name].weights(self.states[name], self.experiment)

    def result(self) -> Result:
        """Return the Result; a run that is not over is cancelled, and if stateful may lack its last validation."""
        for name in self.alive:
            if self.squares[name]:
                self._end_epoch(name)
        self._validate_rest()
        checked = [loss for losses in self.val_losses.values() for loss in losses]
        diverged = len(self.alive) < len(self.models) or not np.isfinite(checked).all()
        return Result(
            experiment=self.experiment,
            losses={name: list(losses) for name, losses in self.losses.items()},
            val_losses={name: list(losses) for name, losses in self.val_losses.items()},
            windows=self.windows,
            updates=self.updates,
            seconds=self.seconds,
            status="diverged" if diverged else "done" if self.over else "cancelled",
            weights={name: self.weights(name) for name in self.states},
            trace=self.trace,
            val_losses_as_trained={name: list(losses) for name, losses in self.val_losses_as_trained.items()},
        )

    def close(self) -> None:
        """End the threads; nothing can be trained after that."""
        self.pool.shutdown(cancel_futures=True)


def run(
    experiment: Experiment,
    on_progress: Callable[[Progress], object] | None = None,
    cancel: Event | Callable[[], object] | None = None,
    models: Iterable[str] = MODELS,
) -> Result:
    """Train both models on an experiment and return its Result.

    `on_progress(progress)` is called several times a second and at least once an epoch, with a Progress. `cancel` is
    a `threading.Event` or a function without arguments; as soon as it says yes, the run ends as "cancelled" with
    what it has. From the same initial weights, with `shuffle=False`, the losses are those of Keras's
    `model.fit(TimeseriesGenerator(…), shuffle=False)`; where the LSTM keeps its state, with `epochs=1` and after
    `layers[0].reset_states()` each time. With one of the `models` alone, the other keeps its initial weights and has
    no losses: a DNN alone takes a small part of the time.
    """
    cancelled = cancel.is_set if isinstance(cancel, Event) else cancel or (lambda: False)
    training = Training(experiment, models)
    try:
        while not training.over and not cancelled():
            training.advance(meanwhile=on_progress if training.updates else None)
        if on_progress:
            on_progress(training.progress)
        return training.result()
    finally:
        training.close()
