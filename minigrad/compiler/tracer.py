"""What takes an array's place while a function is traced: shape and dtype, but no values.

A `Tracer` answers to NumPy as an ndarray does, by ``__array_ufunc__`` and ``__array_function__``,
and writes down what is done to it. Whatever would need its values (``if``, ``float``, printing an
element) is refused, because the program would keep this one's for ever.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from minigrad.compiler.array_methods import ArrayMethods
from minigrad.compiler.functions import FUNCTIONS, PRINTERS
from minigrad.compiler.program import UFUNCS, Value
from minigrad.compiler.recorder import Recorder
from minigrad.compiler.refusing import refused, unmapped
from minigrad.compiler.unknown_values import UnknownValues
from minigrad.ops.base import Node, UnknownArray

__all__ = ["Tracer"]

REDUCED = {
    np.add: "add",
    np.multiply: "multiply",
    np.maximum: "maximum",
    np.minimum: "minimum",
    np.logical_and: "logical_and",
    np.logical_or: "logical_or",
}


class Flags:
    """What a tracer says of its memory: it can be written to, but no program can take it."""

    writeable = True
    c_contiguous = carray = False


@dataclass(slots=True)
class Sharing:
    """How a tracer shares the values of another one, its ``base``.

    ``forth`` gives its value from that of the base, ``back`` the base's from its own; ``seen`` is
    the base's value that it was computed from last.
    """

    base: "Tracer"
    seen: Value
    forth: Callable[[Value], Value]
    back: Callable[[Value], Value]


class Tracer(UnknownValues, ArrayMethods):
    """A stand-in for an array of known shape and dtype whose values come later.

    Attributes
    ----------
    recorder
        Where everything that is done with it is written down.
    sharing
        For a view of another tracer: of which, and how each follows from the other.
    is_number
        Whether NumPy would give a number: ``x += 1`` then makes another one.
    """

    __slots__ = ("is_number", "latest", "recorder", "sharing")

    latest: Value
    is_number: bool
    sharing: "Sharing | None"
    __hash__ = object.__hash__

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # what ``isinstance`` asks for, beside the type itself
        """That of what it stands for, as far as it is known: ``isinstance(x, np.ndarray)``."""
        if self.latest.weak:
            return float if self.latest.dtype.kind == "f" else int
        return np.ndarray if self.latest.shape else Tracer

    def __init__(
        self,
        recorder: Recorder,
        value: Value,
        sharing: "Sharing | None" = None,
        is_number: bool = False,
    ) -> None:
        self.recorder = recorder
        self.latest = value
        self.sharing = sharing
        self.is_number = is_number or value.weak

    def computed(self, value: Value) -> "Tracer":
        """What a function of NumPy's gives: without axes it is a number."""
        return Tracer(self.recorder, value, is_number=not value.shape)

    @property
    def value(self) -> Value:
        """What it is now in the program; a view follows what it is a view of."""
        view = self.sharing
        if view is not None and view.base.value is not view.seen:
            view.seen = view.base.value
            self.latest = view.forth(view.seen)
        return self.latest

    def write(self, new: Value) -> None:
        """Give it other values; those of what it is a view of change as well."""
        view = self.sharing
        if view is not None:
            view.base.write(view.back(new))
            view.seen = view.base.value
        self.latest = new

    # What is known

    @property
    def shape(self) -> tuple[int, ...]:
        return self.latest.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.latest.dtype

    @property
    def ndim(self) -> int:
        return len(self.latest.shape)

    @property
    def size(self) -> int:
        return self.latest.size

    @property
    def nbytes(self) -> int:
        return self.latest.nbytes

    @property
    def base(self) -> "Tracer | None":
        return None if self.sharing is None else self.sharing.base

    @property
    def flags(self) -> type[Flags]:
        return Flags

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"Tracer({self.latest!r})"

    def __copy__(self) -> "Tracer":
        return self.copy()

    def __deepcopy__(self, memo: Any) -> "Tracer":
        return self.copy()

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise self.needs_values("pickled")

    # What is not

    def __bool__(self) -> bool:
        if self.value.weak:
            return self.recorder.guard(self.value)
        raise refused(
            "the function branches on the values of an array (if, while, and, or, assert): only "
            "the branch taken now would be compiled. Write it as mg.where, maximum or clip"
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unmapped(f"array method .{name}")

    def refuse_where_true(self) -> None:
        anywhere = self.any() if self.shape else self
        self.recorder.program.checks.append(anywhere.value)

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Node) for x in inputs):
            return NotImplemented  # a Tensor among them: its op comes first
        out = kwargs.pop("out", (None,))[0]
        if method == "__call__":
            result = self.apply_ufunc(ufunc, inputs, kwargs)
        elif method == "reduce":
            if unknown := kwargs.keys() - {"axis", "dtype", "keepdims"}:
                raise refused(f"np.{ufunc.__name__}.reduce with {min(unknown)}= is not compiled")
            result = self.reduce(ufunc, inputs[0], **kwargs)
        elif method == "at" and ufunc is np.add:
            return self.add_at(*inputs)
        else:
            raise unmapped(f"np.{ufunc.__name__}.{method}")
        is_number = isinstance(out, Tracer) and out.is_number and out is inputs[0]
        if out is None or is_number:  # x += 1 makes another number
            return result
        return self.written(out, result)

    def apply_ufunc(self, ufunc: np.ufunc, inputs: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        if kwargs:
            raise refused(f"np.{ufunc.__name__} with {', '.join(kwargs)}= is not compiled")
        if ufunc is np.matmul:
            return self.matmul(*inputs)
        if ufunc is np.positive:
            return inputs[0].copy()
        name = ufunc.__name__
        if name.startswith("erf "):
            return self.computed(self.recorder.erf(inputs[0]))
        if UFUNCS.get(name) is not ufunc:
            raise unmapped(f"np.{name}")
        return self.computed(self.recorder.elementwise(ufunc, inputs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Node) for kind in types):
            return NotImplemented
        if function in PRINTERS:
            raise self.needs_values("formatted")
        if function not in FUNCTIONS:
            name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
            raise unmapped(name)
        try:
            return FUNCTIONS[function](*args, **kwargs)
        except TypeError as error:
            if "argument" in str(error):
                raise refused(f"np.{function.__name__} with these arguments: {error}") from error
            raise

    def written(self, out: Any, result: "Tracer") -> Any:
        """Carry out ``out=``: a tracer takes on the new value, in its own dtype."""
        if not isinstance(out, Tracer):
            raise refused(
                f"an array of shape {out.shape} that the trace does not know is written to: that "
                "would happen once, now. Hand it to the compiled function as an argument"
            )
        new = result.astype(out.dtype)
        if new.shape != out.shape:
            new = new.broadcast_to(out.shape)
        out.write(new.value)
        return out

    # Methods, as ndarray has them

    def reduce(
        self,
        ufunc: np.ufunc,
        x: Any,
        axis: Any = 0,
        dtype: Any = None,
        keepdims: bool = False,
    ) -> Any:
        if ufunc not in REDUCED:
            raise unmapped(f"np.{ufunc.__name__}.reduce")
        return self.computed(self.recorder.reduce(REDUCED[ufunc], x, axis, bool(keepdims), dtype))

    def matmul(self, x: Any, y: Any) -> Any:
        """``x @ y``: a vector counts as a row on the left, as a column on the right."""
        recorder = self.recorder
        x, y = recorder.as_value(x), recorder.as_value(y)
        if not x.shape or not y.shape:
            raise ValueError("matmul: an operand has no axes; use *")
        row = x if len(x.shape) > 1 else recorder.reshape(x, (1, *x.shape))
        column = y if len(y.shape) > 1 else recorder.reshape(y, (*y.shape, 1))
        product = recorder.matmul(row, column)
        left = product.shape[:-2] + (product.shape[-2:-1] if len(x.shape) > 1 else ())
        shape = left + (product.shape[-1:] if len(y.shape) > 1 else ())
        return self.computed(recorder.reshape(product, shape))

    def transpose(self, *axes: Any) -> "Tracer":
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        order = tuple(range(self.ndim))[::-1] if not order else tuple(order)
        order = tuple(int(a) % max(self.ndim, 1) for a in order)
        if sorted(order) != list(range(self.ndim)):
            raise ValueError(f"axes {order} are no permutation of those of shape {self.shape}")
        inverse = tuple(order.index(a) for a in range(self.ndim))
        recorder = self.recorder
        return self.viewed(
            lambda value: recorder.transpose(value, order),
            lambda value: recorder.transpose(value, inverse),
        )

    def reshape(self, *shape: Any, **kwargs: Any) -> "Tracer":
        if kwargs:
            raise refused(f"reshape with {', '.join(kwargs)}= is not compiled")
        sizes, old = shape[0] if len(shape) == 1 else shape, self.shape
        recorder, is_view = self.recorder, self.sharing is not None

        def back(value: Value) -> Value:
            if is_view:
                raise refused(
                    "a reshaped view is written to: whether NumPy makes a copy of it depends on "
                    "how it lies in memory. Write to the array itself"
                )
            return recorder.reshape(value, old)

        return self.viewed(lambda value: recorder.reshape(value, sizes), back)

    def viewed(self, forth: Callable[[Value], Value], back: Callable[[Value], Value]) -> "Tracer":
        """A view: ``forth`` from the value here to that of the view, ``back`` the other way."""
        seen = self.value
        return Tracer(self.recorder, forth(seen), Sharing(self, seen, forth, back))

    def broadcast_to(self, shape: tuple[int, ...]) -> "Tracer":
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        return Tracer(self.recorder, self.recorder.broadcast(self.value, sizes))

    def copy(self, order: str = "C") -> "Tracer":
        # The value itself is one that nothing can write to.
        return Tracer(self.recorder, self.value, is_number=self.is_number)

    def astype(self, dtype: Any, copy: bool = True) -> "Tracer":
        if not copy and self.dtype == dtype:
            return self
        value = self.recorder.cast(self.value, np.dtype(dtype))
        return Tracer(self.recorder, value, is_number=self.is_number)

    def __getitem__(self, index: Any) -> "Tracer":
        recorder = self.recorder
        if any(isinstance(part, (UnknownArray, np.ndarray, list)) for part in as_tuple(index)):
            return Tracer(recorder, recorder.index(self.value, index))
        if picks_one(as_tuple(index), self.ndim):
            return self.computed(recorder.index(self.value, index))
        return self.viewed(
            lambda value: recorder.index(value, index),
            lambda value: recorder.update("set", self.value, index, Tracer(recorder, value)),
        )

    def __setitem__(self, index: Any, x: Any) -> None:
        self.write(self.recorder.update("set", self.value, index, x))

    def add_at(self, target: Any, index: Any, x: Any) -> None:
        if not isinstance(target, Tracer):
            raise refused("np.add.at writes to an array that the trace does not know")
        target.write(self.recorder.update("add_at", target.value, index, x))

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))


def as_tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def picks_one(index: tuple[Any, ...], ndim: int) -> bool:
    """Whether an index gives a single element, as a number, not an array without axes."""
    return len(index) == ndim and not any(
        part is None or part is Ellipsis or isinstance(part, slice) for part in index
    )
