"""Pictures of graphs and models: laid out here, as SVG, HTML, DOT or Mermaid."""

from minigrad.drawing.drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
