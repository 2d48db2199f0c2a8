"""`draw`, and the `Drawing` it returns."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minigrad.data.files import PathLike, replace_bytes
from minigrad.drawing.dot import dot_of
from minigrad.drawing.graph_picture import picture_of_graph
from minigrad.drawing.mermaid import mermaid_of
from minigrad.drawing.model_picture import picture_of_model
from minigrad.drawing.page import page_of
from minigrad.drawing.picture import Picture
from minigrad.drawing.svg import svg_of
from minigrad.errors import DomainError, DTypeError
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["Drawing", "draw"]

DIRECTIONS = ("down", "right")
SUFFIXES = (".svg", ".dot", ".mmd", ".html")


def unique_prefix() -> str:
    """So that two drawings on one page, of whatever processes, share no id."""
    return f"mg-{os.urandom(4).hex()}"


@dataclass(frozen=True, repr=False)
class Drawing:
    """What `draw` returns: a picture to show, convert or save.

    It is a snapshot: what happens to the tensors later does not change it. A notebook shows it.

    Attributes
    ----------
    picture : Picture
        Boxes with their text, arrows, and groups; nothing is placed yet.
    direction : str
        "down" or "right".
    prefix : str
        What ids in the SVG start with: another one for each drawing, unless one is given.
    """

    picture: Picture
    direction: str = "down"
    prefix: str = field(default_factory=unique_prefix)

    def svg(self) -> str:
        """The drawing as an ``<svg>`` element, in light and in dark, without scripts or fonts.

        Box K is ``<g class="node" data-node="K" id="PREFIX-nK">``, counted in the order in which
        the ops ran; arrow K has ``data-edge``, ``data-source`` and ``data-target``.
        """
        return svg_of(self.picture, self.prefix, self.direction)

    def dot(self) -> str:
        """The picture in DOT, for Graphviz, which lays it out by its own rules."""
        return dot_of(self.picture, self.direction)

    def mermaid(self) -> str:
        """The picture as a Mermaid flowchart, which GitHub draws in Markdown."""
        return mermaid_of(self.picture, self.direction)

    def html(self) -> str:
        """A page with the drawing, in one file."""
        return page_of(self.picture.title, self.svg())

    def save(self, path: PathLike) -> None:
        """Write the drawing in the format that the file's suffix names.

        Parameters
        ----------
        path : str or Path
            Ending in .svg, .dot, .mmd (Mermaid) or .html. A file there is replaced in one step.
            The same picture always gives the same bytes.

        Raises
        ------
        DomainError
            If the suffix is another one.
        DataError
            If the file cannot be written; an older one is then as it was.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            raise DomainError(
                f"Drawing.save: cannot write '{path}'; its name must end in one of "
                f"{', '.join(SUFFIXES)}"
            )
        alone = Drawing(self.picture, self.direction, "mg")
        formats = dict(
            zip(SUFFIXES, (alone.svg, alone.dot, alone.mermaid, alone.html), strict=True)
        )
        replace_bytes("Drawing.save", path, formats[suffix]().encode())

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return f'<div style="overflow: auto">{self.svg()}</div>'

    def __repr__(self) -> str:
        return f"Drawing({self.picture.title})"


def draw(
    what: Any,
    *,
    input_shape: int | Sequence[int] | None = None,
    direction: str = "down",
) -> Drawing:
    """Draw the graph behind a Tensor, or the layers of a model.

    Of a graph, every op, parameter and input is a box: its name, shape, dtype if not float64, the
    range and mean of its values and of its gradient, or "no gradient yet" before ``backward()``.
    Values that are not finite are pointed out. Arrows show where values go, and under which name
    of the op's inputs; along solid ones a gradient comes back. What belongs to one layer, by the
    dotted names of its parameters, stands in a frame; in graphs of more than 300 nodes, layers and
    chains of ops are one box each.

    Parameters
    ----------
    what : Tensor or Module
        The end of the graph, such as a loss, or a model.
    input_shape : int or tuple of int, optional
        Of a model: the shape of one sample, without the batch axis, to show the shapes of all
        outputs. The model itself is not run, but a copy of it.
    direction : {"down", "right"}
        In which arrows lead.

    Returns
    -------
    Drawing
        With ``svg()``, ``html()``, ``dot()``, ``mermaid()`` and ``save(path)``.

    Raises
    ------
    DTypeError
        If ``what`` is neither, or ``input_shape`` is given with a Tensor.
    DomainError
        If ``direction`` is unknown.
    GraphError
        If the graph was freed.
    ShapeError
        If a layer does not fit the shape it meets.

    Notes
    -----
    The layout is a layered one, computed here: ranks by longest paths, crossings lowered by
    barycentres, after Sugiyama, Tagawa and Toda 1981.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor(3.0, requires_grad=True, name="x")
    >>> y = x * x + x
    >>> y.backward()
    >>> mg.draw(y)
    Drawing(Graph of Add: 2 ops, 1 parameter)
    >>> print(mg.draw(y).mermaid())
    flowchart TD
      n0["x  #40;#41;<br/>parameter<br/>value 3<br/>grad  7"]
      n1("Multiply  #40;#41;<br/>value 9<br/>grad  1")
      n2("Add  #40;#41;<br/>value 12<br/>grad  1")
      n0 -->|"x"| n1
      n0 -->|"y"| n1
      n1 -->|"x"| n2
      n0 -->|"y"| n2
    <BLANKLINE>
    >>> from minigrad.nn import mlp
    >>> mg.draw(mlp([64, 32, 10]), input_shape=(64,))
    Drawing(Sequential: 3 layers, 2,410 numbers in 4 parameters)
    """
    if direction not in DIRECTIONS:
        raise DomainError(f"draw: direction is {direction!r}; it must be 'down' or 'right'")
    if isinstance(what, Module):
        return Drawing(picture_of_model(what, input_shape), direction)
    if not isinstance(what, Tensor):
        raise DTypeError(
            f"draw: cannot draw {type(what).__name__}; it must be a Tensor, such as a loss, "
            "or a Module"
        )
    if input_shape is not None:
        raise DTypeError("draw: input_shape is for models; a Tensor's graph has its own shapes")
    picture, _ = picture_of_graph(what)
    return Drawing(picture, direction)
