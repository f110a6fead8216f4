"""Finished runs in a file, one line of JSON each, so that a sweep goes on where it stopped."""

import json
import os
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

from .experiment import MODELS, Experiment
from .results import Result
from .series import Series

SETTINGS = [field.name for field in fields(Experiment) if field.name != "series"]  # which stands in `experiment`
LOSSES = ("losses", "val_losses", "val_losses_as_trained")
CAME = ("status", "windows", "updates", "seconds", *LOSSES)  # what came of a run


class Saved:
    """The finished runs in a file of JSON lines (`pandas.read_json(path, lines=True)` reads it as a table).

    A line holds the Experiment as code, a digest of its Series' numbers (nothing for a series by name), its settings
    one by one, and what came of the run: status, counts, seconds, and each model's mean squared errors, one an epoch.
    Code in the file is compared as text, never run. A last line that a crash left half-written is dropped. Raises
    ValueError for a file that cannot be used, that somebody else has made, or that is damaged; it is left as it is.
    """

    def __init__(self, path: str | Path) -> None:
        self.rows: dict = {}
        try:
            self.path = Path(path)
            self.path.touch()
            *whole, last = self.path.read_bytes().split(b"\n")
        except (OSError, TypeError) as error:
            why = getattr(error, "strerror", None) or "it is not a path"
            raise ValueError(f"file {path!r} cannot be used ({why}); name a file in a folder that exists") from error
        for number, line in enumerate(whole, 1):
            if not self._keep(line):
                where = f"file {str(self.path)!r}"
                if not self.rows:
                    raise ValueError(f"{where} is not a file that sweep has made; name a new one")
                raise ValueError(f"{where} is damaged in line {number}; delete that line, and its run is made again")
        self._mend(last)

    def __repr__(self) -> str:
        return f"Saved({str(self.path)!r}), {len(self.rows)} runs"

    def _keep(self, line: bytes) -> bool:
        """Keep the run in a line; return whether there is one."""
        try:
            row = json.loads(line)
            losses = {kind: {name: [*map(float, row[kind][name])] for name in MODELS} for kind in LOSSES}
            self.rows[row["experiment"], row["data"]] = {name: row[name] for name in CAME} | losses
        except (ValueError, TypeError, KeyError):
            return False
        return True

    def _mend(self, last: bytes) -> None:
        """End a last line that lacks nothing but its end, and drop one that was left half-written."""
        if last and self._keep(last):
            with self.path.open("ab") as file:
                file.write(b"\n")
        elif last and not (self.rows or last.startswith(b'{"experiment": "')):
            raise ValueError(f"file {str(self.path)!r} is not a file that sweep has made; name a new one")
        elif last:
            os.truncate(self.path, self.path.stat().st_size - len(last))

    def known(self, experiments: list[Experiment]) -> dict[int, Result]:
        """Return the Results that the file holds, by their places in the list."""
        found = {place: self.find(experiment) for place, experiment in enumerate(experiments)}
        return {place: result for place, result in found.items() if result}

    def find(self, experiment: Experiment) -> Result | None:
        """Return the Result of an experiment that the file holds, else None; its trace has a point an epoch."""
        row = self.rows.get(key(experiment))
        if row is None:
            return None
        per_epoch = experiment.windows.updates_per_epoch(experiment.train)
        trace = {
            name: [(min(epoch * per_epoch, row["updates"]), loss) for epoch, loss in enumerate(losses, 1)]
            for name, losses in row["losses"].items()
        }
        return Result(experiment, **row, weights={}, trace=trace)

    def add(self, result: Result) -> None:
        """Write a Result to the file, at once."""
        code, data = key(result.experiment)
        settings = {name: getattr(result.experiment, name) for name in SETTINGS}
        row = {"experiment": code, "data": data, **settings, **{name: getattr(result, name) for name in CAME}}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(row)}\n")


def key(experiment: Experiment) -> tuple[str, str]:
    """Return what an experiment is found by: its code, and a digest of the numbers in its Series."""
    series = experiment.series
    numbers = series.values.tobytes() + series.targets.tobytes() if isinstance(series, Series) else b""
    return repr(experiment), sha256(numbers).hexdigest()[:16] if numbers else ""
