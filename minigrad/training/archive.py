"""What checkpoints and model files have in common: one ``.npz`` file of arrays and a JSON text.

Nothing in it is pickled, so that reading one never runs code.
"""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.files import PathLike, replace_bytes
from minigrad.data.scaling import Standardizer
from minigrad.errors import DTypeError, StateError

__all__ = ["Groups", "read_archive", "write_archive"]

VERSION = 1

Groups = dict[str, dict[str, Any]]
"""Arrays and numbers by name, in named groups."""


def write_archive(
    function: str, path: PathLike, kind: str, metadata: Mapping[str, Any], groups: Groups
) -> None:
    """Replace the file at ``path`` in one step by an archive of this kind."""
    header = {"format": f"minigrad {kind}", "version": VERSION, "metadata": metadata}
    try:
        text = json.dumps(header, default=plain)
    except (TypeError, ValueError) as error:
        raise DTypeError(f"{function}: {error}; metadata must be what JSON can hold") from error
    arrays = {"header": np.frombuffer(text.encode(), np.uint8)}
    for group, entries in groups.items():
        for name, value in entries.items():
            arrays[f"{group}/{name}"] = array_of(function, f"{group}/{name}", value)
    buffer = BytesIO()
    try:
        np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its allow_pickle is no key of ours
    except ValueError as error:
        # Ctrl-C within an entry: zipfile cannot close the archive then, and says only that.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    replace_bytes(function, path, buffer.getvalue())


def read_archive(function: str, path: PathLike, kind: str) -> tuple[dict[str, Any], Groups]:
    """Metadata and groups of the archive at ``path``; StateError if it is none of this kind."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise StateError(f"{function}: cannot read '{path}': {error.strerror}") from error
    try:
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # zipfile, zlib and NumPy raise their own on damaged bytes
        raise StateError(
            f"{function}: '{path}' is no minigrad {kind}: it is no .npz file, or truncated or "
            f"damaged ({type(error).__name__})"
        ) from error
    try:
        header = json.loads(arrays.pop("header").tobytes())
        found, version, metadata = header["format"], header["version"], header["metadata"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(
            f"{function}: '{path}' is no minigrad {kind}: it is an .npz file of other arrays "
            f"({', '.join(sorted(arrays)[:5])})"
        ) from error
    if found != f"minigrad {kind}":
        raise StateError(f"{function}: '{path}' is a {found}, not a minigrad {kind}")
    if version != VERSION:
        raise StateError(
            f"{function}: '{path}' has version {version} of the format, and this minigrad reads "
            f"version {VERSION}"
        )
    groups: Groups = {}
    for name, array in arrays.items():
        group, _, entry = name.partition("/")
        groups.setdefault(group, {})[entry] = array
    return metadata, groups


def plain(value: Any) -> Any:
    """A value that JSON does not know, in its terms."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Standardizer):
        return {"mean": value.mean.tolist(), "std": value.std.tolist()}
    raise TypeError(f"{value!r} is a {type(value).__name__}")


def array_of(function: str, name: str, value: Any) -> NDArray[Any]:
    array = np.asarray(value)
    if array.dtype.kind not in "biufcU":
        raise DTypeError(f"{function}: {name} is {value!r}; it must be a number, text or an array")
    return array
