"""What a run gives: its progress while it trains, its Result at the end, and many Results as a table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .experiment import MODELS, Experiment


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    updates     made so far
    epoch       the one in the making, from 1
    losses      a model's mean squared error over the windows since the last report; None before there is one
    val_losses  a model's mean squared error at the end of the last whole epoch; None before there is one
    """

    updates: int
    epoch: int
    losses: dict
    val_losses: dict


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


def table(results: Iterable[Result]) -> Any:
    """Return a pandas DataFrame with a row for each Result, and its Experiment as code that makes the same run again.

    Losses are those at the end of the run: mean squared errors, training and validation.
    """
    import pandas as pd  # at the first table, since it takes half a second to load

    rows = []
    for number, result in enumerate(results, 1):
        row = {"run": number, "status": result.status, "updates": result.updates, "seconds": round(result.seconds, 2)}
        for kind, losses in (("loss", result.losses), ("val_loss", result.val_losses)):
            row |= {f"{name}_{kind}": losses[name][-1] if losses[name] else None for name in MODELS}
        rows.append(row | {"code": f"run({result.experiment!r})"})
    return pd.DataFrame(rows)
