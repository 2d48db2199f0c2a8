"""A rule in numbers: which entries were multiplied and added to make one entry of a contribution.

The rule's own text is read and evaluated piece by piece, on the arrays of the step. Nothing is
derived a second time: if what comes out is not the contribution itself, nothing is told.
"""

import ast
import inspect
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.formula import argument_names, rule_of, source_of_rule
from minigrad.debugger.line import EntryLine, Line, Number, ProductLine, SumLine
from minigrad.debugger.operand import Operand, entry_of, operand
from minigrad.debugger.places import Index, bracketed
from minigrad.debugger.step import Flow, Step

__all__ = ["Equation", "Number", "Reading"]

Array = NDArray[Any]
PLACEHOLDER = re.compile(r"_operand_(\d+)_")


@dataclass(frozen=True)
class Equation:
    """How one number was computed.

    Attributes
    ----------
    target : str
        What it is: ``dL/dx[0, 1]``.
    tokens : tuple of str or Number
        The right-hand side: numbers, and what stands between them.
    value : float
    """

    target: str
    tokens: tuple[str | Number, ...]
    value: float

    def __str__(self) -> str:
        return f"{self.target} = {''.join(map(str, self.tokens))} = {self.value:.4g}"


class Reading:
    """The rule of one flow, read so that it can tell how each entry was computed.

    Parameters
    ----------
    step : Step
    flow : Flow
        One of its flows.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([[1.0, 2.0]], requires_grad=True)
    >>> loss = (x @ mg.Tensor([[3.0], [5.0]], requires_grad=True)).sum()
    >>> product = list(mg.steps(loss))[1]
    >>> for equation in Reading(product, product.flows[1]).at((1, 0)):
    ...     print(equation)
    dL/dy[1, 0] = 2 * 1 = 2
    """

    def __init__(self, step: Step, flow: Flow) -> None:
        names = argument_names(step.tensor)
        position = names.index(flow.argument)
        self.names = {"grad_out": "dL/dout"}
        self.lines: list[Line] = []
        self.aliases: dict[str, Operand] = {}
        self.result = f"dL/d{flow.argument}"
        rule = rule_of(step.tensor, position)
        try:
            self.values = namespace(step, position)
            value = self.read(source_of_rule(step.tensor, position), rule)
        except Exception:  # a rule is anything Python can say; the formula remains
            self.lines = []
            return
        if not np.array_equal(np.asarray(value, flow.contribution.dtype), flow.contribution, True):
            self.lines = []

    def at(self, index: Index) -> list[Equation]:
        """The equations that lead to one entry of the contribution, the last one being its own."""
        wanted = {self.lines[-1].target: index} if self.lines else {}
        found = []
        for line in reversed(self.lines):
            if line.target in wanted:
                at = wanted[line.target]
                tokens = line.tokens(at, wanted)
                number = entry_of(line.value, at)
                found.append(Equation(f"{line.shown}{bracketed(at)}", tuple(tokens), number))
        return found[::-1]

    def read(self, source: str, rule: Any) -> Any:
        """Run the rule statement by statement; note a line for each array it computes."""
        function = ast.parse(source).body[0]
        if not isinstance(function, ast.FunctionDef):
            raise TypeError(f"{rule!r} is no plain function")
        for statement in function.body:
            if isinstance(statement, ast.Return) and statement.value is not None:
                return self.read_return(statement.value)
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                target, value = statement.targets[0].id, self.evaluate(statement.value)
                self.note(target, statement.value, value)
                self.values[target] = value
            else:
                exec(compile(ast.Module([statement], []), "<rule>", "exec"), self.values)
        raise ValueError("the rule returns nothing")

    def read_return(self, node: ast.expr) -> Any:
        """The last line is that of the result, under the name it has in mathematics."""
        value = self.evaluate(node)
        node = self.seen_through(node)
        targets = [line.target for line in self.lines]
        if isinstance(node, ast.Name) and node.id in targets:
            self.lines = self.lines[: targets.index(node.id) + 1]
        else:
            self.note("return", node, value)
        self.lines[-1].shown = self.result
        return value

    def evaluate(self, node: ast.expr) -> Any:
        with np.errstate(all="ignore"):
            return eval(compile(ast.Expression(node), "<rule>", "eval"), self.values)

    def note(self, target: str, node: ast.expr, value: Any) -> None:
        """Keep how an array came about, unless it is only another name, view or truth value."""
        if np.asarray(value).dtype.kind != "f":
            return
        node = self.seen_through(node)
        moved = operand(node, self.values, self.aliases)
        if moved is not None and target != "return" and np.shape(moved.value) == np.shape(value):
            self.aliases[target] = moved
        else:
            self.lines.append(self.line(target, node, np.asarray(value)))

    def seen_through(self, node: ast.expr) -> ast.expr:
        """The argument of an ``unbroadcast`` that has nothing to undo."""
        if called(node) == "unbroadcast" and isinstance(node, ast.Call):
            inner = node.args[0]
            if np.shape(self.evaluate(inner)) == tuple(self.evaluate(node.args[1])):
                return inner
        return node

    def line(self, target: str, node: ast.expr, value: Array) -> "Line":
        """The line for an expression: a matrix product, a sum, or a formula for each entry."""
        factors = factors_of(node)
        if factors is not None:
            left, right = (self.operand(factor) for factor in factors)
            if np.ndim(left.value) >= 2 and np.ndim(right.value) >= 2:
                return ProductLine(target, target, value, left, right)
        if isinstance(node, ast.Call):
            summed = summand_of(node)
            if summed is not None:
                terms = self.operand(summed)
                return SumLine(target, target, value, terms, self.destination(node, terms, value))
        formula = Formula(self)
        text = ast.unparse(formula.visit(node))
        return EntryLine(target, target, value, PLACEHOLDER.split(text), formula.operands)

    def destination(self, node: ast.Call, summed: Operand, value: Array) -> Array:
        """For each summand the flat index of the sum that it went into."""
        shape = summed.value.shape
        kept: Index = value.shape
        if called(node) != "unbroadcast":
            keywords = {word.arg: self.evaluate(word.value) for word in node.keywords}
            kept = np.add.reduce(summed.value, axis=keywords.get("axis"), keepdims=True).shape
        return np.broadcast_to(np.arange(value.size).reshape(kept), shape)

    def operand(self, node: ast.expr) -> Operand:
        found = operand(node, self.values, self.aliases)
        if found is None:
            text = ast.unparse(node)
            is_closed = isinstance(node, (ast.Call, ast.Subscript, ast.Attribute))
            found = Operand("", text if is_closed else f"({text})", self.evaluate(node), None)
        return found.called(self.names)


