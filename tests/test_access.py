"""The Lab for everybody: by keyboard alone, by ear, at every size of window, on both themes."""

import io
import re
from contextlib import contextmanager
from itertools import pairwise

import pytest
from look import MESS, SMALL, audit, contrast, focused, resize
from matplotlib import image
from page import SPOKEN, STATUS, Page, write
from playwright.sync_api import expect

from helpers.lab.controls import SETTINGS, Menu, Slider

SLIDERS = {  # the least and the most on its scale: of learning_rate in powers of ten
    name: (row.keywords["least"], row.keywords["most"])
    for name, row in SETTINGS.items()
    if getattr(row, "func", None) is Slider
}
MENUS = [name for name, row in SETTINGS.items() if getattr(row, "func", None) is Menu]
STOPS = [stop for name in SETTINGS for stop in ((name, f"{name}, typed") if name in SLIDERS else (name,))]
ORDER = [
    *["Train", "Pause", "Step", "Reset", *STOPS[:7], "Hide more settings", *STOPS[7:]],
    *["example", "seeds", "seeds, typed", "baselines", "inside", "train when I move", "window", "lift run 1"],
    *["Save the runs as a CSV file", "axis follows", "Forget earlier runs", "hour 0, has targets"],
    *["Hide the Keras code", "windows by", "Keras code"],
]
SIZES = {"1280 by 800": (1280, 800, 1), "1024 by 768": (1024, 768, 1), "zoomed to 150 %": (853, 533, 1.5)}
RUN = "Experiment(noise=0.02, learning_rate=0.003, epochs=2, max_updates=60)"
CELLS = (
    "from helpers import Exercise, Experiment, Lab, Prediction, show_windows\n"
    "from helpers.lab.controls import SETTINGS\n"
    f"Lab({RUN}, controls=SETTINGS, baselines=True)",
    "Prediction('Which `one`?', {'a': 'this', 'b': 'that'})",
    "Exercise('How many?', check=lambda answer: None, hints=['Count.'], solution='answer = 1')",
    "show_windows(Experiment())",
)


@pytest.fixture(scope="module")
def lab(browser, jupyter, home):
    """A Lab with every control shown and everything open, after a run; below it a prediction and an exercise."""
    write(home / "notebooks" / "access.ipynb", *CELLS)
    page = Page(browser, jupyter, "access.ipynb")
    page.run_all()
    for name in ("Show the Keras code", "Show more settings", "Train"):
        assert page.text(STATUS).startswith("run 0: ready")  # also with 0.02 and 0.003, where no slider can stand
        page.button(name).click()
    page.until("run 1: done")
    page.page.get_by_role("link", name="Save the runs").wait_for()
    yield page
    page.close()


@pytest.fixture(scope="module", params=["Light", "Dark"])
def theme(lab, request):
    """JupyterLab's light theme, then its dark one; the light one again at the end."""
    choose(lab, request.param)
    yield request.param
    choose(lab, "Light")


def choose(lab, theme):
    """Choose a theme from the menu."""
    if lab.page.locator("body").get_attribute("data-jp-theme-name") != f"JupyterLab {theme}":
        lab.menu("Settings", "Theme", f"JupyterLab {theme}")
        lab.page.wait_for_selector(f"body[data-jp-theme-name='JupyterLab {theme}']", state="attached")


def test_an_audit_of_the_lab_finds_nothing_even_with_a_bad_value_in_it(lab, theme):
    lab.enter("length", "9000")
    lab.page.wait_for_selector(".lab-problem [role=alert]:has-text('use at most 1751')")
    assert audit(lab.page, ".lab") == []


def test_an_audit_of_a_prediction_and_an_exercise_finds_nothing(lab, theme):
    cards = lab.page.locator(".lab-card")
    for name in ("Commit", "Hint", "Solution"):
        cards.get_by_role("button", name=name).click()
    expect(cards.get_by_role("status")).to_have_count(2)
    assert audit(lab.page, ".lab-card") == []


def test_tab_reaches_every_control_in_order_shows_where_it_is_and_leaves_again(lab, theme):
    resize(lab.page, *SIZES["1280 by 800"])
    lab.button("Train").focus()
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Shift+Tab")  # so that the page knows that the keyboard is used
    stops = [focused(lab.page)]
    while stops[-1]["inside"] and len(stops) < 2 * len(ORDER):
        lab.page.keyboard.press("Tab")
        stops.append(focused(lab.page))
    *stops, beyond = stops
    for stop, name in zip(stops, ORDER, strict=True):
        assert stop["name"].startswith(name)
    assert beyond["role"] == "radio"
    lab.page.locator(".lab").get_by_label(ORDER[-1]).focus()
    lab.page.keyboard.press("Shift+Tab")
    assert focused(lab.page)["name"] == ORDER[-2]
    for stop in stops:
        assert stop["ring"] >= 2 and not stop["clipped"] and contrast(stop["colours"]) >= 3, stop
    for stop in stops:
        assert stop["role"] in ("checkbox", "button", "link") or stop["value"], stop


