"""The stepping debugger: a backward pass node by node, forwards and backwards."""

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.bisect import first_wrong_step
from minigrad.debugger.driver import DebuggerQuit, debug, debugging
from minigrad.debugger.local_check import FiniteDifference, check_step, finite_difference
from minigrad.debugger.local_jacobian import LocalJacobian, local_jacobian
from minigrad.debugger.nonfinite import NanReport, nan_report
from minigrad.debugger.python_debugger import breakpoint
from minigrad.debugger.replay import Replay, replay
from minigrad.debugger.source import Source, source_of
from minigrad.debugger.step import Arrival, Flow, Step, steps
from minigrad.debugger.why import Explanation, why

__all__ = [
    "Arrival",
    "BackwardPass",
    "DebuggerQuit",
    "Explanation",
    "FiniteDifference",
    "Flow",
    "LocalJacobian",
    "NanReport",
    "Replay",
    "Source",
    "Step",
    "breakpoint",
    "check_step",
    "debug",
    "debugging",
    "finite_difference",
    "first_wrong_step",
    "local_jacobian",
    "nan_report",
    "replay",
    "source_of",
    "steps",
    "why",
]
