"""Where the overhead of a training step goes: every Python instruction of it, counted.

    python benchmarks/account.py [--lines] [--net 64-32-10]

A step is run under Python's own tracing, which tells of each bytecode instruction. The counts are
the same on every machine, and where arithmetic is small, time follows them. By function, or with
--lines by line of source; the step written by hand in NumPy comes first, for comparison.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import linecache
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from speed.peers import minigrad_eager, numpy_by_hand
from speed.workloads.networks import NETS, network

Place = tuple[CodeType, int]
"""A function, and a line of it."""


def counted(step: Callable[[], float]) -> tuple[Counter[Place], Counter[CodeType]]:
    """Instructions of each line, and calls of each function, in one step that is warm."""
    instructions: Counter[Place] = Counter()
    calls: Counter[CodeType] = Counter()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "call":
            calls[frame.f_code] += 1
        elif event == "opcode":
            instructions[frame.f_code, frame.f_lineno or frame.f_code.co_firstlineno] += 1
        return trace

    for _ in range(20):
        step()
    sys.settrace(trace)
    step()
    sys.settrace(None)
    return instructions, calls


def print_functions(instructions: Counter[Place], calls: Counter[CodeType]) -> None:
    by_function: Counter[CodeType] = Counter()
    for (code, _), count in instructions.items():
        by_function[code] += count
    for code, count in by_function.most_common():
        print(f"{count:>7} {calls[code]:>6}  {short(code)} {code.co_qualname}")


def print_lines(instructions: Counter[Place]) -> None:
    for (code, number), count in instructions.most_common(60):
        line = linecache.getline(code.co_filename, number).strip()
        print(f"{count:>7}  {short(code)}:{number:<5} {line[:70]}")


def short(code: CodeType) -> str:
    return "/".join(Path(code.co_filename).parts[-2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--lines", action="store_true", help="by line, the 60 most frequent")
    parser.add_argument("--net", choices=NETS, default="64-32-10")
    options = parser.parse_args()
    for peer in (numpy_by_hand, minigrad_eager):
        (step,) = peer.step(network(*NETS[options.net]))
        instructions, calls = counted(step)
        total = instructions.total()
        print(f"\n{peer.PACKAGE}: {total} instructions in {calls.total()} Python functions")
        if options.lines:
            print_lines(instructions)
        else:
            print("  count  calls  function")
            print_functions(instructions, calls)


if __name__ == "__main__":
    main()
