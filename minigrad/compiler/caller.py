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
from minigrad.compiler.belongings import Belongings
from minigrad.compiler.collecting import Result, Same, Trace
from minigrad.compiler.generated import Generated
from minigrad.compiler.program import Program, Value
from minigrad.compiler.sources import Argument, Draw, Grad, Names, Slot, TensorData
from minigrad.compiler.variables import Variable
from minigrad.tensor import Tensor, next_stamp

__all__ = [
    "MISS",
    "REFUSED",
    "argument_conditions",
    "generate_caller",
    "generate_test",
    "grad_conditions",
    "object_conditions",
    "tensor_conditions",
]

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
            lines.append(f"# {what}")
            lines += [f"if not ({test}): return {otherwise}" for test in joined(tests)]
    return lines


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
        if value.weak and not leaf.is_tensor:
            kind = "float" if value.dtype.kind == "f" else "int"
            return f"{kind}({names.free(value.name)})"
        text = array_text(value, generated, names)
        text += ".copy()" if value.shape else ""
        return f"{names.of(Tensor, 'Tensor')}({text})" if leaf.is_tensor else text

    return tree_text(map_leaves(trace.result, (), leaf_text))


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


def argument_conditions(
    arguments: Mapping[str, Any], held: Mapping[Tensor, None], names: Names
) -> list[str]:
    """Tests that arguments are of the kinds, shapes and dtypes that a program is for."""
    tests: list[str] = []
    texts: dict[Tensor, str] = {}

    def check(leaf: Any, path: tuple[Any, ...]) -> Any:
        text = Argument(path).holder(names)
        if isinstance(leaf, Tensor):
            tests.append(f"{text}.__class__ is {names.of(type(leaf), 'kind')}")
            tests.append(f"{text}.requires_grad is {leaf.requires_grad}")
            array_conditions(leaf.data, f"{text}.data", names, tests)
            tests.extend(identity_conditions(leaf, text, texts, held, names))
            texts.setdefault(leaf, text)
        elif isinstance(leaf, np.ndarray):
            tests.append(f"{text}.__class__ is {names.of(type(leaf), 'kind')}")
            array_conditions(leaf, text, names, tests)
        elif leaf is None or isinstance(leaf, bool):
            tests.append(f"{text} is {leaf}")
        elif type(leaf) in (int, str, float) or isinstance(leaf, np.generic):
            tests.append(f"{text}.__class__ is {names.of(type(leaf), 'kind')}")
            if isinstance(leaf, (int, str)):
                tests.append(f"{text} == {names.of(leaf, 'static')}")
        else:
            tests.append(f"{text} is {names.of(leaf, 'static')}")
        return leaf

    for name, value in arguments.items():
        containers(value, name, names, tests)
        map_leaves(value, (name,), check)
    return tests


def identity_conditions(
    tensor: Tensor,
    text: str,
    before: Mapping[Tensor, str],
    held: Mapping[Tensor, None],
    names: Names,
) -> list[str]:
    """Tests that a Tensor is, or is not, one that the function holds, or an argument before it."""
    if tensor in held:
        return [f"{text} is {names.of(tensor, 'tensor')}"]
    if tensor in before:
        return [f"{text} is {before[tensor]}"]
    tests = [f"{text} is not {other}" for other in before.values()]
    if held:
        tests.append(f"{text} not in {names.of(held, 'held')}")
    return tests


def containers(tree: Any, text: str, names: Names, tests: list[str]) -> None:
    """Tests that tuples, lists and dicts are as they were: they come before what is in them."""
    if type(tree) in (tuple, list):
        tests.append(f"{text}.__class__ is {type(tree).__name__} and len({text}) == {len(tree)}")
        for i, x in enumerate(tree):
            containers(x, f"{text}[{i}]", names, tests)
    elif type(tree) is dict:
        keys = names.of(list(tree), "keys")
        tests.append(f"{text}.__class__ is dict and [*{text}] == {keys}")
        for key, x in tree.items():
            containers(x, f"{text}[{key!r}]", names, tests)


def array_conditions(array: Any, text: str, names: Names, tests: list[str]) -> None:
    tests.append(f"{text}.shape == {array.shape}")
    tests.append(f"{text}.dtype is {names.of(array.dtype, 'dtype')}")
    tests.append(f"{text}.flags.carray")


def grad_conditions(trace: Trace, names: Names) -> list[str]:
    """A gradient that the program adds to must be there, and one that it sets anew must not."""
    tests = []
    for value in trace.program.inputs:
        source = trace.sources[value]
        if isinstance(source, Grad):
            text = f"{source.of.holder(names)}.grad"
            tests.append(f"{text}.__class__ is {names.of(np.ndarray, 'kind')}")
            tests.append(f"{text}.shape == {value.shape}")
            tests.append(f"{text}.dtype is {names.of(value.dtype, 'dtype')}")
    return tests + [f"{holder.holder(names)}.grad is None" for holder in trace.without_grad]


def tensor_conditions(trace: Trace, names: Names) -> list[str]:
    """Tensors that the function holds: the same arrays as when they were looked at."""
    tests = []
    for source in trace.tensors:
        if isinstance(source, TensorData):
            tensor, text = source.tensor, source.holder(names)
            tests.append(f"{text}.data is {source.expression(names)}")
            tests.append(f"{text}.requires_grad is {tensor.requires_grad}")
    return tests


def object_conditions(
    variables: list[Variable], belongings: Belongings, trace: Trace, names: Names
) -> list[str]:
    """Variables, modes and flags that another program would belong to."""
    tests = [test for variable in variables for test in variable.tests(names)]
    for module in belongings.modules:
        tests.append(f"{names.of(module, 'module')}.training is {module.training}")
    for optimizer in belongings.optimizers:
        text = names.of(optimizer, "optimizer")
        tests.append(f"{text}.state is {names.of(optimizer.state, 'list')}")
        for position, state in enumerate(optimizer.state):
            tests.append(f"{text}.state[{position}] is {names.of(state, 'state')}")
        for name in optimizer.hyperparameters:
            value = getattr(optimizer, name)
            if isinstance(value, (bool, int)):
                tests.append(f"{text}.{name} {'is' if isinstance(value, bool) else '=='} {value}")
    for source in trace.sources.values():
        if isinstance(source, Slot) and isinstance(source.remembered, np.ndarray):
            array = names.of(source.remembered, "slot")
            tests.append(f"{source.dict_text(names)}.get({source.name!r}) is {array}")
    for mask, copy in trace.frozen:
        equal = names.of(np.array_equal, "array_equal")
        tests.append(f"{equal}({names.of(mask, 'mask')}, {names.of(copy, 'mask')})")
    for source, truth in trace.guards:
        tests.append(f"{'' if truth else 'not '}{source.expression(names)}")
    return tests
