"""The command line's parser: one file of options for each command, listed in COMMANDS."""

import argparse
from typing import Any, NoReturn

from minigrad.cli.check_options import add_check
from minigrad.cli.debug_options import add_debug
from minigrad.cli.draw_options import add_draw
from minigrad.cli.predict_options import add_predict
from minigrad.cli.train_options import add_train
from minigrad.errors import DomainError
from minigrad.version import __version__

__all__ = ["build_parser"]

COMMANDS = (add_train, add_predict, add_check, add_debug, add_draw)

DESCRIPTION = """\
minigrad: train small neural networks and predict with them; check gradients, step
through backprop, and draw its graph.
"""

EPILOG = """\
examples:
  minigrad train digits --seed 0 --plot curves.png --save digits.npz
  minigrad train iris --save iris.npz
  minigrad predict iris.npz flowers.csv
  minigrad check my_module:my_function
  minigrad debug --on nonfinite train.py
  minigrad draw digits.npz digits.svg

'minigrad COMMAND --help' tells the rest.
"""


class Parser(argparse.ArgumentParser):
    """Raises its errors, so that they are reported like all others."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        raise DomainError(f"{message} (see {self.prog} --help)")


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="minigrad", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"minigrad {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add_command in COMMANDS:
        add_command(commands)
    return parser
