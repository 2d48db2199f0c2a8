"""The exceptions minigrad raises. Each is also the builtin a Python user would expect.

::

    MinigradError
    ├── ShapeError (ValueError)              arrays whose shapes do not fit together
    ├── IndexingError (IndexError)           an index outside of an array
    ├── DTypeError (TypeError)               values of a type that cannot be used there
    ├── DomainError (ValueError)             values outside the range a formula is defined on
    ├── GraphError (RuntimeError)            a graph that cannot be differentiated as it stands
    ├── GradientError (ValueError)           a gradient, given or computed, of the wrong shape
    ├── StateError (ValueError)              a saved state that does not fit its object
    ├── DataError (ValueError)               a file or data set that cannot be read
    ├── CompileError (RuntimeError)          a function that cannot be compiled
    ├── NonFiniteError (FloatingPointError)  a training run that met NaN or infinity
    └── MissingExtraError (ImportError)      an optional dependency that is not installed
"""

from typing import Any

__all__ = [
    "CompileError",
    "DTypeError",
    "DataError",
    "DomainError",
    "GradientError",
    "GraphError",
    "IndexingError",
    "MinigradError",
    "MissingExtraError",
    "NonFiniteError",
    "ShapeError",
    "StateError",
]


class MinigradError(Exception):
    """Base of every exception that minigrad raises on purpose."""


class ShapeError(MinigradError, ValueError):
    """Arrays whose shapes do not fit together."""


class IndexingError(MinigradError, IndexError):
    """An index that does not fit the shape of the array."""


class DTypeError(MinigradError, TypeError):
    """A value of a type, or an array of a dtype, that cannot be used there."""


class DomainError(MinigradError, ValueError):
    """A value outside the range on which a formula or hyperparameter is defined."""


class GraphError(MinigradError, RuntimeError):
    """A graph that cannot be differentiated as it stands."""


class GradientError(MinigradError, ValueError):
    """A gradient, given by the caller or computed by a rule, that does not fit its tensor."""


class StateError(MinigradError, ValueError):
    """A saved state (of a model, optimizer or run) that does not fit what it is loaded into."""


class DataError(MinigradError, ValueError):
    """A file or data set that cannot be read as what it claims to be."""


class NonFiniteError(MinigradError, FloatingPointError):
    """A loss, value or gradient that became NaN or infinite where a finite one is needed.

    Attributes
    ----------
    history
        Of a training run: the `History` of the epochs before; else None.
    """

    history: Any = None


class CompileError(MinigradError, RuntimeError):
    """A function that cannot be compiled; the message names what it does, and where."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)


class MissingExtraError(MinigradError, ImportError):
    """An optional dependency that is not installed; the message names the ``pip install``."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed: "
            f"pip install 'minigrad[{extra}]'"
        )
