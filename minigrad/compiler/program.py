"""What a trace leaves: a flat list of array instructions, each giving one new value.

Nothing in a program is overwritten: an instruction names the values it reads and the one it gives
(static single assignment). What the user's arrays shall hold afterwards stands apart, in
``writes``, and is carried out last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ELEMENTWISE", "UFUNCS", "Instruction", "Operand", "Place", "Program", "Value"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instruction comes from: the user's line, and the forward or rule that it is in."""

    filename: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.filename.rpartition('/')[2]}:{self.line} {self.function}"


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """One array of a program: an input, a constant, or what an instruction gives.

    Attributes
    ----------
    name
        Unique in its program, and an identifier.
    shape, dtype
        As of an ndarray.
    weak
        Whether it stands for a Python number, which takes on the dtype of what it meets.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    weak: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Memory that its elements take."""
        return self.size * self.dtype.itemsize

    def __repr__(self) -> str:
        sizes = ", ".join(map(str, self.shape))
        return f"{self.name}: {'weak ' if self.weak else ''}{self.dtype}[{sizes}]"


Operand = Value | bool | int | float

UFUNCS: Mapping[str, np.ufunc] = {
    ufunc.__name__: ufunc
    for ufunc in (
        *(np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.power),
        *(np.floor_divide, np.remainder, np.reciprocal),
        *(np.exp, np.expm1, np.log, np.log1p, np.log2, np.sqrt, np.square, np.sin, np.cos, np.tanh),
        *(np.absolute, np.fabs, np.sign, np.maximum, np.minimum),
        *(np.floor, np.ceil, np.trunc, np.rint),
        *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
        *(np.isfinite, np.isinf, np.isnan, np.signbit),
        *(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert),
        *(np.logical_and, np.logical_or, np.logical_xor, np.logical_not),
    )
}
"""The elementwise functions of NumPy that an instruction may be, by name."""

ELEMENTWISE = frozenset([*UFUNCS, "where", "cast", "erf", "broadcast"])
"""Primitives that compute each element of the result from one element of each operand."""


@dataclass(frozen=True, eq=False, slots=True)
class Instruction:
    """``out = primitive(*operands, **attributes)``.

    Primitives
    ----------
    the name of a ufunc in `UFUNCS`
        With ``dtypes``, those the operands are cast to before (a Python number too).
    where (condition, x, y), cast (x), erf (x), broadcast (x)
        Elementwise too: in the dtype of ``out``; ``broadcast`` repeats x to the shape of ``out``.
    reduce (x)
        ``ufunc`` ("add", "multiply", "maximum", "minimum", "logical_and", "logical_or") over
        ``axes``, a tuple of non-negative ints; ``keepdims``.
    dot (x, y)
        Of two matrices. ``matmul`` is that of stacks of matrices, whose leading axes broadcast.
    transpose (x), reshape (x)
        By ``axes``; to the shape of ``out``.
    index (x, *arrays)
        ``x[index]``, where an `ArrayIndex` k in ``index`` stands for ``arrays[k]``.
    set, add_at (x, y, *arrays)
        ``x`` with the elements at ``index`` replaced by those of ``y``; with ``y`` added to them.
    concatenate (*arrays)
        Along ``axis``.
    full ()
        An array filled with ``fill``, a number; None if it is going to be written to.
    """

    out: Value
    primitive: str
    operands: tuple[Operand, ...]
    attributes: Mapping[str, Any]
    place: Place

    @property
    def values(self) -> list[Value]:
        """The operands that are values of the program, not numbers."""
        return [operand for operand in self.operands if isinstance(operand, Value)]

    def __repr__(self) -> str:
        operands = [o.name if isinstance(o, Value) else repr(o) for o in self.operands]
        attributes = [f"{name}={value}" for name, value in self.attributes.items()]
        return f"{self.out!r} = {self.primitive}({', '.join(operands + attributes)})"


@dataclass(slots=True)
class Program:
    """The instructions, what they start from, and what becomes of their results.

    Attributes
    ----------
    inputs
        Given anew at each call; the user's own arrays and run-time numbers.
    constants
        Arrays that the traced function made or held, the same at every call.
    instructions
        In an order in which they can run.
    checks
        Bools without axes: if one is True the inputs are refused, and nothing may be written.
    writes
        For an input, the value that its array shall hold afterwards.
    outputs
        What is given back, each as an array that is the caller's own.
    """

    inputs: list[Value] = field(default_factory=list)
    constants: dict[Value, NDArray[Any]] = field(default_factory=dict)
    instructions: list[Instruction] = field(default_factory=list)
    checks: list[Value] = field(default_factory=list)
    writes: dict[Value, Value] = field(default_factory=dict)
    outputs: list[Value] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"input     {value!r}" for value in self.inputs]
        lines += [f"constant  {value!r}" for value in self.constants]
        lines += [f"{instruction!r}    # {instruction.place}" for instruction in self.instructions]
        lines += [f"check     {value.name}" for value in self.checks]
        lines += [f"write     {target.name} <- {new.name}" for target, new in self.writes.items()]
        lines += [f"output    {value.name}" for value in self.outputs]
        return "\n".join(lines)
