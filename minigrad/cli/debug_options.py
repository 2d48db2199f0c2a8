"""The options of ``minigrad debug``, and their help."""

import argparse
from typing import Any

from minigrad.cli.option_values import one_of, positive_integer

__all__ = ["add_debug"]

DESCRIPTION = """\
Run a script with its backward passes under the debugger.

The script runs as with 'python SCRIPT.py'. At a stop there is a prompt, at which
'help' tells the commands. Without a terminal nothing stops; with --on nonfinite
backward() then raises an error that says where the NaN came from.
"""

EPILOG = """\
The exit code is that of the script: 0, 1 after an exception, or what it passes to
sys.exit; 0 if the pass is left with q.

examples:
  minigrad debug train.py --epochs 3        stops at the first backward pass
  minigrad debug --at 37 train.py           at the 37th
  minigrad debug --on nonfinite train.py    where a loss or gradient is not finite
"""


def add_debug(commands: Any) -> None:
    debug = commands.add_parser(
        "debug",
        help="run a script, and step through its backward passes",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    debug.set_defaults(command="minigrad.cli.debug:debug_command")
    debug.add_argument("script", metavar="SCRIPT.py", help="what to run")
    debug.add_argument(
        "arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER, help="of the script"
    )
    debug.add_argument(
        "--at",
        type=positive_integer,
        metavar="N",
        help="stop at the start of the N-th backward pass (default: the first, without --on)",
    )
    debug.add_argument(
        "--on",
        type=one_of("nonfinite"),
        metavar="EVENT",
        help="nonfinite: stop where a loss or a gradient is NaN or infinite",
    )
