"""A series from a learner's own file: `cells.py` reads its text, `files.py` makes it a Series."""
