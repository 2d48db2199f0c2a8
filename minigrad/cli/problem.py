"""What a run is about: the data, split and scaled as the network and its loss take them."""

import difflib
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.cli.settings import Settings
from minigrad.data.dataset import Dataset
from minigrad.data.embedded import load_digits, load_iris
from minigrad.data.encoding import one_hot
from minigrad.data.mnist import load_idx_folder
from minigrad.data.scaling import Standardizer
from minigrad.data.splitting import train_test_split
from minigrad.data.tables import read_csv
from minigrad.errors import DataError, DomainError

__all__ = ["Problem", "kind_of", "load_problem"]

Pair = tuple[NDArray[Any], NDArray[Any]]

BUILT_IN = ("digits", "iris")


@dataclass(frozen=True)
class Problem:
    """Three sets of samples and targets, and what their columns mean.

    Targets are class indices, shape (N,); one-hot rows, (N, K), for squared-error; standardized
    values, (N, 1), for a regression.
    """

    name: str
    train: Pair
    validation: Pair
    test: Pair
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    standardizer: Standardizer | None
    target_standardizer: Standardizer | None
    checksum: str


def kind_of(data: str) -> str:
    """Which defaults go with DATA: a built-in name comes first, then what the path leads to."""
    path = Path(data)
    if data in BUILT_IN:
        return data
    if path.is_dir():
        return "IDX folder"
    if path.exists():
        return "CSV file"
    close = difflib.get_close_matches(data.lower(), BUILT_IN, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    raise DataError(f"there is no '{data}'{hint}; give digits, iris, a CSV file or an IDX folder")


def load_problem(data: str, kind: str, settings: Settings, rng: np.random.Generator) -> Problem:
    """Read, split and scale the data set; ``rng`` draws the split."""
    train, validation, test = load_sets(data, kind, settings, rng)
    x_sets = [part.x for part in (train, validation, test)]
    y_sets = [part.y for part in (train, validation, test)]
    checksum = f"{checksum_of([*x_sets, *y_sets]):08x}"
    standardizer = target_standardizer = None
    if kind in ("iris", "CSV file"):
        standardizer = Standardizer.fit(train.x)
        x_sets = [standardizer.transform(x) for x in x_sets]
    if settings.task == "regression":
        target_standardizer = Standardizer.fit(train.y[:, None])
        y_sets = [target_standardizer.transform(y[:, None]).astype(settings.dtype) for y in y_sets]
    elif settings.loss == "squared-error":
        y_sets = [one_hot(y, len(train.target_names), settings.dtype) for y in y_sets]
    x_sets = [x.astype(settings.dtype, copy=False) for x in x_sets]
    return Problem(
        name=data,
        train=(x_sets[0], y_sets[0]),
        validation=(x_sets[1], y_sets[1]),
        test=(x_sets[2], y_sets[2]),
        feature_names=train.feature_names,
        target_names=train.target_names,
        standardizer=standardizer,
        target_standardizer=target_standardizer,
        checksum=checksum,
    )


def load_sets(
    data: str, kind: str, settings: Settings, rng: np.random.Generator
) -> tuple[Dataset, Dataset, Dataset]:
    """The training, the validation and the test set."""
    if kind == "IDX folder":
        whole, test = load_idx_folder(data, dtype=settings.dtype)
        if len(whole.target_names) < 2:
            raise DataError(f"'{data}' has no label above 0; expected at least two classes")
        train, validation = split(data, whole, settings.validation_size, settings, rng)
        return train, validation, test
    if kind == "digits":
        whole = load_digits()
    elif kind == "iris":
        whole = load_iris()
    else:
        whole = read_csv(data, target=settings.target, task=settings.task)
    assert settings.test_size is not None
    rest, test = split(data, whole, settings.test_size, settings, rng)
    # A share of all samples, as test_size is.
    share = settings.validation_size * len(whole.x) / len(rest.x)
    train, validation = split(data, rest, share, settings, rng)
    return train, validation, test


def split(
    data: str, whole: Dataset, share: float, settings: Settings, rng: np.random.Generator
) -> tuple[Dataset, Dataset]:
    """Draw a share of the samples, by class if there are classes."""
    stratify = settings.task == "classification"
    try:
        x, x_drawn, y, y_drawn = train_test_split(
            whole.x, whole.y, test_size=share, stratify=stratify, rng=rng
        )
    except DomainError as error:
        raise DataError(too_few(data, whole, settings)) from error
    return replace(whole, x=x, y=y), replace(whole, x=x_drawn, y=y_drawn)


def too_few(data: str, whole: Dataset, settings: Settings) -> str:
    found = f"'{data}': {len(whole.x)} samples"
    advice = "change --test-size or --validation-size"
    if settings.task == "regression":
        return f"{found} are too few for a training, a validation and a test set; {advice}"
    labels, counts = np.unique(whole.y, return_counts=True)
    rarest = int(np.argmin(counts))
    return (
        f"{found} cannot be split so that each set has all {len(labels)} classes, of which "
        f"{whole.target_names[labels[rarest]]!r} has {counts[rarest]}; {advice}, leave out rare "
        "classes, or if the target is a quantity add --task regression"
    )


def checksum_of(arrays: list[NDArray[Any]]) -> int:
    """CRC-32 of the values, by which a resumed run knows its data again."""
    checksum = 0
    for array in arrays:
        checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
    return checksum