class Formula(ast.NodeTransformer):
    """Puts a placeholder for every operand whose entries are computed with one by one."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.operands: list[Operand] = []

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, ast.expr):
            return node
        node = self.reading.seen_through(node)
        if isinstance(node, ast.Constant):
            return node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return ast.UnaryOp(node.op, self.visit(node.operand))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ARITHMETIC):
            return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))
        if isinstance(node, ast.Call) and not node.keywords:
            if called(node) == "broadcast_to":
                return self.visit(node.args[0])
            function = self.reading.evaluate(node.func)
            if isinstance(function, np.ufunc) or called(node) == "where":
                return ast.Call(node.func, [self.visit(x) for x in node.args], [])
        self.operands.append(self.reading.operand(node))
        return ast.Name(f"_operand_{len(self.operands) - 1}_")


ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


def called(node: ast.AST) -> str:
    """The last name of a function called, ``reduce`` for ``np.add.reduce(x)``; else empty."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def factors_of(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Both factors of ``x @ y`` or ``x.dot(y)``."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return left, right
        case ast.Call(func=ast.Attribute(value=left, attr="dot"), args=[right]):
            return left, right
    return None


def summand_of(node: ast.Call) -> ast.expr | None:
    """What is added up by ``unbroadcast(x, shape)`` or ``np.add.reduce(x, axis=0)``."""
    is_sum = called(node) == "unbroadcast" or ast.unparse(node.func) in ("np.add.reduce", "np.sum")
    return node.args[0] if is_sum and node.args else None


def namespace(step: Step, position: int) -> dict[str, Any]:
    """The names a rule sees: its module's, and its arguments as in this step."""
    op: Any = step.tensor.op
    rule = op.rules[position]
    arguments = inspect.signature(rule).bind(
        step.grad_out, step.out, *step.values.values(), **step.params
    )
    arguments.apply_defaults()
    function = rule_of(step.tensor, position)
    closure = inspect.getclosurevars(function).nonlocals
    return {**function.__globals__, **closure, **arguments.arguments}
