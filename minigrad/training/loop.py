"""The training loop: epochs, and what happens between them."""

from collections.abc import Sequence
from functools import partial
from math import ceil
from time import perf_counter

import numpy as np

from minigrad.data.files import PathLike
from minigrad.errors import DomainError
from minigrad.nn.module import Module
from minigrad.optim.hyperparameters import positive_integer
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.schedule import Schedule
from minigrad.training.checkpoint import load_checkpoint, save_checkpoint
from minigrad.training.compiled_steps import CompiledSteps
from minigrad.training.epoch import train_epoch, train_epoch_compiled, validation_row
from minigrad.training.evaluation import quiet
from minigrad.training.history import History
from minigrad.training.inputs import (
    Data,
    Loss,
    Metrics,
    check_loss_function,
    check_model,
    check_optimizer,
    checked_callbacks,
    named_metrics,
    pair,
)
from minigrad.training.progress import progress_for
from minigrad.training.run import Callback, Run

__all__ = ["fit"]


def fit(
    model: Module,
    loss: Loss,
    optimizer: Optimizer,
    train: Data,
    validation: Data | None = None,
    *,
    epochs: int,
    batch_size: int = 32,
    metrics: Metrics = None,
    callbacks: Sequence[Callback] = (),
    schedule: Schedule | None = None,
    schedule_every: str = "epoch",
    shuffle: bool = True,
    rng: np.random.Generator | int | None = None,
    progress: bool | str = "auto",
    checkpoint: PathLike | None = None,
    checkpoint_every: int = 1,
    resume: bool | PathLike = False,
    compile: bool | str = False,
) -> History:
    """Train a model: for each epoch and each batch forward, loss, backward, update.

    Parameters
    ----------
    model : Module
        Left in evaluation mode, ready to predict.
    loss : function of (predictions, targets)
        Returns a scalar Tensor, such as ``mg.softmax_cross_entropy``.
    optimizer : Optimizer
        Of the model's parameters, or some of them.
    train : (x, y) or Dataset
        Samples, in the dtype of the model's parameters, and targets.
    validation : (x, y) or Dataset, optional
        What to evaluate the model on after each epoch.
    epochs : int
        How many passes over ``train`` there are in all, those before a resumption included.
    batch_size : int
        Samples for each update; the last batch of an epoch has what is left. The validation set is
        cut likewise, so that losses which are sums can be compared.
    metrics : dict of str to function, or sequence of functions
        Functions of (predictions, targets), both arrays, that return a number, such as `accuracy`.
        In a sequence each has its function's name.
    callbacks : sequence of Callback
        Asked after each epoch, such as `EarlyStopping`.
    schedule : Schedule, optional
        Of this optimizer.
    schedule_every : {"epoch", "batch"}
        After what to call ``schedule.step()``.
    shuffle : bool
        Take the samples in another random order in each epoch.
    rng : numpy.random.Generator, int or None
        Where that order comes from.
    progress : bool or "auto"
        What to tell on stderr. True: a bar over the batches, and a line after each epoch. False:
        nothing. "auto": True if stderr is a terminal and tqdm is installed, else only the lines.
    checkpoint : str or Path, optional
        A file to keep the state of the run in: written before the first epoch, after every
        ``checkpoint_every`` epochs and after the last; see `save_checkpoint`.
    checkpoint_every : int
        Epochs between two checkpoints.
    resume : bool, str or Path
        Go on from this checkpoint, or with True from ``checkpoint``. Given the same data and
        arguments the results are those, bit for bit, of a run that was never stopped; the
        optimizer's and the schedule's hyperparameters are the file's.
    compile : bool, "numba" or "numpy"
        Make one program of a step, as `minigrad.compile` does, and run many batches in one go
        between two updates of the progress bar. The first two steps are compared with eager ones.
        The numbers are those of eager training up to rounding. True is "numba" if that is
        installed (``pip install 'minigrad[compile]'``), else "numpy". Metrics see the very
        predictions; the loss must be made of minigrad's functions. With
        ``schedule_every="batch"``, or `Dropout`, steps are compiled but run one by one.

    Returns
    -------
    History
        The numbers of each epoch. Training losses and metrics are those of the batches as they were
        met, before each update and with dropout active, so that an epoch's numbers lag behind the
        model's state at its end; validation numbers belong to that state.

    Raises
    ------
    NonFiniteError
        If a batch's loss, the validation loss or, after an epoch, a parameter is NaN or infinite.
        The message names epoch, batch and the first tensor, parameter or sample that was not
        finite; the parameters are as before that batch's update. The finished epochs are the
        error's attribute ``history``.
    StateError
        If ``resume`` names no checkpoint of such a run.
    MissingExtraError
        With ``progress=True``, if tqdm is not installed; with ``compile="numba"``, if Numba is not.
    CompileError
        With ``compile``, if the model or the loss does what cannot be compiled.
    DTypeError, ShapeError, DomainError
        If an argument is not what it must be; the message names it.

    Notes
    -----
    Ctrl-C ends the run at once: ``history.interrupted`` is True, callbacks finish, so that
    `EarlyStopping` restores the best parameters, and the checkpoint is the last one written.
    Without `EarlyStopping` the model may have learned from a part of an epoch.

    Where NumPy would only warn of overflow or invalid values, training goes on without a warning:
    what came of it is checked. ``np.seterr(all="raise")`` is respected.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.data import Standardizer, load_iris, train_test_split
    >>> from minigrad.nn import mlp
    >>> from minigrad.optim import SGD
    >>> from minigrad.training import accuracy, fit
    >>> iris = load_iris()
    >>> x = Standardizer.fit(iris.x).transform(iris.x)
    >>> x_train, x_test, y_train, y_test = train_test_split(x, iris.y, stratify=True, rng=0)
    >>> model = mlp([4, 8, 3], rng=0)
    >>> history = fit(
    ...     model,
    ...     mg.softmax_cross_entropy,
    ...     SGD(model.parameters(), lr=0.5),
    ...     (x_train, y_train),
    ...     (x_test, y_test),
    ...     epochs=50,
    ...     metrics=[accuracy],
    ...     rng=0,
    ...     progress=False,
    ... )
    >>> history["validation_accuracy"][-1] > 0.9
    True
    """
    check_model("fit", model)
    check_loss_function("fit", loss)
    check_optimizer(optimizer, schedule, model)
    x, y = pair("fit", "train", train, model)
    held_out = None if validation is None else pair("fit", "validation", validation, model)
    epochs = positive_integer("fit", "epochs", epochs)
    batch_size = positive_integer("fit", "batch_size", batch_size)
    checkpoint_every = positive_integer("fit", "checkpoint_every", checkpoint_every)
    if schedule_every not in ("epoch", "batch"):
        raise DomainError(
            f"fit: schedule_every is {schedule_every!r}; it must be 'epoch' or 'batch'"
        )
    functions = named_metrics("fit", metrics)
    callbacks = checked_callbacks(callbacks)
    reporter = progress_for(progress)
    steps = None
    if compile:
        steps = CompiledSteps(
            *(model, loss, optimizer, x, y),
            keep_predictions=bool(functions),
            backend="auto" if compile is True else compile,
        )
    history = History(columns(list(functions), held_out is not None))
    run = Run(model, optimizer, schedule, callbacks, np.random.default_rng(rng), history)
    for callback in callbacks:
        callback.on_fit_start(run)
    start_from_file(run, checkpoint, resume)
    history = run.history
    history.interrupted = False
    steps_by_batch = schedule_every == "batch"
    one_epoch = partial(train_epoch_compiled, steps=steps) if steps else train_epoch
    try:
        reporter.start(epochs, ceil(len(x) / batch_size), history.epochs)
        while history.epochs < epochs and not history.stopped_early:
            started = perf_counter()
            row = {"lr": optimizer.lr}
            with quiet():
                row |= one_epoch(
                    *(run, loss, x, y),
                    batch_size=batch_size,
                    shuffle=shuffle,
                    metrics=functions,
                    schedule=schedule if steps_by_batch else None,
                    reporter=reporter,
                )
            if held_out is not None:
                row |= validation_row(run, loss, held_out, batch_size=batch_size, metrics=functions)
            row["seconds"] = perf_counter() - started
            history.append(row)
            if schedule is not None and not steps_by_batch:
                schedule.step()
            requests = [callback.on_epoch_end(run) for callback in callbacks]
            history.stopped_early = any(requests)
            is_last = history.epochs == epochs or history.stopped_early
            if checkpoint is not None and (is_last or history.epochs % checkpoint_every == 0):
                save_checkpoint(checkpoint, run)
            reporter.epoch(history.rows[-1])
    except KeyboardInterrupt:
        history.interrupted = True
        reporter.interrupted(f"fit: interrupted after {history.epochs} of {epochs} epochs")
    finally:
        reporter.close()
        model.eval()
    for callback in callbacks:
        callback.on_fit_end(run)
    return history


def columns(metrics: list[str], has_validation: bool) -> list[str]:
    """The columns of the history."""
    measured = ["loss", *metrics]
    judged = [f"validation_{name}" for name in measured] if has_validation else []
    return ["epoch", *measured, *judged, "lr", "seconds"]


def start_from_file(run: Run, checkpoint: PathLike | None, resume: bool | PathLike) -> None:
    """Load the checkpoint to resume from, or write the first one."""
    if resume is True and checkpoint is None:
        raise DomainError("fit: resume=True needs checkpoint=, or give the file as resume=")
    if resume is True and checkpoint is not None:
        load_checkpoint(checkpoint, run)
    elif not isinstance(resume, bool):
        load_checkpoint(resume, run)
    elif checkpoint is not None:
        # Now, so that a path that cannot be written to is not discovered after a long epoch.
        save_checkpoint(checkpoint, run)
