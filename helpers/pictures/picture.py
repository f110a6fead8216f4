"""What all pictures share, in matplotlib.

Live pictures are SVG, and take the colours of the light or dark theme; the others are PNG, turned round in the dark
one: light for dark, each hue as it was. As in matplotlib's blitting, what stands still is drawn once, and only the
animated artists are drawn anew, over it. No pyplot and no mathtext: pictures are drawn from several threads, one at a
time.
"""

import base64
import io
import re
from collections.abc import Callable
from functools import lru_cache
from html import escape
from pathlib import Path
from threading import RLock
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke

matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text: small, sharp, and readable by machines
LOCK = RLock()
INK = "#010203"  # stands for the colour of the page's own text
COLOURS = {
    "lstm": "#0a85d1",
    "dnn": "#d55e00",
    "target": "#009e73",
}  # told apart by colour-blind eyes, on light and dark
STYLES = {"lstm": "-", "dnn": "--"}
HALO = [withStroke(linewidth=3, foreground="white")]  # so that no line goes through a label
STYLE = Path(__file__).with_name("picture.css").read_text(encoding="utf-8").strip()
TYPE = 12.5  # points: 12 pixels on a screen of 1280 by 800, where the Lab shows a picture a little smaller than it is
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": TYPE, "labelcolor": INK, "borderaxespad": 0.2}
LEGEND |= {"handlelength": 1.6, "handletextpad": 0.5, "columnspacing": 1.2}


@lru_cache(maxsize=1024)
def text_width(text: str) -> float:
    """Return how wide a text of the usual size is drawn, in points."""
    with LOCK:
        return RendererSVG(1, 1, io.StringIO()).get_text_width_height_descent(text, FontProperties(size=TYPE), False)[0]


class Picture:
    """A figure with a sentence that says what it shows; a notebook shows both."""

    sentence = ""
    room: tuple[float, float, float, float] = (0, 0, 1, 1)  # of the figure, for the axes: left, bottom, width, height

    def __init__(self, width: float, height: float, rows: tuple[float, ...]) -> None:
        self.figure = Figure((width, height), dpi=72, layout="constrained", facecolor="none")
        self.axes = self.figure.subplots(len(rows), sharex=True, height_ratios=rows, squeeze=False)[:, 0]
        self.still: str | None = None  # the SVG of what stands still
        for axes in self.axes:
            axes.set_facecolor("none")
            axes.tick_params(colors=INK, labelsize=TYPE)
            for label in (axes.xaxis.label, axes.yaxis.label):
                label.set(color=INK, size=TYPE)
            for spine in axes.spines.values():
                spine.set(color=INK, alpha=0.4)

    def grid(self, axes: Axes, **which: Any) -> None:
        """Draw faint lines at the ticks."""
        axes.grid(alpha=0.12, color=INK, **which)

    def moving(self, artist: Any) -> Any:
        """Mark an artist as one that is drawn anew each time, and return it."""
        artist.set_animated(True)
        return artist

    def legend(self, axes: Axes, columns: int) -> None:
        """Draw the legend above the axes, if anything has a name there."""
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower left", bbox_to_anchor=(-0.12, 1), ncols=columns, **LEGEND)

    def arrange(self) -> None:
        """Put in place what depends on where the axes lie, just before the picture is drawn."""

    def _lay_out(self) -> None:
        """Let matplotlib find the place of the axes, which then stay there while things move."""
        self.figure.set_layout_engine("none")
        ConstrainedLayoutEngine(rect=self.room).execute(self.figure)

    def svg(self) -> tuple[str, str]:
        """Return (what stands still, what moves) as two SVG documents to lay one over the other.

        1. Where nothing that stands still has changed, the first document is the one of before. Else matplotlib finds
           the place of the axes, and draws all but the animated artists.
        2. What depends on the place of the axes is put where it belongs: see `arrange`.
        3. The animated artists are drawn alone, by the same renderer, as a document of the same size.
        4. In both, the fixed size is taken out, so that they fill their frame, and the colour that stands for the
           page's own text becomes CSS's `currentColor`, so that they follow the theme.
        """
        with LOCK:
            if self.still is None:
                self._lay_out()
                self.still = self._svg(self.figure.draw)
            self.arrange()
            return self.still, self._svg(self._draw_moving)

    def _draw_moving(self, renderer: RendererSVG) -> None:
        for axes in self.axes:
            for artist in axes.get_children():
                if artist.get_animated():
                    artist.draw(renderer)

    def _svg(self, draw: Callable[[RendererSVG], None]) -> str:
        width, height = self.figure.get_size_inches() * 72
        text = io.StringIO()
        renderer = RendererSVG(width, height, text, image_dpi=72)
        draw(renderer)
        renderer.finalize()
        svg = re.sub(r"^.*?(?=<svg)|<metadata>.*?</metadata>", "", text.getvalue(), flags=re.DOTALL)
        svg = re.sub(
            r'(<svg [^>]*?)width="[^"]*" height="[^"]*"', r'\1aria-hidden="true" focusable="false"', svg, count=1
        )
        return svg.replace(INK, "currentColor")

    def png(self) -> bytes:
        """Return the whole picture as PNG bytes, dark on white."""
        with LOCK:
            data = io.BytesIO()
            if self.still is None:
                self._lay_out()
            self.arrange()
            texts = [text for axes in self.axes for text in axes.texts if text.get_animated()]  # those over lines
            for text in texts:
                text.set_path_effects(HALO)
            self.figure.savefig(data, format="png", dpi=96, facecolor="white")
            for text in texts:
                text.set_path_effects(None)  # it would turn the letters of an SVG into curves; there CSS draws it
            return data.getvalue()

    def html(self) -> str:
        """Return the whole picture with its sentence, as alt text and below, for a page that runs no kernel."""
        return figure_html(self.png(), self.sentence)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.sentence}

    def __repr__(self) -> str:
        return self.sentence


def figure_html(png: bytes, sentence: str) -> str:
    """Return a PNG picture with its sentence, as alt text and below, as HTML that follows the theme."""
    said, data = escape(sentence), base64.b64encode(png).decode()
    image = f'<img alt="{said}" src="data:image/png;base64,{data}">'
    return f'<figure class="lab-figure"><style>{STYLE}</style>{image}<figcaption>{said}</figcaption></figure>'


def on_axis(loss: float, place: Any = None) -> str:
    """Return a number of a log axis, without exponent where it is not too long; matplotlib gives its place as well."""
    return f"{loss:.8f}".rstrip("0").rstrip(".") if 1e-8 <= loss < 1e6 else f"{loss:g}"
