"""What a class does to a notebook: reloads, restarts, interrupts, second Labs, second notebooks, and reopening it."""

from contextlib import contextmanager

import pytest
from course import NOTEBOOKS
from page import BUSY, KERNEL, STATUS, Page, write
from playwright.sync_api import expect

LONG = "training, epoch"
LOST = "Error displaying widget"
CELLS = (
    "from helpers import Experiment, Lab",
    "earlier = globals().get('lab')\nlab = Lab(Experiment(epochs=500))\nlab",
    "Lab(Experiment(length=3, epochs=500))",
    "print(earlier and earlier.status)",
)


@pytest.fixture(scope="module")
def labs(browser, jupyter, home):
    """A notebook with two Labs whose runs outlast every test here."""
    write(home / "notebooks" / "faults.ipynb", *CELLS)
    page = Page(browser, jupyter, "faults.ipynb")
    page.run_all()
    yield page
    page.close()


@pytest.fixture(scope="module")
def lone(browser, jupyter, home):
    """A notebook with one Lab, and a cell that keeps the kernel busy, and one that ends it."""
    ends = "import os; os._exit(1)"
    write(home / "notebooks" / "lone.ipynb", *CELLS[:2], "import time; time.sleep(10)", ends)
    page = Page(browser, jupyter, "lone.ipynb")
    yield page
    page.close()


@pytest.fixture
def opened(browser, jupyter):
    """A function that opens a notebook; they are all closed at the end."""
    pages = []

    def open_(notebook):
        pages.append(Page(browser, jupyter, notebook))
        return pages[-1]

    yield open_
    for page in pages:
        if not page.page.is_closed():
            page.close()


def open_lab(lone):
    """Run the cells of the Lab, in the tab in front: what lies behind it is hardly drawn."""
    lone.page.bring_to_front()
    lone.run_cell(0)
    lone.run_cell(1)
    lone.find(".lab-windows svg")
    lone.until("run 0: ready")


def train(labs, lab=0):
    """Train a Lab, and return the number of its run, once it is under way."""
    labs.button("Train", lab).click()
    return int(labs.until(rf"run \d+: {LONG}", lab).split()[1].strip(":"))


@contextmanager
def new_labs(labs, count):
    """Wait, after what is done inside, until so many of the two Labs are new."""
    labs.page.locator(".lab").evaluate_all("labs => labs.forEach((lab) => lab.classList.add('old'))")
    yield
    expect(labs.page.locator(".lab:not(.old)")).to_have_count(count)
    expect(labs.page.locator(".lab.old")).to_have_count(2 - count)


def works(labs, run):
    """Move a slider: the windows follow, and both models train; then go back to where it all began."""
    before = labs.text(".lab-facts")
    labs.press("length", "ArrowRight")
    labs.until(f"run {run}: {LONG}")
    assert labs.text(".lab-facts") != before
    rest(labs)


def rest(labs, lab=0):
    """Press Reset."""
    labs.button("Reset", lab).click()
    labs.until("run 0: ready", lab)


def test_of_two_labs_the_last_touched_trains_and_the_other_says_why_it_does_not(labs):
    for one, other in ((0, 1), (1, 0), (0, 1)):
        run = train(labs, one)
        labs.press("length", "ArrowRight", lab=other)
        labs.until(f"run {run}: cancelled, another Lab is training", one)
        labs.until(LONG, other)
    rest(labs, 1)


def test_interrupting_the_kernel_ends_the_run_and_nothing_else(labs):
    run = train(labs)
    labs.menu("Kernel", "Interrupt Kernel")
    labs.until(f"run {run}: cancelled, the kernel was interrupted")
    works(labs, run=run + 1)


def test_running_its_cell_again_in_the_middle_of_a_run_gives_a_new_lab_and_ends_the_old_run(labs):
    run = train(labs)
    with new_labs(labs, 1):
        labs.run_cell(1)
    labs.until("run 0: ready")
    works(labs, run=1)
    labs.run_cell(3)
    old = labs.page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output")
    expect(old).to_contain_text(f"run {run}: cancelled, a new Lab was opened")


def test_reloading_the_page_in_the_middle_of_a_run_keeps_the_lab_and_the_run(labs):
    labs.save()
    run = train(labs)
    labs.page.reload()
    labs.ready()
    labs.find(".lab-windows svg")
    labs.until(f"run {run}: {LONG}")
    works(labs, run=run + 1)


def test_restarting_the_kernel_and_running_all_cells_in_the_middle_of_a_run_starts_afresh(labs):
    train(labs)
    with new_labs(labs, 2):
        labs.menu("Kernel", "Restart Kernel and Run All Cells")
        labs.page.get_by_role("button", name="Confirm Kernel Restart").click()
    labs.until("run 0: ready")
    labs.until("run 0: ready", 1)
    works(labs, run=1)


def test_two_notebooks_train_side_by_side_each_in_its_own_kernel(labs, lone):
    open_lab(lone)
    train(lone)
    labs.page.bring_to_front()
    train(labs)
    for page in (lone, labs):
        before = page.text(STATUS)
        expect(page.page.locator(STATUS).first).not_to_have_text(before)
        assert LONG in page.text(STATUS)
    rest(lone)
    rest(labs)


