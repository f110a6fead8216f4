"""The project's own files: one list of packages, a README that tells the truth, clean code, whole notebooks."""

import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

HOME = Path(__file__).parent.parent
NOTEBOOKS = sorted((HOME / "notebooks").glob("*.ipynb"))
README = (HOME / "README.md").read_text(encoding="utf-8")
TRACKED = subprocess.run(["git", "ls-files"], cwd=HOME, capture_output=True, text=True, check=True).stdout.split()
TOP = ["README.md", "environment.yml", "helpers", "notebooks", "pyproject.toml", "requirements.txt", "tests"]


def test_the_visible_top_level_is_what_the_design_says():
    assert sorted({name.split("/")[0] for name in TRACKED if not name.startswith(".")}) == TOP


def test_there_is_one_list_of_packages_and_each_line_has_its_reason():
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}
    assert "-r requirements.txt" in (HOME / "environment.yml").read_text(encoding="utf-8")
    for line in (HOME / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[\w-]+>=[\d.]+,<\d+ +# \S.{10,}", line), line


def test_the_python_versions_are_the_same_everywhere():
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
    assert "3.11, 3.12 or 3.13" in README
    python = re.search(r"python=(3\.\d+)", (HOME / "environment.yml").read_text(encoding="utf-8")).group(1)
    assert python in README


def test_code_and_notebooks_are_clean():
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments], cwd=HOME, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_relative_link_of_the_readme_leads_somewhere():
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", README) + re.findall(r'src="(?!https?:)([^"]+)"', README):
        assert (HOME / link).exists(), link


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    """What every committed notebook keeps to."""

    def test_its_cells_were_run_once_and_in_order_without_complaint(self, path):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
        outputs = [output for cell in code for output in cell.outputs]
        assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]

    def test_it_holds_no_widget_state_no_times_and_no_machine_paths(self, path):
        text = path.read_text(encoding="utf-8")
        assert "widget-view" not in text and "widget-state" not in text and "iopub" not in text
        assert str(Path.home()) + "/" not in text and str(HOME) not in text

    def test_its_headings_are_in_order(self, path):
        notebook = nbformat.read(path, as_version=4)
        prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        levels = [len(marks) for marks in re.findall(r"^(#+) ", re.sub(r"```.*?```", "", prose, flags=re.S), re.M)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))

    def test_its_pictures_have_alt_text_and_its_links_lead_somewhere(self, path):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                assert "image/png" not in data, "a picture without alt text: show it by its own object"
                assert all(len(alt) > 20 for alt in re.findall(r'<img alt="([^"]*)"', data.get("text/html", "")))
            if cell.cell_type == "markdown":
                assert not re.search(r"!\[\]", cell.source)
                for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", cell.source):
                    assert (path.parent / link).exists(), link