@contextmanager
def a_new_run_is_told(lab):
    """Wait, after what is done inside, until a screen reader is told of a run that was not there before."""
    before = int(lab.text(STATUS).split()[1].strip(":"))
    yield
    number = f"(/run (\\d+): (training|done)/.exec(document.querySelector('{SPOKEN}').innerText) ?? [0, 0])[1]"
    lab.page.wait_for_function(f"{number} > {before}")


def shown(name, at):
    """Return what a slider says at a place on its scale."""
    setting = 10**at if name == "learning_rate" else at
    return "no limit" if name == "max_updates" and not at else f"{float(f'{setting:.3g}'):.8f}".rstrip("0").rstrip(".")


@pytest.mark.parametrize("name", SLIDERS)
def test_a_slider_moves_by_its_keys_and_the_number_typed_beside_it_moves_it_back(lab, name):
    handle, box = lab.handle(name), lab.box(name)
    was = box.input_value()
    step = {"noise": 0.05, "learning_rate": 0.25}.get(name, 1)
    for key, steps in {"Home": 0, "ArrowRight": 1, "ArrowUp": 2, "ArrowLeft": 1, "PageUp": 6, "ArrowDown": 5}.items():
        handle.press(key)
        expect(handle).to_have_attribute("aria-valuetext", shown(name, SLIDERS[name][0] + steps * step))
    handle.press("End")
    most = shown(name, float(handle.get_attribute("aria-valuemax")))
    expect(handle).to_have_attribute("aria-valuetext", most)
    expect(box).to_have_value(most)
    with a_new_run_is_told(lab):
        lab.enter(name, was)
        expect(box).to_have_value(was)
    expect(lab.page.locator(".lab-facts code")).to_have_text(RUN)


def test_the_focus_stays_with_a_run_when_another_comes(lab):
    lab.page.locator(".lab-runs button").last.focus()
    name = focused(lab.page)["name"]
    before = lab.page.locator(".lab-runs button").count()
    lab.page.evaluate("document.querySelector('.lab button').click()")  # Train, without a hand on it
    expect(lab.page.locator(".lab-runs button")).to_have_count(before + 1)
    assert focused(lab.page)["name"] == name


@pytest.mark.parametrize("name", SLIDERS)
def test_an_impossible_number_is_told_at_once(lab, name):
    was = lab.box(name).input_value()
    lab.enter(name, "-1")
    expect(lab.page.locator(".lab").get_by_role("alert").filter(has_text=f"{name} -1 is")).to_have_count(1)
    expect(lab.box(name)).to_have_value(was)


@pytest.mark.parametrize("name", [*MENUS, "example"])
def test_a_menu_goes_by_the_arrows(lab, name):
    menu = lab.page.locator(".lab").get_by_label(name, exact=True)
    was = menu.input_value()
    with a_new_run_is_told(lab):
        menu.press("ArrowDown")
        assert menu.input_value() != was


def test_the_window_slider_walks_over_the_windows(lab):
    windows = int(float(lab.handle("window").get_attribute("aria-valuemax")))
    assert windows > 1000
    for key, number in (("ArrowRight", 2), ("PageUp", 7), ("End", windows), ("Home", 1)):
        lab.press("window", key)
        expect(lab.handle("window")).to_have_attribute("aria-valuetext", str(number))
        lab.wait_for(
            ".lab-sentence", rf"^Training window {number} of " if number < 9 else r"^Validation window (\S+) of \1:"
        )


def test_ticks_and_buttons_go_by_the_space_bar_and_each_is_told(lab):
    shuffle, baselines = (lab.page.locator(".lab").get_by_role("checkbox", name=n) for n in ("shuffle", "baselines"))
    with a_new_run_is_told(lab):
        shuffle.press("Space")
        assert shuffle.is_checked()
    baselines.press("Space")
    assert not baselines.is_checked()
    lab.wait_for(SPOKEN, "baselines hidden")
    for name, tells in (
        ("Reset", "run 0: ready"),
        ("Step", "paused, epoch 1 of 10, update 1,"),
        ("Train", "run 1: done"),
        ("Hide the Keras code", "the Keras code hidden"),
        ("Show the Keras code", "the Keras code shown"),
        ("Hide more settings", "more settings hidden"),
        ("Show more settings", "more settings shown"),
        ("lift run 1", "run 1 lifted"),
    ):
        lab.button(name).press("Space" if name != "Train" else "Enter")
        lab.wait_for(SPOKEN, tells)


