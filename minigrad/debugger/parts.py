"""A forward or a rule taken apart: every sub-expression of its text with the value it has.

Nothing is derived a second time: the function's own text is evaluated, on the values that it was
given, and into the functions of Python that it calls.
"""

import ast
import copy
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from minigrad.debugger.formula import is_docstring, source_of_function
from minigrad.ops.base import call

__all__ = ["Part", "argument", "result_of"]

Scope = dict[str, Any]
"""What names stand for: a `Part`, or anything else that the module of the text knows."""

DEEPEST = 10


@dataclass(frozen=True, eq=False)
class Part:
    """A sub-expression and its value.

    Attributes
    ----------
    text : str
        As it is written.
    value : Any
    node : ast.expr or None
        None for an argument.
    parts : tuple of Part
        What it is made of; for a function whose text could be read, what that returns.
    is_inside : bool
        Whether its one part is what a function returns.
    name : str
        The variable that it was assigned to; empty if to none.
    """

    text: str
    value: Any
    node: ast.expr | None = None
    parts: tuple["Part", ...] = ()
    is_inside: bool = False
    name: str = ""


def argument(name: str, value: Any) -> Part:
    """An argument of the function that is taken apart."""
    return Part(name, value)


def result_of(
    function: Any, arguments: Sequence[Any], params: Mapping[str, Any], inside: bool = True
) -> Part | None:
    """What a function returns, with all its parts; None if its text is not plain enough.

    Plain are assignments to names, ``if``, and ``return``. With ``inside`` the functions of Python
    that it calls are taken apart as well; without it any other statement is simply run.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.ops.elementwise import Sqrt
    >>> given = [argument(name, np.float64(2)) for name in ("grad_out", "out", "x")]
    >>> result = result_of(Sqrt.grad_x, given, {})
    >>> result.text, [part.text for part in result.parts], result.value
    ('grad_out / (2 * out)', ['grad_out', '2 * out'], np.float64(0.5))
    """
    return read(function, arguments, params, 0 if inside else DEEPEST)


def read(
    function: Any, arguments: Sequence[Any], params: Mapping[str, Any], depth: int
) -> Part | None:
    """`result_of`, as it goes from one function into another."""
    bound_by_partial = getattr(function, "keywords", {})
    function = getattr(function, "func", function)
    if not isinstance(function, FunctionType) or depth > DEEPEST:
        return None
    try:
        (tree,) = ast.parse(source_of_function(function)).body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    bound = inspect.signature(function).bind(*arguments, **params, **bound_by_partial)
    bound.apply_defaults()
    names = inspect.getclosurevars(function).nonlocals
    try:
        return returned(tree.body, {**function.__globals__, **names, **bound.arguments}, depth)
    except NotPlainError:
        return None


class NotPlainError(Exception):
    """A statement that is not followed, a loop for one."""


def returned(body: Sequence[ast.stmt], scope: Scope, depth: int) -> Part | None:
    """The value of the first ``return`` that is reached."""
    for statement in body:
        if isinstance(statement, ast.Return) and statement.value is not None:
            return part_of(statement.value, scope, depth)
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            if not isinstance(target, ast.Name):
                raise NotPlainError
            part = part_of(statement.value, scope, depth)
            is_other_name = part.node is None or part.name
            scope[target.id] = part if is_other_name else replace(part, name=target.id)
        elif isinstance(statement, ast.If):
            taken = statement.body if evaluated(statement.test, scope) else statement.orelse
            found = returned(taken, scope, depth)
            if found is not None:
                return found
        elif not is_docstring(statement):
            if depth < DEEPEST:
                raise NotPlainError
            run(statement, scope)
    return None


def run(statement: ast.stmt, scope: Scope) -> None:
    """Any other statement, such as a loop: of what it leaves behind only the values are known."""
    before = {name: value_of(x) for name, x in scope.items()}
    names = dict(before)
    exec(compile(ast.Module([statement], []), "<rule>", "exec"), names)
    for name, value in names.items():
        if name not in before or value is not before[name]:
            scope[name] = Part(name, value, ast.Name(name))


def part_of(node: ast.expr, scope: Scope, depth: int) -> Part:
    """A sub-expression with its parts."""
    if isinstance(node, ast.Name):
        value = scope[node.id] if node.id in scope else evaluated(node, scope)
        return value if isinstance(value, Part) else Part(node.id, value, node)
    text = ast.unparse(node)
    if isinstance(node, ast.IfExp):
        taken = node.body if evaluated(node.test, scope) else node.orelse
        return part_of(taken, scope, depth)
    if not isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Attribute, ast.Call)) or any(
        isinstance(child, ast.Starred) for child in ast.iter_child_nodes(node)
    ):
        return Part(text, evaluated(node, scope), node)
    taken_out = TakenOut(scope, depth)
    frame = taken_out.generic_visit(copy.deepcopy(node))
    parts = tuple(taken_out.parts)
    inner = inside(node, parts, depth) if isinstance(node, ast.Call) else None
    if inner is not None:
        return Part(text, inner.value, node, (inner,), is_inside=True)
    assert isinstance(frame, ast.expr)
    values = {placeholder(k): part.value for k, part in enumerate(parts)}
    return Part(text, evaluated(frame, values), node, parts)


def inside(node: ast.Call, parts: tuple[Part, ...], depth: int) -> Part | None:
    """What a function of Python returns, taken apart as well."""
    function, *arguments = parts[: 1 + len(node.args)]
    named = parts[1 + len(node.args) :]
    keywords = {str(option.arg): x for option, x in zip(node.keywords, named, strict=True)}
    called = function.value
    if called is call:
        op, *arguments = arguments
        called = op.value.forward
    return read(called, arguments, keywords, depth + 1)


def placeholder(position: int) -> str:
    return f"_part_{position}_"


class TakenOut(ast.NodeTransformer):
    """Puts a name in the place of each operand, and keeps the operand."""

    def __init__(self, scope: Scope, depth: int) -> None:
        self.scope = scope
        self.depth = depth
        self.parts: list[Part] = []

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.keyword):
            return self.generic_visit(node)
        if not isinstance(node, ast.expr):
            return node
        self.parts.append(part_of(node, self.scope, self.depth))
        return ast.Name(placeholder(len(self.parts) - 1), ast.Load())


def value_of(x: Any) -> Any:
    """The value of what a name stands for; several arguments are those of ``*arrays``."""
    if isinstance(x, tuple):
        return tuple(map(value_of, x))
    return x.value if isinstance(x, Part) else x


def evaluated(node: ast.expr, scope: Scope) -> Any:
    """The value of an expression as Python computes it."""
    values = {name: value_of(x) for name, x in scope.items()}
    tree = ast.fix_missing_locations(ast.Expression(copy.deepcopy(node)))
    return eval(compile(tree, "<rule>", "eval"), values)
