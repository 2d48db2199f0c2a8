"""Where in the user's source a tensor was made: file, line, and the exact sub-expression.

An op keeps the code object that called it and the offset of the instruction; everything else is
found out here, when somebody asks. Python's compiler noted for each instruction which characters
it came from, so that of two logarithms on one line the right one is told.
"""

import linecache
import os
from dataclasses import dataclass
from itertools import islice
from types import CodeType

from minigrad.drawing.text import columns
from minigrad.tensor import Tensor

__all__ = ["Source", "source_of"]


@dataclass(frozen=True)
class Source:
    """A piece of source text.

    Attributes
    ----------
    file : str
        Path, as Python knows it.
    function : str
        Qualified name of the function; ``<module>`` outside of any.
    line, end_line : int
        First and last line, counted from 1; 0 where the compiler noted none.
    column, end_column : int
        Of the first character and of the one after the last, counted from 0.
    """

    file: str
    function: str
    line: int
    end_line: int
    column: int
    end_column: int

    @property
    def place(self) -> str:
        """``train.py:12``."""
        return f"{os.path.basename(self.file)}:{self.line}"

    @property
    def lines(self) -> list[str]:
        """The lines as they stand in the file, without their ends; empty if it cannot be read."""
        found = [linecache.getline(self.file, n) for n in range(self.line, self.end_line + 1)]
        return [text.rstrip("\n") for text in found] if all(found) else []

    @property
    def expression(self) -> str:
        """The sub-expression itself, ``mg.log(p)``; empty if the source cannot be read."""
        lines = self.lines
        if not lines:
            return ""
        lines[-1] = lines[-1][: self.end_column]
        lines[0] = lines[0][self.column :]
        return " ".join(text.strip() for text in lines)

    def marked(self) -> list[str]:
        """The lines, each followed by one with carets under the sub-expression.

        Leading spaces common to all lines are left out.
        """
        lines = self.lines
        common = min((len(text) - len(text.lstrip()) for text in lines if text.strip()), default=0)
        shown = []
        for number, text in enumerate(lines):
            start = self.column if number == 0 else len(text) - len(text.lstrip())
            end = self.end_column if number == len(lines) - 1 else len(text)
            before, marked = columns(text[common:start]), columns(text[start:end])
            shown += [text[common:], (" " * before + "^" * marked).rstrip()]
        return shown


def source_of(tensor: Tensor) -> Source | None:
    """Which sub-expression of the user's source made a tensor, by an op or ``detach()``; else None.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor(2.0, requires_grad=True)
    >>> y = mg.log(x) + mg.log(x * x)
    >>> source = source_of(y.inputs[1])
    >>> source.function, source.line, source.column
    ('<module>', 1, 16)
    """
    if tensor.code is None:
        return None
    return decoded(tensor.code, tensor.instruction)


def decoded(code: CodeType, instruction: int) -> Source:
    """The source of one instruction of a code object."""
    start, end, column, end_column = next(islice(code.co_positions(), instruction // 2, None))
    file, line, end_line = code.co_filename, start or 0, end or start or 0
    return Source(
        file=file,
        function=code.co_qualname,
        line=line,
        end_line=end_line,
        column=characters(file, line, column),
        end_column=characters(file, end_line, end_column),
    )


def characters(file: str, line: int, offset: int | None) -> int:
    """Columns are counted in bytes of UTF-8; a line with ``σ`` in it has fewer characters."""
    text = linecache.getline(file, line)
    return len(text.encode()[: offset or 0].decode(errors="replace"))
