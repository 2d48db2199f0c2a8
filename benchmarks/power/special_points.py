"""Points that random inputs never hit, and shapes at which a slip shows that others hide."""

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg

__all__ = ["SPECIAL_POINTS"]

RNG = np.random.default_rng(7)
FAR_APART = np.array([[1000.0, 999.0], [0.0, 1.0]])
ZERO_AND_MORE = np.array([0.0, 0.0, 2.0])


def real(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


SPECIAL_POINTS: dict[str, list[tuple[Callable[..., Any], list[np.ndarray]]]] = {
    "BroadcastTo": [
        (lambda x: mg.broadcast_to(x, (3, 2, 2)), [real(2, 2)]),
        (lambda x: mg.broadcast_to(x, (4, 2, 5, 3)), [real(2, 1, 3)]),
    ],
    "Elu": [(mg.elu, [np.array([1000.0, -1.0])])],
    "Linear": [(mg.linear, [real(3, 3), real(3, 3), real(3)])],
    "Logsumexp": [(lambda x: mg.logsumexp(x, axis=1), [FAR_APART])],
    "Matmul": [(mg.matmul, [real(3, 3), real(3, 3)])],
    "Max": [(lambda x: mg.max(mg.stack([x, x]), axis=0), [real(3)])],
    "Maximum": [
        (lambda x: mg.maximum(x, x), [real(3)]),
        (mg.maximum, [real(3, 2), real(2)]),
    ],
    "Min": [(lambda x: mg.min(mg.stack([x, x]), axis=0), [real(3)])],
    "Minimum": [
        (lambda x: mg.minimum(x, x), [real(3)]),
        (mg.minimum, [real(3, 2), real(2)]),
    ],
    "Power": [
        (lambda x: mg.power(x, np.array([0.0, 1.0, 3.0])), [ZERO_AND_MORE]),
        (lambda y: mg.power(ZERO_AND_MORE, y), [np.array([1.5, 2.0, 3.0])]),
    ],
    "Prod": [(lambda x, y: mg.prod(x) * mg.prod(y), [real(3), real(3)])],
    "SoftmaxCrossEntropy": [
        (lambda x: mg.softmax_cross_entropy(x, np.full((2, 2), 0.5)), [FAR_APART]),
    ],
    "Where": [
        (lambda x, y: mg.where(np.eye(2, dtype=bool), x, y), [real(2, 2), real(2, 2)]),
    ],
    "XLogY": [
        (lambda x: mg.xlogy(x, ZERO_AND_MORE), [ZERO_AND_MORE]),
        (lambda y: mg.xlogy(ZERO_AND_MORE, y), [ZERO_AND_MORE]),
        (lambda t: mg.xlogy(t**4, t**4), [ZERO_AND_MORE]),
    ],
}
