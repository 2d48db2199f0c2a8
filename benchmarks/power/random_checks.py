"""Checks of right ops at random shapes and values: whatever alarm is raised is a false one."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad.checking import gradcheck

__all__ = ["false_alarms", "random_check"]

Rng = np.random.Generator
Shape = tuple[int, ...]
MODES = ("full", "fast", "subset", "auto")


class Check(NamedTuple):
    """One check: what to call it, the function, where, and in which mode."""

    title: str
    function: Callable[..., Any]
    inputs: list[np.ndarray]
    mode: str


def real(rng: Rng, shape: Shape) -> np.ndarray:
    """Of any magnitude between 0.001 and 1000, the same for all elements."""
    return rng.normal(size=shape) * 10 ** rng.uniform(-3, 3)


def moderate(rng: Rng, shape: Shape) -> np.ndarray:
    """For what grows like exp."""
    return rng.normal(size=shape) * 10 ** rng.uniform(-3, 1)


def positive(rng: Rng, shape: Shape) -> np.ndarray:
    """Each element of a magnitude of its own."""
    return 10 ** rng.uniform(-3, 3, shape)


def nonzero(rng: Rng, shape: Shape) -> np.ndarray:
    return positive(rng, shape) * rng.choice([-1.0, 1.0], shape)


UNARY = {
    "negative": real, "abs": real, "exp": moderate, "expm1": moderate, "log": positive,
    "log1p": positive, "log2": positive, "sqrt": positive, "square": real, "sin": moderate,
    "cos": moderate, "tanh": moderate, "erf": moderate, "copy": real, "sigmoid": moderate,
    "relu": real, "leaky_relu": real, "elu": moderate, "softplus": moderate, "silu": moderate,
    "gelu": moderate,
}  # fmt: skip
BINARY = {
    "add": (real, real), "subtract": (real, real), "multiply": (real, real),
    "divide": (real, nonzero), "maximum": (real, real), "minimum": (real, real),
    "xlogy": (real, positive),
}  # fmt: skip
REDUCTIONS = {
    "sum": real, "mean": real, "max": real, "min": real, "prod": moderate, "var": real,
    "logsumexp": moderate,
}  # fmt: skip


def random_shape(rng: Rng, least: int = 0, most: int = 3) -> Shape:
    return tuple(int(n) for n in rng.integers(1, 6, rng.integers(least, most + 1)))


def stretched(rng: Rng, shape: Shape) -> Shape:
    """A shape that broadcasts to ``shape``: leading axes missing, others of size 1."""
    kept = shape[int(rng.integers(len(shape) + 1)) :]
    return tuple(1 if rng.random() < 0.3 else size for size in kept)


def unary(rng: Rng) -> Check:
    name = rng.choice(list(UNARY))
    return Check(name, getattr(mg, name), [UNARY[name](rng, random_shape(rng))], "")


def binary(rng: Rng) -> Check:
    name = rng.choice(list(BINARY))
    shape = random_shape(rng)
    shapes = [shape, stretched(rng, shape)]
    rng.shuffle(shapes)
    inputs = [draw(rng, s) for draw, s in zip(BINARY[name], shapes, strict=True)]
    return Check(name, getattr(mg, name), inputs, "")


def power(rng: Rng) -> Check:
    shape = random_shape(rng)
    inputs = [10 ** rng.uniform(-1, 1, shape), rng.uniform(-3, 3, stretched(rng, shape))]
    return Check("power", mg.power, inputs, "")


def power_of_constant(rng: Rng) -> Check:
    exponent = rng.choice([-2, -1, 0, 0.5, 1, 2, 3, 2.7]).item()
    x = positive(rng, random_shape(rng))
    return Check(f"power, exponent={exponent}", lambda x: mg.power(x, exponent), [x], "")


def reduction(rng: Rng) -> Check:
    name = rng.choice(list(REDUCTIONS))
    x = REDUCTIONS[name](rng, random_shape(rng))
    axes = tuple(int(a) for a in rng.permutation(x.ndim)[: rng.integers(x.ndim + 1)])
    axis = None if rng.random() < 0.3 or not axes else axes
    keepdims = bool(rng.random() < 0.5)
    title = f"{name}, axis={axis}, keepdims={keepdims}"
    return Check(title, lambda x: getattr(mg, name)(x, axis=axis, keepdims=keepdims), [x], "")


def along_an_axis(rng: Rng) -> Check:
    name = rng.choice(["softmax", "log_softmax"])
    x = moderate(rng, random_shape(rng, least=1))
    axis = int(rng.integers(-x.ndim, x.ndim))
    return Check(f"{name}, axis={axis}", lambda x: getattr(mg, name)(x, axis), [x], "")


def matrices(rng: Rng) -> Check:
    n, k, m = (int(size) for size in rng.integers(1, 6, 3))
    batch = random_shape(rng, most=2)
    if rng.random() < 0.5:
        inputs = [real(rng, (*batch, n, k)), real(rng, (*stretched(rng, batch), k, m))]
        return Check("matmul", mg.matmul, inputs, "")
    inputs = [real(rng, (*batch, k)), real(rng, (k, m)), real(rng, (m,))]
    return Check("linear", mg.linear, inputs, "")


def moving(rng: Rng) -> Check:
    x = real(rng, random_shape(rng, least=1))
    axes = tuple(int(a) for a in rng.permutation(x.ndim))
    rows = rng.integers(0, x.shape[0], 4)
    low, high = np.sort(rng.uniform(-1, 1, 2) * np.abs(x).max()).tolist()
    mask = rng.random(x.shape) < 0.5
    ways: dict[str, Callable[[Any], Any]] = {
        f"transpose, axes={axes}": lambda x: mg.transpose(x, axes),
        "flatten": mg.flatten,
        f"getitem, rows {rows.tolist()}": lambda x: x[rows],
        "flip": mg.flip,
        "broadcast_to": lambda x: mg.broadcast_to(x, (2, *x.shape)),
        "stack": lambda x: mg.stack([x, x * x], axis=1),
        "where": lambda x: mg.where(mask, x, x * x),
        f"clip to {low:.3g}..{high:.3g}": lambda x: mg.clip(x, low, high),
    }
    title = rng.choice(list(ways))
    return Check(title, ways[title], [x], "")


def loss(rng: Rng) -> Check:
    logits = moderate(rng, random_shape(rng, least=2, most=2))
    labels = rng.integers(0, logits.shape[1], len(logits))
    bits = rng.integers(0, 2, logits.shape)
    ways: dict[str, Callable[[Any], Any]] = {
        "softmax_cross_entropy": lambda z: mg.softmax_cross_entropy(z, labels),
        "sigmoid_cross_entropy": lambda z: mg.sigmoid_cross_entropy(z, bits),
    }
    title = rng.choice(list(ways))
    return Check(title, ways[title], [logits], "")


def composed(rng: Rng) -> Check:
    """A small network with a random activation."""
    name = rng.choice([name for name, draw in UNARY.items() if draw is not positive])
    n, k, m = (int(size) for size in rng.integers(1, 6, 3))
    labels = rng.integers(0, m, n)
    inputs = [rng.normal(size=shape) for shape in [(n, k), (k, 4), (4,), (4, m), (m,)]]

    def network(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        hidden = getattr(mg, name)(mg.linear(x, w1, b1))
        return mg.softmax_cross_entropy(mg.linear(hidden, w2, b2), labels)

    return Check(f"network of two layers, {name}", network, inputs, "")


RECIPES = (
    unary, unary, binary, binary, power, power_of_constant, reduction, reduction, along_an_axis,
    matrices, moving, loss, composed,
)  # fmt: skip


def random_check(seed: int) -> Check:
    """The check of a seed, always the same one."""
    rng = np.random.default_rng(seed)
    recipe = RECIPES[rng.integers(len(RECIPES))]
    title, function, inputs, _ = recipe(rng)
    return Check(title, function, [np.asarray(x) for x in inputs], str(rng.choice(MODES)))


def false_alarms(count: int) -> list[dict[str, Any]]:
    """Run the checks of seeds 0, 1, ... and return those that are not ok."""
    verdicts: Counter[str] = Counter()
    alarms = []
    for seed in range(count):
        title, function, inputs, mode = random_check(seed)
        report = gradcheck(function, inputs, mode=mode, seed=seed)
        verdicts[report.verdict] += 1
        if not report.ok:
            shapes = ", ".join(str(x.shape) for x in inputs)
            what = f"{title} of {shapes}, mode {mode}"
            alarms.append({"seed": seed, "check": what, "verdict": report.verdict})
    wrong = sum(alarm["verdict"] != "inconclusive" for alarm in alarms)
    print(f"\n{count} checks of right ops, {wrong} false alarms; verdicts: {dict(verdicts)}\n")
    for alarm in alarms:
        print(f"{alarm['verdict']}: {alarm['check']}; in benchmarks/:")
        print("    from power.random_checks import random_check")
        print(f"    title, f, inputs, mode = random_check({alarm['seed']})")
        print(f"    gradcheck(f, inputs, mode=mode, seed={alarm['seed']})")
    return alarms
