"""Programs for tests: a function of arrays traced, and every way to run what comes of it."""

import copy
import importlib.util

import numpy as np

from minigrad.compiler import numba_backend, numpy_backend
from minigrad.compiler.interpreter import interpret as carried_out
from minigrad.compiler.plan import plan
from minigrad.compiler.recorder import Recorder
from minigrad.compiler.simplify import simplify
from minigrad.compiler.tracer import Tracer

BACK_ENDS = ["numpy", "numba"] if importlib.util.find_spec("numba") else ["numpy"]


def trace(function, *inputs):
    """The program of a function: what it writes to is written, what it returns is given back."""
    recorder = Recorder()
    tracers = [
        Tracer(recorder, recorder.number(x))
        if isinstance(x, (int, float))
        else Tracer(recorder, recorder.input(x.shape, x.dtype))
        for x in inputs
    ]
    before = [tracer.value for tracer in tracers]
    results = function(*tracers)
    program = recorder.program
    for tracer, value in zip(tracers, before, strict=True):
        if tracer.value is not value:
            program.writes[value] = tracer.value
    for result in results if isinstance(results, (list, tuple)) else [results]:
        if result is not None:
            program.outputs.append(recorder.as_value(result))
    return program


def generate(program, back_end, simplified=True):
    program = simplify(program) if simplified else program
    module = numpy_backend if back_end == "numpy" else numba_backend
    return module.generate(plan(program, fused=back_end == "numba"))


def run(generated, outputs, inputs):
    """Whether it refused, the outputs, and the inputs as they are afterwards."""
    inputs = copy.deepcopy(inputs)
    refused, *numbers = generated.run(*inputs)
    numbers = iter(numbers)
    results = [np.array(generated.arrays[v]) if v.shape else next(numbers) for v in outputs]
    return bool(refused), results, inputs


def interpret(program, inputs):
    """The same by one instruction after the other."""
    known = carried_out(program, dict(zip(program.inputs, inputs, strict=True)))
    refused = any(bool(known[check]) for check in program.checks)
    after = list(inputs)
    if not refused:
        after = [known[program.writes.get(value, value)] for value in program.inputs]
    return refused, [known[value] for value in program.outputs], after


def check(program, back_end, inputs, rtol=None, simplified=True):
    """A back end does what the instructions mean; twice, since it keeps its memory."""
    generated = generate(program, back_end, simplified)
    for _ in range(2):
        compare(program, generated, inputs, rtol)
    return generated


def compare(program, generated, inputs, rtol=None):
    refused, results, after = run(generated, program.outputs, inputs)
    with_refused, expected, expected_after = interpret(program, inputs)
    assert refused == with_refused
    pairs = [*zip(after, expected_after, strict=True)]
    if not refused:
        pairs += zip(results, expected, strict=True)
    for found, right in pairs:
        tolerance = rtol or (2e-6 if np.asarray(right).dtype == np.float32 else 1e-13)
        if not np.asarray(right).shape:
            right = np.asarray(right)[()]
        np.testing.assert_allclose(found, right, rtol=tolerance, atol=tolerance, strict=False)
        if np.shape(right):
            assert found.dtype == np.asarray(right).dtype
