"""A pytest plugin, active wherever minigrad is installed: the fixture ``gradcheck``.

::

    def test_my_op(gradcheck):
        gradcheck(my_op, np.array([[0.5, -2.0], [3.0, 0.1]]))

``pytest --gradcheck-seeds 20`` repeats each check with 20 seeds: other cotangents and directions.
This file is installed a second time, as a module outside the package: pytest loads it whenever it
starts, and nothing of minigrad or NumPy shall be imported before the fixture is used.
"""

import os
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from minigrad.checking.report import Report

__all__ = ["gradcheck", "pytest_addoption"]


class GradientCheck(Protocol):
    """What the fixture is: `minigrad.checking.gradcheck`, but a wrong gradient fails the test."""

    def __call__(self, fn: Any, inputs: Any = ..., **options: Any) -> "Report": ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("minigrad", "gradient checking").addoption(
        "--gradcheck-seeds",
        type=positive_integer,
        default=1,
        metavar="N",
        help="repeat every check of the gradcheck fixture with N seeds (default: 1)",
    )


def positive_integer(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


@pytest.fixture(scope="session")
def gradcheck(pytestconfig: pytest.Config) -> GradientCheck:
    """minigrad.checking.gradcheck as an assertion, for each of --gradcheck-seeds seeds.

    It also takes a Report, such as that of check_model or check_graph. ``seed`` among its options
    is where the seeds begin. It returns the last report.
    """
    from minigrad.checking.gradcheck import gradcheck as check
    from minigrad.checking.report import Report
    from minigrad.tensor import is_own_file

    is_own_file[__file__] = True  # where an op was called is told by the user's line, not by ours
    seeds: int = pytestconfig.getoption("--gradcheck-seeds")

    def check_gradients(fn: Any, inputs: Any = None, **options: Any) -> Report:
        __tracebackhide__ = True
        caller = sys._getframe(1)
        line = f"{os.path.basename(caller.f_code.co_filename)}:{caller.f_lineno}"
        if isinstance(fn, Report):
            return passed(fn, line)
        first = options.pop("seed", 0)
        for seed in range(first, first + seeds):
            report = passed(check(fn, inputs, seed=seed, **options), line)
        return report

    return check_gradients


def passed(report: "Report", line: str) -> "Report":
    """Fail the test with the report as all its output, unless it is ok."""
    if not report.ok:
        pytest.fail(f"{line}: {report}", pytrace=False)
    return report
