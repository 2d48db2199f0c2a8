"""The contract of an op, and ``call``, through which every public function runs one.

An op is a class that is never instantiated. It holds

- ``forward(x, y, *, axis)``: the values, computed from arrays;
- beside it one *rule* per differentiable input, named after that input:
  ``grad_x(grad_out, out, x, y, *, axis)`` takes the gradient of the loss with respect to the
  op's output and returns the gradient with respect to ``x``, in the shape of ``x``.

Everything a rule needs is a parameter: the incoming gradient, the output, the inputs. All of them
are pure: nothing is mutated, nothing is remembered, no value is branched on. Array arguments are
positional; anything else (an axis, a shape) is keyword-only.

A rule is written in the *rule vocabulary* alone: operators, NumPy ufuncs and their ``.reduce``,
``.T``, ``.reshape``, ``.swapaxes``, ``.copy``, ``.astype`` and the public functions of other ops.
Arrays and Tensors both speak it, so that the one text of a rule serves ``backward()`` and
gradients of gradients alike.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import CO_VARARGS
from typing import Any, ClassVar, TypeVar

import numpy as np

from minigrad.errors import DTypeError, IndexingError, ShapeError

__all__ = ["Node", "Op", "UnknownArray", "call"]

A = TypeVar("A")
"""An array or a Tensor: what goes into a public function comes out of it."""

Rule = Callable[..., Any]


class Node:
    """What `call` hands over to instead of computing: a Tensor, or whatever else stands for arrays.

    A subclass gives ``apply(op, inputs, params)``: what it means to run ``op`` on inputs of which
    at least one is such a node.
    """

    __slots__ = ()

    data: Any
    requires_grad: bool
    stamp: int
    name: str | None
    op: Any

    @staticmethod
    def apply(op: "type[Op]", inputs: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        raise NotImplementedError


class UnknownArray:
    """What may stand where an array does: it has shape and dtype, but its values come later.

    It answers to operators, NumPy's functions and the methods of the rule vocabulary by writing
    down what shall be done.
    """

    __slots__ = ()

    shape: Any
    dtype: Any
    value: Any

    def refuse_where_true(self) -> None:
        """For a bool array: no later values may make an element of it True."""
        raise NotImplementedError


class Op:
    """Base class of every op: a forward and its rules, all static; `call` runs it.

    A subclass has ``forward(x, y, *, axis)``, which computes the values from arrays, and for each
    differentiable input a rule named after it, ``grad_x(grad_out, out, x, y, *, axis)``. It takes
    the gradient with respect to the output and returns that with respect to ``x``, in the shape of
    ``x``. All are pure functions: they write into none of their arguments. Rules that use only
    operators, NumPy ufuncs and functions of minigrad run on Tensors too and so can be
    differentiated again; one that converts to plain arrays cuts second derivatives off.

    Attributes
    ----------
    input_names
        Names of forward's array arguments, read off its signature.
    rules
        For each input the rule ``grad_<name>``, or None for an input that has no gradient. If
        forward takes ``*arrays``, one rule ``grad_arrays`` serves them all and is told ``index``.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> class Cube(mg.Op):
    ...     @staticmethod
    ...     def forward(x):
    ...         return x * x * x
    ...
    ...     @staticmethod
    ...     def grad_x(grad_out, out, x):
    ...         grad_x = grad_out * 3 * x * x
    ...         return grad_x
    >>> x = mg.Tensor(2.0, requires_grad=True)
    >>> mg.call(Cube, x).backward()
    >>> x.grad
    array(12.)
    """

    input_names: ClassVar[tuple[str, ...]] = ()
    rules: ClassVar[Any] = ()
    branch: ClassVar[Callable[..., Any] | None] = None
    """For an op with kinks: ``branch(*inputs)``, which smooth piece each element is on."""

    @staticmethod
    def forward(*inputs: Any, **params: Any) -> Any:
        raise NotImplementedError

    def __init_subclass__(cls) -> None:
        for name, member in vars(cls).items():
            is_part = name == "forward" or name.startswith("grad_")
            if is_part and not isinstance(member, staticmethod):
                raise TypeError(f"{cls.__name__}.{name} must be a @staticmethod: no self, no ctx")
        if not hasattr(cls.forward, "__code__"):
            raise TypeError(
                f"{cls.__name__}.forward is {cls.forward!r}; it must be a Python function, whose "
                "arguments have the names that the rules are called after"
            )
        code = cls.forward.__code__
        names = code.co_varnames[: code.co_argcount]
        arguments: tuple[str, ...] = ("grad_out", "out", *names)
        if code.co_flags & CO_VARARGS:
            names = (code.co_varnames[code.co_argcount + code.co_kwonlyargcount],)
            arguments = ("grad_out", "out")
            cls.rules = SameRule(getattr(cls, f"grad_{names[0]}", None))
        else:
            cls.rules = tuple(getattr(cls, f"grad_{name}", None) for name in names)
        cls.input_names = names
        for attribute in vars(cls):
            if attribute.startswith("grad_"):
                check_rule(cls, attribute, arguments)


def check_rule(op: type[Op], attribute: str, arguments: tuple[str, ...]) -> None:
    """Refuse a rule of no input, or one that takes its arguments in another order."""
    if attribute.removeprefix("grad_") not in op.input_names:
        raise TypeError(
            f"{op.__name__}.{attribute} belongs to no input: forward takes "
            f"{', '.join(op.input_names)}"
        )
    code = getattr(getattr(op, attribute), "__code__", None)
    taken = code.co_varnames[: code.co_argcount] if code is not None else arguments
    takes_any = code is not None and code.co_flags & CO_VARARGS and len(arguments) > 2
    if taken != arguments and not takes_any:
        raise TypeError(
            f"{op.__name__}.{attribute} takes ({', '.join(taken)}); a rule takes "
            f"({', '.join(arguments)}), in this order"
        )


class SameRule:
    """The rules of an op with ``*arrays``: for every input the same rule, told which it is."""

    __iter__ = None  # there is no end to them

    def __init__(self, rule: Rule | None) -> None:
        self.rule = rule

    def __getitem__(self, index: int) -> Rule | None:
        return None if self.rule is None else partial(self.rule, index=index)


def call(op: type[Op], *inputs: Any, **params: Any) -> Any:
    """Run ``op`` on ``inputs``: arrays in, array out; with a Tensor among them, Tensor out.

    Parameters
    ----------
    op
        A subclass of `Op`.
    *inputs
        Arrays, Tensors, Python numbers or nested lists of numbers, in the order of forward's
        arguments.
    **params
        Forward's keyword-only arguments.

    Raises
    ------
    ShapeError, DTypeError
        If forward cannot work on inputs of these shapes and dtypes.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.ops.arithmetic import Multiply
    >>> mg.call(Multiply, np.array([1.0, 2.0]), 3.0)
    array([3., 6.])
    """
    for x in inputs:
        if isinstance(x, Node):
            return x.apply(op, inputs, params)
    if len(inputs) == 1:
        x = as_operand(op, inputs[0])
        arrays = [x if isinstance(x, UnknownArray) else np.asarray(x)]
    else:
        arrays = [as_operand(op, x) for x in inputs]
    try:
        return op.forward(*arrays, **params)
    except Exception as error:
        raise forward_error(op, arrays, params, error) from error


def shape_of(x: Any) -> tuple[int, ...]:
    """Shape of an array, Tensor, number or nested list, without a detour through NumPy's frames."""
    try:
        return x.shape
    except AttributeError:
        return np.shape(x)


