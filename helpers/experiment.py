"""An Experiment: every setting of one run, checked."""

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np

from .checks import choice, number, whole, yes_or_no
from .series import BUILT_IN, RENAMED, Series
from .windows import Windows

ACTIVATIONS = ("relu", "tanh")
DNN_SEES = {"oldest": slice(0, 1), "latest": slice(-1, None), "window": slice(None)}  # of the steps of a window
MODELS = ("lstm", "dnn")
NAMES = {"lstm": "LSTM", "dnn": "DNN"}


@lru_cache(maxsize=8)
def prepared(series: str | Series, noise: float, draw: int) -> tuple[Series, ...]:
    """Return (whole, train, validation) of a series, by name or itself, with a draw of noise added."""
    given = series if isinstance(series, Series) else BUILT_IN[series](seed=draw)
    noisy = given.noisy(noise, draw)
    return noisy, *noisy.split()


@dataclass(frozen=True)
class Experiment:
    """Every setting of one run, checked; the defaults are the article's example 2.

    Both models train on the same rows of the first 80 % of the series, and are validated on the rest at stride 1.

    series         the name of a built-in series, or a Series
    noise          standard deviation of the normal noise that is added to its values, in their unit
    length         samples that a window reaches back from its row
    stride         samples between neighbouring rows
    sampling_rate  samples between neighbours inside a window
    batch_size     windows an update: the weights change once after each batch
    shuffle        whether the order of the windows is drawn anew each epoch
    dnn_sees       what the DNN is given of a window: its "oldest" sample (the article's choice), its "latest", or the
                   whole "window"
    units          of both hidden layers
    activation     of both hidden layers: "relu" (the article's choice) or "tanh"
    learning_rate  of Adam
    epochs         passes over all training windows
    seed           of the initial weights, and of the order of the windows
    max_updates    ends a run early; None is no limit
    draw           which random numbers the noise is: its seed, and that of the shapes of "echo"
    stateful       whether the LSTM keeps its state from batch to batch, as Keras's LSTM(stateful=True) does; it is
                   emptied at each epoch, and both models leave a short last batch out, since Keras needs full ones

    Raises ValueError with one sentence that names the setting, what was given and what would work.
    """

    series: str | Series = "sine"
    noise: float = 0.0
    length: int = 24
    stride: int = 1
    sampling_rate: int = 1
    batch_size: int = 32
    shuffle: bool = False
    dnn_sees: str = "oldest"
    units: int = 50
    activation: str = "relu"
    learning_rate: float = 0.001
    epochs: int = 10
    seed: int = 0
    max_updates: int | None = None
    draw: int = 0
    stateful: bool = False

    def __post_init__(self) -> None:
        def settle(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        if isinstance(self.series, str) and self.series in RENAMED:
            now = RENAMED[self.series]
            raise ValueError(f"series {self.series!r} has a new name, {now!r}; use series={now!r}")
        if type(self.series).__module__.split(".")[0] == "pandas":  # asked without loading it
            what = type(self.series).__name__
            raise ValueError(f"series is a {what} of pandas; use from_pandas(series), of one column such as df['load']")
        if not isinstance(self.series, Series):
            choice("series", self.series, tuple(BUILT_IN))
        settle("noise", number("noise", self.noise))
        settle("learning_rate", number("learning_rate", self.learning_rate, above=True))
        for name in ("length", "stride", "sampling_rate"):
            settle(name, whole(name, getattr(self, name)))
        for name, most in (("batch_size", 8192), ("units", 1024), ("epochs", 100_000)):
            settle(name, whole(name, getattr(self, name), most=most))
        for name in ("seed", "draw"):
            settle(name, whole(name, getattr(self, name), least=0, most=2**32 - 1))
        if self.max_updates is not None:
            settle("max_updates", whole("max_updates", self.max_updates))
        for name in ("shuffle", "stateful"):
            settle(name, yes_or_no(name, getattr(self, name)))
        choice("dnn_sees", self.dnn_sees, tuple(DNN_SEES))
        choice("activation", self.activation, ACTIVATIONS)
        validation = self.validation
        for name, most in (("length", len(validation) - 1), ("stride", len(validation))):
            if getattr(self, name) > most:
                leaves = "leaves no window in" if name == "length" else "steps over all of"
                raise ValueError(
                    f"{name} {getattr(self, name)} {leaves} the {len(validation)} samples "
                    f"of the validation part; use at most {most}"
                )
        self.windows.rows(self.train)  # raises where they do not fill a batch that has to be full

    @property
    def series_with_noise(self) -> Series:
        """The whole series, with its noise."""
        return prepared(self.series, self.noise, self.draw)[0]

    @property
    def train(self) -> Series:
        """The part of the series to train on: the first 80 %."""
        return prepared(self.series, self.noise, self.draw)[1]

    @property
    def validation(self) -> Series:
        """The part of the series to validate on: the last 20 %."""
        return prepared(self.series, self.noise, self.draw)[2]

    @property
    def windows(self) -> Windows:
        """The training windows, those of full batches alone where the LSTM keeps its state."""
        return Windows(self.length, self.stride, self.sampling_rate, self.batch_size, drop_remainder=self.stateful)

    @property
    def validation_windows(self) -> Windows:
        """The validation windows: the same, but all of them, at stride 1, so that every hour of the day is asked."""
        return replace(self.windows, stride=1, drop_remainder=False)

    @property
    def gap(self) -> int:
        """Samples from the end of a window to the beginning of the one in its place of the next batch.

        At 0 the two join, so that a state carried on is that of the sample before; below 0 they overlap.
        """
        return self.batch_size * self.stride - self.sampling_rate * self.windows.steps

    @property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the training windows, and those of the validation windows, both counted in the whole series."""
        border = len(self.train)
        return self.windows.rows(self.train), border + self.validation_windows.rows(self.validation)

    @property
    def lanes(self) -> int:
        """In how many lanes a part is validated where the state is kept: a window joins the one so many rows earlier.

        At stride 1, as in validation. Each lane begins empty and reads a window after the other, each where the last
        has ended.
        """
        return self.length

    def lane(self, row: int) -> np.ndarray:
        """Return the rows that a row's lane reads, up to the row itself; both are counted in the whole series."""
        border = len(self.train)
        first = self.length + (border if row >= border else 0)  # the first row of its part
        return np.arange(first + (row - first) % self.lanes, row + 1, self.lanes)

    @property
    def dnn_steps(self) -> np.ndarray:
        """The steps of a window that the DNN is given, as an array of indices."""
        return np.arange(self.windows.steps)[DNN_SEES[self.dnn_sees]]

    @property
    def updates(self) -> int:
        """The number of updates of the whole run."""
        planned = self.epochs * self.windows.updates_per_epoch(self.train)
        return planned if self.max_updates is None else min(planned, self.max_updates)

    def changes(self) -> dict[str, Any]:
        """Return the settings that differ from the defaults, as a dict."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    def __repr__(self) -> str:
        return f"Experiment({', '.join(f'{name}={value!r}' for name, value in self.changes().items())})"


EXAMPLES = {1: Experiment(length=3), 2: Experiment(length=24), 3: Experiment(length=24, stride=8)}
