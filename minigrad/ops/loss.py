"""Ops that losses are made of: logarithms of probabilities, fused so that they stay exact."""

from typing import Any

import numpy as np

from minigrad.ops.activation import log_softmax, sigmoid
from minigrad.ops.base import Op, call
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
    return call(XLogY, x, y)


class SoftmaxCrossEntropy(Op):
    """out[i] = -sum over k of targets[i, k] * ln softmax(logits)[i, k]."""

    @staticmethod
    def forward(logits, targets):
        return -np.add.reduce(targets * log_softmax(logits), axis=-1)

    @staticmethod
    def grad_logits(grad_out, out, logits, targets):
        softmax = np.exp(log_softmax(logits))
        total = np.add.reduce(targets, axis=-1, keepdims=True)
        grad_logits = (softmax * total - targets) * grad_out.reshape(total.shape)
        return grad_logits

    @staticmethod
    def grad_targets(grad_out, out, logits, targets):
        grad_targets = -log_softmax(logits) * grad_out.reshape((*out.shape, 1))
        return grad_targets


class SigmoidCrossEntropy(Op):
    """out = -t * ln sigmoid(z) - (1 - t) * ln(1 - sigmoid(z)), elementwise, z the logits."""

    @staticmethod
    def forward(logits, targets):
        softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
        return softplus - logits * targets

    @staticmethod
    def grad_logits(grad_out, out, logits, targets):
        grad_logits = grad_out * (sigmoid(logits) - targets)
        return grad_logits

    @staticmethod
    def grad_targets(grad_out, out, logits, targets):
        grad_targets = -grad_out * logits
        return grad_targets
