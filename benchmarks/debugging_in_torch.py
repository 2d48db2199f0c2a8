"""Debugging tasks as they go in PyTorch: what anomaly mode, hooks and gradcheck say.

    python benchmarks/debugging_in_torch.py

Each prints what PyTorch answers; the README puts it beside what minigrad's prompt says.
"""

import traceback
import warnings
from collections.abc import Callable
from typing import Any

import torch


def one_of_two_logs_saw_a_zero() -> Any:
    p = torch.tensor([0.5, 0.0], requires_grad=True)
    loss = (torch.log(p + 1.0) + torch.log(p)).sum()
    loss.backward()
    return p.grad


def zero_by_zero() -> Any:
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    y = x / x.sum(1, keepdim=True) + x / 2
    (y * y).sum().backward()
    return x.grad


def exp_overflows() -> Any:
    x = torch.tensor([1000.0, 1.0], requires_grad=True)
    e = torch.exp(x)
    y = e / e.sum()
    y[0].backward()
    return x.grad


class Swish(torch.autograd.Function):
    """x sigmoid(x), with a factor forgotten in its rule."""

    @staticmethod
    def forward(context: Any, x: Any) -> Any:
        context.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(context: Any, grad_out: Any) -> Any:
        (x,) = context.saved_tensors
        s = torch.sigmoid(x)
        return grad_out * (s + x * s)


def one_wrong_rule_in_ten_layers() -> Any:
    layers = [torch.nn.Linear(3, 3).double() for _ in range(10)]

    def loss_of(h: Any) -> Any:
        for number, layer in enumerate(layers):
            h = Swish.apply(layer(h)) if number == 6 else torch.tanh(layer(h))
        return (h * h).sum()

    return torch.autograd.gradcheck(loss_of, torch.randn(4, 3).double().requires_grad_())


def back_a_step() -> Any:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    h = w * 3
    seen = []
    h.register_hook(lambda grad: seen.append(("h", grad)))  # the only place to stand in is a hook
    w.register_hook(lambda grad: seen.append(("w", grad)))
    (h * h).sum().backward()
    return seen


def why_a_gradient_is_none() -> Any:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    v = torch.tensor([1.0, 1.0], requires_grad=True)
    h = (w * 3).detach()
    (h * v).sum().backward()
    return w.grad, h.grad_fn


def why_a_gradient_is_zero() -> Any:
    w = torch.tensor([-1.0, -2.0], requires_grad=True)
    torch.relu(w).sum().backward()
    return w.grad


TASKS: list[Callable[[], Any]] = [
    one_of_two_logs_saw_a_zero,
    zero_by_zero,
    exp_overflows,
    one_wrong_rule_in_ten_layers,
    back_a_step,
    why_a_gradient_is_none,
    why_a_gradient_is_zero,
]


def main() -> None:
    print("PyTorch", torch.__version__)
    torch.manual_seed(0)
    for task in TASKS:
        print(f"\n{task.__name__.replace('_', ' ')}")
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                with torch.autograd.detect_anomaly():
                    print("  gives", task())
            except RuntimeError as error:
                print("  raises", traceback.format_exception_only(error)[0].strip())
        for one in warned[1:]:  # the first says that anomaly mode is on
            print("  warns", str(one.message).strip().replace("\n", "\n    "))


if __name__ == "__main__":
    main()
