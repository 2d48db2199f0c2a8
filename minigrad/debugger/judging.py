"""Commands that judge: finite differences, local checks, and why something is NaN or zero."""

from collections.abc import Iterable

import numpy as np

from minigrad.checking.report import Report
from minigrad.debugger.bisect import first_wrong_step
from minigrad.debugger.commands import Commands
from minigrad.debugger.local_check import check_step, finite_difference
from minigrad.debugger.local_jacobian import local_jacobian
from minigrad.debugger.nonfinite import nan_report
from minigrad.debugger.paragraphs import wrapped
from minigrad.debugger.specs import all_steps
from minigrad.debugger.step import Step
from minigrad.debugger.why import why
from minigrad.errors import DomainError
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["Judging"]

LARGE = 200_000


class Judging(Commands):
    """jac, fd, check, bisect, nan, why."""

    def do_jac(self, arg: str) -> None:
        """jac [input]: the Jacobian of this op by an input, given by name or number.

        Of an elementwise op that is a diagonal; a large one is told by its structure.
        """
        name = self.argument(arg)
        self.announce([self.step])
        self.say(str(local_jacobian(self.step, name)))

    def do_fd(self, arg: str) -> None:
        """fd [input] [index]: one entry of what leaves, beside a finite difference.

        fd weight [3, 1] takes that entry; without an index it is the largest.
        """
        name, _, place = arg.partition(" ")
        argument, index = self.argument(name), self.index(place)
        self.announce([self.step])
        self.say(str(finite_difference(self.step, argument, index)))

    def announce(self, steps: Iterable[Step]) -> None:
        """Say beforehand what may take long: many runs of an op on large arrays."""
        largest = max((step.numbers for step in steps), default=0)
        if largest > LARGE:
            self.say(f"an op with {largest:,} numbers is run many times: Ctrl-C gives up")
            self.stdout.flush()

    def do_check(self, arg: str) -> None:
        """check: every rule of this node against finite differences, at its own values."""
        self.nothing_more(arg, "check")
        self.announce([self.step])
        self.say(*verdicts(check_step(self.step)))

    def do_bisect(self, arg: str) -> None:
        """bisect: go to the first step whose check fails.

        Each op is judged on its own, at its own values, so that one wrong rule does not
        make those after it look wrong.
        """
        self.nothing_more(arg, "bisect")
        self.announce(all_steps(self.run))
        found = first_wrong_step(self.run)
        if found is None:
            self.say(f"no step fails its check: all {len(self.run)} are right, or cannot be judged")
            return
        number, report = found
        self.run.go_to(number - 1)
        self.show(f"step {number} is the first whose check fails:", *verdicts(report))

    def do_nan(self, arg: str) -> None:
        """nan: the first value and the first gradient that are not finite, and why."""
        self.nothing_more(arg, "nan")
        self.say(str(nan_report(self.run.root, self.run.grads[self.run.root])))

    def do_why(self, arg: str) -> None:
        """why NAME: why the gradient of a tensor is None or zero.

        NAME is a variable of the program, such as w or model[0].weight, or a tensor's
        name, such as 0.weight; then a parameter of any module among the program's
        variables is found as well.
        """
        if not arg:
            raise DomainError("write why NAME, with a variable or the name of a tensor")
        names = self.names()
        modules = [value for value in names.values() if isinstance(value, Module)]
        try:
            target = self.evaluate(arg)
        except Exception:  # 0.weight is a name, and no Python
            target = arg
        if not isinstance(target, Tensor):
            target = arg
        model = next((m for m in modules if arg in dict(m.named_parameters())), None)
        self.say(str(why(self.run.root, target, model or next(iter(modules), None))))


def verdicts(report: Report) -> list[str]:
    """What a check found about each rule of a step, in a few lines."""
    lines = []
    for row in report.rows:
        lines.append(f"{row.name}: {row.verdict}, {row.checked} of {row.total} entries checked")
        if np.isfinite(row.worst.numeric):
            place = f"at worst, {list(row.index)}" if row.index else "at worst"
            analytic, numeric, bar = row.worst.analytic, row.worst.numeric, row.worst.bar
            lines.append(f"  {place}: the rule says {analytic:.8g}")
            lines.append(f"  and finite differences {numeric:.8g} ± {bar:.1e}")
        if row.detail:
            lines += [f"  {wrapped(line)}" for line in row.detail.splitlines()]
    return lines
