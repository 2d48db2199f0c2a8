"""One assignment of a rule in numbers: what was multiplied and added to make an entry."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.parts import Part
from minigrad.debugger.places import Index, bracketed, broadcast_index
from minigrad.debugger.tracing import Place, at, entry, factors_of, moved_from

__all__ = ["Number", "seen_through", "written"]

Array = NDArray[Any]
PLACEHOLDER = re.compile(r"_operand_(\d+)_")
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
SHOWN_TERMS = 5


@dataclass(frozen=True)
class Number:
    """A number in an equation, and where it stands: ``dL/dout[0, 1]``."""

    text: str
    value: float

    def __str__(self) -> str:
        return f"{self.value:.4g}" if self.value >= 0 else f"({self.value:.4g})"


Tokens = list[str | Number]
Wanted = dict[Part, Index]
"""The entries of a rule's own variables that are to be explained as well."""


def written(part: Part, index: Index, wanted: Wanted) -> Tokens:
    """How an entry was computed: a matrix product, a sum, or a formula of single entries."""
    factors = factors_of(part)
    if factors is not None and all(np.ndim(factor.value) >= 2 for factor in factors):
        return product(*factors, index, wanted)
    terms = terms_of(part, index)
    if terms is not None:
        return total(*terms, wanted)
    formula = Formula(part)
    text = ast.unparse(formula.written(part, index))
    tokens: Tokens = []
    for position, piece in enumerate(PLACEHOLDER.split(text)):
        if position % 2:
            operand, place = formula.operands[int(piece)]
            tokens.append(number(operand, place, wanted if operand is not part else None))
        elif piece:
            tokens.append(piece)
    return tokens


def number(part: Part, index: Index, wanted: Wanted | None) -> Number:
    """An entry of an operand; if that is a variable of the rule, it is then wanted too."""
    part, index = origin_of(part, index)
    text = part.text
    if part.name and wanted is not None:
        text = part.name
        if np.asarray(part.value).dtype.kind == "f":
            wanted.setdefault(part, index)
    elif part.parts and not isinstance(part.node, (ast.Call, ast.Attribute)):
        text = f"({text})"
    return Number(text.replace("grad_out", "dL/dout") + bracketed(index), entry(part, index))


def origin_of(part: Part, index: Index) -> Place:
    """The operand before its entries were put elsewhere, ``x`` of ``x.T``, and the entry of it."""
    part = seen_through(part)
    source = moved_from(part, index)
    if source is None:
        return part, index
    origin, place = origin_of(*source)
    is_variable = origin.name or origin.node is None or isinstance(origin.node, ast.Name)
    return (part, index) if part.name and not is_variable else (origin, place)


def seen_through(part: Part) -> Part:
    """The argument of an ``unbroadcast`` that has nothing to undo."""
    if called(part) == "unbroadcast" and np.shape(part.parts[1].value) == np.shape(part.value):
        return seen_through(part.parts[1])
    return part


def called(part: Part) -> str:
    """The last name of a function called, ``reduce`` for ``np.add.reduce(x)``; else empty."""
    if isinstance(part.node, ast.Call) and len(part.parts) > 1:
        return part.parts[0].text.rpartition(".")[2]
    return ""


class Formula:
    """What is assigned, with a placeholder for every operand whose entries are computed with."""

    def __init__(self, assigned: Part) -> None:
        self.assigned = assigned
        self.operands: list[Place] = []

    def written(self, part: Part, index: Index) -> ast.expr:
        part, index = at(part, index)
        source = moved_from(part, index) if part is self.assigned else None
        part, index = origin_of(*(source or (part, index)))
        node, parts = part.node, part.parts
        if isinstance(node, ast.Constant):
            return node
        if part is self.assigned or not part.name:
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
                return ast.UnaryOp(node.op, self.written(parts[0], index))
            if isinstance(node, ast.BinOp) and isinstance(node.op, ARITHMETIC):
                left, right = (self.written(x, index) for x in parts)
                return ast.BinOp(left, node.op, right)
            if isinstance(node, ast.Call) and not node.keywords and parts:
                function, *arguments = parts
                if isinstance(function.value, np.ufunc) or called(part) == "where":
                    return ast.Call(node.func, [self.written(x, index) for x in arguments], [])
        self.operands.append((part, index))
        return ast.Name(f"_operand_{len(self.operands) - 1}_")


def product(left: Part, right: Part, index: Index, wanted: Wanted) -> Tokens:
    """A row of one matrix times a column of the other, added up."""
    *stack, i, j = index
    a, b = np.asarray(left.value), np.asarray(right.value)
    at_left = broadcast_index(tuple(stack), a.shape[:-2])
    at_right = broadcast_index(tuple(stack), b.shape[:-2])
    with np.errstate(all="ignore"):
        products = a[at_left][i] * b[at_right][:, j]
    tokens: Tokens = []
    shown = largest(products)
    for k in shown:
        tokens += [" + "] * bool(tokens)
        tokens.append(number(left, (*at_left, i, k), wanted))
        tokens.append(" * ")
        tokens.append(number(right, (*at_right, k, j), wanted))
    return tokens + rest_of(products, shown)


def terms_of(part: Part, index: Index) -> tuple[Part, Sequence[Index]] | None:
    """What an ``unbroadcast(x, shape)`` or ``np.add.reduce(x, axis=0)`` adds up to one entry."""
    if called(part) not in ("unbroadcast", "reduce", "sum") or not isinstance(part.node, ast.Call):
        return None
    function, summed, *others = part.parts
    kept: Index = np.shape(part.value)
    if called(part) != "unbroadcast":
        if function.value not in (np.sum, np.add.reduce):
            return None
        options = zip(part.node.keywords, others, strict=True)
        axis = {word.arg: option.value for word, option in options}.get("axis")
        kept = np.add.reduce(summed.value, axis=axis, keepdims=True).shape
    # Each summand gets the number of the sum that it goes into.
    numbers = np.arange(np.size(part.value)).reshape(kept)
    destination = np.broadcast_to(numbers, np.shape(summed.value))
    places = np.argwhere(destination == numbers.reshape(np.shape(part.value))[index])
    return summed, [tuple(map(int, place)) for place in places]


def total(summed: Part, places: Sequence[Index], wanted: Wanted) -> Tokens:
    terms = np.array([entry(summed, place) for place in places])
    tokens: Tokens = []
    shown = largest(terms)
    for k in shown:
        tokens += [" + "] * bool(tokens)
        tokens.append(number(summed, places[k], wanted))
    return tokens + rest_of(terms, shown)


def largest(terms: Array) -> list[int]:
    """Which terms of a sum are written out: all if they are few, else the largest, in order."""
    if len(terms) <= SHOWN_TERMS + 1:
        return list(range(len(terms)))
    size = np.where(np.isfinite(terms), np.abs(terms), np.inf)
    return sorted(int(k) for k in np.argsort(-size, kind="stable")[:SHOWN_TERMS])


def rest_of(terms: Array, shown: list[int]) -> Tokens:
    if len(shown) == len(terms):
        return []
    rest = np.delete(terms, shown)
    return [" + ", Number(f"{len(rest)} smaller terms together", float(np.add.reduce(rest)))]
