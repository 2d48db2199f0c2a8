"""The checkers that are compared: ours in its modes, and those of other libraries.

To a peer a subject is a function of arrays and its vector-Jacobian product, wrapped in what that
library takes for a function with a derivative of one's own. Every peer runs with its defaults.
"""

import importlib.util
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.checking import gradcheck

__all__ = ["OURS", "PEERS", "Subject", "missing_peers"]

Arrays = Sequence[np.ndarray]
DETECTED = ("FAIL", "nondeterministic")


@dataclass(frozen=True)
class Subject:
    """A function to be checked at some inputs."""

    function: Callable[..., Any]
    """Takes Tensors, returns a Tensor."""
    inputs: list[np.ndarray]

    def forward(self, *arrays: np.ndarray) -> np.ndarray:
        """The values, for a library that knows arrays only."""
        with np.errstate(all="ignore"):
            return np.array(self.function(*map(mg.Tensor, arrays)).data)

    def vjp(self, arrays: Arrays, cotangent: np.ndarray) -> list[np.ndarray]:
        """The gradients that the rules give."""
        leaves = [mg.Tensor(array, requires_grad=True) for array in arrays]
        with np.errstate(all="ignore"):
            out = self.function(*leaves)
            out.backward(cotangent)
        return [np.zeros(x.shape) if x.grad is None else x.grad for x in leaves]


Checker = Callable[[Subject, int], str]
"""Takes a subject and a seed; says how it caught it, or nothing at all."""


def ours(mode: str) -> Checker:
    """gradcheck in one of its modes."""

    def check(subject: Subject, seed: int) -> str:
        try:
            report = gradcheck(subject.function, subject.inputs, mode=mode, seed=seed)
        except Exception as error:
            return f"raised {type(error).__name__}"
        found = {row.verdict for row in report.rows}.intersection(DETECTED)
        if found:
            return ", ".join(sorted(found))
        return f"structure: {report.problems[0]}" if report.problems else ""

    return check


OURS = {f"minigrad {mode}": ours(mode) for mode in ("full", "fast", "auto")}


def by_torch(fast: bool) -> Checker:
    """torch.autograd.gradcheck, slow (every entry) or fast (one random direction each way)."""

    def check(subject: Subject, seed: int) -> str:
        import torch

        class Wrapped(torch.autograd.Function):
            @staticmethod
            def forward(context: Any, *tensors: Any) -> Any:
                context.save_for_backward(*tensors)
                return torch.from_numpy(subject.forward(*(t.detach().numpy() for t in tensors)))

            @staticmethod
            def backward(context: Any, cotangent: Any) -> Any:
                arrays = [t.detach().numpy() for t in context.saved_tensors]
                grads = subject.vjp(arrays, cotangent.numpy())
                return tuple(torch.from_numpy(np.asarray(grad)) for grad in grads)

        torch.manual_seed(seed)
        tensors = [torch.from_numpy(x.copy()).requires_grad_() for x in subject.inputs]
        try:
            torch.autograd.gradcheck(Wrapped.apply, tensors, fast_mode=fast)
        except Exception as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
        return ""

    return check


def by_jax(subject: Subject, seed: int) -> str:
    """jax.test_util.check_grads in reverse mode, with host callbacks behind a custom_vjp."""
    import jax
    from jax.test_util import check_grads

    logging.getLogger("jax").setLevel(logging.CRITICAL)  # it logs what a callback raises
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    np.random.seed(seed)  # noqa: NPY002, what check_grads draws from
    shape = jax.ShapeDtypeStruct(subject.forward(*subject.inputs).shape, np.float64)
    shapes = [jax.ShapeDtypeStruct(x.shape, np.float64) for x in subject.inputs]

    def forward_on_host(*arrays: Any) -> np.ndarray:
        return subject.forward(*map(np.asarray, arrays))

    def backward_on_host(arrays: Any, cotangent: Any) -> tuple[np.ndarray, ...]:
        grads = subject.vjp([np.asarray(a) for a in arrays], np.asarray(cotangent))
        return tuple(np.asarray(grad) for grad in grads)

    @jax.custom_vjp
    def wrapped(*arrays: Any) -> Any:
        return jax.pure_callback(forward_on_host, shape, *arrays)

    wrapped.defvjp(
        lambda *arrays: (wrapped(*arrays), arrays),
        lambda arrays, cotangent: jax.pure_callback(
            backward_on_host, tuple(shapes), arrays, cotangent
        ),
    )
    try:
        check_grads(wrapped, tuple(subject.inputs), order=1, modes=["rev"])
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:80]}"
    return ""


def by_autograd(subject: Subject, seed: int) -> str:
    """check_grads of HIPS autograd in reverse mode."""
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    np.random.seed(seed)  # noqa: NPY002, what check_grads draws from
    wrapped = primitive(subject.forward)

    def vjp_of(position: int) -> Callable[..., Any]:
        def vjp(out: Any, *arrays: Any) -> Callable[[Any], Any]:
            return lambda cotangent: subject.vjp(arrays, np.asarray(cotangent))[position]

        return vjp

    defvjp(wrapped, *(vjp_of(i) for i in range(len(subject.inputs))))
    try:
        positions = tuple(range(len(subject.inputs)))
        check_grads(wrapped, argnum=positions, modes=["rev"], order=1)(
            *(x.copy() for x in subject.inputs)
        )
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:80]}"
    return ""


PEERS: dict[str, tuple[str, Checker]] = {
    "torch slow": ("torch", by_torch(fast=False)),
    "torch fast": ("torch", by_torch(fast=True)),
    "jax": ("jax", by_jax),
    "autograd": ("autograd", by_autograd),
}


@lru_cache
def missing_peers() -> frozenset[str]:
    """The names in PEERS whose library is not installed."""
    return frozenset(
        name for name, (package, _) in PEERS.items() if importlib.util.find_spec(package) is None
    )
