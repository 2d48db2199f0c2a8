"""What must be as it was for a program to be the right one: tests, as Python text.

They are written into the program's caller, so that each costs some tens of nanoseconds.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.compiler.arguments import map_leaves
from minigrad.compiler.belongings import Belongings
from minigrad.compiler.collecting import Trace
from minigrad.compiler.sources import Argument, Grad, Names, Slot, TensorData
from minigrad.compiler.variable import Variable
from minigrad.tensor import Tensor

__all__ = [
    "argument_conditions",
    "grad_conditions",
    "object_conditions",
    "tensor_conditions",
]


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
