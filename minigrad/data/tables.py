"""Tables of features and a target in CSV files."""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from minigrad.data.csv_rows import (
    is_number,
    parse_number,
    read_rows,
    require_columns,
    require_header,
)
from minigrad.data.dataset import Dataset
from minigrad.data.files import PathLike, replace_bytes
from minigrad.errors import DataError, DomainError, DTypeError, ShapeError


def read_csv(
    path: PathLike,
    *,
    target: str | None = None,
    task: Literal["classification", "regression"] = "classification",
    feature_names: Sequence[str] | None = None,
    target_names: Sequence[str] | None = None,
) -> Dataset:
    """Read a table of numeric features and one target column.

    The file is UTF-8, with or without a byte order mark, separated by commas, quoted with ``"``
    where needed; its first line names the columns. Blank lines at the end are left out.

    Parameters
    ----------
    path : str or path-like
        The file.
    target : str, optional
        The column to predict; the last one by default.
    task : "classification" or "regression"
        Whether the target is a class label, number or text, or a number to approximate.
    feature_names : sequence of str, optional
        The columns to take as features, in this order; all but the target by default. For a test
        set pass the training set's.
    target_names : sequence of str, optional
        The classes, in order of their index. The default is the labels found (compared as text),
        sorted: by value if all are numbers, else by character. For a test set pass the training
        set's, or the same label may get another index. Not used for regression.

    Returns
    -------
    Dataset
        ``x`` float64 of shape (N, D); ``y`` of shape (N,), int64 class indices or float64 values.

    Raises
    ------
    DomainError
        If ``task`` is neither of the two, or a list of names has one twice.
    DTypeError
        If ``target`` is no text, or names are no list of texts.
    DataError
        If the file is missing, empty, not UTF-8 or not CSV; if a column is missing, unnamed or
        named twice, there is no feature, or the first line holds data; if a row has another number
        of cells than the header, a cell is empty, not a number, NaN or infinite, or a label is not
        in ``target_names``; if two labels are one number (1 and 1.0); if there are no rows, or only
        one class. The message names file, line (as in an editor) and column.

    Examples
    --------
    >>> import os, tempfile
    >>> from minigrad.data import read_csv, write_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "pets.csv")
    ...     write_csv(path, ["weight", "age", "kind"], [[4.5, 3, "cat"], [22, 7, "dog"]])
    ...     pets = read_csv(path)
    >>> pets.x
    array([[ 4.5,  3. ],
           [22. ,  7. ]])
    >>> pets.y, pets.target_names, pets.feature_names
    (array([0, 1]), ('cat', 'dog'), ('weight', 'age'))
    """
    if task not in ("classification", "regression"):
        raise DomainError(f"read_csv: task is {task!r}; expected 'classification' or 'regression'")
    if not (target is None or isinstance(target, str)):
        raise DTypeError(f"read_csv: target is {target!r}; expected the name of a column")
    _check_names("read_csv: feature_names", feature_names)
    _check_names("read_csv: target_names", target_names)
    source = f"read_csv: '{path}'"
    header, rows = read_rows("read_csv", path)
    unnamed = target is None and feature_names is None
    if target is None:
        target = header[-1]
    if feature_names is None:
        feature_names = [name for name in header if name != target]
    require_columns(source, header, [target])
    require_columns(source, header, feature_names)
    if not feature_names:
        raise DataError(
            f"{source} has {target!r} as its only column; expected features beside the target, "
            "separated by commas"
        )
    if target in feature_names:
        raise DataError(
            f"{source}: column {target!r} is both the target and among feature_names; say "
            "which column is the target"
        )
    columns = [header.index(name) for name in feature_names]
    target_column = header.index(target)
    x_rows, labels, lines = [], [], []
    for line, cells in rows:
        x_rows.append(_parse_features(source, line, header, columns, cells))
        labels.append(cells[target_column])
        lines.append(line)
    if not x_rows:
        raise DataError(f"{source} has a header row only; expected rows of data below it")
    if unnamed:
        require_header(source, header, target, labels)
    y: NDArray[Any]
    if task == "regression":
        parsed = zip(lines, labels, strict=True)
        y = np.array([parse_number(source, line, target, cell) for line, cell in parsed])
        target_names = [target]
    else:
        if target_names is None:
            target_names = _classes(source, target, lines, labels)
        y = _class_indices(source, target, lines, labels, target_names)
    return Dataset(
        x=np.stack(x_rows),
        y=y,
        feature_names=tuple(feature_names),
        target_names=tuple(target_names),
        description=f"{len(x_rows)} rows of '{path}', target {target!r}",
    )


