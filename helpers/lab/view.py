"""The Lab on screen: it hands what a person does to its Session, and shows what the Session says has changed."""

import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from ..display import Names, display_widgets
from ..experiment import EXAMPLES, MODELS, NAMES, Experiment
from ..export import to_keras
from ..pictures.losses import LossesPicture
from ..pictures.windows import WindowsPicture
from ..results import Result, table
from .controls import LABEL, SETTINGS, WIDE, Control
from .session import Session
from .words import facts
from .worker import stop_when_interrupted

if TYPE_CHECKING:
    import pandas as pd  # it takes half a second to load

STYLE = Path(__file__).with_name("lab.css").read_text(encoding="utf-8")
PREDICT_SECONDS = 0.25  # between two pictures of the predictions
BUTTONS = {
    "Train": "train from the initial weights, or go on after a pause",
    "Pause": "hold the training; Train goes on with it",
    "Step": "make one update, then hold",
    "Reset": "back to the initial weights; forget the runs",
}
FLAVOURS = [
    ("TimeseriesGenerator, as in the article", "generator"),
    ("timeseries_dataset_from_array, as in Keras 3", "dataset"),
]


class Frame:
    """A picture on screen: two layers of SVG, what stands still and over it what moves, and below them its sentence."""

    def __init__(self, name: str, picture: Any) -> None:
        self.picture, self.still, self.moving = picture, widgets.HTML(), widgets.HTML()
        self.box = widgets.Box([self.still, self.moving]).add_class("lab-picture").add_class(f"lab-{name}")
        self.sentence = widgets.HTML().add_class("lab-sentence")

    def __repr__(self) -> str:
        return f"Frame({self.picture!r})"

    def show(self) -> None:
        """Show the picture as it is now."""
        sentence = escape(self.picture.sentence)
        self.still.value, moving = self.picture.svg()
        self.moving.value = f'<div role="img" aria-label="{sentence}">{moving}</div>'
        self.sentence.value = sentence


