"""How quick the Lab feels in JupyterLab: `python tests/benchmark_browser.py` drives one in Chromium and prints times.

Times are taken in the page itself, from the key that moves the slider to the change of the picture.
"""

import statistics
import tempfile
from pathlib import Path

import nbformat
from conftest import chromium, jupyterlab
from page import BUSY, STATUS, Page

START = "from helpers import Lab; lab = Lab(); lab"
CELLS = [
    START,
    "from helpers import Experiment, run\nprint('alone', run(lab.experiment).seconds)",
    "import psutil; print('memory', psutil.Process().memory_info().rss / 2**20)",
    "print('shown', lab.runs[-1].seconds, lab.runs[-1].experiment)",
]
WATCH = """() => {
    window.log = []; window.heights = new Set(); window.blank = 0;
    const note = (what) => window.log.push([what, performance.now(), document.querySelector('.lab-status').innerText]);
    document.addEventListener('keydown', () => note('key'), true);
    for (const name of ['windows', 'losses']) {
        const layers = document.querySelectorAll(`.lab-${name} .widget-html`);
        for (const layer of layers)
            new MutationObserver(() => note(name)).observe(layer, { childList: true, subtree: true });
    }
    new MutationObserver(() => note('status')).observe(
        document.querySelector('.lab-status'), { childList: true, subtree: true, characterData: true });
    const frame = () => {
        window.heights.add(document.querySelector('.lab-body').getBoundingClientRect().height);
        if (document.querySelectorAll('.lab-picture svg').length < 4) window.blank++;
        requestAnimationFrame(frame);
    };
    frame();
}"""


def say(what, times, target, unit="ms"):
    """Print a median, the range, and what it should be."""
    spread = f"{min(times):.0f} to {max(times):.0f}"
    print(f"{what:58}{statistics.median(times):7.0f} {unit}  ({spread}; {target})", flush=True)


def after_key(page, name, containing=""):
    """Return the milliseconds from the last key to the first change of a picture or of the status after it."""
    log = page.page.evaluate("window.log")
    key = max(at for what, at, _ in log if what == "key")
    return next((at - key for what, at, said in log if what == name and at > key and containing in said), None)


def move(page, key="ArrowRight"):
    """Press a key on the length slider, with a clean log."""
    page.page.evaluate("window.log = []")
    page.press("length", key)


def output(page, cell):
    """Run a cell, and return the numbers that it prints."""
    page.page.locator(".jp-CodeCell .jp-InputArea-editor").nth(cell).click()
    page.page.keyboard.press("Control+Enter")
    shown = page.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-output pre")
    page.page.wait_for_timeout(200)
    page.page.wait_for_function(f"{BUSY} === 'idle'")
    return float(shown.inner_text().split()[1])


def main(browser, address):
    """Drive the Lab and print every figure."""
    page = Page(browser, address, "benchmark.ipynb", (1280, 1000))
    page.page.locator(".jp-CodeCell .jp-InputArea-editor").first.click()
    page.page.evaluate("window.began = performance.now()")
    page.page.keyboard.press("Control+Enter")
    page.page.wait_for_selector(".lab-windows svg >> nth=1")
    say("from a fresh kernel to the first windows", [page.page.evaluate("performance.now() - window.began")], "1500")
    page.page.evaluate(WATCH)
    page.press("length", "ArrowLeft")
    page.until("run 1: done")
    began, log = page.page.evaluate("[window.began, window.log]")
    point = next(at for what, at, said in log if what == "losses" and "epoch" in said) - began
    say("from a fresh kernel to the first point, a key pressed at once", [point], "5000")

    windows, points = [], []
    for _ in range(9):
        move(page)
        page.until(": training, epoch")
        page.page.wait_for_timeout(700)
        windows.append(after_key(page, "windows"))
        points.append(after_key(page, "losses"))
        page.until(": done")
    say("from a move to the new windows", windows, "100 or less")
    say("from the last change to the first new point", points, "250 or less")

    restarts = []
    for _ in range(9):
        move(page, "ArrowLeft")
        page.until(": training, epoch [2-9]")
        before = page.text(STATUS).split(":")[0]
        move(page)
        page.page.wait_for_function(
            f"before => !document.querySelector('{STATUS}').innerText.startsWith(before + ':')", arg=before
        )
        page.page.wait_for_timeout(300)
        number = page.text(STATUS).split(":")[0]
        restarts.append(after_key(page, "status", number))
        page.until(": done")
    say("from a move in the middle of a run to its restart", restarts, "200 or less")

    rates = []
    for _ in range(3):
        page.page.evaluate("window.log = []")
        page.page.get_by_role("button", name="Train").press("Enter")
        page.until(": training, epoch")
        page.until(": done")
        drawn = [at for what, at, said in page.page.evaluate("window.log") if what == "losses" and "training" in said]
        rates.append(1000 * (len(drawn) - 1) / (drawn[-1] - drawn[0]))
    say("pictures a second while training", rates, "10 or more", "a second")

    times = []
    for key in ("ArrowRight", "ArrowLeft", "ArrowRight", "ArrowLeft", "ArrowRight"):
        page.press("length", key)
        page.until(": done")
        page.page.wait_for_timeout(500)
        times.append(100 * output(page, 3) / output(page, 1))
    say("training with pictures, as a part of that without", times, "115 or less", "%")
    print(f"memory of the kernel: {output(page, 2):.0f} MB after more than ten runs (900 or less)")
    blank, heights = page.page.evaluate("window.blank"), page.page.evaluate("[...window.heights]")
    print(f"frames without a picture: {blank} (0); heights of the Lab: {heights} (one)")
    print(f"complaints: {page.complaints}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home, jupyterlab(Path(home)) as address, chromium() as browser:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
        notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
        nbformat.write(notebook, Path(home) / "notebooks" / "benchmark.ipynb")
        main(browser, address)
