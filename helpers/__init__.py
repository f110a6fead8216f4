"""Window Lab: what a window's length and stride do to an LSTM and to a small dense network.

Every name is imported when it is first asked for, so that a picture shows before TensorFlow has loaded.
"""

from importlib import import_module

HOME = {
    "series": ("Series", "fast_cycle", "memory", "sine", "trend", "two_cycles"),
    "files": ("from_csv",),
    "windows": ("Windows",),
    "experiment": ("EXAMPLES", "Experiment"),
    "theory": ("baselines", "constant_error", "floor"),
    "models": ("build",),
    "training": ("Result", "run"),
    "export": ("to_keras",),
    "sweeps": ("sweep",),
    "charts": ("show_losses", "show_windows"),
    "heatmap": ("show_sweep",),
    "lessons": ("Exercise", "Prediction"),
    "lab": ("Lab",),
}
__all__ = [name for names in HOME.values() for name in names]


def __getattr__(name):
    for module, names in HOME.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
