import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import DomainError

X = np.random.default_rng(1).normal(size=(4, 5)) * 3

LAYERS = [
    (nn.Sigmoid(), "Sigmoid", {}),
    (nn.Tanh(), "Tanh", {}),
    (nn.ReLU(), "ReLU", {}),
    (nn.LeakyReLU(0.2), "LeakyReLU", {"negative_slope": 0.2}),
    (nn.LeakyReLU(), "LeakyReLU", {}),
    (nn.ELU(), "ELU", {}),
    (nn.ELU(1.5), "ELU", {"alpha": 1.5}),
    (nn.GELU(), "GELU", {}),
    (nn.GELU("tanh"), "GELU", {"approximate": "tanh"}),
    (nn.SiLU(), "SiLU", {}),
    (nn.Softplus(), "Softplus", {}),
    (nn.Softmax(), "Softmax", {"dim": -1}),
    (nn.Softmax(axis=0), "Softmax", {"dim": 0}),
    (nn.LogSoftmax(), "LogSoftmax", {"dim": -1}),
    (nn.LogSoftmax(0), "LogSoftmax", {"dim": 0}),
    (nn.Identity(), "Identity", {}),
    (nn.Flatten(), "Flatten", {}),
]


@pytest.mark.parametrize(("layer", "name", "options"), LAYERS, ids=lambda value: repr(value))
def test_values_and_gradients_agree_with_pytorch(layer, name, options):
    torch = pytest.importorskip("torch")
    cotangent = np.random.default_rng(2).normal(size=X.shape)
    x = mg.Tensor(X, requires_grad=True)
    out = layer(x)
    (out * cotangent).sum().backward()
    torch_x = torch.tensor(X, requires_grad=True)
    torch_out = getattr(torch.nn, name)(**options)(torch_x)
    torch_out.backward(torch.tensor(cotangent))
    np.testing.assert_allclose(out.data, torch_out.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(x.grad, torch_x.grad.numpy(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("layer", "name", "options"), LAYERS, ids=lambda value: repr(value))
def test_float32_stays_float32(layer, name, options):
    x = mg.Tensor(X.astype(np.float32), requires_grad=True)
    out = layer(x)
    out.sum().backward()
    assert (out.dtype, x.grad.dtype) == (np.float32, np.float32)


def test_options_are_shown():
    assert [repr(layer) for layer, _, _ in LAYERS[3:10]] == [
        "LeakyReLU(slope=0.2)",
        "LeakyReLU(slope=0.01)",
        "ELU(alpha=1.0)",
        "ELU(alpha=1.5)",
        "GELU(approximate='none')",
        "GELU(approximate='tanh')",
        "SiLU()",
    ]
    assert repr(nn.Softmax()) == "Softmax(axis=-1)"


def test_unknown_gelu_approximation_is_found_when_the_layer_is_built():
    with pytest.raises(DomainError, match="GELU: approximate is 'erf'; it must be 'none' or"):
        nn.GELU("erf")


@pytest.mark.parametrize("shape", [(3, 4, 5), (3,), (0, 4, 5)])
def test_flatten_keeps_the_batch(shape):
    out = nn.Flatten()(mg.Tensor(np.zeros(shape)))
    assert out.shape == (shape[0], int(np.prod(shape[1:])))
