"""The period of a series, found where nobody gives it."""

import numpy as np
from scipy import signal

LEAST_SAMPLES = 6  # of which a split of 80 and 20 % leaves two in each part


def find_period(values: np.ndarray) -> int | None:
    """Return the period of a series as a whole number of samples, or None where no cycle stands out clearly.

    After Vlachos, Yu and Castelli, On Periodicity Detection (2005). A cycle is a peak of the detrended periodogram,
    of three cycles or more, that stands far above the power around it: pure chance gives a peak of some log(samples)
    times the median, and a slow wander is the rule among its neighbours. Such a peak may be only a harmonic, and its
    place is rough: of its first twelve multiples the first counts whose autocorrelation is near the best of theirs,
    and nearer to that of its own double, triple and fourfold, at the lag where the mean autocorrelation of eight
    repeats is highest, and above the scatter of noise. So the half of a day with two rush hours is not its period.
    """
    samples = len(values)
    rest = signal.detrend(values)
    if samples < 2 * LEAST_SAMPLES or np.ptp(rest) <= 1e-9 * np.abs(values).max():
        return None
    if (peak := _strongest_cycle(rest / np.ptp(rest))) is None:
        return None
    alike = signal.correlate(rest, rest, method="fft")[samples - 1 :] / np.arange(samples, 0, -1)
    alike, chance = alike / alike[0], 1 / np.sqrt(samples)  # the scatter of noise

    def repeated(lag: int) -> float:
        return alike[lag : samples // 2 + 1 : lag][:8].mean()

    best = [max(_near(multiple, peak, samples), key=repeated, default=samples) for multiple in range(1, 13)]
    lags = [lag for lag in best if lag <= -(-samples // 3)]  # else there are no three cycles
    enough = max(0.8 * max(alike[lags], default=0) - 3 * chance, 0)
    own = [0.9 * max(alike[lags[place : 4 * place + 4 : place + 1]]) - 2 * chance for place in range(len(lags))]
    lag = next((lag for lag, least in zip(lags, own) if alike[lag] >= max(enough, least)), None)
    return None if lag is None or repeated(lag) < 2 * chance else lag


def _near(multiple: int, peak: int, samples: int) -> range:
    """Return the lags that may be this multiple of a cycle of which all samples have about `peak`."""
    first, last = round(multiple * samples / (peak + 0.5)), round(multiple * samples / (peak - 0.5))
    return range(max(first, 2), min(last, samples // 2) + 1)


def _strongest_cycle(rest: np.ndarray) -> int | None:
    """Return how many cycles of the strongest peak the whole series has, or None where no peak stands out."""
    power = signal.periodogram(rest)[1]
    middles = np.unique(np.geomspace(1, len(power) - 1, 2 * int(np.log2(len(rest)))).astype(int))
    around = [np.log(np.median(power[(m + 1) // 2 : 2 * m + 1]) + 1e-300) for m in middles]  # an octave each side
    usual = np.exp(np.interp(np.log(np.arange(3, len(power))), np.log(middles), around))
    peaks = 3 + np.flatnonzero(power[3:] > 2.5 * np.log2(len(rest)) * usual)
    return int(peaks[np.argmax(power[peaks])]) if len(peaks) else None
