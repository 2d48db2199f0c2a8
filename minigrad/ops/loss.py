"""Ops that losses are made of: logarithms of probabilities, fused so that they stay exact."""

from typing import Any

import numpy as np

from minigrad.ops.activation import as_columns, sigmoid
from minigrad.ops.base import Op, call, in_dtype_of
from minigrad.ops.broadcasting import unbroadcast

__all__ = ["SigmoidCrossEntropy", "SoftmaxCrossEntropy", "XLogY", "xlogy"]


class XLogY(Op):
    """out = x * ln y, and 0 where x is 0, even if y is 0 there too."""

    @staticmethod
    def forward(x, y):
        both_zero = (x == 0) & (y == 0)
        return x * np.log(y + both_zero)

    @staticmethod
    def grad_x(grad_out, out, x, y):
        both_zero = (x == 0) & (y == 0)
        grad_x = grad_out * np.log(y + both_zero)
        return unbroadcast(grad_x, x.shape)

    @staticmethod
    def grad_y(grad_out, out, x, y):
        both_zero = (x == 0) & (y == 0)
        grad_y = grad_out * (x / (y + both_zero))
        return unbroadcast(grad_y, y.shape)


def xlogy(x: Any, y: Any) -> Any:
    """x·ln y, elementwise, with 0·ln 0 = 0: the summand of every entropy.

    Where both are 0 its gradients are taken as 0, the convention under which an impossible class
    neither costs nor learns anything.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.xlogy(np.array([0.0, 2.0]), np.array([0.0, np.e]))
    array([0., 2.])
    """
    return call(XLogY, in_dtype_of(y, x), in_dtype_of(x, y))


class SoftmaxCrossEntropy(Op):
    """losses[i] = -sum over k of targets[i, k] * ln softmax(logits)[i, k]; out = losses, reduced.

    Computed as ln(sum over k of exp(z[i, k])) - sum over k of targets[i, k] * z[i, k], where
    z = logits - shift. Targets, whose rows sum to 1, and shift are constants. ``shift`` may be any
    number for each row: it cancels, and if it is the row's maximum, exp cannot overflow.
    ``reduction`` is "none", "sum" or "mean": part of the op, because a step of a small network
    spends more on a separate reduction than on its arithmetic.
    """

    @staticmethod
    def forward(logits, targets, shift, *, reduction):
        z = as_columns(logits, -1) - shift
        log_sums = np.log(np.add.reduce(np.exp(z), axis=-1))
        if reduction == "none":
            return log_sums - np.add.reduce(targets * z, axis=-1)
        total = np.add.reduce(log_sums, axis=None) - np.add.reduce(targets * z, axis=None)
        return total / samples(logits) if reduction == "mean" else total

    @staticmethod
    def grad_logits(grad_out, out, logits, targets, shift, *, reduction):
        exp_z = np.exp(as_columns(logits, -1) - shift)
        softmax = exp_z / np.add.reduce(exp_z, axis=-1, keepdims=True)
        grad_losses = grad_of_each_loss(grad_out, logits, reduction)
        grad_logits = (softmax - targets) * grad_losses
        return grad_logits


def samples(logits):
    """Number of rows; a single row may come without its axis."""
    return logits.shape[0] if logits.ndim > 1 else 1


def grad_of_each_loss(grad_out, logits, reduction):
    """Undo the reduction: the gradient of each sample's loss, to multiply its row of logits."""
    if reduction == "none":
        return grad_out.reshape((*logits.shape[:-1], 1))
    return grad_out / samples(logits) if reduction == "mean" else grad_out


class SigmoidCrossEntropy(Op):
    """out = -t * ln sigmoid(z) - (1 - t) * ln(1 - sigmoid(z)), elementwise, z the logits."""

    @staticmethod
    def forward(logits, targets):
        # In this order: the large terms cancel exactly before the small one is added.
        return np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))

    @staticmethod
    def grad_logits(grad_out, out, logits, targets):
        grad_logits = grad_out * (sigmoid(logits) - targets)
        return grad_logits

    @staticmethod
    def grad_targets(grad_out, out, logits, targets):
        grad_targets = -grad_out * logits
        return grad_targets
