"""Weights in a larger layer, with zeros around them, so that one compiled size serves all smaller ones.

A unit whose weights are all zero gives 0, with relu and with tanh, and an input that is always 0 counts for nothing;
neither gets a gradient. So the zeros stay zeros, and the model is the smaller one, update for update.
"""

from collections.abc import Sequence

import numpy as np


def capacity(needed: int, usual: int) -> int:
    """Return `usual` where it suffices, else the next power of 2, so that few sizes are ever compiled."""
    return usual if needed <= usual else 1 << (needed - 1).bit_length()


def shapes(name: str, units: int, inputs: int) -> list[tuple[int, ...]]:
    """Return the shapes of a model's weights, in Keras's order."""
    if name == "dnn":
        return [(inputs, units), (units,), (units, 1), (1,)]
    return [(1, 4 * units), (units, 4 * units), (4 * units,), (units, 1), (1,)]


def resized(name: str, weights: Sequence[np.ndarray], units: int, inputs: int) -> list[np.ndarray]:
    """Return weights as those of so many units and inputs: with zeros around them, or without these zeros."""
    found = []
    for place, (weight, shape) in enumerate(zip(weights, shapes(name, units, inputs))):
        new = np.zeros(shape, np.float32)
        gates = 4 if name == "lstm" and place < 3 else 1  # the LSTM's four lie side by side
        apart = [part.reshape(*part.shape[:-1], gates, -1) for part in (new, weight)]
        both = tuple(map(slice, np.min([part.shape for part in apart], axis=0)))
        apart[0][both] = apart[1][both]
        found.append(new)
    return found
