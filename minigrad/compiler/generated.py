"""What a back end gives: a program as Python text, and that text ready to run."""

import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.buffers import ALIGNMENT
from minigrad.compiler.plan import Plan
from minigrad.compiler.program import Value

__all__ = ["Generated", "array_in", "literal", "name_of", "namespace_of", "new_workspace"]


@dataclass(frozen=True, slots=True)
class Generated:
    """A program that can run.

    Attributes
    ----------
    source
        The text that runs.
    function
        What it defines.
    plan
        What it was written from.
    run
        Takes the inputs in their order: C-contiguous arrays of the dtype declared (Python numbers
        for weak ones). Gives ``(refused, *numbers)``: whether a check was True, in which case
        nothing was written, and the outputs without axes.
    arrays
        For each output with axes the array that holds it, until the next run.
    native
        Of a native program the function that other native code may call, and its first argument.
    """

    source: str
    function: Callable[..., Any]
    plan: Plan
    run: Callable[..., tuple[Any, ...]]
    arrays: Mapping[Value, NDArray[Any]]
    native: tuple[Any, NDArray[np.uint8]] | None = None


def new_workspace(plan: Plan) -> NDArray[np.uint8]:
    """Zeroed memory for the values of a program, its constants filled in."""
    nbytes = plan.workspace.nbytes
    memory = np.zeros(nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    workspace = memory[start : start + nbytes]
    for value, array in plan.program.constants.items():
        if value.shape:
            array_in(workspace, plan, value)[...] = array
    return workspace


def array_in(workspace: NDArray[np.uint8], plan: Plan, value: Value) -> NDArray[Any]:
    """The array of a value that has memory in the workspace."""
    start = plan.workspace.offsets[value]
    return workspace[start : start + value.nbytes].view(value.dtype).reshape(value.shape)


def name_of(source: str) -> str:
    """A name that is the same for the same text only."""
    return f"step_{sha256(source.encode()).hexdigest()[:20]}"


def namespace_of(
    source: str, filename: str, names: Mapping[str, Any], name: str | None = None
) -> dict[str, Any]:
    """Run a generated text, as a module; debuggers and tracebacks find its lines."""
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
    module = ModuleType(name or name_of(source))
    sys.modules[module.__name__] = module  # where Numba looks for it when it loads native code
    module.__dict__.update(names)
    exec(compile(source, filename, "exec"), module.__dict__)
    return module.__dict__


def literal(number: Any, dtype: np.dtype[Any]) -> str:
    """A number as text that has this very dtype when it runs, with ``np`` at hand."""
    exact = dtype.type(number)
    if dtype.kind == "b":
        return str(bool(exact))
    text = repr(float(exact)) if dtype.kind == "f" else str(int(exact))
    if dtype.kind == "f" and not np.isfinite(exact):
        text = "np.nan" if exact != exact else "-np.inf" if exact < 0 else "np.inf"
    return text if dtype in (np.float64, np.int64) else f"np.{dtype.name}({text})"
