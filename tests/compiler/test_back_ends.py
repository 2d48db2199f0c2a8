"""Every primitive, on both back ends, against what NumPy computes instruction by instruction."""

import linecache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from traced import BACK_ENDS, check, compare, generate, run, trace

import minigrad as mg
from minigrad.compiler.program import UFUNCS

back_ends = pytest.mark.parametrize("back_end", BACK_ENDS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e-30, 0.5, 2.5, -2.5, 700.0]


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def usable(ufunc, *dtypes):
    try:
        ufunc.resolve_dtypes((*map(np.dtype, dtypes), None))
    except TypeError:
        return False
    return True


def gives(ufunc, *dtypes):
    return ufunc.resolve_dtypes((*map(np.dtype, dtypes), None))[-1]


@back_ends
@dtypes
def test_every_ufunc_of_one_array(back_end, dtype, rng):
    x = np.concatenate([np.array(SPECIAL, dtype), rng.normal(size=20).astype(dtype)])
    ufuncs = [
        u for u in UFUNCS.values() if u.nin == 1 and usable(u, dtype) and u is not np.positive
    ]
    program = trace(lambda x: [ufunc(x) for ufunc in ufuncs], x)
    assert len(program.instructions) == len(ufuncs) > 20
    check(program, back_end, [x])


@back_ends
@dtypes
def test_every_ufunc_of_two_arrays(back_end, dtype):
    x = np.repeat(np.array(SPECIAL, dtype), len(SPECIAL))
    y = np.tile(np.array(SPECIAL, dtype), len(SPECIAL))
    ufuncs = [u for u in UFUNCS.values() if u.nin == 2 and usable(u, dtype, dtype)]
    program = trace(lambda x, y: [ufunc(x, y) for ufunc in ufuncs], x, y)
    assert len(program.instructions) == len(ufuncs) > 15
    check(program, back_end, [x, y], rtol=1e-6)


@back_ends
@pytest.mark.parametrize("dtype", [np.bool, np.int8, np.int32, np.int64, np.uint8])
def test_every_ufunc_of_integers_and_bools(back_end, dtype):
    values = [0, 1] if dtype == np.bool else [0, 1, 2, 3, 7, 100]
    x = np.repeat(np.array(values, dtype), len(values))
    y = np.tile(np.array(values, dtype), len(values))
    unary = [u for u in UFUNCS.values() if u.nin == 1 and usable(u, dtype) and u is not np.positive]
    binary = [u for u in UFUNCS.values() if u.nin == 2 and usable(u, dtype, dtype)]
    unary = [u for u in unary if u is not np.reciprocal and gives(u, dtype) != np.float16]
    binary = [u for u in binary if gives(u, dtype, dtype) != np.float16]
    program = trace(lambda x, y: [*(u(x) for u in unary), *(u(x, y) for u in binary)], x, y)
    check(program, back_end, [x, y])


@back_ends
@dtypes
def test_where_cast_erf_and_full(back_end, dtype, rng):
    x = np.concatenate([np.array(SPECIAL[:7], dtype), rng.normal(size=8).astype(dtype)])

    def function(x):
        finite = np.where(np.isfinite(x), x, 0)
        return [
            np.where(x > 0, x, -1.5),
            np.where(x > 0, x * 2, x),
            finite.astype(np.int64),
            finite.astype(np.float32),
            finite.astype(np.bool),
            np.zeros_like(x),
            np.full_like(x, 0.1),
            x + np.ones_like(x, shape=(3, 1)),
            mg.erf(x),
        ]

    check(trace(function, x), back_end, [x])


@back_ends
@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((3, 4), np.float32),
        ((2, 3, 4), np.float64),
        ((4, 1), np.float32),
        ((1, 5), np.float64),
        ((1, 1), np.float32),
    ],
)
def test_reductions(back_end, shape, dtype, rng):
    x = rng.normal(size=shape).astype(dtype)
    axes = [None, 0, -1, (0, len(shape) - 1), len(shape) - 2]

    def function(x):
        found = []
        for axis in axes:
            for keepdims in (False, True):
                found += [
                    np.add.reduce(x, axis=axis, keepdims=keepdims),
                    np.multiply.reduce(x, axis=axis, keepdims=keepdims),
                    np.maximum.reduce(x, axis=axis, keepdims=keepdims),
                    np.minimum.reduce(x, axis=axis, keepdims=keepdims),
                ]
            found += [(x > 0).any(axis), (x > -1).all(axis), np.add.reduce(x > 0, axis=axis)]
        return found

    check(trace(function, x), back_end, [x])


