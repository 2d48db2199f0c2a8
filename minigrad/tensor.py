"""The Tensor: an array, its gradient, and its place in the graph."""

import operator
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike, DTypeLike, NDArray

from minigrad.errors import DTypeError, GradientError, GraphError
from minigrad.graph import backward_pass, leaves_behind
from minigrad.ops import activation, elementwise, indexing, linalg, piecewise, reduction
from minigrad.ops import shape as shaping
from minigrad.ops.arithmetic import Add, Divide, Multiply, Negative, Subtract, power
from minigrad.ops.base import Node, Op, UnknownArray, as_operand, forward_error, holds_node
from minigrad.printing import one_line, with_values
from minigrad.protocols import apply_function, apply_ufunc

__all__ = ["Tensor", "apply", "enable_grad", "is_grad_enabled", "no_grad"]

PACKAGE = os.path.dirname(__file__) + os.sep


class FilesOfPackage(dict[str, bool]):
    """Whether a source file is part of minigrad, found out once for each file."""

    def __missing__(self, filename: str) -> bool:
        self[filename] = filename.startswith(PACKAGE)
        return self[filename]


is_own_file = FilesOfPackage()
OPERAND_TYPES = frozenset([np.ndarray, float, int, bool, np.float64, np.float32])
NO_PARAMS: Mapping[str, Any] = {}

