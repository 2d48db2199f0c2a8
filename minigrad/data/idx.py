"""IDX, the file format of MNIST: a magic number, the lengths of the axes, big-endian values.

::

    byte 0, 1    00 00
    byte 2       type code of the values (see _DTYPES)
    byte 3       number of dimensions, D
    4 bytes x D  length of each axis, unsigned, big-endian
    the values   in C order (last axis fastest), big-endian
"""

import gzip
import math
import os
import zlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.data.files import PathLike, read_bytes, replace_bytes
from minigrad.errors import DataError, DTypeError

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: PathLike) -> NDArray[Any]:
    """Read an IDX file, compressed with gzip or not, as an array.

    Whether the file is compressed is told by its first bytes, not by its name.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    ndarray
        Of the shape and dtype the file states (uint8, int8, int16, int32, float32 or float64), in
        the machine's byte order, writable.

    Raises
    ------
    DataError
        If the file is missing, empty, not IDX, of an unknown type, corrupt, too short or too long.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits, section "File
    formats for the MNIST database".

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from minigrad.data import read_idx, write_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "images.gz")
    ...     write_idx(path, np.arange(6, dtype=np.uint8).reshape(1, 2, 3))
    ...     read_idx(path)
    array([[[0, 1, 2],
            [3, 4, 5]]], dtype=uint8)
    """
    return decode_idx(f"read_idx: '{path}'", read_bytes("read_idx", path))


def decode_idx(source: str, content: bytes) -> NDArray[Any]:
    """The array in the bytes of an IDX file; ``source`` names function and file in errors."""
    if content.startswith(_GZIP_MAGIC):
        content = _decompress(source, content)
    if not content:
        raise DataError(f"{source} is empty; expected an IDX file, which begins with 00 00")
    if len(content) < 4 or content[:2] != b"\x00\x00":
        raise DataError(
            f"{source} begins with the bytes {content[:4].hex(' ')}; expected an IDX file: 00 00, "
            "a type code and the number of dimensions"
        )
    type_code, ndim = content[2], content[3]
    if type_code not in _DTYPES:
        known = ", ".join(f"0x{code:02X} {dtype.name}" for code, dtype in _DTYPES.items())
        raise DataError(f"{source} has the type code 0x{type_code:02X}; expected one of {known}")
    start = 4 + 4 * ndim
    if len(content) < start:
        raise DataError(
            f"{source} is truncated: a header of {ndim} dimensions takes {start} bytes, found "
            f"{len(content)} bytes in all"
        )
    shape = tuple(np.frombuffer(content, ">u4", count=ndim, offset=4).tolist())
    dtype = _DTYPES[type_code]
    expected, found = math.prod(shape) * dtype.itemsize, len(content) - start
    if found != expected:
        raise DataError(
            f"{source} is {'truncated' if found < expected else 'too long'}: its header says shape "
            f"{shape}, {dtype.name}, expected {expected} bytes of values, found {found}"
        )
    try:
        array = np.frombuffer(content, dtype, offset=start).reshape(shape)
    except ValueError as error:
        raise DataError(
            f"{source} has the shape {shape}, which NumPy cannot hold: {error}"
        ) from error
    return array.astype(dtype.newbyteorder("="))


def write_idx(path: PathLike, array: ArrayLike) -> None:
    """Write an array as an IDX file, with gzip if the name ends in ``.gz``.

    The file appears in one step: an interrupted write leaves an older file of that name as it was.

    Parameters
    ----------
    path : str or path-like
        The file to make or replace.
    array : array_like
        Any shape; uint8, int8, int16, int32, float32 or float64.

    Raises
    ------
    DTypeError
        If IDX has no type for the array's dtype.
    DataError
        If the file cannot be written.

    Examples
    --------
    See :func:`read_idx`.
    """
    array = np.asarray(array)
    type_codes = {dtype.name: code for code, dtype in _DTYPES.items()}
    if array.dtype.name not in type_codes:
        known = ", ".join(type_codes)
        raise DTypeError(
            f"write_idx: array has dtype {array.dtype}; IDX knows {known}: convert it with .astype"
        )
    type_code = type_codes[array.dtype.name]
    header = bytes([0, 0, type_code, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = header + array.astype(_DTYPES[type_code]).tobytes()
    if os.fspath(path).endswith(".gz"):
        # The time of writing is left out: equal arrays give equal files.
        content = gzip.compress(content, mtime=0)
    replace_bytes("write_idx", path, content)


def _decompress(source: str, content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"{source} is a corrupt gzip file, expected a complete one: {error}"
        ) from error
