"""Information measures: closed forms, and the inequalities and identities of information theory."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import minigrad as mg

BASES = [math.e, 2, 10]
every_base = pytest.mark.parametrize("base", BASES)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])

P = np.array([[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4]])
Q = np.array([[0.25, 0.25, 0.25, 0.25], [0.4, 0.3, 0.2, 0.1]])


def normalised(weights):
    return weights / weights.sum(axis=-1, keepdims=True)


def distributions(smallest, shape=None):
    """Rows of K outcomes: none impossible, and some at most a million times as likely as others."""
    shape = shape or array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=6)
    return arrays(float, shape, elements=st.floats(smallest, 1)).map(normalised)


pairs = array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=6).flatmap(
    lambda shape: st.tuples(distributions(1e-6, shape), distributions(1e-6, shape))
)


def is_plus_zero(x):
    return np.all(np.asarray(x) == 0) and not np.signbit(x).any()


# Information content


@every_base
def test_a_chance_of_one_in_b_to_the_n_carries_n_units(base):
    powers = np.arange(6.0)
    np.testing.assert_allclose(
        mg.information_content(base**-powers, base=base), powers, rtol=1e-14, atol=1e-15
    )


def test_powers_of_two_are_whole_numbers_of_bits():
    powers = np.arange(1.0, 29.0)
    np.testing.assert_array_equal(mg.information_content(2**-powers, base=2), powers)
    assert mg.entropy(P, base=2)[0] == 1.75
    p = np.array([[0.125, 0.25, 0.5, 0.125]])
    assert mg.cross_entropy(p, [0], base=2) == 3
    assert mg.binary_cross_entropy([[0.125, 0.5]], [[1, 0]], base=2) == 4
    assert mg.sigmoid_cross_entropy(np.zeros((2, 3)), np.zeros((2, 3)), base=2) == 3
    np.testing.assert_array_equal(mg.softmax_cross_entropy(np.log(p), [1], base=2), 2)


def test_what_is_certain_carries_plus_zero():
    assert is_plus_zero(mg.information_content([1.0, 1.0]))
    assert is_plus_zero(mg.information_content(1, base=2))


def test_independent_events_add_up():
    p, q = P[1], Q[1]
    np.testing.assert_allclose(
        mg.information_content(p * q),
        mg.information_content(p) + mg.information_content(q),
        rtol=1e-14,
    )


def test_a_throw_of_a_die_and_the_rarest_event():
    assert math.isclose(mg.information_content(1 / 6, base=2), 2.584962500721156, rel_tol=1e-15)
    smallest = np.nextafter(0, 1)
    assert math.isclose(mg.information_content(smallest, base=2), 1074, rel_tol=1e-15)


# Entropy


@every_base
@pytest.mark.parametrize("outcomes", [1, 2, 7, 1000])
def test_the_entropy_of_the_uniform_distribution_is_log_k(base, outcomes):
    uniform = np.full((2, outcomes), 1 / outcomes)
    expected = [math.log(outcomes) / math.log(base)] * 2
    np.testing.assert_allclose(mg.entropy(uniform, base=base), expected, rtol=1e-13)


@every_base
@pytest.mark.parametrize("outcomes", [1, 2, 5])
def test_the_entropy_of_certainty_is_plus_zero(base, outcomes):
    assert is_plus_zero(mg.entropy(np.eye(outcomes), base=base))
    assert is_plus_zero(mg.entropy(np.eye(outcomes)[0], base=base))
    assert is_plus_zero(mg.entropy(mg.Tensor(np.eye(outcomes)), base=base).data)


def test_the_entropy_of_a_dyadic_distribution():
    """Its optimal code has words of 1, 2, 3 and 3 bits: 1.75 on average."""
    assert math.isclose(mg.entropy(P[0], base=2), 1.75, rel_tol=1e-15)


def test_the_entropy_of_a_biased_coin():
    """h(0.11) is close to one half bit, the value for which codes of rate 1/2 are quoted."""
    assert round(float(mg.entropy([0.11, 0.89], base=2)), 4) == 0.4999


def test_impossible_outcomes_do_not_count():
    np.testing.assert_array_equal(mg.entropy([0.5, 0.0, 0.5, 0.0]), mg.entropy([0.5, 0.5]))


@given(distributions(0.0001))
def test_entropy_lies_between_0_and_log_k(p):
    h = mg.entropy(p, base=2)
    assert np.all(h >= 0)
    assert np.all(h <= math.log2(p.shape[-1]) + 1e-14)


def test_entropies_of_independent_variables_add_up():
    joint = np.outer(P[0], Q[1]).ravel()
    np.testing.assert_allclose(mg.entropy(joint), mg.entropy(P[0]) + mg.entropy(Q[1]), rtol=1e-14)


def test_entropy_is_the_mean_information():
    np.testing.assert_allclose(
        mg.entropy(P, base=10), (P * mg.information_content(P, base=10)).sum(axis=1), rtol=1e-14
    )


def test_entropy_is_stationary_at_the_uniform_distribution():
    z = mg.Tensor(np.zeros((2, 5)), requires_grad=True)
    mg.entropy(mg.softmax(z)).backward([1.0, -3.0])
    np.testing.assert_allclose(z.grad, np.zeros((2, 5)), atol=1e-16)


# Divergence


@every_base
def test_divergence_of_the_definition(base):
    expected = (P * np.log(P / Q)).sum(axis=1) / math.log(base)
    np.testing.assert_allclose(mg.kl_divergence(P, Q, base=base), expected, rtol=1e-13)
    single = mg.kl_divergence(P[0], Q[0], base=base)
    assert np.shape(single) == ()
    np.testing.assert_allclose(single, expected[0], rtol=1e-13)


def test_divergence_from_the_uniform_distribution():
    """log K − H(p), in bits 2 − 1.75."""
    assert math.isclose(mg.kl_divergence(P[0], Q[0], base=2), 0.25, rel_tol=1e-14)


def test_divergence_is_not_symmetric():
    """Two coins: D(½‖¾) = ½·log2(4/3) and D(¾‖½) = 1 − h(¼) bits."""
    one, other = [0.5, 0.5], [0.75, 0.25]
    there, back = mg.kl_divergence(one, other, base=2), mg.kl_divergence(other, one, base=2)
    assert math.isclose(there, 0.5 * math.log2(4 / 3), rel_tol=1e-14)
    assert math.isclose(back, 0.75 * math.log2(3) - 1, rel_tol=1e-14)
    assert there != back


@given(pairs)
def test_divergence_is_never_negative(pair):
    assert np.all(mg.kl_divergence(*pair) >= -1e-15)


@given(distributions(1e-6))
def test_divergence_from_itself_is_plus_zero(p):
    assert is_plus_zero(mg.kl_divergence(p, p))


@given(pairs)
def test_divergence_is_cross_entropy_minus_entropy(pair):
    p, q = pair
    for base in BASES:
        cross = mg.cross_entropy(q, p, base=base, reduction="none")
        np.testing.assert_allclose(
            mg.kl_divergence(p, q, base=base),
            cross - mg.entropy(p, base=base),
            rtol=1e-13,
            atol=1e-14,
        )


def test_zeros_in_both_do_not_count():
    np.testing.assert_array_equal(
        mg.kl_divergence([[0.0, 0.5, 0.5]], [[0.0, 0.25, 0.75]]),
        mg.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]),
    )


def test_an_outcome_that_only_q_has_costs_what_the_others_lose():
    """p certain of what q gives 1/8: log 8."""
    assert math.isclose(mg.kl_divergence([1.0, 0.0], [0.125, 0.875], base=2), 3, rel_tol=1e-15)


# Forms of input, dtypes, the graph


@pytest.mark.parametrize(
    "measure",
    [mg.information_content, mg.entropy, lambda p: mg.kl_divergence(p, Q.tolist())],
    ids=["information_content", "entropy", "kl_divergence"],
)
def test_lists_arrays_and_tensors(measure):
    expected = measure(P)
    assert isinstance(expected, np.ndarray)
    np.testing.assert_array_equal(measure(P.tolist()), expected)
    out = measure(mg.Tensor(P))
    assert isinstance(out, mg.Tensor)
    np.testing.assert_array_equal(out.data, expected)


@both_dtypes
@every_base
def test_dtypes(dtype, base):
    p, q = P.astype(dtype), Q.astype(dtype)
    assert mg.information_content(p, base=base).dtype == dtype
    assert mg.entropy(p, base=base).dtype == dtype
    for first in (p, P, P.astype(np.float16), P.tolist(), mg.Tensor(P)):
        assert mg.kl_divergence(first, q, base=base).dtype == dtype
    x, y = mg.Tensor(p, requires_grad=True), mg.Tensor(q, requires_grad=True)
    total = mg.entropy(x).sum() + mg.kl_divergence(x, y).sum() + mg.information_content(y).sum()
    total.backward()
    assert total.dtype == x.grad.dtype == y.grad.dtype == dtype


def test_gradients_reach_a_p_of_another_dtype():
    x = mg.Tensor(P, dtype=np.float32, requires_grad=True)
    mg.kl_divergence(x, Q).backward([1.0, 0.0])
    assert x.grad.dtype == np.float32
    np.testing.assert_allclose(x.grad[0], np.log(P[0] / Q[0]) + 1, rtol=1e-6)


def test_integers_are_taken_as_floats():
    assert mg.entropy([1, 0, 0]) == 0
    assert mg.kl_divergence(np.array([1, 0]), [0.5, 0.5], base=2) == 1
    assert mg.kl_divergence([0, 1], [0, 1]) == 0
    assert mg.entropy(np.array([True, False])) == 0


def test_measures_are_ordinary_parts_of_the_graph():
    p = mg.Tensor(P, requires_grad=True, name="p")
    for out in (mg.entropy(p), mg.kl_divergence(p, Q), mg.information_content(p)):
        assert out.op is not None
        assert "test_information.py" in repr(out)
    assert mg.entropy(mg.Tensor(P)).op is None


@both_dtypes
def test_far_out(dtype):
    """Softmaxes of logits far apart underflow to 0, and 0·log 0 is 0."""
    z = mg.Tensor([[1e4, -1e4, 0.0], [0.0, 0.0, -1e4]], dtype=dtype, requires_grad=True)
    h = mg.entropy(mg.softmax(z), base=2)
    np.testing.assert_allclose(h.data, [0, 1], rtol=1e-6)
    h.backward([1.0, -2.0])
    np.testing.assert_allclose(z.grad, np.zeros((2, 3)), atol=1e-6)
    p = mg.softmax(z.detach())
    np.testing.assert_array_equal(mg.kl_divergence(p, mg.softmax(z)).data, [0, 0])
