"""A series: one value an hour, and for each row the target that a model is to predict there."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .checks import number, whole


@dataclass(frozen=True, eq=False)
class Series:
    """Values over time, each row with its own target.

    `values` and `targets` are float32 of shape `(samples, 1)`; `period` is in samples (None if there is none);
    `noise` is the standard deviation of the normal noise in the values; `code` is the Python that makes the series.
    A plain list or a flat array is put into shape. Raises ValueError when a value is missing or infinite.
    """

    values: np.ndarray
    targets: np.ndarray
    period: float | None = None
    unit: str = ""
    name: str = "series"
    noise: float = 0.0
    code: str = "Series(values, targets)"

    def __post_init__(self):
        for part in ("values", "targets"):
            array = np.array(getattr(self, part), dtype=np.float32)
            if array.shape not in ((array.size,), (array.size, 1)):
                raise ValueError(f"{part} has the shape {array.shape}; use one number a sample")
            array = array.reshape(-1, 1)
            if not np.isfinite(array).all():
                first = int(np.argmin(np.isfinite(array)))
                raise ValueError(f"{part} has {array[first, 0]} at sample {first}; fill or drop it first")
            array.setflags(write=False)
            object.__setattr__(self, part, array)
        if len(self.values) != len(self.targets):
            raise ValueError(f"targets has {len(self.targets)} samples for {len(self.values)} values; use one each")
        if len(self.values) < 2:
            raise ValueError(f"values has {len(self.values)} samples; use at least 2")

    def __len__(self):
        return len(self.values)

    def __eq__(self, other):
        return isinstance(other, Series) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def __repr__(self):
        return self.code

    def _key(self):
        arrays = self.values.tobytes(), self.targets.tobytes()
        return self.code, self.period, self.unit, self.name, self.noise, *arrays

    def split(self, fraction=0.8):
        """Return the first `fraction` of the samples to train on, and the rest to validate on."""
        cut = int(len(self) * number("fraction", fraction, above=True))
        if not 2 <= cut <= len(self) - 2:
            raise ValueError(f"fraction {fraction} leaves fewer than 2 of {len(self)} samples in a part; try 0.8")
        return tuple(
            replace(
                self, values=self.values[part], targets=self.targets[part], code=f"{self.code}.split({fraction})[{i}]"
            )
            for i, part in enumerate((slice(None, cut), slice(cut, None)))
        )

    def noisy(self, noise, seed=0):
        """Return the series with normal noise of this standard deviation added to its values, not to its targets."""
        noise, seed = number("noise", noise), whole("seed", seed, least=0)
        if noise == 0:
            return self
        earlier = self.code.count(".noisy(")  # a second noise is another one, even from the same seed
        drawn = np.random.default_rng([seed, earlier]).normal(0, noise, self.values.shape)
        total = float(np.hypot(self.noise, noise))  # variances of independent noises add up
        return replace(self, values=self.values + drawn, noise=total, code=f"{self.code}.noisy({noise!r}, {seed})")

    def normalised(self, fraction=0.8):
        """Return the series with its values at mean 0 and standard deviation 1, as measured on the training part.

        Only the first `fraction` is measured, since a model may know nothing of the validation part. The targets are
        put on the same scale.
        """
        train = self.split(fraction)[0].values.astype(float)
        mean, spread = train.mean(), train.std()
        if spread == 0:
            raise ValueError(f"values are all {mean:g} in the training part; a constant cannot be normalised")
        return replace(
            self,
            values=(self.values - mean) / spread,
            targets=(self.targets - mean) / spread,
            unit="standard deviations",
            name=f"{self.name}, normalised",
            noise=self.noise / spread,
            code=f"{self.code}.normalised({fraction})",
        )


@lru_cache(maxsize=8, typed=True)
def sine(hours_per_day=24, days=365, noise=0.0, seed=0):
    """Return the article's series: a year of a daily sine, and as target its value six hours after the row.

    `sin(linspace(0, days * 2 pi, days * hours_per_day))`, the targets shifted by pi / 2, a quarter of a day. As
    `linspace` includes its end point, the period is (samples - 1) / days: 23.997 samples, not 24.
    """
    hours_per_day, days = whole("hours_per_day", hours_per_day), whole("days", days)
    samples, end = hours_per_day * days, days * 2 * np.pi
    clean = Series(
        values=np.sin(np.linspace(0, end, samples)),
        targets=np.sin(np.linspace(np.pi / 2, end + np.pi / 2, samples)),
        period=(samples - 1) / days,
        name="sine",
        code=f"sine({hours_per_day}, {days})",
    )
    return clean.noisy(noise, seed)


BUILT_IN = {"sine": sine}
