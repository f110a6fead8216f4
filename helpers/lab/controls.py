"""The Lab's controls: each row of SETTINGS says how one setting is shown, moved, typed and read aloud."""

import math
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from ..experiment import ACTIVATIONS, DNN_SEES, Experiment
from ..series import BUILT_IN, Series

LABEL = {"description_width": "8em"}
WIDE = {"width": "auto", "flex": "1 1 auto"}
Changed = Callable[["Control", Any, bool], None]  # what is called with a control, its new value, and if a hand moved it


def dress(widget: Any, layout: dict[str, str]) -> None:
    """Give a widget the Lab's label width and a layout, in models that it has: new ones would leave these behind."""
    for part, looks in ((widget.style, LABEL), (widget.layout, layout)):
        for name, look in looks.items():
            setattr(part, name, look)


def close_all(widget: Any) -> None:
    """Close a widget, all that are inside, and their layouts and styles: each is a model of its own in the page."""
    for inside in getattr(widget, "children", ()):
        close_all(inside)
    for name in ("layout", "style"):
        if isinstance(part := getattr(widget, name, None), widgets.Widget):
            part.close()
    widgets.Widget.close(widget)


class Control:
    """One setting on screen: its `widget`, and below it a line for what is `wrong`; `view` holds both.

    `changed(control, value, moved)` is called when a person or Python moves the widget, or types into its box, never
    for what `show` shows. `scale` is what `Names` must know to read it aloud.
    """

    def __init__(self, name: str, value: Any, changed: Changed, widget: Any, *beside: widgets.Widget) -> None:
        self.name, self.changed, self.widget = name, changed, widget
        self.shown: Any = None
        self.scale: dict[str, Any] = {}
        widget.description = name
        dress(widget, WIDE)
        self.wrong = widgets.HTML().add_class("lab-problem")
        self.view = widgets.Box([widget, *beside, self.wrong]).add_class("lab-control")
        self.show(value)
        widget.observe(self._moved, "value")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.shown!r})"

    @property
    def value(self) -> Any:
        """The setting that the widget shows now."""
        return self.widget.value

    def show(self, value: Any, moved: bool = False) -> None:
        """Show a value that is in force.

        A widget that a hand has just `moved` is left alone: it may be a step further by now, and would be torn back.
        """
        if not moved:
            self.shown = self.widget.value = value
        self.complain("")

    def limit(self, experiment: Experiment) -> None:
        """Offer no more than the data of an experiment allow."""

    def complain(self, sentence: str) -> None:
        """Say beside the control what is wrong, or nothing."""
        self.wrong.value = f'<span role="alert">{escape(sentence)}</span>' if sentence else ""

    def _moved(self, _: object) -> None:
        if self.value != self.shown:
            self.shown = self.value
            self.changed(self, self.value, True)


