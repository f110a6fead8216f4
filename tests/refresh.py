"""Run notebooks in order, each in a fresh kernel, and commit to their files what came out: `python tests/refresh.py`.

Without names it takes all notebooks. A notebook in which nothing has changed but the digits behind ≈ keeps its old
outputs, pictures too; else all are new, so that its figures are those of one run. `--pictures` takes the new ones in
any case. The picture of the cell tagged `expected` is kept for the instructor's guide as well, in `notebooks/pictures`.
Widgets are left out of the file, since without a kernel they would only show an error; the picture and the text beside
them stay. So do no times and no machine's names.
"""

import base64
import copy
import re
import sys
from pathlib import Path

import nbformat
from course import NOTEBOOKS
from nbclient import NotebookClient
from nbval.plugin import get_sanitize_patterns

EXEMPT = get_sanitize_patterns(Path(__file__).with_name("nbval.cfg").read_text(encoding="utf-8"))
WIDGET = "application/vnd.jupyter.widget-view+json"


def refresh(path, draw_anew=False):
    """Run one notebook and write it back with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    before = {cell.id: copy.deepcopy(cell.get("outputs")) for cell in notebook.cells}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": path.parent}})
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
            cell.outputs = merged([output for output in cell.outputs if output.get("data") != {}])
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not draw_anew and all(compared(before[cell.id]) == compared(cell.outputs) for cell in code):
        for cell in code:
            cell.outputs = counted(before[cell.id], cell.execution_count)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    for picture in expected(notebook):
        (path.parent / "pictures").mkdir(exist_ok=True)
        (path.parent / "pictures" / f"{path.stem}.png").write_bytes(picture)


def compared(outputs):
    """Return what nbval compares of outputs: all but the bytes of pictures and the digits behind ≈."""
    parts = [
        {"text": output.get("text", ""), "name": output.get("name", "")} | output.get("data", {}) for output in outputs
    ]
    said = [[f"{kind}: {part[kind]}" for kind in sorted(part)] for part in parts]
    for regex, replacement in EXEMPT:
        said = [[re.sub(regex, replacement, text) for text in part] for part in said]
    return said


def counted(outputs, number):
    """Return outputs with the number of the cell's execution where they have one."""
    for output in outputs:
        if "execution_count" in output:
            output.execution_count = number
    return outputs


def merged(outputs):
    """Return the outputs with what was printed piece by piece joined, since the pieces fall by chance."""
    whole = []
    for output in outputs:
        if whole and output.get("name") == whole[-1].get("name", ""):
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def expected(notebook):
    """Return the pictures, as PNG, of the cells tagged `expected`."""
    tagged = [cell for cell in notebook.cells if "expected" in cell.metadata.get("tags", [])]
    shown = [output.get("data", {}).get("text/html") for cell in tagged for output in cell.outputs]
    return [base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", html).group(1)) for html in shown if html]


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--pictures"]
    for path in [Path(name) for name in names] or NOTEBOOKS.values():
        print(path.name, flush=True)
        refresh(path, draw_anew="--pictures" in sys.argv)
