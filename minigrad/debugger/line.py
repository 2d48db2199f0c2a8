"""One line of a rule in numbers: how each entry of an array was computed from entries of others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.operand import Operand, entry_of
from minigrad.debugger.places import Index, bracketed, broadcast_index

__all__ = ["EntryLine", "Line", "Number", "ProductLine", "SumLine"]

Array = NDArray[Any]
SHOWN_TERMS = 5


@dataclass(frozen=True)
class Number:
    """A number in an equation, and where it stands: ``dL/dout[0, 1]``."""

    text: str
    value: float

    def __str__(self) -> str:
        return f"{self.value:.4g}" if self.value >= 0 else f"({self.value:.4g})"


@dataclass
class Line:
    """One assignment of a rule; ``shown`` is what it is called for a reader."""

    target: str
    shown: str
    value: Array

    def tokens(self, index: Index, wanted: dict[str, Index]) -> list[str | Number]:
        raise NotImplementedError


@dataclass
class EntryLine(Line):
    """Each entry is computed from single entries: ``dL/dout * out * (1 - out)``."""

    pieces: list[str]
    operands: list[Operand]

    def tokens(self, index: Index, wanted: dict[str, Index]) -> list[str | Number]:
        found: list[str | Number] = []
        for position, piece in enumerate(self.pieces):
            if position % 2:
                found.append(number(self.operands[int(piece)], index, wanted))
            elif piece:
                found.append(piece)
        return found


@dataclass
class ProductLine(Line):
    """Matrix product: each entry is a row of ``left`` times a column of ``right``, added up."""

    left: Operand
    right: Operand

    def tokens(self, index: Index, wanted: dict[str, Index]) -> list[str | Number]:
        *batch, i, j = index
        left, right = self.left.value, self.right.value
        row = left[broadcast_index((*batch, i), left.shape[:-1])]
        column = right[broadcast_index(tuple(batch), right.shape[:-2])][:, j]
        with np.errstate(all="ignore"):
            products = row * column
        found: list[str | Number] = []
        shown = largest(products)
        for k in shown:
            found += [" + "] * bool(found)
            found.append(number(self.left, (*batch, i, k), wanted))
            found.append(" * ")
            found.append(number(self.right, (*batch, k, j), wanted))
        return found + rest_of(products, shown)


@dataclass
class SumLine(Line):
    """Each entry is the sum of several of ``summed``; ``destination`` tells which."""

    summed: Operand
    destination: Array

    def tokens(self, index: Index, wanted: dict[str, Index]) -> list[str | Number]:
        flat = int(np.ravel_multi_index(index, self.value.shape)) if index else 0
        places = np.argwhere(self.destination == flat)
        terms = self.summed.value[self.destination == flat]
        found: list[str | Number] = []
        shown = largest(terms)
        for k in shown:
            found += [" + "] * bool(found)
            found.append(number(self.summed, tuple(map(int, places[k])), wanted))
        return found + rest_of(terms, shown)


def number(source: Operand, index: Index, wanted: dict[str, Index]) -> Number:
    """An entry of an operand; what it was computed from is then wanted too."""
    name, at = source.place(index)
    wanted.setdefault(name, at)
    return Number(source.text + bracketed(at), entry_of(source.value, index))


def largest(terms: Array) -> list[int]:
    """Which terms of a sum are written out: all if they are few, else the largest, in order."""
    if len(terms) <= SHOWN_TERMS + 1:
        return list(range(len(terms)))
    size = np.where(np.isfinite(terms), np.abs(terms), np.inf)
    return sorted(int(k) for k in np.argsort(-size, kind="stable")[:SHOWN_TERMS])


def rest_of(terms: Array, shown: list[int]) -> list[str | Number]:
    if len(shown) == len(terms):
        return []
    rest = np.delete(terms, shown)
    return [" + ", Number(f"{len(rest)} smaller terms together", float(np.add.reduce(rest)))]
