"""What a Lab looks like: controls, buttons and text in one column, the two pictures in the other, more below."""

from base64 import b64encode
from html import escape
from pathlib import Path

import ipywidgets as widgets

from .controls import LABEL, Control, Names
from .experiment import EXAMPLES
from .export import to_keras
from .lessons import show
from .status import facts

STYLE = Path(__file__).with_name("lab.css").read_text(encoding="utf-8")


class Panel(widgets.VBox):
    """The widgets of a Lab and what they show; what they do when somebody touches them, Lab says.

    Each picture has two layers of SVG, what stands still and over it what moves, and below it a sentence. `lab-spoken`
    is the status line for screen readers: it changes with the state only, not with every update.
    """

    def __init__(self, experiment, controls, baselines):
        self._controls = {name: Control(name, getattr(experiment, name, None), self._moved) for name in controls}
        self.controls = {name: control.widget for name, control in self._controls.items()}
        self._layers = {name: (widgets.HTML(), widgets.HTML()) for name in ("windows", "losses")}
        self._sentences = {name: widgets.HTML().add_class("lab-sentence") for name in self._layers}
        self._facts, self._status = widgets.HTML().add_class("lab-facts"), widgets.HTML().add_class("lab-status")
        self._spoken = widgets.HTML().add_class("lab-spoken")
        self._scrubber = widgets.IntSlider(1, 1, 1, description="window", readout=False, style=LABEL)
        self._of, self._window_shown = widgets.HTML(), 1
        self._scrubber.layout = widgets.Layout(width="auto", flex="1 1 auto")
        self._scrubber.observe(lambda change: self._told(self._scrub, change), "value")
        options = [("choose …", 0), *((f"{k}: {self._words(e)}", k) for k, e in EXAMPLES.items())]
        self._example = widgets.Dropdown(options=options, description="example", style=LABEL)
        self._example.layout = widgets.Layout(width="auto")
        self._example.observe(lambda change: self._told(self._choose, change), "value")
        self._baselines = widgets.Checkbox(bool(baselines), description="baselines", style=LABEL)
        self._baselines.layout = widgets.Layout(width="auto")
        self._baselines.observe(lambda _: self._told(self._toggle_baselines), "value")
        self._baselines.observe(lambda change: self._announce("baselines", change.new), "value")
        self.buttons = {}
        for word, action, tip in (
            ("Train", self.train, "train from the initial weights, or go on after a pause"),
            ("Pause", self.pause, "hold the training; Train goes on with it"),
            ("Step", self.step, "make one update, then hold"),
            ("Reset", self.reset, "back to the initial weights; forget the runs"),
        ):
            self.buttons[word] = widgets.Button(description=word, tooltip=tip)
            self.buttons[word].on_click(lambda _, action=action: self._told(action))
        super().__init__(
            [
                widgets.HTML(f"<style>{STYLE}</style>"),
                widgets.Box([self._column(), self._pictures()]).add_class("lab-body"),
                self._more(),
                self._spoken,
                Names(),
            ]
        )
        self.add_class("lab")

    @staticmethod
    def _words(experiment):
        return f"length {experiment.length}" + (f", stride {experiment.stride}" if experiment.stride > 1 else "")

    def _column(self):
        row = widgets.HBox([self._scrubber, self._of]).add_class("lab-control")
        buttons = widgets.HBox([*self.buttons.values()], layout=widgets.Layout(flex_flow="row wrap")).add_class(
            "lab-buttons"
        )
        column = [control.view for control in self._controls.values()]
        column += [self._example, self._baselines, buttons, row, self._facts, self._status]
        return widgets.VBox(column).add_class("lab-controls")

    def _pictures(self):
        shown = []
        for name, layers in self._layers.items():
            shown += [widgets.Box(layers).add_class("lab-picture").add_class(f"lab-{name}"), self._sentences[name]]
        return widgets.VBox(shown).add_class("lab-pictures")

    def _more(self):
        self._flavour = widgets.Dropdown(
            options=[
                ("TimeseriesGenerator, as in the article", "generator"),
                ("timeseries_dataset_from_array, as in Keras 3", "dataset"),
            ],
            description="windows by",
            style=LABEL,
            layout=widgets.Layout(width="auto"),
        )
        self._flavour.observe(lambda _: self._told(self._refresh), "value")
        self._code = widgets.Textarea(
            description="Keras code", style=LABEL, rows=24, layout=widgets.Layout(width="auto")
        )
        self._runs = widgets.HTML().add_class("lab-runs")
        self._code_part = widgets.VBox([self._flavour, self._code]).add_class("lab-code")
        shown = {"the Keras code": self._code_part, "the runs": self._runs}
        for what, part in shown.items():
            part.layout.display = "none"
            self.buttons[what] = widgets.Button(description=f"Show {what}", layout=widgets.Layout(width="auto"))
            self.buttons[what].on_click(lambda button, what=what, part=part: self._told(self._open, button, what, part))
        buttons = widgets.HBox([self.buttons[what] for what in shown]).add_class("lab-buttons")
        return widgets.VBox([buttons, *shown.values()]).add_class("lab-more")

    def _moved(self, *given, **how):
        self._told(self._change, *given, **how)

    def _open(self, button, what, part):
        hidden = part.layout.display == "none"
        part.layout.display = None if hidden else "none"
        button.description = f"{'Hide' if hidden else 'Show'} {what}"
        self._refresh()
        self._announce(what, hidden)

    def _announce(self, what, shown):
        self._spoken.value = f"{what} {'shown' if shown else 'hidden'}"

    def _refresh(self):
        """Write anew what is open below the pictures: the Keras code for the settings now, the table of the runs."""
        if self._code_part.layout.display != "none":
            try:
                self._code.value = to_keras(self.experiment, self._flavour.value)
            except ValueError as error:
                self._code.value = f"# {error}"
        if self._runs.layout.display != "none":
            self._runs.value = self._table_html()

    def _table_html(self):
        """Return the table of the runs, and a link that saves it as a CSV file."""
        if not self.runs:
            return "No run is finished yet."
        table = self.history
        data = b64encode(table.to_csv(index=False).encode()).decode()
        link = f'<a download="runs.csv" href="data:text/csv;base64,{data}">Save the runs as a CSV file</a>'
        return f"{table.to_html(index=False, escape=True, border=0, float_format='{:.3g}'.format)}{link}"

    def _write(self, line, aloud):
        """Write the status line, and for screen readers too if it is news to them."""
        self._status.value = escape(line)
        if aloud:
            self._spoken.value = escape(line)

    def _count(self, windows):
        """Let the scrubber walk over so many windows."""
        self._scrubber.max = windows
        if self._window_shown != self.window + 1:  # else a hand that has just moved it would be torn back
            self._window_shown = self._scrubber.value = self.window + 1
        self._of.value = f"{self.window + 1:,} of {windows:,}"

    def _predictions(self, rows):
        """Return what each model that is alive answers at these rows, if its run is of the settings now."""
        training = self._training
        if not training or not training.updates or training.experiment is not self.experiment:
            return {}
        return {name: training.predict(name, rows) for name in training.alive}

    def _draw(self, window=0):
        """Show a window of the settings now, by its number from 0, and the facts that follow from them."""
        with self._lock:
            experiment = self.experiment
            windows, series = experiment.windows, experiment.train
            count = windows.count(series)
            self.window = min(window, count - 1)
            for name, most in (("length", len(experiment.validation) - 1), ("stride", len(experiment.validation))):
                if name in self._controls:
                    self._controls[name].limit(most)
            self._windows.update(experiment, self.window, self._predictions)
            self._show("windows", self._windows)
            self._count(count)
            self._facts.value = f"{' · '.join(facts(experiment))}<br><code>{escape(repr(experiment))}</code>"

    def _ground(self, earlier=()):
        self._losses.ground_for(self.experiment, earlier, self._baselines.value)

    def _draw_losses(self):
        self._show("losses", self._losses)

    def _ipython_display_(self):
        shown = self._repr_mimebundle_()
        show(shown, kept=shown.pop("text/html"))

    def _show(self, name, picture):
        """Show a picture and its sentence."""
        still, moving = picture.svg()
        sentence = escape(picture.sentence)
        self._layers[name][0].value = still
        self._layers[name][1].value = f'<div role="img" aria-label="{sentence}">{moving}</div>'
        self._sentences[name].value = sentence
