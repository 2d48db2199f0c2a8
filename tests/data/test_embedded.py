from pathlib import Path

import numpy as np
import pytest

import minigrad.data
from minigrad.data import load_digits, load_iris
from minigrad.errors import DTypeError


def test_digits_published_facts():
    digits = load_digits()
    assert digits.x.shape == (1797, 64)
    assert digits.x.dtype == np.float64
    assert digits.y.dtype == np.int64
    # Class counts of the test set in the UCI repository's description of the data.
    assert np.bincount(digits.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.x.min() == 0.0
    assert digits.x.max() == 1.0
    raw = digits.x * 16
    assert (raw == np.rint(raw)).all()


def test_digits_names():
    digits = load_digits()
    assert digits.feature_names[:2] == ("pixel_0_0", "pixel_0_1")
    assert digits.feature_names[-1] == "pixel_7_7"
    assert digits.target_names == tuple("0123456789")


def test_digits_equal_scikit_learns():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs, ours = datasets.load_digits(), load_digits()
    np.testing.assert_array_equal(ours.x * 16, theirs.data)
    np.testing.assert_array_equal(ours.x.reshape(-1, 8, 8) * 16, theirs.images)
    np.testing.assert_array_equal(ours.y, theirs.target)
    assert list(ours.feature_names) == theirs.feature_names


def test_iris_published_facts():
    iris = load_iris()
    assert iris.x.shape == (150, 4)
    assert iris.y.dtype == np.int64
    assert np.bincount(iris.y).tolist() == [50, 50, 50]
    # Means, minima and maxima as in R's summary(iris).
    np.testing.assert_allclose(iris.x.mean(axis=0), [5.8433, 3.0573, 3.7580, 1.1993], atol=5e-5)
    assert iris.x.min(axis=0).tolist() == [4.3, 2.0, 1.0, 0.1]
    assert iris.x.max(axis=0).tolist() == [7.9, 4.4, 6.9, 2.5]


def test_iris_has_the_rows_of_fishers_paper_where_the_uci_copy_errs():
    iris = load_iris()
    assert iris.x[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert iris.x[37].tolist() == [4.9, 3.6, 1.4, 0.1]


def test_iris_equals_scikit_learns():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs, ours = datasets.load_iris(), load_iris()
    np.testing.assert_array_equal(ours.x, theirs.data)
    np.testing.assert_array_equal(ours.y, theirs.target)
    assert list(ours.feature_names) == theirs.feature_names
    assert list(ours.target_names) == theirs.target_names.tolist()


@pytest.mark.parametrize(
    ("load", "doi"), [(load_digits, "10.24432/C50P49"), (load_iris, "10.24432/C56C76")]
)
def test_description_gives_credit_and_licence(load, doi):
    description = load().description
    assert doi in description
    assert "CC BY 4.0" in description
    assert "Changes:" in description


@pytest.mark.parametrize("load", [load_digits, load_iris])
def test_dtype(load):
    assert load(dtype=np.float32).x.dtype == np.float32
    np.testing.assert_allclose(load(dtype="float32").x, load().x, rtol=6e-8)
    with pytest.raises(DTypeError, match=f"{load.__name__}: dtype is int64; features need float64"):
        load(dtype=np.int64)


@pytest.mark.parametrize("load", [load_digits, load_iris])
def test_each_call_gives_arrays_of_its_own(load):
    load().x[:] = -1.0
    assert load().x.min() >= 0.0


def test_files_are_small():
    folder = Path(minigrad.data.__file__).parent
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.npz")}
    assert set(sizes) == {"digits.npz", "iris.npz"}
    assert sum(sizes.values()) < 150_000
