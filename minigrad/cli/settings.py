"""The settings of a training run, and what they are where the user does not say."""

from argparse import Namespace
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from minigrad.errors import DomainError

__all__ = ["DEFAULTS", "Settings", "option", "settings_from"]

DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {
        "hidden": (64,),
        "lr": 0.5,
        "epochs": 30,
        "batch_size": 16,
        "test_size": 0.2,
        "dtype": "float64",
    },
    "iris": {
        "hidden": (16,),
        "lr": 0.1,
        "epochs": 100,
        "batch_size": 16,
        "test_size": 0.2,
        "dtype": "float64",
    },
    "CSV file": {
        "hidden": (32,),
        "lr": 0.05,
        "epochs": 60,
        "batch_size": 32,
        "test_size": 0.2,
        "dtype": "float64",
    },
    "IDX folder": {
        "hidden": (128,),
        "lr": 0.2,
        "epochs": 20,
        "batch_size": 32,
        "test_size": None,
        "dtype": "float32",
    },
}


@dataclass(frozen=True)
class Settings:
    """All that a run depends on beside its data, each the option of that name."""

    target: str | None
    task: Literal["classification", "regression"]
    hidden: tuple[int, ...]
    activation: str
    loss: str
    lr: float
    momentum: float
    epochs: int
    batch_size: int
    test_size: float | None
    validation_size: float
    patience: int | None
    dtype: str
    seed: int

    def by_option(self) -> dict[str, str]:
        """Option and value as text, the way they are written on the command line."""
        return {option(name): as_text(value) for name, value in asdict(self).items()}


def settings_from(args: Namespace, kind: str) -> Settings:
    """What the options say, and for those not given the defaults for this kind of data."""
    given = {field.name: getattr(args, field.name) for field in fields(Settings)}
    if kind != "CSV file":
        for name in ("target", "task"):
            if given[name] not in (None, "classification"):
                raise DomainError(f"{option(name)} is for a CSV file; '{args.data}' is none")
    if kind == "IDX folder" and given["test_size"] is not None:
        raise DomainError("--test-size: a folder of IDX files has a test set of its own")
    task = given["task"] or "classification"
    loss = "squared-error" if task == "regression" else "cross-entropy"
    defaults = {**DEFAULTS[kind], "task": task, "loss": loss}
    chosen: dict[str, Any] = {
        name: defaults.get(name) if value is None else value for name, value in given.items()
    }
    chosen["hidden"] = tuple(chosen["hidden"])
    settings = Settings(**chosen)
    if settings.task == "regression" and settings.loss != "squared-error":
        raise DomainError("--loss cross-entropy is for classes; regression takes squared-error")
    return settings


def option(name: str) -> str:
    return "--" + name.replace("_", "-")


def as_text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
