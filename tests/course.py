"""The notebooks of the course, by their slugs: numbers may change, slugs stay. And the exercises in them."""

import json
import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = {path.stem[3:]: path for path in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))}  # in teaching order


def exercises(slug):
    """Return the Exercises of a notebook by the ids of their cells, and the names that these cells know."""
    cells = json.loads(NOTEBOOKS[slug].read_text(encoding="utf-8"))["cells"]
    sources = {cell["id"]: "".join(cell["source"]) for cell in cells}
    names = {}
    exec(sources["setup"], names)
    found = [cell for cell in sources if re.fullmatch(r"exercise-\d", cell)]
    for cell in found:
        exec(sources[cell], names)
    return {cell: names[cell.replace("-", "_")] for cell in found}, names
