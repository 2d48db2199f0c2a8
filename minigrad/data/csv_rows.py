"""The rows of a CSV file as text, checked for form, each with its line number."""

import codecs
import csv
import difflib
import io
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from minigrad.data.files import PathLike, read_bytes
from minigrad.errors import DataError

Row = tuple[int, list[str]]


def read_rows(function: str, path: PathLike) -> tuple[list[str], Iterator[Row]]:
    """The column names of a CSV file, and its other rows as (line number, cells).

    Cells lose surrounding blanks. Lines count from 1 as in an editor; a row whose quoted cells
    contain line breaks has the number of its first line. Blank lines may only stand at the end.
    """
    source = f"{function}: '{path}'"
    rows = _rows(source, _text(function, path))
    header_row = next(rows, None)
    if header_row is None:
        raise DataError(f"{source} is empty; expected a header row with the column names")
    header = header_row[1]
    _check_header(source, header)
    return header, _of_length(source, rows, len(header))


def require_columns(source: str, header: Sequence[str], names: Sequence[str]) -> None:
    """Raise a DataError that lists the columns there are, unless all ``names`` are among them."""
    missing = [name for name in names if name not in header]
    if not missing:
        return
    close = difflib.get_close_matches(missing[0], header, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise DataError(
        f"{source} has no column {_listed(missing)}{hint}; its columns are {_listed(header)}"
    )


def require_header(source: str, header: list[str], target: str, labels: Sequence[str]) -> None:
    """Raise if the header reads like one of the rows below it: numbers, and one of the labels."""
    names = [name for name in header if name != target]
    if not all(map(is_number, names)) or not (is_number(target) or target in labels):
        return
    # Columns may be counted, or be years.
    whole = all(float(name).is_integer() for name in names)
    rising = len(names) > 1 and all(float(a) < float(b) for a, b in pairwise(names))
    if not (whole and rising):
        raise DataError(
            f"{source}, line 1: expected a header row with column names, found "
            f"{_listed(header)}, which looks like a row of data"
        )


def parse_number(source: str, line: int, column: str, cell: str) -> float:
    """The finite number in a cell."""
    try:
        # Python reads 1_000 as a number; in a table it is a slip.
        value = math.nan if "_" in cell else float(cell)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    found = f"found {cell!r}" if cell else "the cell is empty"
    raise DataError(f"{source}, line {line}, column {column!r}: expected a finite number, {found}")


def is_number(text: str) -> bool:
    """Whether ``float`` takes the text, NaN and infinity included."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _text(function: str, path: PathLike) -> str:
    content = read_bytes(function, path).removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        # With a mark after it the last, broken line counts even if nothing precedes its bad byte.
        line = len((content[: error.start] + b"|").splitlines())
        raise DataError(
            f"{function}: '{path}', line {line}: the byte 0x{content[error.start]:02X} is not "
            "UTF-8; save the table as UTF-8"
        ) from error


def _rows(source: str, text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    blank_line = None
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{source}, line {line}: cannot be read as CSV, from this line on: {error}; are "
                "its quotes closed?"
            ) from error
        if cells in ([], [""]):
            blank_line = blank_line or line
        elif blank_line:
            raise DataError(f"{source}, line {blank_line}: expected a row, found a blank line")
        else:
            yield line, cells


def _of_length(source: str, rows: Iterator[Row], expected: int) -> Iterator[Row]:
    for line, cells in rows:
        if len(cells) != expected:
            raise DataError(
                f"{source}, line {line}: expected {expected} cells, one per column, found "
                f"{len(cells)}"
            )
        yield line, cells


def _check_header(source: str, header: list[str]) -> None:
    place = f"{source}, line 1"
    # Columns may be named 0, 1, 2 ..., as pandas does, but hardly by a decimal fraction.
    if any("." in name and is_number(name) for name in header):
        raise DataError(
            f"{place}: expected a header row with column names, found {_listed(header)}"
        )
    for position, name in enumerate(header, start=1):
        if not name:
            raise DataError(
                f"{place}: column {position} has no name; name it, or if it only numbers the rows "
                "delete it"
            )
        first = header.index(name) + 1
        if first != position:
            raise DataError(
                f"{place}: columns {first} and {position} are both named {name!r}; expected a "
                "header row with different names"
            )


def _listed(names: Sequence[str], limit: int = 20) -> str:
    text = ", ".join(repr(name) for name in names[:limit])
    return text if len(names) <= limit else f"{text}, ... ({len(names)} in all)"
