"""Layers and models: Module, Linear, activation layers, dropout, Sequential, mlp, summary."""

from minigrad.nn.activations import (
    ELU,
    GELU,
    Identity,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from minigrad.nn.dropout import Dropout
from minigrad.nn.flatten import Flatten
from minigrad.nn.initializers import (
    kaiming_normal,
    kaiming_uniform,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from minigrad.nn.linear import Linear
from minigrad.nn.mlp import mlp
from minigrad.nn.module import Module
from minigrad.nn.sequential import Function, Sequential
from minigrad.nn.summary import Summary, SummaryRow, summary

__all__ = [
    "ELU",
    "GELU",
    "Dropout",
    "Flatten",
    "Function",
    "Identity",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Module",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Summary",
    "SummaryRow",
    "Tanh",
    "kaiming_normal",
    "kaiming_uniform",
    "mlp",
    "summary",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
