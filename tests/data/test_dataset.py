import dataclasses

import numpy as np
import pytest

from minigrad.data import Dataset
from minigrad.errors import ShapeError


def test_is_frozen():
    data = Dataset(np.zeros((2, 1)), np.zeros(2, np.int64), ("a",), ("no", "yes"), "made up")
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.x = np.ones((2, 1))


def test_repr_shows_shapes_not_values():
    data = Dataset(np.zeros((900, 1)), np.zeros(900), ("a",), ("t",), "made up")
    assert repr(data) == "Dataset(x=(900, 1) float64, y=(900,) float64, 1 target names)"


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros(2), np.zeros(2), r"x has shape \(2,\); expected \(N, D\)"),
        (np.zeros((2, 1)), np.zeros(3), "x has 2 rows but y has 3"),
        (np.zeros((2, 2)), np.zeros(2), "x has 2 columns but feature_names has 1 names"),
    ],
)
def test_shapes_that_do_not_fit(x, y, message):
    with pytest.raises(ShapeError, match=message):
        Dataset(x, y, ("a",), ("t",), "")
