"""Run notebooks from clean and store what they show: ``python tests/store_notebooks.py 12 13``.

The arguments are the numbers of notebooks; without any, every one is run.
"""

import os
import re
import sys

import nbformat
from test_notebooks import NOTEBOOKS, run


def main(numbers):
    os.environ.pop("MINIGRAD_MNIST", None)
    for path in NOTEBOOKS:
        if numbers and path.stem[:2] not in numbers:
            continue
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        run(notebook)
        notebook.metadata.language_info = {"name": "python"}  # without the version at hand
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                settle(output.get("data", {}), cell.id)
        nbformat.write(notebook, path)
        print("stored", path.name)


def settle(data, name):
    """Of a drawing keep the page alone, with ids that are the same next time."""
    if "text/html" in data:
        data.pop("image/svg+xml", None)
        data["text/html"] = re.sub(r"\bmg-[0-9a-f]{8}\b", f"mg-{name}", data["text/html"])


if __name__ == "__main__":
    main(sys.argv[1:])