grad_enabled: ContextVar[bool] = ContextVar("grad_enabled", default=True)
next_stamp = count(1).__next__
new = object.__new__
get_frame = sys._getframe


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording a graph, as a ``with`` block or as a decorator.

    Examples
    --------
    >>> import minigrad as mg
    >>> w = mg.Tensor(2.0, requires_grad=True)
    >>> with mg.no_grad():
    ...     y = w * 3
    >>> y.requires_grad
    False
    """
    token = grad_enabled.set(False)
    try:
        yield
    finally:
        grad_enabled.reset(token)


@contextmanager
def enable_grad() -> Iterator[None]:
    """Record a graph even inside `no_grad`, as a ``with`` block or as a decorator.

    Examples
    --------
    >>> import minigrad as mg
    >>> with mg.no_grad(), mg.enable_grad():
    ...     mg.is_grad_enabled()
    True
    """
    token = grad_enabled.set(True)
    try:
        yield
    finally:
        grad_enabled.reset(token)


def is_grad_enabled() -> bool:
    """Whether ops record a graph here: True except under `no_grad`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.is_grad_enabled()
    True
    """
    return grad_enabled.get()


class Tensor(Node):
    """An array that remembers how it was computed, so that gradients can flow back through it.

    Parameters
    ----------
    data : array_like
        The values. An ndarray is used as it is, not copied: the Tensor and the caller share it.
        Python floats become float64; any dtype given is kept.
    requires_grad : bool
        Whether ``backward()`` shall fill ``.grad``. Needs a floating-point dtype.
    dtype : dtype_like, optional
        Convert to this dtype.
    name : str, optional
        Shown wherever the tensor is printed.

    Attributes
    ----------
    data : ndarray
        The values. Writing into it (``t.data[...] = ``) is the one in-place operation there is.
    grad : ndarray or None
        The gradient: of a leaf, summed over calls of `backward`; of any other, the last call's.
    requires_grad : bool
        Whether gradients flow to it.
    name : str or None
        Its name, where it has one.
    op, inputs, params
        The op it came out of, that op's inputs and keyword arguments; None and empty for a leaf.
        What `detach` made has in ``params`` weak references to the leaves it was cut off from.

    Raises
    ------
    DTypeError
        If the data are not numbers, or ``requires_grad`` is asked for integers or bools.

    Notes
    -----
    Pickling or copying a Tensor keeps values, name and requires_grad, and drops the graph.

    Examples
    --------
    >>> import minigrad as mg
    >>> w = mg.Tensor([1.0, -2.0], requires_grad=True, name="w")
    >>> loss = (w * w).sum()
    >>> loss.backward()
    >>> w.grad
    array([ 2., -4.])
    """

    __slots__ = (
        "__weakref__",
        "arrays",
        "code",
        "data",
        "grad",
        "inputs",
        "instruction",
        "name",
        "op",
        "params",
        "requires_grad",
        "stamp",
    )

    data: NDArray[Any]
    grad: NDArray[Any] | None
    requires_grad: bool
    name: str | None
    op: type[Op] | None
    inputs: tuple[Any, ...]
    params: Mapping[str, Any]
    arrays: tuple[Any, ...]
    """The values of ``inputs`` that forward saw; the rules see the same."""
    stamp: int
    """When its values were last written, on a clock that counts ops and updates."""
    code: Any
    """The user's code object that made it, with the offset of the instruction."""
    instruction: int

    def __init__(
        self,
        data: ArrayLike,
        *,
        requires_grad: bool = False,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        self.data = as_data(data, dtype)
        if requires_grad and self.data.dtype.kind != "f":
            raise DTypeError(
                f"requires_grad needs a floating-point dtype, got {self.data.dtype}; "
                "give dtype=np.float64 or write the numbers as floats"
            )
        self.grad = None
        self.requires_grad = requires_grad
        self.name = name
        self.op = None
        self.inputs = ()
        self.params = NO_PARAMS
        self.arrays = ()
        self.stamp = 0
        self.code = None
        self.instruction = 0

    # Gradients

    def backward(self, gradient: ArrayLike | None = None, *, free_graph: bool = False) -> None:
        """Backpropagate from here: give every tensor that led here its ``.grad``.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient with respect to this tensor, in its shape; 1 for a single element.
        free_graph : bool
            Forget the graph on the way, so that the memory of each tensor without a name is
            released as soon as its gradient has been passed on. Only leaves get a ``.grad`` then.

        Raises
        ------
        GraphError
            If this tensor requires no gradient, its graph was freed, or one of its leaves has
            been updated since.
        GradientError
            If ``gradient`` is missing for more than one element, or has another shape; or if a
            rule returns a gradient of a wrong shape.

        Notes
        -----
        A leaf's ``.grad`` accumulates over calls (set it to None, or call ``zero_grad`` on the
        optimizer or module, to start afresh); any other tensor's is that of this call. No two
        gradients share memory. If an error occurs, no leaf's ``.grad`` has changed, and without
        ``free_graph`` no other's either.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
        >>> h = x * 3
        >>> h.backward([1.0, 10.0])
        >>> x.grad, h.grad
        (array([ 3., 30.]), array([ 1., 10.]))
        """
        run = backward_pass.get()
        if free_graph:
            grads = run(self, self.initial_gradient(gradient), free_graph=True)
        else:
            grads = run(self, self.initial_gradient(gradient))
        store(grads)

    def initial_gradient(self, gradient: ArrayLike | None) -> Any:
        """The gradient to start from, checked: the one given, or 1 for a single element."""
        if not self.requires_grad:
            raise GraphError(
                f"{self!r} requires no gradient: none of the tensors it was computed from has "
                "requires_grad=True, or it was computed under no_grad()"
            )
        if self.data.dtype.kind != "f":
            raise GraphError(f"{self!r} is not of a floating-point dtype: it has no gradient")
        if gradient is None:
            if self.data.size != 1:
                raise GradientError(
                    f"backward() from {self!r} needs a gradient of shape {self.data.shape}: only "
                    "a single element has the obvious one, 1. Reduce it to a scalar or pass one"
                )
            if isinstance(self.data, UnknownArray):
                return np.ones_like(self.data)
            one: Any = self.data.dtype.type(1)  # as a NumPy scalar: arithmetic on it is faster
            return one.reshape(self.data.shape) if self.data.ndim else one
        array: Any = gradient
        if not isinstance(gradient, UnknownArray):
            array = np.asarray(gradient)
            if array.dtype.kind not in "biuf":
                raise GradientError(f"the gradient given must be real numbers, got {gradient!r}")
            array = np.array(array, self.data.dtype)
        if array.shape != self.data.shape:
            raise GradientError(
                f"the gradient given has shape {array.shape}, but {self!r} "
                f"has shape {self.data.shape}"
            )
        return array

    def detach(self) -> "Tensor":
        """The same values, sharing memory, without a graph: gradients stop here."""
        detached = Tensor(self.data, name=self.name)
        frame = get_frame(1)
        detached.code, detached.instruction = frame.f_code, frame.f_lasti
        # For who asks later why they have no gradient; the references keep nothing alive.
        detached.params = {"cut_from": [ref(leaf) for leaf in leaves_behind(self)]}
        return detached

    def mark_changed(self) -> None:
        """Tell that a leaf's ``data`` was written: graphs of the old values are out of date.

        Raises
        ------
        GraphError
            For a tensor that came out of an op: its values are not free to change.
        """
        if self.op is not None:
            raise GraphError(f"{self!r} is no leaf: its values follow from its inputs")
        self.stamp = next_stamp()

    # What arrays have

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes along each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self.data.dtype

    @property
    def T(self) -> "Tensor":  # noqa: N802
        """The tensor with its axes reversed."""
        return shaping.transpose(self)

    def numpy(self) -> NDArray[Any]:
        """The values as the ndarray they are, sharing memory."""
        return self.data

    def item(self) -> float | int:
        """The value of a single element as a Python number."""
        number: float | int = self.data.item()
        return number

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return self.data.tolist()

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator["Tensor"]:
        if self.data.ndim == 0:
            raise DTypeError(f"{self!r} has no axis to iterate over")
        return (self[index] for index in range(len(self.data)))

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        return float(self.data.item())

    def __int__(self) -> int:
        return int(self.data.item())

    def __format__(self, spec: str) -> str:
        return format(self.data.item(), spec) if spec else str(self)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return one_line(self)

    def __str__(self) -> str:
        return with_values(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return restore, (self.data, self.requires_grad, self.name)

    # NumPy's protocols, and pandas': a Series or DataFrame leaves `series * t` to the Tensor

    __pandas_priority__ = 5000

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> "Tensor | NDArray[Any]":
        result: Tensor | NDArray[Any] = apply_ufunc(ufunc, method, inputs, kwargs)
        return result

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply_function(function, args, kwargs)

    if not TYPE_CHECKING:  # a type checker that sees it takes ndarray + Tensor for an ndarray

        def __array__(self, dtype=None, copy=None):
            return np.array(self.data, dtype=dtype, copy=copy)

    # Operators

    def __add__(self, other: Any) -> "Tensor":
        return apply(Add, (self, other), NO_PARAMS)

    def __radd__(self, other: Any) -> "Tensor":
        return apply(Add, (other, self), NO_PARAMS)

    def __sub__(self, other: Any) -> "Tensor":
        return apply(Subtract, (self, other), NO_PARAMS)

    def __rsub__(self, other: Any) -> "Tensor":
        return apply(Subtract, (other, self), NO_PARAMS)

    def __mul__(self, other: Any) -> "Tensor":
        return apply(Multiply, (self, other), NO_PARAMS)

    def __rmul__(self, other: Any) -> "Tensor":
        return apply(Multiply, (other, self), NO_PARAMS)

    def __truediv__(self, other: Any) -> "Tensor":
        return apply(Divide, (self, other), NO_PARAMS)

    def __rtruediv__(self, other: Any) -> "Tensor":
        return apply(Divide, (other, self), NO_PARAMS)

    def __neg__(self) -> "Tensor":
        return apply(Negative, (self,), NO_PARAMS)

    def __pos__(self) -> "Tensor":
        return self

    def __abs__(self) -> "Tensor":
        return piecewise.abs(self)

    def __pow__(self, other: Any) -> "Tensor":
        result: Tensor = power(self, other)
        return result

    def __rpow__(self, other: Any) -> "Tensor":
        result: Tensor = power(other, self)
        return result

    def __matmul__(self, other: Any) -> "Tensor":
        result: Tensor = linalg.matmul(self, other)
        return result

    def __rmatmul__(self, other: Any) -> "Tensor":
        result: Tensor = linalg.matmul(other, self)
        return result

    def __iadd__(self, other: Any) -> "Tensor":
        return apply(Add, (rebindable(self, "+"), other), NO_PARAMS)

    def __isub__(self, other: Any) -> "Tensor":
        return apply(Subtract, (rebindable(self, "-"), other), NO_PARAMS)

    def __imul__(self, other: Any) -> "Tensor":
        return apply(Multiply, (rebindable(self, "*"), other), NO_PARAMS)

    def __itruediv__(self, other: Any) -> "Tensor":
        return apply(Divide, (rebindable(self, "/"), other), NO_PARAMS)

    def __ipow__(self, other: Any) -> "Tensor":
        result: Tensor = power(rebindable(self, "**"), other)
        return result

    def __imatmul__(self, other: Any) -> "Tensor":
        result: Tensor = linalg.matmul(rebindable(self, "@"), other)
        return result

    def __getitem__(self, index: Any) -> "Tensor":
        return indexing.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise GraphError(
            "a Tensor's elements cannot be assigned: the graph would not know. Write into t.data "
            "before using t, or build a new Tensor with mg.where or mg.concatenate"
        )

    def __eq__(self, other: object) -> NDArray[np.bool]:  # type: ignore[override]
        return compare(operator.eq, self, other)

    def __ne__(self, other: object) -> NDArray[np.bool]:  # type: ignore[override]
        return compare(operator.ne, self, other)

    def __lt__(self, other: Any) -> NDArray[np.bool]:
        return compare(operator.lt, self, other)

    def __le__(self, other: Any) -> NDArray[np.bool]:
        return compare(operator.le, self, other)

    def __gt__(self, other: Any) -> NDArray[np.bool]:
        return compare(operator.gt, self, other)

    def __ge__(self, other: Any) -> NDArray[np.bool]:
        return compare(operator.ge, self, other)

    def argmax(self, axis: int | None = None) -> Any:
        """Index of the largest element along ``axis``, a plain array: it has no gradient."""
        return self.data.argmax(axis)

    def argmin(self, axis: int | None = None) -> Any:
        """Index of the smallest element along ``axis``, a plain array: it has no gradient."""
        return self.data.argmin(axis)

    # Methods: the public functions themselves, with the tensor as their first argument

    abs = piecewise.abs
    astype = elementwise.astype
    clip = piecewise.clip
    copy = elementwise.copy
    dot = linalg.dot
    exp = elementwise.exp
    expand_dims = shaping.expand_dims
    flatten = shaping.flatten
    flip = shaping.flip
    log = elementwise.log
    log_softmax = activation.log_softmax
    logsumexp = reduction.logsumexp
    max = reduction.max
    mean = reduction.mean
    min = reduction.min
    prod = reduction.prod
    ravel = shaping.flatten
    relu = activation.relu
    sigmoid = activation.sigmoid
    softmax = activation.softmax
    sqrt = elementwise.sqrt
    square = elementwise.square
    squeeze = shaping.squeeze
    std = reduction.std
    sum = reduction.sum
    swapaxes = shaping.swapaxes
    tanh = elementwise.tanh
    var = reduction.var

    def reshape(self, *sizes: Any) -> "Tensor":
        """The elements in another shape: ``t.reshape(2, 3)`` or ``t.reshape((2, 3))``."""
        return shaping.reshape(self, sizes[0] if len(sizes) == 1 else sizes)

    def transpose(self, *axes: Any) -> "Tensor":
        """The axes in another order: ``t.transpose(1, 0)``, ``t.transpose((1, 0))`` or reversed."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], Sequence)):
            (axes,) = axes
        return shaping.transpose(self, axes or None)

    @staticmethod
    def apply(op: type[Op], inputs: tuple[Any, ...], params: Mapping[str, Any]) -> "Tensor":
        """Run ``op`` on the values of ``inputs``; the result remembers where it came from."""
        values = []
        requires_grad = False
        for x in inputs:
            if isinstance(x, Tensor):
                data = x.data
                # Of a single number NumPy computes ten times faster as a scalar.
                values.append(data if data.ndim else data[()])
                if x.requires_grad:
                    requires_grad = True
            elif type(x) in OPERAND_TYPES:
                values.append(x)
            else:
                constant = as_operand(op, x)
                values.append(constant)
                inputs = tuple(constant if other is x else other for other in inputs)
        arrays = tuple(values)
        try:
            data = op.forward(*arrays, **params)
        except Exception as error:
            raise with_origins(forward_error(op, arrays, params, error), op, inputs) from error
        out = new(Tensor)
        if type(data) is not ndarray:
            data = np.asarray(data) if isinstance(data, np.generic) else as_output(op, data)
        out.data = data
        out.grad = None
        out.name = None
        if requires_grad and grad_enabled.get():
            frame = get_frame(2)  # 0 is this one, 1 an operator or `call`
            while is_own_file[frame.f_code.co_filename] and (caller := frame.f_back):
                frame = caller
            out.requires_grad = True
            out.op = op
            out.inputs = inputs
            out.params = params
            out.arrays = arrays
            out.code = frame.f_code
            out.instruction = frame.f_lasti
        else:
            out.requires_grad = False
            out.op = None
            out.inputs = ()
            out.params = NO_PARAMS
            out.arrays = ()
            out.code = None
            out.instruction = 0
        out.stamp = next_stamp()
        return out


apply = Tensor.apply


def with_origins(error: Exception, op: type[Op], inputs: Sequence[Any]) -> Exception:
    """Note on an error where its op's inputs came from, down to the line of the user's source."""
    for position, x in enumerate(inputs):
        if isinstance(x, Tensor) and (x.op is not None or x.name is not None):
            name = op.input_names[min(position, len(op.input_names) - 1)]
            error.add_note(f"{name} is {x!r}")
    return error


def as_output(op: type[Op], data: Any) -> NDArray[Any]:
    """What forward computed, as an array, or an error that says why it is none."""
    if isinstance(data, UnknownArray):
        unknown: Any = data
        return unknown  # type: ignore[no-any-return]
    if isinstance(data, Node):
        raise DTypeError(
            f"{op.__name__}: one of its parameters, or the .data of an input, is a Tensor, to "
            "which no gradient would flow; give it as a number, t.item(), or an array, t.data, or "
            "write the formula with operators"
        )
    if isinstance(data, (tuple, list)):
        raise DTypeError(f"{op.__name__}.forward returned a {type(data).__name__}, not one array")
    return np.asarray(data)


def store(grads: Mapping[Tensor, Any]) -> None:
    """Give every tensor its gradient: leaves add it to what they have. None share memory."""
    for tensor, grad in grads.items():
        if tensor.op is None and tensor.grad is not None:
            grad = tensor.grad + grad
        elif grad.base is not None:  # a view of another array
            grad = grad.copy()
        if isinstance(grad, np.generic):
            grad = np.asarray(grad)
        tensor.grad = grad


def as_data(data: Any, dtype: DTypeLike | None) -> NDArray[Any]:
    """The values of a new Tensor as an ndarray, or an error that says what was given instead."""
    if isinstance(data, Tensor):
        raise DTypeError(f"{data!r} is a Tensor already; use t.detach() for one without its graph")
    if isinstance(data, UnknownArray):
        unknown: Any = data
        later: NDArray[Any] = unknown if dtype is None else unknown.astype(dtype)
        return later
    if holds_node(data):
        raise DTypeError("a list of Tensors would lose their gradients; join them with mg.stack")
    try:
        array = np.asarray(data, dtype)
    except (ValueError, TypeError) as error:
        raise DTypeError(f"Tensor: cannot make an array of {data!r}: {error}") from error
    if array.dtype.kind not in "biufc":
        raise DTypeError(f"Tensor: needs numbers, got dtype {array.dtype} from {data!r}")
    return array


def rebindable(tensor: Tensor, sign: str) -> Tensor:
    """The tensor itself, unless an update of it would be lost: ``t += x`` makes a new Tensor."""
    if tensor.op is None and tensor.requires_grad:
        raise GraphError(
            f"t {sign}= ... makes a new Tensor and leaves {tensor!r} as it was. Write "
            f"t = t {sign} ... for a new one, or t.data {sign}= ... to update it"
        )
    return tensor


def compare(relation: Callable[..., Any], x: Tensor, other: Any) -> NDArray[np.bool]:
    """Elementwise comparison as a plain array of bools: it has no gradient."""
    result: NDArray[np.bool] = relation(x.data, other.data if isinstance(other, Tensor) else other)
    return result


def restore(data: NDArray[Any], requires_grad: bool, name: str | None) -> Tensor:
    return Tensor(data, requires_grad=requires_grad, name=name)
