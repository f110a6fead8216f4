"""The project's own files: two lists of packages, a README that tells the truth, clean code, whole notebooks."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from course import NOTEBOOKS
from nbconvert import PythonExporter
from packaging.requirements import Requirement
from refresh import expected

HOME = Path(__file__).parent.parent
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
README = (HOME / "README.md").read_text(encoding="utf-8")
GUIDE = (HOME / "notebooks" / "README.md").read_text(encoding="utf-8")
TRACKED = subprocess.run(["git", "ls-files"], cwd=HOME, capture_output=True, text=True, check=True).stdout.split()
SHAPE = ["The question", "The article's claim", "Predict", "Observe", "Explain", "Verdict", "Exercises"]
SHAPE += ["What to remember", "Next"]
TOP = ["README.md", "environment.yml", "helpers", "notebooks", "pyproject.toml", "requirements.txt", "tests"]


def test_the_visible_top_level_is_what_the_design_says():
    assert sorted({name.split("/")[0] for name in TRACKED if not name.startswith(".")}) == TOP


REQUIREMENT = r"[\w-]+(\[\w+\])?>=[\d.]+(,<[\d.]+)?"


def test_what_the_course_takes_is_one_list_and_each_line_has_its_reason():
    assert PROJECT["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}
    assert "-r requirements.txt" in (HOME / "environment.yml").read_text(encoding="utf-8")
    for line in (HOME / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(rf"{REQUIREMENT} +# \S.{{10,}}", line), line


def test_what_only_tests_need_is_an_extra_and_each_line_has_its_reason():
    source = (HOME / "pyproject.toml").read_text(encoding="utf-8")
    extras = PROJECT["project"]["optional-dependencies"]
    assert list(extras) == ["dask", "class", "test"]
    for line in [line for extra in extras.values() for line in extra]:
        assert line == "window-lab[dask]" or re.fullmatch(REQUIREMENT, line), line
        assert re.search(rf'^    "{re.escape(line)}",  # \S.{{10,}}$', source, re.M), line
    runs = {re.match(r"[\w-]+", line).group() for line in requires("window-lab") if "extra ==" not in line}
    assert not runs & {re.match(r"[\w-]+", line).group() for line in extras["test"]}


def test_readme_installs_the_first_list_to_open_the_notebooks_and_the_second_to_test_them():
    opened, tested = README.split("## Change it")
    assert re.findall(r"pip install (.+?)(?: &&|;)", opened) == ["-e .", "-e .", '-e ".[class]"']
    assert re.findall(r"pip install (.+?)(?: &&|;)", tested)[:4] == ["uv", '--compile-bytecode -e ".[test]"'] * 2


def test_the_wheel_holds_every_file_of_helpers(tmp_path):
    ours = [name for name in TRACKED if name.startswith("helpers/")]
    for name in [*ours, "pyproject.toml", "requirements.txt", "README.md"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HOME / name, tmp_path / name)
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert sorted(ours) == sorted(name for name in wheel.namelist() if name.startswith("helpers/"))


def test_the_python_versions_are_the_same_everywhere():
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.14"
    assert "3.11, 3.12 or 3.13" in README
    python = re.search(r"python=(3\.\d+)", (HOME / "environment.yml").read_text(encoding="utf-8")).group(1)
    assert python in README


def test_code_and_notebooks_are_clean():
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments], cwd=HOME, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_types_in_helpers_fit_together():
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hooks_before_a_commit_fetch_nothing():
    hooks = (HOME / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (.+)", hooks) == ["local"] and set(re.findall(r"language: (.+)", hooks)) == {"system"}
    tools = {path.name for path in Path(sys.executable).parent.iterdir()}
    assert {Path(entry).name for entry in re.findall(r"entry: (\S+)", hooks)} <= tools


@pytest.mark.parametrize("page", ["README.md", "notebooks/README.md"])
def test_every_relative_link_of_a_page_leads_somewhere(page):
    text = (HOME / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text) + re.findall(r'src="(?!https?:)([^"]+)"', text):
        assert (HOME / page).parent.joinpath(link).exists(), link


def verdicts(part=GUIDE):
    """Return (claim, who says it, verdict, notebook, heading) of each row of the tables of verdicts."""
    row = r"^\| (.+?) \| ([\w ]+) \| (holds.*?|does not hold.*?) \| .*? \| \[\d\d\]\((.+?\.ipynb)#(.+?)\) \|$"
    return re.findall(row, part, re.M)


def test_the_tables_of_verdicts_say_what_the_notebooks_print():
    rows = verdicts()
    tables = GUIDE.split("## Teaching")[0]
    assert len(rows) == len(re.findall(r"^\| .+ \| \[\d\d\]", tables, re.M)) > 80
    for claim, who, verdict, name, heading in rows:
        notebook = nbformat.read(HOME / "notebooks" / name, as_version=4)
        outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
        printed = "\n".join(out.get("data", {}).get("text/plain", "") for out in outputs)
        row = rf"^{re.escape(claim)} \| {who} \| .+ \| {re.escape(verdict)}$"
        assert re.search(row, printed, re.M), (name, claim, verdict)
        assert re.search(rf"^## {heading.replace('-', ' ')}$", "\n".join(c.source for c in notebook.cells), re.M)


def test_what_the_course_adds_stands_in_a_table_of_its_own():
    article, course = GUIDE.split("## Teaching")[0].split("## What the course adds")
    assert {who for _, who, *_ in verdicts(article)} == {"the article", "its title"}
    assert {who for _, who, *_ in verdicts(course)} == {"this course"}


def test_every_verdict_of_a_notebook_stands_in_the_table():
    known = {(name, claim) for claim, _, _, name, _ in verdicts()}
    for path in NOTEBOOKS.values():
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                head, *rows = output.get("data", {}).get("text/plain", "").split("\n")
                if head == "claim | who says it | measured | verdict":
                    assert {(path.name, row.split(" | ")[0]) for row in rows} <= known


def test_every_notebook_stands_in_both_maps_and_in_the_guide():
    start = NOTEBOOKS["start_here"].read_text(encoding="utf-8")
    for slug, path in NOTEBOOKS.items():
        number, name = path.name[:2], slug.replace("_", " ").replace("lstm", "LSTM")
        assert f"[{number} {name}](notebooks/{path.name})" in README and f"]({path.name})" in GUIDE
        assert f"### {number}, {name} (" in GUIDE
        assert slug == "start_here" or f"[{number}, {name}]({path.name})" in start


def test_no_notebook_is_named_by_its_number_in_code():
    for name in TRACKED:
        if name.startswith(("helpers/", "tests/")) and name.endswith(".py"):
            text = (HOME / name).read_text(encoding="utf-8")
            assert not re.search(r"\b[01]\d_(?:" + "|".join(NOTEBOOKS) + r")\b|[Nn]otebook [01]\d\b", text), name


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
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

    def test_it_has_the_shape_that_every_notebook_has(self, path):
        notebook = nbformat.read(path, as_version=4)
        prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        headings, ids = re.findall(r"^## (.+)$", prose, re.M), [cell.id for cell in notebook.cells]
        if path != NOTEBOOKS["start_here"]:
            assert [heading for heading in headings if heading in SHAPE] == SHAPE
            assert re.search(r"^\*About \d+ minutes\. Before it: \[", prose, re.M)
        for part in ("predict", "lab", "verdict-1"):
            assert part in ids
        for number in range(1, sum(part.startswith("exercise-") and part[9:].isdigit() for part in ids) + 1):
            assert {f"exercise-{number}", f"answer-{number}"} <= set(ids)

    def test_its_folds_give_nothing_away(self, path):
        for cell in nbformat.read(path, as_version=4).cells:
            assert not (cell.cell_type == "code" and re.search(r"exercise_\d\.solution\(", cell.source))
            folded = cell.metadata.get("jupyter", {}).get("outputs_hidden", False)
            if cell.cell_type == "code" and (cell.id.startswith("verdict-") or ".compare(" in cell.source):
                assert folded, cell.id
            if folded:  # JupyterLab shows the first line of the first output beside the dots
                first, *others = cell.outputs
                assert first.data["text/plain"] in ("Verdict", "Answer", "Open", "Compare") and others, cell.id
                assert list(first.data) == ["text/plain"]

    def test_its_expected_picture_is_the_one_that_its_cell_shows(self, path):
        pictures = expected(nbformat.read(path, as_version=4))
        assert len(pictures) == (path != NOTEBOOKS["start_here"])
        for picture in pictures:
            kept = path.parent / "pictures" / f"{path.stem}.png"
            assert kept.read_bytes() == picture and len(picture) < 200_000
            assert re.search(rf"!\[.{{20,}}\]\(pictures/{kept.name}\)", GUIDE)

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


def checked(capsys, **changed):
    """Run the check of the environment as the first notebook has it, some packages changed, and return what it says."""
    cells = nbformat.read(NOTEBOOKS["start_here"], as_version=4).cells
    source = next(cell.source for cell in cells if cell.id == "check")

    def found(name):
        if changed.get(name, "") is None:
            raise PackageNotFoundError(name)
        return changed.get(name) or version(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importlib.metadata.version", found)
        patch.setitem(sys.modules, "helpers.models", SimpleNamespace(build=changed.get("build", lambda _: {})))
        exec(source, {})
    return capsys.readouterr().out.strip().split("\n")


def test_the_check_of_the_environment_says_what_is_wrong_and_nothing_else(capsys):
    def broken(_):
        raise ImportError("DLL load failed")

    needs = {need.name: need for need in map(Requirement, requires("window-lab"))}
    assert checked(capsys) == ["Everything is in place."]
    assert checked(capsys, numpy="1.0", scipy=None) == [
        f'{name} is {found}: run  %pip install "{need}"  in a cell, then restart the kernel'
        for name, found, need in (("numpy", "1.0", needs["numpy"]), ("scipy", "missing", needs["scipy"]))
    ]
    (said,) = checked(capsys, **{"window-lab": None, "numpy": None})
    assert said.startswith("window-lab is missing: run  %pip install -e ..")
    assert checked(capsys, build=broken) == ["TensorFlow does not load: ImportError: DLL load failed"]


def test_a_notebook_becomes_a_script_by_the_name_of_one():
    notebook = nbformat.read(NOTEBOOKS["start_here"], as_version=4)
    _, resources = PythonExporter().from_notebook_node(notebook)
    assert resources["output_extension"] == ".py"
    for path in NOTEBOOKS.values():
        told = nbformat.read(path, as_version=4).metadata.language_info
        assert (told.name, told.file_extension) == ("python", ".py"), path.name
