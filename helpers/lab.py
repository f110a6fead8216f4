"""The Lab: sliders in, pictures out. Windows follow the hand at once; both models retrain when it rests."""

import sys
import time
from dataclasses import replace
from threading import RLock

from .charts import NAMES, LossesPicture, WindowsPicture
from .experiment import EXAMPLES, MODELS, Experiment
from .panel import Panel
from .status import ending, so_far
from .table import table
from .worker import WORKER, stop_when_interrupted

REST = 0.1  # seconds without a change before training starts
LOADING = "TensorFlow is loading, a few seconds, once"
PAUSE, PREDICT = 0.06, 0.25  # seconds between two pictures, of the losses and of the predictions


class Lab(Panel):
    """Sliders, pictures and a status line for one experiment; both models retrain whenever a setting changes.

    `controls` names the settings that a learner may change; with `baselines` ticked, the loss chart shows three simple
    forecasts too. `.controls` maps the settings to their widgets; `.experiment` is the settings now, `.runs` the
    finished Results, `.history` the same as a table, `.status` the line of text shown. Raises ValueError for a control
    that does not exist. A new Lab ends whatever the kernel's other Labs were training.
    """

    def __init__(self, experiment=Experiment(), controls=("length", "stride"), baselines=False):  # noqa: B008 (frozen)
        self.experiment, self.runs, self.number, self.window = experiment, [], 0, 0
        self._lock, self._training, self._paused, self._steps = RLock(), None, False, 0
        self._request, self._drawn, self._predicted = None, 0.0, 0.0
        self._windows, self._losses = WindowsPicture(), LossesPicture()
        super().__init__(experiment, controls, baselines)
        WORKER.stop(why="a new Lab was opened")
        stop_when_interrupted()
        self._ground()
        self._draw()
        self._draw_losses()
        self._say("ready", "press Train or move a slider")

    # what a person does

    def train(self):
        """Train from the initial weights, or go on with a paused run."""
        with self._lock:
            if not self._resume(paused=False):
                self._submit(0)

    def pause(self):
        """Hold the run in progress, and keep it."""
        self._resume(paused=True)

    def step(self):
        """Make one update, then hold; starts a run if there is none."""
        with self._lock:
            if not self._resume(paused=True, steps=1):
                self._submit(0, paused=True, steps=1)

    def stop(self):
        """End the run in progress as cancelled."""
        if WORKER.stop(self, why="stopped"):
            self._say("cancelled", "stopped")

    def reset(self):
        """Go back to the initial weights and forget the runs; the settings stay."""
        with self._lock:
            WORKER.stop(self, why="newer")
            self.runs, self.number, self._training = [], 0, None
            self._ground()
            self._draw()
            self._draw_losses()
            self._say("ready", "press Train or move a slider")

    def wait(self, timeout=None):
        """Wait until nothing is in motion (done, paused or never started); return False if that took too long."""
        return WORKER.wait(self, timeout)

    @property
    def history(self):
        """The finished runs as a pandas DataFrame, each with its settings as code; `.to_csv(path)` keeps it."""
        return table(self.runs)

    @property
    def status(self):
        """The line of text shown."""
        return self._line

    def _change(self, control, value=None, moved=True):
        with self._lock:
            name, now = control.name, getattr(self.experiment, control.name)
            try:
                changed = replace(self.experiment, **{name: control.value if moved else value})
            except ValueError as error:
                control.show(now)
                control.complain(str(error))
                return
            if changed == self.experiment:
                control.show(now, moved)
            else:
                self._apply(changed, moved)

    def _choose(self, change):
        if change.new:
            with self._lock:
                self._apply(EXAMPLES[change.new])

    def _apply(self, experiment, moved=False):
        before, self.experiment, self._training = self.experiment, experiment, None
        for name, control in self._controls.items():
            if getattr(experiment, name) != getattr(before, name):
                control.show(getattr(experiment, name), moved)
            control.complain("")
        if self._example.value and experiment != EXAMPLES[self._example.value]:
            self._example.value = 0
        self._draw()
        self._refresh()
        self._submit(REST)

    def _scrub(self, change):
        with self._lock:
            if change.new - 1 != self.window:
                self._draw(change.new - 1)

    # what the worker does

    def _submit(self, delay, paused=False, steps=0):
        self._paused, self._steps = paused, steps
        if WORKER.compiling():
            self._say("ready", LOADING)
        self._request = WORKER.submit(self, self._work, delay)

    def _resume(self, paused, steps=0):
        """Pause or resume the run that waits or works; return False if there is none."""
        with WORKER.changed:
            if self._request is None or self._request.stale or self._request.over:
                return False
            self._paused, self._steps = paused, self._steps + steps
            self._request.resting = False
            WORKER.changed.notify_all()
            return True

    def _work(self, request):
        self._told(self._train, request)

    def _told(self, act, *given, **how):
        """Call a function; whatever goes wrong belongs in the status line, since nobody sees a thread's traceback."""
        try:
            return act(*given, **how)
        except Exception as error:
            self._say("failed", f"{type(error).__name__}: {error}")

    def _warm_up(self, request):
        request.resting = request.ahead = True
        training = self._told(self._new_training, self.experiment)
        if training:
            self._told(training.compile)
            training.close()

    @staticmethod
    def _new_training(experiment):
        from .training import Training  # loads TensorFlow, at the first use

        return Training(experiment)

    def _train(self, request):
        with self._lock:  # who supersedes a run holds it, so that a stale one can draw and say nothing any more
            if request.stale:
                return
            experiment, self.number = self.experiment, self.number + 1
            self._say("training", "starting" if "helpers.training" in sys.modules else LOADING)
            self._ground(self.runs)
        self._training = training = self._new_training(experiment)
        if not training.compiled:
            self._say("training", "without XLA, which this platform lacks, and so several times slower")
        try:
            while not training.over and self._may_go_on(request, training):
                stepping, self._steps = self._paused, max(0, self._steps - 1)
                training.advance(1 if stepping else None, meanwhile=lambda progress: self._report(training, request))
            result = training.result()
        finally:
            training.close()
        with self._lock:
            if request.stale and request.why == "newer":
                return
            self.runs.append(result)
            self._show_run(training)
            self._say(*ending(result, request.why if request.stale else ""))
            self._refresh()

    def _may_go_on(self, request, training):
        """Hold here while paused; return False once the request is stale."""
        while True:
            with WORKER.changed:
                if request.stale or not self._paused or self._steps:
                    request.resting = False
                    return not request.stale
                held = request.resting
                if held:
                    WORKER.changed.wait()
            if not held:
                with self._lock:
                    if not request.stale:
                        self._show_run(training)
                        self._say("paused", f"{so_far(training)}; Train goes on, Step makes one update")
                with WORKER.changed:
                    request.resting = True
                    WORKER.changed.notify_all()

    def _report(self, training, request):
        with self._lock:
            if time.monotonic() - self._drawn >= PAUSE and not request.stale and training.updates:
                self._show_run(training, at_work=True)
                self._say("training", so_far(training), aloud=False)

    def _show_run(self, training, at_work=False):
        self._drawn = time.monotonic()
        lost = [NAMES[name] for name in MODELS if name not in training.alive]
        note = f"{' and '.join(lost)} diverged: the loss is no longer a finite number" if lost else ""
        self._losses.update(training.trace, training.val_losses, note)
        self._draw_losses()
        if not at_work or self._drawn - self._predicted >= PREDICT:
            self._predicted = self._drawn
            self._draw(self.window)

    # what is shown

    def _say(self, state, what, aloud=True):
        self._line = f"run {self.number}: {state}, {what}"
        self._write(self._line, aloud)

    def _toggle_baselines(self):
        with self._lock:
            training = self._training
            self._ground(self.runs if training is None else [r for r in self.runs if r.trace is not training.trace])
            if training:
                self._show_run(training)
            else:
                self._draw_losses()

    def _repr_mimebundle_(self, **kwargs):
        with self._lock:
            if "helpers.training" not in sys.modules and self._request is None:
                WORKER.submit(self, self._warm_up, delay=0.3)
            shown = super()._repr_mimebundle_(**kwargs)
            return {**shown, "text/html": self._windows.html(), "text/plain": repr(self)}

    def __repr__(self):
        return f"Lab({self.experiment!r}), shown as sliders and pictures where a kernel runs"
