"""The options of ``minigrad check``, and their help."""

from typing import Any

from minigrad.cli.option_values import natural_number, one_of, one_of_numbers, positive_integer

__all__ = ["add_check"]

DESCRIPTION = """\
Check gradients against finite differences.

It imports MODULE, from the current folder or installed, calls FUNCTION without
arguments, and checks what that returns:
  a Tensor              every op's every rule in the graph behind it
  (function, inputs)    the gradient of function at the inputs
  (function, inputs, gradient)
                        a gradient derived by hand, of a plain NumPy function
  a Report              what check_model, say, has found already
"""

EPILOG = """\
The exit code is 0 if the gradients are right, 1 if not, 2 if they could not be
checked.

example, with a file model_checks.py in the current folder:
  import minigrad as mg
  import numpy as np

  def cube():
      return lambda x: x**3, np.array([1.0, -2.0])

  minigrad check model_checks:cube --mode full --order 2
"""


def add_check(commands: Any) -> None:
    check = commands.add_parser(
        "check",
        help="check gradients against finite differences",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    check.set_defaults(command="minigrad.cli.check:check_command")
    check.add_argument("function", metavar="MODULE:FUNCTION", help="what to call (see above)")
    check.add_argument(
        "--mode",
        type=one_of("auto", "full", "fast", "subset"),
        metavar="NAME",
        help="full: every entry; fast: random directions through all of them; subset: some "
        "entries; auto (default): full up to 16 entries, else fast",
    )
    check.add_argument(
        "--order",
        type=one_of_numbers(1, 2),
        metavar="N",
        help="2 checks gradients of gradients too; only of (function, inputs) (default: 1)",
    )
    check.add_argument(
        "--directions",
        type=positive_integer,
        metavar="N",
        help="how many directions fast mode takes (default: 3)",
    )
    check.add_argument(
        "--seed",
        type=natural_number,
        metavar="N",
        help="of cotangents, directions and random entries (default: 0)",
    )
    check.add_argument(
        "--strict", action="store_true", help="let kinks and vacuous gradients count as wrong too"
    )
    check.add_argument("--json", metavar="FILE", help="write the report here as JSON as well")
