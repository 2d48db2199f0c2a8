"""The notebooks: run from clean, each prints what is stored in it and draws as many figures."""

import re
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def shown(notebook):
    """What each cell put out: its printed text, "figure" for a picture."""
    return [
        ["figure" if "image/png" in output.get("data", {}) else text_of(output) for output in cell]
        for cell in (cell.get("outputs", []) for cell in notebook.cells)
    ]


def text_of(output):
    kind = output.get("name", output.output_type)
    return f"{kind}: {output.get('text') or output.get('data', {}).get('text/plain')}"


def test_there_are_notebooks_and_the_index_lists_each():
    assert NOTEBOOKS
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\((\w+\.ipynb)\)", index)) == {path.name for path in NOTEBOOKS}


@every_notebook
def test_run_again_it_shows_what_is_stored(path, monkeypatch):
    monkeypatch.delenv("MINIGRAD_MNIST", raising=False)
    stored = nbformat.read(path, as_version=4)
    fresh = deepcopy(stored)
    NotebookClient(
        fresh,
        timeout=120,
        coalesce_streams=True,  # in how many pieces a print arrives is a matter of timing
        resources={"metadata": {"path": str(FOLDER)}},
    ).execute()
    assert shown(fresh) == shown(stored)


@every_notebook
def test_it_is_stored_as_a_clean_run_leaves_it(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(output.get("name") == "stderr" for cell in code for output in cell.outputs)
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        assert cell.cell_type == "markdown" or before.cell_type == "markdown", (
            f"{cell.id} has no paragraph before it"
        )


@every_notebook
def test_its_links_lead_somewhere(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", cell.source):
            assert (FOLDER / target).exists(), target
