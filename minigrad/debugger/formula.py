"""A rule read as mathematics: ``grad_x = grad_out * y`` is ``dL/dx = dL/dout * y``."""

import ast
import inspect
import textwrap
from functools import lru_cache
from typing import Any

from minigrad.drawing.nodes import names_of_inputs
from minigrad.tensor import Tensor

__all__ = ["SEE_RULE", "formula_of", "source_of_rule"]

SEE_RULE = "see the rule"
"""For one that is more than assignments."""


def rule_of(tensor: Tensor, index: int) -> Any:
    """The function of a rule itself."""
    op: Any = tensor.op
    rule = op.rules[index]
    return getattr(rule, "func", rule)


def source_of_rule(tensor: Tensor, index: int) -> str:
    """The text of a rule as it stands in its file, without common indentation."""
    return source_of_function(rule_of(tensor, index))


@lru_cache(maxsize=1000)
def source_of_function(rule: Any) -> str:
    try:
        return textwrap.dedent(inspect.getsource(rule))
    except (OSError, TypeError):
        return f"# the source of {getattr(rule, '__qualname__', rule)} cannot be read\n"


def formula_of(tensor: Tensor, index: int) -> str:
    """What a rule computes, in one line; several statements are joined by semicolons.

    Undoing a broadcast is left out, as it is in the mathematics.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> formula_of(x / 2.0, 0)
    'dL/dx = dL/dout / y'
    """
    argument = names_of_inputs(tensor)[index]
    text = formula_in(source_of_rule(tensor, index), argument.partition("[")[0])
    return text.replace("dL/darrays", f"dL/d{argument}") if "[" in argument else text


@lru_cache(maxsize=1000)
def formula_in(source: str, argument: str) -> str:
    """The formula in a rule's source text."""
    try:
        function = ast.parse(source).body[0]
    except (SyntaxError, IndexError):
        return f"dL/d{argument}: {SEE_RULE}"
    if not isinstance(function, ast.FunctionDef):
        return f"dL/d{argument}: {SEE_RULE}"
    lines = []
    for statement in function.body:
        if isinstance(statement, ast.Assign):
            statement.value = without_unbroadcast(statement.value)
            lines.append(ast.unparse(statement))
        elif isinstance(statement, ast.Return) and statement.value is not None:
            returned = without_unbroadcast(statement.value)
            if not isinstance(returned, ast.Name):
                lines.append(f"grad_{argument} = {ast.unparse(returned)}")
        elif not is_docstring(statement):
            return f"dL/d{argument}: {SEE_RULE}"
    text = "; ".join(lines)
    return text.replace("grad_out", "dL/dout").replace(f"grad_{argument}", f"dL/d{argument}")


def without_unbroadcast(node: ast.expr) -> ast.expr:
    """``grad_x`` for ``unbroadcast(grad_x, x.shape)``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        return node.args[0] if node.func.id == "unbroadcast" else node
    return node


def is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
