"""The stepping debugger: a backward pass node by node, forwards and backwards."""

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.source import Source, source_of
from minigrad.debugger.step import Arrival, Flow, Step, steps

__all__ = ["Arrival", "BackwardPass", "Flow", "Source", "Step", "source_of", "steps"]
