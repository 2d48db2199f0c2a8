"""minigrad beside raw NumPy and every other framework that is installed, at the same work.

    python benchmarks/run.py [--quick] [--only step] [--peers torch,jax]

Each workload runs once for each peer in a process of its own, all on one core, from the same data;
rounds take turns (`speed/turns.py`), and the figure to quote is the ratio to NumPy written by hand:
the median over pairs of rounds, with the quartiles behind it. What the peers computed is compared,
so that nobody does less. A peer that is missing or cannot do a workload leaves a blank, with the
reason. The peers: pip install torch jax autograd mygrad micrograd tinygrad scikit-learn
"""

import argparse
import json
from pathlib import Path
from typing import Any

from speed.catalogue import BASELINE, PEERS, WORKLOADS
from speed.machine import machine
from speed.report import draw_chart, print_ratios, print_table
from speed.turns import CLOCKS, measure, summary


def selected(names: list[str], wanted: str, kind: str) -> list[str]:
    """Those of ``names`` that are wanted, by commas: a name, or how several begin."""
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    whole = [part for part in parts if part in names]
    starts = tuple(part for part in parts if part not in names)
    for start in starts:
        if not any(name.startswith(start) for name in names):
            raise SystemExit(f"no {kind} is called {start!r}; there are: {', '.join(names)}")
    return [name for name in names if not parts or name in whole or name.startswith(starts)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", metavar="NAMES", help="workloads, by commas")
    parser.add_argument("--peers", default="", help="peers beside NumPy and minigrad, by commas")
    parser.add_argument("--quick", action="store_true", help="few rounds, no slow workloads")
    parser.add_argument("--turns", type=int, help="rounds of each peer in each process")
    parser.add_argument("--launches", type=int, help="how often processes are started anew")
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="cpu: processor time, for a machine that has other work",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything to this file")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the ratios (matplotlib)")
    parser.add_argument("--list", action="store_true", help="name workloads and peers, and end")
    options = parser.parse_args()
    if options.list:
        print("workloads:", *WORKLOADS, "peers:", *PEERS, sep="\n  ")
        return
    names = selected(list(WORKLOADS), options.only, "workload")
    if options.quick and not options.only:
        names = [name for name in names if not WORKLOADS[name].slow]
    peers = selected(list(PEERS), options.peers, "peer")
    peers = [p for p in PEERS if p in {*peers, BASELINE, "minigrad"}]
    turns = options.turns or (5 if options.quick else 25)
    launches = options.launches or (1 if options.quick else 3)
    settings = {"turns": turns, "launches": launches, "clock": options.clock}
    about = machine()
    results: dict[str, Any] = {}
    for name in names:
        workload = WORKLOADS[name]
        taken = measure(name, workload, peers, turns, launches)
        rows = summary(workload, taken, options.clock)
        print_table(name, rows)
        results[name] = {"rows": rows, "blas": taken[BASELINE].told.get("blas")}
        if options.json:  # after each, for a run that is stopped
            everything = {"machine": about, "settings": settings, "results": results}
            options.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    print_ratios(results, peers)
    if options.chart:
        draw_chart(results, peers, options.chart)


if __name__ == "__main__":
    main()
