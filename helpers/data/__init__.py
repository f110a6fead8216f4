"""A series from a learner's own file: pandas reads it, and we say what was wrong."""
