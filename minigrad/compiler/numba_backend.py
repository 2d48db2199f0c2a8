"""A program as one native function of explicit loops."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from minigrad.compiler.cache import text_hash
from minigrad.compiler.fusion import Group
from minigrad.compiler.gathering import gathered
from minigrad.compiler.generated import (
    Generated,
    array_in,
    literal,
    new_workspace,
)
from minigrad.compiler.loops import AXES, Nest, at, nested
from minigrad.compiler.native_text import CACHED, native
from minigrad.compiler.parts import call as call_of
from minigrad.compiler.parts import is_long, parts_of, words
from minigrad.compiler.places import in_words
from minigrad.compiler.plan import Plan
from minigrad.compiler.program import Instruction, Value
from minigrad.compiler.views import contiguous, squeezed
from minigrad.errors import CompileError, MissingExtraError

__all__ = ["generate"]

NATIVE = Path(__file__).with_name("native.py")

SMALL_PRODUCT = 128
"""Up to so many multiplications a loop takes less time than the call of BLAS, which is 0.15 µs."""

HEADER = """\
import math

import numpy as np
from numba import njit, types

from minigrad.compiler.native import *


"""


def generate(plan: Plan) -> Generated:
    """The program of a plan, compiled by Numba.

    Raises
    ------
    MissingExtraError
        If Numba is not installed.
    CompileError
        If a dtype is not one that processors compute with.
    """
    check_installed()
    refuse_dtypes(plan)
    source, step = native(Writer(plan).write(), "step")
    workspace = new_workspace(plan)

    def run(*inputs: Any) -> tuple[Any, ...]:
        return step(workspace, *inputs)  # type: ignore[no-any-return]

    arrays = {
        out: array_in(workspace, plan, root).reshape(out.shape) for out, root in plan.arrays.items()
    }
    return Generated(source, getattr(step, "py_func", step), plan, run, arrays, (step, workspace))


def check_installed() -> None:
    """Raise the error that says what to install, if Numba or SciPy is missing."""
    for package in ("numba", "scipy"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "compile", "the native back end")


def refuse_dtypes(plan: Plan) -> None:
    places = {i.out: in_words(i.place) for group in plan.groups for i in group.instructions}
    for value in plan.views:
        if value.dtype.kind == "f" and value.dtype.itemsize not in (4, 8):
            raise CompileError(
                f"cannot be compiled: {value.dtype} is not native; the NumPy back end computes it",
                places.get(value, ""),
            )


class Writer:
    """Writes the function, group by group."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def write(self) -> str:
        plan = self.plan
        parts = parts_of(plan)
        texts = [[line for group in part for line in self.group(group)] for part in parts]
        numbers = [self.scalar(x) for x in plan.numbers]
        checks = [self.scalar(x) for x in plan.program.checks]
        end = [f"return {result('False', numbers)}"]
        functions: list[str] = []
        body: list[str] = []
        done = 0
        for k, (part, text) in enumerate(zip(parts, texts, strict=True)):
            if done == plan.check_at:
                body += self.refusal(checks)
            if is_long(plan):
                later = words([line for lines in texts[k + 1 :] for line in lines] + end + checks)
                function, call = self.part(f"part{k + 1}", part, text, later)
                functions.append(function)
                body.append(call)
            else:
                body += text
            done += len(part)
        if done == plan.check_at:
            body += self.refusal(checks)
        arguments = ["workspace", *(value.name for value in plan.program.inputs)]
        decorated = f'@njit({signature_of(plan)}, error_model="numpy"{CACHED})'
        step = defined("step", arguments, [*self.memory([*body, *end]), *body, *end])
        head = f"# With minigrad.compiler.native {text_hash(NATIVE)}\n{HEADER}"
        return head + "".join(functions) + f"{decorated}\n{step}"

    def refusal(self, checks: list[str]) -> list[str]:
        if not checks:
            return []
        zeros = [literal(0, value.dtype) for value in self.plan.numbers]
        return [f"if {' or '.join(checks)}:", f"    return {result('True', zeros)}"]

    def group(self, group: Group) -> list[str]:
        if group.is_loop:
            return Nest(self.plan, group).write()
        return self.alone(group.instructions[0])

    def part(
        self, name: str, groups: list[Group], text: list[str], later: set[str]
    ) -> tuple[str, str]:
        """A function of some of the groups, and the statement that calls it."""
        known = words(text)
        made = [x.out for group in groups for x in group.instructions if self.is_number(x.out)]
        numbers = {x.out.name for x in self.plan.program.instructions if self.is_number(x.out)}
        results = [value.name for value in made if value.name in later]
        given = sorted((numbers & known) - {value.name for value in made})
        memory = self.memory(text)
        inputs = [x.name for x in self.plan.program.inputs if x.name in words(memory + text)]
        arguments = ["workspace", *inputs, *given]
        ending = [f"return {', '.join(results)},"] if results else []
        function = defined(name, arguments, [*memory, *text, *ending])
        decorated = f'@njit(error_model="numpy")\n{function}\n\n'
        return decorated, call_of(name, arguments, results)

    def is_number(self, value: Value) -> bool:
        """Whether a value that is computed lies in a variable, and nowhere else."""
        return value.size == 1 and not self.plan.in_memory(value)

    def memory(self, text: list[str]) -> list[str]:
        """Names for the elements of each array in a text: with an s at the end."""
        plan, needed = self.plan, words(text)
        lines = [
            f"{value.name}s = elements({value.name}, {value.size})"
            for value in plan.program.inputs
            if f"{value.name}s" in needed
        ]
        for value, offset in plan.workspace.offsets.items():
            if f"{value.name}s" in needed:
                kind = "bool_" if value.dtype.kind == "b" else value.dtype.name
                place = f"workspace, {offset}, {value.size}, np.{kind}"
                lines.append(f"{value.name}s = buffer({place})")
        return lines

    def scalar(self, value: Value) -> str:
        """A value without axes."""
        root, offset = self.plan.views[value].root, self.plan.views[value].offset
        if root in self.plan.program.constants and not root.shape:
            return literal(self.plan.program.constants[root], root.dtype)
        if root.weak or not (self.plan.in_memory(root) or root in self.plan.program.inputs):
            return root.name
        return f"{self.array(root)}[{offset}]"

    def array(self, root: Value) -> str:
        return f"{self.plan.in_place.get(root, root).name}s"

    # Instructions that stand alone

    def alone(self, instruction: Instruction) -> list[str]:
        primitive, place = instruction.primitive, f"# {instruction.place}"
        match primitive:
            case "dot":
                lines = self.dot(instruction)
            case "matmul":
                lines = self.matmul(instruction)
            case "concatenate":
                lines = self.concatenate(instruction)
            case _:
                lines = gathered(instruction, self)
        return [place, *lines]

    def dot(self, instruction: Instruction) -> list[str]:
        x, y = instruction.values
        out = instruction.out
        (n, inner), m = x.shape, y.shape[1]
        of_x, of_y = self.order(x), self.order(y)
        first, second = self.from_offset(x), self.from_offset(y)
        rest = f"{second}, {self.array(out)}, {n}, {inner}, {m}"
        if n * inner * m > SMALL_PRODUCT and out.dtype.kind == "f":
            return [f"blas_{of_x}{of_y}({first}, {rest})"]
        strides = f"{inner}, 1" if of_x == "n" else f"1, {n}"
        return [f"dot_{of_y}({first}, {strides}, {rest})"]

    def from_offset(self, value: Value) -> str:
        view = self.plan.views[value]
        array = self.array(view.root)
        return f"{array}[{view.offset}:]" if view.offset else array

    def order(self, value: Value) -> str:
        """n: a matrix lies row after row; t: column after column."""
        steps = squeezed(value.shape, self.plan.views[value].strides)
        rows = squeezed(value.shape, contiguous(value.shape))
        return "n" if steps == rows or value.size == 0 else "t"

    def matmul(self, instruction: Instruction) -> list[str]:
        x, y = instruction.values
        out = instruction.out
        leading, (n, m), inner = out.shape[:-2], out.shape[-2:], x.shape[-1]
        views = self.plan.views
        d = len(leading)
        # axes: the leading ones, i, j, k
        x_steps, y_steps = views[x].strides, views[y].strides
        over_x = (*over(x.shape[:-2], x_steps[:-2], d), x_steps[-2], 0, x_steps[-1])
        over_y = (*over(y.shape[:-2], y_steps[:-2], d), 0, y_steps[-1], y_steps[-2])
        place = at((*contiguous(out.shape), 0))
        array_x, array_y = self.array(views[x].root), self.array(views[y].root)
        product = (
            f"{array_x}[{at(over_x, views[x].offset)}] * {array_y}[{at(over_y, views[y].offset)}]"
        )
        zero = literal(0, out.dtype)
        body = [
            f"total = {zero}",
            f"for {AXES[d + 2]} in range({inner}):",
            f"    total = accumulate(total, {product})"
            if out.dtype.kind == "f"
            else f"    total += {product}",
            f"{self.array(out)}[{place}] = total",
        ]
        return nested((*leading, n, m), body)

    def concatenate(self, instruction: Instruction) -> list[str]:
        out, axis = instruction.out, instruction.attributes["axis"]
        lines, start = [], 0
        for value in instruction.values:
            view = self.plan.views[value]
            place = at(contiguous(out.shape), start * contiguous(out.shape)[axis])
            read = f"{self.array(view.root)}[{at(view.strides, view.offset)}]"
            lines += nested(value.shape, [f"{self.array(out)}[{place}] = {read}"])
            start += value.shape[axis]
        return lines


def defined(name: str, arguments: list[str], body: list[str]) -> str:
    lines = "".join(f"    {line}\n" for line in body)
    return f"def {name}({', '.join(arguments)}):\n{lines}"


def over(shape: tuple[int, ...], strides: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Strides of leading axes that are broadcast to ``ndim`` of them."""
    pairs = zip(shape, strides, strict=True)
    return (0,) * (ndim - len(shape)) + tuple(0 if n == 1 else step for n, step in pairs)


def result(refused: str, numbers: list[str]) -> str:
    return f"({', '.join([refused, *numbers])},)"


def signature_of(plan: Plan) -> str:
    """The types of the arguments, so that it is compiled at once and for these only."""
    written = set(plan.in_place.values())
    kinds = ["types.Array(types.uint8, 1, 'C')"]
    for value in plan.program.inputs:
        if value.weak:
            kinds.append("types.float64" if value.dtype.kind == "f" else "types.int64")
            continue
        name = "boolean" if value.dtype.kind == "b" else value.dtype.name
        readonly = "" if value in written else ", readonly=True"
        kinds.append(f"types.Array(types.{name}, {len(value.shape)}, 'C'{readonly})")
    return f"({', '.join(kinds)},)"
