"""What the tests of the notebooks' claims share: runs with other seeds than the notebooks', and Keras's own `fit`."""

from dataclasses import replace
from functools import cache

import numpy as np

from helpers import run

SEEDS = (11, 12, 13)


@cache
def once(experiment, model):
    """Return the result of one model, trained alone, so that no test waits for the other, and once for all tests."""
    return run(experiment, models=[model])


def trained(experiment, model="lstm", seeds=SEEDS):
    """Return the results of one model, a seed each; an LSTM's say nothing of what a DNN would see."""
    if model == "lstm":
        experiment = replace(experiment, dnn_sees="oldest")
    return [once(replace(experiment, seed=seed), model) for seed in seeds]


def losses(experiment, model="lstm", kind="val_losses"):
    """Return the losses of three seeds after each epoch, an array `(3, epochs)`."""
    return np.array([getattr(result, kind)[model] for result in trained(experiment, model)])


def last(experiment, model="lstm", kind="val_losses", seeds=SEEDS):
    """Return the last losses, a seed each; where one has diverged, that is not a number."""
    return np.array([getattr(result, kind)[model][-1] for result in trained(experiment, model, seeds)])


def best(experiment, model="lstm"):
    """Return the lowest validation losses of three seeds."""
    return losses(experiment, model).min(axis=1)


def anew(model, weights):
    """Return a compiled Keras model as before its first update, with these weights; `fit` need not compile it again."""
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    rate = float(optimizer.learning_rate)
    for variable in optimizer.variables:
        variable.assign(0 * variable)
    optimizer.learning_rate = rate
    model.set_weights(weights)
    return model
