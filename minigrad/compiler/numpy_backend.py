"""A program as a flat list of NumPy calls that write into kept arrays."""

from collections.abc import Iterator

import numpy as np

from minigrad.compiler.generated import (
    Generated,
    array_in,
    literal,
    name_of,
    namespace_of,
    new_workspace,
)
from minigrad.compiler.indices import ArrayIndex
from minigrad.compiler.interpreter import erf
from minigrad.compiler.operands import kind_of
from minigrad.compiler.plan import Plan
from minigrad.compiler.program import UFUNCS, Instruction, Operand, Value

__all__ = ["generate"]


def generate(plan: Plan) -> Generated:
    """The program of a plan, for NumPy alone; it is planned anew if loops are fused in it.

    Examples
    --------
    >>> from minigrad.compiler.plan import plan
    >>> from minigrad.compiler.recorder import Recorder
    >>> from minigrad.compiler.tracer import Tracer
    >>> recorder = Recorder()
    >>> x = Tracer(recorder, recorder.input((3,), np.float64))
    >>> recorder.program.outputs.append(np.exp(x).sum().value)
    >>> generated = generate(plan(recorder.program))
    >>> generated.run(np.zeros(3))
    (False, np.float64(3.0))
    """
    plan = plan.unfused()
    writer = Writer(plan)
    source = writer.write()
    workspace = new_workspace(plan)
    kept = {value: array_in(workspace, plan, value) for value in plan.workspace.offsets}
    names = {value.name: array for value, array in kept.items()}
    namespace = namespace_of(source, f"<{name_of(source)}>", {**names, "np": np, "erf": erf})
    arrays = {out: kept[root].reshape(out.shape) for out, root in plan.arrays.items()}
    run = namespace["run"]
    return Generated(source, run, plan, run, arrays)


