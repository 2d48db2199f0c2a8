"""Training: the loop and its history, metrics, early stopping, checkpoints and model files."""

from minigrad.training.checkpoint import load_checkpoint, save_checkpoint
from minigrad.training.early_stopping import EarlyStopping
from minigrad.training.evaluation import evaluate, predict
from minigrad.training.history import History
from minigrad.training.loop import fit
from minigrad.training.metrics import (
    accuracy,
    confusion_matrix,
    format_confusion_matrix,
    multilabel_accuracy,
)
from minigrad.training.model_file import load_model_state, save_model
from minigrad.training.run import Callback, Run

__all__ = [
    "Callback",
    "EarlyStopping",
    "History",
    "Run",
    "accuracy",
    "confusion_matrix",
    "evaluate",
    "fit",
    "format_confusion_matrix",
    "load_checkpoint",
    "load_model_state",
    "multilabel_accuracy",
    "predict",
    "save_checkpoint",
    "save_model",
]
