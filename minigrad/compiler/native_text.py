"""A generated text made native: compiled once, in this process or by one before it."""

from contextlib import suppress
from typing import Any

from minigrad.compiler.cache import stored
from minigrad.compiler.generated import name_of, namespace_of

__all__ = ["CACHED", "native", "without_places"]

CACHED = ", cache=True"
"""What a text says that Numba shall keep; it is left out where nothing can be kept."""

PROGRAMS: dict[str, tuple[bool, Any]] = {}
"""By name, those that this process has compiled or loaded; whether they are kept on disk."""


def native(source: str, function: str, **names: Any) -> tuple[str, Any]:
    """A generated text as it runs, and its function; compiled once, kept on disk if possible.

    The user's lines beside the instructions do not count: the same step stays the same program when
    a line is put in above it, or when another script takes it.
    """
    text = without_places(source)
    name = name_of(text)
    not_kept = source.replace(CACHED, "")
    if name not in PROGRAMS and (path := stored(text, name)) is not None:
        with suppress(Exception):  # Numba may not write there, or a file of its own is damaged
            PROGRAMS[name] = True, namespace_of(source, str(path), names, name)[function]
    if name not in PROGRAMS:
        PROGRAMS[name] = False, namespace_of(not_kept, f"<{name}>", names, name)[function]
    is_kept, found = PROGRAMS[name]
    return source if is_kept else not_kept, found


def without_places(source: str) -> str:
    """A generated text, line for line, without comments but for that of its first line."""
    head, *lines = source.split("\n")
    return "\n".join([head, *(line.partition("# ")[0].rstrip() for line in lines)])
