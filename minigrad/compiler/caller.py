"""The Python around a program: is it the right one, fetch its inputs, run it, hand out the results.

At the size of a small network this would cost more than the program if it looped over what there
is to check and to fetch. So it is written out as a function of its own, in Python text that can be
read and stepped through (`CompiledFunction.caller_source`).
"""

import linecache
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from minigrad.compiler.arguments import map_leaves
from minigrad.compiler.collecting import Trace
from minigrad.compiler.generated import Generated
from minigrad.compiler.program import Program, Value
from minigrad.compiler.results import Result, Same
from minigrad.compiler.sources import Draw, Names
from minigrad.tensor import next_stamp

__all__ = ["MISS", "REFUSED", "generate_caller", "generate_test"]

MISS = object()
"""What a caller returns if its program is not for these arguments."""

REFUSED = object()
"""What it returns if a check of the values failed: nothing has been written."""


def generate_caller(
    name: str,
    signature: Signature,
    trace: Trace,
    generated: Generated,
    conditions: Mapping[str, list[str]],
    names: Names,
) -> tuple[Callable[..., Any], str]:
    """The function that runs ``generated``, and its text."""
    program = trace.program
    miss, refused, run = names.free("MISS"), names.free("REFUSED"), names.free("run")
    numbers = [names.free(value.name) for value in program.outputs if not value.shape]
    body = condition_lines(conditions, miss)
    draws = generators_drawn(trace) if may_refuse(program) else []
    states = [names.free(f"state{k}") for k in range(len(draws))]
    places = [f"{names.of(g, 'generator')}.bit_generator.state" for g in draws]
    body += [f"{state} = {place}" for state, place in zip(states, places, strict=True)]
    inputs = [trace.sources[value].expression(names) for value in program.inputs]
    is_refused = names.free("is_refused")
    body.append(f"{', '.join([is_refused, *numbers])}, = {run}({', '.join(inputs)})")
    if may_refuse(program):
        body.append(f"if {is_refused}:")
        body += [f"    {place} = {state}" for state, place in zip(states, places, strict=True)]
        body.append(f"    return {refused}")
    body += aftermath(trace, generated, names)
    body.append(f"return {result_text(trace, generated, names)}")
    objects = {**names.objects, miss: MISS, refused: REFUSED, run: generated.run}
    return defined(name, signature, body, names, objects, f"<minigrad caller {id(generated)}>")


def generate_test(
    name: str,
    signature: Signature,
    generated: Generated,
    conditions: Mapping[str, list[str]],
    names: Names,
) -> Callable[..., bool]:
    """A function of the same arguments that tells whether the caller would run ``generated``."""
    body = [*condition_lines(conditions, "False"), "return True"]
    filename = f"<minigrad test {id(generated)}>"
    return defined(name, signature, body, names, names.objects, filename)[0]


def condition_lines(conditions: Mapping[str, list[str]], otherwise: str) -> list[str]:
    """Statements that return ``otherwise`` unless all conditions hold."""
    lines: list[str] = []
    for what, tests in conditions.items():
        if tests:
            lines.append(f"    # {what}")
            lines += [f"    if not ({test}): return {otherwise}" for test in joined(tests)]
    if not lines:
        return []
    gone = "except (KeyError, AttributeError, ValueError):  # what it read is no longer there"
    return ["try:", *lines, gone, f"    return {otherwise}"]


def defined(
    name: str,
    signature: Signature,
    body: list[str],
    names: Names,
    objects: Mapping[str, Any],
    filename: str,
) -> tuple[Callable[..., Any], str]:
    """A function with this body, through which a debugger can step, and its text."""
    heading = f"def {name}({parameters_text(signature, names)}):"
    text = "\n    ".join([heading, *body]) + "\n"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    namespace = {**names.objects, **objects}
    exec(compile(text, filename, "exec"), namespace)
    return namespace[name], text


def may_refuse(program: Program) -> bool:
    """Whether there are checks: the program's own, and those of positions that index something."""
    indexing = ("index", "set", "add_at")
    return bool(program.checks) or any(i.primitive in indexing for i in program.instructions)


def generators_drawn(trace: Trace) -> list[np.random.Generator]:
    """The generators that inputs are drawn from, each once."""
    sources = [trace.sources[value] for value in trace.program.inputs]
    drawn = {id(s.generator): s.generator for s in sources if isinstance(s, Draw)}
    return list(drawn.values())


