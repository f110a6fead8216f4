"""What a run gives: its progress while it trains, its Result at the end, many Results as a table, a loss in digits."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .checks import choice
from .experiment import MODELS, Experiment

NOTHING = 1e-6  # an error below is as good as 0, and its digits are chance


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    updates     made so far
    epoch       the one in the making, from 1
    losses      a model's mean squared error over the windows since the last report; None before there is one
    val_losses  a model's mean squared error at the end of the last whole epoch; None before there is one
    left        seconds that the rest will take at the pace so far; None before there is one
    """

    updates: int
    epoch: int
    losses: dict
    val_losses: dict
    left: float | None = None


@dataclass
class Result:
    """What came of a run; for each model, "lstm" and "dnn".

    experiment  its settings
    losses      training losses, a float an epoch: mean squared errors, in the unit of the targets squared; the last
                epoch counts the windows that it came to
    val_losses  validation losses over every row, a float an epoch; a stateful LSTM reads on, `length` rows at a time,
                in `length` lanes that begin empty; where a cancel came first, there is none for the last epoch
    windows     how many there were to train on
    updates     how many were made
    seconds     the time that training and validation took
    status      "done", "cancelled" or "diverged" (a loss is not finite; that model stopped there)
    weights     at the end, in Keras's order; empty where a sweep left them behind
    trace       for the loss chart: (updates, mean loss since the point before), as training went on
    others      in a Lab with several seeds: the Results of the other seeds, which trained side by side with this one
    val_losses_as_trained  of a stateful run: validation losses over windows with the stride and in the batches of
                training, in as many lanes, since an LSTM trained with a gap between its windows is lost without it;
                none where the validation part does not fill a batch, as no state would be carried there
    """

    experiment: Experiment
    losses: dict
    val_losses: dict
    windows: int
    updates: int
    seconds: float
    status: str
    weights: dict = field(repr=False)
    trace: dict = field(repr=False)
    val_losses_as_trained: dict = field(default_factory=lambda: {name: [] for name in MODELS})
    others: "tuple[Result, ...]" = field(default=(), repr=False)

    @property
    def seeds(self) -> "tuple[Result, ...]":
        """This Result, and those of the other seeds."""
        return self, *self.others

    def diverged(self, name: str) -> bool:
        """Return whether a loss of a model is not finite, in training or validation, with any of the seeds."""
        losses = (loss for seed in self.seeds for loss in (*seed.losses[name], *seed.val_losses[name]))
        return not all(map(math.isfinite, losses))

    @cached_property
    def models(self) -> dict[str, Any]:
        """The two trained Keras models, built from the kept weights; RuntimeError where a sweep left these behind.

        A stateful LSTM takes one window at a time, `(1, steps, 1)`, and reads on until `layers[0].reset_states()`.
        """
        if not self.weights:
            raise RuntimeError("a sweep's results come without weights; call run(experiment) for the trained models")
        from .models import build  # loads TensorFlow, at the first use

        models = build(self.experiment, batch_size=1)
        for name, model in models.items():
            model.set_weights(self.weights[name])
        return models

    def save(self, path: str | Path, model: str = "lstm") -> None:
        """Write a trained model to a plain `.keras` file, which Keras alone loads again.

        It takes windows in the series' own unit, the LSTM `(windows, steps, 1)` and the DNN the samples that it sees,
        and answers in that unit: what `normalised` does stands in the file as layers. Raises ValueError for another
        model, and for a path that does not end in `.keras` or cannot be written.
        """
        choice("model", model, MODELS)
        path = Path(path).expanduser()
        if path.suffix != ".keras" or not path.parent.is_dir():
            raise ValueError(f"path {str(path)!r} is no .keras file in a folder that exists; use one like 'mine.keras'")
        from .models import in_own_unit  # loads TensorFlow, at the first use

        in_own_unit(self.models[model], self.experiment).save(path)


def table(results: Iterable[Result], numbers: Sequence[int] | None = None) -> Any:
    """Return a pandas DataFrame with a row for each Result, and its Experiment as code that makes the same run again.

    Losses are those at the end of the run: mean squared errors, training and validation. `numbers` are those of the
    runs, from 1 on if not given; the other seeds of a run share its number.
    """
    import pandas as pd  # at the first table, since it takes half a second to load

    rows = []
    for place, first in enumerate(results):
        number = numbers[place] if numbers else place + 1
        for result in first.seeds:
            row = {"run": number, "status": result.status, "updates": result.updates}
            row["seconds"] = round(result.seconds, 2)
            for kind, losses in (("loss", result.losses), ("val_loss", result.val_losses)):
                row |= {f"{name}_{kind}": losses[name][-1] if losses[name] else None for name in MODELS}
            rows.append(row | {"code": f"run({result.experiment!r})"})
    return pd.DataFrame(rows)


def differences(experiments: Sequence[Experiment]) -> list[str]:
    """Return in words, for each Experiment, those of its settings in which they do not all agree; "" if there is none.

    A series is called by its name, where it has one.
    """
    settings = [vars(experiment) for experiment in experiments]
    varied = [name for name in settings[0] if any(other[name] != settings[0][name] for other in settings)]

    def value(name: str, setting: Any) -> Any:
        setting = getattr(setting, "name", setting) if name == "series" else setting
        return f"{setting:g}" if isinstance(setting, float) else setting

    return [", ".join(f"{name} {value(name, mine[name])}" for name in varied) for mine in settings]


def labels(experiments: Sequence[Experiment]) -> list[str]:
    """Return in words how each Experiment differs from the last, and how the last differs from the one before."""
    *earlier, last = experiments
    told = [differences([experiment, last])[0] for experiment in earlier]
    return [*told, differences([last, earlier[-1]])[0] if earlier else ""]


def digits(number: float) -> str:
    """Return a number in two significant digits: 0.0010, 4.5, 450, 1,300, 0.000098; with an exponent where it is long.

    An infinite number is "infinite", and what is no number "NaN".
    """
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "infinite"
    power = int(f"{number:.1e}".split("e")[1])
    rounded = float(f"{number:.1e}")
    if number == 0:
        return "0"
    if power >= 6 or power < -7:
        return f"{rounded:.1e}"
    return f"{rounded:,.0f}" if power > 0 else f"{rounded:.{1 - power}f}"


def limit_text(limit: float) -> str:
    """Return a limit as text, without an exponent where it is small: 1,000, 0.02, 0.00001."""
    return f"{limit:,g}" if abs(limit) >= 1e-4 or not limit else np.format_float_positional(limit, trim="-")


def in_digits(error: float) -> str:
    """Return an error as it is written everywhere: in two significant digits, or 0 for what is as good as that."""
    return "0" if error < NOTHING else digits(error)
