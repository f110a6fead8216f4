"""What the Lab says in words: the facts under the controls, and every sentence of the status line."""

import numpy as np

from ..experiment import MODELS, NAMES, Experiment
from ..results import Progress, Result
from ..theory import constant_error, floor

ALARM = 0.8  # of its floor: a training loss lower than that is no chance

READY = "press Train or move a slider"
LOADING = "TensorFlow is loading, a few seconds, once"
STARTING = "starting"
SLOW = "without XLA, which this platform lacks, and so several times slower"

# why a run was cancelled
STOPPED = "stopped"
NEW_LAB = "a new Lab was opened"
ANOTHER_LAB = "another Lab is training"
INTERRUPTED = "the kernel was interrupted"


def status(number: int, phase: str, what: str) -> str:
    """Return the status line."""
    return f"run {number}: {phase}, {what}"


def asked(experiment: Experiment) -> tuple[int, int] | None:
    """Return (the hours of the day at which there are training targets, all hours), or None without a period."""
    series = experiment.train
    if not series.period or series.period < 2:
        return None
    hours = round(series.period)
    return len(np.unique(experiment.windows.rows(series) % hours)), hours


def facts(experiment: Experiment) -> list[str]:
    """Return the numbers that follow from the settings alone."""
    windows, series = experiment.windows, experiment.train
    said = [f"{windows.count(series):,} windows", f"{windows.updates_per_epoch(series):,} updates an epoch"]
    if at := asked(experiment):
        said.append(f"targets at {at[0]} of {at[1]} " + ("hours of the day" if at[1] == 24 else "places in the period"))
    return [*said, followed(experiment)] if experiment.stateful else said


def followed(experiment: Experiment) -> str:
    """Return what the state of a stateful LSTM meets next: where the window begins that it is carried to."""
    if experiment.shuffle:
        return "shuffled: nothing joins"
    if experiment.windows.updates_per_epoch(experiment.train) == 1:
        return "one batch an epoch: no window is followed by another"
    gap = experiment.gap
    apart = f"{abs(gap):,} sample{'s' * (abs(gap) != 1)}"
    begins = f"{apart} after it ends" if gap > 0 else f"{apart} before it ends: they overlap"
    begins = begins if gap else "at once: they join"
    return f"each window is followed, in its place of the next batch, by one that begins {begins}"


def so_far(experiment: Experiment, progress: Progress) -> str:
    """Return how far a run has come."""
    said = [f"{NAMES[name]} {loss:.2g}" for name, loss in progress.losses.items() if loss is not None]
    always = constant_error(experiment.validation)
    return (
        f"epoch {progress.epoch} of {experiment.epochs}, update {progress.updates:,}, {', '.join(said)} "
        f"({always:.2g} is the error of always answering the mean)"
    )


def held(experiment: Experiment, progress: Progress) -> str:
    """Return how far a paused run has come, and how it goes on."""
    return f"{so_far(experiment, progress)}; Train goes on, Step makes one update"


def ending(result: Result, why: str) -> tuple[str, str]:
    """Return (phase, what) at the end of a run; `why` it was stopped, if it was."""
    val = ", ".join(f"{NAMES[name]} {losses[-1]:.2g}" for name, losses in result.val_losses.items() if losses)
    what = f"{result.updates:,} updates in {result.seconds:.1f} s, validation loss {val or 'not yet measured'}"
    if result.status == "diverged":
        lost = [NAMES[name] for name, losses in result.losses.items() if not np.all(np.isfinite(losses))]
        rate = result.experiment.learning_rate
        return (
            "diverged",
            f"the loss of {' and '.join(lost)} grew past all numbers; try a learning_rate below {rate:g}",
        )
    return ("cancelled", f"{why}; {what}") if why else ("done", what + alarm(result))


def alarm(result: Result) -> str:
    """Return what a training loss below its floor means, or nothing."""
    floors = floor(result.experiment)
    low = [NAMES[name] for name in MODELS if result.losses[name][-1] < ALARM * (floors[name] or 0)]
    if not low:
        return ""
    met, hours = asked(result.experiment) or (0, 0)
    reason = "some hours are never asked" if met < hours else "it has learnt its windows by heart"
    return f". Alarm: the training loss of {' and '.join(low)} is below its floor: {reason}"


def failure(error: Exception) -> str:
    """Return what went wrong."""
    return f"{type(error).__name__}: {error}"
