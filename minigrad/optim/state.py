"""Flat states: text keys to numbers and arrays, so that ``np.savez(file, **state)`` stores one."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import StateError

__all__ = ["check_keys", "count_from", "plain", "slot_from"]


def check_keys(owner: str, expected: Iterable[str], state: Mapping[str, Any]) -> None:
    """Raise StateError, naming them, if entries are missing or there are others."""
    wanted = set(expected)
    missing = sorted(wanted - set(state))
    unexpected = sorted(set(state) - wanted)
    if missing or unexpected:
        found = [f"missing {', '.join(missing)}"] if missing else []
        found += [f"unexpected {', '.join(unexpected)}"] if unexpected else []
        raise StateError(
            f"{owner}.load_state_dict: {'; '.join(found)}. Nothing was loaded; take a state from a "
            f"{owner} built like this one"
        )


def plain(value: Any) -> Any:
    """An entry as Python numbers: files give back 0-d arrays for numbers, 1-d ones for tuples."""
    value = np.asarray(value).tolist()
    return tuple(value) if isinstance(value, list) else value


def count_from(owner: str, key: str, value: Any) -> int:
    """An entry that counts steps: an integer >= 0."""
    count = plain(value)
    if type(count) is not int or count < 0:
        raise StateError(f"{owner}.load_state_dict: {key} is {value!r}; it must be an integer >= 0")
    return count


def slot_from(owner: str, key: str, value: Any, like: NDArray[Any]) -> NDArray[Any]:
    """A copy of an entry that belongs to the parameter whose values are ``like``."""
    array = np.array(value)
    if array.shape != like.shape or array.dtype != like.dtype:
        raise StateError(
            f"{owner}.load_state_dict: {key} has shape {array.shape} and dtype {array.dtype}; its "
            f"parameter has shape {like.shape} and dtype {like.dtype}"
        )
    return array
