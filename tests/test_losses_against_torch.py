"""Losses and measures beside PyTorch's: values, and gradients under a random cotangent."""

import math

import numpy as np
import pytest

import minigrad as mg

torch = pytest.importorskip("torch")

N, K = 3, 4


def draw():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(N, K)), rng.normal(size=(N, K))]


def in_one_sum(each, reduction):
    """PyTorch's losses element by element, reduced as here: labels add up, samples are averaged."""
    per_row = each.sum(dim=1)
    return {"none": per_row, "sum": per_row.sum(), "mean": per_row.mean()}[reduction]


every_reduction = pytest.mark.parametrize("reduction", ["none", "sum", "mean"])


def agree(ours, theirs, arrays):
    """The same values, and the same gradients for the same random cotangent."""
    inputs = [mg.Tensor(array, requires_grad=True) for array in arrays]
    torch_inputs = [torch.tensor(array, requires_grad=True) for array in arrays]
    out, torch_out = ours(*inputs), theirs(*torch_inputs)
    np.testing.assert_allclose(out.data, torch_out.detach().numpy(), rtol=1e-12)
    cotangent = np.random.default_rng(1).normal(size=out.shape)
    out.backward(cotangent)
    torch_out.backward(torch.tensor(cotangent))
    for x, y in zip(inputs, torch_inputs, strict=True):
        np.testing.assert_allclose(x.grad, y.grad.numpy(), rtol=1e-11, atol=1e-14)


@every_reduction
def test_torch_cross_entropy(reduction):
    def soft(z, s):
        return torch.nn.functional.cross_entropy(z, torch.softmax(s, 1), reduction=reduction)

    def hard(z):
        return torch.nn.functional.cross_entropy(z, torch.tensor([3, 0, 1]), reduction=reduction)

    agree(
        lambda z, s: mg.softmax_cross_entropy(z, mg.softmax(s), reduction=reduction),
        soft,
        draw(),
    )
    agree(
        lambda z: mg.softmax_cross_entropy(z, [3, 0, 1], reduction=reduction),
        hard,
        draw()[:1],
    )
    agree(
        lambda z: mg.cross_entropy(mg.softmax(z), [3, 0, 1], reduction=reduction),
        hard,
        draw()[:1],
    )


@every_reduction
def test_torch_binary_cross_entropy(reduction):
    def on_probabilities(z, s):
        each = torch.nn.functional.binary_cross_entropy(
            torch.sigmoid(z), torch.sigmoid(s), reduction="none"
        )
        return in_one_sum(each, reduction)

    def on_logits(z, s):
        each = torch.nn.functional.binary_cross_entropy_with_logits(
            z, torch.sigmoid(s), reduction="none"
        )
        return in_one_sum(each, reduction)

    agree(
        lambda z, s: mg.binary_cross_entropy(mg.sigmoid(z), mg.sigmoid(s), reduction=reduction),
        on_probabilities,
        draw(),
    )
    agree(
        lambda z, s: mg.sigmoid_cross_entropy(z, mg.sigmoid(s), reduction=reduction),
        on_logits,
        draw(),
    )


def test_torch_binary_cross_entropy_of_one_label_for_each_sample():
    """With one label PyTorch's mean over elements is ours over samples; with K it is 1/K of it."""
    z, s = draw()
    t = mg.sigmoid(s)
    theirs = torch.nn.functional.binary_cross_entropy_with_logits
    column = theirs(torch.tensor(z[:, :1]), torch.tensor(t[:, :1])).item()
    assert math.isclose(mg.sigmoid_cross_entropy(z[:, :1], t[:, :1]), column, rel_tol=1e-13)
    every = theirs(torch.tensor(z), torch.tensor(t)).item()
    assert math.isclose(mg.sigmoid_cross_entropy(z, t) / K, every, rel_tol=1e-13)


@every_reduction
def test_torch_squared_errors(reduction):
    def sum_of_squares(y, t):
        each = torch.nn.functional.mse_loss(y, t, reduction="none")
        return in_one_sum(each, reduction)

    agree(lambda y, t: mg.sum_squared_error(y, t, reduction=reduction), sum_of_squares, draw())
    agree(
        lambda y, t: mg.mean_squared_error(y, t, reduction=reduction),
        lambda y, t: sum_of_squares(y, t) / K,
        draw(),
    )
    agree(mg.mean_squared_error, torch.nn.functional.mse_loss, draw())


def test_torch_kl_divergence():
    """F.kl_div takes ln q first, then p."""

    def theirs(z, s):
        log_q, p = torch.log_softmax(s, 1), torch.softmax(z, 1)
        return torch.nn.functional.kl_div(log_q, p, reduction="none").sum(dim=1)

    agree(lambda z, s: mg.kl_divergence(mg.softmax(z), mg.softmax(s)), theirs, draw())


def test_torch_entropy():
    agree(
        lambda z: mg.entropy(mg.softmax(z)),
        lambda z: torch.distributions.Categorical(logits=z).entropy(),
        draw()[:1],
    )
