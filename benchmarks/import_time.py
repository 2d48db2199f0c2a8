"""How much longer ``import minigrad`` takes than ``import numpy``.

    python benchmarks/import_time.py

Each import runs in a process of its own, the two in turn, so that a slow moment of the machine
hits both; the figure is the median of the differences. Bytecode is cached, as pip leaves it.
"""

import os
import subprocess
import sys
from statistics import median

ROUNDS = 21
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def milliseconds(module: str) -> float:
    """Time of one import in a fresh interpreter."""
    code = (
        "from time import perf_counter as now; start = now(); "
        f"import {module}; print((now() - start) * 1000)"
    )
    return float(subprocess.check_output([sys.executable, "-c", code], env=ENVIRONMENT))


def main() -> None:
    milliseconds("minigrad")
    pairs = [(milliseconds("numpy"), milliseconds("minigrad")) for _ in range(ROUNDS)]
    numpy_time, our_time = (median(column) for column in zip(*pairs, strict=True))
    extra = median(ours - theirs for theirs, ours in pairs)
    print(f"import numpy {numpy_time:.0f} ms, import minigrad {our_time:.0f} ms: {extra:+.1f} ms")


if __name__ == "__main__":
    main()
