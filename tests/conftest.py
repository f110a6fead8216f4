"""What the browser tests and the browser benchmark share: a JupyterLab of their own, and a Chromium to open it in."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import coverage
import pytest
from course import FOLDER
from ipywidgets.widgets.widget import _instances
from playwright.sync_api import sync_playwright

if "PYTEST_XDIST_WORKER" in os.environ:  # another worker keeps the other core busy; kernels inherit this
    for name in ("TF_NUM_INTRAOP_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.pop("COVERAGE_PROCESS_START", None)  # counted is what tests reach themselves: no kernel, no other Python
SLOW = ("access", "below_the_lab", "browser", "browser_faults", "export", "faults", "hours", "inside", "kernel", "lab")
SLOW += ("lab_inside", "lessons", "stateful", "static_pages", "storm", "sweeps", "tomorrow", "training")  # they train …
UNCOUNTED = ("access", "below_the_lab", "browser", "browser_faults", "faults", "hours", "inside", "kernel", "stateful")
UNCOUNTED += ("static_pages", "storm", "training")  # what they reach others reach too, nearly all, or a kernel does
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")


def pytest_collection_modifyitems(items):
    """Mark what is slow, the notebooks too, and begin with it: `pytest -m "not slow"` answers in half a minute."""
    seen = set()
    for item in items:
        name, test = item.path.stem.removeprefix("test_"), (item.path, getattr(item, "originalname", None))
        item.counts = name not in UNCOUNTED and not name.startswith("claims_")
        if item.path.suffix == ".ipynb" or name in SLOW or name.startswith("claims_"):
            item.add_marker(pytest.mark.slow)
            item.counts = item.counts and test not in seen
        seen.add(test)
    items.sort(key=lambda item: not item.get_closest_marker("slow"))  # the quick ones last: then no core waits long


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Count what a test reaches; of a slow one with many cases the first alone, of claims and a few more files nothing.

    Counting takes a quarter longer.
    """
    counting = None if item.counts else coverage.Coverage.current()
    if counting:
        counting.stop()
    done = yield
    if counting:
        counting.start()
    return done


@pytest.fixture(autouse=True)
def closed():
    """Close the widgets that a test has made: else they all stay to the end, for the garbage collector to search."""
    before = set(_instances)
    yield
    for name in [*_instances.keys() - before]:
        if name in _instances:  # a Lab closes others
            _instances[name].close()


@contextmanager
def jupyterlab(home):
    """Start a JupyterLab on localhost, on a copy of the notebooks, with settings of its own; give its address."""
    shutil.copytree(FOLDER, home / "notebooks", ignore=shutil.ignore_patterns(".*"))
    asks = home / "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    asks.parent.mkdir(parents=True)
    asks.write_text('{"fetchNews": "false"}')  # else it asks, over the page, whether to fetch news
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command.append("--LabApp.expose_app_in_browser=True")  # so that a test can wait for its kernel
    own = os.environ | {name: str(home) for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR")}
    own["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "workspaces")
    with (home / "log").open("w") as log:
        root = f"--ServerApp.root_dir={home / 'notebooks'}"
        server = subprocess.Popen([*command, root], stdout=log, stderr=subprocess.STDOUT, cwd=home, env=own)
        try:
            found = None
            while not found:
                assert server.poll() is None, (home / "log").read_text()
                time.sleep(0.1)
                found = re.search(r"http://127\.0\.0\.1:\d+/lab\?token=\w+", (home / "log").read_text())
            yield found.group()
        finally:
            server.terminate()
            server.wait(20)


@contextmanager
def chromium():
    """Start a Chromium: the one installed, else Playwright's own, fetched once.

    Its pages share a profile, as a person's do: the third time, JupyterLab's code is already compiled there.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context("", executable_path=path, args=quiet)  # "": a new one
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """The folder of the JupyterLab, which shows the `notebooks` in it."""
    return tmp_path_factory.mktemp("jupyter")


@pytest.fixture(scope="session")
def jupyter(home):
    """The address of a JupyterLab."""
    with jupyterlab(home) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """A Chromium."""
    with chromium() as browser:
        yield browser
