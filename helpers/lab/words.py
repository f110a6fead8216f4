"""What the Lab says in words: the facts under the controls, and every sentence of the status line."""

from collections.abc import Sequence

import numpy as np

from ..experiment import MODELS, NAMES, Experiment
from ..results import Progress, Result, in_digits
from ..theory import floor
from .hours import Hours

ALARM = 0.8  # of its floor: a training loss lower than that is no chance

RELU_STEPS = 24  # measured at 48: relu's LSTM is stuck at some seeds; at 96 and more at all, or it diverges
SAFE_RATE = 0.01  # measured: at this rate relu up to those steps learns, and tanh up to a week
LONG_SECONDS = 3  # a run that takes longer says how much time is left

READY = "press Train or move a slider"
LOADING = "TensorFlow is loading, a few seconds, once"
STARTING = "starting"
CHANGED = "press Train to train with the new settings"
SLOW = "without XLA, which this platform lacks, and so several times slower"

# why a run was cancelled
STOPPED = "stopped"
NEW_LAB = "a new Lab was opened"
ANOTHER_LAB = "another Lab is training"
INTERRUPTED = "the kernel was interrupted"


def status(number: int, phase: str, what: str) -> str:
    """Return the status line."""
    return f"run {number}: {phase}, {what}"


def facts(experiment: Experiment) -> list[str]:
    """Return the numbers that follow from the settings alone."""
    windows, series = experiment.windows, experiment.train
    said = [f"{windows.count(series):,} training windows", f"{windows.updates_per_epoch(series):,} updates per epoch"]
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


def dropped(why: str) -> str:
    """Return why a run has not begun, and how it would."""
    return f"{why}; {READY}"


def so_far(experiment: Experiment, progress: Progress) -> str:
    """Return how far a run has come."""
    said = [f"{NAMES[name]} {in_digits(loss)}" for name, loss in progress.losses.items() if loss is not None]
    return ", ".join([f"epoch {progress.epoch} of {experiment.epochs}, update {progress.updates:,}", *said])


def held(experiment: Experiment, progress: Progress) -> str:
    """Return how far a paused run has come, and how it goes on."""
    return f"{so_far(experiment, progress)}; Train goes on, Step makes one update"


def ending(result: Result, why: str) -> tuple[str, str, str]:
    """Return (phase, what, alarm) at the end of a run; `why` it was stopped, if it was."""
    lost = [name for name in MODELS if result.diverged(name)]
    if lost:
        return "diverged", f"the loss of {named(lost)} became infinite; {advice(result, lost)}", ""
    losses = [f"{NAMES[name]} {final(result.seeds, name)}" for name in MODELS if result.val_losses[name]]
    each = " each" * bool(result.others)
    what = f"{result.updates:,} updates{each} in {result.seconds:.1f} s, validation loss "
    what += ", ".join(losses) or "not yet measured"
    return ("cancelled", f"{why}; {what}", "") if why else ("done", what, alarm(result))


def named(lost: Sequence[str]) -> str:
    """Return the names of some models."""
    return " and ".join(NAMES[name] for name in lost)


def final(seeds: Sequence[Result], name: str) -> str:
    """Return a model's validation loss at the end of a run: of several seeds the median, the least and the largest."""
    losses = [seed.val_losses[name][-1] for seed in seeds if seed.val_losses[name]]
    if not losses:
        return "not yet measured"
    middle = in_digits(float(np.median(losses)))
    return middle if len(losses) == 1 else f"{middle} ({in_digits(min(losses))} to {in_digits(max(losses))})"


def advice(result: Result, lost: list[str]) -> str:
    """Return what helps where the loss of some models became infinite.

    Over many steps relu's LSTM is lost at any rate that learns, and tanh learns; else a lower rate is what helps.
    """
    experiment, help_ = result.experiment, []
    if experiment.activation == "relu" and "lstm" in lost and experiment.windows.steps > RELU_STEPS:
        help_.append(f"tanh, because relu grows without limit over {experiment.windows.steps} samples")
    if experiment.learning_rate > SAFE_RATE:
        help_.append(f"a learning_rate of {SAFE_RATE} or less")
    return f"try {', and '.join(help_) or f'a learning_rate below {experiment.learning_rate:g}'}"


def alarm(result: Result) -> str:
    """Return what a training loss below its floor means, or nothing; of several seeds, the median loss."""
    floors = floor(result.experiment)
    ends = {name: np.median([seed.losses[name][-1] for seed in result.seeds]) for name in MODELS}
    low = [name for name in MODELS if ends[name] < ALARM * (floors[name] or 0)]
    if not low:
        return ""
    hours = Hours.of(result.experiment)
    reason = "some hours are never asked" if hours and not hours.asked.all() else "it has learnt its windows by heart"
    return f"Alarm: the training loss of {named(low)} is below its floor: {reason}"


def how_far(experiment: Experiment, progress: Progress | None) -> str:
    """Return how many updates are made, and the seconds left where a whole run takes long enough to wait for it."""
    made, planned = progress.updates if progress else 0, experiment.updates
    said = f"update {made:,} of {planned:,}"
    if progress and progress.left and made and progress.left * planned / max(planned - made, 1) > LONG_SECONDS:
        said += f", about {progress.left:.0f} s left"
    return said


def failure(error: Exception) -> str:
    """Return what went wrong."""
    return f"{type(error).__name__}: {error}"
