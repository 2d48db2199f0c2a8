"""Gradients as values: ``grad``, and on top of it Jacobians and Hessians."""

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.errors import DTypeError, GradientError, GraphError
from minigrad.graph import backpropagate, topological_order
from minigrad.tensor import Tensor, enable_grad

__all__ = ["grad", "hessian", "jacobian"]


@overload
def grad(
    output: Tensor,
    inputs: Tensor,
    gradient: ArrayLike | Tensor | None = None,
    create_graph: bool = False,
) -> Tensor: ...


@overload
def grad(
    output: Tensor,
    inputs: Sequence[Tensor],
    gradient: ArrayLike | Tensor | None = None,
    create_graph: bool = False,
) -> list[Tensor]: ...


def grad(
    output: Tensor,
    inputs: Tensor | Sequence[Tensor],
    gradient: ArrayLike | Tensor | None = None,
    create_graph: bool = False,
) -> Tensor | list[Tensor]:
    """Gradient of ``output`` with respect to ``inputs``, as Tensors; no ``.grad`` is touched.

    Parameters
    ----------
    output : Tensor
        What to differentiate.
    inputs : Tensor or sequence of Tensor
        With respect to what; leaves or intermediate tensors of the graph of ``output``.
    gradient : array_like or Tensor, optional
        The gradient with respect to ``output``, in its shape; 1 for a single element.
    create_graph : bool
        Give the results a graph of their own, so that they can be differentiated again.

    Returns
    -------
    Tensor or list of Tensor
        As ``inputs``: one gradient for each, in its shape and dtype.

    Raises
    ------
    GraphError
        If ``output`` does not depend on one of ``inputs``.
    GradientError
        As for `Tensor.backward`.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor(2.0, requires_grad=True)
    >>> slope = mg.grad(x**3, x, create_graph=True)
    >>> slope.item(), mg.grad(slope, x).item()
    (12.0, 12.0)
    """
    wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    for x in [output, *wanted]:
        if not isinstance(x, Tensor):
            raise DTypeError(f"grad: output and inputs must be Tensors, got {x!r}")
    start = output.initial_gradient(values(gradient))
    if create_graph:
        root = gradient if isinstance(gradient, Tensor) else Tensor(start)
        with enable_grad():
            grads = backpropagate(output, root, wanted)
    else:
        grads = backpropagate(output, start, wanted)
    found = [gradient_of(x, grads, output, create_graph) for x in wanted]
    return found[0] if isinstance(inputs, Tensor) else found


def values(gradient: Any) -> Any:
    return gradient.data if isinstance(gradient, Tensor) else gradient


def gradient_of(x: Tensor, grads: dict[Any, Any], output: Tensor, create_graph: bool) -> Tensor:
    if grads.get(x) is None:
        reason = "it requires no gradient" if not x.requires_grad else "no op connects them"
        raise GraphError(f"{output!r} does not depend on {x!r}: {reason}")
    gradient = grads[x]
    return gradient if create_graph else Tensor(gradient.copy())


@enable_grad()
def jacobian(fn: Callable[[Tensor], Tensor], x: ArrayLike | Tensor) -> NDArray[Any]:
    """All partial derivatives of ``fn`` at ``x``: J[i, j] = ∂fn(x)[i] / ∂x[j].

    Parameters
    ----------
    fn : callable
        Takes a Tensor, returns a Tensor.
    x : array_like or Tensor
        Where; a floating-point dtype.

    Returns
    -------
    ndarray
        Of shape ``fn(x).shape + x.shape``, one backward pass for each element of ``fn(x)``. Zero
        where ``fn`` does not depend on ``x``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.jacobian(lambda x: x * x, [1.0, 2.0])
    array([[2., 0.],
           [0., 4.]])
    """
    leaf = Tensor(values(x), requires_grad=True)
    return rows_of_jacobian(tensor_from(fn, leaf), leaf)


@enable_grad()
def hessian(fn: Callable[[Tensor], Tensor], x: ArrayLike | Tensor) -> NDArray[Any]:
    """Second derivatives of a scalar ``fn`` at ``x``: H[i, j] = ∂²fn(x) / ∂x[i] ∂x[j].

    Parameters
    ----------
    fn : callable
        Takes a Tensor, returns a Tensor of a single element.
    x : array_like or Tensor
        Where; a floating-point dtype.

    Returns
    -------
    ndarray
        Of shape ``x.shape + x.shape``.

    Raises
    ------
    GradientError
        If ``fn`` returns more than one element.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.hessian(lambda x: (x**3).sum(), [1.0, 2.0])
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    leaf = Tensor(values(x), requires_grad=True)
    output = tensor_from(fn, leaf)
    if output.size != 1:
        raise GradientError(f"hessian: fn must return a single element, got {output!r}")
    if not depends(output, leaf):
        return np.zeros(leaf.shape + leaf.shape, leaf.dtype)
    slope = grad(output, leaf, create_graph=True)
    return rows_of_jacobian(slope, leaf)


def tensor_from(fn: Callable[[Tensor], Tensor], leaf: Tensor) -> Tensor:
    output = fn(leaf)
    if not isinstance(output, Tensor):
        raise DTypeError(f"fn must return a Tensor, got {output!r}")
    return output


def depends(output: Tensor, leaf: Tensor) -> bool:
    """Whether any op connects ``output`` with ``leaf``."""
    return output.requires_grad and leaf in set(topological_order(output))


def rows_of_jacobian(output: Tensor, leaf: Tensor) -> NDArray[Any]:
    jacobian = np.zeros(output.shape + leaf.shape, leaf.dtype)
    if not depends(output, leaf):
        return jacobian
    for index in np.ndindex(output.shape):
        one_hot = np.zeros(output.shape, output.dtype)
        one_hot[index] = 1
        jacobian[index] = grad(output, leaf, one_hot).data
    return jacobian
