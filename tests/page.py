"""A notebook open in JupyterLab in Chromium, and what a person does there."""

import json
import re

import nbformat
from playwright.sync_api import expect

expect.set_options(timeout=60_000)
STATUS = ".lab-status"
SPOKEN = ".lab [role=status]"
BUSY = "document.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status"
KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"


def write(path, *sources):
    """Write a notebook with these code cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


class Page:
    """One notebook, open in JupyterLab, with what its console and its kernel complained of."""

    def __init__(self, browser, address, notebook, size=(1280, 800)):
        self.page = browser.new_page()
        self.page.set_viewport_size(dict(zip(("width", "height"), size)))
        self.page.set_default_timeout(90_000)
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.notebook, (self.base, self.token) = notebook, address.split("/lab?")
        self.page.goto(f"{self.base}/lab/tree/{notebook}?{self.token}&reset")
        self.ready()

    def ready(self):
        """Wait until the notebook is there and its kernel answers."""
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        self.page.wait_for_function(f"{KERNEL}?.connectionStatus === 'connected' && {KERNEL}.info.then(() => true)")
        self.page.wait_for_function(f"{BUSY} === 'idle'")

    def close(self):
        """Close the page, and shut its kernel down."""
        sessions = f"{self.base}/api/sessions"
        for session in self.page.request.get(f"{sessions}?{self.token}").json():
            if session["path"] == self.notebook:
                self.page.request.delete(f"{sessions}/{session['id']}?{self.token}")
        self.page.close()

    def menu(self, *names):
        """Choose an item from JupyterLab's menus."""
        for name in names:
            self.page.locator(".lm-MenuBar-item, .lm-Menu-item").get_by_text(re.compile(f"^{name}…?$")).click()

    def run_all(self):
        """Choose *Run All Cells* from the menu, and scroll to the Lab."""
        self.menu("Run", "Run All Cells")
        self.page.wait_for_function(f"{BUSY} === 'busy'")
        self.page.wait_for_function(f"{BUSY} === 'idle'")
        self.find(".lab-windows svg")
        self.page.locator(".lab").first.scroll_into_view_if_needed()

    def run_cell(self, number):
        """Click into a code cell, counted from 0, run it by hand, and wait until it is done."""
        cell = self.page.locator(".jp-CodeCell").nth(number)
        before = cell.locator(".jp-InputPrompt").inner_text()
        cell.locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).not_to_have_text(before)
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))

    def find(self, selector):
        """Look down the page until an element comes: cells out of sight are not rendered."""
        scroller, found = "document.querySelector('.jp-WindowedPanel-outer')", self.page.locator(selector)
        for step in range(300):
            if found.count():
                return found.first
            self.page.evaluate(f"{scroller}.scrollTop = {step} * 200 % ({scroller}.scrollHeight + 1)")
            self.page.wait_for_timeout(200)
        raise AssertionError(f"no {selector} in {self.notebook}")

    def save(self):
        """Save the notebook."""
        self.menu("File", "Save Notebook")
        self.page.wait_for_selector(".jp-Document:not(.jp-mod-dirty)", state="attached")

    def handle(self, name, lab=0):
        """The handle of a slider, found by its accessible name; of a Lab, counted from 0 down the page."""
        return self.page.locator(".lab").nth(lab).get_by_role("slider", name=name, exact=True)

    def button(self, name, lab=0):
        """A button of a Lab."""
        return self.page.locator(".lab").nth(lab).get_by_role("button", name=name)

    def box(self, name):
        """The box for typing beside a slider."""
        return self.page.locator(".lab").get_by_role("textbox", name=f"{name}, typed", exact=True)

    def press(self, name, key, times=1, lab=0):
        """Focus a slider and press a key."""
        self.handle(name, lab).scroll_into_view_if_needed()
        for _ in range(times):
            self.handle(name, lab).press(key)

    def enter(self, name, text):
        """Type into the box beside a slider, and press Enter."""
        self.box(name).fill(text)
        self.box(name).press("Enter")

    def drag(self, name, fraction):
        """Drag a slider's handle with the mouse to a fraction of its width, in steps."""
        handle = self.handle(name)
        handle.scroll_into_view_if_needed()
        start, track = (
            handle.bounding_box(),
            handle.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box(),
        )
        x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + fraction * track["width"], y, steps=8)
        self.page.mouse.up()

    def until(self, pattern, lab=0):
        """Wait until a Lab's status line matches a pattern, and return it."""
        return self.wait_for(STATUS, pattern, lab)

    def wait_for(self, selector, pattern, nth=0):
        """Wait until an element's text matches a pattern, and return it."""
        text = f"document.querySelectorAll({json.dumps(selector)})[{nth}]?.innerText"
        self.page.wait_for_function(f"RegExp({json.dumps(pattern)}).test({text})", timeout=90_000)
        return self.page.locator(selector).nth(nth).inner_text()

    def text(self, selector):
        """The text of an element."""
        return self.page.locator(selector).first.inner_text()

    def moving(self, name):
        """What is drawn anew in a picture."""
        return self.page.locator(f".lab-{name} svg").nth(1).inner_html()
