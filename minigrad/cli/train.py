"""``minigrad train``: data, network, training, test."""

from argparse import Namespace
from typing import Any

import numpy as np

from minigrad.cli.epoch_table import EpochTable
from minigrad.cli.exit_codes import INTERRUPTED
from minigrad.cli.outputs import check_outputs, check_plot
from minigrad.cli.problem import Problem, kind_of, load_problem
from minigrad.cli.report import final_report, heading
from minigrad.cli.resuming import SettingsRecord
from minigrad.cli.settings import Settings, settings_from
from minigrad.errors import DomainError
from minigrad.losses import mean_squared_error, softmax_cross_entropy, sum_squared_error
from minigrad.nn.mlp import mlp
from minigrad.nn.module import Module
from minigrad.optim.sgd import SGD
from minigrad.training.early_stopping import EarlyStopping
from minigrad.training.history import History
from minigrad.training.inputs import Loss
from minigrad.training.loop import fit
from minigrad.training.metrics import accuracy
from minigrad.training.model_file import save_model

__all__ = ["train_command"]


def train_command(args: Namespace) -> int:
    """Train, test and save as the options say; returns the exit code."""
    kind = kind_of(args.data)
    settings = settings_from(args, kind)
    check_files(args)
    # A generator for each purpose, so that networks of other sizes meet the same split and order.
    split_rng, weights_rng, order_rng = np.random.default_rng(settings.seed).spawn(3)
    problem = load_problem(args.data, kind, settings, split_rng)
    architecture = architecture_for(problem, settings)
    model = mlp(**architecture, rng=weights_rng)
    loss = loss_for(settings)
    history = train(args, settings, problem, model, loss, order_rng)
    print()
    print(final_report(model, loss, problem, settings))
    if args.plot and history.epochs:
        history.plot(args.plot)
        print(f"curves        '{args.plot}'")
    if args.save:
        save(args.save, model, architecture, problem, settings)
        print(f"model         '{args.save}'")
    return INTERRUPTED if history.interrupted else 0


def check_files(args: Namespace) -> None:
    """Find out now what would be in the way after the training."""
    if args.resume and not args.checkpoint:
        raise DomainError("--resume needs --checkpoint FILE, the file to go on from")
    outputs = {"--plot": args.plot, "--save": args.save, "--checkpoint": args.checkpoint}
    check_outputs(outputs, inputs=[args.data])
    if args.plot:
        check_plot(args.plot)


def architecture_for(problem: Problem, settings: Settings) -> dict[str, Any]:
    """The arguments of `mlp`, which a model file keeps."""
    squared_error_of_classes = (settings.task, settings.loss) == ("classification", "squared-error")
    return {
        "sizes": [len(problem.feature_names), *settings.hidden, len(problem.target_names)],
        "activation": settings.activation,
        # Of logits, for which cross-entropy has a stable formula, or of a regression: none.
        "output": "softmax" if squared_error_of_classes else None,
        "dtype": settings.dtype,
    }


def loss_for(settings: Settings) -> Loss:
    if settings.loss == "cross-entropy":
        return softmax_cross_entropy
    return mean_squared_error if settings.task == "regression" else mean_of_sum_squared_errors


def mean_of_sum_squared_errors(p: Any, t: Any) -> Any:
    """Σ_k (p_k − t_k)² for each sample, averaged over the samples."""
    return sum_squared_error(p, t, reduction="mean")


def train(
    args: Namespace,
    settings: Settings,
    problem: Problem,
    model: Module,
    loss: Loss,
    rng: np.random.Generator,
) -> History:
    """Tell what is trained on what, and train it."""
    record = SettingsRecord(settings, problem)
    done = record.finished_epochs(args.checkpoint) if args.resume else 0
    print(heading(problem, settings, model))
    if done:
        print(f"\ngoing on after epoch {done} of '{args.checkpoint}'")
    print()
    table = EpochTable(settings.epochs, done)
    stopping = [EarlyStopping(patience=settings.patience)] if settings.patience else []
    try:
        history = fit(
            model,
            loss,
            SGD(model.parameters(), lr=settings.lr, momentum=settings.momentum),
            problem.train,
            problem.validation,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            metrics=[accuracy] if settings.task == "classification" else None,
            callbacks=[record, table, *stopping],
            rng=rng,
            progress=False,
            checkpoint=args.checkpoint,
            resume=args.resume,
            compile=args.compile,
        )
    finally:
        table.close()
    if stopping and history.epochs:
        print(f"\nbest validation loss after epoch {stopping[0].best_epoch}: its network is kept")
    return history


def save(
    path: str, model: Module, architecture: dict[str, Any], problem: Problem, settings: Settings
) -> None:
    """Write what `minigrad predict` needs."""
    save_model(
        path,
        model,
        mlp=architecture,
        task=settings.task,
        feature_names=problem.feature_names,
        target_names=problem.target_names,
        standardizer=problem.standardizer,
        target_standardizer=problem.target_standardizer,
        settings=settings.by_option(),
    )
