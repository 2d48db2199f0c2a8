"""How the values of options are read, and refused in words."""

import argparse
import difflib
import math
from typing import Any

__all__ = [
    "fraction",
    "momentum",
    "natural_number",
    "one_of",
    "one_of_numbers",
    "positive_integer",
    "positive_number",
]


def one_of(*choices: str) -> Any:
    def choice(text: str) -> str:
        if text in choices:
            return text
        close = difflib.get_close_matches(text, choices, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise argparse.ArgumentTypeError(
            f"expected one of {', '.join(choices)}, found {text!r}{hint}"
        )

    return choice


def one_of_numbers(*choices: int) -> Any:
    choice = one_of(*map(str, choices))
    return lambda text: int(choice(text))


def positive_integer(text: str) -> int:
    return int(checked(text, "a whole number from 1 on", lambda x: x >= 1, int))


def natural_number(text: str) -> int:
    return int(checked(text, "a whole number from 0 on", lambda x: x >= 0, int))


def positive_number(text: str) -> float:
    return checked(text, "a number above 0", lambda x: 0 < x < math.inf)


def fraction(text: str) -> float:
    return checked(text, "a number between 0 and 1, both excluded", lambda x: 0 < x < 1)


def momentum(text: str) -> float:
    return checked(text, "a number from 0 to below 1", lambda x: 0 <= x < 1)


def checked(text: str, expected: str, valid: Any, kind: Any = float) -> float:
    try:
        value: float = kind(text)
    except ValueError:
        value = math.nan
    if not valid(value):
        raise argparse.ArgumentTypeError(f"expected {expected}, found {text!r}")
    return value
