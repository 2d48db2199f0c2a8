import numpy as np
import pytest

from minigrad import nn
from minigrad.errors import ShapeError

SHAPE = (400, 600)
VARIANCE = {
    nn.xavier_uniform: 2 / 1000,
    nn.xavier_normal: 2 / 1000,
    nn.kaiming_uniform: 2 / 400,
    nn.kaiming_normal: 2 / 400,
}


@pytest.mark.parametrize(("initializer", "variance"), VARIANCE.items())
def test_mean_and_variance_follow_the_formula(initializer, variance):
    weight = initializer(SHAPE, rng=0)
    # 240,000 draws: five standard errors of the mean, and well over five of the variance.
    assert abs(weight.mean()) < 5 * np.sqrt(variance / weight.size)
    assert weight.var() == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize(
    ("initializer", "bound"),
    [(nn.xavier_uniform, np.sqrt(6 / 1000)), (nn.kaiming_uniform, np.sqrt(6 / 400))],
)
def test_uniform_fills_the_interval_of_the_formula(initializer, bound):
    weight = initializer(SHAPE, rng=0)
    assert 0.999 * bound < weight.max() < bound
    assert -bound <= weight.min() < -0.999 * bound


@pytest.mark.parametrize("name", ["xavier_normal", "kaiming_normal"])
def test_normal_has_the_fourth_moment_of_a_normal(name):
    weight = getattr(nn, name)(SHAPE, rng=0)
    assert (weight**4).mean() / weight.var() ** 2 == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("xavier_uniform", "xavier_uniform_"),
        ("xavier_normal", "xavier_normal_"),
        ("kaiming_uniform", "kaiming_uniform_"),
        ("kaiming_normal", "kaiming_normal_"),
    ],
)
def test_same_spread_as_pytorch(ours, theirs):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    weight = torch.empty(SHAPE[::-1], dtype=torch.float64)
    options = {"nonlinearity": "relu"} if "kaiming" in ours else {}
    getattr(torch.nn.init, theirs)(weight, **options)
    assert getattr(nn, ours)(SHAPE, rng=0).std() == pytest.approx(weight.std().item(), rel=0.01)


@pytest.mark.parametrize("initializer", VARIANCE)
def test_one_seed_gives_the_same_values_in_either_precision(initializer):
    double = initializer((3, 4), 0, np.float64)
    single = initializer((3, 4), 0, np.float32)
    assert (double.dtype, single.dtype) == (np.float64, np.float32)
    np.testing.assert_array_equal(double.astype(np.float32), single)
    np.testing.assert_array_equal(double, initializer((3, 4), np.random.default_rng(0)))


def test_zeros():
    assert nn.zeros((2, 3), dtype=np.float32).dtype == np.float32
    assert not nn.zeros((2, 3)).any()


@pytest.mark.parametrize("initializer", VARIANCE)
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 3), ()])
def test_needs_two_sizes(initializer, shape):
    with pytest.raises(ShapeError, match=f"{initializer.__name__}: shape is .*must be two sizes"):
        initializer(shape)
