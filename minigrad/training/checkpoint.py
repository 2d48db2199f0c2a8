"""Checkpoints: a training run in one file, from which it goes on as if it had never stopped."""

from typing import Any

import numpy as np

from minigrad.data.files import PathLike
from minigrad.errors import StateError
from minigrad.training.archive import Groups, read_archive, write_archive
from minigrad.training.history import History
from minigrad.training.run import Callback, Run

__all__ = ["load_checkpoint", "save_checkpoint"]


def save_checkpoint(path: PathLike, run: Run) -> None:
    """Write all that a run needs to go on to one file, replacing it in one step.

    Parameters
    ----------
    path : str or Path
        The file; it is an ``.npz`` archive whatever its suffix.
    run : Run
        Its model's parameters, its optimizer's and schedule's state with all hyperparameters, its
        callbacks' states, the states of all random generators (that of the shuffling and those
        that modules such as Dropout keep as attributes), and its history.

    Raises
    ------
    DataError
        If the file cannot be written; an older one is then as it was.
    DTypeError
        If a callback's state holds something else than numbers, texts and arrays.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from minigrad.nn import mlp
    >>> from minigrad.optim import SGD
    >>> from minigrad.training import Run, load_checkpoint, save_checkpoint
    >>> model = mlp([2, 3, 1], rng=0)
    >>> run = Run(model, SGD(model.parameters(), lr=0.1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "run.npz"), run)
    ...     run.optimizer.lr = 0.5
    ...     load_checkpoint(Path(folder, "run.npz"), run)
    >>> run.optimizer.lr
    0.1
    """
    metadata, groups = state_of(run)
    write_archive("save_checkpoint", path, "checkpoint", metadata, groups)


def load_checkpoint(path: PathLike, run: Run) -> None:
    """Put a run into the state that `save_checkpoint` wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    run : Run
        Built as the one that was saved: the same layers, the same kinds of optimizer, schedule and
        callbacks. Hyperparameters are the file's afterwards.

    Raises
    ------
    StateError
        If the file cannot be read, is damaged or none of minigrad's checkpoints, or if it belongs
        to another run; the message lists what differs. The run is then as it was.
    """
    metadata, groups = read_archive("load_checkpoint", path, "checkpoint")
    before = state_of(run)
    try:
        problems = differences(before, (metadata, groups))
        if problems:
            raise StateError("it belongs to another run:\n  " + "\n  ".join(problems))
        set_state(run, metadata, groups)
    except Exception as error:  # whatever a callback of the user's may raise, too
        set_state(run, *before)
        raise StateError(f"load_checkpoint: '{path}': {error}") from error


def state_of(run: Run) -> tuple[dict[str, Any], Groups]:
    """Everything that a run's future depends on: metadata for JSON, and arrays in groups."""
    callbacks = stateful(run)
    metadata = {
        "optimizer": type(run.optimizer).__name__,
        "schedule": type(run.schedule).__name__ if run.schedule else None,
        "callbacks": [type(callback).__name__ for callback in callbacks],
        "columns": list(run.history.names),
        "generators": {
            name: generator.bit_generator.state for name, generator in generators(run).items()
        },
        "history": run.history.to_dict(),
    }
    groups: Groups = {
        "model": dict(run.model.state_dict()),
        "optimizer": run.optimizer.state_dict(),
    }
    if run.schedule:
        groups["schedule"] = run.schedule.state_dict()
    for index, callback in enumerate(callbacks):
        groups[f"callback{index}"] = callback.state_dict()
    return metadata, groups


def set_state(run: Run, metadata: dict[str, Any], groups: Groups) -> None:
    """The inverse of `state_of`."""
    history = History.from_dict(metadata["history"])
    run.model.load_state_dict(groups.get("model", {}))
    if run.schedule:
        run.schedule.load_state_dict(groups["schedule"])
    # After the schedule, which sets the learning rate too: one set by hand is the optimizer's.
    run.optimizer.load_state_dict(groups["optimizer"])
    for index, callback in enumerate(stateful(run)):
        callback.load_state_dict(groups[f"callback{index}"])
    for name, generator in generators(run).items():
        generator.bit_generator.state = metadata["generators"][name]
    run.history = history


def differences(
    own: tuple[dict[str, Any], Groups], saved: tuple[dict[str, Any], Groups]
) -> list[str]:
    """What tells that a checkpoint was saved by a run of another kind."""
    (own_metadata, own_groups), (metadata, groups) = own, saved
    problems = [
        f"{what}: {metadata[what]} in the file, {own_metadata[what]} in this run"
        for what in ("optimizer", "schedule", "callbacks")
        if metadata[what] != own_metadata[what]
    ]
    columns, own_columns = metadata["columns"], own_metadata["columns"]
    # A history without any takes those of its first row.
    if columns and own_columns and columns != own_columns:
        problems.append(f"columns: {columns} in the file, {own_columns} in this run")
    kinds, own_kinds = (
        {name: state["bit_generator"] for name, state in generators.items()}
        for generators in (metadata["generators"], own_metadata["generators"])
    )
    if kinds != own_kinds:
        problems.append(f"random generators: {kinds} in the file, {own_kinds} in this run")
    model, own_model = groups.get("model", {}), own_groups["model"]
    for name in [*own_model, *(name for name in model if name not in own_model)]:
        found, expected = describe(model.get(name)), describe(own_model.get(name))
        if found != expected:
            problems.append(f"parameter {name}: {found} in the file, {expected} in this model")
    return problems


def describe(array: Any) -> str:
    return "none" if array is None else f"{array.shape} {array.dtype}"


def stateful(run: Run) -> list[Callback]:
    """The callbacks that have something to remember: others may come and go between runs."""
    nothing = Callback.state_dict
    return [callback for callback in run.callbacks if type(callback).state_dict is not nothing]


def generators(run: Run) -> dict[str, np.random.Generator]:
    """The run's own random generator and those that modules hold as attributes, with names."""
    found = {"shuffling": run.rng}
    for prefix, module in run.model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, np.random.Generator):
                found[f"model.{prefix}.{name}"] = value
    return found
