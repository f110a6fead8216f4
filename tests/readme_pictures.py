"""Draw README's two pictures anew, with the Lab as Chromium shows it: `python tests/readme_pictures.py`."""

import tempfile
from pathlib import Path

from conftest import chromium, jupyterlab
from course import FOLDER
from page import Page, write

from helpers import Experiment, show_sweep, sweep

SIZE = (1180, 1130)


def lab(path):
    """Take a picture of a Lab after runs at strides 1 and 8."""
    with tempfile.TemporaryDirectory() as home, jupyterlab(Path(home)) as address, chromium() as browser:
        write(Path(home) / "notebooks" / "readme.ipynb", "from helpers import Experiment, Lab\nLab(Experiment())")
        page = Page(browser, address, "readme.ipynb", SIZE)
        page.menu("View", "Appearance", "Simple Interface")
        page.page.keyboard.press("Control+b")
        page.run_all()
        page.button("Train").click()
        page.until("run 1: done")
        page.enter("stride", "8")
        page.until("run 2: done")
        page.page.evaluate("document.activeElement.blur()")
        page.page.locator(".lab").screenshot(path=path)


if __name__ == "__main__":
    lab(FOLDER / "lab.png")
    grid = [Experiment(length=n, stride=s, seed=k) for n in (3, 12, 24) for s in (1, 7, 8, 24) for k in range(3)]
    (FOLDER / "pictures" / "sweep.png").write_bytes(show_sweep(sweep(grid)).png())
