"""The checker's power on a few ops; `benchmarks/checker_power.py` shows it on all of them."""

import sys
from pathlib import Path

import pytest

from minigrad.ops.broadcasting import BroadcastTo
from minigrad.ops.elementwise import Tanh
from minigrad.ops.linalg import Matmul
from minigrad.ops.reduction import Mean

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

if not BENCHMARKS.exists():
    pytest.skip("the benchmarks are not here", allow_module_level=True)
sys.path.insert(0, str(BENCHMARKS))

from checker_power import first_alarm, subjects_of  # noqa: E402
from power.equivalent_mutants import EQUIVALENT  # noqa: E402
from power.rule_checkers import OURS  # noqa: E402
from power.rule_mutants import all_ops, mutants_of, planted  # noqa: E402


@pytest.mark.parametrize("op", [BroadcastTo, Matmul, Mean, Tanh])
def test_every_mutant_is_killed_in_fast_mode(op):
    checker = OURS["minigrad fast"]
    subjects = subjects_of(op)
    assert not any(checker(subject, 0) for subject in subjects)
    mutants = [mutant for mutant in mutants_of(op) if mutant.name not in EQUIVALENT][::3]
    assert len(mutants) > 5
    assert [m.name for m in mutants if not first_alarm(checker, m, subjects)] == []


def test_the_right_rule_comes_back():
    before = Tanh.rules
    with planted(mutants_of(Tanh)[0]):
        assert Tanh.rules != before
    assert Tanh.rules == before


def test_equivalent_mutants_are_mutants():
    assert set(EQUIVALENT) <= {mutant.name for op in all_ops() for mutant in mutants_of(op)}
