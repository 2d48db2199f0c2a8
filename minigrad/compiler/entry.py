"""``mg.compile``: what is given becomes a `CompiledFunction`."""

from collections.abc import Callable
from functools import partial
from typing import Any

from minigrad.compiler.compiled import CompiledFunction
from minigrad.errors import DomainError, DTypeError
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer

__all__ = ["compile"]


def compile(
    function: Callable[..., Any] | Module | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
    optimizer: Optimizer | None = None,
    *,
    backend: str = "auto",
    check: bool = True,
) -> Any:
    """Make one program of a training step, or of any other function of arrays and Tensors.

    ``mg.compile(model, loss, optimizer)`` gives the usual step: ``step(x, y)`` computes the loss,
    its gradients and the update, and returns the loss before the update, a float.
    ``mg.compile(function)``, also as a decorator, takes a step written out.

    The function is run once on stand-ins that write down what is done: forward, the rules that
    ``backward()`` calls, the optimizer. Nothing is derived a second time. Later calls with
    arguments of the same shapes and dtypes run that program. Parameters and what the optimizer
    remembers stay the arrays they are and are updated in place; the learning rate and the other
    numbers of an optimizer are read at each call.

    Parameters
    ----------
    function : callable, or Module with ``loss`` and ``optimizer``
        Arguments may be arrays, Tensors, floats, and tuples, lists and dicts of these; anything
        else, ints too, belongs to the program: another value compiles another one.
    loss : function of (predictions, targets), optional
    optimizer : Optimizer, optional
    backend : {"auto", "numba", "numpy"}
        "numba" makes machine code (``pip install 'minigrad[compile]'``), "numpy" a flat list of
        NumPy calls on arrays that are kept, through which a debugger can step. "auto" is "numba"
        if that is installed.
    check : bool
        Run the function itself beside the first two calls for each shape, and compare losses,
        gradients, parameters and optimizer states (to 1e-5 of the largest element in float32,
        1e-11 in float64).

    Returns
    -------
    CompiledFunction
        Called as the function is. ``.source`` is the program, ``.explain()`` a table of it.

    Raises
    ------
    CompileError
        At the first call, if the function does what a program cannot (branching on values,
        functions of NumPy that are not mapped); the message names it and the line. Or if the
        program disagrees with the function: it names the first instruction that differs.
    MissingExtraError
        With ``backend="numba"``, if Numba is not installed.
    DTypeError, DomainError
        If an argument is not what it must be.

    Notes
    -----
    ``.grad`` holds the gradients after each call, in arrays that the next call overwrites: copy
    what shall be kept. What is given back is the caller's own: arrays, NumPy's numbers, and Tensors
    with their ``.grad`` but without a graph, through which ``backward()`` is a GraphError; call it
    inside. Random numbers that modules draw (`Dropout`) are drawn before each call from the same
    generators.

    Everything the function reads is looked at before each call: variables, attributes and
    containers that it mentions by name, also by way of functions, methods and objects. If one holds
    something else than when its program was made, another is made; the elements of arrays in them,
    and hyperparameters, are read at each call. At most 64 programs are kept: beyond, the one that
    has not run for longest is dropped. A function that changes something of that itself (appends to
    a list, counts, sets an attribute), draws random numbers of its own, or sets the learning rate
    is refused. What cannot be seen, such as printing or writing to a file, happens only while it is
    traced and checked: Python runs at the first calls alone. Nor can these be seen: a time or a
    file that the function reads (they differ at the second call, which is compared); arrays in
    arrays of objects or behind a ``memoryview``; an attribute that is set later, where the function
    asks for it by neither ``getattr`` nor ``hasattr``; ``globals()["name"]``, ``os.environ``,
    context variables and what is local to a thread; a function of minigrad or NumPy that somebody
    replaces.

    Threads may call it, and take turns. While it is traced and compared, at the first calls, no
    other thread may use its model in another way: it would meet stand-ins for arrays.

    A first call takes seconds with "numba" for each combination of shapes, and less than one where
    the same program was compiled before: programs are kept in the user's cache directory, or
    ``MINIGRAD_CACHE_DIR``.

    If values are refused (a label out of range), the function itself raises its error, and
    parameters, gradients, optimizers and generators are what they were before.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.nn import mlp
    >>> from minigrad.optim import SGD
    >>> model = mlp([2, 8, 2], rng=0)
    >>> step = mg.compile(model, mg.softmax_cross_entropy, SGD(model.parameters(), lr=1.0))
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> y = np.array([0, 1, 1, 0])
    >>> losses = [step(x, y) for _ in range(1000)]
    >>> losses[-1] < 0.05 < losses[0]
    True
    """
    if function is None:
        return partial(compile, backend=backend, check=check)
    if isinstance(function, Module) and (loss is not None or optimizer is not None):
        step = training_step(function, loss, optimizer)
        return CompiledFunction(step, backend, check, as_number=True)
    if loss is not None or optimizer is not None:
        raise DTypeError(
            f"compile: with a loss and an optimizer the first argument must be a Module, got "
            f"{function!r}"
        )
    if not callable(function):
        raise DTypeError(f"compile: needs a function, got {function!r}")
    return CompiledFunction(function, backend, check)


def training_step(model: Module, loss: Any, optimizer: Any) -> Callable[[Any, Any], Any]:
    """The usual step, written out as a user would."""
    if not callable(loss):
        raise DTypeError(f"compile: loss is {loss!r}; it must be a function of (y, t)")
    if not isinstance(optimizer, Optimizer):
        raise DTypeError(f"compile: optimizer is {optimizer!r}; it must be an Optimizer")
    if set(optimizer.parameters).isdisjoint(model.parameters()):
        raise DomainError(
            "compile: none of the optimizer's parameters is in the model, which would not learn; "
            "build the optimizer from model.parameters() once the model is complete"
        )

    def step(x: Any, y: Any) -> Any:
        value = loss(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    return step
