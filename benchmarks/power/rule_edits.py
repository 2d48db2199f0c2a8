"""Plausible slips: small edits of the syntax tree of a rule.

A sign, a factor, a term left out, an operand taken for another, the incoming gradient ignored, an
axis mistaken, memory shared or written to.
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["KINDS", "SIDE_EFFECTS", "Edit", "edits_of"]

KINDS = (
    "sign",
    "x (1 + 1e-6)",
    "drop a term",
    "drop a factor",
    "unbroadcast",
    "swap operands",
    "transpose",
    "ignore cotangent",
    "axis or keepdims",
    "1/N",
    "constant",
    "comparison",
    "float32",
    "alias",
    "mutate in place",
)

SIDE_EFFECTS = ("alias", "mutate in place")
"""Kinds of slip that may leave the values right."""

COUNTS = ("reduced_size", "samples", "ties")
"""What a 1/N is written with."""


@dataclass(frozen=True)
class Edit:
    """One change of a function's syntax tree."""

    kind: str
    what: str
    tree: ast.Module


def edits_of(function: Callable[..., Any], whole_rule: bool) -> list[Edit]:
    """The edits of a rule, or of a function that is a part of one; none twice."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    strip_docstring(definition)
    seen = {ast.dump(ast.parse(ast.unparse(tree)))}
    edits: list[Edit] = []
    names: set[str] = set()
    for kind, what, changed in candidates(tree, definition, whole_rule):
        fingerprint = ast.dump(changed)
        if fingerprint in seen:
            continue
        seen.add(fingerprint)
        unique, count = what, 1
        while unique in names:
            count += 1
            unique = f"{what} ({count})"
        names.add(unique)
        edits.append(Edit(kind, unique, changed))
    return edits


def candidates(
    tree: ast.Module, definition: ast.FunctionDef, whole_rule: bool
) -> Iterator[tuple[str, str, ast.Module]]:
    """Kind, description and tree of each edit."""
    for node, context in sites(definition):
        for kind, new in changes(node, context, definition):
            text = new if isinstance(new, str) else ast.unparse(new)
            yield kind, f"{ast.unparse(node)} -> {text}", replaced(tree, {node: expression(text)})
    cotangents = [
        node
        for node, _ in sites(definition)
        if isinstance(node, ast.Name) and node.id == "grad_out"
    ]
    if cotangents:
        ones = dict.fromkeys(cotangents, expression("ones_for(grad_out)"))
        yield "ignore cotangent", "grad_out -> ones, everywhere", replaced(tree, ones)
    if whole_rule:
        yield from changes_of_result(tree, definition)


def sites(definition: ast.FunctionDef) -> Iterator[tuple[ast.expr, ast.AST]]:
    """The expressions that may be edited, each with the node that holds it."""
    steered = {
        name.id
        for loop in ast.walk(definition)
        if isinstance(loop, ast.While)
        for name in ast.walk(loop.test)
        if isinstance(name, ast.Name)
    }

    def inside(node: ast.AST) -> Iterator[tuple[ast.expr, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.arguments):
                continue
            if isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) in steered:
                continue  # a loop that never ends is no test of a checker
            if isinstance(node, ast.While) and child is node.test:
                continue
            if isinstance(child, ast.expr) and not is_target(child):
                yield child, node
            yield from inside(child)

    yield from inside(definition)


def is_target(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def changes(
    node: ast.expr, context: ast.AST, definition: ast.FunctionDef
) -> Iterator[tuple[str, ast.expr | str]]:
    """What a slip may put in the place of one expression."""
    arrays = [arg.arg for arg in definition.args.args if arg.arg not in NO_ARRAYS]
    match node:
        case ast.BinOp(left, ast.Add(), right):
            yield "drop a term", left
            yield "drop a term", right
            yield "sign", ast.BinOp(left, ast.Sub(), right)
        case ast.BinOp(left, ast.Sub(), right):
            yield "drop a term", left
            yield "drop a term", ast.UnaryOp(ast.USub(), right)
            yield "sign", ast.BinOp(left, ast.Add(), right)
            yield "swap operands", ast.BinOp(right, ast.Sub(), left)
        case ast.BinOp(left, ast.Mult(), right):
            yield "drop a factor", left
            yield "drop a factor", right
        case ast.BinOp(left, ast.Div(), right):
            count = any(name in ast.unparse(right) for name in COUNTS)
            yield "1/N" if count else "drop a factor", left
            yield "swap operands", ast.BinOp(right, ast.Div(), left)
        case ast.BinOp(left, ast.MatMult(), right):
            yield "swap operands", ast.BinOp(right, ast.MatMult(), left)
            if isinstance(right, ast.Name):
                yield "transpose", f"{ast.unparse(left)} @ {right.id}.swapaxes(-1, -2)"
            if isinstance(left, ast.Name):
                yield "transpose", f"{left.id}.swapaxes(-1, -2) @ {ast.unparse(right)}"
        case ast.UnaryOp(ast.USub(), operand) if not isinstance(operand, ast.Constant):
            yield "sign", operand
        case ast.Compare(left, [relation], [right]) if type(relation) in OPPOSITES:
            yield "comparison", ast.Compare(left, [OPPOSITES[type(relation)]()], [right])
        case ast.Call(ast.Name("unbroadcast"), [grad, shape]):
            yield "unbroadcast", grad
            yield "unbroadcast", f"unbroadcast_by_mean({ast.unparse(grad)}, {ast.unparse(shape)})"
            yield "unbroadcast", f"unbroadcast_by_first({ast.unparse(grad)}, {ast.unparse(shape)})"
        case ast.Call(ast.Name("scatter_add"), [grad, index, shape]):
            arguments = ", ".join(ast.unparse(part) for part in (grad, index, shape))
            yield "unbroadcast", f"scatter_last({arguments})"
        case ast.Call(ast.Name("broadcast_to"), [grad, *_]):
            yield "axis or keepdims", grad
        case ast.Call(ast.Attribute(value, "swapaxes")):
            yield "transpose", value
        case ast.Attribute(value, "T"):
            yield "transpose", value
        case ast.Call(ast.Name("flip"), [value, *_]):
            yield "transpose", value
        case ast.Call(ast.Name("transpose"), [value, _]):
            yield "transpose", value
            yield "transpose", f"transpose({ast.unparse(value)}, axes)"
        case ast.Call(ast.Attribute(ast.Attribute(_, "add"), "reduce"), [value, *_]):
            yield "axis or keepdims", value
        case ast.Name("grad_out") if not isinstance(context, ast.Attribute):
            yield "ignore cotangent", "ones_for(grad_out)"
        case ast.Name(name) if name in arrays and not reads_only_shape(context):
            for other in arrays:
                if other not in (name, "grad_out"):
                    yield "swap operands", other
        case ast.Name("axis"):
            for other in ("0", "-1", "None"):
                yield "axis or keepdims", other
        case ast.Constant(bool()) | ast.Constant(None) if isinstance(context, ast.keyword):
            yield "axis or keepdims", ast.Constant(not node.value)
        case ast.Constant(int() | float()):
            in_index = isinstance(context, (ast.keyword, ast.Tuple, ast.UnaryOp))
            kind = "axis or keepdims" if in_index else "constant"
            yield kind, ast.Constant(node.value + 1)
            if in_index or node.value > 1:
                yield kind, ast.Constant(node.value - 1)


NO_ARRAYS = ("axis", "shape", "reduction")

OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def reads_only_shape(context: ast.AST) -> bool:
    return isinstance(context, ast.Attribute) and context.attr in ("shape", "dtype", "ndim")


def changes_of_result(
    tree: ast.Module, definition: ast.FunctionDef
) -> Iterator[tuple[str, str, ast.Module]]:
    """What may go wrong with a rule's result, or with what it was given."""
    result = definition.body[-1]
    assert isinstance(result, ast.Return)
    assert result.value is not None
    value = ast.unparse(result.value)
    variadic = definition.args.vararg is not None
    inputs = ["arrays[index]"] if variadic else [arg.arg for arg in definition.args.args[2:]]
    for kind, what, text in (
        ("sign", "return -grad", f"-({value})"),
        ("x (1 + 1e-6)", "return grad * (1 + 1e-6)", f"({value}) * (1 + 1e-6)"),
        ("1/N", "return grad / size of axis 0", f"divided_by_batch({value})"),
        ("transpose", "return grad, its entries in transposed order", f"transposed({value})"),
        ("float32", "return grad rounded to float32", f"rounded({value})"),
        ("alias", "return grad_out", "grad_out"),
        ("alias", "return a view of grad_out", "grad_out.reshape(grad_out.shape)"),
        ("alias", "return grad in the same memory every time", f"in_one_memory({value})"),
        *(("alias", f"return {name}", name) for name in ["out", *inputs]),
    ):
        yield kind, what, replaced(tree, {result.value: expression(text)})
    for name in ["grad_out", "out", *inputs]:
        for where, at in (("first", 0), ("last", len(definition.body) - 1)):
            changed = copy.deepcopy(tree)
            body = changed.body[0].body  # type: ignore[attr-defined]
            body.insert(at, ast.parse(f"scale_in_place({name})").body[0])
            yield "mutate in place", f"{name} *= 2 {where}", changed


def replaced(tree: ast.Module, new: dict[ast.expr, ast.expr]) -> ast.Module:
    """A copy of the tree with some of its nodes replaced, with parentheses where they belong."""
    return ast.parse(ast.unparse(ast.fix_missing_locations(rebuilt(tree, new))))


def rebuilt(part: Any, new: dict[ast.expr, ast.expr]) -> Any:
    if isinstance(part, list):
        return [rebuilt(item, new) for item in part]
    if not isinstance(part, ast.AST):
        return part
    if part in new:
        return new[part]
    return type(part)(**{name: rebuilt(value, new) for name, value in ast.iter_fields(part)})


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def strip_docstring(definition: ast.FunctionDef) -> None:
    first = definition.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        del definition.body[0]
