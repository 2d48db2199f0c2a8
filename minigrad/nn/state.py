"""A module's state: loading it from arrays, and keeping graphs out of copies."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DTypeError, StateError
from minigrad.tensor import Tensor

__all__ = ["holds_result", "load_state", "results_as_arrays"]


def load_state(
    caller: str, parameters: Mapping[str, Tensor], state: Mapping[str, Any], strict: bool
) -> None:
    """Copy the values in ``state`` into the parameters of the same names: all of them or none."""
    if not isinstance(state, Mapping):
        raise DTypeError(
            f"{caller}: state is {type(state).__name__}; it must be a dict of arrays by parameter "
            "name, as state_dict() returns it"
        )
    arrays = {name: np.asarray(state[name]) for name in parameters if name in state}
    problems = [misfit(name, array, parameters[name]) for name, array in arrays.items()]
    problems = [problem for problem in problems if problem]
    if strict or not arrays:
        problems += [f"{name}: missing" for name in parameters if name not in state]
        problems += [f"{name}: unexpected" for name in state if name not in parameters]
    if problems:
        raise StateError(
            f"{caller}: the state does not fit the model, and nothing was loaded:\n  "
            + "\n  ".join(problems)
        )
    for name, array in arrays.items():
        parameters[name].data[...] = array
        parameters[name].mark_changed()


def misfit(name: str, array: NDArray[Any], tensor: Tensor) -> str:
    """Why ``array`` cannot be loaded into ``tensor``, or the empty string."""
    if array.shape != tensor.shape:
        return f"{name}: shape {array.shape}, the model's is {tensor.shape}"
    if not np.can_cast(array.dtype, tensor.dtype, "same_kind"):
        return f"{name}: dtype {array.dtype}, the model's is {tensor.dtype}"
    if not tensor.data.flags.writeable:
        return f"{name}: the model's array is read-only"
    return ""


def holds_result(value: Any) -> bool:
    """Whether an attribute's value is a Tensor out of an op, or a container with one inside."""
    if isinstance(value, Mapping):
        return any(map(holds_result, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(holds_result, value))
    return isinstance(value, Tensor) and value.op is not None


def results_as_arrays(value: Any) -> Any:
    """An attribute's value with the Tensors that came out of ops replaced by their arrays."""
    if isinstance(value, Mapping):
        return {key: results_as_arrays(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [results_as_arrays(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value.data if isinstance(value, Tensor) and value.op is not None else value
