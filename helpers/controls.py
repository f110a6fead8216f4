"""The Lab's controls: a slider, menu or tick box for each setting, a box for typing, and a line for what is wrong."""

from html import escape
from threading import get_ident

import anywidget
import ipywidgets as widgets

from .experiment import ACTIVATIONS, DNN_SEES
from .series import BUILT_IN, Series

WHOLE = {  # setting: the least and the most that its slider offers; the box beside it takes whatever can be trained
    "length": (1, 168),
    "stride": (1, 48),
    "sampling_rate": (1, 24),
    "batch_size": (1, 256),
    "units": (1, 100),
    "epochs": (1, 50),
    "seed": (0, 20),
    "max_updates": (0, 3000),  # 0 stands for no limit
}
CHOICES = {"series": tuple(BUILT_IN), "activation": ACTIVATIONS, "dnn_sees": tuple(DNN_SEES)}
LABEL = {"description_width": "8em"}


class Names(anywidget.AnyWidget):
    """Gives every slider handle and box in a Lab its label as accessible name; makes the spoken line a live region.

    It also keeps JupyterLab's one-letter shortcuts from what is typed in a Lab or a card: D D would delete its cell.
    """

    _esm = """
    const SAID = {  // where the slider's own number is not the setting
      learning_rate: (now) => `${+(10 ** now).toPrecision(3)}`,
      max_updates: (now) => (now ? `${now}` : "no limit"),
    };
    function render({ el }) {
      el.style.display = "none";
      let observer, lab;
      const keep = (event) => {
        const { target, ctrlKey, metaKey, altKey, shiftKey, key } = event;
        if (!lab?.contains(target)) return;
        const shortcut = ctrlKey || metaKey || altKey || (shiftKey && key === "Enter");
        target.toggleAttribute("data-lm-suppress-shortcuts", !shortcut);
        if (key === "End" && target.matches(".noUi-handle")) {  // noUiSlider goes to the first maximum it ever had
          target.closest(".noUi-target").noUiSlider.set(target.ariaValueMax);
          event.preventDefault();
          event.stopImmediatePropagation();
        }
      };
      const start = () => {
        lab = el.closest(".lab, .lab-card");
        if (!lab) return requestAnimationFrame(start);
        const name = () => {
          for (const row of lab.querySelectorAll(".lab-control")) {
            const label = row.querySelector(".widget-label")?.textContent;
            const handle = row.querySelector(".noUi-handle");
            const said = SAID[label]?.(row.querySelector(".noUi-target").noUiSlider.get(true));
            handle?.setAttribute("aria-label", label);
            if (said && handle.ariaValueText !== said) handle.ariaValueText = said;
            row.querySelector(".lab-box input")?.setAttribute("aria-label", `${label}, typed`);
          }
          lab.querySelector(".lab-spoken")?.setAttribute("role", "status");
        };
        name();
        observer = new MutationObserver(name);
        const controls = lab.querySelector(".lab-controls") ?? lab;
        observer.observe(controls, { childList: true, subtree: true, attributeFilter: ["aria-valuetext"] });
      };
      start();
      window.addEventListener("keydown", keep, true);
      return () => {
        observer?.disconnect();
        window.removeEventListener("keydown", keep, true);
      };
    }
    export default { render };
    """


class Control:
    """One setting's widget, box and line; `changed(control)` is called when a person or Python moves it.

    For what was typed into the box it is called as `changed(control, what, moved=False)`.
    """

    def __init__(self, name, value, changed):
        self.name, self.changed, self.shown_by = name, changed, None
        look = {"description": name, "style": LABEL, "layout": widgets.Layout(width="auto", flex="1 1 auto")}
        if name in WHOLE:
            least, most = WHOLE[name]
            self.widget = widgets.IntSlider(least, least, most, readout=False, **look)
        elif name == "noise":
            self.widget = widgets.FloatSlider(0, min=0, max=1, step=0.05, readout=False, **look)
        elif name == "learning_rate":
            self.widget = widgets.FloatLogSlider(0.001, min=-5, max=2, step=0.25, readout=False, **look)
        elif name == "shuffle":
            self.widget = widgets.Checkbox(False, **look)
        elif name in CHOICES:
            own = [(value.name, value)] if isinstance(value, Series) else []
            self.widget = widgets.Dropdown(options=[*((c, c) for c in CHOICES[name]), *own], **look)
        else:
            raise ValueError(f"control {name!r} is unknown; use some of {', '.join(ALL)}")
        self.problem = widgets.HTML().add_class("lab-problem")
        row = [self.widget]
        if hasattr(self.widget, "readout"):
            self.box = widgets.Text(continuous_update=False, layout=widgets.Layout(width="5em")).add_class("lab-box")
            self.box.observe(self._typed, "value")
            row.append(self.box)
        self.show(value)
        self.widget.observe(self._moved, "value")
        self.view = widgets.VBox([widgets.HBox(row), self.problem]).add_class("lab-control")

    def show(self, value, moved=False):
        """Show a value that is in force, without calling anyone.

        The widget that a hand has just `moved` is left alone: it may be a step further already, and would be torn back.
        """
        self.shown_by = get_ident()  # messages from the browser may come in another thread meanwhile
        try:
            if self.name in WHOLE:
                value = value or 0
                self.widget.max = max(self.widget.max, value)
            elif self.name == "noise":
                self.widget.max = max(self.widget.max, value)
            if not moved:
                self.widget.value = value
            if hasattr(self, "box"):
                self.box.value = "no limit" if self.name == "max_updates" and not value else f"{value:g}"
            self.complain("")
        finally:
            self.shown_by = None

    def limit(self, most):
        """Let the slider offer no more than the data allow, nor less than the value in force."""
        if self.name in WHOLE:
            self.widget.max = max(self.widget.value, min(WHOLE[self.name][1], most))

    def complain(self, sentence):
        """Say beside the control what is wrong, or nothing."""
        self.problem.value = f'<span role="alert">{escape(sentence)}</span>' if sentence else ""

    def _moved(self, _):
        if self.shown_by != get_ident():
            self.changed(self)

    def _typed(self, change):
        if self.shown_by != get_ident():
            self.changed(self, parse(change.new), moved=False)

    @property
    def value(self):
        """The setting that the widget shows now."""
        return None if self.name == "max_updates" and self.widget.value == 0 else self.widget.value


ALL = ("series", *WHOLE, "noise", "learning_rate", "shuffle", "activation", "dnn_sees")


def parse(text):
    """Return what was typed as a whole number, a number, None for no limit, or, failing all that, as it is."""
    text = text.strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None if text in ("no limit", "none", "None", "") else text
