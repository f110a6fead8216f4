"""What is shown in more than one place: text as it is, names for screen readers, what a saved notebook shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import display

VIEW = "application/vnd.jupyter.widget-view+json"
HERE = Path(__file__).parent
SCRIPT, CHOICES, STYLE = (
    (HERE / name).read_text(encoding="utf-8") for name in ("display.js", "choices.js", "display.css")
)
KEPT = '<div class="lab-kept">{}<p>Run this cell to bring its controls to life.</p></div>\n<style>\n{}</style>'


class Text(str):
    """Text that a cell shows as it is, without quotation marks."""

    def __repr__(self) -> str:
        return str(self)


class Names(anywidget.AnyWidget):
    """Gives the controls around it their names for screen readers, and keeps JupyterLab's shortcuts from them.

    `scales` says of a slider, by its label, where its own number is not the setting: {"log": True} is a power of ten,
    {"zero": "no limit"} what its 0 stands for. Where the kernel behind these controls has gone, it says so above them.
    """

    _esm = SCRIPT
    scales = traitlets.Dict().tag(sync=True)
    me = traitlets.Unicode().tag(sync=True)  # its own id, by which the page finds out if a kernel still knows it

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.me = self.model_id


class Choices(anywidget.AnyWidget):
    """HTML with buttons in it that hold their number as `data-choice`; `chosen(number)` is called with that pressed.

    All of them are one stop of the Tab key, and the arrow keys go from one to the next.
    """

    _esm = CHOICES
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, chosen: Callable[[int], object], **given: Any) -> None:
        super().__init__(**given)
        self.on_msg(lambda _, content, __: chosen(int(content["choice"])))


def display_widgets(shown: dict[str, Any], kept: str) -> None:
    """Show widgets, and HTML that takes their place in a saved notebook once no kernel knows them any more.

    JupyterLab always picks the widgets of an output, and instead of lost ones shows an error. So the HTML is an output
    of its own, with a style that hides either it, beside live widgets, or that error. The plain text goes with it.
    """
    display({"text/html": KEPT.format(kept, STYLE), "text/plain": shown.pop("text/plain")}, raw=True)
    display(shown, raw=True)
