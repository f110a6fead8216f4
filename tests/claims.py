"""What the tests of the notebooks' claims share: runs with other seeds than the notebooks', and Keras's own `fit`."""

from dataclasses import replace
from functools import cache

from helpers import run
from helpers.experiment import MODELS

SEEDS = (11, 12, 13)


@cache
def trained(experiment, models=MODELS):
    """Return the results of three seeds."""
    return [run(replace(experiment, seed=seed), models=models) for seed in SEEDS]


def dnns(experiment):
    """Return the results of three seeds of the DNN alone, which takes a small part of the time."""
    return trained(experiment, ("dnn",))


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
