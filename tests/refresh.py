"""Run notebooks in order, each in a fresh kernel, and commit to their files what came out: `python tests/refresh.py`.

Without names it takes all notebooks. The picture of the cell tagged `expected` is kept for the instructor's guide as
well, in `notebooks/pictures`. Widgets are left out of the file, since without a kernel they would only show an
error; the picture and the text beside them stay. So do no times and no machine's names.
"""

import base64
import re
import sys
from pathlib import Path

import nbformat
from course import NOTEBOOKS
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"


def refresh(path):
    """Run one notebook and write it back with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": path.parent}})
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
            cell.outputs = merged([output for output in cell.outputs if output.get("data") != {}])
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    for picture in expected(notebook):
        (path.parent / "pictures").mkdir(exist_ok=True)
        (path.parent / "pictures" / f"{path.stem}.png").write_bytes(picture)


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
    shown = [output.data["text/html"] for cell in tagged for output in cell.outputs if "text/html" in output.data]
    return [base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", html).group(1)) for html in shown]


if __name__ == "__main__":
    for path in [Path(name) for name in sys.argv[1:]] or NOTEBOOKS.values():
        print(path.name, flush=True)
        refresh(path)
