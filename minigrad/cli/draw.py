"""``minigrad draw``: the graph of a loss, or a model, as a picture in a file."""

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from minigrad.cli.check import crashed, load, parts_of, raised_here
from minigrad.cli.outputs import check_outputs
from minigrad.cli.predict import load_model
from minigrad.drawing.drawing import SUFFIXES, Drawing, draw
from minigrad.errors import DataError, DomainError
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["draw_command"]


def draw_command(args: Namespace) -> int:
    """Draw ``args.what`` into the file ``args.output``; returns the exit code.

    ``args.input_shape`` is a list of ints or None, ``args.direction`` is "down" or "right".
    """
    if Path(args.output).suffix.lower() not in SUFFIXES:
        raise DomainError(f"'{args.output}' must end in one of {', '.join(SUFFIXES)}")
    if args.what.endswith(".npz"):
        check_outputs({"FILE": args.output}, inputs=[args.what])
        model, metadata = load_model(args.what)
        shape = args.input_shape or metadata["mlp"]["sizes"][:1]
        draw(model, input_shape=shape, direction=args.direction).save(args.output)
        return 0
    check_outputs({"FILE": args.output}, inputs=[])
    module_name, function_name = parts_of(args.what)
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        function = getattr(load(module_name), function_name, None)
        found = function() if callable(function) else None
    except DataError as error:
        if raised_here(error):
            raise
        return crashed(error)
    except Exception as error:
        return crashed(error)
    finally:
        sys.path.remove(folder)
    if not callable(function):
        raise DataError(f"'{module_name}' has no function '{function_name}'")
    drawing_of(args.what, found, args).save(args.output)
    return 0


def drawing_of(name: str, found: Any, args: Namespace) -> Drawing:
    """What the user's function returned, drawn."""
    if isinstance(found, Module):
        return draw(found, input_shape=args.input_shape, direction=args.direction)
    if args.input_shape is not None:
        raise DomainError(f"--input-shape would have no effect: {name} returned no model")
    if isinstance(found, Drawing):
        return found
    if isinstance(found, Tensor):
        return draw(found, direction=args.direction)
    raise DomainError(
        f"{name} returned {type(found).__name__}; expected a Tensor, whose graph is drawn, "
        "a Module, or a Drawing"
    )
