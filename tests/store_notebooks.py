"""Run notebooks from clean and store what they show: ``python tests/store_notebooks.py 12 13``.

The arguments are the numbers of notebooks; without any, every one is run.
"""

import os
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
        nbformat.write(notebook, path)
        print("stored", path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