def test_nothing_of_all_this_complained(labs):
    assert labs.complaints == []
    assert (
        labs.page.locator(".jp-OutputArea [data-mime-type*=error], .jp-OutputArea [data-mime-type*=stderr]").count()
        == 0
    )


def test_after_five_reruns_of_its_cell_a_reload_brings_the_lab_back_each_time(lone):
    open_lab(lone)
    for _ in range(5):
        lone.run_cell(1)
    lone.save()
    for _ in range(2):
        lone.page.goto(f"{lone.base}/lab/tree/{lone.notebook}?{lone.token}&reset")  # no other notebook's tab comes back
        lone.ready()
        lone.find(".lab-windows svg")
        lone.until("run 0: ready")
    expect(lone.page.get_by_text(LOST)).to_have_count(0)
    works(lone, run=1)
    assert lone.complaints == []


GONE = "The kernel of these controls has gone"


@pytest.fixture
def told(lone):
    """What says that the kernel of the Lab has gone; a new Lab, ready, does not say it."""
    open_lab(lone)
    told = lone.page.locator(".lab.lab-gone [role=alert]", has_text=GONE)
    expect(told).to_have_count(0)
    return told


def begin(page, cell):
    """Click into a code cell and run it, without waiting."""
    page.page.locator(".jp-CodeCell").nth(cell).locator(".jp-InputArea-editor").click()
    page.page.keyboard.press("Control+Enter")


def test_a_kernel_that_is_busy_has_not_gone(lone, told):
    begin(lone, 2)
    lone.page.wait_for_function(f"{BUSY} === 'busy'")
    lone.page.wait_for_timeout(9000)
    assert lone.page.evaluate(BUSY) == "busy" and told.count() == 0
    lone.page.wait_for_function(f"{BUSY} === 'idle'")
    assert told.count() == 0
    works(lone, run=1)


@pytest.mark.parametrize("how", ["restarted", "died", "shut down"])
def test_a_kernel_that_has_gone_is_told_in_the_lab(lone, told, how):
    if how == "shut down":
        lone.menu("Kernel", "Shut Down Kernel")
        lone.page.wait_for_function(f"!{KERNEL}")
    elif how == "restarted":
        lone.menu("Kernel", "Restart Kernel")
        lone.page.get_by_role("button", name="Confirm Kernel Restart").click()
        lone.page.wait_for_function(f"{KERNEL}.status.includes('restarting')")
    else:
        train(lone)
        begin(lone, 3)
        lone.page.get_by_text("appears to have died").wait_for()
    expect(told).to_be_visible(timeout=2000)
    if how == "died":
        lone.page.get_by_role("button", name="Ok", exact=True).click()


def test_a_lab_saved_with_the_state_of_its_widgets_does_not_look_alive(opened, home, jupyter):
    write(home / "notebooks" / "state.ipynb", *CELLS[:2])
    first = opened("state.ipynb")
    first.run_all()
    first.menu("Settings", "Save Widget State Automatically")
    first.save()
    first.menu("Settings", "Save Widget State Automatically")
    first.close()
    assert "widget-state" in (home / "notebooks" / "state.ipynb").read_text(encoding="utf-8")
    again = opened("state.ipynb")
    again.find(".lab-windows svg")
    expect(again.page.locator(".lab.lab-gone [role=alert]", has_text=GONE)).to_have_count(1)


def test_a_notebook_of_the_course_shows_its_pictures_without_a_kernel(opened):
    page = opened(NOTEBOOKS["start_here"].name)
    page.menu("Kernel", "Shut Down Kernel")
    picture = page.find("figure img")
    assert picture.evaluate("picture => picture.naturalWidth") > 500
    assert len(picture.get_attribute("alt")) > 40
    expect(page.page.locator("figcaption")).to_contain_text("Training window 1 of 6,984")
    expect(page.page.get_by_text("Predict: An LSTM sees").filter(visible=True)).to_have_count(1)
    expect(page.page.get_by_text("shown as sliders and pictures").filter(visible=True)).to_have_count(0)
    expect(page.page.get_by_text(LOST)).to_have_count(0)


def test_what_jupyterlab_saved_with_live_widgets_shows_pictures_and_text_when_they_are_gone(opened, home):
    cells = (
        "from helpers import Exercise, Lab, Prediction",
        "Prediction('Which?', {'a': 'this', 'b': 'that'})",
        "Exercise('How many?', check=lambda answer: None, hints=['Count.'], solution='answer = 1')",
        "Lab()",
    )
    write(home / "notebooks" / "saved.ipynb", *cells)
    first = opened("saved.ipynb")
    first.run_all()
    expect(first.page.locator(".lab-kept").filter(visible=True)).to_have_count(0)
    first.save()
    first.close()
    again = opened("saved.ipynb")
    expect(again.page.get_by_text(LOST)).to_have_count(3)
    expect(again.page.get_by_text(LOST).filter(visible=True)).to_have_count(0)
    for text in ("Predict: Which?", "Exercise: How many?", "Training window 1 of 6,984"):
        expect(again.page.get_by_text(text).last).to_be_visible()
    assert again.page.locator(".lab-kept img").evaluate("picture => picture.naturalWidth") > 500
    expect(again.page.get_by_text("Run this cell")).to_have_count(3)
    again.run_all()
    expect(again.page.locator(".lab-kept").filter(visible=True)).to_have_count(0)
