"""Optimizers, learning-rate schedules and gradient clipping."""

from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.clipping import clip_grad_norm, clip_grad_value
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.schedule import Schedule
from minigrad.optim.schedules import ConstantLR, CosineAnnealingLR, ExponentialLR, StepLR
from minigrad.optim.sgd import SGD
from minigrad.optim.warmup import LinearWarmup

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LinearWarmup",
    "Optimizer",
    "Schedule",
    "StepLR",
    "clip_grad_norm",
    "clip_grad_value",
]
