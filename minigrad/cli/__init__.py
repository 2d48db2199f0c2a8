"""The command line: ``minigrad train``, ``predict``, ``check``, ``debug`` and ``draw``."""

import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib import import_module

from minigrad.cli.exit_codes import BROKEN_PIPE, DIVERGED, INTERRUPTED, USAGE
from minigrad.cli.parser import build_parser
from minigrad.errors import DataError, DomainError, MissingExtraError, NonFiniteError, StateError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, without the program's name; by default those of the process.

    Returns
    -------
    int
        The exit code: 0, 1 if training met NaN or infinity or a check found a wrong gradient, 2 if
        an option, a file or the code to be checked is at fault, 130 after Ctrl-C, 141 if nobody
        reads the output any more. Any other exception is a bug and is not caught.

    Raises
    ------
    SystemExit
        With code 0, after ``--help`` and ``--version``.

    Examples
    --------
    >>> from minigrad.cli import main
    >>> main(["train", "iris", "--epochs", "1"])
    data       iris: 150 samples, 4 features, 3 classes
    ...
    0
    """
    try:
        try:
            return run(argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Else Python would complain when it flushes stdout once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def run(argv: Sequence[str] | None) -> int:
    try:
        args = build_parser().parse_args(argv)
        return command_called(args.command)(args)
    except NonFiniteError as error:
        complain(f"{error}; try a smaller --lr")
        return DIVERGED
    except (DataError, DomainError, MissingExtraError, StateError) as error:
        complain(str(error))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


def command_called(place: str) -> Callable[[Namespace], int]:
    """The function at ``module:name``; only the command that is asked for is imported."""
    module, _, name = place.partition(":")
    command: Callable[[Namespace], int] = getattr(import_module(module), name)
    return command


def complain(message: str) -> None:
    """One line on stderr, without the name of the function that found the error."""
    line = " ".join(part.strip() for part in message.splitlines())
    print(f"minigrad: error: {re.sub(r'^[A-Za-z_.]+: ', '', line)}", file=sys.stderr)
