"""The public names of ``minigrad``: adding or dropping one is a decision, made in this list."""

import subprocess
import sys
import types

import minigrad

NAMES = [
    "Op",
    "Tensor",
    "abs",
    "add",
    "astype",
    "binary_cross_entropy",
    "broadcast_to",
    "call",
    "clip",
    "concatenate",
    "continuous_kl_divergence",
    "copy",
    "cos",
    "cross_entropy",
    "divide",
    "dot",
    "elu",
    "enable_grad",
    "entropy",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "flatten",
    "flip",
    "gelu",
    "getitem",
    "grad",
    "hessian",
    "information_content",
    "integral",
    "is_grad_enabled",
    "jacobian",
    "kl_divergence",
    "leaky_relu",
    "linear",
    "log",
    "log1p",
    "log2",
    "log_softmax",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "mean_squared_error",
    "min",
    "minimum",
    "multiply",
    "negative",
    "no_grad",
    "outer",
    "pad",
    "power",
    "prod",
    "relu",
    "reshape",
    "scatter_add",
    "sigmoid",
    "sigmoid_cross_entropy",
    "silu",
    "sin",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "sum_squared_error",
    "swapaxes",
    "tanh",
    "transpose",
    "unbroadcast",
    "unstack",
    "var",
    "where",
    "xlogy",
]


ROOMS = ["checking", "compiler", "data", "debugger", "drawing", "nn", "optim", "training"]
OUT_OF_ROOMS = ["breakpoint", "compile", "debug", "debugging", "draw", "replay", "steps"]


def test_public_names():
    public = {
        name
        for name, value in vars(minigrad).items()
        if not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", "").startswith("minigrad.")
    }
    assert public == set(NAMES)
    expected = sorted([*NAMES, *ROOMS, *OUT_OF_ROOMS, "__version__"])
    assert expected == sorted(minigrad.__all__) == dir(minigrad)
    assert sorted(NAMES) == NAMES


def test_every_public_name_says_what_it_does():
    assert [name for name in [*NAMES, *OUT_OF_ROOMS] if not getattr(minigrad, name).__doc__] == []


def test_the_core_imports_numpy_and_nothing_else():
    script = (
        "import sys; before = set(sys.modules); import numpy, minigrad;"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(roots - set(sys.stdlib_module_names)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["minigrad", "numpy"]
