"""Finished runs in a CSV file, so that a sweep goes on where it stopped."""

import csv
import json
import os
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

from .experiment import MODELS, Experiment
from .results import Result
from .series import Series

SETTINGS = [field.name for field in fields(Experiment) if field.name != "series"]  # which stands in `experiment`
FINAL = [f"{name}_{kind}" for name in MODELS for kind in ("loss", "val_loss")]
COLUMNS = ["experiment", "data", *SETTINGS, "status", "windows", "updates", "seconds", *FINAL, "losses", "val_losses"]


class Saved:
    """The finished runs in a CSV file, one a line.

    Its columns are the Experiment as code, a digest of its Series' numbers (nothing for a series by name), its settings
    one by one, status, counts, seconds, each model's final mean squared errors, and all of them, an epoch each, as
    JSON. Code in the file is compared as text, never run. A last line that a crash left half-written is dropped.
    """

    def __init__(self, path):
        try:
            self.path, self.rows = Path(path), {}
            self.path.touch()
            header, *lines = self.path.read_bytes().split(b"\n")
        except (OSError, TypeError) as error:
            why = getattr(error, "strerror", None) or "it is not a path"
            raise ValueError(f"csv {path!r} cannot be used ({why}); name a file in a folder that exists") from error
        ours = ",".join(COLUMNS).encode()
        if not lines and ours.startswith(header):  # new, or stopped in its first line
            self.path.write_bytes(ours + b"\n")
        elif header.rstrip(b"\r") != ours:
            raise ValueError(f"csv {path!r} is not a file that sweep has made; name a new one")
        csv.field_size_limit(2**31 - 1)  # the losses of many epochs are long
        self._read(lines)

    def _read(self, lines):
        for number, line in enumerate(lines, 2):
            try:
                if line.strip():
                    row = parsed(line.decode())
                    self.rows[row["experiment"], row["data"]] = row
            except (csv.Error, ValueError, TypeError, KeyError) as error:
                if number <= len(lines):
                    where = f"csv {str(self.path)!r} is damaged in line {number}"
                    raise ValueError(f"{where}; delete that line, and its run is made again") from error
                os.truncate(self.path, self.path.stat().st_size - len(line))
                return
        if lines and lines[-1]:  # whole, but for the end of the line
            with self.path.open("ab") as file:
                file.write(b"\n")

    def find(self, experiment):
        """Return the Result of an experiment that the file holds, else None; its trace has a point an epoch."""
        row = self.rows.get(key(experiment))
        if row is None:
            return None
        per_epoch = experiment.windows.updates_per_epoch(experiment.train)
        trace = {
            name: [(min(epoch * per_epoch, row["updates"]), loss) for epoch, loss in enumerate(losses, 1)]
            for name, losses in row["losses"].items()
        }
        known = {name: row[name] for name in ("losses", "val_losses", "windows", "updates", "seconds", "status")}
        return Result(experiment, **known, weights={}, trace=trace)

    def add(self, result):
        """Write a Result to the file, at once."""
        final = [losses[name][-1] for name in MODELS for losses in (result.losses, result.val_losses)]
        settings = [getattr(result.experiment, name) for name in SETTINGS]
        counts = result.status, result.windows, result.updates, result.seconds
        every = json.dumps(result.losses), json.dumps(result.val_losses)
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*key(result.experiment), *settings, *counts, *final, *every])


def key(experiment):
    """Return what an experiment is found by: its code, on one line, and a digest of the numbers in its Series."""
    series = experiment.series
    numbers = series.values.tobytes() + series.targets.tobytes() if isinstance(series, Series) else b""
    return " ".join(repr(experiment).splitlines()), sha256(numbers).hexdigest()[:16] if numbers else ""


def parsed(line):
    """Return a line of the file as a dict, with its losses and counts as numbers."""
    (cells,) = csv.reader([line], strict=True)
    row: dict = dict(zip(COLUMNS, cells, strict=True))
    for kind in ("losses", "val_losses"):
        given = json.loads(row[kind])
        row[kind] = {name: [float(loss) for loss in given[name]] for name in MODELS}
    return row | {"windows": int(row["windows"]), "updates": int(row["updates"]), "seconds": float(row["seconds"])}