def read_csv_features(path: PathLike, feature_names: Sequence[str]) -> NDArray[np.float64]:
    """Read named columns of a table, to predict from; other columns are left out, unread.

    Parameters
    ----------
    path : str or path-like
        A file as :func:`read_csv` takes it, with or without a target column.
    feature_names : sequence of str, length D
        The columns, in the order the model expects.

    Returns
    -------
    ndarray of float64, shape (N, D)

    Raises
    ------
    DataError
        As :func:`read_csv`, and if one of the columns is missing.
    DomainError, DTypeError
        If ``feature_names`` is no list of different texts.

    Examples
    --------
    >>> import os, tempfile
    >>> from minigrad.data import read_csv_features, write_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "pets.csv")
    ...     write_csv(path, ["name", "age", "weight"], [["Momo", 3, 4.5]])
    ...     read_csv_features(path, ["weight", "age"])
    array([[4.5, 3. ]])
    """
    _check_names("read_csv_features: feature_names", feature_names)
    source = f"read_csv_features: '{path}'"
    header, rows = read_rows("read_csv_features", path)
    require_columns(source, header, feature_names)
    columns = [header.index(name) for name in feature_names]
    x_rows = [_parse_features(source, line, header, columns, cells) for line, cells in rows]
    if not x_rows:
        raise DataError(f"{source} has a header row only; expected rows of data below it")
    return np.stack(x_rows)


def write_csv(path: PathLike, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table as CSV: UTF-8, commas, one line per row, floats with all their digits.

    The file appears in one step: an interrupted write leaves an older file of that name as it was.

    Parameters
    ----------
    path : str or path-like
        The file to make or replace.
    header : sequence of str, length D
        The column names.
    rows : iterable of sequences, each of length D
        The cells; anything but text is written as ``str`` shows it.

    Raises
    ------
    ShapeError
        If a row has another number of cells than the header.
    DataError
        If the file cannot be written.

    Examples
    --------
    See :func:`read_csv`.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for index, row in enumerate(rows):
        if len(row) != len(header):
            raise ShapeError(
                f"write_csv: rows[{index}] has {len(row)} cells; expected {len(header)}, one per "
                "column of the header"
            )
        writer.writerow(row)
    replace_bytes("write_csv", path, text.getvalue().encode())


def _check_names(argument: str, names: Sequence[str] | None) -> None:
    if names is None:
        return
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise DTypeError(f"{argument} is {names!r}; expected a list of names")
    if len(set(names)) < len(names):
        raise DomainError(f"{argument} is {[*names]}; expected each name once")


def _parse_features(
    source: str, line: int, header: list[str], columns: list[int], cells: list[str]
) -> NDArray[np.float64]:
    return np.array([parse_number(source, line, header[c], cells[c]) for c in columns])


def _classes(source: str, target: str, lines: list[int], labels: list[str]) -> list[str]:
    first_lines: dict[str, int] = {}
    for line, label in zip(lines, labels, strict=True):
        first_lines.setdefault(label, line)
    if all(is_number(label) or not label for label in first_lines):
        classes = sorted(
            first_lines, key=lambda label: parse_number(source, first_lines[label], target, label)
        )
        for label, other in pairwise(classes):
            if float(label) == float(other):
                raise DataError(
                    f"{source}, column {target!r}: {label!r} (line {first_lines[label]}) and "
                    f"{other!r} (line {first_lines[other]}) are one number, but would be two "
                    "classes; write it in one way"
                )
    else:
        classes = sorted(first_lines)
    if len(classes) == 1:
        raise DataError(
            f"{source}, column {target!r}: expected at least two classes, found only {classes[0]!r}"
        )
    return classes


def _class_indices(
    source: str, target: str, lines: list[int], labels: list[str], target_names: Sequence[str]
) -> NDArray[np.int64]:
    index_of = {name: index for index, name in enumerate(target_names)}
    for line, label in zip(lines, labels, strict=True):
        if not label or label.lower() == "nan":
            found = f"expected a label, found {label!r}" if label else "the cell is empty"
            raise DataError(f"{source}, line {line}, column {target!r}: {found}")
        if label not in index_of:
            raise DataError(
                f"{source}, line {line}, column {target!r}: expected one of the classes "
                f"{[*target_names]}, found {label!r}"
            )
    return np.array([index_of[label] for label in labels], dtype=np.int64)
