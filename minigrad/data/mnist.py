"""Folders of four IDX files: MNIST, checked against its published checksums, and its relatives."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigrad.data.dataset import Dataset, float_dtype
from minigrad.data.files import PathLike, read_bytes
from minigrad.data.idx import decode_idx
from minigrad.errors import DataError

# MD5 of the files as distributed, and of what they hold.
MNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}

_MNIST_DESCRIPTION = """\
MNIST: handwritten digits, 60,000 to train and 10,000 to test, 28 x 28 pixels, 10 classes.
x holds the grey value 0 to 255 divided by 255.

Credit: Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits (1998)."""


def load_mnist(
    folder: PathLike, *, verify: bool = True, dtype: DTypeLike = np.float64
) -> tuple[Dataset, Dataset]:
    """Load MNIST from a folder that holds its four files, compressed with gzip or not.

    Nothing is downloaded. The files and their names are those of :func:`load_idx_folder`.

    Parameters
    ----------
    folder : str or path-like
        Where the files are.
    verify : bool
        Compare the MD5 of each file with that of the original; False for files that were
        compressed anew or altered on purpose.
    dtype : floating dtype
        Of ``x``; float32 halves the 440 MB that float64 takes.

    Returns
    -------
    train, test : Dataset
        ``x`` of shape (60000, 784) and (10000, 784), ``raw / 255`` and so in [0, 1], an image row
        by row; ``y`` int64, the digit.

    Raises
    ------
    DataError
        If a file is missing, has another checksum, or is not what it should be.
    DTypeError
        If ``dtype`` is not floating.

    References
    ----------
    Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits (1998).

    Examples
    --------
    >>> from minigrad.data import load_mnist
    >>> train, test = load_mnist("MNIST/raw", dtype="float32")  # doctest: +SKIP
    >>> train.x.shape  # doctest: +SKIP
    (60000, 784)
    """
    checksums = MNIST_MD5 if verify else None
    train, test = load_idx_folder(folder, checksums=checksums, dtype=dtype)
    return (
        replace(train, description=_MNIST_DESCRIPTION),
        replace(test, description=_MNIST_DESCRIPTION),
    )


def load_idx_folder(
    folder: PathLike,
    *,
    checksums: Mapping[str, str] | None = None,
    dtype: DTypeLike = np.float64,
) -> tuple[Dataset, Dataset]:
    """Load a training and a test set of images from four IDX files named as MNIST's are.

    Fashion-MNIST, KMNIST and others come in this form. The files are
    ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
    ``t10k-labels-idx1-ubyte``, each also with ``.gz``, and with ``.idx`` in place of ``-idx``.

    Parameters
    ----------
    folder : str or path-like
        Where the files are.
    checksums : mapping of str to str, optional
        The MD5, in hexadecimal, expected of the file of each name (written with ``-idx``); the
        bytes are taken as they are on the disk. Without it nothing is compared.
    dtype : floating dtype
        Of ``x``.

    Returns
    -------
    train, test : Dataset
        ``x`` of shape (N, rows * columns), ``raw / 255`` and so in [0, 1], an image row by row;
        ``y`` int64 of shape (N,). Both sets have the same ``target_names``, "0" to the highest
        label.

    Raises
    ------
    DataError
        If a file is missing, has another checksum than expected or none in ``checksums``, or is not
        IDX; if images are not uint8 in 3-D or labels not uint8 in 1-D; if the numbers of images and
        labels, or the image sizes of the two sets, differ.
    DTypeError
        If ``dtype`` is not floating.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from minigrad.data import load_idx_folder, write_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part, n in [("train", 5), ("t10k", 2)]:
    ...         images = np.full((n, 4, 3), 255, dtype=np.uint8)
    ...         write_idx(os.path.join(folder, f"{part}-images-idx3-ubyte.gz"), images)
    ...         labels = np.arange(n, dtype=np.uint8)
    ...         write_idx(os.path.join(folder, f"{part}-labels-idx1-ubyte.gz"), labels)
    ...     train, test = load_idx_folder(folder)
    >>> train
    Dataset(x=(5, 12) float64, y=(5,) int64, 5 target names)
    """
    dtype = float_dtype("load_idx_folder", dtype)
    train_images, train_labels = _read_part(Path(folder), "train", checksums)
    test_images, test_labels = _read_part(Path(folder), "t10k", checksums)
    rows, columns = train_images.shape[1:]
    if test_images.shape[1:] != (rows, columns):
        raise DataError(
            f"load_idx_folder: '{folder}' has training images of {rows} x {columns} pixels but "
            f"test images of {test_images.shape[1]} x {test_images.shape[2]}"
        )
    num_classes = 1 + max(int(train_labels.max()), int(test_labels.max()))
    train, test = (
        Dataset(
            x=np.divide(images.reshape(len(images), -1), 255, dtype=dtype),
            y=labels.astype(np.int64),
            feature_names=tuple(f"pixel_{r}_{c}" for r in range(rows) for c in range(columns)),
            target_names=tuple(str(label) for label in range(num_classes)),
            description=f"{len(images)} images of {rows} x {columns} pixels from '{folder}'; "
            "x holds the grey value 0 to 255 divided by 255.",
        )
        for images, labels in [(train_images, train_labels), (test_images, test_labels)]
    )
    return train, test


def _read_part(
    folder: Path, part: str, checksums: Mapping[str, str] | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images = _read_file(folder, f"{part}-images", 3, checksums)
    labels = _read_file(folder, f"{part}-labels", 1, checksums)
    if len(images) != len(labels):
        raise DataError(
            f"load_idx_folder: '{folder}' has {len(images)} {part}-images but {len(labels)} "
            f"{part}-labels; each image needs one label"
        )
    if images.size == 0:
        raise DataError(f"load_idx_folder: '{folder}' has no {part}-images: shape {images.shape}")
    return images, labels


def _read_file(
    folder: Path, stem: str, ndim: int, checksums: Mapping[str, str] | None
) -> NDArray[np.uint8]:
    names = [f"{stem}{mark}idx{ndim}-ubyte{end}" for mark in "-." for end in ("", ".gz")]
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        reason = "looked for " + " or ".join(names) if folder.is_dir() else "no such folder"
        raise DataError(f"load_idx_folder: '{folder}' has no {stem} file: {reason}")
    content = read_bytes("load_idx_folder", path)
    if checksums is not None:
        _verify(path, content, checksums)
    array = decode_idx(f"load_idx_folder: '{path}'", content)
    if array.dtype != np.uint8 or array.ndim != ndim:
        raise DataError(
            f"load_idx_folder: '{path}' holds {array.dtype} values of shape {array.shape}; "
            f"expected uint8 in {ndim}-D"
        )
    return array


def _verify(path: Path, content: bytes, checksums: Mapping[str, str]) -> None:
    # OpenSSL behind it takes longer to load than the rest of this folder.
    import hashlib

    name = path.name.replace(".idx", "-idx")
    if name not in checksums:
        raise DataError(f"load_idx_folder: no checksum for '{path}'; checksums has {[*checksums]}")
    expected = checksums[name]
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != expected:
        raise DataError(
            f"load_idx_folder: '{path}' is not the expected file: expected MD5 {expected}, found "
            f"{found}; get it again, or if it was altered on purpose load it "
            "without checksums (load_mnist: verify=False)"
        )
