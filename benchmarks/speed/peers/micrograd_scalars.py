"""micrograd: scalars only, so the chain alone."""

import sys

from micrograd.engine import Value

from speed.peers.importing import seconds_of

PACKAGE = "micrograd"
SCALARS = "scalars only: no arrays"
CANNOT = dict.fromkeys(("step", "backward", "fit", "elementwise"), SCALARS) | {
    "hessian_vector": "no second derivatives",
    "gradient_check": "no gradient check",
    "stepping": "no stepping through a backward pass",
}


def chain(task):
    # Its order is found by recursion, a frame for each op: Python's own limit stops at 1,000.
    sys.setrecursionlimit(4 * task.links + 1000)
    x = Value(task.x)
    a, b = task.a, task.b

    def first():
        x.grad = 0
        y = x
        for _ in range(task.links):
            y = y * a + b
        return y

    def second(y):
        y.backward()
        return x.grad

    return first, second


def import_time(_):
    return seconds_of("micrograd.engine")
