"""Write the course as plain web pages, to look at without installing: `python tests/static_pages.py` makes `site/`.

Each notebook becomes a page with the outputs that it was saved with. What is folded in JupyterLab is folded here, and
so are the hints and the solution of each exercise, which a button shows there. The pages need no network and no script,
and follow the browser's light or dark theme.
"""

import re
import shutil
from html import escape
from pathlib import Path

import nbformat
from course import FOLDER, NOTEBOOKS, exercises
from nbconvert.filters import Highlight2HTML, markdown2html
from pygments.formatters import HtmlFormatter

HOME = FOLDER.parent
TEXTS = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*.md")}
PAGES = {path.name: f"{path.stem}.html" for path in NOTEBOOKS.values()}
PAGES |= {name: f"{path.stem}.html" for name, path in TEXTS.items()}
PAGES |= {"README.md": "guide.html", "data/README.md": "data.html", "../README.md": "index.html"}
LOOKS = """
:root { color-scheme: light dark; --line: #8888; --code: #8881; }
body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 0 1rem 4rem; }
nav { border-bottom: 1px solid var(--line); padding: 0.6rem 0; }
img { max-width: 100%; height: auto; }
figure { margin: 1rem 0; }
pre { overflow-x: auto; padding: 0.6rem 0.8rem; font-size: 0.9rem; line-height: 1.45; }
.highlight pre, details { background: var(--code); border-radius: 4px; }
.highlight { background: none; }
.output { border-left: 3px solid var(--line); margin: 0.5rem 0 1.5rem; padding-left: 0.8rem; overflow-x: auto; }
details { margin: 0.5rem 0; padding: 0.4rem 0.8rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
.lab-kept > p, .anchor-link { display: none; }
a { color: #0b57d0; }
@media (prefers-color-scheme: dark) {
    body { background: #151515; color: #e6e6e6; }
    a { color: #8ab4f8; }
    .output img { filter: invert(1) hue-rotate(180deg); }
}
"""


def main(folder: Path = HOME / "site") -> None:
    """Write all pages anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FOLDER / "pictures", folder / "pictures")
    shutil.copy(FOLDER / "lab.png", folder)
    write(folder / "index.html", "Window Lab", text((HOME / "README.md").read_text(encoding="utf-8")))
    for name, path in TEXTS.items():
        write(folder / PAGES[name], PAGES[name].removesuffix(".html"), text(path.read_text(encoding="utf-8")))
    for slug, path in NOTEBOOKS.items():
        notebook = nbformat.read(path, as_version=4)
        known, _ = exercises(slug)
        parts = [cell_html(cell, known.get(cell.id)) for cell in notebook.cells]
        write(folder / PAGES[path.name], slug.replace("_", " "), "\n".join(parts))


def write(path: Path, title: str, body: str) -> None:
    """Write a page; what is wider than the page, such as long code, can be scrolled by keyboard too."""
    body = body.replace("<pre>", '<pre tabindex="0">')
    places = {"index.html": "Window Lab", **{PAGES[path.name]: path.name[:2] for path in NOTEBOOKS.values()}}
    links = " · ".join(f'<a href="{to}">{name}</a>' for to, name in (places | {"guide.html": "guide"}).items())
    code = HtmlFormatter(style="xcode").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    looks = f"{code}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n{LOOKS}"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    page = f'<nav aria-label="Pages">{links}</nav><main>{body}</main>'
    path.write_text(
        f'<!doctype html><html lang="en"><head>{head}<style>{looks}</style></head><body>{page}</body></html>',
        encoding="utf-8",
    )


def text(markdown: str) -> str:
    """Return Markdown as HTML, its links led to the pages."""

    def page(link: re.Match) -> str:
        name = link[1].removeprefix("notebooks/")
        return f'="{PAGES.get(name, name)}{link[2] or ""}"'

    return re.sub(r'="(?!https?:|#)([^"#]+)(#[^"]*)?"', page, markdown2html(markdown))


def cell_html(cell: nbformat.NotebookNode, exercise) -> str:
    """Return a cell with its outputs, folded where the notebook folds it."""
    if cell.cell_type == "markdown":
        return text(cell.source)
    hidden = cell.metadata.get("jupyter", {})
    source = Highlight2HTML()(cell.source)
    shown = "".join(f'<div class="output">{output_html(output)}</div>' for output in cell.outputs)
    source = fold("The code", source) if hidden.get("source_hidden") else source
    return source + (fold("What came out", shown) if hidden.get("outputs_hidden") else shown) + helped(exercise)


def output_html(output: nbformat.NotebookNode) -> str:
    """Return an output as HTML, its richest form."""
    data = output.get("data", {})
    return data.get("text/html") or f"<pre>{escape(output.get('text') or data.get('text/plain', ''))}</pre>"


def fold(summary: str, body: str) -> str:
    """Return what opens with a click."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>" if body else ""


def helped(exercise) -> str:
    """Return the hints and the solution of an exercise, each folded."""
    if exercise is None:
        return ""
    hints = [fold(f"Hint {number}", text(hint)) for number, hint in enumerate(exercise.hints, 1)]
    return "".join(hints) + fold("Solution", Highlight2HTML()(exercise.source))


if __name__ == "__main__":
    main()
