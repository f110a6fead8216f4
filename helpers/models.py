"""The two models, in plain Keras: the article's LSTM and its small dense network (DNN)."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from threading import RLock
from typing import Any

import numpy as np

QUIET = RLock()  # two threads at once would lose stderr for good


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep TensorFlow's start-up lines, which its C++ writes past Python, out of the notebook."""
    with QUIET:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


@contextmanager
def kept_for_good() -> Iterator[None]:
    """Keep the garbage collector from what is made here, now and later: all of it stays, and to search it is slow."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever the learner's own settings file of Keras says
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # else Keras's generators print a line about memory
# XLA's own level, 3, takes a third longer to compile the LSTM, and its code then a fifth longer to train it
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=2")
with quiet_stderr(), kept_for_good():  # half a million objects: searched, they take a third longer to load
    import keras

    if keras.backend.backend() != "tensorflow":  # somebody has imported it before us
        raise ImportError(
            f"Keras already runs on {keras.backend.backend()} in this kernel, and these notebooks need TensorFlow; "
            "restart the kernel and import helpers before keras"
        )
    keras.config.set_floatx("float32")  # as the course's data and its own trainer
    import tensorflow as tf
    from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator  # noqa: F401 (here it loads quietly)

    # All compiled calls share these threads, and two let two runs train side by side: three runs take 1.8 times as long
    # as one, rather than 3 times. A single run gains nothing, and costs half as much processor time again, since the
    # spare thread spins; more of them would only spin. TF_NUM_INTRAOP_THREADS=1 is for a server of many learners.
    if tf.config.threading.get_intra_op_parallelism_threads() == 0 and "TF_NUM_INTRAOP_THREADS" not in os.environ:
        with suppress(RuntimeError):  # TensorFlow is already at work, as its user set it up
            tf.config.threading.set_intra_op_parallelism_threads(min(2, os.cpu_count() or 1))
    tf.constant(0)  # the first operation has lines of its own
    tf.get_logger().setLevel("ERROR")  # it would warn, from the training thread, that several sizes are compiled


def make(
    units: int, activation: str, dnn_inputs: int, seed: int, kept: tuple[int, int] | None = None
) -> dict[str, keras.Sequential]:
    """Return {"lstm": …, "dnn": …}: both models, with the initial weights that the seed decides.

    Where the LSTM is to keep its state, `kept` is the shape (windows, steps) of every batch, as Keras needs it.
    They are Keras's defaults (Glorot uniform, orthogonal, forget bias 1), each with a seed of its own drawn from the
    one given, so that no global random state is read or changed.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(6).tolist())

    def glorot() -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(next(seeds))

    lstm = keras.layers.LSTM(
        units,
        activation=activation,
        kernel_initializer=glorot(),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        stateful=kept is not None,
        seed=next(seeds),  # for dropout, which is not used: without it Keras would draw one from Python's own generator
    )
    hidden = keras.layers.Dense(units, activation=activation, kernel_initializer=glorot())
    windows = keras.Input(batch_shape=(*(kept or (None, None)), 1))
    first = {"lstm": (windows, lstm), "dnn": (keras.Input((dnn_inputs,)), hidden)}
    return {
        name: keras.Sequential([*layers, keras.layers.Dense(1, kernel_initializer=glorot())], name=name)
        for name, layers in first.items()
    }


@lru_cache(maxsize=32)
def initial_weights(units: int, activation: str, dnn_inputs: int, seed: int) -> dict[str, list[np.ndarray]]:
    """Return both models' initial weights as arrays, in Keras's order; to look them up is quicker than to make them."""
    return {name: model.get_weights() for name, model in make(units, activation, dnn_inputs, seed).items()}


def build(experiment: Any, batch_size: int | None = None) -> dict[str, keras.Sequential]:
    """Return {"lstm": …, "dnn": …}: both models of an experiment, compiled, with their initial weights.

    The LSTM takes windows of shape `(windows, steps, 1)`, the DNN their samples that it sees, `(windows, samples)`. A
    stateful LSTM takes batches of one size alone: `batch_size` windows, by default the experiment's. With 1, Keras
    takes arrays, but no generator and no dataset.
    """
    kept = (batch_size or experiment.batch_size, experiment.windows.steps) if experiment.stateful else None
    models = make(experiment.units, experiment.activation, len(experiment.dnn_steps), experiment.seed, kept)
    for model in models.values():
        model.compile(optimizer=keras.optimizers.Adam(experiment.learning_rate), loss="mse")
    return models


def in_own_unit(model: keras.Sequential, experiment: Any) -> keras.Sequential:
    """Return a trained model of an experiment that takes and gives values in the unit before `Series.normalised`."""
    series, name = experiment.series_with_noise, model.name
    shape = (experiment.windows.steps, 1) if name == "lstm" else (len(experiment.dnn_steps),)
    layers = [keras.Input(shape, batch_size=1 if experiment.stateful and name == "lstm" else None)]
    if (series.mean, series.spread) == (0, 1):
        return keras.Sequential([*layers, *model.layers], name=name)
    layers += [keras.layers.Rescaling(1, -series.mean), keras.layers.Rescaling(1 / series.spread)]
    back = keras.layers.Rescaling(series.spread, series.mean)
    return keras.Sequential([*layers, *model.layers, back], name=name)
