"""The two models, in plain Keras: the article's LSTM and its small dense network (DNN)."""

import os
from contextlib import contextmanager

import numpy as np


@contextmanager
def quiet_stderr():
    """Keep TensorFlow's start-up lines, which its C++ writes past Python, out of the notebook."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with quiet_stderr():
    import keras
    import tensorflow as tf

    # One thread an operation: these matrices are too small to share out, and the spare threads would spin.
    if tf.config.threading.get_intra_op_parallelism_threads() == 0:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(1)
        except RuntimeError:  # TensorFlow is already at work, as its user set it up
            pass
    tf.constant(0)  # the first operation has lines of its own


def build(experiment):
    """Return {"lstm": …, "dnn": …}: both models, compiled, with the initial weights that the seed decides.

    The LSTM takes windows of shape `(windows, steps, 1)`, the DNN their samples that it sees, `(windows, samples)`.
    The initial weights are Keras's defaults (Glorot uniform, orthogonal, forget bias 1), each with a seed of its own
    drawn from the experiment's, so that no global random state is read or changed.
    """
    seeds = iter(np.random.SeedSequence(experiment.seed).generate_state(6).tolist())

    def glorot():
        return keras.initializers.GlorotUniform(next(seeds))

    lstm = keras.layers.LSTM(
        experiment.units,
        activation=experiment.activation,
        kernel_initializer=glorot(),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        seed=next(seeds),  # for dropout, which is not used: without it Keras would draw one from Python's own generator
    )
    hidden = keras.layers.Dense(experiment.units, activation=experiment.activation, kernel_initializer=glorot())
    first = {"lstm": (keras.Input((None, 1)), lstm), "dnn": (keras.Input((len(experiment.dnn_steps),)), hidden)}
    models = {}
    for name, layers in first.items():
        models[name] = keras.Sequential([*layers, keras.layers.Dense(1, kernel_initializer=glorot())], name=name)
        models[name].compile(optimizer=keras.optimizers.Adam(experiment.learning_rate), loss="mse")
    return models
