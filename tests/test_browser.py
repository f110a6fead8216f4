"""The Lab in JupyterLab in Chromium, as a learner meets it."""

import re

import pytest
from course import NOTEBOOKS
from page import SPOKEN, STATUS, Page
from playwright.sync_api import expect

from helpers.pictures.picture import COLOURS
from helpers.pictures.windows import SO_FAR


@pytest.fixture(scope="module")
def start(browser, jupyter):
    """The first notebook, run from top to bottom."""
    page = Page(browser, jupyter, NOTEBOOKS["start_here"].name)
    page.run_all()
    yield page
    page.close()


def test_it_opens_ready_and_every_control_has_a_name(start):
    assert re.match(r"run 0: ready", start.text(STATUS))
    for name in ("length", "stride", "window"):
        assert start.handle(name).count() == 1
    assert start.page.locator(".lab").get_by_role("textbox", name="length, typed").count() == 1
    said = start.page.locator(".lab-windows [role=img]").get_attribute("aria-label")
    assert said.startswith("Training window 1 of 6,984")


def test_dragging_length_shows_new_windows_and_retrains_both_models(start):
    before = start.moving("windows"), start.moving("losses"), start.text(".lab-facts")
    start.drag("length", 0.3)
    start.page.wait_for_function(
        "old => document.querySelectorAll('.lab-windows svg')[1].innerHTML !== old", arg=before[0], timeout=2000
    )
    assert start.text(".lab-facts") != before[2]
    start.until(r"run \d+: training, epoch")
    start.until(r"run \d+: done")
    assert start.moving("losses") != before[1]


def test_from_24_to_3_the_lstm_learns_and_the_dnn_stands_on_its_floor(start):
    start.page.locator(".lab-box input").first.fill("24")
    start.page.locator(".lab-box input").first.press("Enter")
    start.until("done.*DNN 0.5")
    start.press("length", "ArrowLeft", 21)
    expect(start.page.locator(".lab-box input").first).to_have_value("3")
    done = start.until(r"done.*DNN 0\.2\d")
    lstm, dnn = re.search(r"LSTM ([\d.e-]+), DNN ([\d.e-]+)", done).groups()
    assert float(lstm) < 1e-3
    assert float(dnn) == pytest.approx(0.25, abs=0.01)
    start.wait_for(".lab-sentence", r"floor 0\.25", nth=2)


def test_a_move_in_the_middle_of_a_run_supersedes_it(start):
    start.press("length", "End")  # one key, one run, and the longest
    first = start.until(r"run \d+: training, epoch")
    start.press("length", "ArrowLeft")
    done = start.until(r"run \d+: done")
    assert int(re.search(r"run (\d+)", done).group(1)) == int(re.search(r"run (\d+)", first).group(1)) + 1


def test_a_wrong_number_gets_its_sentence_beside_the_control(start):
    box = start.page.locator(".lab-box input").first
    was = box.input_value()
    box.fill("9000")
    box.press("Enter")
    start.page.wait_for_selector(".lab-problem:has-text('use at most 1751')")
    assert box.input_value() == was


def test_the_example_menu_and_the_buttons_work_from_the_keyboard(start):
    start.page.locator(".lab select").first.select_option("3: length 24, stride 8")
    start.until("done.*Alarm")
    loud = start.page.locator(".lab-status .lab-alarm")
    expect(loud).to_contain_text("the training loss of DNN is below its floor")
    assert loud.evaluate("e => parseFloat(getComputedStyle(e).borderLeftWidth)") >= 8  # not by its colour alone
    expect(start.page.locator(SPOKEN)).to_contain_text("Alarm")
    expect(start.page.locator(".lab-hours")).to_contain_text("never")
    expect(start.page.locator(".lab-hours .lab-cells .lab-never")).to_have_count(21)
    start.page.get_by_role("button", name="Step").press("Enter")
    start.until("paused, epoch 1 of 10, update 1,")
    start.page.get_by_role("button", name="Reset").press("Enter")
    start.until("run 0: ready")


def line(page, colour):
    """The points of the line of a colour in the moving part of the picture of windows, `(points, 2)`."""
    paths = "[...document.querySelectorAll('.lab-windows svg')[1].querySelectorAll('path')]"
    found = page.page.evaluate(
        f"colour => {paths}.find(p => p.closest('g[id^=line2d]') && p.style.stroke && p.style.fill === 'none' && "
        "p.getAttribute('style').includes(colour))?.getAttribute('d')",
        colour,
    )
    return [tuple(map(float, point)) for point in re.findall(r"[ML] (\S+) (\S+)", found)]


def test_the_tick_at_inside_shows_the_answers_up_to_the_model_s_own_and_without_it_there_is_nothing(start):
    block, tick = start.page.locator(".lab-inside"), start.page.get_by_role("checkbox", name="inside", exact=True)
    expect(block).to_be_hidden()
    assert block.locator("svg").count() == 0 and SO_FAR not in start.moving("windows")
    tick.check()
    expect(block).to_contain_text("before its first update: press Train.")
    start.button("Train").press("Enter")
    expect(block).to_contain_text("after the last ≈")  # as it trains
    start.until(r"run \d+: done")
    expect(block).to_contain_text("the hour of the day is read off the state")
    assert (
        block.locator("[role=img]").get_attribute("aria-label") == block.locator(".lab-sentence").inner_text().strip()
    )
    assert block.locator("image").count() == 2  # the cells, and their scale
    *_, last = line(start, SO_FAR)
    assert min(abs(x - last[0]) + abs(y - last[1]) for x, y in line(start, COLOURS["lstm"])) < 0.01
    start.press("window", "PageUp")
    expect(block).not_to_contain_text("Training window 1 of")
    for _ in range(50):  # the picture above may follow a moment after the block
        *_, moved = line(start, SO_FAR)
        if moved != last:
            break
        start.page.wait_for_timeout(100)
    assert moved != last
    assert min(abs(x - moved[0]) + abs(y - moved[1]) for x, y in line(start, COLOURS["lstm"])) < 0.01
    tick.uncheck()
    expect(block).to_be_hidden()
    expect(start.page.locator(f".lab-windows [style*='{SO_FAR}']")).to_have_count(0)


def test_nothing_complained(start):
    assert start.complaints == []
    assert start.page.locator(".jp-OutputArea [data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert start.page.locator(".jp-OutputArea [data-mime-type='application/vnd.jupyter.error']").count() == 0