class Writer:
    """Writes the text, instruction by instruction."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.kept: list[str] = []  # before the function: views of arrays that stay
        self.body: list[str] = []
        self.known: set[Value] = set()

    def write(self) -> str:
        plan = self.plan
        numbers = plan.program.outputs and plan.numbers
        refused = ", ".join(["return True", *("0.0" for _ in numbers)])
        for k in range(len(plan.groups) + 1):
            if k == plan.check_at and plan.program.checks:
                checks = " or ".join(self.text(check) for check in plan.program.checks)
                self.body += [f"if {checks}:", f"    {refused}" + "," * (not numbers)]
            for instruction in plan.groups[k].instructions if k < len(plan.groups) else ():
                self.add(instruction)
        results = [f"{self.text(x)}[()]" if self.is_array(x) else self.text(x) for x in numbers]
        self.body.append(", ".join(["return False", *results]) + "," * (not numbers))
        inputs = ", ".join(value.name for value in plan.program.inputs)
        indented = "\n".join(" " * 8 + line for line in self.body)
        kept = "".join(line + "\n" for line in self.kept)
        return (
            "# Arrays named v, c and copy are kept from call to call.\n"
            f"{kept}\n\n"
            f"def run({inputs}):\n"
            '    with np.errstate(all="ignore"):\n'
            f"{indented}\n"
        )

    # Operands

    def is_array(self, value: Value) -> bool:
        """Whether a value without axes is at hand as an array."""
        root = self.plan.views[value].root
        return not root.weak and (value in self.plan.moves or root in self.plan.program.inputs)

    def text(self, operand: Operand) -> str:
        """An operand, defined before if it is a view."""
        if not isinstance(operand, Value):
            return repr(operand) if np.isfinite(operand) else f"float({str(operand)!r})"
        constants = self.plan.program.constants
        if operand in constants and not operand.shape:
            return self.typed(constants[operand], operand)
        if operand in self.plan.moves and operand not in self.known:
            self.known.add(operand)
            self.define(self.plan.moves[operand])
        return operand.name

    def typed(self, number: object, value: Value) -> str:
        if value.weak:
            return repr(number)
        text = literal(number, value.dtype)
        return text if text.startswith("np.") else f"np.{value.dtype.name}({text})"

    def define(self, move: Instruction) -> None:
        """A view: of an array that is kept, once and for all; else where it is used first."""
        x, out = move.values[0], move.out
        name = self.text(x)
        match move.primitive:
            case "transpose":
                call = f"np.transpose({name}, {move.attributes['axes']})"
            case "reshape":
                call = f"np.reshape({name}, {out.shape})"
            case "broadcast" if x.shape == out.shape:
                call = name
            case "broadcast":
                call = f"np.broadcast_to({name}, {out.shape})"
            case _:
                call = f"{name}[{index_text(move.attributes['index'], [])}]"
        stays = self.plan.views[x].root in self.plan.workspace.offsets
        is_view = bool(out.shape) or move.primitive != "index"
        if stays and is_view and x.shape:
            self.kept.append(f"{out.name} = {call}  # {move.place}")
        else:
            self.body.append(f"{out.name} = {call}  # {move.place}")

    # Instructions

    def add(self, instruction: Instruction) -> None:
        out = instruction.out
        place = f"  # {instruction.place}"
        target = self.plan.in_place.get(out)
        if out.shape or target is not None:
            where = out.name if target is None else target.name
            lines = list(self.into(instruction, where))
            lines[-1] += place
            if target is not None:
                lines.append(f"{out.name} = {target.name}")
        else:
            lines = [f"{out.name} = {self.number(instruction)}{place}"]
        self.body += lines

    def into(self, instruction: Instruction, out: str) -> Iterator[str]:
        """Statements that compute an array into ``out``."""
        primitive, attributes = instruction.primitive, instruction.attributes
        if primitive in UFUNCS:
            operands = ", ".join(self.arguments(instruction))
            yield f"np.{primitive}({operands}, out={out})"
            return
        texts = [self.text(x) for x in instruction.operands]
        match primitive:
            case "where":
                condition, x, y = texts
                if instruction.out in self.plan.in_place:  # whose old elements may be operands
                    yield f"{out}[...] = np.where({condition}, {x}, {y})"
                else:
                    yield f"np.copyto({out}, {y})"
                    yield f"np.copyto({out}, {x}, where=np.not_equal({condition}, 0))"
            case "cast" | "copy":
                yield f"np.copyto({out}, {texts[0]}, casting='unsafe')"
            case "erf":
                yield f"{out}[...] = erf({texts[0]})"
            case "reduce":
                ufunc, axes = attributes["ufunc"], attributes["axes"]
                keepdims = ", keepdims=True" if attributes["keepdims"] else ""
                yield f"np.{ufunc}.reduce({texts[0]}, axis={axes}{keepdims}, out={out})"
            case "dot" | "matmul":
                yield f"np.{primitive}({texts[0]}, {texts[1]}, out={out})"
            case "index":
                yield f"{out}[...] = {texts[0]}[{index_text(attributes['index'], texts[1:])}]"
            case "set" | "add_at":
                index = index_text(attributes["index"], texts[2:], primitive == "add_at")
                yield f"np.copyto({out}, {texts[0]})"
                if primitive == "set":
                    yield f"{out}[{index}] = {texts[1]}"
                else:
                    yield f"np.add.at({out}, ({index},), {texts[1]})"
            case "concatenate":
                joined = ", ".join(texts)
                yield f"np.concatenate(({joined},), axis={attributes['axis']}, out={out})"
            case "full":
                yield f"{out}[...] = {self.text(attributes['fill'] or 0)}"

    def number(self, instruction: Instruction) -> str:
        """An expression for a result without axes."""
        primitive, out = instruction.primitive, instruction.out
        if primitive in UFUNCS:
            call = f"np.{primitive}({', '.join(self.arguments(instruction))})"
            return f"{'float' if out.dtype.kind == 'f' else 'int'}({call})" if out.weak else call
        texts = [self.text(x) for x in instruction.operands]
        dtype = f"np.{out.dtype.name}"
        match primitive:
            case "where":
                return f"{dtype}({texts[1]} if {texts[0]} else {texts[2]})"
            case "reduce":
                ufunc, axes = instruction.attributes["ufunc"], instruction.attributes["axes"]
                return f"np.{ufunc}.reduce({texts[0]}, axis={axes})"
            case "index":
                return f"{texts[0]}[{index_text(instruction.attributes['index'], texts[1:])}]"
            case "copy" if out.weak:
                return texts[0]
            case "cast" | "copy":
                return f"{dtype}({texts[0]})"
            case "erf":
                return f"{dtype}(erf({texts[0]}))"
            case "full":
                return f"{dtype}({self.text(instruction.attributes['fill'] or 0)})"
            case "set" | "add_at":
                plus = f"{texts[0]} + " if primitive == "add_at" else ""
                return f"{dtype}({plus}{texts[1]})"
        raise AssertionError(f"{primitive} without axes")

    def arguments(self, instruction: Instruction) -> list[str]:
        """The operands of a ufunc, cast only where NumPy would choose another dtype by itself."""
        ufunc = UFUNCS[instruction.primitive]
        dtypes = tuple(instruction.attributes["dtypes"])
        texts = [self.text(x) for x in instruction.operands]
        kinds = [kind_of(x) for x in instruction.operands]
        if all(isinstance(kind, type) for kind in kinds):
            kinds = [np.dtype(kind) for kind in kinds]
        if ufunc.resolve_dtypes((*kinds, None))[:-1] == dtypes:
            return texts
        return [
            f"np.asarray({text}, np.{dtype.name})"
            for text, dtype in zip(texts, dtypes, strict=True)
        ]


def index_text(index: tuple[object, ...], arrays: list[str], as_tuple: bool = False) -> str:
    """An index as it is written between brackets, or as a tuple."""
    parts = []
    for part in index:
        if isinstance(part, ArrayIndex):
            parts.append(arrays[part.k])
        elif isinstance(part, slice) and as_tuple:
            parts.append(repr(part))
        elif isinstance(part, slice):
            numbers = ["" if n is None else str(n) for n in (part.start, part.stop, part.step)]
            parts.append(":".join(numbers if part.step is not None else numbers[:2]))
        else:
            parts.append("..." if part is Ellipsis else str(part))
    return ", ".join(parts) or "()"
