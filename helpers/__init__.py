"""Window Lab: what a window's length and stride do to an LSTM and to a small dense network.

Every name is imported when it is first asked for, so that a picture shows before TensorFlow has loaded.
"""

from importlib import import_module
from typing import Any

MODULE_OF = {
    "series": ("Series", "echo", "fast_cycle", "sine", "trend", "two_cycles"),
    "models": ("build",),
    "windows": ("Windows",),
    "experiment": ("EXAMPLES", "Experiment"),
    "theory": ("baselines", "constant_error", "floor"),
    "results": ("Result",),
    "data.files": ("from_csv", "from_pandas"),
    "trainer.training": ("run",),
    "pictures.windows": ("show_windows",),
    "pictures.losses": ("show_losses",),
    "pictures.heatmap": ("show_sweep",),
    "pictures.inside": ("show_inside",),
    "export": ("to_keras",),
    "tomorrow": ("forecast",),
    "sweeps": ("sweep",),
    "measured": ("about", "compare", "show", "verdicts"),
    "lessons": ("Exercise", "Prediction"),
    "lab.view": ("Lab",),
}
__all__ = [name for names in MODULE_OF.values() for name in names]


def __getattr__(name: str) -> Any:
    for module, names in MODULE_OF.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    if name in (renamed := import_module(".series", __name__).RENAMED):  # import hides what an AttributeError says
        raise ImportError(f"{name} has a new name, {renamed[name]}; use from helpers import {renamed[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
