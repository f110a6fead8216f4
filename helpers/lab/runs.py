"""The runs in words: how each is called in the picture and in the table, and the table itself."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from ..experiment import MODELS, NAMES, Experiment
from ..results import Result, differences, in_digits, labels, table
from ..theory import shown_floors
from .words import final


def names(numbers: Sequence[int], experiments: Sequence[Experiment]) -> list[str]:
    """Return what runs are called at their curves: their number, and how they differ from the last of them."""
    told = zip(numbers, labels(experiments))
    return [f"{number}: {label}" if label else f"run {number}" for number, label in told]


def as_table(numbers: Sequence[int], runs: Sequence[Result], lifted: int) -> str:
    """Return the runs as an HTML table, the newest on top, with a button each, and a link that saves all as CSV.

    It has the settings in which they differ, and both models' validation losses beside their floors; of several seeds
    the median, the least and the largest.
    """
    if not runs:
        return "No run is finished yet."
    told = differences([result.experiment for result in runs])
    rows = [row(*run, lifted) for run in zip(numbers, runs, told)]
    heads = "".join(f'<th scope="col">{NAMES[name]}</th>' for name in MODELS)
    head = f'<tr><th scope="col">run</th><th scope="col">settings</th>{heads}</tr>'
    data = b64encode(table(runs, numbers).to_csv(index=False).encode()).decode()
    link = f'<a download="runs.csv" href="data:text/csv;base64,{data}">Save the runs as a CSV file</a>'
    caption = "<caption>Validation losses. Choose a run to lift its curves.</caption>"
    return f'<div class="lab-rows"><table>{caption}{head}{"".join(reversed(rows))}</table></div>{link}'


def row(number: int, result: Result, settings: str, lifted: int) -> str:
    """Return a row of the table."""
    seeds, floors = result.seeds, shown_floors(result.experiment)
    many = f"{len(seeds)} seeds" if len(seeds) > 1 else ""
    ended = result.status if result.status == "cancelled" else ""
    said = ", ".join(filter(None, (settings, many, ended)))
    cells = ""
    for name in MODELS:
        kind, least = floors[name]
        cells += f"<td>{'diverged' if result.diverged(name) else final(seeds, name)}<br>"
        cells += f"<small>{kind} {'not known' if least is None else in_digits(least)}</small></td>"
    pressed = str(number == lifted).lower()
    button = f'<button data-choice="{number}" aria-pressed="{pressed}" aria-label="lift run {number}">{number}</button>'
    return f'<tr data-choice="{number}"><th scope="row">{button}</th><td>{escape(said)}</td>{cells}</tr>'
