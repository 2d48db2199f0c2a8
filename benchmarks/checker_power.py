"""What gradient checkers catch: wrong rules, the smallest wrong entry, and false alarms.

    python benchmarks/checker_power.py [--only Matmul] [--kinds sign,alias] [--json results.json]

1. Every rule of every op is mutated (`power/rule_edits.py`); each mutant is checked on the op's
   rows of `tests/op_cases.py` and some special points by each checker. The table counts the
   mutants killed, by kind of mutation; those that are right as well are listed with the reason.
2. One entry of the Jacobian of x² is off by some magnitude; the smallest is sought that is caught
   in at least 9 of 10 seeds, for 4, 64 and 1024 entries.
3. Right ops are checked at random shapes and values; every alarm is a false one.

torch, jax and autograd take part where they are installed, with their defaults. Inputs and seeds
are fixed, so that the counts do not depend on the machine.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from op_cases import CASES

from power.equivalent_mutants import EQUIVALENT
from power.random_checks import false_alarms
from power.rule_checkers import OURS, PEERS, Checker, Subject, missing_peers
from power.rule_edits import KINDS, SIDE_EFFECTS
from power.rule_mutants import Mutant, all_ops, mutants_of, planted
from power.single_entry import print_smallest, smallest_caught
from power.special_points import SPECIAL_POINTS

Row = dict[str, Any]
PARTS = ("mutants", "entry", "alarms")


def subjects_of(op: type) -> list[Subject]:
    """What an op's mutants are checked on, the smallest first: its rows that are not empty, and its
    special points.
    """
    rows = [(case.function, case.draw()) for case in CASES if case.op is op]
    rows += SPECIAL_POINTS.get(op.__name__, [])
    subjects = [Subject(f, inputs) for f, inputs in rows if all(x.size for x in inputs)]
    return sorted(subjects, key=lambda subject: sum(x.size for x in subject.inputs))


def first_alarm(checker: Checker, mutant: Mutant, subjects: Sequence[Subject]) -> str:
    """How a checker catches a mutant, on the first subject on which it does; else empty."""
    with planted(mutant):
        for subject in subjects:
            alarm = checker(with_own_memory(subject), 0)
            if alarm:
                return alarm
    return ""


def with_own_memory(subject: Subject) -> Subject:
    """The subject with copies of its inputs, for a mutant to write to."""
    return Subject(subject.function, [x.copy() for x in subject.inputs])


def difference(mutant: Mutant, subjects: Sequence[Subject]) -> float:
    """The largest relative difference that a mutant makes to any gradient."""
    largest = 0.0
    for subject in subjects:
        rng = np.random.default_rng(0)
        cotangent = rng.standard_normal(subject.forward(*subject.inputs).shape)
        right = subject.vjp(subject.inputs, cotangent)
        try:
            with planted(mutant):
                wrong = subject.vjp(with_own_memory(subject).inputs, cotangent)
        except Exception:
            return np.inf
        for a, b in zip(right, wrong, strict=True):
            size = np.abs(a).max() or 1.0
            largest = max(largest, float(np.nan_to_num(np.abs(a - b) / size, nan=np.inf).max()))
    return largest


def kill_matrix(only: str, kinds: Sequence[str], checkers: dict[str, Checker]) -> list[Row]:
    """One row per mutant: what it is, and how each checker caught it.

    A subject on which a checker alarms at the right rule is not used with that checker: it would
    seem to catch everything.
    """
    rows = []
    for op in all_ops():
        if only and op.__name__ != only:
            continue
        subjects = subjects_of(op)
        usable = {}
        for name, checker in checkers.items():
            usable[name] = [s for s in subjects if not checker(with_own_memory(s), 0)]
            if left_out := len(subjects) - len(usable[name]):
                print(f"{name}: alarms at the right {op.__name__} on {left_out} of {len(subjects)}")
        for mutant in mutants_of(op):
            if mutant.kind not in kinds:
                continue
            alarms = {name: first_alarm(c, mutant, usable[name]) for name, c in checkers.items()}
            row: Row = {"kind": mutant.kind, "name": mutant.name, "alarms": alarms}
            row["equivalent"] = EQUIVALENT.get(mutant.name, "")
            if not all(alarms[name] for name in OURS):
                row["difference"] = difference(mutant, subjects)
            rows.append(row)
    return rows


def print_matrix(rows: Sequence[Row], checkers: Sequence[str]) -> None:
    counted = [row for row in rows if not row["equivalent"]]
    print(f"\n{len(rows)} mutants, {len(rows) - len(counted)} of them equivalent; killed:\n")
    print(f"{'':18}{'mutants':>8}" + "".join(f"{name:>15}" for name in checkers))
    groups = {kind: (kind,) for kind in KINDS}
    groups |= {"all in values": tuple(k for k in KINDS if k not in SIDE_EFFECTS), "all": KINDS}
    for kind, kinds in groups.items():
        of_kind = [row for row in counted if row["kind"] in kinds]
        if not of_kind:
            continue
        cells = []
        for name in checkers:
            killed = sum(bool(row["alarms"][name]) for row in of_kind)
            cells.append(f"{killed} {killed / len(of_kind):.2%}")
        print(f"{kind:18}{len(of_kind):>8}" + "".join(f"{cell:>15}" for cell in cells))
    for row in counted:
        survived = [name for name in OURS if not row["alarms"][name]]
        if survived:
            gap = row["difference"]
            print(f"survives {', '.join(survived)}: {row['name']} (off by {gap:.1e})")
    print("\nEquivalent mutants")
    for row in rows:
        if row["equivalent"]:
            caught = [name for name in OURS if row["alarms"][name]]
            note = f"  BUT CAUGHT by {', '.join(caught)}" if caught else ""
            print(f"  {row['name']}: {row['equivalent']}{note}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", metavar="OP", help="mutate this op alone")
    parser.add_argument("--kinds", default=",".join(KINDS), help="kinds of mutation, by commas")
    parser.add_argument("--no-peers", action="store_true", help="our own modes alone")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--checks", type=int, default=1000, help="checks of right ops (1000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything to this file")
    options = parser.parse_args()
    kinds = [kind.strip() for kind in options.kinds.split(",")]
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"no such kinds: {sorted(unknown)}; there are {', '.join(KINDS)}")
    parts = [part.strip() for part in options.parts.split(",")]
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such parts: {sorted(unknown)}; there are {', '.join(PARTS)}")
    warnings.simplefilter("ignore")
    checkers = dict(OURS)
    if not options.no_peers:
        checkers |= {n: check for n, (_, check) in PEERS.items() if n not in missing_peers()}
        for name in sorted(missing_peers()):
            print(f"{name}: left out, {PEERS[name][0]} is not installed")
    results: dict[str, Any] = {}
    if "mutants" in parts:
        start = perf_counter()
        results["mutants"] = kill_matrix(options.only, kinds, checkers)
        print_matrix(results["mutants"], list(checkers))
        print(f"({perf_counter() - start:.0f} s)")
    if "entry" in parts:
        results["smallest entry caught"] = smallest_caught(checkers)
        print_smallest(results["smallest entry caught"])
    if "alarms" in parts:
        results["false alarms"] = false_alarms(options.checks)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
