"""Memory: flat over 10,000 steps with the garbage collector off, and the peak of one step.

    python benchmarks/memory.py [--steps 10000]

1. A 64-32-10 network is trained with the collector off; what the process holds is told on the way.
   A single object left in a cycle at each step would show.
2. The most that one training step of each network holds beyond what it started with: by a
   `backward()` that leaves every tensor its gradient, by one that frees the graph on its way, as
   `fit` does, and in PyTorch (where it is installed), which does that too. tracemalloc counts our
   arrays and Python objects, PyTorch's own profiler counts its arrays alone.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import gc
import tracemalloc
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

from speed.peers import minigrad_eager
from speed.workloads.networks import NETS, SMALL, network


def resident_kilobytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def print_steps_without_collector(steps: int) -> None:
    (step,) = minigrad_eager.step(network(*SMALL))
    for _ in range(100):
        step()
    gc.collect()
    gc.disable()
    objects = len(gc.get_objects())
    resident = [resident_kilobytes()]
    for _ in range(10):
        for _ in range(steps // 10):
            step()
        resident.append(resident_kilobytes())
    more = len(gc.get_objects()) - objects
    gc.enable()
    print(f"{steps} steps of 64-32-10, garbage collector off; resident kB after each tenth:")
    print("  " + " ".join(str(kilobytes) for kilobytes in resident))
    print(f"  {more:+} objects, {gc.collect()} in cycles")


def peak_of_ours(name: str, free_graph: bool) -> int:
    (step,) = minigrad_eager.step(network(*NETS[name]), free_graph)
    step()
    step()  # the second has freed the first one's graph
    tracemalloc.start()
    step()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before


def peak_of_torch(name: str) -> int:
    from torch.profiler import ProfilerActivity, profile

    from speed.peers import torch_eager

    (step,) = torch_eager.step(network(*NETS[name]))
    step()
    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    events = profiler.profiler.kineto_results.events()
    memory = [event for event in events if event.name() == "[memory]"]
    memory.sort(key=lambda event: event.start_ns())
    return max(accumulate(event.nbytes() for event in memory))


def print_peaks() -> None:
    ways = f"{'backward()':>20}{'free_graph=True':>20}{'PyTorch':>12}"
    print(f"\n{'bytes a step holds at most':28}{ways}")
    for name in NETS:
        theirs = attempt(peak_of_torch, name)
        print(f"{name:28}", end="")
        for free_graph in (False, True):
            ours = peak_of_ours(name, free_graph)
            ratio = f" ({ours / theirs:.2f})" if theirs else ""
            print(f"{f'{ours:,}{ratio}':>20}", end="")
        print(f"{theirs:>12,}" if theirs else f"{'not installed':>15}")


def attempt(measure: Callable[[str], int], name: str) -> int | None:
    try:
        return measure(name)
    except ImportError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=10_000, help="how many (default 10000)")
    print_steps_without_collector(parser.parse_args().steps)
    print_peaks()


if __name__ == "__main__":
    main()
