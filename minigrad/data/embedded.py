"""The two data sets that come with the package, read from its folder when asked for."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigrad.data.dataset import Dataset, float_dtype

_DIGITS_DESCRIPTION = """\
Optical Recognition of Handwritten Digits, test set: 1,797 images of 8 x 8 pixels, 10 classes.
Each pixel counts the inked points, 0 to 16, of a 4 x 4 block of the 32 x 32 original;
x holds that count divided by 16. The 13 writers are not among those of the UCI training set.

Credit: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (1998),
UCI Machine Learning Repository, https://doi.org/10.24432/C50P49
Licence: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/
Changes: stored as a compressed NumPy file; values scaled when loaded."""

_IRIS_DESCRIPTION = """\
Iris: length and width, in cm, of the sepals and petals of 150 flowers of 3 species, 50 of each.
Setosa is linearly separable from the other two species, which are not from each other.

Credit: R. A. Fisher, Iris (1936), UCI Machine Learning Repository,
https://doi.org/10.24432/C56C76; first published as "The use of multiple measurements in
taxonomic problems", Annals of Eugenics 7, 179-188.
Licence: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/
Changes: the 35th and 38th flower as in the 1936 paper, where the UCI copy has errors;
stored as a compressed NumPy file."""


def _stored(name: str, values: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    with np.load(Path(__file__).with_name(name), allow_pickle=False) as archive:
        return archive[values], archive["labels"].astype(np.int64)


def load_digits(dtype: DTypeLike = np.float64) -> Dataset:
    """The UCI optical digits test set: 1,797 images of 8 x 8 pixels.

    The same images, in the same order, as scikit-learn's ``load_digits``, but scaled:
    ``x = raw / 16`` with raw = 0 .. 16, so that ``x`` is in [0, 1]. ``x * 16`` is exact.

    Parameters
    ----------
    dtype : floating dtype
        Of ``x``; float64 by default.

    Returns
    -------
    Dataset
        ``x`` of shape (1797, 64), an image row by row (``x.reshape(-1, 8, 8)`` gives the images),
        ``y`` int64 of shape (1797,), the digit; ``description`` has the credit and the licence.

    Raises
    ------
    DTypeError
        If ``dtype`` is not floating.

    References
    ----------
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, doi:10.24432/C50P49, CC BY 4.0.

    Examples
    --------
    >>> from minigrad.data import load_digits
    >>> digits = load_digits()
    >>> digits.x.shape, digits.y.shape
    ((1797, 64), (1797,))
    >>> image = digits.x[0].reshape(8, 8)
    >>> for row in image:
    ...     print("".join("#" if pixel > 0.5 else "-" for pixel in row))
    ---##---
    --####--
    --#--#--
    --#-----
    -----#--
    --#--#--
    --#-##--
    ---##---
    """
    pixels, labels = _stored("digits.npz", "pixels")
    return Dataset(
        x=np.divide(pixels, 16, dtype=float_dtype("load_digits", dtype)),
        y=labels,
        feature_names=tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)),
        target_names=tuple(str(digit) for digit in range(10)),
        description=_DIGITS_DESCRIPTION,
    )


def load_iris(dtype: DTypeLike = np.float64) -> Dataset:
    """Fisher's Iris data: 150 flowers, 4 measurements in cm, 3 species.

    Parameters
    ----------
    dtype : floating dtype
        Of ``x``; float64 by default.

    Returns
    -------
    Dataset
        ``x`` of shape (150, 4) in cm, unscaled (see :class:`~minigrad.data.Standardizer`), ``y``
        int64 of shape (150,): 0 setosa, 1 versicolor, 2 virginica, in this order in the file
        (shuffle before splitting). ``description`` has the credit and the licence.

    Raises
    ------
    DTypeError
        If ``dtype`` is not floating.

    References
    ----------
    R. A. Fisher, Iris, UCI Machine Learning Repository, doi:10.24432/C56C76, CC BY 4.0. The values
    are those of Fisher's paper, as in R and scikit-learn; the UCI file differs in two rows.

    Examples
    --------
    >>> from minigrad.data import load_iris
    >>> iris = load_iris()
    >>> iris.x.mean(axis=0).round(4)
    array([5.8433, 3.0573, 3.758 , 1.1993])
    >>> iris.target_names
    ('setosa', 'versicolor', 'virginica')
    """
    millimetres, labels = _stored("iris.npz", "millimetres")
    return Dataset(
        x=np.divide(millimetres, 10, dtype=float_dtype("load_iris", dtype)),
        y=labels,
        feature_names=(
            "sepal length (cm)",
            "sepal width (cm)",
            "petal length (cm)",
            "petal width (cm)",
        ),
        target_names=("setosa", "versicolor", "virginica"),
        description=_IRIS_DESCRIPTION,
    )
