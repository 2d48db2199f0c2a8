"""The notebook of a trace: each method adds one instruction to the program and gives its result."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.indices import array_axes, index_arrays, indexed_shape
from minigrad.compiler.operands import COMPARISONS, example_of, fit_together, kind_of, shape_of
from minigrad.compiler.places import place
from minigrad.compiler.program import Instruction, Operand, Program, Value
from minigrad.compiler.refusing import refused
from minigrad.errors import CompileError
from minigrad.ops.base import UnknownArray

__all__ = ["Recorder"]


class Recorder:
    """Writes the program down, instruction by instruction.

    Attributes
    ----------
    value_of_held
        Gives the value of an array that the function was found to hold.
    program
        What has been recorded so far.
    guards
        For a number that the function branched on, whether it was true: another time that number
        may lead to another program.
    refusal
        The first error that said that something cannot be compiled; the function may have caught it
        and gone on, but not as it would with values.
    """

    def __init__(
        self, value_of_held: Callable[[NDArray[Any]], Value | None] = lambda array: None
    ) -> None:
        self.value_of_held = value_of_held
        self.program = Program()
        self.guards: dict[Value, bool] = {}
        self.examples: dict[Value, Any] = {}
        self.known: dict[int, tuple[Any, Value]] = {}
        self.refusal: CompileError | None = None
        self.forbidden: dict[Value, str] = {}
        self.masks: dict[Value, NDArray[np.bool]] = {}
        self.frozen: list[tuple[NDArray[np.bool], NDArray[np.bool]]] = []
        self.count = 0

    # Values

    def new(
        self, shape: tuple[int, ...], dtype: Any, weak: bool = False, prefix: str = "v"
    ) -> Value:
        self.count += 1
        sizes = tuple(int(n) for n in shape)
        return Value(f"{prefix}{self.count}", sizes, np.dtype(dtype), weak)

    def input(self, shape: tuple[int, ...], dtype: Any) -> Value:
        """An array that is given at each call."""
        value = self.new(shape, dtype, prefix="x")
        self.program.inputs.append(value)
        return value

    def number(self, example: float) -> Value:
        """A number that is given at each call, such as a learning rate."""
        value = self.new((), np.float64 if isinstance(example, float) else np.int64, True, "s")
        self.program.inputs.append(value)
        self.examples[value] = example
        return value

    def guard(self, value: Value) -> bool:
        """What an ``if`` on a run-time number decides, remembered."""
        if value not in self.examples:
            raise refused(
                "the function branches on a number computed from a hyperparameter or a float "
                "argument; only the branch taken now would be compiled. Write it as mg.where, "
                "maximum or clip"
            )
        self.guards[value] = bool(self.examples[value])
        return self.guards[value]

    def constant(self, array: NDArray[Any]) -> Value:
        """An array that the function made, as it is now; the same at every call.

        Unless there was one before, hidden where nothing could be put in its place.
        """
        if (held := self.value_of_held(array)) is not None:
            return held
        if id(array) in self.known:
            _, value = self.known[id(array)]
            if same_bits(self.program.constants[value], array):
                return value
        value = self.new(array.shape, array.dtype.newbyteorder("="), prefix="c")
        self.program.constants[value] = np.array(array, value.dtype, order="C")
        self.known[id(array)] = (array, value)  # which keeps the array, so that its id stays its
        return value

    def operand(self, x: Any) -> Operand:
        """What an instruction reads for ``x``: a value, or a Python number."""
        if isinstance(x, UnknownArray):
            value: Value = x.value
            if value in self.forbidden:
                raise refused(self.forbidden[value])
            return value
        if isinstance(x, (bool, int, float)) and not isinstance(x, np.generic):
            return x
        array = np.asarray(x)
        if array.dtype.kind not in "biuf":
            raise refused(f"arrays of dtype {array.dtype} are not compiled")
        return self.constant(array)

    def as_value(self, x: Any) -> Value:
        operand = self.operand(x)
        return operand if isinstance(operand, Value) else self.constant(np.asarray(operand))

    def emit(
        self,
        primitive: str,
        operands: Sequence[Operand],
        shape: tuple[int, ...],
        dtype: Any,
        weak: bool = False,
        **attributes: Any,
    ) -> Value:
        """Add an instruction; its result."""
        out = self.new(shape, dtype, weak)
        instruction = Instruction(out, primitive, tuple(operands), attributes, place())
        self.program.instructions.append(instruction)
        return out

    # Instructions

    def elementwise(self, ufunc: np.ufunc, inputs: Sequence[Any]) -> Value:
        operands = [self.operand(x) for x in inputs]
        kinds = [kind_of(operand) for operand in operands]
        if ufunc in COMPARISONS and not fit_together(operands, kinds):
            kinds = [np.dtype(np.int64) if kind is int else kind for kind in kinds]
        weak = all(isinstance(kind, type) for kind in kinds)
        if weak:
            kinds = [np.dtype(kind) for kind in kinds]
        try:
            *dtypes, dtype = ufunc.resolve_dtypes((*kinds, None))
        except TypeError as error:
            raise TypeError(f"{ufunc.__name__}: {error}") from None
        shape = np.broadcast_shapes(*(shape_of(operand) for operand in operands))
        return self.emit(ufunc.__name__, operands, shape, dtype, weak, dtypes=tuple(dtypes))

    def where(self, condition: Any, x: Any, y: Any) -> Value:
        operands = [self.operand(part) for part in (condition, x, y)]
        dtype = np.result_type(*(example_of(operand) for operand in operands[1:]))
        if dtype.kind in "iu":  # np.where wraps -1 among uint8, which operators refuse
            operands[1:] = [
                np.asarray(part).astype(dtype).item() if type(part) is int else part
                for part in operands[1:]
            ]
        shape = np.broadcast_shapes(*(shape_of(operand) for operand in operands))
        dtypes = (np.dtype(np.bool), dtype, dtype)
        return self.emit("where", operands, shape, dtype, dtypes=dtypes)

    def erf(self, x: Any) -> Value:
        value = self.as_value(x)
        dtype = np.result_type(value.dtype, np.float16)
        return self.emit("erf", [value], value.shape, dtype, dtypes=(dtype,))

    def cast(self, x: Value, dtype: np.dtype[Any]) -> Value:
        if x.dtype == dtype and not x.weak:
            return x
        if dtype.kind not in "biuf":
            raise refused(f"arrays of dtype {dtype} are not compiled")
        return self.emit("cast", [x], x.shape, dtype, dtypes=(x.dtype,))

    def broadcast(self, x: Value, shape: tuple[int, ...]) -> Value:
        if x.shape == shape:
            return x
        if np.broadcast_shapes(x.shape, shape) != tuple(shape):
            raise ValueError(f"shape {x.shape} does not broadcast to {shape}")
        return self.emit("broadcast", [x], shape, x.dtype, dtypes=(x.dtype,))

    def reduce(self, ufunc: str, x: Any, axis: Any, keepdims: bool, dtype: Any) -> Value:
        value = self.as_value(x)
        probe = np.broadcast_to(np.ones((), value.dtype), value.shape)
        function = getattr(np, ufunc)
        options = {} if dtype is None else {"dtype": dtype}
        found = function.reduce(
            probe[tuple(slice(0, 1) if n else slice(None) for n in probe.shape)],
            axis=axis,
            keepdims=True,
            **options,
        )
        kind = found.dtype
        ndim = len(value.shape)
        axes = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(sorted(int(a) % ndim for a in axes)) if ndim else ()
        kept = tuple(1 if a in axes else n for a, n in enumerate(value.shape))
        if ufunc in ("maximum", "minimum") and 0 in (value.shape[a] for a in axes):
            raise ValueError(f"zero-size array to reduction operation {ufunc} has no identity")
        if ufunc in ("logical_and", "logical_or"):
            value = self.cast(value, np.dtype(np.bool))
        value = self.cast(value, np.dtype(kind))
        shape = kept if keepdims else tuple(n for a, n in enumerate(kept) if a not in axes)
        return self.emit("reduce", [value], shape, kind, ufunc=ufunc, axes=axes, keepdims=keepdims)

    def matmul(self, x: Value, y: Value) -> Value:
        if x.shape[-1] != y.shape[-2]:
            raise ValueError(f"matmul: shapes {x.shape} and {y.shape} do not fit")
        dtype = np.result_type(x.dtype, y.dtype)
        x, y = self.cast(x, dtype), self.cast(y, dtype)
        leading = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
        shape = (*leading, x.shape[-2], y.shape[-1])
        return self.emit("matmul" if leading else "dot", [x, y], shape, dtype)

    def transpose(self, x: Value, axes: tuple[int, ...]) -> Value:
        order = tuple(int(a) % len(x.shape) for a in axes)
        if order == tuple(range(len(x.shape))):
            return x
        shape = tuple(x.shape[a] for a in order)
        return self.emit("transpose", [x], shape, x.dtype, axes=order)

    def reshape(self, x: Value, shape: Any) -> Value:
        found = np.broadcast_to(np.empty((), np.bool), x.shape).reshape(shape).shape
        if found == x.shape:
            return x
        return self.emit("reshape", [x], found, x.dtype)

    def index(self, x: Value, index: Any) -> Value:
        if isinstance(index, tuple) and not index:
            return x
        parts, arrays = self.split_index(index, x.shape)
        shape = indexed_shape(x.shape, parts, [probe_of(array) for array in arrays])
        return self.emit("index", [x, *arrays], shape, x.dtype, index=parts)

    def update(self, primitive: str, target: Value, index: Any, x: Any) -> Value:
        parts, arrays = self.split_index(index, target.shape)
        shape = indexed_shape(target.shape, parts, [probe_of(array) for array in arrays])
        value = self.broadcast(self.cast(self.as_value(x), target.dtype), shape)
        if primitive == "set" and shape == target.shape and not arrays and plain_whole(parts):
            return value
        operands = [target, value, *arrays]
        return self.emit(primitive, operands, target.shape, target.dtype, index=parts)

    def split_index(
        self, index: Any, shape: tuple[int, ...]
    ) -> tuple[tuple[Any, ...], list[Value]]:
        """The index and the arrays in it, whose values must fit ``shape``."""
        parts, arrays = index_arrays(self.with_known_masks(index))
        for k, axis in array_axes(parts, len(shape)):
            check_positions(arrays[k], shape[axis])
        return parts, [self.as_value(array) for array in arrays]

    def with_known_masks(self, index: Any) -> Any:
        """The index with bool arrays that the function holds: what they select is of a fixed shape.

        Their elements belong to the program, and are noted in ``frozen`` with a copy.
        """
        if isinstance(index, tuple):
            return tuple(map(self.with_known_masks, index))
        if not isinstance(index, UnknownArray) or index.dtype.kind != "b":
            return index
        mask = self.masks.get(index.value)
        if mask is None:
            raise refused(
                "indexing by a bool array gives a shape that depends on values; use mg.where"
            )
        self.frozen.append((mask, mask.copy()))
        return mask

    def concatenate(self, arrays: Sequence[Any], axis: int) -> Value:
        values = [self.as_value(x) for x in arrays]
        probes = [np.broadcast_to(np.empty((), v.dtype), v.shape) for v in values]
        found = np.concatenate(probes, axis=axis)
        values = [self.cast(value, found.dtype) for value in values]
        return self.emit(
            "concatenate", values, found.shape, found.dtype, axis=axis % len(found.shape)
        )

    def full(self, shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any) -> Value:
        return self.emit("full", [], shape, dtype, fill=fill)


def check_positions(positions: Any, size: int) -> None:
    """Refuse positions outside of an axis; those that come later are checked at each call."""
    if isinstance(positions, UnknownArray):
        if positions.dtype.kind not in "iu":
            raise IndexError("arrays used as indices must be of integer (or boolean) type")
    elif positions.size and (positions.min() < -size or positions.max() >= size):
        raise IndexError(f"an index is out of bounds for an axis of size {size}")


def same_bits(here: NDArray[Any], there: NDArray[Any]) -> bool:
    """Whether two arrays are equal, NaN and the sign of 0 included."""
    is_like = here.shape == there.shape and here.dtype == there.dtype
    return is_like and here.tobytes() == there.tobytes()


def probe_of(value: Value) -> NDArray[Any]:
    """Zeros in the shape of an index array."""
    return np.zeros(value.shape, value.dtype)


def plain_whole(parts: tuple[Any, ...]) -> bool:
    """Whether an index means the whole array."""
    return all(part is Ellipsis or part == slice(None) for part in parts)
