"""Wrong versions of the rules of every op, made from their source.

`planted` puts one in the place of the right rule for as long as a block lasts.
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import minigrad as mg
from minigrad.ops.base import SameRule
from power.rule_edits import edits_of
from power.rule_slips import SLIPS

__all__ = ["Mutant", "all_ops", "mutants_of", "planted"]

HELPERS = {
    "BroadcastTo": ("unbroadcast",),
    "Gelu": ("normal_cdf",),
    "Logsumexp": ("stable_softmax",),
    "Max": ("share_among_ties",),
    "Min": ("share_among_ties",),
    "Prod": ("products_before",),
    "SoftmaxCrossEntropy": ("grad_of_each_loss",),
}
"""Functions that hold a part of an op's rule: they are mutated as if written in the rule itself."""


@dataclass(frozen=True)
class Mutant:
    """One wrong rule: of which op, for which of its inputs, what was done to it."""

    op: type[mg.Op]
    index: int
    kind: str
    name: str
    rule: Callable[..., Any]


def all_ops() -> list[type[mg.Op]]:
    """Every op of the package that has a rule, by name."""
    found: list[type[mg.Op]] = []
    pending = list(mg.Op.__subclasses__())
    while pending:
        op = pending.pop()
        pending += op.__subclasses__()
        if op.__module__.startswith("minigrad.ops.") and rules_of(op):
            found.append(op)
    return sorted(found, key=lambda op: op.__name__)


def rules_of(op: type[mg.Op]) -> list[tuple[int, str, Callable[..., Any]]]:
    """Position, name and function of each rule of an op."""
    names = [f"grad_{name}" for name in op.input_names]
    return [(i, name, getattr(op, name)) for i, name in enumerate(names) if hasattr(op, name)]


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The mutant in the place of the rule it was made from."""
    rules = mutant.op.rules
    if isinstance(rules, SameRule):
        mutant.op.rules = SameRule(mutant.rule)
    else:
        mutant.op.rules = (*rules[: mutant.index], mutant.rule, *rules[mutant.index + 1 :])
    try:
        yield
    finally:
        mutant.op.rules = rules


def mutants_of(op: type[mg.Op]) -> list[Mutant]:
    """All mutants of all rules of an op."""
    mutants = []
    for index, name, rule in rules_of(op):
        label = f"{op.__name__}.{name}"
        for edit in edits_of(rule, whole_rule=True):
            function = compiled(edit.tree, rule, {})
            mutants.append(Mutant(op, index, edit.kind, f"{label}: {edit.what}", function))
        for helper_name in HELPERS.get(op.__name__, ()):
            helper = rule.__globals__[helper_name]
            tree = ast.parse(textwrap.dedent(inspect.getsource(rule)))
            for edit in edits_of(helper, whole_rule=False):
                mutated = compiled(edit.tree, helper, {})
                function = compiled(tree, rule, {helper_name: mutated})
                what = f"{label}, {helper_name}: {edit.what}"
                mutants.append(Mutant(op, index, edit.kind, what, function))
    return mutants


def compiled(
    tree: ast.Module, original: Callable[..., Any], names: dict[str, Any]
) -> Callable[..., Any]:
    """The function that a tree defines, in the namespace of the original's module."""
    module = copy.deepcopy(tree)
    definition = module.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    namespace = {**original.__globals__, **SLIPS, **names}
    exec(compile(ast.fix_missing_locations(module), "<mutant>", "exec"), namespace)
    function: Callable[..., Any] = namespace[definition.name]
    return function
