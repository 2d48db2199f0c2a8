"""Every loss on one batch, with the loss of each sample computed by its definition."""

import numpy as np

import minigrad as mg

N, K = 4, 3


def draw(seed=0):
    """Logits, n-hot labels in {0, 1}, and distributions, for N samples of K classes."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(N, K))
    labels = rng.integers(0, 2, (N, K)).astype(float)
    distributions = rng.dirichlet(np.ones(K), N)
    return logits, labels, distributions


LOGITS, LABELS, SOFT = draw()
INDICES = np.array([0, 2, 1, 2])
ONE_HOT = np.eye(K)[INDICES]
P = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
SIGMA = 1 / (1 + np.exp(-LOGITS))


def bernoulli(p, t):
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum(axis=1)


PER_SAMPLE = {
    "sum_squared_error": (mg.sum_squared_error, LOGITS, SOFT, ((LOGITS - SOFT) ** 2).sum(axis=1)),
    "mean_squared_error": (
        mg.mean_squared_error,
        LOGITS,
        SOFT,
        ((LOGITS - SOFT) ** 2).sum(axis=1) / K,
    ),
    "cross_entropy": (mg.cross_entropy, P, SOFT, -(SOFT * np.log(P)).sum(axis=1)),
    "cross_entropy, one-hot": (mg.cross_entropy, P, ONE_HOT, -np.log(P[range(N), INDICES])),
    "cross_entropy, indices": (mg.cross_entropy, P, INDICES, -np.log(P[range(N), INDICES])),
    "softmax_cross_entropy": (
        mg.softmax_cross_entropy,
        LOGITS,
        SOFT,
        -(SOFT * np.log(P)).sum(axis=1),
    ),
    "softmax_cross_entropy, one-hot": (
        mg.softmax_cross_entropy,
        LOGITS,
        ONE_HOT,
        -np.log(P[range(N), INDICES]),
    ),
    "softmax_cross_entropy, indices": (
        mg.softmax_cross_entropy,
        LOGITS,
        INDICES,
        -np.log(P[range(N), INDICES]),
    ),
    "binary_cross_entropy": (mg.binary_cross_entropy, SIGMA, LABELS, bernoulli(SIGMA, LABELS)),
    "binary_cross_entropy, soft": (mg.binary_cross_entropy, SIGMA, SOFT, bernoulli(SIGMA, SOFT)),
    "sigmoid_cross_entropy": (mg.sigmoid_cross_entropy, LOGITS, LABELS, bernoulli(SIGMA, LABELS)),
    "sigmoid_cross_entropy, soft": (mg.sigmoid_cross_entropy, LOGITS, SOFT, bernoulli(SIGMA, SOFT)),
}
"""A loss, its predictions and targets, and the loss of each sample by the definition."""
