"""Plain English as far as it can be counted, in prose, hints and sentences of pictures; minutes; the glossary."""

import ast
import re

import nbformat
import pytest
from course import FOLDER, NOTEBOOKS

ENDS = r"(?=\s*(?:[.,;:?)]|$)|\s+(?:and|or|but|that|which|with|than|can|is|has|was|must|does|would|will|\w+s)\b)"
DETERMINER = r"\b(?:the|a|an|this|that|each|every|another|which|no|any)\b"
RULES = {
    "'one' is a number and nothing else": (
        rf"{DETERMINER} one\b|{DETERMINER} \w+ one\b{ENDS}|\bones\b|\bone's\b|\w(?:er|est) one\b{ENDS}"
        r"|\bone (?:that|which|who|can|could|must|may|might|would|should|needs|has|sees)\b"
    ),
    "a reason has 'because', not 'since'": r"\bsince\b(?! \d)",
    "the article says; 'holds' is for verdicts": r"\barticle (?:also )?hold|\bholds? that\b",
    "no exclamation marks": r"!(?!=)",
}
MORE = {"five": 5, "ten": 10, "fifteen": 15}


def prose(cell):
    """Return what a cell says in words: its text without code, or the sentences among a code cell's strings."""
    if cell.cell_type == "markdown":
        text = re.sub(r"```.*?```|`[^`]*`", "code", cell.source, flags=re.S)
        return re.sub(r"\]\([^)]*\)", "]", text)
    strings = (node.value for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Constant))
    return "\n".join(text for text in strings if isinstance(text, str) and len(text.split()) > 3)


def cells(slug):
    """Return the cells of a notebook."""
    return nbformat.read(NOTEBOOKS[slug], as_version=4).cells


def broken(text):
    """Return each rule that a text breaks, with the words around the place."""
    flat = re.sub(r"\s+", " ", text)
    return [
        f"{rule}: …{flat[max(0, hit.start() - 30) : hit.end() + 30]}…"
        for rule, pattern in RULES.items()
        for hit in re.finditer(pattern, flat, re.I)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A third one, the last value.",
        "worse than the small one",
        "when the next one begins",
        "One can show it.",
        "four stateful ones",
        "a larger one than the slider offers",
        "since it loads TensorFlow",
        "The article holds that",
        "You will see!",
    ],
)
def test_the_rules_find_what_they_are_for(text):
    assert len(broken(text)) == 1, text


@pytest.mark.parametrize(
    "text",
    [
        "one sample an hour, one of two, one after another; from one grid line to the next",
        "the window begins one hour later, and a batch of one window",
        "seconds since 1970; a != b; every claim holds",
        "The article says so, and the claim holds when there is noise.",
    ],
)
def test_the_rules_leave_plain_english_alone(text):
    assert broken(text) == []


@pytest.mark.parametrize("slug", NOTEBOOKS)
def test_a_notebook_keeps_the_rules_that_can_be_counted(slug):
    assert [(cell.id, place) for cell in cells(slug) for place in broken(prose(cell))] == []


@pytest.mark.parametrize("slug", NOTEBOOKS)
def test_no_line_inside_a_paragraph_begins_a_list(slug):
    inside = r"\n(?!\s*(?:\d+\.|[-+*]) |  |\n).*\n(?:\d+\.|[-+*]) .*"  # such as 'never above' and, below it, '1. But'
    assert [
        found for cell in cells(slug) if cell.cell_type == "markdown" for found in re.findall(inside, cell.source)
    ] == []


@pytest.mark.parametrize("slug", NOTEBOOKS)
def test_a_notebook_defines_terms_in_bold_with_an_example_and_leads_further(slug):
    text = "\n".join(cell.source for cell in cells(slug) if cell.cell_type == "markdown")
    terms = re.findall(r"\*\*([^*]+)\*\*", text)
    assert len(terms) >= 2 and len(terms) == len(set(terms))
    assert "for example" in text.lower()
    reading = text.split("To read more:")[1]
    assert len(re.findall(r"\]\(https://", reading)) == 2


@pytest.mark.parametrize("slug", NOTEBOOKS)
def test_a_notebooks_minutes_are_the_same_in_its_title_and_in_both_maps(slug):
    title, path = cells(slug)[0].source, NOTEBOOKS[slug]
    minutes = re.search(r"^\*About (\d+) minutes\.", title, re.M)[1]
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"\(notebooks/{path.name}\) \|.*\| {minutes} \|$", readme, re.M)
    if "It has no exercises." not in title:
        more = MORE[re.search(r"The exercises take (\w+) more\.", title)[1]]
        start = "\n".join(cell.source for cell in cells("start_here"))
        assert re.search(rf"\]\({path.name}\) \|.*\| {minutes} \| {int(minutes) + more} \|$", start, re.M)


def glossary():
    """Return (word, meaning, Keras's word, file) of each row of the glossary."""
    text = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    return re.findall(r"^\| \*\*(.+?)\*\* \| (.+?) \| (.*?) \| \[\d\d\]\((.+?)\) \|$", text, re.M)


def test_the_glossary_has_an_example_for_each_word_and_a_notebook_that_uses_it():
    text = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    words = [word for word, *_ in glossary()]
    assert len(words) == text.count("| **") > 30 and words == sorted(words, key=str.lower)
    assert broken(re.sub(r"`[^`]*`", "code", text)) == []
    used = {path.name: "\n".join(cell.source for cell in cells(slug)) for slug, path in NOTEBOOKS.items()}
    for word, meaning, _, name in glossary():
        assert "for example" in meaning.lower() and word.lower() in used[name].lower(), word


@pytest.mark.parametrize("slug", NOTEBOOKS)
def test_each_term_in_bold_stands_in_the_glossary_with_the_notebook_that_defines_it(slug):
    where = {word.lower(): name for word, _, _, name in glossary()}
    for cell in cells(slug):
        for term in re.findall(r"\*\*([^*]+)\*\*", cell.source) if cell.cell_type == "markdown" else ():
            assert where.get(term.lower()) == NOTEBOOKS[slug].name, term


def test_the_first_notebook_and_the_readme_lead_to_the_glossary():
    assert "](glossary.md)" in NOTEBOOKS["start_here"].read_text(encoding="utf-8")
    assert "](notebooks/glossary.md)" in (FOLDER.parent / "README.md").read_text(encoding="utf-8")