@back_ends
def test_reductions_of_nothing_give_the_neutral_element(back_end):
    x, y = np.zeros((2, 0, 3)), np.full((4, 3), 7.0)

    def function(x, y):
        z = np.exp(x)  # in one loop with the reductions
        return [
            np.multiply.reduce(z, axis=1), np.add.reduce(z, axis=(0, 1)), y * 2,
            np.add.reduce(z, axis=1, keepdims=True), np.add.reduce(z, axis=2), z.sum(),
        ]  # fmt: skip

    check(trace(function, x, y), back_end, [x, y])


@back_ends
def test_nan_is_the_largest_and_the_smallest(back_end):
    x = np.array([[1.0, np.nan, 3.0], [np.nan, 1.0, 2.0], [5.0, -np.inf, np.inf]])
    program = trace(lambda x: [x.max(1), x.min(1), x.max(0), x.max(), x.sum()], x)
    check(program, back_end, [x])


@back_ends
@dtypes
def test_products_of_matrices_however_they_lie(back_end, dtype, rng):
    x, y = rng.normal(size=(3, 4)).astype(dtype), rng.normal(size=(4, 5)).astype(dtype)
    v = rng.normal(size=(4, 1)).astype(dtype)

    def function(x, y, v):
        a, b = x * 2, y + 1
        return [x @ y, (y.T @ x.T) + 0, (a.T.T @ b), a.T @ x, x @ a.T, y.T @ a.T, x @ v, v.T @ y,
                x[:, ::2] @ y[::2], x[1:] @ y, v @ v.T, v.T @ v]  # fmt: skip

    check(trace(function, x, y, v), back_end, [x, y, v])


@back_ends
def test_a_large_product(back_end, rng):
    x, y = rng.normal(size=(70, 300)), rng.normal(size=(300, 90))
    program = trace(lambda x, y: [x @ y, y.T @ x.T, x.T @ (x @ y), (x @ y) @ y.T], x, y)
    check(program, back_end, [x, y], rtol=1e-11)


@back_ends
def test_products_of_integers_and_of_stacks(back_end, rng):
    x, y = rng.integers(-5, 5, (3, 4)), rng.integers(-5, 5, (4, 2))
    stack, one = rng.normal(size=(2, 1, 3, 4)), rng.normal(size=(5, 4, 2))

    def function(x, y, stack, one):
        return [x @ y, stack @ one, stack @ y, stack.swapaxes(-1, -2) @ stack]

    check(trace(function, x, y, stack, one), back_end, [x, y, stack, one])


@back_ends
def test_shapes_and_plain_indices(back_end, rng):
    x = rng.normal(size=(3, 4, 5))

    def function(x):
        y = x + 1
        return [
            x.T, y.T * 2, x.transpose(1, 0, 2).reshape(4, 15), y.reshape(12, 5).T.reshape(-1),
            x[1], x[..., ::-1], y[::2, 1:3, -1], x[:, None, 2], y[2, 3, 4], y[1, -1, 0] * x,
            x.swapaxes(0, 2)[::-2], (y[0].T + x[1].T).sum(0), x.broadcast_to((2, 3, 4, 5)),
            y.sum(0).broadcast_to((3, 4, 5)) * x, x[1:1], x.reshape(3, 4, 5, 1, 1) + 1,
        ]  # fmt: skip

    check(trace(function, x), back_end, [x])


@back_ends
def test_indices_with_arrays(back_end, rng):
    x = rng.normal(size=(4, 5, 6))
    rows, columns = np.array([3, 0, -1, 3]), np.array([[0], [-2]])
    mask = np.array([True, False, True, True])

    def function(x, rows, columns):
        y = x * 2
        return [
            x[rows], y[:, rows], x[rows, columns], y[rows, :, columns], y[1, :, rows],
            x[..., rows, columns], y[mask], x[columns, None, 1:3, rows], y[np.array(2), rows],
            y[rows, 1], x[mask, 1:, 0],
        ]  # fmt: skip

    check(trace(function, x, rows, columns), back_end, [x, rows, columns])


@back_ends
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint32, np.uint64])
def test_indices_of_every_integer_dtype(back_end, dtype, rng):
    """300 rows: -300 and 300 are no int8, and -300 is nothing that is unsigned."""
    x, rows = rng.normal(size=(300, 2)), np.array([0, 100, 3], dtype)
    generated = check(trace(lambda x, rows: x[rows], x, rows), back_end, [x, rows])
    if np.iinfo(dtype).max >= 300:
        assert generated.run(x, np.array([0, 300, 3], dtype))[0]


