"""Windows: which samples of a series a length, a stride and a sampling rate select."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .checks import whole
from .series import Series


@dataclass(frozen=True)
class Windows:
    """The windows of Keras's `TimeseriesGenerator`: `length` samples before each row, a row every `stride`.

    Of the `length` samples every `sampling_rate`-th is kept, from the oldest on: ceil(length / sampling_rate) steps.
    The target belongs to the row itself, the sample just after the window. With `drop_remainder`, tf.data's word, the
    windows of a short last batch are left out. Raises ValueError for a setting that is not a whole number above 0,
    and, as soon as it meets a series, for one that leaves no window in it.
    """

    length: int
    stride: int = 1
    sampling_rate: int = 1
    batch_size: int = 32
    drop_remainder: bool = False

    def __post_init__(self) -> None:
        for name in ("length", "stride", "sampling_rate", "batch_size"):
            object.__setattr__(self, name, whole(name, getattr(self, name)))

    @property
    def steps(self) -> int:
        """The number of samples in one window."""
        return -(-self.length // self.sampling_rate)

    def rows(self, series: Series) -> np.ndarray:
        """Return the indices of the rows whose targets are predicted, shape `(windows,)`."""
        samples = len(series)
        if self.length >= samples:
            raise ValueError(f"length {self.length} leaves no window in {samples} samples; use at most {samples - 1}")
        if self.stride > samples:
            raise ValueError(f"stride {self.stride} steps over all of {samples} samples; use at most {samples}")
        rows = np.arange(self.length, samples, self.stride)
        if not self.drop_remainder:
            return rows
        if self.batch_size > len(rows):
            raise ValueError(
                f"batch_size {self.batch_size} makes no full batch of {len(rows)} windows; use at most {len(rows)}"
            )
        return rows[: len(rows) // self.batch_size * self.batch_size]

    def samples(self, rows: ArrayLike) -> np.ndarray:
        """Return the indices of the samples in the windows before these rows, shape `(rows, steps)`."""
        return np.asarray(rows)[:, None] - self.length + self.sampling_rate * np.arange(self.steps)

    def count(self, series: Series) -> int:
        """Return the number of windows."""
        return len(self.rows(series))

    def updates_per_epoch(self, series: Series) -> int:
        """Return the number of batches, the last one perhaps short, unless it is left out: one gradient step each."""
        return -(-self.count(series) // self.batch_size)

    def take(self, series: Series) -> tuple[np.ndarray, np.ndarray]:
        """Return all windows and their targets, of shapes `(windows, steps, 1)` and `(windows, 1)`."""
        rows = self.rows(series)
        return series.values[self.samples(rows)], series.targets[rows]

    def generator(self, series: Series) -> Any:
        """Return the same windows in order as Keras's `TimeseriesGenerator` (deprecated there, and still at work)."""
        from .models import TimeseriesGenerator  # loads TensorFlow, at the first use

        rows = self.rows(series)  # our sentence rather than Keras's
        return TimeseriesGenerator(
            series.values,
            series.targets,
            length=self.length,
            stride=self.stride,
            sampling_rate=self.sampling_rate,
            end_index=rows[-1],
            batch_size=self.batch_size,
        )

    def dataset(self, series: Series) -> Any:
        """Return the same windows in order as `keras.utils.timeseries_dataset_from_array`, Keras 3's own way.

        That function pairs a window with the target at its first sample. So the targets are sliced to begin at the
        first row, and the values stay whole: sliced as well, as Keras's documentation has it, they would lose
        `length - 1` windows.
        """
        from .models import keras

        rows = self.rows(series)
        most = len(series) - 1  # Keras refuses larger steps, though with one window or one sample any step will do
        return keras.utils.timeseries_dataset_from_array(
            series.values,
            series.targets[self.length : rows[-1] + 1],
            sequence_length=self.steps,
            sequence_stride=min(self.stride, most),
            sampling_rate=min(self.sampling_rate, most),
            batch_size=self.batch_size,
        )

    def __repr__(self) -> str:
        settings = f"length={self.length}, stride={self.stride}, sampling_rate={self.sampling_rate}"
        settings += f", batch_size={self.batch_size}" + ", drop_remainder=True" * self.drop_remainder
        lines = [f"Windows({settings})"]
        for row in self.length + self.stride * np.arange(3):
            seen = [str(sample) for sample in self.samples([row])[0]]
            if len(seen) > 7:
                seen[3:-3] = ["..."]
            lines.append(f"  samples {', '.join(seen)} -> target of row {row}")
        return "\n".join([*lines, "  ..."])