def as_array(x: Any) -> Any:
    """``x`` itself if it is an array or Tensor, else as an array."""
    return x if isinstance(x, (Node, np.ndarray, UnknownArray)) else np.asarray(x)


def as_operand(op: type[Op], x: Any) -> Any:
    """Give ``x`` as something forward can compute with; Python numbers stay weakly typed."""
    if isinstance(x, (np.ndarray, np.generic, float, int, UnknownArray)):
        return x
    if holds_node(x):
        raise DTypeError(
            f"{op.__name__}: a list of Tensors would lose their gradients; join them with mg.stack"
        )
    array = np.asarray(x)
    if array.dtype.kind not in "biufc":
        raise DTypeError(f"{op.__name__}: cannot compute with {x!r} ({type(x).__name__})")
    return array


def in_dtype_of(other: Any, x: Any) -> Any:
    """A Python number as an array in the dtype of ``other``, anything else as it is.

    For formulas that take a function of the number: ``np.log(2.0)`` is a float64, and no longer
    weakly typed.
    """
    dtype = getattr(other, "dtype", None)
    if type(x) in (float, int) and dtype is not None and dtype.kind == "f":
        return np.asarray(x, dtype)
    return x


def holds_node(x: Any) -> bool:
    """Whether there is a Tensor in ``x``, however deep in lists and tuples."""
    if isinstance(x, (list, tuple)):
        return any(map(holds_node, x))
    return isinstance(x, Node)


def forward_error(
    op: type[Op], arrays: Sequence[Any], params: Mapping[str, Any], error: Exception
) -> Exception:
    """Turn what NumPy raised inside ``op.forward`` into an error that names op and inputs."""
    if len(op.input_names) == len(arrays):
        names: Sequence[str] = op.input_names
    else:
        names = [f"{op.input_names[0]}[{index}]" for index in range(len(arrays))]
    for name, x in zip(names, arrays, strict=True):
        if isinstance(x, np.ndarray) and x.dtype.kind not in "biufc":
            return DTypeError(
                f"{op.__name__}: {name} {x.shape} has dtype {x.dtype}, not that of numbers; if it "
                f"holds numbers convert it, {name}.astype(float)"
            )
    seen = [f"{name}: {describe(x)}" for name, x in zip(names, arrays, strict=True)]
    seen += [f"{name}={value!r}" for name, value in params.items()]
    message = f"{op.__name__}: {error} ({', '.join(seen)})"
    if isinstance(error, IndexError) and not isinstance(error, np.exceptions.AxisError):
        return IndexingError(message)
    if isinstance(error, TypeError):
        return DTypeError(message)
    if isinstance(error, ValueError):
        return ShapeError(message)
    error.add_note(message)
    return error


def describe(x: Any) -> str:
    """Shape and dtype of an operand, or the Python number itself, for an error message."""
    if isinstance(x, (np.ndarray, np.generic)):
        return f"{x.shape} {x.dtype}"
    return repr(x)
