"""Errors of a trace: what cannot be compiled, and where it stands."""

from contextvars import ContextVar
from typing import Protocol

from minigrad.compiler.places import in_words, place
from minigrad.errors import CompileError

__all__ = ["now_tracing", "refused", "unmapped"]


class Tracing(Protocol):
    """Who keeps the first error: the function may catch it and go on, not as with values."""

    refusal: CompileError | None


now_tracing: ContextVar[Tracing | None] = ContextVar("now_tracing", default=None)
"""The recorder of the trace that runs here, if one does."""


def unmapped(what: str) -> CompileError:
    """The refusal of a function or method that no instruction stands for."""
    return refused(
        f"{what} is not compiled. Write it with operators, minigrad's functions or NumPy's ufuncs, "
        "sum, max, min, where, clip, reshape and concatenate, or do it outside of the compiled "
        "function"
    )


def refused(reason: str) -> CompileError:
    """An error that says what cannot be compiled, and where it stands."""
    error = CompileError(f"cannot be compiled: {reason}", in_words(place()))
    recorder = now_tracing.get()
    if recorder is not None and recorder.refusal is None:
        recorder.refusal = error
    return error
