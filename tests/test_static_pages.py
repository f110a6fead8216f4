"""The course as plain pages: whole, folded where the notebooks are, without a network, and open to everybody."""

import re

import nbformat
import pytest
import static_pages
from course import NOTEBOOKS
from look import audit


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with all pages."""
    folder = tmp_path_factory.mktemp("pages") / "site"
    static_pages.main(folder)
    return folder


def test_every_link_between_the_pages_leads_somewhere(site):
    for path in site.glob("*.html"):
        for link, part in re.findall(r'(?:href|src)="(?!https?:|data:)([^"#]*)(?:#([^"]*))?"', path.read_text()):
            target = site / link if link else path
            assert target.exists(), (path.name, link)
            if part:
                assert f'id="{part}"' in target.read_text(), (path.name, link, part)


def test_a_page_asks_no_network_and_runs_no_script(site):
    for path in site.glob("*.html"):
        page = path.read_text()
        assert "<script" not in page and not re.search(r'(?:src="|url\(|@import ")https?:', page), path.name


@pytest.mark.parametrize("slug", NOTEBOOKS)
def test_a_page_holds_all_that_its_notebook_shows_and_folds_what_that_folds(site, slug):
    notebook = nbformat.read(NOTEBOOKS[slug], as_version=4)
    page = (site / f"{NOTEBOOKS[slug].stem}.html").read_text()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    folds = [cell.metadata.get("jupyter", {}) for cell in code]
    assert page.count("<summary>The code") == sum("source_hidden" in fold for fold in folds)
    assert page.count("<summary>What came out") == sum("outputs_hidden" in fold for fold in folds)
    assert page.count('class="output"') == sum(len(cell.outputs) for cell in code)
    exercises = [cell for cell in code if re.fullmatch(r"exercise-\d", cell.id)]
    assert page.count("<summary>Solution") == len(exercises) <= page.count("<summary>Hint 1")
    assert not re.search(r"<summary>[^<]*(?:holds|answer =)", page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_in_a_page_shuts_out_a_screen_reader(site, browser, scheme):
    page = browser.new_page()
    page.set_viewport_size({"width": 1024, "height": 768})
    page.emulate_media(color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("index", "guide", NOTEBOOKS["a_short_window"].stem, NOTEBOOKS["a_fair_race"].stem):
        page.goto((site / f"{name}.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true })")
        assert audit(page, "body") == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert not [address for address in asked if not address.startswith(("file:", "data:"))]
    page.close()
