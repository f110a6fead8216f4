"""What the browser tests share: a JupyterLab of their own, and a Chromium to open it in."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    """The address, token included, of a JupyterLab on localhost, on a copy of the notebooks."""
    home = tmp_path_factory.mktemp("jupyter")
    shutil.copytree(NOTEBOOKS, home / "notebooks", ignore=shutil.ignore_patterns(".*"))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    settings = ["--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={home / 'notebooks'}"]
    with (home / "log").open("w+") as log:
        own = os.environ | {name: str(home) for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR")}
        own["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "workspaces")
        server = subprocess.Popen([*command, *settings], stdout=log, stderr=subprocess.STDOUT, cwd=home, env=own)
        try:
            for _ in range(600):
                found = re.search(r"http://127\.0\.0\.1:\d+/lab\?token=\w+", (home / "log").read_text())
                if found:
                    break
                assert server.poll() is None, (home / "log").read_text()
                time.sleep(0.1)
            assert found, (home / "log").read_text()
            yield found.group()
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="session")
def browser():
    """A Chromium: the one installed, else Playwright's own, fetched once."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
        chromium = playwright.chromium.launch(executable_path=path, args=quiet)
        yield chromium
        chromium.close()
