"""An Experiment as a plain Keras script, for the learner to take home."""

import re
import textwrap
from collections.abc import Iterator

from .checks import choice
from .experiment import Experiment
from .series import Series

FLAVOURS = ("generator", "dataset")
LINES, COLUMNS = 40, 100  # at most
INDENT = " " * 4

SEES = {  # the layer that takes from each window what the DNN is given
    "oldest": "Lambda(lambda window: window[:, 0]),  # it sees the oldest sample alone",
    "latest": "Lambda(lambda window: window[:, -1]),  # it sees the latest sample alone",
    "window": "Reshape(({steps},)),  # it sees the whole window",
}

LSTM = """\
keras.layers.LSTM({units}, "{activation}", kernel_initializer=glorot[0], recurrent_initializer=orthogonal)"""
STATEFUL_LSTM = """\
keras.Input(batch_shape=({batch_size}, {steps}, 1)),  # a state that is kept needs batches of one size
    keras.layers.LSTM({units}, "{activation}", stateful=True, kernel_initializer=glorot[0],
                      recurrent_initializer=orthogonal)"""

# Both models of `models.make`, each initializer with the seed that it has there.
MODELS_CODE = """\
seeds = np.random.SeedSequence({seed}).generate_state(6).tolist()  # the same weights each time
glorot = [keras.initializers.GlorotUniform(seed) for seed in seeds]
orthogonal = keras.initializers.Orthogonal(seed=seeds[1])
lstm = keras.Sequential([
    {lstm},
    keras.layers.Dense(1, kernel_initializer=glorot[4]),
])
dnn = keras.Sequential([
    keras.layers.{sees}
    keras.layers.Dense({units}, "{activation}", kernel_initializer=glorot[3]),
    keras.layers.Dense(1, kernel_initializer=glorot[5]),
])"""

TRAINING_CODE = """\
for {each} in {models}:
    model.compile(optimizer=keras.optimizers.Adam({learning_rate}), loss="mse")
    {fit}
print('{{{{"lstm": {{}}, "dnn": {{}}}}}}'.format(*(m.history.history["loss"][-1] for m in (lstm, dnn))))"""

# What follows the last value that is known, in the series' own unit.
FORECAST = 'print(f"{{name}}, next value: {{{answer}:.6g}}")'