def joined(tests: list[str], width: int = 4) -> list[str]:
    """Several tests to a line."""
    return [" and ".join(tests[i : i + width]) for i in range(0, len(tests), width)]


def aftermath(trace: Trace, generated: Generated, names: Names) -> list[str]:
    """What the function did to Python objects: gradients, counts, marks of change, modes."""
    lines = []
    given = checked_outputs(trace.program)
    for holder, grad in trace.grads.items():
        text = array_text(grad, generated, names)
        if grad is not None and grad.shape:
            text += ".copy()" if grad in given else ""
            given.add(grad)
        lines.append(f"{holder.holder(names)}.grad = {text}")
    for slot, count in trace.counts.items():
        lines.append(f"{slot.holder(names)} = int({names.free(count.name)})")
    if trace.stamped:
        stamp = names.free("stamp")
        lines.append(f"{stamp} = {names.of(next_stamp, 'next_stamp')}()")
        lines += [f"{holder.holder(names)}.stamp = {stamp}" for holder in trace.stamped]
    for module, mode in trace.switched.items():
        lines.append(f"{names.of(module, 'module')}.training = {mode}")
    return lines


def checked_outputs(program: Program) -> set[Value]:
    """Outputs that a check depends on: their arrays are written before it is known to hold.

    The gradient that a tensor has must be another array then. The same is true of one that two
    tensors would share.
    """
    needed = set(program.checks)
    for instruction in reversed(program.instructions):
        if instruction.out in needed:
            needed.update(instruction.values)
    return needed.intersection(program.outputs)


def array_text(value: Value | None, generated: Generated, names: Names) -> str:
    """Text for an output as an array that stays where it is until the next call."""
    if value is None:
        return "None"
    if value.shape:
        return names.of(generated.arrays[value], "kept")
    asarray, dtype = names.of(np.asarray, "asarray"), names.of(value.dtype, "dtype")
    return f"{asarray}({names.free(value.name)}, {dtype})"


def result_text(trace: Trace, generated: Generated, names: Names) -> str:
    """Text for what the function returns; arrays in it are the caller's own."""

    def leaf_text(leaf: Any, path: tuple[Any, ...]) -> str:
        if isinstance(leaf, Same):
            return leaf.holder.holder(names)
        if not isinstance(leaf, Result):
            return names.of(leaf, "constant")
        value = leaf.value
        if trace.as_number:
            return f"float({names.free(value.name)})"
        if value.weak and leaf.kind is None:
            kind = {"f": "float", "b": "bool"}.get(value.dtype.kind, "int")
            return f"{kind}({names.free(value.name)})"
        if leaf.kind is None:
            scalar = f"{names.of(value.dtype.type, 'dtype')}({names.free(value.name)})"
            return own_text(value, generated, names) if value.shape else scalar
        data, grad = (own_text(part, generated, names) for part in (value, leaf.grad))
        return f"{names.of(leaf.kind, 'kind')}.tensor({data}, {grad})"

    return tree_text(map_leaves(trace.result, (), leaf_text))


def own_text(value: Value | None, generated: Generated, names: Names) -> str:
    """Text for an output as an array of the caller's own."""
    text = array_text(value, generated, names)
    return f"{text}.copy()" if value is not None and value.shape else text


def tree_text(tree: Any) -> str:
    if type(tree) is tuple:
        return f"({''.join(tree_text(x) + ', ' for x in tree)})"
    if type(tree) is list:
        return f"[{', '.join(map(tree_text, tree))}]"
    if type(tree) is dict:
        return "{" + ", ".join(f"{key!r}: {tree_text(x)}" for key, x in tree.items()) + "}"
    return str(tree)


def parameters_text(signature: Signature, names: Names) -> str:
    """The parameters as the user's function has them, without annotations."""
    parts = []
    has_star = False
    for parameter in signature.parameters.values():
        text = parameter.name
        if parameter.kind is Parameter.VAR_POSITIONAL:
            text, has_star = f"*{text}", True
        elif parameter.kind is Parameter.VAR_KEYWORD:
            text = f"**{text}"
        elif parameter.kind is Parameter.KEYWORD_ONLY and not has_star:
            parts.append("*")
            has_star = True
        if parameter.default is not Parameter.empty:
            text += f"={names.of(parameter.default, 'default')}"
        parts.append(text)
    return ", ".join(parts)
