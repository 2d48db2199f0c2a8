"""Gradient checking: is it right, where is it wrong, and how certain is that."""

from minigrad.checking.gradcheck import gradcheck, numerical_gradient
from minigrad.checking.report import Report

__all__ = ["Report", "gradcheck", "numerical_gradient"]
