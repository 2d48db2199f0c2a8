"""Compiled training steps: the same forwards, rules and optimizers as one program.

`compile` traces a function on stand-ins for arrays (`tracer`, `recorder`), which gives a flat list
of instructions (`program`); it is made shorter (`simplify`), fused and given memory (`plan`), and
written out as Python text for Numba or NumPy (`numba_backend`, `numpy_backend`). The Python around
it (`caller`) fetches its inputs at each call, and its first calls are compared with the function
itself (`trust`).
"""

from minigrad.compiler.compiled import CompiledFunction
from minigrad.compiler.entry import compile

__all__ = ["CompiledFunction", "compile"]