@back_ends
def test_setting_and_adding_at_indices(back_end, rng):
    x, rows = rng.normal(size=(4, 3)), np.array([2, 0, 2, -1])

    def function(x, rows):
        a, b, c = np.zeros_like(x), x.copy(), np.ones_like(x)
        np.add.at(a, rows, x * 3)
        b[1:3] = 7
        b[rows, 0] = rows
        c[:, 1] = x[:, 0]
        np.add.at(c, (rows, 2), 0.5)
        np.add.at(c, (slice(None), 0), 2.0)
        return [a, b, c]

    check(trace(function, x, rows), back_end, [x, rows])


@back_ends
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concatenation(back_end, axis, rng):
    x, y = rng.normal(size=(2, 3, 2)), rng.normal(size=(2, 3, 2))
    program = trace(lambda x, y: np.concatenate([x, y * 2, y.swapaxes(0, 2)], axis), x, y)
    check(program, back_end, [x, y])


@back_ends
def test_numbers_take_on_the_dtype_of_what_they_meet(back_end, rng):
    x = rng.normal(size=5).astype(np.float32)
    program = trace(lambda x, s, n: [x * s, x + n, x * (s * 2 + n), s / n, n // 2], x, 0.1, 3)
    generated = check(program, back_end, [x, 0.1, 3])
    assert all(a.dtype == np.float32 for a in generated.arrays.values())


@back_ends
def test_integers_are_compared_with_numbers_that_their_dtype_does_not_hold(back_end):
    x, y = np.array([0, 9, 255], np.uint8), np.array([0, 2**63], np.uint64)
    program = trace(lambda x, y: [x < -1, x < 300, x < 256, x == 511, y > -1, x < 10], x, y)
    generated = check(program, back_end, [x, y])
    expected = [x < -1, x < 300, x < 256, x == 511, y > -1, x < 10]
    _, found, _ = run(generated, program.outputs, [x, y])
    np.testing.assert_array_equal(np.concatenate(found), np.concatenate(expected))


@back_ends
def test_many_axes(back_end, rng):
    x = rng.normal(size=(2, 1) * 7)
    check(
        trace(lambda x: [x.T + x, np.exp(x.T).sum(4), x[None] @ x.swapaxes(-1, -2)], x),
        back_end,
        [x],
    )


@back_ends
def test_full_of_what_is_computed(back_end, rng):
    x = rng.normal(size=(2, 3))
    fills = np.arange(3.0)
    check(trace(lambda x: [np.full_like(x, x.sum()), np.full_like(x, fills)], x), back_end, [x])


@back_ends
def test_float32_is_computed_in_float32_and_sums_in_their_order(back_end):
    x = np.array([1e8, 3.0, 16777216.0], np.float32)
    program = trace(lambda x: [(x + 1) - x, (x - x) + 0.5, x * 0.1, (x * 0.1) * 10], x)
    _, results, _ = run(generate(program, back_end), program.outputs, [x])
    expected = [(x + 1) - x, (x - x) + 0.5, x * 0.1, (x * 0.1) * 10]
    for found, right in zip(results, expected, strict=True):
        np.testing.assert_array_equal(found, right)


shapes = hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3)


@pytest.mark.parametrize("back_end", BACK_ENDS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shapes=shapes, data=st.data())
def test_broadcasting(back_end, shapes, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    x, y, z = (rng.normal(size=shape) for shape in shapes.input_shapes)
    ndim = len(shapes.result_shape)
    axis = data.draw(st.one_of(st.none(), st.integers(0, ndim - 1))) if ndim else None

    def function(x, y, z):
        total = np.add.reduce(x * y + z, axis=axis)
        return [x + y, np.where(x > y, z, 0), total, total * 2, np.exp(x).sum() * z, x.T * 2]

    check(trace(function, x, y, z), back_end, [x, y, z])


# Writes


@back_ends
def test_an_array_is_updated_in_place(back_end, rng):
    w, g = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))

    def function(w, g, lr):
        w -= lr * g

    check(trace(function, w, g, 0.1), back_end, [w, g, 0.1])


@back_ends
def test_old_elements_are_read_after_the_new_ones_are_known(back_end, rng):
    w, x = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))

    def function(w, x):
        old = w.copy()
        w -= 0.5
        return [x @ old, old.T + w, np.exp(old), w @ x]

    check(trace(function, w, x), back_end, [w, x])


