"""What a learner does besides sliders: predict first, then fill in blanks that are checked, with hints.

Both work without a browser, by their methods; shown in a notebook they are widgets, and their text stays in the file.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from html import escape
from reprlib import repr as shortened
from typing import Any

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from .display import VIEW, Names, Text, display_widgets


def html(text: str) -> str:
    """Return text as HTML in the page's own colours, `code` in a fixed-width font."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return f'<div style="font-size: 14px; line-height: 1.5; white-space: pre-wrap">{marked}</div>'


class Folded(Text):
    """Text that stands in a folded cell, whose first line shows beside the dots: it is the word Compare alone."""

    def _ipython_display_(self) -> None:
        display({"text/plain": "Compare"}, raw=True)
        display({"text/plain": str(self)}, raw=True)


class Card:
    """Something with text, its `repr`, and widgets, its `box`, that a browser shows instead."""

    box: widgets.Widget

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": repr(self), VIEW: self.box._repr_mimebundle_()[VIEW]}

    def _ipython_display_(self) -> None:
        display_widgets(self._repr_mimebundle_(), kept=html(repr(self)))

    def _said(self, text: str) -> Text:
        """Show text below the widgets, where a screen reader announces it, and return it."""
        self.news.value = f'<div role="status">{html(text)}</div>' if text else ""
        return Text(text)

    @cached_property
    def news(self) -> widgets.HTML:
        """The widget below the others that holds what was said last."""
        return widgets.HTML()


class Prediction(Card):
    """A question to answer before the run: commit to one of the options, then compare it with what was measured.

    `options` maps a short key to its text, and `why` some of the keys to the reason why that one is wrong. Nothing
    waits for an answer, so a teacher may skip it. Raises ValueError for a key that is not among the options.
    """

    def __init__(self, question: str, options: dict[str, str], why: dict[str, str] | None = None) -> None:
        self.question, self.options, self.why = question, dict(options), dict(why or {})
        if len(self.options) < 2:
            raise ValueError(f"options has {len(self.options)} entries; use at least 2, so that there is a choice")
        for key in self.why:
            self._known(key)
        self.committed: str | None = None

    def _known(self, key: str) -> str:
        if key not in self.options:
            raise ValueError(f"option {key!r} is unknown; use {' or '.join(map(repr, self.options))}")
        return key

    def commit(self, key: str) -> Text:
        """Commit to an option, by its key; it is locked until `reset()`."""
        self._known(key)
        if self.committed is not None:
            return self._said(f"You have already committed to “{self.options[self.committed]}”; reset() unlocks it.")
        self.committed = self.choice.value = key
        self.choice.disabled = self.button.disabled = True
        return self._said(f"Committed: “{self.options[key]}”. Now read on and see.")

    def reset(self) -> None:
        """Forget the answer, and unlock the question."""
        self.committed = self.choice.value = None
        self.choice.disabled = self.button.disabled = False
        self._said("")

    def compare(self, measured: str) -> Folded:
        """Return what was predicted beside what the run says, an option's key; for a wrong one also why it is.

        It is for a folded cell, whose first line shows: that is the word Compare alone.
        """
        says = f"the run says “{self.options[self._known(measured)]}”."
        if self.committed is None:
            return Folded(f"You made no prediction; {says}")
        reason = "Well predicted." if self.committed == measured else self.why.get(self.committed, "")
        return Folded(f"You predicted “{self.options[self.committed]}”; {says} {reason}".rstrip())

    def __repr__(self) -> str:
        return "\n".join([f"Predict: {self.question}", *(f"  ( ) {text}" for text in self.options.values())])

    @cached_property
    def choice(self) -> widgets.RadioButtons:
        """The radio buttons."""
        options = [(text, key) for key, text in self.options.items()]
        return widgets.RadioButtons(options=options, value=None, layout={"width": "auto"})

    @cached_property
    def button(self) -> widgets.Button:
        """The button that commits."""
        button = widgets.Button(description="Commit", tooltip="Commit to the chosen answer")
        button.on_click(self._clicked)
        return button

    def _clicked(self, _: object) -> None:
        if self.choice.value is None:
            self._said("Choose an answer first.")
        else:
            self.commit(self.choice.value)

    @cached_property
    def box(self) -> widgets.VBox:
        """The widgets."""
        children = [widgets.HTML(html(self.question)), self.choice, self.button, self.news, Names()]
        return widgets.VBox(children).add_class("lab-card")


class Exercise(Card):
    """A blank to fill in: `check` the answer, ask for a `hint`, or see the `solution`.

    The function `check` takes an answer and returns None if it is right, else a hint that fits just that answer.
    `hints` come one at a time; `solution` is Python source that sets `answer`; `right` says why the answer is right.
    Where the answer is one number, `number` says of what kind, such as "a whole number, such as 7": the check is given
    nothing else.
    """

    def __init__(
        self,
        question: str,
        check: Callable[[Any], str | None],
        hints: Iterable[str],
        solution: str,
        right: str = "that is it.",
        number: str = "",
    ) -> None:
        self.question, self.hints, self.source, self.right = question, tuple(hints), solution.strip(), right
        self._check, self.number, self.given = check, number, 0

    def check(self, answer: object) -> Text:
        """Return "Right: ..." or "Not yet: ..." with a hint, whatever the answer is."""
        if answer is ...:
            return Text("Not yet: replace the ... by your answer")
        try:
            hint = self._no_number(answer) or self._check(answer)
        except Exception as error:  # whatever a learner's answer may do to the check
            reason = " ".join(str(error).split())[:120]
            kind = type(answer).__name__
            hint = f"the check could make nothing of this answer, of type {kind} ({type(error).__name__}: {reason})"
        return Text(f"Right: {self.right}" if hint is None else f"Not yet: {hint}")

    def _no_number(self, answer: Any) -> str:
        """Return what to say of an answer that is no number where one is asked for, else nothing."""
        if not self.number or (np.ndim(answer) == 0 and np.asarray(answer).dtype.kind in "iuf"):
            return ""
        return f"{' '.join(shortened(answer).split())} is not a number; use {self.number}"

    def hint(self) -> Text:
        """Return the next hint, or say that there are no more."""
        if self.given == len(self.hints):
            return self._said("There are no more hints; solution() shows one way to do it.")
        self.given += 1
        return self._said(f"Hint {self.given} of {len(self.hints)}: {self.hints[self.given - 1]}")

    def solution(self) -> Text:
        """Return one solution, as Python source."""
        self.news.value = f'<div role="status"><pre style="white-space: pre-wrap">{escape(self.source)}</pre></div>'
        return Text(self.source)

    def __repr__(self) -> str:
        count = f"{len(self.hints)} hint{'s' * (len(self.hints) != 1)}"
        return f"Exercise: {self.question}\n  ({count}, one at a time: hint(); one way to do it: solution())"

    @cached_property
    def box(self) -> widgets.VBox:
        """The widgets."""
        buttons = []
        for label, tooltip, action in (
            ("Hint", "Show the next hint", self.hint),
            ("Solution", "Show one way to do it", self.solution),
        ):
            button = widgets.Button(description=label, tooltip=tooltip)
            button.on_click(lambda _, action=action: action())
            buttons.append(button)
        children = [widgets.HTML(html(self.question)), widgets.HBox(buttons), self.news, Names()]
        return widgets.VBox(children).add_class("lab-card")
