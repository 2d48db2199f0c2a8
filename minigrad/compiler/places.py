"""Where an instruction comes from: the user's line, and the forward or rule it stands in."""

import contextlib
import os
import sys
from typing import Any

import numpy as np

from minigrad.compiler.program import Place
from minigrad.tensor import is_own_file

__all__ = ["in_words", "is_users_file", "place"]

OWN_ROOM = os.path.dirname(__file__) + os.sep
NUMPY = os.path.dirname(np.__file__) + os.sep
BETWEEN = contextlib.__file__  # ``no_grad`` as a decorator
MACHINERY = ("tensor.py", "base.py", "protocols.py", "broadcasting.py", "printing.py")


def place() -> Place:
    """The user's line and the forward or rule that adds an instruction now."""
    function = ""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        filename = code.co_filename
        if code.co_name == "backward_step" and "tensor" in frame.f_locals:
            tensor = frame.f_locals["tensor"]
            if tensor.code is not None:
                return Place(tensor.code.co_filename, line_of(tensor), function)
        own = is_own_file[filename]
        is_machinery = filename.startswith(OWN_ROOM) or os.path.basename(filename) in MACHINERY
        if own and not function and not is_machinery:
            function = code.co_qualname
        if is_users_file(filename):
            return Place(filename, frame.f_lineno, function or code.co_qualname)
        caller = frame.f_back
        if caller is None:
            break
        frame = caller
    return Place("?", 0, function)


def line_of(tensor: Any) -> int:
    """The line that a tensor was made in."""
    positions = list(tensor.code.co_positions())
    return positions[tensor.instruction // 2][0] or 0


def is_users_file(filename: str) -> bool:
    """Whether it is neither ours nor NumPy's, nor runs in between."""
    return not is_own_file[filename] and not filename.startswith(NUMPY) and filename != BETWEEN


def in_words(where: Place) -> str:
    """``train.py:12 (Trainer.step)``."""
    name = f"{os.path.basename(where.filename)}:{where.line}"
    return f"{name} ({where.function})" if where.function else name