@back_ends
def test_an_array_is_overwritten_by_its_own_transpose_and_by_products(back_end, rng):
    a, b, c = (rng.normal(size=(3, 3)) for _ in range(3))

    def function(a, b, c):
        a[...] = a.T + a
        b[...] = b.T
        c[...] = c @ c

    check(trace(function, a, b, c), back_end, [a, b, c])


@back_ends
def test_an_array_keeps_some_of_its_elements(back_end, rng):
    """The condition, too, may be what is written to."""
    mask, a, b, q = np.array([True, False, True]), *(rng.normal(size=3) for _ in range(3))
    c, d = ~mask, np.array([False, False, True])

    def function(mask, a, b, q, c, d):
        a[...] = np.where(mask, a, q)
        b[...] = np.where(mask, q, b)
        c[...] = np.where(c, mask, d)

    check(trace(function, mask, a, b, q, c, d), back_end, [mask, a, b, q, c, d])


@back_ends
def test_a_number_is_replaced_by_way_of_a_new_axis(back_end):
    x, y = np.array(2.0), np.array([5.0])

    def function(x, y):
        new = x * 1.5
        new[None] = y
        return new + 1

    check(trace(function, x, y), back_end, [x, y])


@back_ends
def test_two_arrays_change_places(back_end, rng):
    a, b = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))

    def function(a, b):
        old = a.copy()
        a[...] = b
        b[...] = old

    check(trace(function, a, b), back_end, [a, b])


@back_ends
def test_old_elements_go_into_another_array_and_new_ones_replace_them(back_end, rng):
    a, b, c = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)

    def function(a, b, c):
        b[...] = a.T
        c[...] = a[1]
        a *= 2

    check(trace(function, a, b, c), back_end, [a, b, c])


@back_ends
def test_new_elements_are_read_in_a_later_loop(back_end, rng):
    """As by a second forward pass after an update."""
    w, b, x = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=(2, 3))

    def function(w, b, x):
        w -= 0.5
        b *= w.sum(0)
        return [np.tanh(x @ w + b), w.T * 2, b + x]

    check(trace(function, w, b, x), back_end, [w, b, x])


@back_ends
def test_one_result_goes_into_two_arrays_and_out(back_end, rng):
    a, b, x = (rng.normal(size=4) for _ in range(3))
    s = np.array(2.5)

    def function(a, b, x, s):
        new = np.exp(x) * a
        a[...] = new
        b[...] = new
        old = s.copy()
        s[...] = s * 2
        return [new, a, x, old, s]

    check(trace(function, a, b, x, s), back_end, [a, b, x, s])


@back_ends
def test_nothing_is_written_if_any_check_is_true(back_end):
    w, x = np.ones(3), np.array([1.0, 2.0, 3.0])

    def function(w, x):
        w += x
        (w > 10).refuse_where_true()
        (x < 0).refuse_where_true()
        w *= 2
        return w.sum()

    program = trace(function, w, x)
    generated = generate(program, back_end)
    for y in (x, -x, x * 10, x):
        compare(program, generated, [w, y])
    assert [run(generated, [], [w, y])[0] for y in (x, -x, x * 10)] == [False, True, True]


@back_ends
def test_an_index_outside_of_its_array_is_refused_before_anything_is_written(back_end):
    w, rows = np.arange(6.0).reshape(3, 2), np.array([0, 2])

    def function(w, rows):
        picked = w[rows]
        w -= 1
        return picked

    generated = generate(trace(function, w, rows), back_end)
    for bad in ([0, 3], [-4, 0]):
        after = w.copy()
        refused, *_ = generated.run(after, np.array(bad))
        assert refused
        np.testing.assert_array_equal(after, w)
    assert not generated.run(w, np.array([-3, 2]))[0]


# The text


@back_ends
def test_the_source_is_what_runs(back_end):
    x = np.arange(3.0)
    generated = generate(trace(lambda x: np.exp(x).sum(), x), back_end)
    function = generated.function
    filename = function.__code__.co_filename
    assert "".join(linecache.getlines(filename)) == generated.source
    compiled = compile(generated.source, filename, "exec")
    assert function.__code__ in compiled.co_consts
    assert "test_back_ends.py:" in generated.source


@back_ends
def test_read_only_arrays_may_be_read(back_end):
    x = np.arange(3.0)
    x.flags.writeable = False
    check(trace(lambda x: x * 2, x), back_end, [x])
