"""What a run tells on stdout: what is trained on what, and how well it did on the test set."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.cli.problem import Problem
from minigrad.cli.settings import Settings
from minigrad.data.scaling import Standardizer
from minigrad.nn.module import Module
from minigrad.nn.summary import summary
from minigrad.training.evaluation import evaluate, predict
from minigrad.training.inputs import Loss
from minigrad.training.metrics import confusion_matrix, format_confusion_matrix

__all__ = ["final_report", "heading"]

COLUMNS = 80


def heading(problem: Problem, settings: Settings, model: Module) -> str:
    """The data, the network and the settings."""
    train, validation, test = (len(x) for x, _ in (problem.train, problem.validation, problem.test))
    features = len(problem.feature_names)
    if settings.task == "regression":
        target = f"target {problem.target_names[0]!r}"
    else:
        target = f"{len(problem.target_names)} classes"
    scale = "standardized" if problem.standardizer else "pixels in [0, 1]"
    stop = f", patience {settings.patience}" if settings.patience else ""
    return "\n".join(
        [
            f"data          {problem.name}: {train + validation + test:,} samples, "
            f"{features} feature{'s' * (features != 1)}, {target}",
            f"split         {train:,} to train, {validation:,} to validate, {test:,} to test",
            f"features      {scale}",
            "",
            str(summary(model, features)),
            "",
            f"loss          {settings.loss}",
            f"optimizer     SGD, lr {settings.lr:g}, momentum {settings.momentum:g}",
            f"run           {settings.epochs} epochs{stop}, batch size {settings.batch_size}, "
            f"{settings.dtype}, seed {settings.seed}",
        ]
    )


def final_report(model: Module, loss: Loss, problem: Problem, settings: Settings) -> str:
    """Loss and quality on the test set."""
    x, y = problem.test
    lines = [f"test loss     {evaluate(model, loss, problem.test, batch_size=1024)['loss']:.4f}"]
    outputs = predict(model, x)
    if problem.target_standardizer:
        return "\n".join([*lines, *errors_of(outputs, y, problem.target_standardizer)])
    matrix = confusion_matrix(outputs, y)
    right = int(np.trace(matrix))
    lines.append(f"test accuracy {right / len(x):.4f} ({right} of {len(x)})")
    table = format_confusion_matrix(matrix, problem.target_names)
    if len(table.partition("\n")[0]) <= COLUMNS:
        lines += ["", table, ""]
    return "\n".join(lines)


def errors_of(
    outputs: NDArray[Any], targets: NDArray[Any], standardizer: Standardizer
) -> list[str]:
    """Root mean squared error in the target's own unit, and the coefficient of determination."""
    squares = float(np.mean((outputs - targets) ** 2))
    variance = float(np.var(targets))
    explained = f"{1 - squares / variance:.4f}" if variance > 0 else "undefined: all targets equal"
    return [
        f"test RMSE     {squares**0.5 * float(standardizer.std[0]):.6g}",
        f"test R2       {explained}",
    ]
