"""The notebooks of the course, by their slugs: numbers may change, slugs stay."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = {path.stem[3:]: path for path in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))}  # in teaching order
