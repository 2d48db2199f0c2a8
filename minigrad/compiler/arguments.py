"""Arguments and results: arrays and Tensors, alone or in tuples, lists and dicts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.tensor import Tensor

__all__ = ["in_order", "is_in_order", "kinds_of", "leaves_of", "map_leaves", "ready"]

Path = tuple[Any, ...]


def map_leaves(tree: Any, path: Path, function: Callable[[Any, Path], Any]) -> Any:
    """``tree`` with each leaf replaced by ``function(leaf, path)``."""
    if type(tree) in (tuple, list):
        return type(tree)(map_leaves(x, (*path, i), function) for i, x in enumerate(tree))
    if type(tree) is dict:
        return {key: map_leaves(x, (*path, key), function) for key, x in tree.items()}
    return function(tree, path)


def leaves_of(arguments: Mapping[str, Any]) -> list[tuple[Path, Any]]:
    """All leaves, each with the path that leads to it."""
    found: list[tuple[Path, Any]] = []
    for name, value in arguments.items():
        map_leaves(value, (name,), lambda leaf, path: found.append((path, leaf)))
    return found


def kinds_of(arguments: Mapping[str, Any], held: Iterable[Tensor]) -> tuple[Any, ...]:
    """What a program depends on in the arguments: shapes and dtypes, and all of the rest.

    Of a Tensor also whether it is one that the function ``held``, or the same as another argument.
    """
    known: dict[Tensor, Any] = {tensor: id(tensor) for tensor in held}
    found: list[Any] = []
    for path, leaf in leaves_of(arguments):
        kind = kind_of(leaf)
        if isinstance(leaf, Tensor):
            kind = (*kind, known.setdefault(leaf, path))
        found.append((path, type(leaf), *kind))
    return tuple(found)


def kind_of(leaf: Any) -> tuple[Any, ...]:
    if isinstance(leaf, Tensor):
        return leaf.data.shape, leaf.data.dtype, leaf.requires_grad
    if isinstance(leaf, np.ndarray):
        return leaf.shape, leaf.dtype
    if isinstance(leaf, np.generic):
        return (leaf.dtype,)
    if type(leaf) is float:
        return ()
    if isinstance(leaf, (int, complex, str, bytes, type(None))):
        return (leaf,)
    return (id(leaf),)


def ready(leaf: Any, path: Path) -> Any:
    """An argument as programs take it.

    Raises
    ------
    DTypeError
        If it is an array of something else than real numbers, or of a subclass of ndarray, whose
        operators may mean something else.
    """
    data = leaf.data if isinstance(leaf, Tensor) else leaf
    if not isinstance(data, (np.ndarray, np.generic)):
        return leaf
    name = str(path[0]) + "".join(f"[{key!r}]" for key in path[1:])
    if data.dtype.kind not in "biuf":
        raise DTypeError(
            f"compile: argument {name} has dtype {data.dtype}; it must be real numbers"
        )
    if not isinstance(data, (np.generic, np.memmap)) and type(data) is not np.ndarray:
        raise DTypeError(
            f"compile: argument {name} is a {type(data).__name__}, whose operators may differ from "
            "those of an ndarray; hand over np.asarray(...) of it"
        )
    return leaf if isinstance(leaf, Tensor) else in_order(leaf)


def is_in_order(array: Any) -> bool:
    """Whether a program can take it: C order, writable, in the machine's byte order."""
    plain = np.dtype(array.dtype.type)  # the one object that NumPy has for this dtype
    return type(array) is np.ndarray and array.flags.carray and array.dtype is plain


def in_order(leaf: Any) -> Any:
    """An array as a program can take it, a copy if need be; anything else as it is."""
    if not isinstance(leaf, np.ndarray) or is_in_order(leaf):
        return leaf
    return np.array(leaf, np.dtype(leaf.dtype.type), order="C")