def to_keras(experiment: Experiment, flavour: str = "generator") -> str:
    """Return the source of a Keras script that makes this very run: same series, windows, weights and order.

    The script imports NumPy and Keras alone, and pandas for a series from a file. For a series whose targets are its
    own later values it prints what both models give for the value after the end, unless the LSTM keeps its state. The
    last line is JSON: both models' mean squared errors in the last epoch of training, `{"lstm": …, "dnn": …}`. Its
    windows come from a "generator", Keras's `TimeseriesGenerator`, as the article has it, or from a "dataset",
    `keras.utils.timeseries_dataset_from_array`, as Keras 3 wants it. A stateful LSTM is given their arrays, which Keras
    takes at every batch size, and emptied before each epoch. It has 40 lines or fewer, 44 with a stateful LSTM, unless
    the series alone takes more than 12. Raises ValueError for another flavour, and for a series without a recipe: bare
    arrays, or a pandas Series.
    """
    choice("flavour", flavour, FLAVOURS)
    series = experiment.series_with_noise
    if not series.recipe:
        raise ValueError(
            f"series {experiment.series!r} cannot be made anew by a script; "
            "save its values as a plain CSV file, a name and then one number a line, and use from_csv"
        )
    head = [
        textwrap.fill(repr(experiment), COLUMNS, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    ]
    from_a_file = "pd.read_csv(" in series.recipe
    head += ["from pathlib import Path", ""] if from_a_file else []
    head += ["import numpy as np", *(["import pandas as pd"] if from_a_file else []), "from tensorflow import keras"]
    if flavour == "generator":
        head.append("from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator")
    data = [series.recipe, *_windows(experiment, flavour)]
    if series.recipe.startswith("def "):
        data.insert(0, "")
    settings = vars(experiment) | {"steps": experiment.windows.steps}
    settings["sees"] = SEES[experiment.dnn_sees].format(**settings)
    settings["lstm"] = (STATEFUL_LSTM if experiment.stateful else LSTM).format(**settings)
    settings |= {"each": "model", "models": "(lstm, dnn)"}
    after = []
    if _forecasts(experiment):
        settings |= {"each": "name, model", "models": '{"LSTM": lstm, "DNN": dnn}.items()'}
        after = [FORECAST.format(answer=_answer(series))]
    settings["fit"] = f"\n{INDENT}".join([*_fit(experiment, flavour), *after])
    models, training = MODELS_CODE.format(**settings), TRAINING_CODE.format(**settings)
    return _tightened("\n\n".join(["\n".join(head), "\n".join(data), models, training]))


def _forecasts(experiment: Experiment) -> bool:
    """Return whether the script ends with a forecast: it knows what follows, and Keras takes a single window."""
    return experiment.series_with_noise.ahead is not None and not experiment.stateful


def _answer(series: Series) -> str:
    """Return code for a model's answer to the newest window, in the unit that the series had before `normalised`."""
    answer, scales = "model.predict(newest, verbose=0)[0, 0]", series.code.count(".normalised(")
    if scales == 1:
        return f"{answer} * spread + mean"
    return f"{answer} * {series.spread:.6g} + {series.mean:.6g}" if scales else answer


def _windows(experiment: Experiment, flavour: str) -> Iterator[str]:
    """Yield the lines that make the windows of the training part."""
    windows, samples = experiment.windows, len(experiment.train)
    if _forecasts(experiment):
        every = f":{windows.sampling_rate}" if windows.sampling_rate > 1 else ""
        yield f"newest = values[None, -{windows.length}:{every}, None]  # as one batch"
    by_epochs = experiment.shuffle or experiment.stateful
    at_once = samples if experiment.shuffle else windows.count(experiment.train)
    yield f"values, targets = values[:{samples}, None], targets[:{samples}, None]  # the first 80 %, as columns"
    if flavour == "generator":
        yield "# The target of a window is that of the row just after it."
        call, given = "TimeseriesGenerator", ["values", "targets", f"length={windows.length}"]
        stride, first = "stride", "windows[0]"
    else:
        yield "# Keras pairs a window with the target at its first sample: so targets start at the first row."
        call = "keras.utils.timeseries_dataset_from_array"
        given = ["values", f"targets[{windows.length}:]", f"sequence_length={windows.steps}"]
        stride, first = "sequence_stride", "next(windows.as_numpy_iterator())"
    if windows.stride > 1:
        given.append(f"{stride}={windows.stride}")
    if windows.sampling_rate > 1 and (flavour == "generator" or windows.steps > 1):  # else Keras may refuse it
        given.append(f"sampling_rate={windows.sampling_rate}")
    given.append(f"batch_size={at_once if by_epochs else windows.batch_size}")
    begin, rest = f"windows = {call}(", f"{', '.join(given)})"
    if len(begin + rest) > COLUMNS:
        rest = "\n" + textwrap.fill(rest, COLUMNS, initial_indent=INDENT, subsequent_indent=INDENT)
    yield begin + rest
    if by_epochs:
        which = "all of them" if experiment.shuffle else "those of full batches"
        yield f"inputs, targets = {first}  # {which}, as one batch"


def _fit(experiment: Experiment, flavour: str) -> Iterator[str]:
    """Yield the lines that fit one model, to the last epoch, or to the update that ends it early."""
    if experiment.shuffle or experiment.stateful:
        yield from _fit_by_epochs(experiment)
        return
    epochs, more = divmod(experiment.updates, experiment.windows.updates_per_epoch(experiment.train))
    quietly = "shuffle=False, verbose=0"
    if epochs:
        why = "  # or fit shuffles the batches" if flavour == "generator" else ""
        yield f"model.fit(windows, epochs={epochs}, {quietly}){why}"
    if more:
        yield f"model.fit(windows, steps_per_epoch={more}, {quietly})  # {experiment.updates} updates in all"


def _fit_by_epochs(experiment: Experiment) -> Iterator[str]:
    """Yield the lines that fit one model epoch by epoch: each in an order of its own, or from a state made empty."""
    updates, per_epoch = experiment.updates, experiment.windows.updates_per_epoch(experiment.train)
    batch, (epochs, more) = experiment.batch_size, divmod(updates, per_epoch)
    left, why = f"{updates} - {per_epoch} * epoch", f"{updates} updates, {per_epoch} an epoch"
    yield f"for epoch in range({epochs + (more > 0)}):"
    if experiment.shuffle:
        yield f"    order = np.random.default_rng([{experiment.seed}, epoch]).permutation(len(inputs))"
    if experiment.shuffle and experiment.stateful:
        most = f"min({per_epoch}, {left})" if more else per_epoch
        yield f"    order = order[: {batch} * {most}]  # full batches" + f", {updates} in all" * (more > 0)
    elif more:
        most = f"{batch} * ({left})"
        yield (f"    order = order[: {most}]" if experiment.shuffle else f"    most = {most}") + f"  # {why}"
    chosen = "[order]" if experiment.shuffle else "[:most]" if more else ""
    if experiment.stateful:
        yield "    lstm.layers[0].reset_states()  # or Keras keeps the state from epoch to epoch"
    yield f"    model.fit(inputs{chosen}, targets{chosen}, batch_size={batch}, shuffle=False, verbose=0)"


def _tightened(source: str) -> str:
    """Return the source in at most 40 lines, if it can do without own lines for brackets, blanks, and a comment."""
    if len(source.splitlines()) > LINES:
        source = source.replace(",\n])", "])")
    lines = source.splitlines()
    while len(lines) > LINES and "" in lines:
        lines.remove("")
    if len(lines) > LINES:
        lines = [line for line in lines if not re.match("# (The target|Keras pairs)", line)]
    return "\n".join(lines) + "\n"
