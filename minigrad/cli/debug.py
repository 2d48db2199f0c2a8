"""``minigrad debug``: a whole script, with its backward passes under the debugger."""

import os
import runpy
import sys
import traceback
from argparse import Namespace
from types import TracebackType

from minigrad.cli.exit_codes import SCRIPT_FAILED
from minigrad.debugger.commands import at_a_terminal
from minigrad.debugger.driver import DebuggerQuit, debugging
from minigrad.errors import DataError

__all__ = ["debug_command"]


def debug_command(args: Namespace) -> int:
    """Run ``args.script`` with ``args.arguments`` under the debugger; returns the exit code.

    ``args.at`` and ``args.on`` are those of `minigrad.debugging`. A script that calls ``sys.exit``
    ends with its own code, one that is left with ``q`` with 0.
    """
    if not os.path.isfile(args.script):
        raise DataError(f"there is no script '{args.script}'")
    if args.on is None and not at_a_terminal():
        print("minigrad: nobody is at a terminal to answer: nothing stops", file=sys.stderr)
    with debugging(on=args.on, at=args.at) as driver:
        code = run_script(args.script, args.arguments)
    if args.at is not None and driver.passes < args.at and at_a_terminal():
        print(
            f"minigrad: nothing stopped at backward pass {args.at}: there were {driver.passes}",
            file=sys.stderr,
        )
    return code


def run_script(script: str, arguments: list[str]) -> int:
    """Run a script as ``python script.py`` does, and show an exception as Python shows it."""
    folder, own_arguments = sys.path[0], sys.argv
    sys.path[0] = os.path.dirname(os.path.realpath(script))
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(script, run_name="__main__")
    except DebuggerQuit as left:
        print(left, file=sys.stderr)
    except Exception as error:
        traceback.print_exception(error.with_traceback(inside(error.__traceback__, script)))
        return SCRIPT_FAILED
    finally:
        sys.path[0], sys.argv = folder, own_arguments
    return 0


def inside(trace: TracebackType | None, script: str) -> TracebackType | None:
    """What is left of a traceback from the script on; nothing, if it could not be compiled."""
    while trace is not None and trace.tb_frame.f_code.co_filename != script:
        trace = trace.tb_next
    return trace
