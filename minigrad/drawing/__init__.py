"""Pictures of graphs and models: laid out here, as SVG, HTML, DOT or Mermaid. Plots of learning."""

from minigrad.drawing.drawing import Drawing, draw
from minigrad.drawing.plots import plot_gradient_flow, plot_loss_surface

__all__ = ["Drawing", "draw", "plot_gradient_flow", "plot_loss_surface"]
