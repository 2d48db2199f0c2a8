"""``minigrad check``: call a function of the user's, and report on the gradients it leads to."""

import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from typing import Any

from minigrad.checking.gradcheck import gradcheck
from minigrad.checking.graph_check import check_graph
from minigrad.checking.report import Report
from minigrad.cli.exit_codes import USAGE, WRONG_GRADIENT
from minigrad.cli.outputs import check_outputs
from minigrad.data.files import replace_bytes
from minigrad.errors import DataError, DomainError
from minigrad.tensor import Tensor

__all__ = ["check_command"]


def check_command(args: Namespace) -> int:
    """Print the report; returns the exit code."""
    check_outputs({"--json": args.json}, inputs=[])
    module_name, function_name = parts_of(args.function)
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        function = function_of(load(module_name), module_name, function_name)
        check = checker(args.function, function(), args)
        report = check()
    except (DataError, DomainError) as error:
        if raised_here(error):
            raise
        return crashed(error)
    except Exception as error:
        return crashed(error)
    finally:
        sys.path.remove(folder)
    report.strict = report.strict or args.strict
    print(report)
    if args.json:
        replace_bytes("check", args.json, f"{report.to_json()}\n".encode())
    return 0 if report.ok else WRONG_GRADIENT


def parts_of(text: str) -> tuple[str, str]:
    """The module and the function in ``MODULE:FUNCTION``."""
    module, _, function = text.partition(":")
    if module.endswith(".py"):
        function = function or "FUNCTION"
        path = os.path.relpath(module)
        folder, name = os.path.split(path.removesuffix(".py"))
        if folder.startswith(os.pardir):
            raise DomainError(f"'{module}' is a file; in its folder give {name}:{function}")
        name = path.removesuffix(".py").replace(os.sep, ".")
        raise DomainError(f"'{module}' is a file; give the module's name, {name}:{function}")
    if not module or not function:
        raise DomainError(f"expected MODULE:FUNCTION, found '{text}'")
    return module, function


def load(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name + ".").startswith(error.name + "."):
            raise DataError(f"there is no module '{error.name}' here or installed") from error
        raise


def function_of(module: Any, module_name: str, name: str) -> Any:
    """The function of that name; the error names one that is spelled nearly alike."""
    function = getattr(module, name, None)
    if callable(function):
        return function
    if function is not None:
        raise DataError(f"'{name}' in '{module_name}' is no function but {function!r}")
    functions = [other for other, value in vars(module).items() if callable(value)]
    meant = "".join(f"; '{other}'?" for other in get_close_matches(name, functions, 1))
    raise DataError(f"'{module_name}' has no function '{name}'{meant}")


def checker(name: str, found: Any, args: Namespace) -> Callable[[], Report]:
    """How to check what the user's function returned, with the options that were given."""
    options = {
        option: getattr(args, option)
        for option in ("mode", "order", "seed", "directions")
        if getattr(args, option) is not None
    }
    if isinstance(found, Report):
        refuse(options, f"{name} returned a report that is complete")
        return lambda: found
    if isinstance(found, Tensor):
        refuse([option for option in options if option == "order"], f"{name} returned a Tensor")
        return partial(check_graph, found, **options)
    if isinstance(found, tuple) and len(found) == 2 and callable(found[0]):
        return partial(gradcheck, *found, **options)
    if isinstance(found, tuple) and len(found) == 3 and callable(found[0]):
        return partial(gradcheck, *found[:2], gradient=found[2], **options)
    raise DomainError(
        f"{name} returned {type(found).__name__}; expected a Tensor, whose graph is checked, "
        "(function, inputs), (function, inputs, gradient), or a Report, such as check_model's"
    )


def refuse(options: Any, reason: str) -> None:
    if options:
        given = ", ".join(f"--{option}" for option in options)
        raise DomainError(f"{given} would have no effect: {reason}")


def raised_here(error: Exception) -> bool:
    """Whether an error is about the command, not one out of the user's own code."""
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1].filename == __file__


def crashed(error: Exception) -> int:
    """Show where the user's code failed: that is no verdict on a gradient."""
    trace = error.__traceback__
    traceback.print_exception(error.with_traceback(trace.tb_next if trace else None))
    return USAGE
