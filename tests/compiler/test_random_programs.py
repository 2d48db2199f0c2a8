"""Programs made at random, of views, writes in place, checks and reductions: as NumPy has them.

What goes wrong between two writes, or a write and a view of what is written to, no expression
without side effects can show.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from traced import compare, generate, trace

STEP = st.tuples(st.integers(0, 15), st.integers(0, 99), st.integers(0, 99), st.integers(0, 1))
STEPS = st.lists(STEP, min_size=3, max_size=9)


def program_of(steps):
    """A function of two matrices, a vector, positions and a number; it writes to the first three.

    Each step takes two of the values so far, and one of the two matrices to write to.
    """

    def function(a, b, vector, positions, number):
        values, outputs = [a, b, a.copy(), vector.reshape(1, 3) + a], []
        for kind, i, j, k in steps:
            x, y, w = values[i % len(values)], values[j % len(values)], (a, b)[k]
            match kind:
                case 0:
                    values.append(x + y)
                case 1:
                    values.append(np.tanh(x) * number)
                case 2:
                    values.append(x.T)
                case 3:
                    values.append(np.tanh(x @ y))
                case 4:
                    values.append(np.where(x > 0, y, x))
                case 5:
                    values.append(x / (1 + np.abs(y.sum(1, keepdims=True))))
                case 6:
                    values.append(x - y.max(0))
                case 7:
                    values.append(x[positions])
                case 8:
                    w -= 0.1 * x
                case 9:
                    w *= np.tanh(x.sum())
                case 10:
                    w[...] = x.T
                case 11:
                    w[1:] = x[:2]
                case 12:
                    w[...] = np.where(y > 0, w, x)
                case 13:
                    vector[...] = x[i % 3]
                case 14:
                    outputs += [x.sum(0), y.copy()]
                case 15:
                    (x.sum() > 8.0).refuse_where_true()
        return [*outputs, values[-1], values[-2].T, values[-1].sum(), values[0][0, 1]]

    return function


def check(steps, seed, back_end):
    rng = np.random.default_rng(seed)
    matrices = rng.normal(size=(2, 3, 3))
    inputs = [*matrices, rng.normal(size=3), np.array([2, 0, 1]), 0.7]
    program = trace(program_of(steps), *inputs)
    generated = generate(program, back_end, simplified=False)
    for _ in range(2):
        compare(program, generated, inputs, rtol=1e-9)


@given(steps=STEPS, seed=st.integers(0, 999))
@settings(max_examples=300)
def test_with_numpy(steps, seed):
    check(steps, seed, "numpy")


@given(steps=STEPS, seed=st.integers(0, 999))
@settings(max_examples=5)
def test_with_numba(steps, seed):
    check(steps, seed, "numba")
