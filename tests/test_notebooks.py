"""The notebooks: run from clean, each prints what is stored in it and draws as many figures."""

import re
from copy import deepcopy
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import minigrad as mg

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def run(notebook):
    NotebookClient(
        notebook,
        timeout=120,
        coalesce_streams=True,  # in how many pieces a print arrives is a matter of timing
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER)}},
    ).execute()


def shown(notebook):
    """What each cell put out."""
    return [[shown_by(output) for output in cell.get("outputs", [])] for cell in notebook.cells]


def shown_by(output):
    """Its printed text; "figure" for a picture, "page" for a drawing, a table or a replay."""
    for form, name in (("image/png", "figure"), ("text/html", "page")):
        if form in output.get("data", {}):
            return name
    kind = output.get("name", output.output_type)
    text = output.get("text") or output.get("data", {}).get("text/plain")
    # What Jupyter calls a cell's source is its own affair.
    return f"{kind}: {re.sub(r'[0-9]+[.]py:', 'CELL.py:', text)}"


def test_there_are_notebooks_and_the_index_lists_each():
    assert NOTEBOOKS
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\((\w+\.ipynb)\)", index)) == {path.name for path in NOTEBOOKS}


def test_each_title_stands_in_the_index_in_english_and_japanese():
    rows = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    for path in NOTEBOOKS:
        heading = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
        number, title = re.fullmatch(r"# (\d\d) · (.+)", heading).groups()
        (row,) = [row for row in rows if f"({path.name})" in row]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[:2] == [number, f"[{title}]({path.name})"]
        assert re.search("[ぁ-んァ-ン一-龥]", cells[2])


@pytest.mark.parametrize("page", ["README.md", "TERMS.md"])
def test_the_links_of_a_page_lead_somewhere(page):
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", (FOLDER / page).read_text(encoding="utf-8"))
    assert targets
    for target in targets:
        assert (FOLDER / target).exists(), target


@every_notebook
def test_run_again_it_shows_what_is_stored(path, monkeypatch):
    monkeypatch.delenv("MINIGRAD_MNIST", raising=False)
    stored = nbformat.read(path, as_version=4)
    fresh = deepcopy(stored)
    run(fresh)
    assert shown(fresh) == shown(stored)


def test_the_digits_notebook_runs_on_mnist_too(tmp_path, monkeypatch):
    """On four files of MNIST's form: a few hundred of the small digits in larger frames."""
    digits = mg.data.load_digits()
    images = np.zeros((600, 28, 28), np.uint8)
    images[:, 2:26, 2:26] = np.kron(digits.x[:600].reshape(-1, 8, 8) * 255, np.ones((1, 3, 3)))
    for part, rows in (("train", slice(0, 500)), ("t10k", slice(500, 600))):
        mg.data.write_idx(tmp_path / f"{part}-images-idx3-ubyte", images[rows])
        mg.data.write_idx(
            tmp_path / f"{part}-labels-idx1-ubyte", digits.y[:600].astype(np.uint8)[rows]
        )
    monkeypatch.setenv("MINIGRAD_MNIST", str(tmp_path))
    notebook = nbformat.read(FOLDER / "09_handwritten_digits.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if "mg.data.load_mnist(" in cell.source]
    cell.source = cell.source.replace("(folder,", "(folder, verify=False,")
    run(notebook)
    texts = [shown_by(output) for output in cell.outputs]
    assert texts[:2] == ["figure", "figure"]
    assert re.fullmatch(r"stdout: \d+ of 100 right\n", texts[2])
    assert texts[3:] == ["figure"]


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