class Slider(Control):
    """A slider from `least` to `most`, and a box beside it that takes whatever can be trained.

    With `log` the two are powers of ten; `zero` is what its 0 stands for, and then the setting is None; `allowed` is a
    function of an experiment that tells the most that its data allow. A value between two steps stands in the box; the
    slider, whose page would move it to the nearest step and train with that, stands there from the beginning.
    """

    def __init__(
        self,
        name: str,
        value: Any,
        changed: Changed,
        least: float,
        most: float,
        step: float = 1,
        log: bool = False,
        zero: str = "",
        allowed: Callable[[Experiment], int] | None = None,
    ) -> None:
        kind = widgets.IntSlider if step == 1 else widgets.FloatLogSlider if log else widgets.FloatSlider
        start = 10.0**least if log else least
        slider = kind(value=start, min=least, max=most, step=step, readout=False)
        self.box = widgets.Text(continuous_update=False, layout={"width": "5em"}).add_class("lab-box")
        self.least, self.most, self.step, self.log, self.zero, self.allowed = least, most, step, log, zero, allowed
        self.at: Any = None  # where the slider stands
        super().__init__(name, value, changed, slider, self.box)
        self.scale = {"log": True} if log else {"zero": zero} if zero else {}
        self.box.observe(self._typed, "value")

    @property
    def value(self) -> Any:
        """The setting that the slider shows now."""
        return None if self.zero and self.widget.value == 0 else self.widget.value

    def show(self, value: Any, moved: bool = False) -> None:
        """Show a value that is in force, beyond the slider's own range too; leave a slider alone that a hand moved."""
        if not moved:
            self.shown, self.at = value, self._nearest(0 if value is None else value)
            reach = self._reach(self.at)
            self.widget.max = max(self.widget.max, math.ceil(reach))
            self.widget.min = min(self.widget.min, math.floor(reach))
            self.widget.value = self.at
        self.typed = self.box.value = self.zero if value is None else f"{value:g}" if self.step != 1 else f"{value}"
        self.complain("")

    def limit(self, experiment: Experiment) -> None:
        """Offer no more than the data of an experiment allow, nor less than the value in force."""
        most = min(self.most, self.allowed(experiment)) if self.allowed else self.most
        reach = self._reach(self.at)
        self.widget.max, self.widget.min = max(most, math.ceil(reach)), min(self.least, math.floor(reach))

    def _reach(self, place: float) -> float:
        """Return a place as the slider counts it."""
        return math.log10(place) if self.log else place

    def _nearest(self, value: float) -> float:
        """Return the place that is nearest to a value, whatever the ends."""
        if self.step == 1:
            return value
        reach = round(round(self._reach(value) / self.step) * self.step, 9)
        return 10.0**reach if self.log else reach

    def _moved(self, _: object) -> None:
        if not self._same(place := self.widget.value, self.at):
            self.shown, self.at = self.value, place
            self.changed(self, self.value, self._same(place, self._nearest(place)))  # between two only Python moves it

    def _same(self, one: float, other: float) -> bool:
        """Return whether two places are one, in which the page may differ by the last digits."""
        return math.isclose(self._reach(one), self._reach(other), abs_tol=1e-9)

    def _typed(self, change: Any) -> None:
        if change.new != self.typed:
            self.changed(self, parse(change.new, self.zero), False)


class Menu(Control):
    """A menu of words; a Series of the learner's own stands in it by its name."""

    def __init__(self, name: str, value: Any, changed: Changed, options: tuple[str, ...]) -> None:
        menu = widgets.Dropdown(options=[(option, option) for option in options])
        super().__init__(name, value, changed, menu)

    def show(self, value: Any, moved: bool = False) -> None:
        """Show a value that is in force; a Series that is new here is added to the menu."""
        if isinstance(value, Series):
            self.offer(value)
        super().show(value, moved)

    def offer(self, series: Series) -> None:
        """Add a Series to the menu, by its name; what is chosen stays."""
        if series not in [option for _, option in self.widget.options]:
            chosen, self.shown = self.shown, self.widget.options[0][1]  # new options choose the first, for a moment
            self.widget.options = [*self.widget.options, (series.name, series)]
            if chosen is not None:
                super().show(chosen)


class Tick(Control):
    """A box to tick."""

    def __init__(self, name: str, value: Any, changed: Changed) -> None:
        super().__init__(name, value, changed, widgets.Checkbox())


SETTINGS: dict[str, Callable[..., Control]] = {
    "series": partial(Menu, options=tuple(BUILT_IN)),
    "length": partial(Slider, least=1, most=48, allowed=lambda experiment: len(experiment.validation) - 1),
    "stride": partial(Slider, least=1, most=48, allowed=lambda experiment: len(experiment.validation)),
    "sampling_rate": partial(Slider, least=1, most=24),
    "batch_size": partial(Slider, least=1, most=256),
    "units": partial(Slider, least=1, most=100),
    "epochs": partial(Slider, least=1, most=50),
    "seed": partial(Slider, least=0, most=20),
    "max_updates": partial(Slider, least=0, most=3000, zero="no limit"),
    "noise": partial(Slider, least=0, most=1, step=0.05),
    "draw": partial(Slider, least=0, most=20),
    "learning_rate": partial(Slider, least=-5, most=2, step=0.25, log=True),
    "shuffle": Tick,
    "activation": partial(Menu, options=ACTIVATIONS),
    "dnn_sees": partial(Menu, options=tuple(DNN_SEES)),
    "stateful": Tick,
}


def parse(text: str, zero: str = "") -> int | float | str | None:
    """Return what was typed as a whole number, a number, None for no limit (or 0), or, failing all, as it is."""
    text = text.strip()
    if zero and text in (zero, "none", "None", "", "0"):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
