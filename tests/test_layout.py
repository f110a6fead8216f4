"""The house: README's table of `helpers` lists every file, and each imports only from those that stand above it."""

import ast
import re
from pathlib import Path

HOME = Path(__file__).parent.parent
HELPERS = HOME / "helpers"
README = (HOME / "README.md").read_text(encoding="utf-8")
FILES = {path.relative_to(HELPERS).as_posix() for path in HELPERS.rglob("*.py")} - {"__init__.py"}


def listed():
    """Return the files in README's table, from top to bottom; a folder stands in it as a row of files."""
    rows = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \| .+ \|$", README.split("## Change it")[1], re.M)
    names = [name for row in rows for name in re.findall(r"`([\w/]+\.py)`", row)]
    return [name for name in names if name in FILES]


def imported(name):
    """Yield the files of `helpers` that a file imports from, inside functions too."""
    package = Path(name).parent
    for node in ast.walk(ast.parse((HELPERS / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package if node.level == 1 else package.parent
            module = base / (node.module or "").replace(".", "/")
            for alias in node.names:
                inside = (module / f"{alias.name}.py").as_posix()
                yield inside if inside in FILES else f"{module.as_posix()}.py"


def test_readme_lists_every_file_once():
    assert sorted(listed()) == sorted(name for name in FILES if not name.endswith("__init__.py"))


def test_each_file_imports_only_from_those_above_it():
    order = listed()
    for name in order:
        for other in imported(name):
            assert order.index(other) < order.index(name), f"{name} imports {other}, which stands below it"


def test_the_folders_import_nothing_by_themselves():
    for name in FILES:
        if name.endswith("__init__.py"):
            assert list(imported(name)) == [], name


def test_no_file_bears_a_public_name_which_it_would_hide():
    import helpers

    assert not {Path(name).stem for name in FILES} & set(helpers.__all__)


def names(tree):
    """Yield (private name, the object it is asked of) for each `x._name` in a file, and each `_name` it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            yield node.attr, ast.unparse(node.value)
        if isinstance(node, ast.ImportFrom) and node.level:
            yield from ((alias.name, "import") for alias in node.names if alias.name.startswith("_"))


def test_no_private_name_is_used_across_files():
    for path in HELPERS.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for name, owner in names(ast.parse(source)):
            own = re.search(rf"def {name}\b|self\.{name}\b.*=|, self\.{name}\b|^    {name} =", source, re.M)
            assert own or name == "_repr_mimebundle_", f"{path.name} uses {owner}.{name}, which is not its own"


def test_only_those_that_show_widgets_know_them():
    files = ((name, (HELPERS / name).read_text(encoding="utf-8")) for name in FILES)
    knows = {name for name, source in files if "import ipywidgets" in source}
    assert knows == {"lessons.py", "lab/controls.py", "lab/view.py"}