class Lab(widgets.VBox):
    """Sliders, pictures and a status line for one experiment; both models retrain whenever a setting changes.

    `controls` names the settings that a learner may change; with `baselines` ticked, the loss chart shows three simple
    forecasts too. Raises ValueError for a control that does not exist. A new Lab ends whatever the kernel's other Labs
    were training.

    `.session` holds all state and does all that can be done: `.experiment`, `.runs`, `.number`, `.status`, `train()`,
    `pause()`, `step()`, `stop()`, `reset()` and `wait()` are the Session's. `.history` is its runs as a table. What
    is on screen: `.controls` maps the settings to their widgets, `.rows` to these with the box and the line beside
    them; `.frames` the names of the pictures to where they are shown. `.spoken` is the status line for screen readers:
    it changes with the phase only, not with every update.
    """

    def __init__(
        self,
        experiment: Experiment = Experiment(),  # noqa: B008 (frozen)
        controls: Iterable[str] = ("length", "stride"),
        baselines: bool = False,
    ) -> None:
        controls = tuple(controls)
        if unknown := [name for name in controls if name not in SETTINGS]:
            raise ValueError(f"control {unknown[0]!r} is unknown; use some of {', '.join(SETTINGS)}")
        self.session = session = Session(experiment)
        self.train, self.pause, self.step = session.train, session.pause, session.step
        self.stop, self.reset, self.wait = session.stop, session.reset, session.wait
        self.window, self._predicted = 0, 0.0  # the window shown, from 0; when predictions were drawn last
        self._shown = experiment  # the settings that the controls show
        self._in_hand: Control | None = None  # the one being moved
        self.rows = {name: SETTINGS[name](name, getattr(experiment, name), self._change) for name in controls}
        self.controls = {name: control.widget for name, control in self.rows.items()}
        self.frames = {"windows": Frame("windows", WindowsPicture()), "losses": Frame("losses", LossesPicture())}
        self.facts, self.status_line, self.spoken, self.table = (
            widgets.HTML().add_class(f"lab-{name}") for name in ("facts", "status", "spoken", "runs")
        )
        self.scrubber = self._watched(widgets.IntSlider(1, 1, 1, description="window", readout=False), self._scrub)
        self.scrubber.layout, self.window_of = WIDE, widgets.HTML()
        options = [("choose …", 0), *((f"{number}: {in_words(e)}", number) for number, e in EXAMPLES.items())]
        self.example = self._watched(widgets.Dropdown(options=options, description="example"), self._choose)
        ticked = widgets.Checkbox(bool(baselines), description="baselines")
        self.baselines = self._watched(ticked, self._show_baselines)
        self.flavour = self._watched(widgets.Dropdown(options=FLAVOURS, description="windows by"), self._write_below)
        self.code = widgets.Textarea(description="Keras code", style=LABEL, rows=24, layout={"width": "auto"})
        self.buttons = {word: widgets.Button(description=word, tooltip=tip) for word, tip in BUTTONS.items()}
        for word, act in zip(BUTTONS, (self.train, self.pause, self.step, self.reset)):
            self.buttons[word].on_click(lambda _, act=act: session.attempt(act))
        scales = {name: control.scale for name, control in self.rows.items() if control.scale}
        body = widgets.Box([self._column(), self._pictures()]).add_class("lab-body")
        style = widgets.HTML(f"<style>{STYLE}</style>")
        super().__init__([style, body, self._below(), self.spoken, Names(scales=scales)])
        self.add_class("lab")
        stop_when_interrupted()
        session.listener = self._on
        self._on("reset")

    @property
    def experiment(self) -> Experiment:
        """The settings now."""
        return self.session.experiment

    @property
    def runs(self) -> list[Result]:
        """The finished Results."""
        return self.session.runs

    @property
    def number(self) -> int:
        """The number of the run that began last; 0 before there is one."""
        return self.session.number

    @property
    def status(self) -> str:
        """The line of text shown."""
        return self.session.status

    @property
    def history(self) -> "pd.DataFrame":
        """The finished runs as a pandas DataFrame, each with its settings as code; `.to_csv(path)` keeps it."""
        return table(self.runs)

    # what a person does

    def _watched(self, widget: Any, act: Callable[[Any], None]) -> Any:
        """Call `act(value)` when somebody changes a widget; what goes wrong is told in the status line."""
        widget.style, widget.layout = LABEL, {"width": "auto"}
        widget.observe(lambda change: self.session.attempt(act, change.new), "value")
        return widget

    def _change(self, control: Control, value: Any, moved: bool) -> None:
        self.session.attempt(self._try_to_change, control, value, moved)

    def _try_to_change(self, control: Control, value: Any, moved: bool) -> None:
        with self.session.lock:
            self._in_hand = control if moved else None
            try:
                self.session.change(**{control.name: value})
            except ValueError as error:
                control.show(getattr(self.experiment, control.name))
                control.complain(str(error))
            else:
                control.show(getattr(self.experiment, control.name), moved)
            finally:
                self._in_hand = None

    def _choose(self, number: int) -> None:
        if number:
            self.session.change(**vars(EXAMPLES[number]))

    def _scrub(self, number: int) -> None:
        with self.session.lock:
            if number - 1 != self.window:
                self.window = number - 1
                self._draw_windows()

    def _show_baselines(self, ticked: bool) -> None:
        with self.session.lock:
            self._draw_background()
            self._draw_losses()
            self._announce("baselines", ticked)

    def _open(self, what: str, part: widgets.Widget) -> None:
        hidden = part.layout.display == "none"
        part.layout.display = None if hidden else "none"
        self.buttons[what].description = f"{'Hide' if hidden else 'Show'} {what}"
        self._write_below()
        self._announce(what, hidden)

    # what is shown

    def _on(self, event: str) -> None:
        """Show what has changed in the Session, which holds its lock meanwhile."""
        if event in ("settings", "reset"):
            self._show_settings()
        if event in ("reset", "begun"):
            self._draw_background()
        if event in ("reset", "progress", "rest"):
            self._draw_losses()
        if event == "rest" or (event == "progress" and time.monotonic() - self._predicted >= PREDICT_SECONDS):
            self._predicted = time.monotonic()
            self._draw_windows()
        if event in ("settings", "reset", "rest"):
            self._write_below()
        if event != "settings":
            self.status_line.value = escape(self.status)
        if event not in ("settings", "progress"):
            self.spoken.value = escape(self.status)

    def _show_settings(self) -> None:
        before, experiment, self._shown = self._shown, self.experiment, self.experiment
        for name, control in self.rows.items():
            if getattr(experiment, name) != getattr(before, name):
                control.show(getattr(experiment, name), moved=control is self._in_hand)
            control.limit(experiment)
            control.complain("")
        if self.example.value and experiment != EXAMPLES[self.example.value]:
            self.example.value = 0
        self.facts.value = f"{' · '.join(facts(experiment))}<br><code>{escape(repr(experiment))}</code>"
        self.window = 0
        self.scrubber.value = 1
        self._draw_windows()

    def _draw_windows(self) -> None:
        """Draw the window that was asked for; the scrubber is left alone, which a hand may have further by now."""
        count = self.experiment.windows.count(self.experiment.train)
        frame, self.window = self.frames["windows"], min(self.window, count - 1)
        frame.picture.update(self.experiment, self.window, self._predictions)
        frame.show()
        self.scrubber.max = count
        self.window_of.value = f"{self.window + 1:,} of {count:,}"

    def _predictions(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return what each model that is alive answers at these rows."""
        training = self.session.training
        return {name: training.predict(name, rows) for name in training.alive} if training and training.updates else {}

    def _draw_background(self) -> None:
        """Draw what stands still behind a run: axes, floors, earlier runs and, where ticked, baselines."""
        now = self.session.training
        earlier = [result for result in self.runs if not now or result.trace is not now.trace]
        self.frames["losses"].picture.draw_background(self.experiment, earlier, self.baselines.value)

    def _draw_losses(self) -> None:
        training = self.session.training
        if training:
            lost = " and ".join(NAMES[name] for name in MODELS if name not in training.alive)
            note = f"{lost} diverged: the loss is no longer a finite number" if lost else ""
            self.frames["losses"].picture.update(training.trace, training.val_losses, note)
        self.frames["losses"].show()

    def _write_below(self, _: object = None) -> None:
        """Write anew what is open below the pictures: the Keras code for the settings now, the table of the runs."""
        if self.code_part.layout.display != "none":
            try:
                self.code.value = to_keras(self.experiment, self.flavour.value)
            except ValueError as error:
                self.code.value = f"# {error}"
        if self.table.layout.display != "none":
            self.table.value = in_html(self.history) if self.runs else "No run is finished yet."

    def _announce(self, what: str, shown: bool) -> None:
        self.spoken.value = f"{what} {'shown' if shown else 'hidden'}"

    # how it is laid out

    def _column(self) -> widgets.VBox:
        window = widgets.HBox([self.scrubber, self.window_of]).add_class("lab-control")
        buttons = widgets.HBox([*self.buttons.values()], layout={"flex_flow": "row wrap"}).add_class("lab-buttons")
        column = [control.view for control in self.rows.values()]
        column += [self.example, self.baselines, buttons, window, self.facts, self.status_line]
        return widgets.VBox(column).add_class("lab-controls")

    def _pictures(self) -> widgets.VBox:
        shown = [part for frame in self.frames.values() for part in (frame.box, frame.sentence)]
        return widgets.VBox(shown).add_class("lab-pictures")

    def _below(self) -> widgets.VBox:
        self.code_part = widgets.VBox([self.flavour, self.code]).add_class("lab-code")
        parts = {"the Keras code": self.code_part, "the runs": self.table}
        for what, part in parts.items():
            part.layout.display = "none"
            self.buttons[what] = widgets.Button(description=f"Show {what}", layout={"width": "auto"})
            self.buttons[what].on_click(lambda _, what=what, part=part: self.session.attempt(self._open, what, part))
        buttons = widgets.HBox([self.buttons[what] for what in parts]).add_class("lab-buttons")
        return widgets.VBox([buttons, *parts.values()]).add_class("lab-more")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        self.session.warm_up()
        with self.session.lock:
            shown = super()._repr_mimebundle_(**kwargs)
            still = self.frames["windows"].picture.html()
            return {**shown, "text/html": still, "text/plain": repr(self)}

    def _ipython_display_(self) -> None:
        shown = self._repr_mimebundle_()
        display_widgets(shown, kept=shown.pop("text/html"))

    def __repr__(self) -> str:
        return f"Lab({self.experiment!r}), shown as sliders and pictures where a kernel runs"


def in_words(experiment: Experiment) -> str:
    """Return the settings of an example in words."""
    return f"length {experiment.length}" + (f", stride {experiment.stride}" if experiment.stride > 1 else "")


def in_html(runs: "pd.DataFrame") -> str:
    """Return the table of the runs as HTML, and a link that saves it as a CSV file."""
    data = b64encode(runs.to_csv(index=False).encode()).decode()
    link = f'<a download="runs.csv" href="data:text/csv;base64,{data}">Save the runs as a CSV file</a>'
    return f"{runs.to_html(index=False, escape=True, border=0, float_format='{:.3g}'.format)}{link}"
