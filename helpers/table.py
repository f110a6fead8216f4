"""Runs as a table."""

from .experiment import MODELS


def table(results):
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