def test_what_is_typed_in_the_lab_or_in_a_card_never_reaches_the_shortcuts_of_jupyterlab(lab):
    cells = "[...document.querySelectorAll('.jp-Cell')].map(cell => cell.className.match(/jp-\\w+Cell/)[0])"
    before = lab.page.evaluate(cells)
    choice = lab.page.locator(".lab-card").get_by_role("radio").first
    for control in (lab.handle("length"), lab.button("Train"), lab.page.locator(".lab").get_by_label("series"), choice):
        for key in "abmrxyzdd":
            control.press(key)
            assert lab.page.evaluate(f"[{cells}, document.activeElement.closest('.lab, .lab-card') !== null]") == [
                before,
                True,
            ]
    choice.press("Control+s")
    lab.page.wait_for_selector(".jp-Document:not(.jp-mod-dirty)", state="attached")


def test_each_picture_has_a_sentence_for_those_who_do_not_see_it(lab):
    resize(lab.page, *SIZES["1280 by 800"])
    for name in ("windows", "losses"):
        (picture,) = lab.page.locator(f".lab-{name}").get_by_role("img").all()
        assert len(picture.get_attribute("aria-label")) > 40
        assert lab.page.locator(f".lab-{name} svg:not([aria-hidden=true])").count() == 0


@pytest.mark.parametrize("size", SIZES)
def test_nothing_overlaps_is_cut_or_out_of_shape(lab, theme, size):
    resize(lab.page, *SIZES[size])
    for part in (".lab", ".lab-card"):
        lab.page.locator(part).first.evaluate("part => part.scrollIntoView()")  # the top line lies over nothing there
        assert lab.page.evaluate(MESS, part) == []


def test_the_controls_stand_close_together(lab):
    resize(lab.page, *SIZES["1280 by 800"])
    rows = "rows => rows.map((row) => row.getBoundingClientRect()).map(({ y, bottom }) => [y, bottom])"
    parts = ".lab-controls > *:not(.lab-facts, .lab-facts ~ *, :has(.lab-control)), .lab-controls .lab-control"
    rows = lab.page.locator(parts).evaluate_all(rows)
    assert len(rows) > 15
    for (top, bottom), (below, _) in pairwise(rows):
        assert bottom - top < 60 and below - bottom < 20, rows


@pytest.mark.parametrize("size", SIZES)
def test_no_text_is_smaller_than_12_pixels_on_the_screen(lab, size):
    resize(lab.page, *SIZES[size])
    for part in (".lab", ".lab-card"):
        assert lab.page.evaluate(SMALL, [part, 12]) == []


def test_the_arrow_keys_go_from_hour_to_hour_and_enter_to_its_worst_window(lab):
    hour = lab.page.locator(".lab-hours button")
    hour.first.focus()
    right, left = "ArrowRight", "ArrowLeft"
    for key, at in ((right, 1), (right, 2), (left, 1), ("End", 23), (right, 23), ("Home", 0)):
        lab.page.keyboard.press(key)
        assert focused(lab.page)["name"].startswith(f"hour {at}, has targets")
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Enter")
    lab.wait_for(".lab-sentence", "^Validation window ")
    said = lab.wait_for(SPOKEN, "^Validation window ")
    assert int(re.search(r"at row (\d+)", said).group(1)) % 24 == 1
    assert focused(lab.page)["name"].startswith("hour 1,")
    lab.press("window", "Home")


def test_the_top_line_stays_on_the_screen_wherever_one_looks(lab):
    resize(lab.page, *SIZES["1280 by 800"])
    for part in (".lab-windows", ".lab-losses", ".lab-runs", ".lab-more"):
        lab.page.locator(part).evaluate("part => part.scrollIntoView({block: 'end'})")
        for inside in (".lab-status", ".lab-progress", ".lab-top button"):
            expect(lab.page.locator(inside).first).to_be_in_viewport(ratio=1)
            seen = """e => {
                const { x, y } = e.getBoundingClientRect();
                return e.contains(document.elementFromPoint(x + 5, y + 5));
            }"""
            assert lab.page.locator(inside).first.evaluate(seen), (part, inside)


def test_a_picture_outside_the_lab_follows_the_theme_too(lab, theme):
    seen = lab.page.locator(".lab-figure img").filter(visible=True).screenshot()
    paper = image.imread(io.BytesIO(seen))[:8, :8, :3]
    assert paper.min() > 0.9 if theme == "Light" else paper.max() < 0.1


def test_on_a_wide_screen_the_pictures_stand_beside_the_controls(lab):
    resize(lab.page, *SIZES["1280 by 800"])
    controls, pictures = (lab.page.locator(f".lab-{name}").bounding_box() for name in ("controls", "pictures"))
    assert controls["x"] + controls["width"] <= pictures["x"]
    assert controls["y"] == pictures["y"]
