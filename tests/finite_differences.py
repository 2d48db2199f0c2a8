"""Derivatives by differences alone: what the rules are compared with.

They know nothing of ops, graphs or rules: a function of arrays goes in, numbers come out.
"""

import numpy as np

STEP = 1e-3


def derivative(function, step=STEP):
    """The derivative of ``function(s)`` at s = 0.

    Central differences with two steps, extrapolated (Richardson): the truncation error is of
    order step^4 (about 1e-12 here), the rounding error about 1e-16 / step.
    """
    wide = (function(step) - function(-step)) / (2 * step)
    narrow = (function(step / 2) - function(-step / 2)) / step
    return (4 * narrow - wide) / 3


def numerical_gradient(function, arrays, position):
    """Gradient of the number ``function(*arrays)`` with respect to ``arrays[position]``."""
    gradient = np.zeros(arrays[position].shape)
    for index in np.ndindex(gradient.shape):

        def moved(s, index=index):
            changed = [array.copy() for array in arrays]
            changed[position][index] += s
            return function(*changed)

        gradient[index] = derivative(moved)
    return gradient


def directional_derivative(function, arrays, directions):
    """How ``function(*arrays)`` changes when all arrays move along their directions."""
    pairs = list(zip(arrays, directions, strict=True))
    return derivative(lambda s: function(*[array + s * way for array, way in pairs]))
