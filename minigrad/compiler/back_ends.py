"""The back ends by name."""

from collections.abc import Callable
from importlib.util import find_spec

from minigrad.compiler import numba_backend, numpy_backend
from minigrad.compiler.generated import Generated
from minigrad.compiler.plan import Plan
from minigrad.errors import DomainError

__all__ = ["back_end_named"]


def back_end_named(name: str) -> Callable[[Plan], Generated]:
    """The function that makes a program of a plan."""
    if name == "auto":
        name = "numba" if find_spec("numba") and find_spec("scipy") else "numpy"
    if name == "numba":
        numba_backend.check_installed()
        return numba_backend.generate
    if name == "numpy":
        return numpy_backend.generate
    raise DomainError(f"compile: backend is {name!r}; it must be 'auto', 'numba' or 'numpy'")
