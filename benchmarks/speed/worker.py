"""One peer at one workload, in a process of its own; `turns.py` asks it for round after round.

    python -m speed.worker WORKLOAD PEER

Lines of JSON on stdin and stdout: first it tells that it is ready, or why not; then, for each empty
line it is sent, it runs a round and tells the times of each phase in seconds.
"""

import importlib
import json
import math
import resource
import sys
import time
from importlib.metadata import version

from speed.catalogue import PEERS, WORKLOADS

ROUND = 0.005
"""Seconds that a round should last: short beside what a scheduler hands out."""


class Clocks:
    """Wall clock and processor time (of all threads) since it was made."""

    def __init__(self):
        self.cpu = time.process_time()  # a system call, hence outside of the wall clock's span
        self.wall = time.perf_counter()

    def read(self):
        return [time.perf_counter() - self.wall, time.process_time() - self.cpu]


def one_round(phases, repeats):
    """Mean seconds of each phase, by both clocks."""
    if len(phases) == 1:
        (run,) = phases
        clocks = Clocks()
        for _ in range(repeats):
            run()
        return [[seconds / repeats for seconds in clocks.read()]]
    totals = [[0.0, 0.0] for _ in phases]
    for _ in range(repeats):
        state = ()
        for total, phase in zip(totals, phases, strict=True):
            clocks = Clocks()
            result = phase(*state)
            wall, cpu = clocks.read()
            state = (result,)
            total[0] += wall
            total[1] += cpu
    return [[seconds / repeats for seconds in total] for total in totals]


def run_once(phases):
    state = ()
    for phase in phases:
        state = (phase(*state),)
    return state[0]


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def blas():
    """Which kernels NumPy's BLAS has chosen, and its threads, where threadpoolctl can tell."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return None
    keys = ("internal_api", "version", "architecture", "num_threads")
    return [{key: pool.get(key) for key in keys} for pool in threadpool_info()]


def prepare(workload, peer):
    """The phases, and what is told before the first round."""
    try:
        module = importlib.import_module(f"speed.peers.{PEERS[peer]}")
    except ImportError as error:
        return None, {"missing": f"not installed: {error}"}
    function = getattr(module, workload.kind, None)
    if function is None:
        return None, {"missing": module.CANNOT.get(workload.kind, "not measured")}
    try:
        before = peak_bytes()
        phases = function(workload.make())
        clocks = Clocks()
        value = run_once(phases)
        first_peak = peak_bytes()
        for _ in range(workload.warm_up):
            clocks = Clocks()
            value = run_once(phases)
        seconds = max(1e-9, *clocks.read())
    except Exception as error:
        text = str(error).strip().splitlines() or [""]
        return None, {"missing": f"fails: {type(error).__name__}: {text[0][:200]}"}
    told = {
        "version": version(module.PACKAGE),
        "value": value,
        "seconds_of_last_run": seconds,
        "peak_bytes": peak_bytes() - before,
        "first_run_bytes": first_peak - before,
        "blas": blas(),
    }
    return phases, told


def main():
    name, peer = sys.argv[1:]
    workload = WORKLOADS[name]
    phases, told = prepare(workload, peer)
    print(json.dumps(told), flush=True)
    if phases is None:
        return
    repeats = max(1, math.ceil(ROUND / told["seconds_of_last_run"]))
    for _ in sys.stdin:
        if workload.self_timed:
            seconds = run_once(phases)
            times = [[seconds, seconds]]
        else:
            if repeats > 1:
                one_round(phases, 1 + repeats // 4)  # its own memory back into the caches
            times = one_round(phases, repeats)
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
