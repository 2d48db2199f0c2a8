"""The exception tree: as drawn, and each class also the builtin that a user would expect."""

import re
import tomllib
from pathlib import Path

import pytest

from minigrad import errors
from minigrad.errors import MinigradError, MissingExtraError


def drawn_tree():
    """(class, builtin) for every line of the tree in the docstring."""
    return re.findall(r"[├└]── (\w+) \((\w+)\)", errors.__doc__)


def test_the_tree_that_is_drawn_is_the_real_one():
    real = {
        (cls.__name__, cls.__bases__[1].__name__)
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, MinigradError) and cls is not MinigradError
    }
    assert set(drawn_tree()) == real
    assert len(drawn_tree()) == len(real)
    assert all(getattr(errors, name).__bases__[0] is MinigradError for name, _ in real)


def test_the_tree_is_what_the_module_exports():
    assert sorted(errors.__all__) == sorted(["MinigradError", *(name for name, _ in drawn_tree())])


@pytest.mark.parametrize("name", errors.__all__)
def test_every_class_says_what_it_is_for(name):
    assert getattr(errors, name).__doc__.strip().endswith(".")


def test_a_missing_extra_says_what_to_install():
    error = MissingExtraError("tqdm", "train", "the progress bar")
    assert str(error) == (
        "the progress bar needs the package 'tqdm', which is not installed: "
        "pip install 'minigrad[train]'"
    )


def test_every_extra_that_is_named_exists():
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    texts = [path.read_text(encoding="utf-8") for path in (root / "minigrad").rglob("*.py")]
    texts += [requirement for requirements in extras.values() for requirement in requirements]
    named = {
        name
        for text in texts
        for found in re.findall(r"minigrad\[([\w,]+)\]", text)
        for name in found.split(",")
    }
    assert named >= {"train", "compile"}
    assert named <= set(extras)
