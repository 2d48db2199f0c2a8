"""Arguments and results: arrays and Tensors, alone or in tuples, lists and dicts."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad.tensor import Tensor

__all__ = ["in_order", "kinds_of", "map_leaves"]


def map_leaves(
    tree: Any, path: tuple[Any, ...], function: Callable[[Any, tuple[Any, ...]], Any]
) -> Any:
    """``tree`` with each leaf replaced by ``function(leaf, path)``."""
    if type(tree) in (tuple, list):
        return type(tree)(map_leaves(x, (*path, i), function) for i, x in enumerate(tree))
    if type(tree) is dict:
        return {key: map_leaves(x, (*path, key), function) for key, x in tree.items()}
    return function(tree, path)


def kinds_of(arguments: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a program depends on in the arguments: shapes and dtypes, and all of the rest."""
    found: list[Any] = []

    def note(leaf: Any, path: tuple[Any, ...]) -> None:
        found.append((path, type(leaf), *kind_of(leaf)))

    for name, value in arguments.items():
        map_leaves(value, (name,), note)
    return tuple(found)


def kind_of(leaf: Any) -> tuple[Any, ...]:
    if isinstance(leaf, Tensor):
        return leaf.data.shape, leaf.data.dtype, leaf.requires_grad
    if isinstance(leaf, (np.ndarray, np.generic)):
        return leaf.shape, leaf.dtype
    if type(leaf) is float:
        return ()
    try:
        hash(leaf)
    except TypeError:
        return (id(leaf),)
    return (leaf,)


def in_order(leaf: Any, path: tuple[Any, ...] = ()) -> Any:
    """An array with its elements in C order and in the machine's byte order; others as they are."""
    if isinstance(leaf, np.ndarray):
        return np.ascontiguousarray(leaf, leaf.dtype.newbyteorder("=")).reshape(leaf.shape)
    return leaf
