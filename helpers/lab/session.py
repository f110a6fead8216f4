"""A Session: the settings now, the run in the making, and the runs that are over. It knows no widget and no picture."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields, replace
from statistics import median
from typing import Any

from ..checks import choice, whole
from ..experiment import MODELS, Experiment
from ..results import Progress, Result
from . import words
from .worker import NEWER, WORKER, Request, Worker

REST_SECONDS = 0.1  # without a change, before training starts
REPORT_SECONDS = 0.06  # between two reports of a run at work
AHEAD_SECONDS = 0.3  # before compiling ahead of time, so that the pictures come first
SEEDS = 5  # at most, side by side
SETTINGS = (*(field.name for field in fields(Experiment)), "seeds")


def new_training(experiment: Experiment) -> Any:
    """Return a Training of an experiment; the first one loads TensorFlow."""
    from ..trainer.training import Training

    return Training(experiment)


def loaded() -> bool:
    """Return whether TensorFlow and the trainer are there already."""
    return "helpers.trainer.training" in sys.modules


class Session:
    """The state behind a Lab, and all that can be done to it.

    `experiment` is the settings now, and `seeds` how many seeds train side by side: `experiment.seed` and those after
    it. `runs` are the finished Results, each the first seed's, with the others' in its `others`; `numbers` are theirs:
    `number` counts the runs that have begun, also those that were superseded. `trainings` are those in the making of
    the settings now, one a seed, or none, and `progress` their newest Progress (medians over the seeds), or None.
    `phase` is "ready", "training", "paused", "done", "cancelled", "diverged" or "failed"; `status` is the line that
    says more, and `alarm` its end where a training loss is too good to be true. With `live` False, a change of
    settings waits for `train`.

    `listener(event)` is called after each change of these, in the thread where it happened: "settings" have changed,
    all was "reset" but for them, a run has "begun", is in "progress" or has come to "rest" (paused or over), earlier
    runs were "forgotten", or nothing but the "status" is new. The worker's lock guards this state and is held
    meanwhile: one lock for all Sessions. A new Session ends what others were training.
    """

    def __init__(
        self,
        experiment: Experiment = Experiment(),  # noqa: B008 (frozen)
        worker: Worker = WORKER,
        start: Callable[[Experiment], Any] = new_training,
        seeds: int = 1,
    ) -> None:
        self.experiment, self.seeds = experiment, checked(experiment, seeds)
        self.runs: list[Result] = []
        self.numbers: list[int] = []
        self.number = 0
        self.trainings: list[Any] = []
        self.progress: Progress | None = None
        self.live = True
        self.phase, self.alarm = "ready", ""
        self.status = words.status(0, self.phase, words.READY)
        self.listener: Callable[[str], object] = lambda event: None
        self.lock = worker.lock
        self._worker, self._start = worker, start
        self._request: Request | None = None
        self._paused, self._steps = False, 0  # held, but for so many updates that are still to be made
        self._reported = 0.0
        worker.stop(why=words.NEW_LAB)

    def __repr__(self) -> str:
        return f"Session({self.experiment!r}), {self.status}"

    # what a person does

    def change(self, **settings: Any) -> None:
        """Change settings, and train when no newer change has come for 0.1 s; ValueError leaves all as it was."""
        for name in settings:
            choice("setting", name, SETTINGS)
        with self.lock:
            seeds = settings.pop("seeds", self.seeds)
            changed = replace(self.experiment, **settings)
            seeds = checked(changed, seeds)
            if (changed, seeds) != (self.experiment, self.seeds):
                self.experiment, self.seeds, self.trainings, self.progress = changed, seeds, [], None
                self.listener("settings")
                if self.live:
                    self._submit(REST_SECONDS)
                else:
                    self._worker.stop(self, NEWER)
                    self._say("ready", words.CHANGED)

    def train(self) -> None:
        """Train from the initial weights, or go on with a paused run."""
        with self.lock:
            if not self._go_on(paused=False):
                self._submit()

    def pause(self) -> None:
        """Hold the run in progress, and keep it."""
        with self.lock:
            self._go_on(paused=True)

    def step(self) -> None:
        """Make one update, then hold; starts a run if there is none."""
        with self.lock:
            if not self._go_on(paused=True, steps=1):
                self._submit(paused=True, steps=1)

    def stop(self) -> None:
        """End the run in progress as cancelled; without one, nothing happens."""
        with self.lock:
            request = self._request
            if request and self._at_work():
                self._worker.stop(self, words.STOPPED)
                self._say(*(("cancelled", words.STOPPED) if request.begun else ("ready", words.READY)))

    def reset(self) -> None:
        """Go back to the initial weights and forget the runs; the settings stay."""
        with self.lock:
            self._worker.stop(self, NEWER)
            self.runs, self.numbers, self.number, self.trainings, self.progress = [], [], 0, [], None
            self._say("ready", words.READY, "reset")

    def forget(self) -> None:
        """Forget all finished runs but the newest."""
        with self.lock:
            self.runs, self.numbers = self.runs[-1:], self.numbers[-1:]
            self.listener("forgotten")

    def close(self) -> None:
        """End what waits or works, and tell nobody of anything any more."""
        with self.lock:
            self.stop()
            self.listener, self.trainings = lambda event: None, []

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is in motion (done, paused or never started); return False if that took too long."""
        return self._worker.wait(self, timeout)

    def warm_up(self) -> None:
        """Load TensorFlow and compile in the worker, unless that is done or something else has begun."""
        with self.lock:
            if not loaded() and self._request is None and not self._worker.busy():
                self._worker.submit(self, self._compile, AHEAD_SECONDS, ahead=True)

    def attempt(self, act: Callable[..., Any], *given: Any) -> Any:
        """Call a function; whatever goes wrong belongs in the status line, since nobody sees a callback's traceback."""
        try:
            return act(*given)
        except Exception as error:
            self._say("failed", words.failure(error))

    def _at_work(self) -> bool:
        """Return whether a run of this Session waits or works."""
        return self._request is not None and not self._request.stale and not self._request.over

    def _go_on(self, paused: bool, steps: int = 0) -> bool:
        """Pause or resume the run that waits or works; return False if there is none."""
        if not self._request or not self._at_work():
            return False
        self._paused, self._steps = paused, self._steps + steps if paused else 0
        self._request.resting = False
        self.lock.notify_all()
        return True

    def _submit(self, delay: float = 0.0, paused: bool = False, steps: int = 0) -> None:
        self._paused, self._steps = paused, steps
        if self._worker.compiling():
            self._say("ready", words.LOADING)
        self._request = self._worker.submit(self, self._work, delay, dropped=self._dropped)

    def _say(self, phase: str, what: str, event: str = "status", alarm: str = "") -> None:
        with self.lock:
            self.phase, self.alarm = phase, alarm
            self.status = " ".join(filter(None, (words.status(self.number, phase, what), alarm)))
            self.listener(event)

    def _dropped(self, why: str) -> None:
        self._say("ready", words.dropped(why))

    # what the worker's thread does

    def _work(self, request: Request) -> None:
        try:
            self._run(request)
        except Exception as error:
            with self.lock:
                if not request.superseded:
                    self._say("failed", words.failure(error))

    def _run(self, request: Request) -> None:
        with self.lock:  # who supersedes a run holds it, so that a stale one can change and say nothing any more
            if request.stale:
                return
            first, self.number = self.experiment, self.number + 1
            experiments = [replace(first, seed=first.seed + more) for more in range(self.seeds)]
            self.trainings, self.progress = [], None
            self._say("training", words.STARTING if loaded() else words.LOADING, "begun")
        with ExitStack() as ends:
            trainings: list[Any] = []
            for experiment in experiments:
                trainings.append(self._start(experiment))
                ends.callback(trainings[-1].close)
            with self.lock:
                if request.superseded:
                    return
                self.trainings = trainings
                if not trainings[0].compiled:
                    self._say("training", words.SLOW)
            self._train(request, trainings)
            first, *others = (training.result() for training in trainings)
            result = replace(first, others=tuple(others))
        with self.lock:
            if not request.superseded:
                self.progress = together(trainings)
                self.runs.append(result)
                self.numbers.append(self.number)
                phase, what, alarm = words.ending(result, request.why if request.stale else "")
                self._say(phase, what, "rest", alarm)

    def _train(self, request: Request, trainings: list[Any]) -> None:
        """Make the updates of all trainings, side by side and in step."""
        while alive := [training for training in trainings if not training.over]:
            updates = self._next(request)
            if updates == 0:
                return
            some = min(training.chunk for training in alive) * min(len(alive), 2)  # several wait for each other
            made = some if updates is None else updates
            at_work = [training.start(made) for training in alive]
            self._report(request, together(trainings))
            for finish in at_work:
                finish()

    def _next(self, request: Request) -> int | None:
        """Hold here while paused; return how many updates to make: None is as many as take a moment, 0 the end."""
        with self.lock:
            while self._paused and not self._steps and not request.stale:
                if not request.resting:
                    request.resting, self.progress = True, together(self.trainings)
                    self._say("paused", words.held(self.experiment, self.progress), "rest")
                    self.lock.notify_all()
                self.lock.wait()
            request.resting = False
            if request.stale or not self._paused:
                return 0 if request.stale else None
            self._steps -= 1
            return 1

    def _report(self, request: Request, progress: Progress) -> None:
        with self.lock:
            if progress.updates and not request.stale and time.monotonic() - self._reported >= REPORT_SECONDS:
                self._reported, self.progress = time.monotonic(), progress
                self._say("training", words.so_far(self.experiment, progress), "progress")

    def _compile(self, _: Request) -> None:
        training = self.attempt(self._start, self.experiment)
        if training:
            self.attempt(training.compile)
            training.close()


def checked(experiment: Experiment, seeds: int) -> int:
    """Return how many seeds to train; ValueError where an experiment cannot have so many."""
    seeds = whole("seeds", seeds, most=SEEDS)
    replace(experiment, seed=experiment.seed + seeds - 1)
    return seeds


def together(trainings: list[Any]) -> Progress:
    """Return the Progress of trainings in step: the medians of their losses, and the longest time left."""

    def middle(kind: str, name: str) -> float | None:
        known = [getattr(progress, kind)[name] for progress in all_of_them]
        return median(known) if None not in known else None

    all_of_them = [training.progress for training in trainings]
    losses, validated = ({name: middle(kind, name) for name in MODELS} for kind in ("losses", "val_losses"))
    updates, epoch = (max(getattr(progress, name) for progress in all_of_them) for name in ("updates", "epoch"))
    left = [progress.left for progress in all_of_them if progress.left is not None]
    return Progress(updates, epoch, losses, validated, max(left, default=None))
