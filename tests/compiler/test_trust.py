"""A back end that is wrong and a constant that is none are found out, and named."""

import time

import numpy as np
import pytest
from comparing import bits

import minigrad as mg
from minigrad.compiler import numba_backend, numpy_backend
from minigrad.compiler.plan import plan
from minigrad.compiler.program import Instruction, Program
from minigrad.errors import CompileError
from minigrad.nn import mlp
from minigrad.optim import SGD

START = time.perf_counter()
X = np.random.default_rng(0).normal(size=(5, 4))
Y = np.array([0, 1, 2, 0, 1])


def with_wrong(primitive, other, generate):
    """A back end that takes one primitive for another."""

    def wrong(planned):
        program = planned.original
        instructions = [
            Instruction(i.out, other, i.operands, i.attributes, i.place)
            if i.primitive == primitive
            else i
            for i in program.instructions
        ]
        changed = Program(
            program.inputs,
            program.constants,
            instructions,
            program.checks,
            program.writes,
            program.outputs,
        )
        return generate(plan(changed))

    return wrong


@pytest.mark.parametrize(
    ("primitive", "other", "backend"),
    [("tanh", "sin", "numpy"), ("exp", "expm1", "numpy")],
)
def test_a_wrong_primitive_is_named(primitive, other, backend):
    model = mlp([4, 5, 3], "tanh", rng=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    step = mg.compile(model, mg.softmax_cross_entropy, optimizer, backend=backend)
    generate = numpy_backend.generate if backend == "numpy" else numba_backend.generate
    step.generate = with_wrong(primitive, other, generate)
    before = bits(*model.parameters(), optimizer)
    with pytest.raises(
        CompileError, match=rf"first instruction that differs is {primitive} of"
    ) as e:
        step(X, Y)
    assert "test_trust.py" in str(e.value)
    assert bits(*model.parameters(), optimizer) == before
    step.generate = generate
    assert step(X, Y) == pytest.approx(
        float(mg.softmax_cross_entropy(mlp([4, 5, 3], "tanh", rng=0)(X), Y))
    )


def test_a_constant_that_changes_is_named(backend):
    w = mg.Tensor(np.ones(4), requires_grad=True)

    def step(x):
        loss = (w * x * np.float64(time.perf_counter() - START)).sum()
        loss.backward()
        return loss

    compiled = mg.compile(step, backend=backend)
    w.grad = np.full(4, 3.0)
    before = bits(w)
    with pytest.raises(CompileError, match=r"constant that has changed since: test_trust\.py"):
        compiled(X)
    assert bits(w) == before


def test_without_checks_nothing_is_compared(backend):
    calls = []

    def step(x):
        if not calls:
            return x
        return x * 2

    compiled = mg.compile(step, backend=backend, check=False)
    for _ in range(3):
        np.testing.assert_array_equal(compiled(X), X)
