"""The Lab on screen: it hands what a person does to its Session, and shows what the Session says has changed."""

import time
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from ..display import Choices, Names, display_widgets
from ..experiment import EXAMPLES, MODELS, Experiment
from ..export import to_keras
from ..pictures.inside import PartsPicture
from ..pictures.losses import LossesPicture
from ..pictures.windows import WindowsPicture, part_and_number
from ..results import Result, table
from ..series import Series
from ..trainer.inside import has_probe
from .controls import LABEL, SETTINGS, WIDE, Control, Menu, Slider, close_all, dress
from .hours import Hours
from .inside import Look
from .reruns import replace_earlier
from .runs import as_table, names
from .session import SEEDS, Session
from .words import facts, how_far, named
from .worker import stop_when_interrupted

if TYPE_CHECKING:
    import pandas as pd  # it takes half a second to load

STYLE = Path(__file__).with_name("lab.css").read_text(encoding="utf-8")
PREDICT_SECONDS = 0.25  # between two pictures of the predictions
RARELY = 4  # times as long as it took to draw the inside that passes before it is drawn again while it trains
BUTTONS = {
    "Train": "train from the initial weights, or go on after a pause",
    "Pause": "hold the training; Train goes on with it",
    "Step": "make one update, then hold",
    "Reset": "back to the initial weights; forget the runs",
    "Forget earlier runs": "keep the newest run alone",
}
OPENED = -1  # the settings at the beginning, beside the examples by their numbers
MOST_OPEN, FIRST_OPEN = 6, 4  # so many controls all stand open; of more than that, the first few
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

    `controls` names the settings that a learner may change, those used most first, or is "all"; where there are many,
    the rest folds. With `baselines` ticked, the loss chart shows three simple forecasts too; with `inside`, a block
    below it what the LSTM of the first seed holds and uses. `seeds`, 1 to 5, train side by side; `series` are offered
    in the menu of that name, beside the built-in ones. Raises ValueError for a control that does not exist, and for
    `seeds` or `series` that are impossible. A new Lab ends whatever the kernel's other Labs were training, and closes
    those that an earlier run of its own cell has made.

    `.session` holds all state and does all that can be done: `.experiment`, `.runs`, `.number`, `.status`, `train()`,
    `pause()`, `step()`, `stop()`, `reset()`, `forget()` and `wait()` are the Session's. `.history` is its runs as a
    table. What is on screen: `.controls` maps the settings to their widgets, `.rows` to these with the box and the
    line beside them; `.frames` the names of the pictures to where they are shown. `.spoken` is the status line for
    screen readers: it changes with the phase only, not with every update.
    """

    def __init__(
        self,
        experiment: Experiment = Experiment(),  # noqa: B008 (frozen)
        controls: Iterable[str] = ("length", "stride"),
        baselines: bool = False,
        seeds: int = 1,
        inside: bool = False,
        series: Iterable[Series] = (),
    ) -> None:
        controls = SETTINGS if controls == "all" else (controls,) if isinstance(controls, str) else controls
        controls, series = tuple(controls), tuple(series)
        if wrong := [given for given in series if not isinstance(given, Series)]:
            raise ValueError(f"series {wrong[0]!r} is no Series; use those that the menu is to offer")
        if unknown := [name for name in controls if name not in SETTINGS]:
            raise ValueError(f"control {unknown[0]!r} is unknown; use some of {', '.join(SETTINGS)}")
        self.session = session = Session(experiment, seeds=seeds)
        self.offers = {**EXAMPLES, OPENED: experiment}  # by their numbers in the menu of examples
        self.train, self.pause, self.step, self.forget = session.train, session.pause, session.step, session.forget
        self.stop, self.reset, self.wait = session.stop, session.reset, session.wait
        self.window, self._predicted = 0, 0.0  # the window shown, from 0; when predictions were drawn last
        self._look_due = 0.0  # when the inside is to be drawn again while it trains
        self.lifted = 0  # the number of the run whose curves stand out
        self._in_hand: Control | None = None  # the one being moved
        self.look = Look()
        self._make_controls(controls, baselines, inside)
        if isinstance(menu := self.rows.get("series"), Menu):
            for offered in series:
                menu.offer(offered)
        self._make_pictures()
        scales = {name: control.scale for name, control in self.rows.items() if control.scale}
        body = widgets.Box([self._column(), self._pictures()]).add_class("lab-body")
        style = widgets.HTML(f"<style>{STYLE}</style>")
        super().__init__([style, Names(scales=scales), self._top(), body, self._below(), self.spoken])
        self.add_class("lab")
        stop_when_interrupted()
        self._show_or_hide_inside()
        session.listener = self._on
        self._on("reset")
        replace_earlier(self)

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
        return table(self.runs, self.session.numbers)

    def close(self) -> None:
        """End what it trains, and give back all widgets and pictures; its `runs` and `history` stay.

        Where it was shown, IPython keeps it for good as the output of its cell.
        """
        if self.comm is not None:  # it is open
            self.session.close()
            close_all(self)
            for parts in (self.frames, self.rows, self.controls, self.buttons):
                parts.clear()
            for name in [name for name, part in vars(self).items() if isinstance(part, widgets.Widget | Control)]:
                delattr(self, name)
            self.children = ()

    # what a person does

    def _watched(self, widget: Any, act: Callable[[Any], None]) -> Any:
        """Call `act(value)` when somebody changes a widget; what goes wrong is told in the status line."""
        dress(widget, {"width": "auto"})
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
                control.show(self._setting(control.name))
                control.complain(str(error))
            else:
                control.show(self._setting(control.name), moved)
            finally:
                self._in_hand = None

    def _setting(self, name: str) -> Any:
        return getattr(self.session if name == "seeds" else self.experiment, name)

    def _choose(self, number: int) -> None:
        if number:
            self.session.change(**vars(self.offers[number]))

    def _go_live(self, ticked: bool) -> None:
        with self.session.lock:
            self.session.live = ticked
            self._announce(f"training {'when you move' if ticked else 'when you press Train'}")

    def _scrub(self, number: int) -> None:
        with self.session.lock:
            if number - 1 != self.window:
                self.window = number - 1
                self._draw_windows()

    def _go_to_hour(self, cell: int) -> None:
        """Show the validation window of an hour that a model gets most wrong."""
        with self.session.lock:
            worst = self.hours.worst(cell, [*self.squares.values()]) if self.hours else None
            if worst is not None:
                self.scrubber.value = len(self.experiment.rows[0]) + worst + 1
                self._announce(self.frames["windows"].picture.sentence)

    def _lift(self, number: int) -> None:
        with self.session.lock:
            self.lifted = 0 if number == self.lifted else number
            self._redraw_losses()
            self._write_runs()
            self._announce(f"run {number} {'lifted' if self.lifted else 'no longer lifted'}")

    def _show_baselines(self, ticked: bool) -> None:
        with self.session.lock:
            self._redraw_losses()
            self._announce(f"baselines {'shown' if ticked else 'hidden'}")

    def _show_inside(self, ticked: bool) -> None:
        with self.session.lock:
            self._show_or_hide_inside()
            self._draw_windows()
            self._end_inside()
            self._announce(f"inside {'shown' if ticked else 'hidden'}")

    def _open(self, what: str, part: widgets.Widget) -> None:
        hidden = part.layout.display == "none"
        part.layout.display = None if hidden else "none"
        self.buttons[what].description = f"{'Hide' if hidden else 'Show'} {what}"
        self._write_code()
        self._announce(f"{what} {'shown' if hidden else 'hidden'}")

    # what is shown

    def _on(self, event: str) -> None:
        """Show what has changed in the Session, which holds its lock meanwhile."""
        if event == "reset":
            self.lifted = 0
        if event in ("settings", "reset"):
            self._show_settings()
        if event in ("reset", "begun", "forgotten"):
            self._draw_background()
        if event in ("reset", "progress", "rest", "forgotten"):
            self._draw_losses()
        if event == "rest" or (event == "progress" and time.monotonic() - self._predicted >= PREDICT_SECONDS):
            self._predicted = time.monotonic()
            self._draw_windows(with_inside=event == "rest" or time.monotonic() >= self._look_due)
        elif event == "progress" and self.inside.value and time.monotonic() >= self._look_due:
            self._draw_inside()
            self.frames["windows"].show()
        if event in ("begun", "rest"):
            self._draw_hours()
        if event in ("reset", "rest", "forgotten"):
            self._write_runs()
        if event != "forgotten":
            self._write_status(spoken=event not in ("settings", "progress"))
        if event == "rest":
            self._end_inside()

    def _write_status(self, spoken: bool) -> None:
        session = self.session
        line, alarm = session.status.removesuffix(session.alarm), escape(session.alarm)
        loud = f' <strong class="lab-alarm">\N{WARNING SIGN} {alarm}</strong>' if alarm else ""
        self.status_line.value = escape(line) + loud
        made, said = session.progress.updates if session.progress else 0, how_far(self.experiment, session.progress)
        bar = f'<progress aria-label="updates" value="{made}" max="{self.experiment.updates}"></progress>'
        self.progress.value = f"{bar} <span>{said}</span>"
        if spoken:
            self.spoken.value = escape(session.status)

    def _show_settings(self) -> None:
        experiment = self.experiment
        for control in (*self.rows.values(), self.seeds):
            setting = self._setting(control.name)
            if setting != self._shown.get(control.name):
                control.show(setting, moved=control is self._in_hand)
            self._shown[control.name] = setting
            control.limit(experiment)
            control.complain("")
        if self.example.value and experiment != self.offers[self.example.value]:
            self.example.value = 0
        self.facts.value = f"{' · '.join(facts(experiment))}<br><code>{escape(repr(experiment))}</code>"
        self.hours = Hours.of(experiment)
        self.window = 0
        self.scrubber.value = 1
        self._draw_windows()
        self._draw_hours()
        self._write_code()

    def _draw_windows(self, with_inside: bool = True) -> None:
        """Draw the window that was asked for; the scrubber is left alone, which a hand may have further by now."""
        frame, count = self.frames["windows"], sum(map(len, self.experiment.rows))
        self.window = min(self.window, count - 1)
        frame.picture.update(self.experiment, self.window, self._predictions)
        if with_inside:
            self._draw_inside()
        frame.show()
        self.scrubber.max = count
        self.window_of.value = ", ".join(part_and_number(self.experiment, self.window))

    def _predictions(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return what each model that is alive answers at these rows, in the run of the first seed."""
        training = next(iter(self.session.trainings), None)
        return {name: training.predict(name, rows) for name in training.alive} if training and training.updates else {}

    def _show_or_hide_inside(self) -> None:
        """Show the block of the inside, or hide it and forget what was in it."""
        ticked, self.look = self.inside.value, Look()
        self.inside_part.layout.display = None if ticked else "none"
        self.frames["windows"].picture.show_answers(ticked)

    def _draw_inside(self) -> None:
        """Look inside the LSTM of the first seed, where ticked; its answers belong into the picture of windows."""
        if self.inside.value:
            training = next(iter(self.session.trainings), None)
            if training is not self.look.training:
                self.look = Look(training)
            self.look.update(self.window, self.session.phase == "training")
            self._show_look()

    def _end_inside(self) -> None:
        """Show what is there at the end of a run only, which takes longest: all else is on screen by then."""
        if self.inside.value and self.session.phase not in ("training", "paused"):
            self.look.end()
            self._show_look()

    def _show_look(self) -> None:
        begin, look, frame, probed = time.monotonic(), self.look, self.frames["inside"], has_probe(self.experiment)
        if frame.picture is None or frame.picture.probed != probed:
            frame.picture = PartsPicture(probed)
        places = self.experiment.windows.samples([0])[0]
        frame.picture.update(places, look.inside, look.said, look.ended)
        frame.show()
        self.frames["windows"].picture.update_answers(*look.answers)
        now = time.monotonic()
        self._look_due = now + RARELY * (now - begin) if look.inside else 0.0

    def _draw_hours(self) -> None:
        """Draw the strip of hours: the targets alone until a run rests, then the models' errors too."""
        self.squares = {}
        if not self.hours:
            self.strip.layout.display = self.strip_sentence.layout.display = "none"
            return
        rows = self.experiment.rows[1]
        trainings = self.session.trainings if self.session.phase != "training" else []
        for name in MODELS if all(training.updates for training in trainings) else ():
            targets = self.experiment.series_with_noise.targets[rows, 0].astype(float)
            answers = [training.predict(name, rows) for training in trainings if name in training.alive]
            if answers and np.isfinite(answers).all():
                self.squares[name] = np.median((np.array(answers) - targets) ** 2, axis=0)
        errors = {name: self.hours.errors(squares) for name, squares in self.squares.items()}
        self.strip.layout.display = self.strip_sentence.layout.display = None
        self.strip.value, self.strip_sentence.value = self.hours.html(errors), escape(self.hours.sentence(errors))

    def _redraw_losses(self, _: object = None) -> None:
        with self.session.lock:
            self._draw_background()
            self._draw_losses()

    def _draw_background(self) -> None:
        """Draw what stands still behind a run: axes, floors, earlier runs and, where ticked, baselines."""
        session = self.session
        runs = [(number, run) for number, run in zip(session.numbers, session.runs) if number != self._number_now()]
        called = names(
            [*(number for number, _ in runs), session.number], [*(r.experiment for _, r in runs), self.experiment]
        )
        self.newest = called[-1]
        earlier = [(name, run.seeds) for name, (_, run) in zip(called, runs)]
        lifted = next((name for name, (number, _) in zip(called, runs) if number == self.lifted), "")
        picture = self.frames["losses"].picture
        picture.draw_background(self.experiment, earlier, self.baselines.value, lifted, self.axis.value == "this run")

    def _number_now(self) -> int:
        """Return the number of the run that the picture draws in full; 0 for none."""
        return self.session.number if self.session.trainings or self.session.phase == "training" else 0

    def _draw_losses(self) -> None:
        trainings = self.session.trainings
        if trainings:
            lost = [name for name in MODELS if any(name not in training.alive for training in trainings)]
            note = f"{named(lost)} diverged: the loss became infinite" if lost else ""
            self.frames["losses"].picture.update(trainings, self.newest, note)
        self.frames["losses"].show()

    def _write_runs(self) -> None:
        self.table.value = as_table(self.session.numbers, self.session.runs, self.lifted)
        self.run_buttons.layout.display = None if self.session.runs else "none"

    def _write_code(self, _: object = None) -> None:
        """Write the Keras code for the settings now, where it is open."""
        if self.code_part.layout.display != "none":
            try:
                self.code.value = to_keras(self.experiment, self.flavour.value)
            except ValueError as error:
                self.code.value = f"# {error}"

    def _announce(self, what: str) -> None:
        self.spoken.value = escape(what)

    # how it is laid out

    def _make_controls(self, controls: tuple[str, ...], baselines: bool, inside: bool) -> None:
        session = self.session
        self.rows = {name: SETTINGS[name](name, self._setting(name), self._change) for name in controls}
        self.seeds = Slider("seeds", session.seeds, self._change, least=1, most=SEEDS)
        self._shown = {control.name: control.shown for control in (*self.rows.values(), self.seeds)}
        self.controls = {name: control.widget for name, control in self.rows.items()}
        self.scrubber = self._watched(widgets.IntSlider(1, 1, 1, description="window", readout=False), self._scrub)
        self.window_of = widgets.HTML()
        dress(self.scrubber, WIDE)
        options = [("choose …", 0), *((f"{number}: {in_words(e)}", number) for number, e in EXAMPLES.items())]
        options.append(("as this Lab opened", OPENED))
        self.example = self._watched(widgets.Dropdown(options=options, description="example"), self._choose)
        ticked = widgets.Checkbox(bool(baselines), description="baselines")
        self.baselines = self._watched(ticked, self._show_baselines)
        self.inside = self._watched(widgets.Checkbox(bool(inside), description="inside"), self._show_inside)
        self.live = self._watched(widgets.Checkbox(True, description="train when I move"), self._go_live)
        axis = widgets.Dropdown(options=["all runs", "this run"], description="axis follows")
        self.axis = self._watched(axis, self._redraw_losses)
        self.flavour = self._watched(widgets.Dropdown(options=FLAVOURS, description="windows by"), self._write_code)
        self.code = widgets.Textarea(description="Keras code", style=LABEL, rows=24, layout={"width": "auto"})
        self.buttons = {word: widgets.Button(description=word, tooltip=tip) for word, tip in BUTTONS.items()}
        acts = (session.train, session.pause, session.step, session.reset, session.forget)
        for word, act in zip(BUTTONS, acts):
            self.buttons[word].on_click(lambda _, act=act: session.attempt(act))

    def _make_pictures(self) -> None:
        self.frames = {"windows": Frame("windows", WindowsPicture()), "losses": Frame("losses", LossesPicture())}
        self.frames["inside"] = Frame("inside-picture", None)  # which is made at its first use
        self.facts, self.status_line, self.spoken, self.progress = (
            widgets.HTML().add_class(f"lab-{name}") for name in ("facts", "status", "spoken", "progress")
        )
        self.table = Choices(lambda number: self.session.attempt(self._lift, number)).add_class("lab-runs")
        self.strip = Choices(lambda cell: self.session.attempt(self._go_to_hour, cell)).add_class("lab-hours")
        self.strip_sentence = widgets.HTML().add_class("lab-sentence")

    def _top(self) -> widgets.HBox:
        buttons = widgets.HBox([self.buttons[word] for word in ("Train", "Pause", "Step", "Reset")])
        left = widgets.VBox([buttons.add_class("lab-buttons"), self.progress])
        return widgets.HBox([left, self.status_line]).add_class("lab-top")

    def _column(self) -> widgets.VBox:
        views = [control.view for control in self.rows.values()]
        first = len(views) if len(views) <= MOST_OPEN else FIRST_OPEN
        folded = self._folding("more settings", widgets.VBox(views[first:])) if views[first:] else []
        window = widgets.HBox([self.scrubber, self.window_of]).add_class("lab-control")
        forget = widgets.HBox([self.buttons["Forget earlier runs"]]).add_class("lab-buttons")
        self.run_buttons = widgets.VBox([self.axis, forget])
        column = [*views[:first], *folded, self.example, self.seeds.view, self.baselines, self.inside, self.live]
        column += [window, self.facts, self.table, self.run_buttons]
        return widgets.VBox(column).add_class("lab-controls")

    def _pictures(self) -> widgets.VBox:
        windows, losses, inside = self.frames.values()
        self.inside_part = widgets.VBox([inside.box, inside.sentence]).add_class("lab-inside")
        shown = [windows.box, windows.sentence, self.strip, self.strip_sentence, losses.box, losses.sentence]
        return widgets.VBox([*shown, self.inside_part]).add_class("lab-pictures")

    def _below(self) -> widgets.VBox:
        self.code_part = widgets.VBox([self.flavour, self.code]).add_class("lab-code")
        return widgets.VBox(self._folding("the Keras code", self.code_part)).add_class("lab-more")

    def _folding(self, what: str, part: widgets.Widget) -> list[widgets.Widget]:
        """Return a button that shows or hides a part, and the part, which is hidden."""
        part.layout.display = "none"
        self.buttons[what] = widgets.Button(description=f"Show {what}", layout={"width": "auto"})
        self.buttons[what].on_click(lambda _: self.session.attempt(self._open, what, part))
        return [widgets.HBox([self.buttons[what]]).add_class("lab-buttons"), part]

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
