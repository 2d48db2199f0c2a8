"""A workload measured: a fresh process for each peer, and rounds in turn.

Rounds of a few milliseconds go round the peers, so that a machine whose speed drifts slows down
them all; what is compared is each round with the NumPy round of the same turn. All of it is
repeated with new processes, since where a process has its memory is worth some percent. The
processes share one core, so that none can use two.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from speed.catalogue import BASELINE
from speed.workload import Workload

CLOCKS = ("wall", "cpu")
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


@dataclass
class Taken:
    """What a peer took: for each turn the seconds of each phase, by both clocks."""

    told: dict[str, Any] = field(default_factory=dict)
    rounds: list[list[list[float]]] = field(default_factory=list)

    def seconds(self, phase: int, clock: str) -> list[float]:
        return [times[phase][CLOCKS.index(clock)] for times in self.rounds]


class Process:
    """A worker of one peer."""

    def __init__(self, name: str, peer: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "speed.worker", name, peer],
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=on_one_core,
        )

    def answer(self) -> Any:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(("{", "[[")):  # some libraries greet
                return json.loads(line)
        return {"missing": f"died with status {self.process.wait()}"}

    def ask(self) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(
    name: str, workload: Workload, peers: list[str], turns: int, launches: int
) -> dict[str, Taken]:
    """Every peer's times at one workload; a peer that cannot has none, and the reason."""
    taken = {peer: Taken() for peer in peers}
    for _ in range(launches):
        running = {}
        for peer in peers:
            if "missing" in taken[peer].told:
                continue
            process = Process(name, peer)
            taken[peer].told = process.answer()
            if "missing" in taken[peer].told:
                process.end()
            else:
                running[peer] = process
        for _ in range(min(turns, workload.turns)):
            for peer, process in running.items():
                taken[peer].rounds.append(process.ask())
        for process in running.values():
            process.end()
    check_values(workload, taken)
    return taken


def check_values(workload: Workload, taken: dict[str, Taken]) -> None:
    """Take the times from a peer that computed something else."""
    expected = taken[BASELINE].told.get("value") if BASELINE in taken else None
    for result in taken.values():
        if "missing" in result.told:
            continue
        value = result.told["value"]
        if workload.at_least is not None:
            fits = value >= workload.at_least
            wanted = f"at least {workload.at_least}"
        else:
            fits = (
                workload.self_timed
                or expected is None
                or abs(value - expected) <= workload.tolerance * abs(expected)
            )
            wanted = f"{expected} as NumPy"
        if not fits:
            result.told["missing"] = f"computes {value}, not {wanted}"
            result.rounds = []


def summary(workload: Workload, taken: dict[str, Taken], clock: str) -> list[dict[str, Any]]:
    """For each phase that is shown, each peer's time and its ratio to NumPy's."""
    rows = []
    for index, phase in enumerate(workload.phases):
        if phase in workload.hidden:
            continue
        cells: dict[str, Any] = {}
        base = taken[BASELINE].seconds(index, clock) if BASELINE in taken else []
        for peer, result in taken.items():
            if "missing" in result.told:
                cells[peer] = {"missing": result.told["missing"]}
                continue
            seconds = result.seconds(index, clock)
            cells[peer] = {
                "microseconds": spread([s / workload.per * 1e6 for s in seconds]),
                "processor_seconds_over_wall": round(
                    median(result.seconds(index, "cpu")) / median(result.seconds(index, "wall")), 2
                ),
                **{k: v for k, v in result.told.items() if k != "blas"},
            }
            if base:
                ratios = [s / b for s, b in zip(seconds, base, strict=True)]
                cells[peer]["ratio"] = spread(ratios)
        rows.append({"phase": phase, "peers": cells})
    return rows


def spread(values: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, _, high = quantiles(values, n=4) if len(values) > 1 else values * 3
    return {"median": median(values), "lower": low, "upper": high}
