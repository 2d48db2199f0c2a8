import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import DomainError, DTypeError
from minigrad.losses import softmax_cross_entropy
from minigrad.nn import mlp


def kinds(model):
    return [type(layer).__name__ for layer in model]


def test_linear_layers_with_activations_between_and_logits_at_the_end():
    model = mlp([64, 32, 16, 10])
    assert kinds(model) == ["Linear", "Sigmoid", "Linear", "Sigmoid", "Linear"]
    assert [p.shape for p in model.parameters()] == [
        (64, 32),
        (32,),
        (32, 16),
        (16,),
        (16, 10),
        (10,),
    ]


def test_output_and_dropout():
    model = mlp([4, 3, 2], "tanh", output="softmax", dropout=0.25)
    assert kinds(model) == ["Linear", "Tanh", "Dropout", "Linear", "Softmax"]
    assert model[2].p == 0.25
    np.testing.assert_allclose(model(np.ones((5, 4))).data.sum(axis=1), 1, rtol=1e-14)


def test_layer_classes_are_accepted():
    assert kinds(mlp([4, 3, 2], nn.SiLU, output=nn.LogSoftmax)) == [
        "Linear",
        "SiLU",
        "Linear",
        "LogSoftmax",
    ]


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "gelu", "silu", "softplus"])
def test_relu_family_starts_by_kaiming(name):
    largest = np.abs(mlp([50, 150, 2], name, rng=0)[0].weight.data).max()
    assert 0.98 * np.sqrt(6 / 50) < largest < np.sqrt(6 / 50)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "identity", "softmax"])
def test_others_start_by_xavier(name):
    largest = np.abs(mlp([50, 150, 2], name, rng=0)[0].weight.data).max()
    assert 0.98 * np.sqrt(6 / 200) < largest < np.sqrt(6 / 200)


def test_seed_makes_the_model_reproducible_with_and_without_dropout():
    first, second = mlp([4, 6, 3], rng=0, dropout=0.5), mlp([4, 6, 3], rng=0, dropout=0.5)
    x = np.ones((5, 4))
    np.testing.assert_array_equal(first(x).data, second(x).data)
    plain = mlp([4, 6, 3], rng=0)
    for a, b in zip(first.parameters(), plain.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    different = mlp([4, 6, 3], rng=1)
    assert (different[0].weight.data != plain[0].weight.data).all()


def test_dropout_layers_draw_different_masks():
    model = mlp([4, 50, 50, 3], rng=0, dropout=0.5)
    masks = [layer(np.ones(50)) for layer in model if isinstance(layer, nn.Dropout)]
    assert (masks[0] != masks[1]).any()


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "gelu"])
def test_outputs_and_gradients_agree_with_pytorch(activation):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, classes = rng.normal(size=(7, 5)), rng.integers(0, 3, 7)
    model = mlp([5, 6, 4, 3], activation, rng=1)
    for parameter in model.parameters():
        parameter.data[...] = rng.normal(size=parameter.shape)

    layers = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU", "gelu": "GELU"}
    between = getattr(torch.nn, layers[activation])
    linears = [torch.nn.Linear(*sizes, dtype=torch.float64) for sizes in [(5, 6), (6, 4), (4, 3)]]
    ours = [layer for layer in model if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer, theirs in zip(ours, linears, strict=True):
            theirs.weight.copy_(torch.tensor(layer.weight.data.T))
            theirs.bias.copy_(torch.tensor(layer.bias.data))
    torch_model = torch.nn.Sequential(linears[0], between(), linears[1], between(), linears[2])

    logits = model(x)
    softmax_cross_entropy(logits, classes).backward()
    torch_logits = torch_model(torch.tensor(x))
    torch.nn.functional.cross_entropy(torch_logits, torch.tensor(classes)).backward()

    np.testing.assert_allclose(logits.data, torch_logits.detach().numpy(), rtol=1e-12, atol=1e-13)
    for layer, theirs in zip(ours, linears, strict=True):
        weight_grad = theirs.weight.grad.numpy().T
        np.testing.assert_allclose(layer.weight.grad, weight_grad, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(
            layer.bias.grad, theirs.bias.grad.numpy(), rtol=1e-10, atol=1e-14
        )


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "gelu", "softplus"])
def test_float32_all_the_way(activation):
    model = mlp([5, 4, 3], activation, output="softmax", dropout=0.5, rng=0, dtype=np.float32)
    x = mg.Tensor(np.ones((2, 5), np.float32), requires_grad=True)
    out = model(x)
    (out * out).sum().backward()
    assert out.dtype == np.float32
    assert x.grad.dtype == np.float32
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("sizes", [[], [4]])
def test_too_few_sizes(sizes):
    with pytest.raises(DomainError, match=r"mlp: sizes is \[4?\]; it needs at least 2"):
        mlp(sizes)


def test_sizes_that_are_none():
    with pytest.raises(DTypeError, match="mlp: sizes is 64; it must be a list of sizes"):
        mlp(64)
    with pytest.raises(DomainError, match="n_out is 0"):
        mlp([4, 0, 2])


@pytest.mark.parametrize("choice", ["swish", 3, nn.ReLU(), int, mg.relu])
def test_unknown_activation_lists_the_choices(choice):
    with pytest.raises(DomainError, match=r"mlp: activation is .* must be one of sigmoid, tanh, r"):
        mlp([4, 3, 2], choice)
    with pytest.raises(DomainError, match=r"mlp: output is .* must be one of sigmoid, tanh, r"):
        mlp([4, 3, 2], output=choice)


def test_dropout_out_of_range():
    with pytest.raises(DomainError, match=r"Dropout: p is 1\.0; it must"):
        mlp([4, 3, 2], dropout=1.0)
