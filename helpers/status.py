"""What the Lab says in words: the facts under the controls, and the status line."""

import numpy as np

from .charts import NAMES
from .experiment import MODELS
from .theory import constant_error, floor

ALARM = 0.8  # of its floor: a training loss lower than that is no chance


def asked(experiment):
    """Return (the hours of the day at which there are training targets, all hours), or None without a period."""
    series = experiment.train
    if not series.period or series.period < 2:
        return None
    hours = round(series.period)
    return len(np.unique(experiment.windows.rows(series) % hours)), hours


def facts(experiment):
    """Return the numbers that follow from the settings alone."""
    windows, series = experiment.windows, experiment.train
    said = [f"{windows.count(series):,} windows", f"{windows.updates_per_epoch(series):,} updates an epoch"]
    if at := asked(experiment):
        said.append(f"targets at {at[0]} of {at[1]} " + ("hours of the day" if at[1] == 24 else "places in the period"))
    return said


def so_far(training):
    """Return how far a run has come."""
    progress = training.progress
    said = [f"{NAMES[name]} {loss:.2g}" for name, loss in progress.losses.items() if loss is not None]
    always = constant_error(training.experiment.validation)
    return (
        f"epoch {progress.epoch} of {training.experiment.epochs}, update {progress.updates:,}, {', '.join(said)} "
        f"({always:.2g} is the error of always answering the mean)"
    )


def ending(result, why):
    """Return (state, what) at the end of a run; `why` it was stopped, if it was."""
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


def alarm(result):
    """Return what a training loss below its floor means, or nothing."""
    floors = floor(result.experiment)
    low = [NAMES[name] for name in MODELS if floors[name] and result.losses[name][-1] < ALARM * floors[name]]
    if not low:
        return ""
    met, hours = asked(result.experiment)
    reason = "some hours are never asked" if met < hours else "it has learnt its windows by heart"
    return f". Alarm: the training loss of {' and '.join(low)} is below its floor: {reason}"
