"""Checks of the numbers a user chooses: each returns the value as a Python number, or raises.

A Python float is what keeps float32 parameters float32: NumPy treats it as weakly typed, while a
``np.float64`` learning rate would raise every product to float64.
"""

import math
from numbers import Integral, Real
from typing import Any, Protocol

from minigrad.errors import DomainError, DTypeError

__all__ = ["Check", "flag", "fraction", "fractions", "non_negative", "positive", "positive_integer"]


class Check(Protocol):
    """``check(owner, name, value)``: the value as a Python number, or an error that names it."""

    def __call__(self, owner: str, name: str, value: Any) -> Any: ...


def non_negative(owner: str, name: str, value: Any) -> float:
    """A finite number >= 0."""
    number = value if type(value) is float else as_float(owner, name, value)
    if not 0 <= number < math.inf:
        raise out_of_range(owner, name, value, "a finite number >= 0")
    return number


def positive(owner: str, name: str, value: Any) -> float:
    """A finite number > 0."""
    number = value if type(value) is float else as_float(owner, name, value)
    if not 0 < number < math.inf:
        raise out_of_range(owner, name, value, "a finite number > 0")
    return number


def fraction(owner: str, name: str, value: Any) -> float:
    """A number in [0, 1)."""
    number = value if type(value) is float else as_float(owner, name, value)
    if not 0 <= number < 1:
        raise out_of_range(owner, name, value, "in [0, 1)")
    return number


def fractions(owner: str, name: str, value: Any) -> tuple[float, float]:
    """A pair of numbers in [0, 1)."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise DTypeError(f"{owner}: {name} is {value!r}; it must be a pair of numbers")
    first, second = (fraction(owner, f"{name}[{i}]", number) for i, number in enumerate(value))
    return first, second


def positive_integer(owner: str, name: str, value: Any) -> int:
    """An integer >= 1."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise DTypeError(f"{owner}: {name} is {value!r} ({type(value).__name__}), not an integer")
    number = int(value)
    if number < 1:
        raise out_of_range(owner, name, value, "an integer >= 1")
    return number


def flag(owner: str, name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise DTypeError(
            f"{owner}: {name} is {value!r} ({type(value).__name__}), not True or False"
        )
    return value


def as_float(owner: str, name: str, value: Any) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise DTypeError(f"{owner}: {name} is {value!r} ({type(value).__name__}), not a number")
    return float(value)


def out_of_range(owner: str, name: str, value: Any, expected: str) -> DomainError:
    return DomainError(f"{owner}: {name} is {value!r}; it must be {expected}")
