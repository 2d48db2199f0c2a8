"""What an op costs when its arithmetic is nothing: a chain of ``x = x * a + b`` on scalars.

Two ops for each link, forward and backward timed apart, for each op. The whole graph is held, so
that the memory of the process tells what a node takes.
"""

from dataclasses import dataclass
from functools import partial

from speed.workload import Workload


@dataclass
class Chain:
    """``links`` times ``x * a + b``; the number returned is the slope with respect to ``x``."""

    links: int
    x: float = 0.5
    a: float = 0.9999
    b: float = 0.0001


def chain_of(ops: int) -> Workload:
    return Workload(
        "chain",
        partial(Chain, ops // 2),
        ("forward", "backward"),
        per=ops,
        warm_up=3 if ops <= 10_000 else 0,
        slow=ops > 10_000,
        turns=max(1, 300_000 // ops),
    )


WORKLOADS = {f"chain of 1e{power} ops": chain_of(10**power) for power in (3, 4, 5, 6)}
