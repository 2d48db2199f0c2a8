"""Gradient checking: is it right, where is it wrong, and how certain is that."""

from minigrad.checking.assertion import assert_gradients
from minigrad.checking.gradcheck import gradcheck
from minigrad.checking.graph_check import check_graph
from minigrad.checking.model_check import check_model
from minigrad.checking.numerical import numerical_gradient
from minigrad.checking.report import Report

__all__ = [
    "Report",
    "assert_gradients",
    "check_graph",
    "check_model",
    "gradcheck",
    "numerical_gradient",
]
