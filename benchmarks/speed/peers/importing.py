"""The import of a package in a fresh interpreter, told by that interpreter."""

import os
import subprocess
import sys
from collections.abc import Callable

# Bytecode is cached, as pip leaves it.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def seconds_of(module: str) -> tuple[Callable[[], float]]:
    code = (
        "from time import perf_counter as now; start = now(); "
        f"import {module}; print(now() - start)"
    )
    command = [sys.executable, "-c", code]
    return (lambda: float(subprocess.check_output(command, env=ENVIRONMENT)),)
