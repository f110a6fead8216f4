"""Weights in a larger layer, with zeros around them, so that one compiled size serves all smaller ones.

A unit whose weights are all zero gives 0, with relu and with tanh, and an input that is always 0 counts for nothing;
neither gets a gradient. So the zeros stay zeros, and the model is the smaller one, update for update.
"""

import numpy as np


def capacity(needed, usual):
    """Return `usual` where it suffices, else the next power of 2, so that few sizes are ever compiled."""
    return usual if needed <= usual else 1 << (needed - 1).bit_length()


def shapes(name, units, inputs):
    """Return (Keras's shape, the same with the LSTM's four gates apart) of each weight, in Keras's order."""
    if name == "dnn":
        kinds = [(inputs, units), (units,), (units, 1), (1,)]
        return [(shape, shape) for shape in kinds]
    return [
        ((1, 4 * units), (1, 4, units)),  # from the sample
        ((units, 4 * units), (units, 4, units)),  # from the state
        ((4 * units,), (4, units)),
        ((units, 1), (units, 1)),
        ((1,), (1,)),
    ]


def grown(name, weights, small, large):
    """Return weights of the sizes `small`, which is (units, inputs), as weights of the sizes `large`."""
    padded = []
    for weight, (_, apart), (keras_shape, room) in zip(weights, shapes(name, *small), shapes(name, *large)):
        more = [(0, most - size) for size, most in zip(apart, room)]
        padded.append(np.pad(weight.reshape(apart), more).reshape(keras_shape))
    return padded


def shrunk(name, weights, small, large):
    """Return weights of the sizes `large` without the zeros, as weights of the sizes `small`."""
    cut = []
    for weight, (keras_shape, apart), (_, room) in zip(weights, shapes(name, *small), shapes(name, *large)):
        cut.append(weight.reshape(room)[tuple(slice(size) for size in apart)].reshape(keras_shape))
    return cut
