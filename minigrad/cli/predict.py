"""``minigrad predict``: a saved model's predictions for the rows of a CSV file, as CSV."""

import csv
import sys
from argparse import Namespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.cli.outputs import check_outputs
from minigrad.data.scaling import Standardizer
from minigrad.data.tables import read_csv_features, write_csv
from minigrad.errors import DataError, StateError
from minigrad.nn.mlp import mlp
from minigrad.nn.sequential import Sequential
from minigrad.ops.activation import softmax
from minigrad.training.evaluation import predict
from minigrad.training.model_file import load_model_state

__all__ = ["predict_command"]

REQUIRED = ("mlp", "task", "feature_names", "target_names", "standardizer", "target_standardizer")


def predict_command(args: Namespace) -> int:
    """Write the predictions; returns the exit code."""
    check_outputs({"--output": args.output}, inputs=[args.model, args.file])
    model, metadata = load_model(args.model)
    x = read_csv_features(args.file, metadata["feature_names"])
    outputs = outputs_for(args.file, model, metadata, x)
    header, rows = predictions(outputs, metadata)
    if args.output:
        write_csv(args.output, header, rows)
    else:
        csv.writer(sys.stdout, lineterminator="\n").writerows([header, *rows])
    return 0


def load_model(path: str) -> tuple[Sequential, dict[str, Any]]:
    """The model in a file, and what else `minigrad train` wrote about it."""
    state, metadata = load_model_state(path)
    missing = [name for name in REQUIRED if name not in metadata]
    if missing:
        raise StateError(
            f"'{path}' was not written by 'minigrad train --save': it tells nothing of "
            f"{', '.join(missing)}"
        )
    try:
        model = mlp(**metadata["mlp"])
        model.load_state_dict(state)
        agree(metadata)
    except (TypeError, ValueError) as error:
        raise StateError(f"'{path}' contradicts itself: {error}") from error
    return model, metadata


def agree(metadata: dict[str, Any]) -> None:
    """Raise unless names and statistics are as many as the network has inputs and outputs."""
    sizes = metadata["mlp"]["sizes"]
    counts = [("feature_names", len(metadata["feature_names"]), sizes[0])]
    if metadata["task"] == "classification":
        counts.append(("target_names", len(metadata["target_names"]), sizes[-1]))
    if metadata["standardizer"]:
        counts.append(
            ("standardizer", len(Standardizer(**metadata["standardizer"]).mean), sizes[0])
        )
    for name, count, expected in counts:
        if count != expected:
            raise StateError(f"{name} has {count} entries, the network {expected}")


def outputs_for(
    path: str, model: Sequential, metadata: dict[str, Any], x: NDArray[Any]
) -> NDArray[Any]:
    """What the network puts out for each row, once that is known to be finite."""
    if metadata["standardizer"]:
        x = Standardizer(**metadata["standardizer"]).transform(x)
    # Values far from all that was seen in training may overflow; the result is checked instead.
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = predict(model, x.astype(metadata["mlp"]["dtype"]))
    finite = np.isfinite(outputs).all(axis=1)
    if not finite.all():
        raise DataError(
            f"'{path}': row {int(np.argmin(finite)) + 1} below the header leads to a prediction "
            "that is not finite; its values are too large"
        )
    return outputs


def predictions(
    outputs: NDArray[Any], metadata: dict[str, Any]
) -> tuple[list[str], list[list[Any]]]:
    """Header and rows of the table of predictions."""
    names = metadata["target_names"]
    if metadata["task"] == "regression":
        target = Standardizer(**metadata["target_standardizer"])
        values = outputs[:, 0] * target.std[0] + target.mean[0]
        return ["prediction"], [[value] for value in values.tolist()]
    probabilities = outputs if metadata["mlp"]["output"] == "softmax" else softmax(outputs)
    header = ["prediction", *(f"probability_{name}" for name in names)]
    winners = probabilities.argmax(axis=1)
    return header, [
        [names[winner], *row]
        for winner, row in zip(winners.tolist(), probabilities.tolist(), strict=True)
    ]
